//! How connections end, and what the others notice.

use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Error, Message, protocol::CloseFrame};

use super::client::{Client, Server};

/// Two members of room 1 that speak v2; the second is the newer.
async fn pair(server: &Server) -> (Client, Client, String) {
    let (mut ana, mut bo) = (server.connect().await, server.connect().await);
    ana.say(r#"{"cmd":"join","v":2,"roomId":"1","uid":"ana"}"#).await;
    ana.hear().await;
    bo.say(r#"{"cmd":"join","v":2,"roomId":"1","uid":"bo"}"#).await;
    let joined: serde_json::Value = serde_json::from_str(&bo.hear().await).expect("frames are JSON");
    ana.hear().await;
    (ana, bo, joined["resume"].as_str().expect("a resume token").to_owned())
}

#[tokio::test]
async fn a_lost_socket_is_resumed_with_what_was_sent_meanwhile() {
    let server = Server::start(|_| ()).await;
    let (mut ana, bo, resume) = pair(&server).await;
    drop(bo);
    assert!(ana.hear().await.contains(r#""connection":"reconnecting""#));
    let offer = r#"{"cmd":"offer","roomId":"1","uid":"ana","remoteUid":"bo","msg":"{}"}"#;
    ana.say(offer).await;
    assert_eq!(ana.catch_up().await, Vec::<String>::new());
    let mut bo = server.connect().await;
    bo.say(&format!(r#"{{"cmd":"join","v":2,"roomId":"1","uid":"bo","resume":"{resume}"}}"#)).await;
    assert!(bo.hear().await.contains(r#""resumed":true"#));
    assert_eq!(bo.hear().await, offer);
    assert!(ana.hear().await.contains(r#""connection":"online""#));
}

#[tokio::test]
async fn who_does_not_come_back_is_gone_when_the_grace_ends() {
    let server = Server::start(|config| config.resume_grace = Duration::from_millis(50)).await;
    let (mut ana, bo, _) = pair(&server).await;
    drop(bo);
    assert!(ana.hear().await.contains(r#""connection":"reconnecting""#));
    assert_eq!(ana.hear().await, r#"{"cmd":"peer-leave","roomId":"1","remoteUid":"bo","uid":"bo"}"#);
}

#[tokio::test]
async fn a_client_that_answers_no_ping_is_closed_and_one_that_does_is_not() {
    let server = Server::start(|config| config.heartbeat = Duration::from_millis(500)).await;
    let (mut ana, bo, _) = pair(&server).await;
    // The library answers pings only while it is asked to read, which `bo` never is.
    assert!(ana.hear().await.contains(r#""connection":"reconnecting""#));
    assert_eq!(ana.catch_up().await, Vec::<String>::new());
    drop(bo);
}

#[tokio::test]
async fn a_close_frame_is_answered() {
    let server = Server::start(|_| ()).await;
    let mut client = server.connect().await;
    client.send(Message::Close(Some(CloseFrame { code: 1000.into(), reason: "".into() }))).await;
    assert_eq!(client.hear_out().await, (vec![], Some(1000)));
    assert_eq!(server.signal.stats().await.connections, 0);
}

#[tokio::test]
async fn a_frame_that_is_far_too_large_is_an_error_and_the_end() {
    let server = Server::start(|_| ()).await;
    let mut client = server.connect().await;
    client.say(&"x".repeat(4 * 256 * 1024 + 1)).await;
    let (texts, code) = client.hear_out().await;
    assert!(texts.len() == 1 && texts[0].contains(r#""code":104"#), "{texts:?}");
    // What the client still sends may reset the connection before the close frame is read.
    assert!(matches!(code, Some(1009) | None), "{code:?}");
}

#[tokio::test]
async fn a_binary_frame_is_an_error_and_no_end() {
    let server = Server::start(|_| ()).await;
    let mut client = server.connect().await;
    client.send(Message::binary(vec![1, 2, 3])).await;
    assert!(client.hear().await.contains(r#""code":3"#));
    assert_eq!(client.catch_up().await, Vec::<String>::new());
}

#[tokio::test]
async fn too_many_connections_are_answered_with_429() {
    let server = Server::start(|config| config.limits.connections_per_address = 2).await;
    let first = server.connect().await;
    let _second = server.connect().await;
    assert_eq!(server.try_connect().await.err(), Some(429));
    drop(first);
    // The server notices in its own time.
    let freed = async { while server.try_connect().await.is_err() {} };
    timeout(Duration::from_secs(30), freed).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_does_not_read_is_cut_off_and_its_peer_goes_on() {
    let server = Server::start(|config| {
        config.limits.messages_per_second = 0;
        config.limits.bytes_per_second = 0;
    })
    .await;
    let (mut ana, mut bo, _) = pair(&server).await;
    let msg = "m".repeat(200 * 1024);
    let offer = format!(r#"{{"cmd":"offer","id":"1","roomId":"1","uid":"ana","remoteUid":"bo","msg":"{msg}"}}"#);
    // `bo` reads nothing: its socket fills, then its queue, and then it is reconnecting.
    loop {
        ana.say(&offer).await;
        let text = ana.hear().await;
        if text.contains(r#""connection":"reconnecting""#) {
            break;
        }
        assert_eq!(text, r#"{"cmd":"ok","id":"1"}"#);
    }
    ana.say(r#"{"cmd":"ping","id":"alive"}"#).await;
    while ana.hear().await != r#"{"cmd":"pong","id":"alive"}"# {}
    // What had been written is read; then comes the end, with or without its frame.
    while let Some(message) = timeout(Duration::from_secs(30), bo.socket.next()).await.unwrap() {
        match message {
            Ok(Message::Close(Some(frame))) => assert_eq!(u16::from(frame.code), 1008),
            Ok(_) => {}
            Err(error) => assert!(matches!(error, Error::Protocol(_) | Error::Io(_)), "{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_does_not_read_cannot_hold_its_socket_when_the_rooms_are_done_with_it() {
    const OFFERS: usize = 200;
    let server = Server::start(|config| {
        config.limits.messages_per_second = 0;
        config.limits.bytes_per_second = 0;
        config.limits.resume_messages = 0;
        config.limits.resume_bytes = 0;
    })
    .await;
    let (mut ana, mut bo, _) = pair(&server).await;
    let msg = "m".repeat(200 * 1024);
    let offer = format!(r#"{{"cmd":"offer","id":"1","roomId":"1","uid":"ana","remoteUid":"bo","msg":"{msg}"}}"#);
    // 40 MB: more than the socket holds, and less than this queue.
    for _ in 0..OFFERS {
        ana.say(&offer).await;
        assert_eq!(ana.hear().await, r#"{"cmd":"ok","id":"1"}"#);
    }
    server.signal.shutdown().await;
    let (texts, _) = bo.hear_out().await;
    assert!(texts.len() < OFFERS, "the server has not waited for the last reader");
}

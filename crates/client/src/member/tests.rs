use super::*;
use futures_util::{SinkExt as _, StreamExt as _};

fn told(text: &str) -> Vec<Event> {
    events(serde_json::from_str(text).unwrap())
}

#[test]
fn what_the_server_tells_is_understood() {
    let camera = Track { source: "camera".into(), video: true };
    assert_eq!(
        told(
            r#"{"cmd":"tracks","roomId":"r","remoteUid":"zz","uid":"zz","tracks":[{"source":"camera","kind":"video"}]}"#
        ),
        [Event::Tracks { uid: "zz".into(), tracks: vec![camera] }]
    );
    assert_eq!(
        told(
            r#"{"cmd":"layers","roomId":"r","source":"camera","layers":[{"rid":"q","active":true},{"rid":"f","active":false}]}"#
        ),
        [("q", true), ("f", false)].map(|(rid, active)| Event::Layer {
            source: "camera".into(),
            rid: rid.into(),
            active
        })
    );
    assert_eq!(told(r#"{"cmd":"mode","roomId":"r","mode":"sfu"}"#), [Event::Mode(true)]);
    assert_eq!(told(r#"{"cmd":"peer-leave","remoteUid":"zz"}"#), [Event::Left { uid: "zz".into() }]);
    assert!(matches!(told(r#"{"cmd":"speakers"}"#)[..], [Event::Other(_)]));
}

#[test]
fn a_member_of_a_peer_to_peer_room_says_nothing_about_tracks() {
    assert_eq!(told(r#"{"cmd":"new-peer","remoteUid":"zz","uid":"zz"}"#), []);
}

#[test]
fn a_refusal_has_its_code_and_its_words() {
    let message = serde_json::json!({"cmd": "error", "code": 112, "message": "why"});
    assert!(matches!(refusal(&message), Error::Refused { code: 112, message } if message == "why"));
}

/// A server that answers the join of the first who comes, and then says `texts`.
async fn server_that_says(texts: &'static [&'static str]) -> RoomAddress {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
        socket.next().await.unwrap().unwrap();
        let joined = r#"{"cmd":"joined","id":"1","mode":"p2p","roster":[{"uid":"zz","tracks":[]}]}"#;
        for text in [joined].iter().chain(texts) {
            socket.send((*text).into()).await.unwrap();
        }
        socket.next().await;
    });
    RoomAddress::parse(&format!("http://127.0.0.1:{port}")).unwrap()
}

#[tokio::test]
async fn what_came_before_the_move_to_the_server_is_told_in_its_order() {
    let address = server_that_says(&[
        r#"{"cmd":"tracks","remoteUid":"zz","tracks":[{"source":"microphone","kind":"audio"}]}"#,
        r#"{"cmd":"peer-leave","remoteUid":"zz"}"#,
        r#"{"cmd":"mode","mode":"sfu"}"#,
    ])
    .await;
    let mut member = Member::join(&address, "r", &Seat::default(), Trust::System).await.unwrap();
    member.wait_for_server(Duration::from_secs(5)).await.unwrap();
    let tracks = |tracks| Event::Tracks { uid: "zz".into(), tracks };
    let microphone = Track { source: "microphone".into(), video: false };
    assert_eq!(member.next_event().await.unwrap(), tracks(vec![]));
    assert_eq!(member.next_event().await.unwrap(), tracks(vec![microphone]));
    assert_eq!(member.next_event().await.unwrap(), Event::Left { uid: "zz".into() });
    assert_eq!(member.next_event().await.unwrap(), Event::Mode(true));
}

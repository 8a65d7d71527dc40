//! Webhooks, as a receiver gets them.

use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use room::token::{Claims, Key, mint};
use serde_json::Value;
use sha2::Sha256;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::fixture::{PATIENCE, send, serve_for_test};

const KEY: &str = "0123456789abcdef0123456789abcdef";
const SECRET: &str = "fedcba9876543210fedcba9876543210";

/// One request that was received: the head and the body.
async fn receive(listener: &TcpListener, status: &str) -> (String, Vec<u8>) {
    let (mut stream, _) = timeout(PATIENCE, listener.accept()).await.unwrap().unwrap();
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        let read = timeout(PATIENCE, stream.read(&mut chunk)).await.unwrap().unwrap();
        assert!(read > 0, "the request is whole");
        bytes.extend_from_slice(&chunk[..read]);
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap().to_lowercase();
        let length: usize = header(&head, "content-length").parse().unwrap();
        if bytes.len() >= end + 4 + length {
            stream.write_all(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").as_bytes()).await.unwrap();
            return (head, bytes[end + 4..].to_vec());
        }
    }
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    head.lines().find_map(|line| line.strip_prefix(&format!("{name}: "))).unwrap_or_else(|| panic!("{name} in {head}"))
}

/// The event, once its signature is verified.
fn verified((head, body): &(String, Vec<u8>)) -> Value {
    let (time, digest) = header(head, "parlor-signature").split_once(',').unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(time.strip_prefix("t=").unwrap().as_bytes());
    mac.update(b".");
    mac.update(body);
    let expected: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest, format!("v1={expected}"));
    let event: Value = serde_json::from_slice(body).unwrap();
    assert_eq!(event["id"], header(head, "parlor-event"));
    event
}

#[tokio::test]
async fn events_come_signed_in_order_and_again_when_they_were_not_taken() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook?key=1", listener.local_addr().unwrap());
    let server = serve_for_test(&[
        &format!("auth.keys={{ main = \"{KEY}\" }}"),
        &format!("webhooks.urls=[\"{url}\"]"),
        &format!("webhooks.secret={SECRET}"),
        "webhooks.allow_networks=[\"127.0.0.0/8\"]",
    ]);
    let grants = Some(vec!["manage".to_owned()]);
    let claims = Claims { room: "*".into(), uid: None, name: None, role: None, grants, exp: u64::MAX / 2, nbf: None };
    let token = mint(&Key::new("main", KEY).unwrap(), &claims).unwrap();
    assert_eq!(send(server.http(), "POST", "/api/v1/rooms", &token, r#"{"roomId":"a"}"#).await.status, 201);
    let refused = receive(&listener, "500 Oops").await;
    assert!(refused.0.starts_with("post /hook?key=1 http/1.1"), "{}", refused.0);
    let first = verified(&refused);
    assert_eq!((first["event"].as_str(), first["roomId"].as_str()), (Some("room-started"), Some("a")));
    assert_eq!(send(server.http(), "DELETE", "/api/v1/rooms/a", &token, "").await.status, 204);
    let again = verified(&receive(&listener, "204 No Content").await);
    assert_eq!(again, first, "the same event, the same id");
    let second = verified(&receive(&listener, "404 Not Found").await);
    assert_eq!(second["event"], "room-ended");
    send(server.http(), "POST", "/api/v1/rooms", &token, r#"{"roomId":"b"}"#).await;
    let third = verified(&receive(&listener, "200 OK").await);
    assert_eq!(
        (&third["event"], &third["roomId"]),
        (&"room-started".into(), &"b".into()),
        "what is refused is given up"
    );
    // What waits when the server stops is still posted.
    let (_, last) = tokio::join!(server.server.stop(), receive(&listener, "200 OK"));
    assert_eq!(verified(&last)["event"], "room-ended");
}

#[tokio::test]
async fn private_addresses_get_nothing_unless_they_are_allowed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://localhost:{}/", listener.local_addr().unwrap().port());
    let server = serve_for_test(&[
        &format!("auth.keys={{ main = \"{KEY}\" }}"),
        &format!("webhooks.urls=[\"{url}\"]"),
        &format!("webhooks.secret={SECRET}"),
    ]);
    let grants = Some(vec!["manage".to_owned()]);
    let claims = Claims { room: "*".into(), uid: None, name: None, role: None, grants, exp: u64::MAX / 2, nbf: None };
    let token = mint(&Key::new("main", KEY).unwrap(), &claims).unwrap();
    send(server.http(), "POST", "/api/v1/rooms", &token, r#"{"roomId":"a"}"#).await;
    // The end waits for the queue, so whatever would be posted has been posted then.
    server.server.stop().await;
    assert!(timeout(Duration::ZERO, listener.accept()).await.is_err(), "nobody has come");
}

#[test]
fn urls_without_a_secret_are_refused() {
    let flags = vec!["webhooks.urls=[\"https://example.org/\"]".to_owned()];
    let sources = server::config::Sources { flags, ..server::config::Sources::default() };
    let errors = server::config::Config::load(&sources).unwrap_err().to_string();
    assert!(errors.contains("webhooks.secret"), "{errors}");
}

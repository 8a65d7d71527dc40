//! Webhooks, as a receiver gets them.

use std::sync::Arc;
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use room::token::{Claims, Key, mint};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use serde_json::Value;
use sha2::Sha256;
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::fixture::{PATIENCE, TestServer, refusal, send, serve_for_test};

const KEY: &str = "0123456789abcdef0123456789abcdef";
const SECRET: &str = "fedcba9876543210fedcba9876543210";

/// One request that was received: the head and the body.
async fn receive(listener: &TcpListener, status: &str) -> (String, Vec<u8>) {
    let (stream, _) = timeout(PATIENCE, listener.accept()).await.unwrap().unwrap();
    receive_from(stream, status).await
}

async fn receive_from(mut stream: impl AsyncRead + AsyncWrite + Unpin, status: &str) -> (String, Vec<u8>) {
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

/// An authority of our own, as a file, and a listener's side of TLS with a certificate that it has signed for `name`.
fn authority(directory: &TempDir, name: &str) -> (String, TlsAcceptor) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let key = KeyPair::generate().unwrap();
    let root = params.self_signed(&key).unwrap();
    let path = directory.path().join("ca.pem");
    std::fs::write(&path, root.pem()).unwrap();
    let issuer = Issuer::new(params, key);
    let own_key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&own_key, &issuer).unwrap();
    let config = ServerConfig::builder_with_provider(server::tls::provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.der().clone()], PrivateKeyDer::Pkcs8(own_key.serialize_der().into()))
        .unwrap();
    (path.to_str().unwrap().to_owned(), TlsAcceptor::from(Arc::new(config)))
}

/// Makes a room, of which webhooks tell.
async fn make_room(server: &TestServer, room: &str) {
    let grants = Some(vec!["manage".to_owned()]);
    let claims = Claims { room: "*".into(), uid: None, name: None, role: None, grants, exp: u64::MAX / 2, nbf: None };
    let token = mint(&Key::new("main", KEY).unwrap(), &claims).unwrap();
    let body = format!(r#"{{"roomId":"{room}"}}"#);
    assert_eq!(send(server.http(), "POST", "/api/v1/rooms", &token, &body).await.status, 201);
}

/// A server that posts to `https://localhost` at this port, believing what this file has.
fn serve_with_authority(port: u16, ca: &str) -> TestServer {
    serve_for_test(&[
        &format!("auth.keys={{ main = \"{KEY}\" }}"),
        &format!("webhooks.urls=[\"https://localhost:{port}/hook\"]"),
        &format!("webhooks.secret={SECRET}"),
        &format!("webhooks.ca={ca}"),
        "webhooks.allow_networks=[\"127.0.0.0/8\"]",
    ])
}

#[tokio::test]
async fn https_receivers_are_verified_by_the_authority_of_the_operator() {
    let directory = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (ca, acceptor) = authority(&directory, "localhost");
    let server = serve_with_authority(listener.local_addr().unwrap().port(), &ca);
    make_room(&server, "a").await;
    let (stream, _) = timeout(PATIENCE, listener.accept()).await.unwrap().unwrap();
    let stream = timeout(PATIENCE, acceptor.accept(stream)).await.unwrap().unwrap();
    assert_eq!(verified(&receive_from(stream, "204 No Content").await)["roomId"], "a");
}

#[tokio::test]
async fn a_receiver_with_another_certificate_gets_nothing() {
    let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (ca, of_another_name) = authority(&ours, "elsewhere.example");
    let (_, of_another_authority) = authority(&theirs, "localhost");
    for acceptor in [of_another_name, of_another_authority] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = serve_with_authority(listener.local_addr().unwrap().port(), &ca);
        make_room(&server, "a").await;
        let (stream, _) = timeout(PATIENCE, listener.accept()).await.unwrap().unwrap();
        // With TLS 1.3 the listener may be done before the other side has looked: then what it reads is the refusal.
        if let Ok(mut stream) = timeout(PATIENCE, acceptor.accept(stream)).await.unwrap() {
            let mut chunk = [0; 1024];
            assert!(!matches!(timeout(PATIENCE, stream.read(&mut chunk)).await.unwrap(), Ok(1..)), "a request");
        }
    }
}

#[tokio::test]
async fn redirections_are_not_followed() {
    let (listener, inner) =
        (TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.2:0").await.unwrap());
    let server = serve_for_test(&[
        &format!("auth.keys={{ main = \"{KEY}\" }}"),
        &format!("webhooks.urls=[\"http://{}/hook\"]", listener.local_addr().unwrap()),
        &format!("webhooks.secret={SECRET}"),
        "webhooks.allow_networks=[\"127.0.0.0/8\"]",
    ]);
    make_room(&server, "a").await;
    let redirection = format!("307 Temporary Redirect\r\nLocation: http://{}/", inner.local_addr().unwrap());
    assert_eq!(verified(&receive(&listener, &redirection).await)["roomId"], "a");
    make_room(&server, "b").await;
    assert_eq!(verified(&receive(&listener, "204 No Content").await)["roomId"], "b", "it is given up");
    server.server.stop().await;
    assert!(timeout(Duration::ZERO, inner.accept()).await.is_err(), "nobody has come");
}

#[tokio::test]
async fn an_authority_that_cannot_be_read_is_said_at_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let empty = directory.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    for path in [empty, directory.path().join("missing.pem")] {
        let error = refusal(&[
            "webhooks.urls=[\"https://localhost/\"]",
            &format!("webhooks.secret={SECRET}"),
            &format!("webhooks.ca={}", path.display()),
        ]);
        assert!(error.to_string().starts_with("webhooks.ca: "), "{error}");
    }
}

#[test]
fn urls_without_a_secret_are_refused() {
    let flags = vec!["webhooks.urls=[\"https://example.org/\"]".to_owned()];
    let sources = server::config::Sources { flags, ..server::config::Sources::default() };
    let errors = server::config::Config::load(&sources).unwrap_err().to_string();
    assert!(errors.contains("webhooks.secret"), "{errors}");
}

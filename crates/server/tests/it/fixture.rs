//! A whole server in this process, on loopback, with its own data directory.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use client::Trust;
use rustls::pki_types::ServerName;
use server::config::{Config, Loaded, Sources};
use server::{Addresses, Server, StartError};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A running server and its data directory, which goes with it.
pub(crate) struct TestServer {
    pub(crate) server: Server,
    pub(crate) directory: TempDir,
}

/// Every port is 0 on loopback; `settings` are `key=value` and come last.
pub(crate) fn serve_for_test(settings: &[&str]) -> TestServer {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(config(&directory, settings)).unwrap();
    TestServer { server, directory }
}

/// Why a server with these settings does not start.
pub(crate) fn refusal(settings: &[&str]) -> StartError {
    let directory = tempfile::tempdir().unwrap();
    match Server::start(config(&directory, settings)) {
        Ok(_) => panic!("it starts"),
        Err(error) => error,
    }
}

fn config(directory: &TempDir, settings: &[&str]) -> Config {
    loaded(directory, settings).config
}

/// What is read for a server in this directory.
pub(crate) fn loaded(directory: &TempDir, settings: &[&str]) -> Loaded {
    let ports = [
        "http.listen",
        "https.listen",
        "udp.listen",
        "stun.second_listen",
        "turn.tcp_listen",
        "compat.listen",
        "live.rtmp_listen",
        "metrics.listen",
    ];
    let mut flags: Vec<String> = ports.iter().map(|key| format!("{key}=127.0.0.1:0")).collect();
    flags.push(format!("data.dir={:?}", directory.path().join("data")));
    flags.extend(settings.iter().map(|setting| (*setting).to_owned()));
    Config::load(&Sources { flags, ..Sources::default() }).unwrap()
}

impl TestServer {
    pub(crate) fn addresses(&self) -> &Addresses {
        self.server.addresses()
    }

    pub(crate) fn http(&self) -> SocketAddr {
        self.addresses().http[0]
    }

    /// The token of `parlor admin`.
    pub(crate) fn admin(&self) -> String {
        let flags = vec![format!("data.dir={:?}", self.directory.path().join("data"))];
        let config = Config::load(&Sources { flags, ..Sources::default() }).unwrap().config;
        server::admin::token(&config, Duration::from_secs(60)).unwrap()
    }

    pub(crate) fn https(&self) -> SocketAddr {
        self.addresses().https[0]
    }
}

/// An answer over HTTP/1.1.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn error_code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap().to_owned()
    }
}

/// What `/metrics` says of a sample, by its name and labels.
pub(crate) async fn figures(server: &TestServer) -> impl Fn(&str) -> f64 {
    let answer = get(server.addresses().metrics[0], "/metrics", &[]).await;
    let text = String::from_utf8(answer.body).unwrap();
    move |sample| {
        let line = text.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("{sample} in {text}")).parse().unwrap()
    }
}

/// `GET`, with lines of further headers.
pub(crate) async fn get(address: SocketAddr, path: &str, headers: &[&str]) -> Answer {
    request(address, "GET", path, headers).await
}

pub(crate) async fn request(address: SocketAddr, method: &str, path: &str, headers: &[&str]) -> Answer {
    ask(TcpStream::connect(address).await.unwrap(), address, method, path, headers).await
}

/// A request with a JSON body.
pub(crate) async fn send(address: SocketAddr, method: &str, path: &str, token: &str, body: &str) -> Answer {
    exchange(address, method, path, &[&format!("Authorization: Bearer {token}")], body).await
}

/// A request with a body, and lines of further headers.
pub(crate) async fn exchange(address: SocketAddr, method: &str, path: &str, headers: &[&str], body: &str) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    for line in headers {
        head.push_str(&format!("{line}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.unwrap().unwrap();
    parse(&bytes)
}

/// One request on a fresh stream. A handshake that is accepted (101) has no body to wait for.
pub(crate) async fn ask(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    host: SocketAddr,
    method: &str,
    path: &str,
    headers: &[&str],
) -> Answer {
    let mut text = format!("{method} {path} HTTP/1.1\r\n");
    if !headers.iter().any(|line| line.starts_with("Host:")) {
        text.push_str(&format!("Host: {host}\r\n"));
    }
    if !headers.iter().any(|line| line.starts_with("Connection:")) {
        text.push_str("Connection: close\r\n");
    }
    for line in headers {
        text.push_str(&format!("{line}\r\n"));
    }
    text.push_str("\r\n");
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let read = timeout(PATIENCE, stream.read(&mut chunk)).await.unwrap().unwrap_or(0);
        bytes.extend_from_slice(&chunk[..read]);
        if read == 0 || is_complete(&bytes) {
            return parse(&bytes);
        }
    }
}

/// Whether the headers are there and the body is as long as they say. A refused handshake leaves the connection open.
fn is_complete(bytes: &[u8]) -> bool {
    if !bytes.windows(4).any(|four| four == b"\r\n\r\n") {
        return false;
    }
    let answer = parse(bytes);
    let length = answer.header("content-length").map(|length| length.parse().unwrap());
    answer.status == 101 || length.is_some_and(|length: usize| answer.body.len() >= length && length > 0)
}

fn parse(bytes: &[u8]) -> Answer {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("an answer with headers");
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers =
        lines.map(|line| line.split_once(": ").unwrap()).map(|(name, value)| (name.to_owned(), value.to_owned()));
    Answer { status, headers: headers.collect(), body: bytes[end + 4..].to_vec() }
}

/// The lines of a WebSocket handshake (RFC 6455 §4.1).
pub(crate) const HANDSHAKE: [&str; 4] = [
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

/// TLS without a look at who is there; says what certificate was shown.
pub(crate) async fn tls_connect(address: SocketAddr, protocols: &[&str]) -> TlsStream<TcpStream> {
    let mut config = Trust::Anyone.tls().unwrap();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    timeout(PATIENCE, TlsConnector::from(Arc::new(config)).connect(name, stream)).await.unwrap().unwrap()
}

/// A loaded machine may be slow; only a fault takes longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

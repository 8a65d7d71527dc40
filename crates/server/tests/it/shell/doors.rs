use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::fixture::{HANDSHAKE, PATIENCE, ask, get, serve_for_test, tls_connect};

/// A Binding request (RFC 8489 §6) without attributes.
const BINDING: [u8; 20] = [0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

async fn binds(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> bool {
    stream.write_all(&BINDING).await.unwrap();
    let mut header = [0; 20];
    let read = timeout(PATIENCE, stream.read_exact(&mut header)).await.unwrap();
    read.is_ok() && header[..2] == [1, 1] && header[8..] == BINDING[8..]
}

#[tokio::test]
async fn https_port_tells_pages_turn_over_tls_and_turn_over_tcp_apart() {
    let server = serve_for_test(&[]);
    let https = server.https();
    for protocols in [&["http/1.1"][..], &[]] {
        let stream = tls_connect(https, protocols).await;
        assert_eq!(ask(stream, https, "GET", "/", &[]).await.status, 200, "{protocols:?}");
    }
    let stream = tls_connect(https, &["http/1.1"]).await;
    assert_eq!(ask(stream, https, "GET", "/ws", &HANDSHAKE).await.status, 101);
    for protocols in [&["stun.turn"][..], &["stun.nat-discovery"], &[]] {
        assert!(binds(tls_connect(https, protocols).await).await, "{protocols:?}");
    }
    assert!(binds(TcpStream::connect(https).await.unwrap()).await);
}

#[tokio::test]
async fn browsers_get_http2_and_choose_http1_for_websockets() {
    let server = serve_for_test(&[]);
    let stream = tls_connect(server.https(), &["h2", "http/1.1"]).await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
    let stream = tls_connect(server.https(), &["http/1.1"]).await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"http/1.1".as_slice()));
}

#[tokio::test]
async fn plain_http_on_the_https_port_is_sent_on_to_https() {
    let server = serve_for_test(&[]);
    let port = server.https().port();
    let answer = get(server.https(), "/r/abc?x=1", &[&format!("Host: localhost:{port}")]).await;
    assert_eq!(answer.status, 308);
    assert_eq!(answer.header("location"), Some(format!("https://localhost:{port}/r/abc?x=1").as_str()));
}

#[tokio::test]
async fn turn_port_takes_plain_and_tls_and_closes_on_anything_else() {
    let server = serve_for_test(&[]);
    let turn = server.addresses().turn_tcp[0];
    assert!(binds(TcpStream::connect(turn).await.unwrap()).await);
    assert!(binds(tls_connect(turn, &[]).await).await);
    let mut stream = TcpStream::connect(turn).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    assert!(is_closed(&mut stream).await);
}

#[tokio::test]
async fn connection_beyond_the_limit_of_its_address_is_closed_and_gets_in_when_one_leaves() {
    let server = serve_for_test(&["limits.tcp_connections_per_address=2"]);
    let first = TcpStream::connect(server.http()).await.unwrap();
    let mut second = TcpStream::connect(server.http()).await.unwrap();
    second
        .write_all(
            format!("GET /ws HTTP/1.1\r\nHost: {}\r\n{}\r\n\r\n", server.http(), HANDSHAKE.join("\r\n")).as_bytes(),
        )
        .await
        .unwrap();
    let mut status = [0; 12];
    second.read_exact(&mut status).await.unwrap();
    assert_eq!(&status, b"HTTP/1.1 101");
    // The WebSocket counts for as long as it lives.
    let mut third = TcpStream::connect(server.http()).await.unwrap();
    assert!(is_closed(&mut third).await);
    drop(first);
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let mut stream = TcpStream::connect(server.http()).await.unwrap();
        if stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").await.is_ok()
            && stream.read(&mut status).await.is_ok_and(|read| read > 0)
        {
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "the place is not given back");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn header_that_never_ends_is_refused() {
    let server = serve_for_test(&[]);
    let mut stream = TcpStream::connect(server.http()).await.unwrap();
    let _ = stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nX: ").await;
    for _ in 0..64 {
        let _ = stream.write_all(&[b'a'; 1024]).await;
    }
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap();
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 431"), "{}", String::from_utf8_lossy(&answer));
    assert_eq!(get(server.http(), "/healthz", &[]).await.status, 200);
}

#[tokio::test]
async fn connection_without_a_request_is_closed_in_time_however_it_begins() {
    let server = serve_for_test(&[]);
    let mut waiting = Vec::new();
    for address in [server.http(), server.addresses().compat[0]] {
        for beginning in ["", "P", "PRI * HTTP/2.0", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET / HT"] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(beginning.as_bytes()).await.unwrap();
            waiting.push((address, beginning, stream));
        }
    }
    let mut secured = tls_connect(server.https(), &["h2"]).await;
    for (address, beginning, mut stream) in waiting {
        let ended = timeout(PATIENCE, stream.read_to_end(&mut Vec::new())).await;
        assert!(ended.is_ok(), "{address} waits for ever after {beginning:?}");
    }
    let ended = timeout(PATIENCE, secured.read_to_end(&mut Vec::new())).await;
    assert!(ended.is_ok(), "HTTPS waits for ever for HTTP/2");
}

#[tokio::test]
async fn wildcard_listens_on_ipv4_and_ipv6() {
    let server = serve_for_test(&["http.listen=0"]);
    let port = server.http().port();
    for address in ["127.0.0.1", "::1"] {
        assert_eq!(get((address.parse::<std::net::IpAddr>().unwrap(), port).into(), "/healthz", &[]).await.status, 200);
    }
}

/// Whether the other side ends the connection without a word.
async fn is_closed(stream: &mut TcpStream) -> bool {
    timeout(PATIENCE, stream.read(&mut [0; 1])).await.unwrap().unwrap_or(0) == 0
}

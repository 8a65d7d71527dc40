use bytes::Bytes;

use super::{HEADERS_MAX, chunk, seen};

/// The path and the query of a request that is taken.
fn taken(request: &str) -> Option<String> {
    seen(request.as_bytes()).map(|seen| {
        assert_eq!(seen.bytes, request.len());
        seen.request.uri().to_string()
    })
}

#[test]
fn a_plain_request_for_flv_is_taken_whole() {
    let request = "GET /live/a.flv?token=t HTTP/1.1\r\nHost: example.org\r\nOrigin: https://example.com\r\n\r\n";
    assert_eq!(taken(request).as_deref(), Some("/live/a.flv?token=t"));
    assert_eq!(taken("GET /live/a.flv HTTP/1.1\r\n\r\n").as_deref(), Some("/live/a.flv"));
}

#[test]
fn everything_else_is_left_to_the_library() {
    for request in [
        "",
        "GET /live/a.flv HTTP/1.1\r\nHost: example.org\r\n",
        "GET /live/a.flv HTTP/1.1\r\n\r\nGET /live/b.flv HTTP/1.1\r\n\r\n",
        "GET /live/a.flv HTTP/1.0\r\n\r\n",
        "HEAD /live/a.flv HTTP/1.1\r\n\r\n",
        "POST /live/a.flv HTTP/1.1\r\n\r\n",
        "GET /live/a.flv HTTP/1.1\r\nUpgrade: websocket\r\n\r\n",
        "GET /live/a.flv HTTP/1.1\r\nExpect: 100-continue\r\n\r\n",
        "GET /live/a.flv HTTP/1.1\r\nContent-Length: 5\r\n\r\n",
        "GET /live/a.flv HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET /live/a.m3u8 HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET /live/\u{0}.flv HTTP/1.1\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        assert_eq!(taken(request), None, "{request:?}");
    }
}

#[test]
fn a_request_with_too_many_headers_is_left_to_the_library_too() {
    let with = |count: usize| format!("GET /live/a.flv HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(count));
    assert!(taken(&with(HEADERS_MAX)).is_some());
    assert!(taken(&with(HEADERS_MAX + 1)).is_none());
}

#[test]
fn a_chunk_says_its_length_and_nothing_is_no_chunk() {
    assert_eq!(chunk(&Bytes::from(vec![b'x'; 17])), format!("11\r\n{}\r\n", "x".repeat(17)));
    assert_eq!(chunk(&Bytes::new()), Bytes::new(), "an empty chunk would be the last");
}

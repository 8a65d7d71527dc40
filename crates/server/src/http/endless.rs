//! An answer without end, past the library that speaks HTTP: a request for FLV that begins a plain connection of HTTP/1.1 is answered by whoever writes
//! to the socket. Everything else, and whatever does not come in one piece, is the library's.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use axum::body::{Body, to_bytes};
use axum::http::header::{CONNECTION, CONTENT_LENGTH, DATE, EXPECT, TRANSFER_ENCODING, UPGRADE};
use axum::http::response::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use axum::response::Response;
use bytes::{BufMut as _, Bytes, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::live::{Tags, is_flv_path};
use super::{Arrival, Service, Site, respond};
use crate::clock;
use crate::guest::Guest;
use crate::live::directory::Socket;
use crate::live::egress::write_all;

/// Takes what an answer goes on with; the request says by this that it can.
#[derive(Debug, Clone)]
pub(super) struct Outlet {
    pub(super) socket: Socket,
    tags: Arc<Mutex<Option<Tags>>>,
}

/// A request that was looked at and not read.
pub(crate) struct Seen {
    request: Request<()>,
    bytes: usize,
}

impl Outlet {
    pub(super) fn put(&self, tags: Tags) {
        *self.tags.lock().unwrap_or_else(PoisonError::into_inner) = Some(tags);
    }
}

/// Waits for the first bytes and says whether they are such a request.
pub(crate) async fn look(stream: &TcpStream) -> io::Result<Option<Seen>> {
    let mut bytes = vec![0; HEAD_BYTES_MAX];
    let came = stream.peek(&mut bytes).await?;
    Ok(bytes.get(..came).and_then(seen))
}

fn seen(bytes: &[u8]) -> Option<Seen> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut head = httparse::Request::new(&mut headers);
    // What follows is none of this request's: it has no body.
    let is_whole = head.parse(bytes).is_ok_and(|parsed| parsed == httparse::Status::Complete(bytes.len()));
    if !is_whole || head.method != Some(Method::GET.as_str()) || head.version != Some(1) {
        return None;
    }
    let mut request = Request::builder().uri(head.path?);
    for header in head.headers.iter() {
        request = request.header(header.name, header.value);
    }
    let request = request.body(()).ok()?;
    let asks_for_more = [UPGRADE, EXPECT, CONTENT_LENGTH, TRANSFER_ENCODING];
    let is_plain = !asks_for_more.iter().any(|name| request.headers().contains_key(name));
    (is_plain && is_flv_path(request.uri().path())).then_some(Seen { request, bytes: bytes.len() })
}

/// Answers it, for as long as the client takes what comes.
pub(crate) async fn serve(site: Arc<Site>, mut stream: Guest, arrival: Arrival, seen: Seen) -> io::Result<()> {
    let mut read = vec![0; seen.bytes];
    stream.read_exact(&mut read).await?;
    let outlet = Outlet { socket: Socket::of(&stream.stream)?, tags: Arc::default() };
    let mut request = seen.request.map(|()| Body::empty());
    request.extensions_mut().insert(outlet.clone());
    // Who goes meanwhile needs no answer.
    let response = tokio::select! {
        response = respond(site, Service::Pages, arrival, request) => response,
        gone = until_gone(&mut stream) => return gone,
    };
    let tags = outlet.tags.lock().unwrap_or_else(PoisonError::into_inner).take();
    match tags {
        Some(tags) => go_on(stream, response.into_parts().0, tags).await,
        None => answer(stream, response).await,
    }
}

/// Until the client has closed its end: it has nothing else to say.
async fn until_gone(stream: &mut Guest) -> io::Result<()> {
    let mut unasked = [0; 64];
    while stream.read(&mut unasked).await? > 0 {}
    Ok(())
}

/// The answer is short after all.
async fn answer(mut stream: Guest, response: Response) -> io::Result<()> {
    let (mut parts, body) = response.into_parts();
    let body = to_bytes(body, REFUSAL_BYTES_MAX).await.map_err(io::Error::other)?;
    parts.headers.insert(CONTENT_LENGTH, body.len().into());
    write_all(&mut stream, &mut VecDeque::from([head(&parts), body])).await?;
    stream.shutdown().await
}

async fn go_on(mut stream: Guest, mut parts: Parts, mut tags: Tags) -> io::Result<()> {
    parts.headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    let mut pieces = VecDeque::from([head(&parts)]);
    loop {
        write_all(&mut stream, &mut pieces).await?;
        tokio::select! {
            some = tags.next() => match some {
                Some(chunks) => pieces.push_back(chunks),
                None => break,
            },
            gone = until_gone(&mut stream) => return gone,
        }
    }
    pieces.extend(tags.leave());
    pieces.push_back(LAST_CHUNK);
    write_all(&mut stream, &mut pieces).await?;
    timeout(CLOSE_MAX, stream.shutdown()).await?
}

/// Status line and headers (RFC 9112 §2.1). The connection is good for this answer alone.
fn head(parts: &Parts) -> Bytes {
    let mut headers = HeaderMap::clone(&parts.headers);
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    if let Ok(date) = HeaderValue::try_from(httpdate::fmt_http_date(UNIX_EPOCH + clock::unix_time())) {
        headers.insert(DATE, date);
    }
    let mut head = BytesMut::with_capacity(HEAD_BYTES_MAX);
    let reason = parts.status.canonical_reason().unwrap_or_default();
    head.put_slice(format!("HTTP/1.1 {} {reason}\r\n", parts.status.as_u16()).as_bytes());
    for (name, value) in &headers {
        put_header(&mut head, name, value);
    }
    head.put_slice(b"\r\n");
    head.freeze()
}

fn put_header(head: &mut BytesMut, name: &HeaderName, value: &HeaderValue) {
    for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
        head.put_slice(part);
    }
}

/// Bytes as a chunk (RFC 9112 §7.1); nothing for none, as an empty chunk is the last.
pub(super) fn chunk(bytes: &Bytes) -> Bytes {
    if bytes.is_empty() {
        return Bytes::new();
    }
    let size = format!("{:x}\r\n", bytes.len());
    [size.as_bytes(), bytes, b"\r\n"].concat().into()
}

/// RFC 9112 §7.1.
const LAST_CHUNK: Bytes = Bytes::from_static(b"0\r\n\r\n");
/// Of a request that is looked at; longer ones are the library's.
const HEAD_BYTES_MAX: usize = 4096;
const HEADERS_MAX: usize = 48;
/// Of an answer that says why not.
const REFUSAL_BYTES_MAX: usize = 64 * 1024;
/// Time for the last bytes.
const CLOSE_MAX: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;

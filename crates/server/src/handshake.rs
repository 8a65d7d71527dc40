//! The request with which a WebSocket begins (RFC 6455 §4.2), and the answer.

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use sha1::{Digest as _, Sha1};
use tokio::io::{AsyncRead, AsyncWrite};

/// A request that asks for a WebSocket as it should.
#[derive(Debug)]
pub struct Handshake {
    accept: HeaderValue,
    upgrade: Upgrade,
}

/// The connection, as soon as the answer has left.
#[derive(Debug)]
pub(crate) struct Upgrade(OnUpgrade);

/// What is wrong with a request for a WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// RFC 6455 §4.1, 2.
    #[error("the method must be GET")]
    Method,
    /// RFC 6455 §4.2.1, 4.
    #[error("the header `Connection` must contain `upgrade`")]
    Connection,
    /// RFC 6455 §4.2.1, 3.
    #[error("the header `Upgrade` must contain `websocket`")]
    Upgrade,
    /// RFC 6455 §4.2.1, 6.
    #[error("the header `Sec-WebSocket-Version` must be 13")]
    Version,
    /// RFC 6455 §4.2.1, 5.
    #[error("the header `Sec-WebSocket-Key` must be 16 bytes in base 64")]
    Key,
    /// HTTP/2, or a server that was not told to allow it.
    #[error("this connection cannot change its protocol")]
    NotUpgradable,
}

impl Handshake {
    /// Reads the request, and takes the connection out of it.
    ///
    /// # Errors
    /// [`HandshakeError`], which is a status of 400.
    pub fn of(parts: &mut Parts) -> Result<Self, HandshakeError> {
        if parts.method != Method::GET {
            return Err(HandshakeError::Method);
        }
        if !names(&parts.headers, CONNECTION, "upgrade") {
            return Err(HandshakeError::Connection);
        }
        if !names(&parts.headers, UPGRADE, "websocket") {
            return Err(HandshakeError::Upgrade);
        }
        if !names(&parts.headers, SEC_WEBSOCKET_VERSION, "13") {
            return Err(HandshakeError::Version);
        }
        let key = parts.headers.get(SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes).unwrap_or_default();
        let accept = accept(key).ok_or(HandshakeError::Key)?;
        let upgrade = parts.extensions.remove::<OnUpgrade>().ok_or(HandshakeError::NotUpgradable)?;
        Ok(Self { accept, upgrade: Upgrade(upgrade) })
    }

    /// The answer that changes the protocol, and the connection, which is ours when that has left.
    pub(crate) fn accept(self) -> (Response, Upgrade) {
        let headers = [
            (CONNECTION, HeaderValue::from_static("upgrade")),
            (UPGRADE, HeaderValue::from_static("websocket")),
            (SEC_WEBSOCKET_ACCEPT, self.accept),
        ];
        ((StatusCode::SWITCHING_PROTOCOLS, headers, Body::empty()).into_response(), self.upgrade)
    }
}

impl Upgrade {
    /// The bytes after the answer; `None` when the connection was lost before.
    pub(crate) async fn io(self) -> Option<impl AsyncRead + AsyncWrite + Unpin + Send + 'static> {
        self.0.await.ok().map(TokioIo::new)
    }
}

impl<S: Sync> FromRequestParts<S> for Handshake {
    type Rejection = HandshakeError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, HandshakeError> {
        Self::of(parts)
    }
}

impl IntoResponse for HandshakeError {
    fn into_response(self) -> Response {
        (StatusCode::BAD_REQUEST, self.to_string()).into_response()
    }
}

/// RFC 6455 §4.2.2, 5.4: what proves that the request was read; `None` for a key that is none.
fn accept(key: &[u8]) -> Option<HeaderValue> {
    let nonce = STANDARD.decode(key).ok()?;
    if nonce.len() != NONCE_BYTES {
        return None;
    }
    let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    HeaderValue::try_from(STANDARD.encode(digest)).ok()
}

/// Whether one of the comma-separated values of a header is `value`, in small or capital letters.
pub(crate) fn names(headers: &HeaderMap, name: HeaderName, value: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|values| values.to_str().ok());
    values.flat_map(|values| values.split(',')).any(|one| one.trim().eq_ignore_ascii_case(value))
}

/// RFC 6455 §4.1, 7.
const NONCE_BYTES: usize = 16;

/// RFC 6455 §1.3.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

#[cfg(test)]
mod tests;

//! Errors over HTTP: a status and `{"error":{"code","message"}}`.

use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::handshake::HandshakeError;
use crate::workers::CheckRefusal;

/// Why a request is not answered as it wished.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpError {
    /// 401
    #[error("a token is needed: send it as \"Authorization: Bearer …\" or as the query parameter token")]
    TokenNeeded,
    /// 401
    #[error("the token is not accepted: {0}")]
    TokenRefused(room::token::TokenError),
    /// 403
    #[error("pages of {origin} may not use this server; its operator can allow them with origin.allow")]
    ForeignOrigin { origin: String },
    /// 404
    #[error("there is nothing at {path}")]
    NotFound { path: String },
    /// 405
    #[error("{method} is not possible here")]
    MethodNotAllowed { method: Method, allow: &'static str },
    /// 400
    #[error("not a WebSocket handshake: {0}")]
    BadHandshake(HandshakeError),
    /// 426
    #[error("this port is for WebSocket clients only")]
    UpgradeRequired,
    /// 429 or 503
    #[error("no WebSocket to be had: {0}")]
    ConnectionRefused(room::Refusal),
    /// 400
    #[error("the offer cannot be answered: {reason}")]
    BadOffer { reason: String },
    /// 503
    #[error("too many checks of the network are running; try again in a minute")]
    ChecksBusy,
    /// 503
    #[error("this server has no media server")]
    MediaUnavailable,
    /// 429
    #[error("too many requests from this address; wait {} s", seconds(.retry_after))]
    TooManyRequests { retry_after: Duration },
}

impl HttpError {
    /// The one table from errors to statuses and codes.
    fn code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::TokenNeeded => (StatusCode::UNAUTHORIZED, "token-needed"),
            Self::TokenRefused(_) => (StatusCode::UNAUTHORIZED, "token-refused"),
            Self::ForeignOrigin { .. } => (StatusCode::FORBIDDEN, "foreign-origin"),
            Self::NotFound { .. } => (StatusCode::NOT_FOUND, "not-found"),
            Self::MethodNotAllowed { .. } => (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed"),
            Self::BadHandshake(_) => (StatusCode::BAD_REQUEST, "bad-handshake"),
            Self::UpgradeRequired => (StatusCode::UPGRADE_REQUIRED, "upgrade-required"),
            Self::ConnectionRefused(refusal) => {
                let status = StatusCode::from_u16(refusal.http_status()).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
                let code = match refusal {
                    room::Refusal::AddressFull => "too-many-connections",
                    room::Refusal::ServerFull => "server-full",
                    room::Refusal::ShuttingDown => "shutting-down",
                };
                (status, code)
            }
            Self::BadOffer { .. } => (StatusCode::BAD_REQUEST, "bad-offer"),
            Self::ChecksBusy => (StatusCode::SERVICE_UNAVAILABLE, "checks-busy"),
            Self::MediaUnavailable => (StatusCode::SERVICE_UNAVAILABLE, "media-unavailable"),
            Self::TooManyRequests { .. } => (StatusCode::TOO_MANY_REQUESTS, "too-many-requests"),
        }
    }
}

impl From<CheckRefusal> for HttpError {
    fn from(refusal: CheckRefusal) -> Self {
        match refusal {
            CheckRefusal::BadOffer(reason) => Self::BadOffer { reason },
            CheckRefusal::Busy => Self::ChecksBusy,
            CheckRefusal::Unavailable => Self::MediaUnavailable,
        }
    }
}

impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        let (status, code) = self.code();
        let body = json!({ "error": { "code": code, "message": self.to_string() } });
        let mut response = (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response();
        let headers = response.headers_mut();
        match &self {
            Self::TokenNeeded | Self::TokenRefused(_) => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::MethodNotAllowed { allow, .. } => {
                headers.insert(header::ALLOW, HeaderValue::from_static(allow));
            }
            Self::UpgradeRequired => {
                headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
                headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
            }
            Self::ConnectionRefused(_) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(CONNECTION_RETRY_SECONDS));
            }
            Self::TooManyRequests { retry_after } => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds(retry_after)));
            }
            Self::ChecksBusy => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(CHECK_RETRY_SECONDS));
            }
            Self::BadOffer { .. }
            | Self::MediaUnavailable
            | Self::ForeignOrigin { .. }
            | Self::NotFound { .. }
            | Self::BadHandshake(_) => {}
        }
        response
    }
}

/// When a client that got no WebSocket should ask again.
const CONNECTION_RETRY_SECONDS: u64 = 5;

/// When a check that found no room should be tried again: by then others have ended.
const CHECK_RETRY_SECONDS: u64 = 60;

/// Whole seconds, rounded up: a client that waits so long is not too early.
fn seconds(duration: &Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

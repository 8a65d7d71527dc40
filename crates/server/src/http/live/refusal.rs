//! Why a request about a stream is not granted: a status, and problem details (RFC 9457) with a `code` for programs.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use live::NameError;
use serde_json::json;

use crate::handshake::HandshakeError;
use crate::live::access::Denied;
use crate::live::directory::Taken;
use crate::live::encoders::Declined;
use crate::live::hls::HlsRefusal;
use crate::live::hooks::HookRefusal;
use crate::live::offer::BadOffer;
use crate::live::sessions::Refused;

/// Why not.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// 400
    #[error(transparent)]
    BadName(NameError),
    /// 400 or 422
    #[error("the offer cannot be used: {0}")]
    BadOffer(#[from] BadOffer),
    /// 400
    #[error("the body is not what it should be: {0}")]
    BadBody(String),
    /// 400
    #[error("the query parameter \"{0}\" is not valid")]
    BadQuery(&'static str),
    /// 401 or 403
    #[error(transparent)]
    Denied(#[from] Denied),
    /// 404
    #[error("there is nothing of that name here")]
    NotFound,
    /// 400
    #[error("not a WebSocket handshake: {0}")]
    BadHandshake(HandshakeError),
    /// 404
    #[error("nobody publishes this stream")]
    NotOnAir,
    /// 403
    #[error("the operator has ended this session")]
    Ended,
    /// 403
    #[error("the operator has not switched this test on (live.nack_test)")]
    NoNackTest,
    /// 404
    #[error("there is no such session")]
    NoSession,
    /// 405
    #[error("only {allow} is possible here")]
    MethodNotAllowed { allow: &'static str },
    /// 406
    #[error("the answer would be {0}, which the request does not accept")]
    NotAcceptable(&'static str),
    /// 408
    #[error("the body did not come in time")]
    BodyLate,
    /// 412
    #[error("the session has another ETag: ICE has begun anew since")]
    PreconditionFailed,
    /// 413
    #[error("the body is longer than {limit_bytes} bytes")]
    BodyTooLong { limit_bytes: usize },
    /// 415
    #[error("the body has to be {0}")]
    MediaType(&'static str),
    /// 428
    #[error("send If-Match with the ETag of the session, or with * to begin ICE anew")]
    PreconditionRequired,
    /// 429
    #[error("too many requests from this address")]
    TooManyRequests { retry_after: Duration },
    /// 503
    #[error("this server has no media server")]
    NoMedia,
    /// 404, 409, 422, 429 or 503
    #[error(transparent)]
    Refused(#[from] Refused),
    /// 400, 401, 403, 409, 422, 429 or 503
    #[error(transparent)]
    Declined(#[from] Declined),
    /// 400, 404, 406, 429 or 503
    #[error(transparent)]
    Hls(#[from] HlsRefusal),
}

impl Refusal {
    /// The one table from refusals to statuses and codes.
    fn code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::BadName(_) => (StatusCode::BAD_REQUEST, "bad-name"),
            Self::BadOffer(BadOffer::Malformed(_)) => (StatusCode::BAD_REQUEST, "bad-offer"),
            Self::BadOffer(BadOffer::SendsNothing | BadOffer::ReceivesNothing) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "wrong-direction")
            }
            Self::BadBody(_) => (StatusCode::BAD_REQUEST, "bad-body"),
            Self::BadQuery(_) => (StatusCode::BAD_REQUEST, "bad-query"),
            Self::Denied(denied) => match denied {
                Denied::TokenNeeded | Denied::TokenRefused(_) => (StatusCode::UNAUTHORIZED, denied.code()),
                Denied::Off(_) | Denied::OtherStream | Denied::NotGranted(_) => (StatusCode::FORBIDDEN, denied.code()),
                Denied::RoomName | Denied::Encrypted | Denied::NotView => (StatusCode::FORBIDDEN, denied.code()),
                Denied::NotShown => (StatusCode::NOT_FOUND, denied.code()),
                Denied::Address(_) | Denied::Hook(HookRefusal::Refused(_)) => (StatusCode::FORBIDDEN, denied.code()),
                Denied::Hook(HookRefusal::Failed(_)) | Denied::Full(_) => {
                    (StatusCode::SERVICE_UNAVAILABLE, denied.code())
                }
            },
            Self::BadHandshake(_) => (StatusCode::BAD_REQUEST, "bad-handshake"),
            Self::Ended => (StatusCode::FORBIDDEN, "ended"),
            Self::NotOnAir | Self::Refused(Refused::NotShown) => (StatusCode::NOT_FOUND, "not-on-air"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found"),
            Self::NoNackTest => (StatusCode::FORBIDDEN, "switched-off"),
            Self::NoSession | Self::Refused(Refused::NoSession) => (StatusCode::NOT_FOUND, "no-session"),
            Self::MethodNotAllowed { .. } => (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed"),
            Self::NotAcceptable(_) => (StatusCode::NOT_ACCEPTABLE, "not-acceptable"),
            Self::BodyLate => (StatusCode::REQUEST_TIMEOUT, "body-late"),
            Self::PreconditionFailed => (StatusCode::PRECONDITION_FAILED, "precondition-failed"),
            Self::BodyTooLong { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "body-too-long"),
            Self::MediaType(_) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type"),
            Self::PreconditionRequired => (StatusCode::PRECONDITION_REQUIRED, "precondition-required"),
            Self::TooManyRequests { .. } => (StatusCode::TOO_MANY_REQUESTS, "too-many-requests"),
            Self::NoMedia | Self::Refused(Refused::Unavailable) => {
                (StatusCode::SERVICE_UNAVAILABLE, "media-unavailable")
            }
            Self::Refused(Refused::Taken(Taken::OnAir(_))) => (StatusCode::CONFLICT, "on-air"),
            Self::Refused(Refused::Taken(Taken::Full(_))) => (StatusCode::SERVICE_UNAVAILABLE, "too-many-streams"),
            Self::Refused(Refused::Taken(Taken::Draining)) => (StatusCode::SERVICE_UNAVAILABLE, "draining"),
            Self::Refused(Refused::Viewers(_)) => (StatusCode::SERVICE_UNAVAILABLE, "too-many-viewers"),
            Self::Refused(Refused::Address(_)) => (StatusCode::TOO_MANY_REQUESTS, "too-many-sessions"),
            Self::Refused(Refused::Sessions(_)) => (StatusCode::SERVICE_UNAVAILABLE, "too-many-sessions"),
            Self::Refused(Refused::Unanswerable(_)) => (StatusCode::UNPROCESSABLE_ENTITY, "unanswerable-offer"),
            Self::Declined(declined) => {
                let (status, code) = declined.code();
                (StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE), code)
            }
            Self::Hls(HlsRefusal::OffAir) => (StatusCode::NOT_FOUND, "off-air"),
            Self::Hls(HlsRefusal::Stream(error)) => {
                (StatusCode::from_u16(error.code()).unwrap_or(StatusCode::NOT_FOUND), error.name())
            }
            Self::Hls(HlsRefusal::Late(_)) => (StatusCode::SERVICE_UNAVAILABLE, "late"),
            Self::Hls(HlsRefusal::ClientFull) => (StatusCode::TOO_MANY_REQUESTS, "too-many-waiting"),
            Self::Hls(HlsRefusal::ServerFull) => (StatusCode::SERVICE_UNAVAILABLE, "too-many-waiting"),
            Self::Refused(Refused::Busy) => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
        }
    }

    /// When to try again; `None` where that would not help.
    fn retry_after(&self) -> Option<u64> {
        if let Self::TooManyRequests { retry_after } = self {
            // Rounded up: who waits so long is not too early.
            return Some(retry_after.as_secs() + 1);
        }
        (self.code().0 == StatusCode::SERVICE_UNAVAILABLE).then_some(BUSY_SECONDS)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, code) = self.code();
        let title = status.canonical_reason().unwrap_or("Error");
        let body = json!({
            "type": "about:blank", "title": title, "status": status.as_u16(), "code": code, "detail": self.to_string(),
        });
        let mut response =
            (status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response();
        let headers = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Self::MethodNotAllowed { allow } = self {
            headers.insert(header::ALLOW, HeaderValue::from_static(allow));
        }
        if let Some(seconds) = self.retry_after() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// When one who was turned away should come again.
const BUSY_SECONDS: u64 = 5;

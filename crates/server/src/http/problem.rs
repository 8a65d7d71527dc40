//! Errors of the room API: problem details (RFC 9457), with a `code` for programs.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use room::manage::ManageError;
use serde_json::json;

use crate::live::forward::TargetRefusal;
use crate::live::recording::RecordingRefusal;

/// Why the room API does not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    /// 401
    #[error("send a token as \"Authorization: Bearer …\"")]
    TokenNeeded,
    /// 401
    #[error("the token is not accepted: {0}")]
    TokenRefused(room::token::TokenError),
    /// 403
    #[error(
        "this server has neither auth.keys nor a data.dir for a key of its own, so nobody can show that he may look after it"
    )]
    NoKeys,
    /// 403
    #[error("answers as scripts (JSONP) are switched off (live.api_jsonp)")]
    NoJsonp,
    /// 403
    #[error("the token does not grant \"manage\"")]
    NotGranted,
    /// 403
    #[error("the token grants neither \"manage\" nor \"{grant}\"")]
    NotGrantedTo { grant: &'static str },
    /// 403
    #[error("the token is for another stream")]
    OtherStream,
    /// 403
    #[error("the token is for another room")]
    OtherRoom,
    /// 404
    #[error("there is nothing of that name in the API")]
    NotFound,
    /// 404
    #[error("there is no such allocation, or none any more")]
    NoAllocation,
    /// 405
    #[error("only {allow} is possible here")]
    MethodNotAllowed { allow: String },
    /// 400
    #[error("the body is not what it should be: {reason}")]
    BadBody { reason: String },
    /// 400
    #[error("the query parameter \"{name}\" is not valid")]
    BadQuery { name: &'static str },
    /// 408
    #[error("the body did not come in time")]
    BodyLate,
    /// 413
    #[error("the body is longer than {limit_bytes} bytes")]
    BodyTooLong { limit_bytes: usize },
    /// 429
    #[error("too many requests from this address")]
    TooManyRequests { retry_after: Duration },
    /// 416
    #[error("the file has {length} bytes, and none where it was asked for")]
    BadRange { length: u64 },
    /// 403, 404, 409, 500 or 507
    #[error(transparent)]
    Recording(#[from] RecordingRefusal),
    /// 400, 403, 404 or 409
    #[error(transparent)]
    Target(#[from] TargetRefusal),
    /// 400, 404 or 409
    #[error(transparent)]
    Refused(#[from] ManageError),
    /// 503
    #[error("too many look at rooms at once; ask again in a second")]
    StatsBusy,
    /// 503
    #[error("the server is stopping")]
    Stopping,
}

impl Problem {
    /// The one table from problems to statuses and codes.
    fn code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::TokenNeeded => (StatusCode::UNAUTHORIZED, "token-needed"),
            Self::TokenRefused(_) => (StatusCode::UNAUTHORIZED, "token-refused"),
            Self::NoKeys => (StatusCode::FORBIDDEN, "no-keys"),
            Self::NoJsonp => (StatusCode::FORBIDDEN, "jsonp-off"),
            Self::NotGranted => (StatusCode::FORBIDDEN, "not-granted"),
            Self::NotGrantedTo { .. } => (StatusCode::FORBIDDEN, "not-granted"),
            Self::OtherStream => (StatusCode::FORBIDDEN, "other-stream"),
            Self::OtherRoom => (StatusCode::FORBIDDEN, "other-room"),
            Self::BadRange { .. } => (StatusCode::RANGE_NOT_SATISFIABLE, "bad-range"),
            Self::Recording(refusal) => match refusal {
                RecordingRefusal::OfRoom => (StatusCode::FORBIDDEN, "room-name"),
                RecordingRefusal::LinkRefused => (StatusCode::FORBIDDEN, "link-refused"),
                RecordingRefusal::NoRecording => (StatusCode::NOT_FOUND, "no-recording"),
                RecordingRefusal::Off => (StatusCode::CONFLICT, "recording-off"),
                RecordingRefusal::NotOnAir => (StatusCode::CONFLICT, "not-on-air"),
                RecordingRefusal::AlreadyRecording => (StatusCode::CONFLICT, "already-recording"),
                RecordingRefusal::NotRecording => (StatusCode::CONFLICT, "not-recording"),
                RecordingRefusal::BeingWritten => (StatusCode::CONFLICT, "being-written"),
                RecordingRefusal::Unreachable => (StatusCode::INTERNAL_SERVER_ERROR, "unreachable"),
                RecordingRefusal::DiskFull => (StatusCode::INSUFFICIENT_STORAGE, "disk-full"),
            },
            Self::Target(refusal) => match refusal {
                TargetRefusal::Url(_) => (StatusCode::BAD_REQUEST, "bad-url"),
                TargetRefusal::Private => (StatusCode::FORBIDDEN, "private-address"),
                TargetRefusal::OfOperator => (StatusCode::FORBIDDEN, "of-operator"),
                TargetRefusal::NoTarget => (StatusCode::NOT_FOUND, "no-target"),
                TargetRefusal::Duplicate => (StatusCode::CONFLICT, "already-target"),
                TargetRefusal::StreamFull(_) | TargetRefusal::Full(_) => (StatusCode::CONFLICT, "too-many-targets"),
            },
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found"),
            Self::NoAllocation => (StatusCode::NOT_FOUND, "no-allocation"),
            Self::MethodNotAllowed { .. } => (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed"),
            Self::BadBody { .. } => (StatusCode::BAD_REQUEST, "bad-body"),
            Self::BadQuery { .. } => (StatusCode::BAD_REQUEST, "bad-query"),
            Self::BodyLate => (StatusCode::REQUEST_TIMEOUT, "body-late"),
            Self::BodyTooLong { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "body-too-long"),
            Self::TooManyRequests { .. } => (StatusCode::TOO_MANY_REQUESTS, "too-many-requests"),
            Self::StatsBusy => (StatusCode::SERVICE_UNAVAILABLE, "stats-busy"),
            Self::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "stopping"),
            Self::Refused(error) => match error {
                ManageError::NoRoom => (StatusCode::NOT_FOUND, "no-room"),
                ManageError::NoMember => (StatusCode::NOT_FOUND, "no-member"),
                ManageError::RoomExists => (StatusCode::CONFLICT, "room-exists"),
                ManageError::Incapable => (StatusCode::CONFLICT, "incapable"),
                ManageError::AbsentFull => (StatusCode::CONFLICT, "absent-full"),
                ManageError::TooManyMembers => (StatusCode::CONFLICT, "too-many-members"),
                ManageError::NotRecordable => (StatusCode::CONFLICT, "recording-off"),
                ManageError::NoMedia => (StatusCode::CONFLICT, "no-media"),
                ManageError::Draining => (StatusCode::CONFLICT, "draining"),
                ManageError::TooManyRooms => (StatusCode::CONFLICT, "too-many-rooms"),
                ManageError::Invalid { .. } => (StatusCode::BAD_REQUEST, "invalid"),
            },
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, code) = self.code();
        let title = status.canonical_reason().unwrap_or("Error");
        let body = json!({
            "type": "about:blank", "title": title, "status": status.as_u16(), "code": code, "detail": self.to_string(),
        });
        let fixed = [(header::CONTENT_TYPE, "application/problem+json"), (header::CACHE_CONTROL, "no-store")];
        let mut response = (status, fixed, body.to_string()).into_response();
        let headers = response.headers_mut();
        match self {
            Self::TokenNeeded | Self::TokenRefused(_) => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::MethodNotAllowed { allow } => {
                if let Ok(allow) = HeaderValue::try_from(allow) {
                    headers.insert(header::ALLOW, allow);
                }
            }
            Self::TooManyRequests { retry_after } => {
                // Rounded up: who waits so long is not too early.
                headers.insert(header::RETRY_AFTER, HeaderValue::from(retry_after.as_secs() + 1));
            }
            Self::StatsBusy => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(1_u16));
            }
            Self::BadRange { length } => {
                if let Ok(range) = HeaderValue::try_from(format!("bytes */{length}")) {
                    headers.insert(header::CONTENT_RANGE, range);
                }
            }
            Self::NoKeys
            | Self::NoJsonp
            | Self::NotGrantedTo { .. }
            | Self::OtherStream
            | Self::Recording(_)
            | Self::Target(_)
            | Self::NotGranted
            | Self::OtherRoom
            | Self::NotFound
            | Self::NoAllocation
            | Self::BadBody { .. }
            | Self::BadQuery { .. }
            | Self::BodyLate
            | Self::BodyTooLong { .. }
            | Self::Refused(_)
            | Self::Stopping => {}
        }
        response
    }
}

//! What clients of AppRTC ask its server and its collider over HTTP. Whatever happens, those answer with 200 and say how it went in `result`.

mod params;

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use percent_encoding::percent_decode_str;
use room::Opened;
use room::apprtc::Refused;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::api;
use super::arrival::Arrival;
use super::error::HttpError;
use super::site::Site;
use crate::config::Limit;
use params::Params;

/// What a path is for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Call {
    Params,
    IceServers,
    Join {
        room: String,
    },
    Message {
        room: String,
        client: String,
    },
    Leave {
        room: String,
        client: String,
    },
    /// The collider's way to say something or to leave.
    Collider {
        room: String,
        client: String,
    },
}

impl Call {
    fn find(path: &str) -> Option<Self> {
        match path {
            "/params" => return Some(Self::Params),
            "/v1alpha/iceconfig" => return Some(Self::IceServers),
            _ => {}
        }
        let mut segments = path.strip_prefix('/')?.split('/');
        let kind = segments.next()?;
        let mut names = segments.map(|name| {
            let name = percent_decode_str(name).decode_utf8().ok().filter(|name| !name.is_empty());
            name.map(std::borrow::Cow::into_owned)
        });
        let room = names.next()??;
        let client = match names.next() {
            Some(client) => Some(client?),
            None => None,
        };
        if names.next().is_some() {
            return None;
        }
        match (kind, client) {
            ("join", None) => Some(Self::Join { room }),
            ("message", Some(client)) => Some(Self::Message { room, client }),
            ("leave", Some(client)) => Some(Self::Leave { room, client }),
            ("collider", Some(client)) => Some(Self::Collider { room, client }),
            _ => None,
        }
    }

    fn allow(&self) -> &'static str {
        match self {
            Self::Params => "GET, HEAD",
            Self::IceServers | Self::Join { .. } | Self::Message { .. } | Self::Leave { .. } => "POST",
            Self::Collider { .. } => "DELETE, POST",
        }
    }
}

/// Whether a path is AppRTC's.
pub(super) fn is_apprtc_path(path: &str) -> bool {
    Call::find(path).is_some()
}

/// Answers a request.
pub(super) async fn answer(site: &Site, arrival: Arrival, parts: &Parts, body: Body) -> Result<Response, HttpError> {
    let path = parts.uri.path();
    let call = Call::find(path).ok_or_else(|| HttpError::NotFound { path: path.to_owned() })?;
    match (call, &parts.method) {
        (Call::Params, &Method::GET | &Method::HEAD) => Ok(json(&Params::of(site, arrival, parts).defaults())),
        (Call::IceServers, &Method::POST) => {
            let room = site.admit_ice_request(arrival, parts)?;
            Ok(json(&json!({ "iceServers": params::ice_servers(site, arrival, parts, room.as_deref()) })))
        }
        (Call::Join { room }, &Method::POST) => join(site, arrival, parts, room).await,
        (Call::Message { room, client }, &Method::POST) => {
            Ok(with_result(say(site, room, client, &parts.headers, body).await))
        }
        (Call::Leave { room, client }, &Method::POST) => {
            Ok(with_result(site.signal.apprtc_leave(room, client).await.map_err(Failure::from)))
        }
        (Call::Collider { room, client }, &Method::POST) => {
            Ok(in_words(say(site, room, client, &parts.headers, body).await))
        }
        (Call::Collider { room, client }, &Method::DELETE) => {
            // Who has left already is gone as it wished.
            let _ = site.signal.apprtc_leave(room, client).await;
            Ok("OK\n".into_response())
        }
        (call, method) => Err(HttpError::MethodNotAllowed { method: method.clone(), allow: call.allow() }),
    }
}

/// Why it does not go as asked.
enum Failure {
    Refused(Refused),
    /// The body is not what it should be: its status, and why.
    Body(StatusCode, &'static str),
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

async fn join(site: &Site, arrival: Arrival, parts: &Parts, room: String) -> Result<Response, HttpError> {
    let opened = Opened {
        address: arrival.client(&parts.headers, &site.config.http_trusted_proxies),
        token: api::token(parts),
        ice_servers: Arc::new(Value::Array(Vec::new())),
        compat: false,
        srs: false,
    };
    let params = Params::of(site, arrival, parts);
    match site.signal.apprtc_join(opened, room.clone()).await {
        Ok(joined) => Ok(json(&json!({ "result": SUCCESS, "params": params.of_room(&room, &joined) }))),
        Err(refused) => match refused.refusal() {
            Some(refusal) => Err(HttpError::ConnectionRefused(refusal)),
            None => Ok(with_result(Err(refused.into()))),
        },
    }
}

async fn say(site: &Site, room: String, client: String, headers: &HeaderMap, body: Body) -> Result<(), Failure> {
    let text = text(body, site.config.limits_frame_bytes, headers).await?;
    Ok(site.signal.apprtc_message(room, client, text).await?)
}

/// An answer of AppRTC's server.
fn with_result(done: Result<(), Failure>) -> Response {
    let (status, body) = match done {
        Ok(()) => (StatusCode::OK, json!({ "result": SUCCESS })),
        Err(Failure::Refused(refused)) => {
            let (code, reason) = refused.code().unzip();
            let error = json!({ "code": code, "reason": reason, "message": refused.to_string() });
            (StatusCode::OK, json!({ "result": refused.result(), "params": {}, "error": error }))
        }
        Err(Failure::Body(status, message)) => {
            (status, json!({ "result": "INVALID_REQUEST", "params": {}, "error": { "message": message } }))
        }
    };
    (status, json(&body)).into_response()
}

/// An answer of its collider, for which HTTP has the words.
fn in_words(done: Result<(), Failure>) -> Response {
    match done {
        Ok(()) => "OK\n".into_response(),
        Err(Failure::Body(status, message)) => (status, format!("{message}\n")).into_response(),
        Err(Failure::Refused(refused)) => {
            let status = match refused.result() {
                "UNKNOWN_ROOM" | "UNKNOWN_CLIENT" => StatusCode::NOT_FOUND,
                "INVALID_REQUEST" => StatusCode::BAD_REQUEST,
                _ => StatusCode::TOO_MANY_REQUESTS,
            };
            (status, format!("{refused}\n")).into_response()
        }
    }
}

fn json(body: &Value) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// The body as text, of at most so many bytes.
async fn text(body: Body, limit_bytes: Limit, headers: &HeaderMap) -> Result<String, Failure> {
    let limit_bytes = limit_bytes.bound().and_then(|bound| usize::try_from(bound).ok()).unwrap_or(BODY_BYTES_MAX);
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > limit_bytes) {
        return Err(TOO_LONG);
    }
    let bytes = timeout(BODY_TIME, to_bytes(body, limit_bytes)).await;
    let bytes = bytes.map_err(|_| Failure::Body(StatusCode::REQUEST_TIMEOUT, "The body did not come in time."))?;
    let text = String::from_utf8(bytes.map_err(|_| TOO_LONG)?.into());
    let text = text.map_err(|_| Failure::Body(StatusCode::BAD_REQUEST, "The body is not UTF-8."))?;
    if text.is_empty() { Err(Failure::Body(StatusCode::BAD_REQUEST, "The body is empty.")) } else { Ok(text) }
}

const SUCCESS: &str = "SUCCESS";
const TOO_LONG: Failure = Failure::Body(StatusCode::PAYLOAD_TOO_LARGE, "The body is too long.");
/// Longest body where frames have no limit.
const BODY_BYTES_MAX: usize = 1024 * 1024;
/// How long a body may take to come.
const BODY_TIME: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests;

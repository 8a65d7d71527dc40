//! `/api/v1/versions`: by it the containers of SRS's users find out whether the server is up.

use axum::Json;
use axum::http::Method;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use super::refusal::Refusal;
use crate::http::site::Site;
use crate::http::srs::envelope;

/// Where it is.
pub(super) const PATH: &str = "/api/v1/versions";

/// Answers GET, and POST without a look at the body.
pub(super) fn answer(site: &Site, parts: &Parts) -> Result<Response, Refusal> {
    if ![Method::GET, Method::HEAD, Method::POST].contains(&parts.method) {
        return Err(Refusal::MethodNotAllowed { allow: "GET, HEAD, POST" });
    }
    let number = |text: &str| text.parse::<u32>().unwrap_or_default();
    let data = json!({
        "major": number(env!("CARGO_PKG_VERSION_MAJOR")),
        "minor": number(env!("CARGO_PKG_VERSION_MINOR")),
        "revision": number(env!("CARGO_PKG_VERSION_PATCH")),
        "version": env!("CARGO_PKG_VERSION"),
    });
    Ok(Json(envelope(&site.identity, "data", data)).into_response())
}

//! The echo for checks of the network: `POST /api/v1/check/echo` with an SDP offer of data channels.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use tokio::time::timeout;

use super::api;
use super::arrival::Arrival;
use super::error::HttpError;
use super::site::Site;
use crate::address::ClientNetwork;

/// Where it is.
pub(super) const ECHO_PATH: &str = "/api/v1/check/echo";

/// Answers an offer. With `auth.keys` it needs a token for any room, as the list of ICE servers does.
pub(super) async fn echo(site: &Site, arrival: Arrival, parts: &Parts, body: Body) -> Result<Response, HttpError> {
    if parts.method != Method::POST {
        return Err(HttpError::MethodNotAllowed { method: parts.method.clone(), allow: "POST" });
    }
    let client = arrival.client(&parts.headers, &site.config.http_trusted_proxies);
    site.count_check(ClientNetwork::from(client)).map_err(|retry_after| HttpError::TooManyRequests { retry_after })?;
    api::room_of(site, parts)?;
    let offer = offer(body)
        .await
        .ok_or(HttpError::BadOffer { reason: format!("send SDP of {OFFER_BYTES_MAX} bytes at most") })?;
    let answer = site.workers.check(offer).await?;
    let headers = [(CONTENT_TYPE, "application/sdp"), (CACHE_CONTROL, "no-store")];
    Ok((StatusCode::CREATED, headers, answer).into_response())
}

/// The body as text; `None` when it is too long, takes too long or is no text.
async fn offer(body: Body) -> Option<String> {
    let bytes = timeout(OFFER_TIMEOUT, to_bytes(body, OFFER_BYTES_MAX)).await.ok()?.ok()?;
    String::from_utf8(bytes.to_vec()).ok()
}

/// An offer of data channels alone has some hundred bytes, and its candidates.
const OFFER_BYTES_MAX: usize = 16 * 1024;
/// For the body to arrive.
const OFFER_TIMEOUT: Duration = Duration::from_secs(10);

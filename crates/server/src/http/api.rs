//! The small API beside the WebSocket.

use std::borrow::Cow;

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::http::header::CACHE_CONTROL;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use percent_encoding::percent_decode_str;
use serde_json::json;

use super::arrival::Arrival;
use super::error::HttpError;
use super::site::Site;
use crate::clock;
use crate::live::access::{Deed, Need};

/// `GET /healthz`: the server is up and answers; while it drains, whoever shares out new calls is told to go elsewhere.
pub(crate) fn health(site: &Site) -> Response {
    let (status, word) =
        if site.drain.is_on() { (StatusCode::SERVICE_UNAVAILABLE, "draining\n") } else { (StatusCode::OK, "ok\n") };
    (status, [(CACHE_CONTROL, "no-store")], word).into_response()
}

/// `GET /api/v1/info`: what this server is and can do.
pub(crate) fn info(site: &Site, arrival: Arrival, parts: &Parts) -> Response {
    let body = json!({
        "name": "Parlor",
        "version": env!("CARGO_PKG_VERSION"),
        "features": site.features(),
        "auth": if site.auth_keys.is_empty() { "open" } else { "token" },
        "stun": site.ice.stun_urls(&arrival.url_host(parts)),
        "httpsPort": site.ports.https,
        "live": {
            "rtmpPort": site.ports.rtmp,
            "publish": word(site.stage.entrance.access.need(Deed::Publish)),
            "play": word(site.stage.entrance.access.need(Deed::Play)),
            "embed": !site.config.live_embed.is_empty(),
        },
    });
    ([(CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// What a deed with live streams asks for, for programs.
fn word(need: Need) -> &'static str {
    match need {
        Need::Nothing => "open",
        Need::Token => "token",
        Need::Off => "off",
    }
}

/// `GET /api/v1/ice`: ICE servers with fresh credentials, which count for the room that is named. With `auth.keys` it needs a token for any room.
pub(crate) fn ice(site: &Site, arrival: Arrival, parts: &Parts) -> Result<Response, HttpError> {
    let room = site.admit_ice_request(arrival, parts)?;
    let body = json!({
        "iceServers": site.mint_ice_servers(&arrival.url_host(parts), room.as_deref()),
        "ttlSeconds": site.ice.minting().lifetime.as_secs(),
    });
    Ok(([(CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

/// The room of a request, where it is known: that of its token, else what it says itself. With `auth.keys` it needs a token, for any room.
pub(crate) fn room_of(site: &Site, parts: &Parts) -> Result<Option<String>, HttpError> {
    let mut room = None;
    if !site.auth_keys.is_empty() {
        let token = token(parts).ok_or(HttpError::TokenNeeded)?;
        let claims = room::token::verify(&site.auth_keys, &token, clock::unix_time());
        room = Some(claims.map_err(HttpError::TokenRefused)?.room).filter(|room| room != "*");
    }
    Ok(room.or_else(|| query(parts, "room")).filter(|room| !room.is_empty()))
}

/// The token of a request: of its header, or of the query, where those send it that cannot set headers.
pub(crate) fn token(parts: &Parts) -> Option<String> {
    bearer(parts).or_else(|| query(parts, "token"))
}

pub(crate) fn bearer(parts: &Parts) -> Option<String> {
    let value = parts.headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

/// The first value that the query has for a name, with its escapes read.
pub(crate) fn query(parts: &Parts, name: &str) -> Option<String> {
    let pairs = parts.uri.query()?.split('&').filter_map(|pair| pair.split_once('='));
    let value = pairs.filter(|(known, _)| *known == name).map(|(_, value)| value).next()?;
    percent_decode_str(value).decode_utf8().ok().map(Cow::into_owned)
}

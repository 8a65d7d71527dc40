//! HTTP: the web client, the small API and the way to the WebSocket.

use std::borrow::Cow;
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{ACCEPT, LOCATION, UPGRADE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use axum::response::{IntoResponse as _, Response};

pub(crate) mod api;
mod apprtc;
pub(crate) mod arrival;
mod check;
mod drain;
pub(crate) mod endless;
mod error;
mod live;
mod metrics;
mod origin;
mod page;
mod problem;
mod recordings;
mod relays;
mod rooms;
mod scope;
mod site;
pub(crate) mod srs;
mod stats;
mod targets;

pub(crate) use arrival::Arrival;
pub(crate) use site::{Keys, Ports, Site, Ways};

use crate::handshake::{self, Handshake};
use crate::ice::UrlHost;
pub(crate) use error::HttpError;
use origin::Asker;

/// What a port offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    /// Pages, API and WebSocket.
    Pages,
    /// WebSockets for clients of the course protocol, without a look at the Origin.
    Compat,
    /// Figures for Prometheus.
    Metrics,
    /// The same thing over HTTPS is what is meant: plain HTTP on a port that has TLS.
    Redirect,
}

/// Answers one request.
pub(crate) async fn respond(site: Arc<Site>, service: Service, arrival: Arrival, request: Request<Body>) -> Response {
    let (mut parts, body) = request.into_parts();
    let authority = Arrival::shown_authority(&parts);
    let is_head = parts.method == Method::HEAD;
    let frame_ancestors = frame_ancestors(&site, &parts);
    let result = match service {
        Service::Pages => pages(&site, arrival, &mut parts, body).await,
        Service::Compat => compat(&site, arrival, &mut parts).await,
        Service::Metrics => figures(&site, &parts).await,
        Service::Redirect => Ok(redirect(arrival, &parts)),
    };
    let mut response = result.unwrap_or_else(HttpError::into_response);
    page::harden(response.headers_mut(), authority.as_deref(), &frame_ancestors);
    if is_head {
        *response.body_mut() = Body::empty();
    }
    response
}

/// Who may show the answer in a frame: of all pages the player alone, and that as `live.embed` says.
fn frame_ancestors(site: &Site, parts: &Parts) -> Cow<'static, str> {
    let is_player = parts.uri.path().starts_with("/live/") && api::query(parts, "embed").as_deref() == Some("1");
    if is_player { Cow::Owned(site.config.live_embed.sources()) } else { Cow::Borrowed("'none'") }
}

async fn pages(site: &Arc<Site>, arrival: Arrival, parts: &mut Parts, body: Body) -> Result<Response, HttpError> {
    let path = parts.uri.path().to_owned();
    if live::is_flv_path(&path) {
        return Ok(live::flv(site, arrival, parts).await);
    }
    if wants_websocket(&parts.headers) {
        let is_srs = path == SRS_SIGNALLING_PATH && site.config.compat_srs_signalling;
        if !(path == "/ws" || is_page(&path) || is_srs) {
            return Err(HttpError::NotFound { path });
        }
        Asker::of(parts, &site.config.origin_allow)?;
        return websocket(site, arrival, parts, false).await;
    }
    if live::is_live_path(&path) {
        return Ok(live::answer(site, arrival, parts, body).await);
    }
    if path.starts_with("/api/") {
        return api_call(site, arrival, parts, body).await;
    }
    if apprtc::is_apprtc_path(&path) && site.config.compat_apprtc {
        let asker = Asker::of(parts, &site.config.origin_allow)?;
        if let Some(preflight) = asker.preflight(parts) {
            return Ok(preflight);
        }
        let answered = apprtc::answer(site, arrival, parts, body).await;
        return Ok(asker.readable(answered.unwrap_or_else(HttpError::into_response)));
    }
    only_reading(parts)?;
    match path.as_str() {
        SRS_VERSIONS_PATH if site.config.compat_srs_signalling => Ok(SRS_VERSIONS.into_response()),
        "/ws" => Err(HttpError::UpgradeRequired),
        "/healthz" => Ok(api::health(site)),
        path if is_page(path) => page_or(&parts.headers, StatusCode::OK, path),
        path => match page::file(path, &parts.headers) {
            Some(response) => Ok(response),
            // A person who mistyped gets the page, which says so; a program gets the error.
            None if wants_html(&parts.headers) => page_or(&parts.headers, StatusCode::NOT_FOUND, path),
            None => Err(HttpError::NotFound { path: path.to_owned() }),
        },
    }
}

/// The API, which pages of allowed origins may read (CORS, Fetch §3.2).
async fn api_call(site: &Site, arrival: Arrival, parts: &Parts, body: Body) -> Result<Response, HttpError> {
    let asker = Asker::of(parts, &site.config.origin_allow)?;
    if let Some(preflight) = asker.preflight(parts) {
        return Ok(preflight);
    }
    let response = if rooms::is_room_path(parts.uri.path()) {
        rooms::answer(site, arrival, parts, body).await
    } else if srs::is_srs_path(parts.uri.path()) {
        srs::answer(site, arrival, parts).await
    } else if recordings::is_recording_path(parts.uri.path()) {
        recordings::answer(site, arrival, parts, body).await
    } else if targets::is_targets_path(parts.uri.path()) {
        targets::answer(site, arrival, parts, body).await
    } else if parts.uri.path() == drain::DRAIN_PATH {
        drain::answer(site, arrival, parts).await
    } else if relays::is_relay_path(parts.uri.path()) {
        relays::answer(site, arrival, parts).await
    } else if live::is_list_path(parts.uri.path()) {
        live::list(site, arrival, parts)
    } else if parts.uri.path() == check::ECHO_PATH {
        check::echo(site, arrival, parts, body).await.unwrap_or_else(HttpError::into_response)
    } else {
        only_reading(parts)
            .and_then(|()| match parts.uri.path() {
                "/api/v1/info" => Ok(api::info(site, arrival, parts)),
                "/api/v1/ice" => api::ice(site, arrival, parts),
                path => Err(HttpError::NotFound { path: path.to_owned() }),
            })
            .unwrap_or_else(HttpError::into_response)
    };
    Ok(asker.readable(response))
}

async fn figures(site: &Site, parts: &Parts) -> Result<Response, HttpError> {
    only_reading(parts)?;
    match parts.uri.path() {
        "/metrics" => Ok(metrics::page(site).await),
        path => Err(HttpError::NotFound { path: path.to_owned() }),
    }
}

async fn compat(site: &Arc<Site>, arrival: Arrival, parts: &mut Parts) -> Result<Response, HttpError> {
    if wants_websocket(&parts.headers) {
        return websocket(site, arrival, parts, true).await;
    }
    match parts.uri.path() {
        "/healthz" => Ok(api::health(site)),
        SRS_VERSIONS_PATH if site.config.compat_srs_signalling => Ok(SRS_VERSIONS.into_response()),
        _ => Err(HttpError::UpgradeRequired),
    }
}

async fn websocket(site: &Arc<Site>, arrival: Arrival, parts: &mut Parts, compat: bool) -> Result<Response, HttpError> {
    let opened = room::Opened {
        address: arrival.client(&parts.headers, &site.config.http_trusted_proxies),
        token: api::query(parts, "token"),
        ice_servers: site.ice_lease(arrival.url_host(parts)),
        compat,
        srs: parts.uri.path() == SRS_SIGNALLING_PATH && site.config.compat_srs_signalling,
    };
    let handshake = Handshake::of(parts).map_err(HttpError::BadHandshake)?;
    Ok(site.signal.upgrade(handshake, opened).await)
}

/// Sends the browser from `http://` to `https://` on the same port (RFC 9110 §15.4.9).
fn redirect(arrival: Arrival, parts: &Parts) -> Response {
    // The name stays as it was asked for, once it is known to be one.
    let asked = Arrival::authority(parts).filter(|authority| UrlHost::parse(authority.host()).is_some());
    let target = asked.map_or_else(
        || format!("{}:{}", UrlHost::from(arrival.local.ip()), arrival.local.port()),
        |authority| format!("{}:{}", authority.host(), authority.port_u16().unwrap_or(arrival.local.port())),
    );
    let path = parts.uri.path_and_query().map_or("/", axum::http::uri::PathAndQuery::as_str);
    HeaderValue::try_from(format!("https://{target}{path}")).map_or_else(
        |_| StatusCode::BAD_REQUEST.into_response(),
        |target| (StatusCode::PERMANENT_REDIRECT, [(LOCATION, target)]).into_response(),
    )
}

/// The URLs a person can open.
fn is_page(path: &str) -> bool {
    let is_room = |room: &str| !room.is_empty() && !room.contains('/');
    matches!(path, "/" | "/check" | "/admin" | "/live" | "/studio" | "/recordings")
        || path.strip_prefix("/r/").or_else(|| path.strip_prefix("/admin/r/")).is_some_and(is_room)
        // The name of an app may have several segments.
        || path.strip_prefix("/live/").is_some_and(|stream| !stream.is_empty())
}

fn page_or(headers: &HeaderMap, status: StatusCode, path: &str) -> Result<Response, HttpError> {
    page::page(headers, status).ok_or_else(|| HttpError::NotFound { path: path.to_owned() })
}

fn only_reading(parts: &Parts) -> Result<(), HttpError> {
    let reads = parts.method == Method::GET || parts.method == Method::HEAD;
    if reads { Ok(()) } else { Err(HttpError::MethodNotAllowed { method: parts.method.clone(), allow: "GET, HEAD" }) }
}

fn wants_websocket(headers: &HeaderMap) -> bool {
    handshake::names(headers, UPGRADE, "websocket")
}

fn wants_html(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains("text/html"))
}

/// Where SRS's demos look for their signalling, and for its version.
const SRS_SIGNALLING_PATH: &str = "/sig/v1/rtc";
const SRS_VERSIONS_PATH: &str = "/sig/v1/versions";
const SRS_VERSIONS: &str = "1.0";

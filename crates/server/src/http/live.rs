//! Live streams over HTTP: WHIP (RFC 9725), WHEP, and the paths that SRS has for them; FLV, HLS and transport streams.
//!
//! | path | what |
//! |---|---|
//! | `/whip/{app}/{stream}`, `/rtc/v1/whip/?app=&stream=` | an offer publishes |
//! | `/whep/{app}/{stream}`, `/rtc/v1/whep/?app=&stream=`, `/rtc/v1/whip-play/` | an offer plays |
//! | what `Location` says | PATCH is ICE, DELETE the end |
//! | `/rtc/v1/publish/`, `/rtc/v1/play/` | the same in JSON |
//! | `/{app}/{stream}.flv` | plays FLV, over HTTP or by a WebSocket |
//! | `/{app}/{stream}.m3u8`, `/{app}/{stream}/index.m3u8`, `/{app}/{stream}.ts` | play HLS and transport streams: [`hls`] |

mod flv;
mod hls;
pub(super) mod list;
mod nack;
mod refusal;
mod route;
mod session;
mod srs;
mod versions;
mod visit;
mod watching;

use std::net::IpAddr;

use axum::body::{Body, to_bytes};
use axum::http::header::{self, HeaderName};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use tokio::time::timeout;

pub(super) use self::flv::Tags;
use self::refusal::Refusal;
use self::route::Route;
use super::arrival::Arrival;
use super::site::Site;
use crate::address::ClientNetwork;

/// Whether a path is one of these.
pub(super) fn is_live_path(path: &str) -> bool {
    is_webrtc_path(path) || path == versions::PATH || (!path.starts_with("/api/") && hls::find(path).is_some())
}

fn is_webrtc_path(path: &str) -> bool {
    ["/whip/", "/whep/", "/rtc/v1/"].iter().any(|prefix| path.starts_with(prefix))
}

/// Whether a path is that of a stream as FLV.
pub(super) fn is_flv_path(path: &str) -> bool {
    let name = path.strip_suffix(flv::EXTENSION).filter(|_| !is_live_path(path) && !path.starts_with("/api/"));
    name.is_some_and(|name| name.trim_matches('/').contains('/'))
}

/// Whether a path is that of the list of what is on air.
pub(super) fn is_list_path(path: &str) -> bool {
    list::is_list_path(path)
}

/// Answers a request for what is on air.
pub(super) fn list(site: &Site, arrival: Arrival, parts: &Parts) -> Response {
    list::answer(site, arrival, parts).unwrap_or_else(Refusal::into_response)
}

/// Answers a request for FLV, over HTTP or by a WebSocket. Any page may read it, as below.
pub(super) async fn flv(site: &Site, arrival: Arrival, parts: &mut Parts) -> Response {
    let answered = flv::answer(site, arrival, parts).await;
    readable(parts, answered.unwrap_or_else(Refusal::into_response))
}

/// Answers a request. Any page may read the answer: there is nothing here that a browser would bring along by itself (CORS, Fetch §3.2).
pub(super) async fn answer(site: &Site, arrival: Arrival, parts: &Parts, body: Body) -> Response {
    let answered = reply(site, arrival, parts, body).await;
    readable(parts, answered.unwrap_or_else(Refusal::into_response))
}

/// Lets every page read the answer.
fn readable(parts: &Parts, mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if parts.headers.contains_key(header::ORIGIN) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    }
    response
}

async fn reply(site: &Site, arrival: Arrival, parts: &Parts, body: Body) -> Result<Response, Refusal> {
    if parts.uri.path() == versions::PATH {
        return versions::answer(site, parts);
    }
    let target = hls::find(parts.uri.path());
    if let Some((target, path)) = target.filter(|_| !is_webrtc_path(parts.uri.path())) {
        return hls::answer(site, arrival, parts, target, &path).await;
    }
    let route = Route::find(parts)?;
    if parts.method == Method::OPTIONS {
        return Ok(options(&route));
    }
    let address = arrival.client(&parts.headers, &site.config.http_trusted_proxies);
    let client = ClientNetwork::from(address);
    site.count_live_request(client).map_err(|retry_after| Refusal::TooManyRequests { retry_after })?;
    let streams = site.streams.as_ref().ok_or(Refusal::NoMedia)?;
    let request = Request { site, streams, arrival, parts, address, client };
    match (route, &parts.method) {
        (Route::Json(deed), &Method::POST) => Ok(srs::answer(&request, deed, body).await),
        (Route::Nack, &Method::GET | &Method::POST) => nack::answer(&request).await,
        (Route::Nack, _) => Err(Refusal::MethodNotAllowed { allow: "GET, OPTIONS, POST" }),
        (Route::Json(_), _) => Err(Refusal::MethodNotAllowed { allow: "OPTIONS, POST" }),
        (Route::Endpoint { deed, address, form }, &Method::POST) => {
            session::open(&request, deed, address, form, body).await
        }
        (Route::Endpoint { .. }, _) => Err(Refusal::MethodNotAllowed { allow: "OPTIONS, POST" }),
        (Route::Session(place), &Method::PATCH) => session::patch(&request, place, body).await,
        (Route::Session(place), &Method::DELETE) => session::close(&request, place).await,
        (Route::Session(_), _) => Err(Refusal::MethodNotAllowed { allow: "DELETE, OPTIONS, PATCH" }),
    }
}

/// A request and what it is answered with.
struct Request<'a> {
    site: &'a Site,
    streams: &'a crate::live::streams::Streams,
    arrival: Arrival,
    parts: &'a Parts,
    address: IpAddr,
    client: ClientNetwork,
}

/// What may be done here, for pages that ask before.
fn options(route: &Route) -> Response {
    let (methods, accepted) = match route {
        Route::Nack => ("GET, OPTIONS, POST", (HeaderName::from_static("accept-post"), "*/*")),
        Route::Json(_) => ("OPTIONS, POST", (HeaderName::from_static("accept-post"), "application/json")),
        Route::Endpoint { .. } => ("OPTIONS, POST", (HeaderName::from_static("accept-post"), session::SDP)),
        Route::Session(_) => ("DELETE, OPTIONS, PATCH", (HeaderName::from_static("accept-patch"), session::FRAGMENT)),
    };
    let fixed = [
        (header::ALLOW, methods),
        (header::ACCESS_CONTROL_ALLOW_METHODS, methods),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type, if-match"),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
        accepted,
    ];
    (StatusCode::OK, fixed).into_response()
}

/// The body as text.
async fn text(body: Body) -> Result<String, Refusal> {
    let bytes = timeout(BODY_TIME, to_bytes(body, BODY_BYTES_MAX)).await.map_err(|_| Refusal::BodyLate)?;
    let bytes = bytes.map_err(|_| Refusal::BodyTooLong { limit_bytes: BODY_BYTES_MAX })?;
    String::from_utf8(bytes.to_vec()).map_err(|_| Refusal::BadBody("it is not UTF-8".to_owned()))
}

/// Whether a request has a body of that type; parameters behind it do not matter.
fn has_type(parts: &Parts, wanted: &str) -> bool {
    let value = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value.and_then(|value| value.split(';').next()).map(str::trim);
    essence.is_some_and(|essence| essence.eq_ignore_ascii_case(wanted))
}

const EXPOSED: &str = "accept-patch, accept-post, etag, link, location, retry-after";
/// Longest body: a browser's offer has up to 20 kB, in JSON somewhat more.
const BODY_BYTES_MAX: usize = 128 * 1024;
/// How long a body may take to come.
const BODY_TIME: std::time::Duration = std::time::Duration::from_secs(10);

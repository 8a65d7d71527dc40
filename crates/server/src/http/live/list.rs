//! `/api/v1/live/streams`: what is on air, for pages and programs. Whoever may play a stream may see that it is there.

use axum::Json;
use axum::http::request::Parts;
use axum::http::{Method, header};
use axum::response::{IntoResponse as _, Response};
use live::{StreamAddress, StreamName};
use media::{Parameters, Shape};
use serde::Serialize;

use super::refusal::Refusal;
use crate::address::ClientNetwork;
use crate::clock;
use crate::http::api::{bearer, query};
use crate::http::arrival::Arrival;
use crate::http::site::Site;
use crate::live::access::Deed;
use crate::live::directory::{Protocol, Sight};

/// Every request that there is.
#[cfg(test)]
pub(in crate::http) static ROUTES: [(Method, &str); 2] =
    [(Method::GET, LIST_PATH), (Method::GET, "/api/v1/live/streams/{app}/{stream}")];

/// Whether a path is one of these.
pub(super) fn is_list_path(path: &str) -> bool {
    path.strip_prefix(LIST_PATH).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// `StreamList` of the document.
#[derive(Debug, Serialize)]
struct StreamList {
    streams: Vec<StreamReport>,
    /// What to send as `after`; null at the end.
    next: Option<String>,
}

/// `Stream` of the document.
#[derive(Debug, Serialize)]
struct StreamReport {
    app: String,
    stream: String,
    /// Milliseconds since the Unix epoch.
    since: u64,
    protocol: &'static str,
    video: Option<VideoReport>,
    audio: Option<AudioReport>,
    /// By all protocols.
    viewers: usize,
}

/// `StreamVideo` of the document.
#[derive(Debug, Serialize)]
struct VideoReport {
    codec: &'static str,
    width: u32,
    height: u32,
}

/// `StreamAudio` of the document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AudioReport {
    codec: &'static str,
    sample_rate_hz: u32,
    channels: u8,
}

impl StreamReport {
    fn new(sight: &Sight, viewers: usize) -> Self {
        let age = clock::now().saturating_duration_since(sight.on_air.since);
        let since = clock::unix_time().saturating_sub(age).as_millis();
        Self {
            app: sight.name.app().to_owned(),
            stream: sight.name.stream().to_owned(),
            since: u64::try_from(since).unwrap_or(u64::MAX),
            protocol: word(sight.on_air.protocol),
            video: sight.video.as_ref().and_then(VideoReport::new),
            audio: sight.audio.as_ref().and_then(AudioReport::new),
            viewers,
        }
    }
}

impl VideoReport {
    fn new(parameters: &Parameters) -> Option<Self> {
        let Shape::Video { width, height } = parameters.shape else { return None };
        Some(Self { codec: parameters.codec.name(), width, height })
    }
}

impl AudioReport {
    fn new(parameters: &Parameters) -> Option<Self> {
        let Shape::Audio { sample_rate_hz, channels } = parameters.shape else { return None };
        Some(Self { codec: parameters.codec.name(), sample_rate_hz, channels })
    }
}

/// Answers a request for the list, or for one stream of it.
pub(super) fn answer(site: &Site, arrival: Arrival, parts: &Parts) -> Result<Response, Refusal> {
    if parts.method != Method::GET && parts.method != Method::HEAD {
        return Err(Refusal::MethodNotAllowed { allow: "GET, HEAD" });
    }
    let client = ClientNetwork::from(arrival.client(&parts.headers, &site.config.http_trusted_proxies));
    site.count_live_request(client).map_err(|retry_after| Refusal::TooManyRequests { retry_after })?;
    let token = bearer(parts).or_else(|| query(parts, "token"));
    let named = parts.uri.path().strip_prefix(LIST_PATH).unwrap_or_default().trim_matches('/');
    let response = if named.is_empty() {
        Json(list(site, parts, token.as_deref())?).into_response()
    } else {
        Json(one(site, named, token.as_deref())?).into_response()
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], response).into_response())
}

fn list(site: &Site, parts: &Parts, token: Option<&str>) -> Result<StreamList, Refusal> {
    let pass = site.stage.entrance.access.pass(Deed::Play, token, clock::unix_time())?;
    let limit = match query(parts, "limit") {
        Some(limit) => limit.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit)),
        None => Some(LIMIT_DEFAULT),
    };
    let limit = limit.ok_or(Refusal::BadQuery("limit"))?;
    let after = query(parts, "after").map(|after| name_of(&after).ok_or(Refusal::BadQuery("after"))).transpose()?;
    let sights = site.stage.directory.sights(after.as_ref(), limit + 1, |name| pass.opens(name));
    let shown = sights.iter().take(limit);
    let last = shown.clone().last().filter(|_| sights.len() > limit);
    let next = last.map(|sight| format!("{}/{}", sight.name.app(), sight.name.stream()));
    let streams = shown.map(|sight| StreamReport::new(sight, viewers(site, sight))).collect();
    Ok(StreamList { streams, next })
}

/// A publisher may see the own stream without the right to play it.
fn one(site: &Site, named: &str, token: Option<&str>) -> Result<StreamReport, Refusal> {
    let name = StreamAddress::parse(&format!("/{named}"))?.name;
    let may = |deed| site.stage.entrance.access.check(deed, &name, token, clock::unix_time());
    may(Deed::Play).or_else(|denied| may(Deed::Publish).map_err(|_| denied))?;
    let sight = site.stage.directory.sight(&name).ok_or(Refusal::NotOnAir)?;
    Ok(StreamReport::new(&sight, viewers(site, &sight)))
}

fn viewers(site: &Site, sight: &Sight) -> usize {
    site.stage.entrance.clients().audience(&sight.name).viewers
}

/// The name of a stream without escapes: `app/stream`.
fn name_of(text: &str) -> Option<StreamName> {
    let (app, stream) = text.rsplit_once('/')?;
    StreamName::new(app, stream).ok()
}

/// What a publisher speaks, for programs.
fn word(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Rtmp => "rtmp",
        Protocol::WebRtc => "webrtc",
        Protocol::Room => "room",
    }
}

const LIST_PATH: &str = "/api/v1/live/streams";
/// Streams of one answer, when nothing is said.
const LIMIT_DEFAULT: usize = 100;
/// Streams of one answer, at most.
const LIMIT_MAX: usize = 1000;

#[cfg(test)]
mod tests;

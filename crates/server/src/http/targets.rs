//! `/api/v1/live/streams/{app}/{stream}/targets`: the servers that a stream is forwarded to; `openapi.json` is its contract.
//!
//! A token with the grant `manage`, or with `forward`, opens it for the streams that it names. Keys go in and never come out.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Json;
use axum::body::Body;
use axum::http::header::CACHE_CONTROL;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use live::rtmp::Url;
use live::{StreamAddress, StreamName};
use serde::{Deserialize, Serialize};

use super::arrival::Arrival;
use super::problem::Problem;
use super::rooms;
use super::scope::Scope;
use super::site::Site;
use crate::clock;
use crate::live::forward::{State, Target, TargetId, TargetRefusal};

/// Every request that there is.
#[cfg(test)]
pub(super) static ROUTES: [(Method, &str); 3] = [
    (Method::GET, "/api/v1/live/streams/{app}/{stream}/targets"),
    (Method::POST, "/api/v1/live/streams/{app}/{stream}/targets"),
    (Method::DELETE, "/api/v1/live/streams/{app}/{stream}/targets/{id}"),
];

/// What a path names: the stream, and one of its targets or all of them.
#[derive(Debug, PartialEq, Eq)]
struct Place<'a> {
    /// `app/stream`, with escapes.
    named: &'a str,
    id: Option<&'a str>,
}

impl<'a> Place<'a> {
    /// A path needs an application and a stream in front; `/live/targets` is a stream.
    fn find(path: &'a str) -> Option<Self> {
        let rest = path.strip_prefix(STREAMS_PATH)?;
        let (named, id) = match rest.strip_suffix(TARGETS) {
            Some(named) => (named, None),
            None => {
                let (before, id) = rest.rsplit_once('/')?;
                (before.strip_suffix(TARGETS)?, Some(id))
            }
        };
        named.contains('/').then_some(Self { named, id })
    }
}

/// Whether a path is one of these.
pub(super) fn is_targets_path(path: &str) -> bool {
    Place::find(path).is_some()
}

/// `NewTarget` of the document.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewTarget {
    url: String,
    #[serde(default)]
    key: String,
}

/// `TargetList` of the document.
#[derive(Debug, Serialize)]
struct TargetList {
    targets: Vec<TargetReport>,
}

/// `Target` of the document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TargetReport {
    id: String,
    /// Without the key.
    url: String,
    source: &'static str,
    state: &'static str,
    /// Milliseconds since the Unix epoch: since when it is on air there.
    since: Option<u64>,
    /// Why it is not, and in how many milliseconds it is tried again.
    reason: Option<String>,
    retry_in_ms: Option<u64>,
    sent_bytes: u64,
    retries: u64,
    skipped: u64,
}

impl TargetReport {
    fn new(target: &Arc<Target>) -> Self {
        let (now, state) = (clock::now(), target.state());
        let millis = |duration: std::time::Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        let mut report = Self {
            id: target.id.to_string(),
            url: target.url.to_string(),
            source: target.source.word(),
            state: state.word(),
            since: None,
            reason: None,
            retry_in_ms: None,
            sent_bytes: count(&target.counts.bytes),
            retries: count(&target.counts.retries),
            skipped: count(&target.counts.skipped),
        };
        match state {
            State::OffAir | State::Connecting => {}
            State::OnAir { since } => {
                let age = now.saturating_duration_since(since);
                report.since = Some(millis(clock::unix_time().saturating_sub(age)));
            }
            State::Retrying { reason, at } => {
                (report.reason, report.retry_in_ms) = (Some(reason), Some(millis(at.saturating_duration_since(now))));
            }
        }
        report
    }
}

/// Answers a request about the targets of a stream.
pub(super) async fn answer(site: &Site, arrival: Arrival, parts: &Parts, body: Body) -> Response {
    reply(site, arrival, parts, body).await.unwrap_or_else(Problem::into_response)
}

async fn reply(site: &Site, arrival: Arrival, parts: &Parts, body: Body) -> Result<Response, Problem> {
    site.admit_api_request(arrival, parts)?;
    let Place { named, id } = Place::find(parts.uri.path()).ok_or(Problem::NotFound)?;
    let scope = Scope::of(site, parts, FORWARD)?;
    let name = StreamAddress::parse(&format!("/{named}")).map_err(|_| Problem::NotFound)?.name;
    scope.check(&name)?;
    match (id, &parts.method) {
        (None, &Method::GET | &Method::HEAD) => Ok(json(StatusCode::OK, &list(site, &name))),
        (None, &Method::POST) => {
            let new: NewTarget = rooms::read(&rooms::bytes(body).await?)?;
            let url = Url::with_key(&new.url, &new.key).map_err(TargetRefusal::from)?;
            let target = site.forwards.add(&name, url)?;
            Ok(json(StatusCode::CREATED, &TargetReport::new(&target)))
        }
        (Some(id), &Method::DELETE) => {
            let id: TargetId = id.parse().map_err(|_| TargetRefusal::NoTarget)?;
            site.forwards.remove(&name, id)?;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        (None, _) => Err(Problem::MethodNotAllowed { allow: "GET, POST".to_owned() }),
        (Some(_), _) => Err(Problem::MethodNotAllowed { allow: "DELETE".to_owned() }),
    }
}

fn list(site: &Site, name: &StreamName) -> TargetList {
    TargetList { targets: site.forwards.targets(name).iter().map(TargetReport::new).collect() }
}

fn json(status: StatusCode, body: &impl Serialize) -> Response {
    (status, [(CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// The grant that opens the targets of streams, and nothing else.
const FORWARD: &str = "forward";
const STREAMS_PATH: &str = "/api/v1/live/streams/";
const TARGETS: &str = "/targets";

#[cfg(test)]
mod tests;

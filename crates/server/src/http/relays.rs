//! `/api/v1/turn/allocations`: who relays through the server; `openapi.json` is its contract.

use axum::Json;
use axum::http::header::CACHE_CONTROL;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use turn::{AllocationSurvey, Flow, Transport};

use super::api::query;
use super::arrival::Arrival;
use super::problem::Problem;
use super::rooms;
use super::site::Site;
use crate::clock;
use crate::worker::as_count;
use crate::workers::AllocationName;

/// Every request that there is.
#[cfg(test)]
pub(super) static ROUTES: [(Method, &str); 3] = [
    (Method::GET, "/api/v1/turn/allocations"),
    (Method::GET, "/api/v1/turn/allocations/{id}"),
    (Method::DELETE, "/api/v1/turn/allocations/{id}"),
];

/// Whether a path is one of these.
pub(super) fn is_relay_path(path: &str) -> bool {
    path.strip_prefix(ALLOCATIONS_PATH).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// `AllocationList` of the document.
#[derive(Debug, Serialize)]
pub(super) struct AllocationList {
    allocations: Vec<AllocationSummary>,
    /// What to send as `after` for more.
    next: Option<String>,
}

/// `AllocationSummary` of the document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AllocationSummary {
    id: String,
    /// Whom quotas count.
    user: String,
    client: String,
    transport: &'static str,
    relayed: Vec<String>,
    /// Milliseconds since the Unix epoch.
    started_at: u64,
    expires_in_ms: u64,
    permissions: u64,
    channels: u64,
    to_peers: FlowReport,
    to_client: FlowReport,
}

/// `Allocation` of the document.
#[derive(Debug, Serialize)]
pub(super) struct AllocationReport {
    #[serde(flatten)]
    summary: AllocationSummary,
    peers: Peers,
}

/// `AllocationPeers` of the document.
#[derive(Debug, Serialize)]
struct Peers {
    permissions: Vec<String>,
    channels: Vec<String>,
}

/// `Flow` of the document.
#[derive(Debug, Serialize)]
struct FlowReport {
    packets: u64,
    bytes: u64,
}

impl From<Flow> for FlowReport {
    fn from(Flow { packets, bytes }: Flow) -> Self {
        Self { packets, bytes }
    }
}

impl AllocationSummary {
    fn new(name: AllocationName, survey: &AllocationSurvey) -> Self {
        let millis = |span: std::time::Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        Self {
            id: name.to_string(),
            user: survey.user.clone(),
            client: survey.client.remote.to_string(),
            transport: match survey.client.transport {
                Transport::Udp => "udp",
                Transport::Tcp => "tcp",
                Transport::Tls => "tls",
            },
            relayed: survey.relayed.iter().map(ToString::to_string).collect(),
            started_at: millis(clock::unix_time().saturating_sub(survey.age)),
            expires_in_ms: millis(survey.expires_in),
            permissions: as_count(survey.permissions.len()),
            channels: as_count(survey.channels.len()),
            to_peers: survey.traffic.to_peers.into(),
            to_client: survey.traffic.to_client.into(),
        }
    }
}

impl AllocationReport {
    pub(super) fn new(name: AllocationName, survey: &AllocationSurvey) -> Self {
        let peers = Peers {
            permissions: survey.permissions.iter().map(ToString::to_string).collect(),
            channels: survey.channels.iter().map(ToString::to_string).collect(),
        };
        Self { summary: AllocationSummary::new(name, survey), peers }
    }
}

impl AllocationList {
    /// The page of `found`, of which `limit` were asked for: a full page may have another behind it.
    pub(super) fn new(found: &[(AllocationName, AllocationSurvey)], limit: usize) -> Self {
        let last = found.last().filter(|_| found.len() == limit);
        Self {
            allocations: found.iter().map(|(name, survey)| AllocationSummary::new(*name, survey)).collect(),
            next: last.map(|(name, _)| name.to_string()),
        }
    }
}

/// Answers a request about allocations.
pub(super) async fn answer(site: &Site, arrival: Arrival, parts: &Parts) -> Response {
    reply(site, arrival, parts).await.unwrap_or_else(Problem::into_response)
}

async fn reply(site: &Site, arrival: Arrival, parts: &Parts) -> Result<Response, Problem> {
    site.admit_api_request(arrival, parts)?;
    rooms::check_operator(site, parts)?;
    let id = parts.uri.path().strip_prefix(ALLOCATIONS_PATH).and_then(|rest| rest.strip_prefix('/'));
    let name = |id: &str| id.parse::<AllocationName>().map_err(|_| Problem::NoAllocation);
    match (id, &parts.method) {
        (None, &Method::GET | &Method::HEAD) => {
            let limit = rooms::limit(parts, LIST_DEFAULT, LIST_MAX)?;
            let after = query(parts, "after").map(|after| after.parse()).transpose();
            let after = after.map_err(|_| Problem::BadQuery { name: "after" })?;
            let found = site.workers.list_allocations(after, limit).await;
            Ok(json(&AllocationList::new(&found, limit)))
        }
        (Some(id), &Method::GET | &Method::HEAD) => {
            let name = name(id)?;
            let survey = site.workers.inspect_allocation(name).await.ok_or(Problem::NoAllocation)?;
            Ok(json(&AllocationReport::new(name, &survey)))
        }
        (Some(id), &Method::DELETE) => {
            let name = name(id)?;
            if !site.workers.end_allocation(name).await {
                return Err(Problem::NoAllocation);
            }
            tracing::info!(%name, "an operator has ended an allocation");
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        (None, _) => Err(Problem::MethodNotAllowed { allow: "GET".to_owned() }),
        (Some(_), _) => Err(Problem::MethodNotAllowed { allow: "GET, DELETE".to_owned() }),
    }
}

fn json(body: &impl Serialize) -> Response {
    ([(CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

const ALLOCATIONS_PATH: &str = "/api/v1/turn/allocations";
/// Allocations in one answer, when nothing is said, and at most: a worker puts them together between packets.
const LIST_DEFAULT: usize = 100;
const LIST_MAX: usize = 500;

#[cfg(test)]
mod tests;

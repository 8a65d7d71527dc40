//! The room API: programs of the operator look at the server and its rooms, and after them. `openapi.json` is its contract.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use room::manage::{Manage, Managed, PolicyChange};
use room::media::Source;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use tokio::time::timeout;

use super::api::{bearer, query};
use super::arrival::Arrival;
use super::problem::Problem;
use super::site::Site;
use super::stats::Page;
use crate::admin::MANAGE;
use crate::clock;

/// Whether a path belongs to the API that needs a token of the operator.
pub(super) fn is_room_path(path: &str) -> bool {
    matches!(path, OPENAPI_PATH | ROOMS_PATH | STATS_PATH)
        || path.strip_prefix(ROOMS_PATH).is_some_and(|rest| rest.starts_with('/'))
}

/// Answers a request to the room API.
pub(super) async fn answer(site: &Site, arrival: Arrival, parts: &Parts, body: Body) -> Response {
    reply(site, arrival, parts, body).await.unwrap_or_else(Problem::into_response)
}

async fn reply(site: &Site, arrival: Arrival, parts: &Parts, body: Body) -> Result<Response, Problem> {
    site.admit_api_request(arrival, parts)?;
    let (call, names) = find(&parts.method, parts.uri.path())?;
    let call = match call {
        Call::Document => return Ok(([(CONTENT_TYPE, "application/json")], OPENAPI).into_response()),
        Call::Stats => {
            scope(site, parts)?.check_all()?;
            return Ok(json(StatusCode::OK, &*site.stats.server(&site.signal, &site.workers).await));
        }
        Call::Rooms(call) => call,
    };
    let scope = scope(site, parts)?;
    let request = request(call, names, parts, body).await?;
    scope.check(&request)?;
    let managed = site.signal.manage(request).await.ok_or(Problem::Stopping)??;
    Ok(match (call, managed) {
        (RoomCall::List, Managed::Rooms(list)) => json(StatusCode::OK, &list),
        (RoomCall::Create, Managed::Room(report)) => {
            let location = format!("{ROOMS_PATH}/{}", utf8_percent_encode(&report.room_id, NON_ALPHANUMERIC));
            let mut response = json(StatusCode::CREATED, &report);
            if let Ok(location) = location.try_into() {
                response.headers_mut().insert(LOCATION, location);
            }
            response
        }
        (RoomCall::Inspect | RoomCall::Change, Managed::Room(report)) => json(StatusCode::OK, &report),
        (RoomCall::Stats, Managed::Seats(seats)) => {
            json(StatusCode::OK, &site.stats.room(&site.workers, seats, page(parts)?).await?)
        }
        (_, _) => StatusCode::NO_CONTENT.into_response(),
    })
}

/// One row of the API.
pub(super) struct Route {
    pub(super) method: Method,
    /// Segments in braces stand for anything.
    pub(super) path: &'static str,
    call: Call,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    Document,
    Stats,
    Rooms(RoomCall),
}

/// What is asked for of rooms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RoomCall {
    List,
    Create,
    Inspect,
    Stats,
    Change,
    End,
    Remove,
    Mute,
    Data,
    Record,
    StopRecording,
    Show,
    StopShowing,
}

const fn route(method: Method, path: &'static str, call: Call) -> Route {
    Route { method, path, call }
}

/// Every request that there is.
pub(super) static ROUTES: [Route; 15] = [
    route(Method::GET, OPENAPI_PATH, Call::Document),
    route(Method::GET, STATS_PATH, Call::Stats),
    route(Method::GET, ROOMS_PATH, Call::Rooms(RoomCall::List)),
    route(Method::POST, ROOMS_PATH, Call::Rooms(RoomCall::Create)),
    route(Method::GET, "/api/v1/rooms/{roomId}", Call::Rooms(RoomCall::Inspect)),
    route(Method::GET, "/api/v1/rooms/{roomId}/stats", Call::Rooms(RoomCall::Stats)),
    route(Method::PATCH, "/api/v1/rooms/{roomId}", Call::Rooms(RoomCall::Change)),
    route(Method::DELETE, "/api/v1/rooms/{roomId}", Call::Rooms(RoomCall::End)),
    route(Method::DELETE, "/api/v1/rooms/{roomId}/members/{uid}", Call::Rooms(RoomCall::Remove)),
    route(Method::POST, "/api/v1/rooms/{roomId}/mute", Call::Rooms(RoomCall::Mute)),
    route(Method::POST, "/api/v1/rooms/{roomId}/data", Call::Rooms(RoomCall::Data)),
    route(Method::POST, "/api/v1/rooms/{roomId}/recording", Call::Rooms(RoomCall::Record)),
    route(Method::DELETE, "/api/v1/rooms/{roomId}/recording", Call::Rooms(RoomCall::StopRecording)),
    route(Method::PUT, "/api/v1/rooms/{roomId}/stage", Call::Rooms(RoomCall::Show)),
    route(Method::DELETE, "/api/v1/rooms/{roomId}/stage", Call::Rooms(RoomCall::StopShowing)),
];

/// The call and what stands for the braces.
fn find(method: &Method, path: &str) -> Result<(Call, Vec<String>), Problem> {
    let method = if *method == Method::HEAD { &Method::GET } else { method };
    let fitting: Vec<(&Route, Vec<String>)> =
        ROUTES.iter().filter_map(|route| Some((route, names(route.path, path)?))).collect();
    let allow: Vec<&str> = fitting.iter().map(|(route, _)| route.method.as_str()).collect();
    let allow = allow.join(", ");
    if allow.is_empty() {
        return Err(Problem::NotFound);
    }
    let found = fitting.into_iter().find(|(route, _)| route.method == *method);
    found.map(|(route, names)| (route.call, names)).ok_or(Problem::MethodNotAllowed { allow })
}

/// What stands for the braces of `template` in `path`; `None` if the path is another one.
fn names(template: &str, path: &str) -> Option<Vec<String>> {
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    let mut names = Vec::new();
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(names),
            (Some(wanted), Some(given)) if wanted.starts_with('{') => {
                let name = percent_decode_str(given).decode_utf8().ok().filter(|name| !name.is_empty())?;
                names.push(name.into_owned());
            }
            (Some(wanted), Some(given)) if wanted == given => {}
            (_, _) => return None,
        }
    }
}

/// Which rooms a token may manage.
struct Scope {
    /// `*` for all.
    room: String,
}

impl Scope {
    /// A request about more than one room.
    fn check_all(&self) -> Result<(), Problem> {
        if self.room == "*" { Ok(()) } else { Err(Problem::OtherRoom) }
    }

    fn check(&self, request: &Manage) -> Result<(), Problem> {
        let room = match request {
            Manage::List { .. } => None,
            Manage::Create { room, .. } => room.as_ref(),
            Manage::Inspect { room }
            | Manage::Seats { room }
            | Manage::Change { room, .. }
            | Manage::Remove { room, .. }
            | Manage::Mute { room, .. }
            | Manage::Data { room, .. }
            | Manage::Record { room, .. }
            | Manage::Show { room, .. }
            | Manage::End { room } => Some(room),
        };
        if self.room == "*" || room == Some(&self.room) { Ok(()) } else { Err(Problem::OtherRoom) }
    }
}

/// A token that grants `manage`, and for which room.
fn scope(site: &Site, parts: &Parts) -> Result<Scope, Problem> {
    if site.manage_keys.is_empty() {
        return Err(Problem::NoKeys);
    }
    let token = bearer(parts).ok_or(Problem::TokenNeeded)?;
    let claims = room::token::verify(&site.manage_keys, &token, clock::unix_time()).map_err(Problem::TokenRefused)?;
    let granted = claims.grants.is_some_and(|grants| grants.iter().any(|grant| grant == MANAGE));
    if granted { Ok(Scope { room: claims.room }) } else { Err(Problem::NotGranted) }
}

/// Whether a request has a token that grants `manage` for everything.
///
/// # Errors
/// When it has not.
pub(super) fn check_operator(site: &Site, parts: &Parts) -> Result<(), Problem> {
    scope(site, parts)?.check_all()
}

/// `{"uid"?, "source"}`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MuteBody {
    #[serde(default)]
    uid: Option<String>,
    source: Source,
}

/// `{"uid"?, "topic", "data"}`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DataBody {
    #[serde(default)]
    uid: Option<String>,
    topic: String,
    data: Box<RawValue>,
}

async fn request(call: RoomCall, names: Vec<String>, parts: &Parts, body: Body) -> Result<Manage, Problem> {
    let mut names = names.into_iter();
    let mut name = || names.next().ok_or(Problem::NotFound);
    Ok(match call {
        RoomCall::List => list(parts)?,
        RoomCall::Stats => {
            // A query that cannot be read needs no look at the room.
            page(parts)?;
            Manage::Seats { room: name()? }
        }
        RoomCall::Inspect => Manage::Inspect { room: name()? },
        RoomCall::Create => create(&bytes(body).await?)?,
        RoomCall::Change => Manage::Change { room: name()?, policy: read(&bytes(body).await?)? },
        RoomCall::End => Manage::End { room: name()? },
        RoomCall::Record => Manage::Record { room: name()?, on: true },
        RoomCall::StopRecording => Manage::Record { room: name()?, on: false },
        RoomCall::Show => Manage::Show { room: name()?, shot: Some(read(&bytes(body).await?)?) },
        RoomCall::StopShowing => Manage::Show { room: name()?, shot: None },
        RoomCall::Remove => {
            let ban = match query(parts, "ban").as_deref() {
                None | Some("false") => false,
                Some("true") => true,
                Some(_) => return Err(Problem::BadQuery { name: "ban" }),
            };
            Manage::Remove { room: name()?, uid: name()?, ban }
        }
        RoomCall::Mute => {
            let MuteBody { uid, source } = read(&bytes(body).await?)?;
            Manage::Mute { room: name()?, uid, source }
        }
        RoomCall::Data => {
            let DataBody { uid, topic, data } = read(&bytes(body).await?)?;
            Manage::Data { room: name()?, uid, topic, data: data.get().to_owned() }
        }
    })
}

fn list(parts: &Parts) -> Result<Manage, Problem> {
    let limit = limit(parts, LIST_DEFAULT, LIST_MAX)?;
    Ok(Manage::List { after: query(parts, "after"), limit })
}

/// Which members of a room are looked at.
fn page(parts: &Parts) -> Result<Page, Problem> {
    Ok(Page { after: query(parts, "after"), limit: limit(parts, MEMBERS_DEFAULT, MEMBERS_MAX)? })
}

pub(super) fn limit(parts: &Parts, default: usize, max: usize) -> Result<usize, Problem> {
    let Some(limit) = query(parts, "limit") else { return Ok(default) };
    let limit = limit.parse().ok().filter(|limit| (1..=max).contains(limit));
    limit.ok_or(Problem::BadQuery { name: "limit" })
}

/// A policy and a `roomId` in one object; an empty body is an empty object.
pub(super) fn create(body: &[u8]) -> Result<Manage, Problem> {
    let mut fields: serde_json::Map<String, serde_json::Value> =
        if body.is_empty() { serde_json::Map::new() } else { read(body)? };
    let bad = |reason: String| Problem::BadBody { reason };
    let room = match fields.remove("roomId") {
        None => None,
        Some(serde_json::Value::String(room)) => Some(room),
        Some(_) => return Err(bad("roomId is not a string".to_owned())),
    };
    let policy: PolicyChange = serde_json::from_value(fields.into()).map_err(|error| bad(error.to_string()))?;
    Ok(Manage::Create { room, policy })
}

pub(super) async fn bytes(body: Body) -> Result<Vec<u8>, Problem> {
    let bytes = timeout(BODY_TIME, to_bytes(body, BODY_BYTES_MAX)).await.map_err(|_| Problem::BodyLate)?;
    bytes.map(Vec::from).map_err(|_| Problem::BodyTooLong { limit_bytes: BODY_BYTES_MAX })
}

pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| Problem::BadBody { reason: error.to_string() })
}

fn json(status: StatusCode, body: &impl serde::Serialize) -> Response {
    (status, [(CACHE_CONTROL, "no-store")], axum::Json(body)).into_response()
}

/// The document of the API (OpenAPI 3.1).
pub(super) const OPENAPI: &str = include_str!("openapi.json");
const OPENAPI_PATH: &str = "/api/v1/openapi.json";
const ROOMS_PATH: &str = "/api/v1/rooms";
const STATS_PATH: &str = "/api/v1/stats";
/// Rooms in one answer, when nothing is said, and at most.
const LIST_DEFAULT: usize = 100;
const LIST_MAX: usize = 1000;
/// Members in one look at a room, when nothing is said, and at most: a worker puts them together between packets.
const MEMBERS_DEFAULT: usize = 50;
const MEMBERS_MAX: usize = 100;
/// Longest body: data of the greatest length, and what goes with it.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// How long a body may take to come.
const BODY_TIME: Duration = Duration::from_secs(10);

#[cfg(test)]
pub(super) mod tests;

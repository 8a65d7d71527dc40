//! `/api/v1/recordings`: what was recorded, for pages and programs; `openapi.json` is its contract.
//!
//! A token with the grant `manage`, or with `record`, opens it for the streams that it names. The file itself is opened by a link as well, which the
//! list gives.

mod file;
mod report;

use axum::body::Body;
use axum::http::header::CACHE_CONTROL;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use live::StreamName;
use serde::Deserialize;

use self::report::{RecordingList, RecordingReport, TakeList};
use super::api::query;
use super::arrival::Arrival;
use super::problem::Problem;
use super::rooms;
use super::scope::Scope;
use super::site::Site;
use crate::live::recording::{Filter, Recording, RecordingId, RecordingRefusal, Recordings, State, TakeId};
use crate::live::shows::room_of;

/// Every request that there is.
#[cfg(test)]
pub(super) static ROUTES: [(Method, &str); 8] = [
    (Method::GET, RECORDINGS_PATH),
    (Method::POST, "/api/v1/recordings/start"),
    (Method::POST, "/api/v1/recordings/stop"),
    (Method::GET, "/api/v1/recordings/{id}"),
    (Method::DELETE, "/api/v1/recordings/{id}"),
    (Method::GET, "/api/v1/recordings/{id}/file"),
    (Method::GET, "/api/v1/recordings/takes"),
    (Method::GET, "/api/v1/recordings/takes/{id}"),
];

/// Whether a path is one of these.
pub(super) fn is_recording_path(path: &str) -> bool {
    path.strip_prefix(RECORDINGS_PATH).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    List,
    Start,
    Stop,
    Inspect(RecordingId),
    Delete(RecordingId),
    File(RecordingId),
    Takes,
    Take(TakeId),
}

/// `{"app", "stream"}`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StreamBody {
    app: String,
    stream: String,
}

/// Answers a request about recordings.
pub(super) async fn answer(site: &Site, arrival: Arrival, parts: &Parts, body: Body) -> Response {
    reply(site, arrival, parts, body).await.unwrap_or_else(Problem::into_response)
}

async fn reply(site: &Site, arrival: Arrival, parts: &Parts, body: Body) -> Result<Response, Problem> {
    site.admit_api_request(arrival, parts)?;
    let call = find(&parts.method, parts.uri.path())?;
    let recordings = || site.recordings.as_deref().ok_or(Problem::Recording(RecordingRefusal::Off));
    if let Call::File(id) = call
        && let Some(key) = query(parts, "key")
    {
        let recordings = recordings()?;
        if !recordings.key_opens(&key, id) {
            return Err(RecordingRefusal::LinkRefused.into());
        }
        return file::answer(recordings, &recordings.find(id).await?, parts).await;
    }
    let scope = Scope::of(site, parts, RECORD)?;
    let recordings = recordings()?;
    match call {
        Call::List => return Ok(json(&list(recordings, &scope, parts).await?)),
        Call::Start => recordings.start(scope.stream(body).await?).await?,
        Call::Stop => recordings.stop(scope.stream(body).await?).await?,
        Call::Inspect(id) => return Ok(json(&RecordingReport::new(&scope.find(recordings, id).await?, recordings))),
        Call::Takes => return Ok(json(&list_takes(recordings, &scope, parts).await?)),
        Call::Take(id) => {
            let may_see = move |room: &str| scope.opens_room(room);
            return Ok(json(&recordings.manifest(id, may_see).await?));
        }
        Call::File(id) => return file::answer(recordings, &scope.find(recordings, id).await?, parts).await,
        Call::Delete(id) => {
            scope.find(recordings, id).await?;
            recordings.delete(id).await?;
        }
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn find(method: &Method, path: &str) -> Result<Call, Problem> {
    let rest = path.strip_prefix(RECORDINGS_PATH).unwrap_or_default();
    let segments: Vec<&str> = rest.split('/').skip(1).collect();
    let id = |text: &str| text.parse().map(RecordingId).map_err(|_| RecordingRefusal::NoRecording);
    let is_reading = method == Method::GET || method == Method::HEAD;
    let (call, allow) = match segments.as_slice() {
        [] => (is_reading.then_some(Call::List), "GET"),
        ["start"] => ((method == Method::POST).then_some(Call::Start), "POST"),
        ["stop"] => ((method == Method::POST).then_some(Call::Stop), "POST"),
        ["takes"] => (is_reading.then_some(Call::Takes), "GET"),
        [text] => {
            let id = id(text)?;
            let call = if is_reading { Some(Call::Inspect(id)) } else { None };
            (call.or_else(|| (method == Method::DELETE).then_some(Call::Delete(id))), "GET, DELETE")
        }
        ["takes", text] => (is_reading.then_some(Call::Take(TakeId(id(text)?.0))), "GET"),
        [text, "file"] => (is_reading.then_some(Call::File(id(text)?)), "GET"),
        _ => return Err(Problem::NotFound),
    };
    call.ok_or_else(|| Problem::MethodNotAllowed { allow: allow.to_owned() })
}

impl Scope {
    /// The stream of a body.
    async fn stream(&self, body: Body) -> Result<StreamName, Problem> {
        let StreamBody { app, stream } = rooms::read(&rooms::bytes(body).await?)?;
        let name = StreamName::new(&app, &stream).map_err(|error| Problem::BadBody { reason: error.to_string() })?;
        self.check(&name).map(|()| name)
    }

    /// A recording that the token opens; others are not told of.
    async fn find(&self, recordings: &Recordings, id: RecordingId) -> Result<Recording, Problem> {
        let recording = recordings.find(id).await?;
        let is_opened = room_of(&recording.name) == Some(self.pattern()) || self.check(&recording.name).is_ok();
        if is_opened { Ok(recording) } else { Err(RecordingRefusal::NoRecording.into()) }
    }

    /// Whether all parts of recordings of that room are opened.
    fn opens_room(&self, room: &str) -> bool {
        self.pattern() == "*" || self.pattern() == room
    }

    /// The room whose takes are asked for, and no more than the token opens; `None` for all.
    fn room(&self, parts: &Parts) -> Result<Option<String>, Problem> {
        let asked = query(parts, "room");
        if self.pattern() == "*" {
            return Ok(asked);
        }
        // A token for streams names none.
        let is_other = self.pattern().contains('/') || asked.is_some_and(|asked| asked != self.pattern());
        if is_other { Err(Problem::OtherRoom) } else { Ok(Some(self.pattern().to_owned())) }
    }

    /// The filter that is asked for, and no more than the token opens.
    fn filter(&self, parts: &Parts) -> Result<Filter, Problem> {
        let state = query(parts, "state").map(|state| {
            serde_json::from_value::<State>(state.into()).map_err(|_| Problem::BadQuery { name: "state" })
        });
        let after = query(parts, "after")
            .map(|after| after.parse().map(RecordingId).map_err(|_| Problem::BadQuery { name: "after" }));
        let take =
            query(parts, "take").map(|take| take.parse().map(TakeId).map_err(|_| Problem::BadQuery { name: "take" }));
        let mut filter = Filter {
            app: query(parts, "app"),
            stream: query(parts, "stream"),
            state: state.transpose()?,
            room: query(parts, "room"),
            take: take.transpose()?,
            after: after.transpose()?,
        };
        let pattern = self.pattern();
        if let Some((app, stream)) = pattern.rsplit_once('/') {
            let stream = Some(stream).filter(|stream| *stream != "*");
            let differs = |asked: &Option<String>, own: &str| asked.as_deref().is_some_and(|asked| asked != own);
            if differs(&filter.app, app) || stream.is_some_and(|stream| differs(&filter.stream, stream)) {
                return Err(Problem::OtherStream);
            }
            filter.app = Some(app.to_owned());
            filter.stream = stream.map(str::to_owned).or(filter.stream);
        } else if pattern != "*" {
            // A token for a room opens what was recorded of that room.
            if filter.room.as_deref().is_some_and(|asked| asked != pattern) {
                return Err(Problem::OtherRoom);
            }
            filter.room = Some(pattern.to_owned());
        }
        Ok(filter)
    }
}

async fn list(recordings: &Recordings, scope: &Scope, parts: &Parts) -> Result<RecordingList, Problem> {
    let filter = scope.filter(parts)?;
    let limit = rooms::limit(parts, LIST_DEFAULT, LIST_MAX)?;
    let mut found = recordings.list(filter, limit + 1).await?;
    let has_more = found.len() > limit;
    found.truncate(limit);
    Ok(RecordingList::new(&found, has_more, recordings))
}

async fn list_takes(recordings: &Recordings, scope: &Scope, parts: &Parts) -> Result<TakeList, Problem> {
    let room = scope.room(parts)?;
    let after =
        query(parts, "after").map(|after| after.parse().map(TakeId).map_err(|_| Problem::BadQuery { name: "after" }));
    let limit = rooms::limit(parts, LIST_DEFAULT, LIST_MAX)?;
    let mut found = recordings.takes(room, after.transpose()?, limit + 1).await?;
    let has_more = found.len() > limit;
    found.truncate(limit);
    Ok(TakeList::new(found, has_more))
}

fn json(body: &impl serde::Serialize) -> Response {
    ([(CACHE_CONTROL, "no-store")], axum::Json(body)).into_response()
}

/// The grant that opens the recordings of streams, and nothing else.
const RECORD: &str = "record";
const RECORDINGS_PATH: &str = "/api/v1/recordings";
/// Recordings in one answer, when nothing is said, and at most.
const LIST_DEFAULT: usize = 100;
const LIST_MAX: usize = 1000;

#[cfg(test)]
mod tests;

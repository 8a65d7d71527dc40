//! The management API of SRS: `/api/v1/summaries`, `vhosts`, `streams`, `clients`, in its shapes, for the programs that its users have. (`versions`,
//! which everybody may ask, is beside WHIP.) Its clients look at `code`; where SRS has one, the status is 200.

mod answer;
mod caller;
mod page;
mod query;
mod summary;

use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::arrival::Arrival;
use super::problem::Problem;
use super::site::Site;
use crate::address::ClientNetwork;
use crate::clock;
use crate::live::clients::ClientId;

pub(crate) use answer::{Identity, VHOST, envelope};

use answer::{client, stream, vhost, vhost_id};
use caller::Caller;
use page::Page;
use query::Jsonp;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Route<'a> {
    Summaries,
    Vhosts(Option<&'a str>),
    Streams(Option<&'a str>),
    Clients(Option<&'a str>),
}

/// Whether a path is one of these.
pub(super) fn is_srs_path(path: &str) -> bool {
    find(path).is_some()
}

fn find(path: &str) -> Option<Route<'_>> {
    let rest = path.strip_prefix("/api/v1/")?.trim_end_matches('/');
    let (what, id) = rest.split_once('/').map_or((rest, None), |(what, id)| (what, Some(id)));
    match (what, id) {
        ("summaries", None) => Some(Route::Summaries),
        ("vhosts", id) => Some(Route::Vhosts(id)),
        ("streams", id) => Some(Route::Streams(id)),
        ("clients", id) => Some(Route::Clients(id)),
        _ => None,
    }
}

/// Answers a request.
pub(super) async fn answer(site: &Site, arrival: Arrival, parts: &Parts) -> Response {
    reply(site, arrival, parts).await.unwrap_or_else(|problem| {
        let unknown = matches!(problem, Problem::TokenNeeded | Problem::TokenRefused(_));
        let mut response = problem.into_response();
        if unknown && !site.config.live_api_users.0.is_empty() {
            let basic = header::HeaderValue::from_static("Basic realm=\"Parlor\"");
            response.headers_mut().append(header::WWW_AUTHENTICATE, basic);
        }
        response
    })
}

async fn reply(site: &Site, arrival: Arrival, parts: &Parts) -> Result<Response, Problem> {
    let address = arrival.client(&parts.headers, &site.config.http_trusted_proxies);
    site.count_api_request(ClientNetwork::from(address))
        .map_err(|retry_after| Problem::TooManyRequests { retry_after })?;
    let route = find(parts.uri.path()).ok_or(Problem::NotFound)?;
    let jsonp = Jsonp::of(parts, site.config.live_api_jsonp)?;
    let method = jsonp.as_ref().and_then(Jsonp::method).unwrap_or_else(|| parts.method.clone());
    let reads = method == Method::GET || method == Method::HEAD;
    let deletes = method == Method::DELETE && matches!(route, Route::Clients(Some(_)));
    if !reads && !deletes {
        let allow = if matches!(route, Route::Clients(Some(_))) { "DELETE, GET, HEAD" } else { "GET, HEAD" };
        return Err(Problem::MethodNotAllowed { allow: allow.to_owned() });
    }
    Caller::of(site, arrival, parts).check(deletes)?;
    let body = match route {
        Route::Clients(Some(id)) if deletes => end(site, id),
        Route::Summaries => envelope(&site.identity, "data", summary::summary(site, clock::now()).await),
        Route::Vhosts(id) => vhosts(site, id).await,
        Route::Streams(id) => streams(site, id, Page::of(parts)?).await,
        Route::Clients(id) => clients(site, id, Page::of(parts)?).await,
    };
    let no_store = (header::CACHE_CONTROL, "no-store");
    Ok(match jsonp {
        Some(jsonp) => {
            let text = format!("{}({body});", jsonp.callback());
            (StatusCode::OK, [(header::CONTENT_TYPE, "text/javascript"), no_store], text).into_response()
        }
        None => (StatusCode::OK, [no_store], axum::Json(body)).into_response(),
    })
}

async fn vhosts(site: &Site, id: Option<&str>) -> Value {
    if id.is_some_and(|id| id != vhost_id()) {
        return refused(VHOST_NOT_FOUND);
    }
    let clients = site.census.take().await;
    let figures = clients.streams(clock::now());
    let vhost = vhost(site, clients.list().len(), &figures);
    match id {
        Some(_) => envelope(&site.identity, "vhost", vhost),
        None => envelope(&site.identity, "vhosts", json!([vhost])),
    }
}

async fn streams(site: &Site, id: Option<&str>, page: Page) -> Value {
    let now = clock::now();
    let clients = site.census.take().await;
    let (figures, list) = (clients.streams(now), clients.list());
    let sights = site.stage.directory.sights(None, usize::MAX, |_| true);
    let shown = |sight| stream(sight, &figures, &list);
    match id {
        Some(id) => match sights.iter().find(|sight| answer::stream_id(&sight.name) == id) {
            Some(sight) => envelope(&site.identity, "stream", shown(sight)),
            None => refused(STREAM_NOT_FOUND),
        },
        None => envelope(&site.identity, "streams", page.part(&sights).iter().map(shown).collect()),
    }
}

async fn clients(site: &Site, id: Option<&str>, page: Page) -> Value {
    let now = clock::now();
    let clients = site.census.take().await;
    match id {
        Some(id) => match id.parse::<ClientId>().ok().and_then(|id| clients.find(id)) {
            Some(found) => envelope(&site.identity, "client", client(now, &found)),
            None => refused(CLIENT_NOT_FOUND),
        },
        None => {
            let list = clients.list();
            let shown = page.part(&list).iter().map(|found| client(now, found)).collect();
            envelope(&site.identity, "clients", shown)
        }
    }
}

/// Has a session end.
fn end(site: &Site, id: &str) -> Value {
    let ended = id.parse::<ClientId>().is_ok_and(|id| site.stage.entrance.clients().end(id));
    if ended {
        tracing::info!(client = id, "ended over the API");
        envelope(&site.identity, "data", Value::Null)
    } else {
        refused(CLIENT_NOT_FOUND)
    }
}

fn refused(code: u32) -> Value {
    json!({ "code": code })
}

/// SRS's codes.
const VHOST_NOT_FOUND: u32 = 2014;
const STREAM_NOT_FOUND: u32 = 2048;
const CLIENT_NOT_FOUND: u32 = 2049;

#[cfg(test)]
mod tests;

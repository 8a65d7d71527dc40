//! `/api/v1/drain`: the operator has the server take nothing new, and sees what is left; `openapi.json` is its contract.

use std::time::Duration;

use axum::Json;
use axum::http::Method;
use axum::http::header::CACHE_CONTROL;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};

use super::api::query;
use super::arrival::Arrival;
use super::problem::Problem;
use super::rooms;
use super::site::Site;

/// Every request that there is.
#[cfg(test)]
pub(super) static ROUTES: [(Method, &str); 3] =
    [(Method::GET, DRAIN_PATH), (Method::POST, DRAIN_PATH), (Method::DELETE, DRAIN_PATH)];

/// Answers a request about draining.
pub(super) async fn answer(site: &Site, arrival: Arrival, parts: &Parts) -> Response {
    reply(site, arrival, parts).await.unwrap_or_else(Problem::into_response)
}

async fn reply(site: &Site, arrival: Arrival, parts: &Parts) -> Result<Response, Problem> {
    site.admit_api_request(arrival, parts)?;
    rooms::check_operator(site, parts)?;
    match parts.method {
        Method::GET | Method::HEAD => {}
        Method::POST => match query(parts, "seconds") {
            None => site.drain.begin_as_set().await,
            Some(text) => site.drain.begin(patience(&text)?).await,
        },
        Method::DELETE => site.drain.cancel().await,
        _ => return Err(Problem::MethodNotAllowed { allow: "GET, POST, DELETE".to_owned() }),
    }
    Ok(([(CACHE_CONTROL, "no-store")], Json(site.drain.status().await)).into_response())
}

/// 0 is no deadline.
fn patience(seconds: &str) -> Result<Option<Duration>, Problem> {
    let seconds: u64 = seconds.parse().map_err(|_| Problem::BadQuery { name: "seconds" })?;
    Ok((seconds > 0).then_some(Duration::from_secs(seconds)))
}

pub(super) const DRAIN_PATH: &str = "/api/v1/drain";

//! Which web pages may use this server (RFC 6454).

use axum::http::header::{self, ORIGIN, VARY};
use axum::http::request::Parts;
use axum::http::uri::{Authority, Scheme};
use axum::http::{HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};

use super::arrival::Arrival;
use super::error::HttpError;
use crate::config::Origins;

/// The `Origin` header of a request, judged.
pub(crate) enum Asker {
    /// No page: a program, or a navigation.
    NoPage,
    /// A page of this server.
    Own,
    /// A page of an allowed origin.
    Allowed(HeaderValue),
}

impl Asker {
    /// Judges the request. A page is our own when it came from the host and port that the request asks; the scheme is not compared,
    /// since a proxy may have ended TLS.
    pub(crate) fn of(parts: &Parts, allowed: &Origins) -> Result<Self, HttpError> {
        let Some(value) = parts.headers.get(ORIGIN) else { return Ok(Self::NoPage) };
        let origin = value.to_str().unwrap_or_default();
        if allowed.contain(origin) {
            return Ok(Self::Allowed(value.clone()));
        }
        let of_origin = origin.parse::<Uri>().ok();
        let scheme = of_origin.as_ref().and_then(Uri::scheme);
        let of_origin = of_origin.as_ref().and_then(Uri::authority);
        match (of_origin, scheme, Arrival::authority(parts)) {
            (Some(page), Some(scheme), Some(asked)) if is_same(page, &asked, scheme) => Ok(Self::Own),
            _ => Err(HttpError::ForeignOrigin { origin: origin.chars().take(ORIGIN_CHARS_SHOWN).collect() }),
        }
    }

    /// The answer to a browser that asks whether a page of an allowed origin may do something (CORS, Fetch §3.2.2).
    pub(crate) fn preflight(&self, parts: &Parts) -> Option<Response> {
        let Self::Allowed(origin) = self else { return None };
        let allow = [
            (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, POST, PATCH, DELETE"),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type"),
            (header::ACCESS_CONTROL_MAX_AGE, "600"),
        ];
        let answer = || Self::Allowed(origin.clone()).readable((StatusCode::NO_CONTENT, allow).into_response());
        (parts.method == Method::OPTIONS).then(answer)
    }

    /// Lets a page of an allowed origin read the answer (CORS, Fetch §3.2).
    pub(crate) fn readable(self, mut response: Response) -> Response {
        response.headers_mut().append(VARY, HeaderValue::from_static("origin"));
        if let Self::Allowed(origin) = self {
            response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        }
        response
    }
}

fn is_same(page: &Authority, asked: &Authority, scheme: &Scheme) -> bool {
    let default = if *scheme == Scheme::HTTPS { 443 } else { 80 };
    let port = |authority: &Authority| authority.port_u16().unwrap_or(default);
    page.host().eq_ignore_ascii_case(asked.host()) && port(page) == port(asked)
}

/// How much of a stranger's header is sent back.
const ORIGIN_CHARS_SHOWN: usize = 200;

#[cfg(test)]
mod tests;

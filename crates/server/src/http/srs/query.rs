//! JSONP: an answer as a call of a function, for pages of the time before CORS. Any page can make a browser ask for a script, with the
//! passwords that it remembers, so this is off unless a setting allows it.

use axum::http::Method;
use axum::http::request::Parts;

use crate::http::api::query;
use crate::http::problem::Problem;

/// A request that wants a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Jsonp {
    callback: String,
    method: Option<Method>,
}

impl Jsonp {
    /// `None`: JSON is wanted.
    ///
    /// # Errors
    /// When scripts are not allowed, or what stands in the query is no name of a function.
    pub(super) fn of(parts: &Parts, allowed: bool) -> Result<Option<Self>, Problem> {
        let Some(callback) = query(parts, "callback") else { return Ok(None) };
        if !allowed {
            return Err(Problem::NoJsonp);
        }
        let is_name = |name: &str| {
            name.starts_with(|first: char| first.is_ascii_alphabetic() || matches!(first, '_' | '$'))
                && name.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '_' | '$'))
        };
        if callback.len() > CALLBACK_BYTES_MAX || !callback.split('.').all(is_name) {
            return Err(Problem::BadQuery { name: "callback" });
        }
        let method = match query(parts, "method").as_deref() {
            None => None,
            Some("GET") => Some(Method::GET),
            Some("DELETE") => Some(Method::DELETE),
            Some(_) => return Err(Problem::BadQuery { name: "method" }),
        };
        Ok(Some(Self { callback, method }))
    }

    /// The function to call.
    pub(super) fn callback(&self) -> &str {
        &self.callback
    }

    /// What is meant, since a script is always asked for by GET.
    pub(super) fn method(&self) -> Option<Method> {
        self.method.clone()
    }
}

const CALLBACK_BYTES_MAX: usize = 128;

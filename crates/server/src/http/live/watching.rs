//! What requests that watch a stream have in common, whatever it comes as.

use axum::http::StatusCode;
use axum::http::header::{ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_MAX_AGE, ALLOW};
use axum::response::{IntoResponse as _, Response};

/// The methods of HTTP.
pub(super) const METHODS: &str = "GET, HEAD, OPTIONS";

/// What may be done here, for pages that ask before.
pub(super) fn options() -> Response {
    let fixed = [
        (ALLOW, METHODS),
        (ACCESS_CONTROL_ALLOW_METHODS, METHODS),
        (ACCESS_CONTROL_ALLOW_HEADERS, "authorization, range"),
        (ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    (StatusCode::OK, fixed).into_response()
}

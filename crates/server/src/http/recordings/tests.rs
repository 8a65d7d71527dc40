use axum::http::Method;
use axum::response::IntoResponse as _;

use super::{Call, ROUTES, RecordingId, find};

#[test]
fn every_route_leads_to_a_call() {
    for (method, path) in &ROUTES {
        assert!(find(method, &path.replace("{id}", "17")).is_ok(), "{method} {path}");
    }
    assert_eq!(find(&Method::HEAD, "/api/v1/recordings/17/file").ok(), Some(Call::File(RecordingId(17))));
}

#[test]
fn what_leads_nowhere_is_said_to() {
    for (method, path, status) in [
        (Method::POST, "/api/v1/recordings", 405),
        (Method::GET, "/api/v1/recordings/start", 405),
        (Method::PUT, "/api/v1/recordings/17", 405),
        (Method::GET, "/api/v1/recordings/x", 404),
        (Method::GET, "/api/v1/recordings/../17", 404),
        (Method::GET, "/api/v1/recordings/17/file/x", 404),
        (Method::GET, "/api/v1/recordings/99999999999999999999", 404),
    ] {
        let answer = find(&method, path).err().map(|problem| problem.into_response().status().as_u16());
        assert_eq!(answer, Some(status), "{method} {path}");
    }
}

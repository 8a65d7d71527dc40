use axum::http::Request;
use axum::http::request::Parts;

use super::is_local;
use crate::http::arrival::Arrival;

fn from(remote: &str) -> Arrival {
    Arrival { local: "127.0.0.1:8080".parse().unwrap(), remote: remote.parse().unwrap() }
}

fn asked(uri: &str, headers: &[(&str, &str)]) -> Parts {
    let request = headers.iter().fold(Request::get(uri), |request, (name, value)| request.header(*name, *value));
    request.body(()).unwrap().into_parts().0
}

#[test]
fn a_program_of_this_machine_asks_for_this_machine() {
    let near = from("127.0.0.1:5000");
    for host in ["localhost", "localhost:8080", "127.0.0.1:8080", "[::1]:8080", "LOCALHOST"] {
        assert!(is_local(near, &asked("/api/v1/streams", &[("host", host)])), "{host}");
    }
    assert!(is_local(near, &asked("/api/v1/streams", &[])), "HTTP/1.0 names nobody");
    assert!(is_local(near, &asked("https://localhost:8443/api/v1/streams", &[])), "HTTP/2 names it in the target");
    assert!(!is_local(from("192.0.2.7:5000"), &asked("/api/v1/streams", &[("host", "localhost")])));
}

#[test]
fn a_page_that_has_its_name_lead_here_is_a_stranger() {
    let near = from("127.0.0.1:5000");
    for host in ["evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", "a b"] {
        assert!(!is_local(near, &asked("/api/v1/streams", &[("host", host)])), "{host}");
    }
    assert!(!is_local(near, &asked("https://evil.example/api/v1/streams", &[])), "HTTP/2 has no Host");
}

#[test]
fn what_a_proxy_passes_on_is_not_of_this_machine() {
    for header in ["forwarded", "via", "x-forwarded-for", "x-real-ip"] {
        let parts = asked("/api/v1/streams", &[("host", "localhost"), (header, "1.1 proxy")]);
        assert!(!is_local(from("127.0.0.1:5000"), &parts), "{header}");
    }
}

use axum::http::Request;

use super::Asker;
use crate::config::{Config, Sources};

fn judge(origin: Option<&str>, host: &str) -> &'static str {
    let sources = Sources { flags: vec!["origin.allow=https://friend.example".to_owned()], ..Sources::default() };
    let allowed = Config::load(&sources).unwrap().config.origin_allow;
    let mut request = Request::builder().uri("/ws").header("host", host);
    if let Some(origin) = origin {
        request = request.header("origin", origin);
    }
    match Asker::of(&request.body(()).unwrap().into_parts().0, &allowed) {
        Ok(Asker::NoPage) => "no page",
        Ok(Asker::Own) => "own",
        Ok(Asker::Allowed(_)) => "allowed",
        Err(_) => "refused",
    }
}

#[test]
fn pages_of_this_server_and_allowed_ones_pass_and_all_others_are_refused() {
    for (origin, host, verdict) in [
        (None, "a.example", "no page"),
        (Some("https://a.example"), "a.example", "own"),
        (Some("https://a.example"), "a.example:443", "own"),
        (Some("http://localhost:8080"), "localhost:8080", "own"),
        (Some("https://[::1]:8443"), "[::1]:8443", "own"),
        (Some("https://A.example"), "a.EXAMPLE", "own"),
        (Some("https://friend.example"), "a.example", "allowed"),
        (Some("https://a.example:444"), "a.example", "refused"),
        (Some("http://friend.example"), "a.example", "refused"),
        (Some("https://a.example.evil.example"), "a.example", "refused"),
        (Some("null"), "a.example", "refused"),
        (Some("file://"), "a.example", "refused"),
        (Some(""), "a.example", "refused"),
    ] {
        assert_eq!(judge(origin, host), verdict, "{origin:?} at {host}");
    }
}

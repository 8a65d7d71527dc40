use crate::fixture::{HANDSHAKE, get, request, serve_for_test};

#[tokio::test]
async fn page_is_served_at_every_url_a_person_can_open() {
    let server = serve_for_test(&[]);
    let live = ["/live", "/live/lesson", "/live/school/7b/lesson", "/studio", "/recordings"];
    let others = ["/", "/check", "/admin", "/admin/r/abc", "/r/abc-defg-hij", "/r/%E4%BC%9A", "/?debug=loopback"];
    for path in live.into_iter().chain(others) {
        let answer = get(server.http(), path, &[]).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/html; charset=utf-8")), "{path}");
        assert!(answer.body.starts_with(b"<!doctype html>"), "{path}");
    }
}

#[tokio::test]
async fn script_of_the_page_is_served_compressed_and_kept_for_ever() {
    let server = serve_for_test(&[]);
    let html = String::from_utf8(get(server.http(), "/", &[]).await.body).unwrap();
    let script = html.split("src=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let answer = get(server.http(), script, &["Accept-Encoding: gzip, br"]).await;
    assert_eq!((answer.status, answer.header("content-encoding")), (200, Some("br")));
    assert!(answer.header("cache-control").unwrap().contains("immutable"));
    let tag = format!("If-None-Match: {}", answer.header("etag").unwrap());
    let again = get(server.http(), script, &["Accept-Encoding: gzip, br", &tag]).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
}

#[tokio::test]
async fn every_answer_forbids_framing_foreign_scripts_and_guessing_of_types() {
    let server = serve_for_test(&[]);
    for path in ["/", "/nothing", "/api/v1/info"] {
        let answer = get(server.http(), path, &[]).await;
        let policy = answer.header("content-security-policy").unwrap();
        for part in ["default-src 'self'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert!(policy.contains(&format!("wss://{}", server.http())), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert!(answer.header("permissions-policy").unwrap().starts_with("camera=(self), microphone=(self)"));
    }
}

#[tokio::test]
async fn host_header_adds_nothing_to_the_policy_but_a_host() {
    let server = serve_for_test(&[]);
    for (host, shown) in [
        ("call.example.org:8443", Some("connect-src 'self' ws://call.example.org:8443 wss://call.example.org:8443;")),
        ("[::1]:8080", Some("connect-src 'self' ws://[::1]:8080 wss://[::1]:8080;")),
        ("a;sandbox", None),
        ("a,default-src", None),
        ("*", None),
        ("user@call.example.org", Some("connect-src 'self' ws://call.example.org wss://call.example.org;")),
    ] {
        let answer = get(server.http(), "/", &[&format!("Host: {host}")]).await;
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.contains(shown.unwrap_or("connect-src 'self';")), "{host}: {policy}");
        assert!(!policy.contains("sandbox") && !policy.contains(',') && !policy.contains('*'), "{host}: {policy}");
    }
}

#[tokio::test]
async fn errors_have_the_right_status_and_a_code() {
    let server = serve_for_test(&[]);
    for (method, path, status, code) in [
        ("GET", "/nothing", 404, "not-found"),
        ("GET", "/assets/nothing.js", 404, "not-found"),
        ("GET", "/api/v1/nothing", 404, "not-found"),
        ("GET", "/r/", 404, "not-found"),
        ("GET", "/../Cargo.toml", 404, "not-found"),
        ("POST", "/", 405, "method-not-allowed"),
        ("DELETE", "/api/v1/ice", 405, "method-not-allowed"),
        ("GET", "/ws", 426, "upgrade-required"),
    ] {
        let answer = request(server.http(), method, path, &[]).await;
        assert_eq!((answer.status, answer.error_code()), (status, code.to_owned()), "{method} {path}");
    }
    let person = get(server.http(), "/nothing", &["Accept: text/html"]).await;
    assert_eq!((person.status, person.header("content-type")), (404, Some("text/html; charset=utf-8")));
    let head = request(server.http(), "HEAD", "/", &[]).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_ne!(head.header("content-length"), Some("0"));
}

#[tokio::test]
async fn websocket_opens_on_every_page_url_for_own_allowed_and_no_origin() {
    let server = serve_for_test(&["origin.allow=https://friend.example"]);
    for path in ["/", "/ws", "/r/abc", "/check", "/?token=x"] {
        assert_eq!(get(server.http(), path, &HANDSHAKE).await.status, 101, "{path}");
    }
    assert_eq!(get(server.http(), "/api/v1/info", &HANDSHAKE).await.error_code(), "not-found");
    let own = format!("Origin: http://{}", server.http());
    for (origin, status) in
        [(own.as_str(), 101), ("Origin: https://friend.example", 101), ("Origin: https://evil.example", 403)]
    {
        let headers: Vec<&str> = HANDSHAKE.into_iter().chain([origin]).collect();
        assert_eq!(get(server.http(), "/ws", &headers).await.status, status, "{origin}");
    }
    let broken = get(server.http(), "/ws", &["Connection: Upgrade", "Upgrade: websocket"]).await;
    assert_eq!((broken.status, broken.error_code().as_str()), (400, "bad-handshake"));
}

#[tokio::test]
async fn compat_port_takes_websockets_of_every_origin_and_nothing_else() {
    let server = serve_for_test(&[]);
    let compat = server.addresses().compat[0];
    let headers: Vec<&str> = HANDSHAKE.into_iter().chain(["Origin: https://evil.example"]).collect();
    assert_eq!(get(compat, "/any/path", &headers).await.status, 101);
    let page = get(compat, "/", &[]).await;
    assert_eq!(
        (page.status, page.error_code().as_str(), page.header("upgrade")),
        (426, "upgrade-required", Some("websocket"))
    );
}

#[tokio::test]
async fn the_player_alone_may_be_framed_and_by_those_alone_who_are_named() {
    let named = serve_for_test(&["live.embed=[\"https://www.example.org\", \"http://[::1]:8000\"]"]);
    let nobody = serve_for_test(&[]);
    let player = "/live/lesson?embed=1";
    for (server, path, expected) in [
        (&named, player, "frame-ancestors https://www.example.org http://[::1]:8000"),
        (&named, "/live/lesson", "frame-ancestors 'none'"),
        (&named, "/live/lesson?embed=10", "frame-ancestors 'none'"),
        (&named, "/r/lesson?embed=1", "frame-ancestors 'none'"),
        (&named, "/studio?embed=1", "frame-ancestors 'none'"),
        (&nobody, player, "frame-ancestors 'none'"),
    ] {
        let answer = get(server.http(), path, &[]).await;
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.ends_with(expected), "{path}: {policy}");
    }
    assert_eq!(get(named.http(), "/api/v1/info", &[]).await.json()["live"]["embed"], true);
}

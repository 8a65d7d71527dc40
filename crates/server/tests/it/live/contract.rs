use str0m::media::Direction;

use super::{SDP, code, offer_to_receive, offer_to_send, open, post};
use crate::fixture::{exchange, request, serve_for_test};
use crate::media::client::{Client, drive};

/// Method, path, headers, body; status and code.
type Case<'a> = (&'a str, &'a str, &'a [&'a str], &'a str, u16, &'a str);

const FRAGMENT: &str = "Content-Type: application/trickle-ice-sdpfrag";

#[tokio::test]
async fn session_that_is_opened_says_where_it_is_and_by_what_to_connect() {
    let server = serve_for_test(&["turn.secrets=a long enough secret"]);
    let mut anna = Client::udp(1).await;
    let (offer, _) = offer_to_send(&mut anna);
    let headers = [SDP, "Origin: https://anywhere.example", "Accept: application/sdp, */*;q=0.1"];
    let answer = exchange(server.http(), "POST", "/whip/live/de%20mo", &headers, &offer.sdp).await;
    assert_eq!((answer.status, answer.header("content-type")), (201, Some("application/sdp")));
    let location = answer.header("location").unwrap();
    let id = location.strip_prefix("/whip/live/de%20mo/").unwrap();
    assert_eq!(id.len(), 32);
    let tag = answer.header("etag").unwrap();
    assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 2, "{tag}");
    let links: Vec<&String> =
        answer.headers.iter().filter(|(name, _)| name == "link").map(|(_, value)| value).collect();
    assert!(links.iter().any(|link| link.starts_with("<stun:") && link.ends_with("; rel=\"ice-server\"")), "{links:?}");
    assert!(links.iter().any(|link| link.starts_with("<turn:") && link.contains("credential-type=\"password\"")));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert!(answer.header("access-control-expose-headers").unwrap().contains("location"));
    assert_eq!(answer.header("accept-patch"), Some("application/trickle-ice-sdpfrag"));
    assert_eq!(request(server.http(), "DELETE", location, &[]).await.status, 200);
    let again = request(server.http(), "DELETE", location, &[]).await;
    assert_eq!((again.status, code(&again).as_str()), (404, "no-session"));
}

#[tokio::test]
async fn bad_request_is_told_what_is_wrong() {
    let server = serve_for_test(&[]);
    let (mut anna, mut ben) = (Client::udp(1).await, Client::udp(2).await);
    let (sends, receives) = (offer_to_send(&mut anna).0.sdp, offer_to_receive(&mut ben).0.sdp);
    let unknown = sends.replace("VP8/", "XYZ/").replace("opus/", "xyz/");
    let long = "x".repeat(128 * 1024 + 1);
    let text = "Content-Type: text/plain";
    let only_json = [SDP, "Accept: application/json"];
    let cases: [Case<'_>; 16] = [
        ("POST", "/whip/live/a", &[SDP], "no SDP", 400, "bad-offer"),
        ("POST", "/whip/live/a", &[SDP], "", 400, "bad-offer"),
        ("POST", "/whip/live/a", &[SDP], &receives, 422, "wrong-direction"),
        ("POST", "/whep/live/a", &[SDP], &sends, 422, "wrong-direction"),
        ("POST", "/whip/live/a", &[SDP], &unknown, 422, "unanswerable-offer"),
        ("POST", "/whip/live/a", &[SDP], &long, 413, "body-too-long"),
        ("POST", "/whip/live/a", &[text], &sends, 415, "media-type"),
        ("POST", "/whip/live/a", &[], &sends, 415, "media-type"),
        ("POST", "/whip/live/a", &only_json, &sends, 406, "not-acceptable"),
        ("POST", "/whip/a", &[SDP], &sends, 400, "bad-name"),
        ("POST", "/whip/live/..", &[SDP], &sends, 400, "bad-name"),
        ("POST", "/whip/live/a?eip=nowhere", &[SDP], &sends, 400, "bad-query"),
        ("GET", "/whip/live/a", &[], "", 405, "method-not-allowed"),
        ("PUT", "/rtc/v1/whip/?app=live&stream=a", &[], "", 405, "method-not-allowed"),
        ("DELETE", "/rtc/v1/whip/?app=live&stream=a", &[], "", 404, "no-session"),
        ("GET", "/rtc/v1/nothing", &[], "", 404, "not-found"),
    ];
    for (method, path, headers, body, status, expected) in cases {
        let answer = exchange(server.http(), method, path, headers, body).await;
        assert_eq!((answer.status, code(&answer).as_str()), (status, expected), "{method} {path}");
    }
    let longest = "x".repeat(128 * 1024);
    assert_eq!(post(server.http(), "/whip/live/a", &longest).await.status, 400);
}

#[tokio::test]
async fn stream_that_is_on_air_is_not_published_a_second_time() {
    let server = serve_for_test(&[]);
    let (mut anna, mut ben) = (Client::udp(1).await, Client::udp(2).await);
    let (session, _) = open(&server, "/whip/live/demo", &mut anna, Direction::SendOnly).await;
    let (offer, _) = offer_to_send(&mut ben);
    let taken = post(server.http(), "/rtc/v1/whip/?app=live&stream=demo", &offer.sdp).await;
    assert_eq!((taken.status, code(&taken).as_str()), (409, "on-air"));
    assert_eq!(request(server.http(), "DELETE", &session, &[]).await.status, 200);
    assert_eq!(post(server.http(), "/whip/live/demo", &offer.sdp).await.status, 201);
}

#[tokio::test]
async fn candidates_are_taken_without_a_word_and_new_credentials_are_answered_with_ours() {
    let server = serve_for_test(&[]);
    let mut anna = Client::udp(1).await;
    let (offer, _) = offer_to_send(&mut anna);
    let opened = post(server.http(), "/whip/live/demo", &offer.sdp).await;
    let (session, tag) = (opened.header("location").unwrap(), opened.header("etag").unwrap());
    let ufrag = |sdp: &str| sdp.lines().find_map(|line| line.strip_prefix("a=ice-ufrag:").map(str::to_owned)).unwrap();
    let same = format!("a=ice-ufrag:{}\r\na=ice-pwd:{}\r\n", ufrag(&offer.sdp), "p".repeat(24));
    let other = format!("a=ice-ufrag:other\r\na=ice-pwd:{}\r\n", "p".repeat(24));
    let matching = format!("If-Match: {tag}");
    let cases: [(&[&str], &str, u16); 6] = [
        (&[&matching], &same, 415),
        (&[FRAGMENT], &same, 428),
        (&[FRAGMENT, "If-Match: \"older\""], &same, 412),
        (&[FRAGMENT, &matching], "a=candidate:", 400),
        (&[FRAGMENT, &matching], &same, 204),
        (&[FRAGMENT, &matching], &other, 412),
    ];
    for (headers, body, status) in cases {
        assert_eq!(exchange(server.http(), "PATCH", session, headers, body).await.status, status, "{headers:?}");
    }
    let restarted = exchange(server.http(), "PATCH", session, &[FRAGMENT, "If-Match: *"], &other).await;
    let fragment = String::from_utf8(restarted.body.clone()).unwrap();
    assert_eq!((restarted.status, restarted.header("content-type")), (200, Some("application/trickle-ice-sdpfrag")));
    assert_ne!(ufrag(&fragment), ufrag(std::str::from_utf8(&opened.body).unwrap()));
    assert!(fragment.contains("a=ice-pwd:") && fragment.contains("a=candidate:"), "{fragment}");
    assert!(!fragment.contains("a=fingerprint"), "{fragment}");
    assert_ne!(restarted.header("etag").unwrap(), tag);
    let elsewhere = session.replace("/demo/", "/other/");
    let headers = [FRAGMENT, "If-Match: *"];
    assert_eq!(exchange(server.http(), "PATCH", &elsewhere, &headers, &other).await.status, 404);
}

#[tokio::test]
async fn viewer_gets_sound_and_pictures_as_one_stream() {
    let server = serve_for_test(&[]);
    let mut ben = Client::udp(1).await;
    let (offer, _) = offer_to_receive(&mut ben);
    let answer = post(server.http(), "/whep/live/demo", &offer.sdp).await;
    let sdp = String::from_utf8(answer.body).unwrap();
    let streams: Vec<&str> = sdp.lines().filter_map(|line| line.strip_prefix("a=msid:")?.split(' ').next()).collect();
    assert_eq!(streams, ["stream", "stream"]);
}

#[tokio::test]
async fn page_that_asks_before_is_told_what_it_may_do() {
    let server = serve_for_test(&[]);
    let session = format!("/whep/live/demo/{}", "0".repeat(32));
    for (path, methods, accepts, what) in [
        ("/whip/live/demo", "OPTIONS, POST", "accept-post", "application/sdp"),
        ("/rtc/v1/whep/?stream=demo", "OPTIONS, POST", "accept-post", "application/sdp"),
        (&session, "DELETE, OPTIONS, PATCH", "accept-patch", "application/trickle-ice-sdpfrag"),
    ] {
        let answer = request(server.http(), "OPTIONS", path, &["Origin: https://anywhere.example"]).await;
        assert_eq!((answer.status, answer.header(accepts)), (200, Some(what)), "{path}");
        assert_eq!(answer.header("access-control-allow-methods"), Some(methods));
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert!(answer.header("access-control-allow-headers").unwrap().contains("if-match"));
    }
}

#[tokio::test]
async fn server_without_media_says_so() {
    let server = serve_for_test(&["media.enabled=false"]);
    let mut anna = Client::udp(1).await;
    let answer = post(server.http(), "/whip/live/demo", &offer_to_send(&mut anna).0.sdp).await;
    assert_eq!((answer.status, code(&answer).as_str()), (503, "media-unavailable"));
    assert!(answer.header("retry-after").is_some());
}

#[tokio::test]
async fn session_survives_the_end_of_the_http_connection() {
    let server = serve_for_test(&[]);
    let mut anna = Client::udp(1).await;
    open(&server, "/whip/live/demo", &mut anna, Direction::SendOnly).await;
    drive(&mut [&mut anna], |clients| clients[0].connected).await;
}

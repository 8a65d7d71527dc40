use room::token::{Claims, Key, mint};

use super::{SDP, code, offer_to_receive, offer_to_send, post};
use crate::fixture::{exchange, serve_for_test};
use crate::media::client::Client;

pub(super) const KEY: &str = "0123456789abcdef0123456789abcdef";

pub(super) fn token(stream: &str, grants: &[&str]) -> String {
    let grants = Some(grants.iter().map(ToString::to_string).collect());
    let claims =
        Claims { room: stream.into(), uid: None, name: None, role: None, grants, exp: u64::MAX / 2, nbf: None };
    mint(&Key::new("main", KEY).unwrap(), &claims).unwrap()
}

#[tokio::test]
async fn with_keys_publishing_and_playing_need_tokens_that_grant_them() {
    let server = serve_for_test(&[&format!("auth.keys={{ main = \"{KEY}\" }}")]);
    let (mut anna, mut ben) = (Client::udp(1).await, Client::udp(2).await);
    let (sends, receives) = (offer_to_send(&mut anna).0.sdp, offer_to_receive(&mut ben).0.sdp);
    let (publish, play, other) =
        (token("live/demo", &["publish"]), token("live/*", &["play"]), token("live/other", &["publish"]));
    for (path, offer, token, status, expected) in [
        ("/whip/live/demo", &sends, "", 401, "token-needed"),
        ("/whip/live/demo", &sends, "a.b.c", 401, "token-refused"),
        ("/whip/live/demo", &sends, play.as_str(), 403, "not-granted"),
        ("/whip/live/demo", &sends, &other, 403, "other-stream"),
        ("/whep/live/demo", &receives, &publish, 403, "not-granted"),
    ] {
        let bearer = format!("Authorization: Bearer {token}");
        let headers: &[&str] = if token.is_empty() { &[SDP] } else { &[SDP, &bearer] };
        let answer = exchange(server.http(), "POST", path, headers, offer).await;
        assert_eq!((answer.status, code(&answer).as_str()), (status, expected), "{path} {token}");
        assert_eq!(answer.header("www-authenticate"), (status == 401).then_some("Bearer"));
    }
    let bearer = format!("Authorization: Bearer {publish}");
    assert_eq!(exchange(server.http(), "POST", "/whip/live/demo", &[SDP, &bearer], &sends).await.status, 201);
    assert_eq!(post(server.http(), &format!("/whep/live/demo?token={play}"), &receives).await.status, 201);
    let path = format!("/rtc/v1/whep/?app=live&stream=demo&token={play}");
    assert_eq!(post(server.http(), &path, &receives).await.status, 201);
}

#[tokio::test]
async fn settings_close_one_door_and_leave_the_other_open() {
    let keys = format!("auth.keys={{ main = \"{KEY}\" }}");
    let server = serve_for_test(&[&keys, "live.publish=off", "live.play=all"]);
    let (mut anna, mut ben) = (Client::udp(1).await, Client::udp(2).await);
    let answer = post(server.http(), "/whip/live/demo", &offer_to_send(&mut anna).0.sdp).await;
    assert_eq!((answer.status, code(&answer).as_str()), (403, "switched-off"));
    assert_eq!(post(server.http(), "/whep/live/demo", &offer_to_receive(&mut ben).0.sdp).await.status, 201);
}

//! Encoders on a room's stage: a member sees them, mutes them and sends them away.

use serde_json::{Value, json};
use str0m::media::{Direction, MediaKind, Mid};

use super::frames::Camera;
use crate::fixture::{TestServer, exchange, request, serve_for_test};
use crate::live::access::{KEY, token};
use crate::live::{SDP, code, offer_to_send, open, post};
use crate::media::client::{Client, drive};
use crate::media::meeting::Member;

const WHIP: &str = "/whip/room/standup";

/// Joins, connects with a place for a picture, and wants that of the encoder there.
async fn viewer(server: &TestServer) -> (Member, Client, Value) {
    let mut ben = Member::join(server.http(), "ben", None).await;
    let encoder = ben.joined["roster"][0].clone();
    let (screen, _) = watch(&mut ben, &encoder).await;
    (ben, screen, encoder)
}

/// Connects a member with a place for a picture, and wants that of the encoder there.
pub(super) async fn watch(ben: &mut Member, encoder: &Value) -> (Client, Mid) {
    let mut screen = Client::of_h264(2).await;
    let offer = screen.offer(&[(MediaKind::Video, Direction::RecvOnly)]);
    let mid = offer.mids[0];
    ben.connect(&mut screen, offer, &json!([])).await;
    let wish =
        json!({"mid": mid.to_string(), "remoteUid": encoder["uid"], "source": "camera", "width": 1280, "height": 720});
    ben.say(&json!({"cmd": "subscribe", "id": "3", "slots": [wish]})).await;
    (screen, mid)
}

/// Until so many packets more have come.
async fn see(screen: &mut Client, packets: usize) {
    let before = screen.received.len();
    drive(&mut [screen], |clients| clients[0].received.len() >= before + packets).await;
}

pub(super) async fn moderate(member: &mut Member, action: Value) {
    let mut words = json!({"cmd": "moderate", "id": "m"});
    words.as_object_mut().unwrap().extend(action.as_object().unwrap().clone());
    member.say(&words).await;
}

/// The next frame of this kind about the encoder that meets a condition.
pub(super) async fn hear_of(member: &mut Member, cmd: &str, is_it: impl Fn(&Value) -> bool) {
    while !is_it(&member.hear(cmd).await) {}
}

#[tokio::test]
async fn an_encoder_by_whip_is_a_member_whom_others_see_and_the_host_mutes_and_removes() {
    let server = serve_for_test(&[]);
    let mut camera = Camera::publish(&server, &format!("{WHIP}?name=Stage%20cam"), 1).await;
    let session = camera.session().to_owned();
    let (mut ben, mut screen, encoder) = camera.film(viewer(&server)).await;
    assert_eq!((&encoder["name"], &encoder["caps"]), (&json!("Stage cam"), &json!(["media", "encoder"])));
    assert_eq!((&encoder["state"]["audio"], &encoder["state"]["video"]), (&json!(true), &json!(true)));
    assert_eq!(ben.joined["self"]["role"], "host", "the encoder that opened the room is not");
    let uid = encoder["uid"].clone();
    camera.film(see(&mut screen, 50)).await;

    moderate(&mut ben, json!({"action": "mute", "remoteUid": uid, "source": "camera"})).await;
    let muted = hear_of(&mut ben, "slots", |frame| frame["slots"][0]["reason"] == "muted");
    camera.film(muted).await;
    moderate(&mut ben, json!({"action": "unmute", "remoteUid": uid, "source": "camera"})).await;
    camera.film(hear_of(&mut ben, "peer-state", |frame| frame["state"]["video"] == true)).await;
    camera.film(see(&mut screen, 50)).await;

    moderate(&mut ben, json!({"action": "remove", "remoteUid": uid})).await;
    ben.hear("peer-leave").await;
    let gone = loop {
        let answer = request(server.http(), "DELETE", &session, &[]).await;
        if answer.status == 404 {
            break answer;
        }
    };
    assert_eq!(code(&gone), "no-session");
}

#[tokio::test]
async fn an_encoder_that_ends_its_session_has_left_and_two_in_one_room_are_two_members() {
    let server = serve_for_test(&[]);
    let (mut one, mut other) = (Client::udp(1).await, Client::udp(2).await);
    let (first, _) = open(&server, WHIP, &mut one, Direction::SendOnly).await;
    let (second, _) = open(&server, "/rtc/v1/whip/?app=room&stream=standup", &mut other, Direction::SendOnly).await;
    let mut ben = Member::join(server.http(), "ben", None).await;
    let roster = ben.joined["roster"].as_array().unwrap().clone();
    assert_eq!(roster.iter().map(|member| &member["name"]).collect::<Vec<_>>(), ["Encoder", "Encoder"]);
    for (session, member) in [(first, &roster[0]), (second, &roster[1])] {
        assert_eq!(request(server.http(), "DELETE", &session, &[]).await.status, 200);
        assert_eq!(ben.hear("peer-leave").await["remoteUid"], member["uid"]);
    }
}

#[tokio::test]
async fn an_encoder_begins_ice_anew_and_goes_on() {
    let server = serve_for_test(&[]);
    let mut camera = Camera::publish(&server, WHIP, 1).await;
    let session = camera.session().to_owned();
    let fragment = "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdef0123456789\r\n";
    let headers = ["Content-Type: application/trickle-ice-sdpfrag", "If-Match: *"];
    let answer = exchange(server.http(), "PATCH", &session, &headers, fragment).await;
    let body = String::from_utf8_lossy(&answer.body).into_owned();
    assert_eq!(answer.status, 200, "{body}");
    assert!(body.contains("a=ice-ufrag:") && answer.header("etag").is_some(), "{body}");
    let again = ["Content-Type: application/trickle-ice-sdpfrag", "If-Match: \"other\""];
    assert_eq!(exchange(server.http(), "PATCH", &session, &again, fragment).await.status, 412);
    let (_, _, encoder) = camera.film(viewer(&server)).await;
    assert_eq!(encoder["connection"], "online");
}

#[tokio::test]
async fn an_encoder_by_the_json_of_srs_is_a_member_as_well() {
    let server = serve_for_test(&[&format!("auth.keys={{ main = \"{KEY}\" }}")]);
    let mut client = Client::udp(1).await;
    let (offer, _) = offer_to_send(&mut client);
    let publish = async |token: &str| {
        let url = format!("webrtc://h/room/standup?token={token}&name=Stage%20cam");
        let body = json!({"streamurl": url, "sdp": offer.sdp}).to_string();
        exchange(server.http(), "POST", "/rtc/v1/publish/", &[], &body).await.json()
    };
    assert_eq!(publish(&token("standup", &["subscribe"])).await, json!({"code": 400}));
    let answer = publish(&token("standup", &["publish"])).await;
    assert!(answer["code"] == 0 && answer["sdp"].as_str().unwrap().contains("a=ice-ufrag:"), "{answer}");
    let grants = json!({"token": token("standup", &["subscribe"])});
    let ben = Member::join_with(server.http(), "ben", grants).await;
    assert_eq!(ben.joined["roster"][0]["name"], "Stage cam");
    assert_eq!(ben.joined["roster"][0]["caps"], json!(["media", "encoder"]));
}

#[tokio::test]
async fn where_tokens_decide_an_encoder_shows_one_for_the_room() {
    let server = serve_for_test(&[&format!("auth.keys={{ main = \"{KEY}\" }}")]);
    let mut client = Client::udp(1).await;
    let (offer, _) = offer_to_send(&mut client);
    for (token, status, expected) in [
        (String::new(), 401, "token-needed"),
        (token("standup", &["subscribe"]), 403, "not-granted"),
        (token("other", &["publish"]), 403, "other-stream"),
        (token("room/standup", &["publish"]), 403, "other-stream"),
    ] {
        let bearer = format!("Authorization: Bearer {token}");
        let headers: &[&str] = if token.is_empty() { &[SDP] } else { &[SDP, &bearer] };
        let answer = exchange(server.http(), "POST", WHIP, headers, &offer.sdp).await;
        assert_eq!((answer.status, code(&answer).as_str()), (status, expected), "{token}");
    }
    let path = format!("{WHIP}?token={}", token("standup", &["publish"]));
    assert_eq!(post(server.http(), &path, &offer.sdp).await.status, 201);
}

#[tokio::test]
async fn what_the_room_says_to_everybody_it_says_to_encoders() {
    let server = serve_for_test(&["rooms.topology=sfu", "limits.members=2"]);
    let mut ben = Member::join(server.http(), "ben", None).await;
    let mut client = Client::udp(1).await;
    let (offer, _) = offer_to_send(&mut client);
    moderate(&mut ben, json!({"action": "lock"})).await;
    ben.hear("ok").await;
    let locked = post(server.http(), WHIP, &offer.sdp).await;
    assert_eq!((locked.status, code(&locked).as_str()), (403, "locked"));
    moderate(&mut ben, json!({"action": "unlock"})).await;
    ben.hear("ok").await;
    let unnameable = post(server.http(), &format!("{WHIP}?name={}", "x".repeat(2000)), &offer.sdp).await;
    assert_eq!((unnameable.status, code(&unnameable).as_str()), (400, "too-large"));
    assert_eq!(post(server.http(), WHIP, &offer.sdp).await.status, 201, "two may be in it");
    let full = post(server.http(), WHIP, &offer.sdp).await;
    assert_eq!((full.status, code(&full).as_str()), (503, "room-full"));
}

#[tokio::test]
async fn an_encoder_waits_in_the_lobby_until_somebody_lets_it_in() {
    let server = serve_for_test(&["rooms.topology=sfu"]);
    let mut ben = Member::join(server.http(), "ben", None).await;
    moderate(&mut ben, json!({"action": "lobby", "on": true})).await;
    ben.hear("ok").await;
    let mut client = Client::udp(1).await;
    let (offer, _) = offer_to_send(&mut client);
    let admitted = async {
        loop {
            let waiting = ben.hear("room").await["waiting"].clone();
            if let Some(uid) = waiting.pointer("/0/uid") {
                break moderate(&mut ben, json!({"action": "admit", "remoteUid": uid})).await;
            }
        }
    };
    let (answer, ()) = tokio::join!(post(server.http(), WHIP, &offer.sdp), admitted);
    assert_eq!(answer.status, 201, "{answer:?}");
}

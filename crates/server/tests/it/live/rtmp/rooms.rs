//! Members of a room, as audiences see them.

use serde_json::{Value, json};
use str0m::media::{Direction, MediaKind};

use super::client::{Peer, flv};
use super::frames::{Camera, watch_flv};
use super::recording::recorder;
use crate::fixture::{TestServer, get, send, serve_for_test};
use crate::live::access::{KEY, token};
use crate::live::{code, offer_to_receive, offer_to_send, open, post};
use crate::media::client::{Client, drive};
use crate::media::meeting::Member;
use live::rtmp::Purpose;

/// Anna, who is the host and films herself.
async fn anna(server: &TestServer) -> (Member, Camera) {
    filming(server, "anna", 1, json!({})).await
}

/// A member who films itself and says this when it joins.
pub(super) async fn filming(server: &TestServer, uid: &'static str, id: u64, more: Value) -> (Member, Camera) {
    let mut member = Member::join_with(server.http(), uid, more).await;
    let mut client = Client::of_h264(id).await;
    let sends = Direction::SendOnly;
    let offer = client.offer(&[(MediaKind::Audio, sends), (MediaKind::Video, sends)]);
    let [voice, face] = [offer.mids[0], offer.mids[1]];
    let tracks = json!([
        {"mid": voice.to_string(), "source": "microphone"},
        {"mid": face.to_string(), "source": "camera"},
    ]);
    member.connect(&mut client, offer, &tracks).await;
    (member, Camera::of(client, String::new(), [voice, face]))
}

pub(super) async fn moderate(member: &mut Member, rest: &str) {
    let request = format!(r#"{{"cmd":"moderate","id":"m",{rest}}}"#);
    member.say(&serde_json::from_str(&request).unwrap()).await;
    member.hear("ok").await;
}

/// Asks until the answer is this one: what rooms decide comes to the streams a moment later.
pub(super) async fn wait_for_status(server: &TestServer, path: &str, status: u16) -> Value {
    loop {
        let answer = get(server.http(), path, &[]).await;
        if answer.status == status {
            return answer.json();
        }
    }
}

const REPORT: &str = "/api/v1/live/streams/room/standup/anna";

#[tokio::test]
async fn a_member_and_the_stage_are_watched_by_flv_on_whatever_worker_when_the_host_lets_them() {
    let server = serve_for_test(&["rooms.topology=sfu", "media.workers=2", "media.members_per_worker=1"]);
    let (mut host, mut camera) = anna(&server).await;
    let before = get(server.http(), "/room/standup/anna.flv", &[]).await;
    assert_eq!((before.status, code(&before).as_str()), (404, "not-shown"));
    moderate(&mut host, r#""action":"stream","stream":"open""#).await;
    let report = camera.film(wait_for_status(&server, REPORT, 200)).await;
    assert_eq!(report["protocol"], "room");
    let http = server.http();
    let face = async { watch_flv(&mut flv(http, "/room/standup/anna.flv").await, 40).await };
    let stage = async { watch_flv(&mut flv(http, "/room/standup.flv").await, 40).await };
    let (face, stage) = camera.film(async { tokio::join!(face, stage) }).await;
    face.assert_whole();
    stage.assert_whole();
}

#[tokio::test]
async fn a_member_is_watched_by_whep_and_all_members_see_how_many_watch_until_the_host_ends_it() {
    let server = serve_for_test(&["rooms.topology=sfu", "media.workers=2", "media.members_per_worker=1"]);
    let (mut host, mut camera) = anna(&server).await;
    moderate(&mut host, r#""action":"stream","stream":"open""#).await;
    camera.film(wait_for_status(&server, REPORT, 200)).await;
    let mut viewer = Client::of_h264(2).await;
    let (session, [voice, face]) = open(&server, "/whep/room/standup/anna", &mut viewer, Direction::RecvOnly).await;
    let mut stage = Client::of_h264(3).await;
    let (_, [_, picture]) = open(&server, "/whep/room/standup", &mut stage, Direction::RecvOnly).await;
    let came = |client: &Client, mid| client.received.iter().filter(|(of, _)| *of == mid).count();
    let watching = drive_two(&mut viewer, &mut stage, |viewer, stage| {
        came(viewer, face) > 50 && came(viewer, voice) > 20 && came(stage, picture) > 50
    });
    camera.film(watching).await;
    loop {
        let told = host.hear("room").await;
        assert_eq!(told["stream"], "open");
        if told["viewers"] == 2 {
            break;
        }
    }
    moderate(&mut host, r#""action":"stream","stream":"off""#).await;
    camera.film(wait_for_status(&server, REPORT, 404)).await;
    let gone = crate::fixture::request(server.http(), "DELETE", &session, &[]).await;
    assert_eq!((gone.status, code(&gone).as_str()), (404, "no-session"), "whoever watched has been sent away");
    let (offer, _) = offer_to_receive(&mut viewer);
    assert_eq!(code(&post(server.http(), "/whep/room/standup/anna", &offer.sdp).await), "not-shown");
}

async fn drive_two(first: &mut Client, second: &mut Client, done: impl Fn(&Client, &Client) -> bool) {
    drive(&mut [first, second], |clients| done(clients[0], clients[1])).await;
}

#[tokio::test]
async fn nobody_publishes_under_the_name_of_a_member() {
    let server = serve_for_test(&[]);
    let mut client = Client::udp(1).await;
    let (offer, _) = offer_to_send(&mut client);
    for path in ["/whip/room/standup/anna", "/rtc/v1/whip/?app=room/standup&stream=anna"] {
        let answer = post(server.http(), path, &offer.sdp).await;
        assert_eq!((answer.status, code(&answer).as_str()), (403, "room-name"), "{path}");
    }
    let refused = Peer::connect(&server, Purpose::Publish, "room/standup", "anna").await;
    assert!(refused.is_err());
}

#[tokio::test]
async fn where_the_room_wants_tokens_one_that_names_it_and_grants_to_view_opens_all_of_it() {
    let keys = format!("auth.keys={{ main = \"{KEY}\" }}");
    let server = serve_for_test(&[&keys, "rooms.topology=sfu"]);
    let manage = token("*", &["manage"]);
    let body = r#"{"roomId":"standup","stream":"token"}"#;
    let made = send(server.http(), "POST", "/api/v1/rooms", &manage, body).await;
    assert_eq!((made.status, &made.json()["stream"]), (201, &json!("token")), "{made:?}");
    let (mut client, name) = (Client::udp(1).await, "/room/standup/anna");
    let (offer, _) = offer_to_receive(&mut client);
    let not_there = post(server.http(), "/whep/room/standup/anna", &offer.sdp).await;
    assert_eq!((not_there.status, code(&not_there).as_str()), (404, "not-shown"));
    let mut anna = Member::join_with(server.http(), "anna", json!({"token": token("standup", &["pub.video"])})).await;
    let mut camera = Client::udp(2).await;
    let filmed = camera.offer(&[(MediaKind::Video, Direction::SendOnly)]);
    let face = filmed.mids[0];
    anna.connect(&mut camera, filmed, &json!([{"mid": face.to_string(), "source": "camera"}])).await;
    wait_for_status(&server, REPORT, 401).await;
    for (token, status, expected) in [
        (String::new(), 401, "token-needed"),
        (token("standup", &["subscribe"]), 403, "not-granted"),
        (token("other", &["view"]), 403, "other-stream"),
        (token("room/standup/anna", &["play"]), 403, "other-stream"),
    ] {
        let query = if token.is_empty() { String::new() } else { format!("?token={token}") };
        let answer = post(server.http(), &format!("/whep{name}{query}"), &offer.sdp).await;
        assert_eq!((answer.status, code(&answer).as_str()), (status, expected), "{token}");
        assert_eq!(get(server.http(), &format!("{name}.flv{query}"), &[]).await.status, status);
        assert_eq!(get(server.http(), &format!("{name}.m3u8{query}"), &[]).await.status, status);
    }
    for part in ["/whep/room/standup", "/whep/room/standup/anna"] {
        let view = token("standup", &["view"]);
        let answer = post(server.http(), &format!("{part}?token={view}"), &offer.sdp).await;
        assert_eq!(answer.status, 201, "{part} {answer:?}");
    }
}

#[tokio::test]
async fn nobody_in_a_room_is_recorded_by_the_settings_or_by_the_api_of_streams() {
    let folder = tempfile::tempdir().unwrap();
    let server = recorder(&folder, &["rooms.topology=sfu", r#"recording.streams=["*"]"#]);
    let (mut host, mut camera) = anna(&server).await;
    moderate(&mut host, r#""action":"stream","stream":"open""#).await;
    camera.film(wait_for_status(&server, REPORT, 200)).await;
    let http = server.http();
    camera.film(async { watch_flv(&mut flv(http, "/room/standup/anna.flv").await, 40).await }).await;
    let body = r#"{"app":"room/standup","stream":"anna"}"#;
    let refused = send(http, "POST", "/api/v1/recordings/start", &server.admin(), body).await;
    assert_eq!((refused.status, code(&refused).as_str()), (403, "room-name"));
    let bearer = format!("Authorization: Bearer {}", server.admin());
    let list = get(http, "/api/v1/recordings", &[&bearer]).await;
    assert_eq!(list.json()["recordings"], json!([]));
}

#[tokio::test]
async fn a_room_is_recorded_by_a_file_for_each_member_who_agrees_and_nobody_can_watch_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = recorder(&folder, &["rooms.topology=sfu", "recording.rooms=consent"]);
    let (mut host, mut camera) = anna(&server).await;
    host.say(&json!({"cmd": "record", "id": "r", "on": true})).await;
    let told = host.hear("room").await;
    assert_eq!((&told["recording"]["uid"], &told["recording"]["agreed"]), (&json!("anna"), &json!(false)));
    let recordings = "/api/v1/recordings?app=room/standup";
    let bearer = format!("Authorization: Bearer {}", server.admin());
    let begun = get(server.http(), recordings, &[&bearer]).await;
    assert_eq!(begun.json()["recordings"], json!([]), "anna has not agreed");
    host.say(&json!({"cmd": "consent", "id": "c", "on": true})).await;
    let written = async |state: &str| loop {
        let answer = get(server.http(), recordings, &[&bearer]).await;
        let list = answer.json()["recordings"].clone();
        if list[0]["state"] == state && list[0]["durationMs"].as_u64().is_some_and(|long| long > 1_500) {
            return list;
        }
    };
    let list = camera.film(written("recording")).await;
    assert_eq!((&list[0]["stream"], &list[0]["audio"]["codec"]), (&json!("anna"), &json!("Opus")));
    let watched = get(server.http(), "/room/standup/anna.flv", &[]).await;
    assert_eq!((watched.status, code(&watched).as_str()), (404, "not-shown"));
    let path = "/api/v1/rooms/standup/recording";
    assert_eq!(send(server.http(), "DELETE", path, &server.admin(), "").await.status, 204);
    let list = camera.film(written("finished")).await;
    assert_eq!(list.as_array().unwrap().len(), 1);
    assert_eq!(host.hear("room").await["recording"]["agreed"], true);
    assert_eq!(host.hear("room").await["recording"], Value::Null);
}

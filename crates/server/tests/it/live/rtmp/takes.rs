//! What belongs together in the recording of a room.

use std::path::Path;
use std::time::Instant;

use live::flv::{BodyReader, Packet, TagKind, TagReader};
use media::{Frame, MediaTime};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::client::flv;
use super::frames::{Camera, number_of, watch_flv};
use super::recording::recorder;
use super::rooms::{filming, moderate};
use crate::fixture::{Answer, TestServer, get, send};
use crate::live::access::{KEY, token};
use crate::live::code;
use crate::media::client::now;
use crate::media::meeting::Member;

async fn ask(server: &TestServer, token: &str, rest: &str) -> Answer {
    get(server.http(), &format!("/api/v1/recordings{rest}"), &[&format!("Authorization: Bearer {token}")]).await
}

/// Waits for so many parts of the room, all in this state and longer than a second.
async fn parts(server: &TestServer, token: &str, state: &str, count: usize) -> Vec<Value> {
    loop {
        let list = ask(server, token, "?room=standup").await.json()["recordings"].as_array().unwrap().clone();
        let is_long = |part: &Value| part["durationMs"].as_u64().unwrap() > 1_000;
        if list.len() == count && list.iter().all(|part| part["state"] == state && is_long(part)) {
            return list;
        }
    }
}

async fn begin(host: &mut Member) {
    host.say(&json!({"cmd": "record", "id": "r", "on": true})).await;
    while host.hear("room").await["recording"]["uid"] != "anna" {}
}

async fn end(server: &TestServer, token: &str) {
    let ended = send(server.http(), "DELETE", "/api/v1/rooms/standup/recording", token, "").await;
    assert_eq!(ended.status, 204);
}

fn pictures(file: &Path) -> Vec<Frame> {
    let (mut tags, mut bodies, mut pictures) = (TagReader::new(), BodyReader::new(), Vec::new());
    tags.handle_bytes(&std::fs::read(file).unwrap());
    while let Some(tag) = tags.next_tag().unwrap() {
        if tag.kind == TagKind::Video {
            let dts = MediaTime::from_millis(tag.timestamp_ms.into());
            let packets = bodies.read_video(dts, tag.body).unwrap();
            pictures.extend(packets.into_iter().filter_map(|packet| match packet {
                Packet::Frame(frame) => Some(frame),
                Packet::Parameters(_) => None,
            }));
        }
    }
    pictures
}

/// By how many milliseconds the pictures of a part are later in the recording of the room than they were made, at least and at most.
fn lateness(folder: &TempDir, part: &Value, camera: &Camera, from: Instant) -> (i64, i64) {
    let pictures = pictures(&folder.path().join("recordings").join(part["file"].as_str().unwrap()));
    assert!(pictures.len() > 20, "{} pictures", pictures.len());
    let late = |picture: &Frame| {
        let made = camera.made_at(number_of(picture)) - from;
        part["offsetMs"].as_i64().unwrap() + picture.pts.millis() - i64::try_from(made.as_millis()).unwrap()
    };
    (pictures.iter().map(late).min().unwrap(), pictures.iter().map(late).max().unwrap())
}

#[tokio::test]
async fn by_their_offsets_the_parts_of_a_room_are_in_step_within_40_ms() {
    let from = now();
    let folder = tempfile::tempdir().unwrap();
    let settings = ["rooms.topology=sfu", "recording.format=flv", "media.workers=2", "media.members_per_worker=1"];
    let server = recorder(&folder, &settings);
    let admin = server.admin();
    let (mut host, mut anna) = filming(&server, "anna", 1, json!({})).await;
    begin(&mut host).await;
    anna.film(parts(&server, &admin, "recording", 1)).await;
    // Bo comes later, and his part begins later.
    let (_member, mut bo) = anna.film(filming(&server, "bo", 2, json!({}))).await;
    anna.film(bo.film(parts(&server, &admin, "recording", 2))).await;
    end(&server, &admin).await;
    let list = anna.film(bo.film(parts(&server, &admin, "finished", 2))).await;
    let take = list[0]["part"]["take"].as_i64().unwrap();
    assert_eq!(list[1]["part"]["take"], take);

    let manifest = ask(&server, &admin, &format!("/takes/{take}")).await.json();
    assert_eq!(manifest["startedBy"], json!({"uid": "anna", "name": ""}));
    let files = std::fs::read_dir(folder.path().join("recordings/room/standup")).unwrap();
    let beside = files.map(|file| file.unwrap().path()).find(|path| path.extension().is_some_and(|is| is == "json"));
    let written: Value = serde_json::from_slice(&std::fs::read(beside.unwrap()).unwrap()).unwrap();
    assert_eq!(written, manifest, "the file beside the parts says the same");

    let uids: Vec<_> = manifest["parts"].as_array().unwrap().iter().map(|part| part["uid"].clone()).collect();
    assert_eq!(uids, ["anna", "bo"]);
    let [of_anna, of_bo] =
        [lateness(&folder, &manifest["parts"][0], &anna, from), lateness(&folder, &manifest["parts"][1], &bo, from)];
    let spread = of_anna.1.max(of_bo.1) - of_anna.0.min(of_bo.0);
    assert!(spread <= 40, "{of_anna:?} and {of_bo:?}");
    assert!(manifest["parts"][1]["offsetMs"].as_i64().unwrap() > 1_000, "{manifest}");
}

#[tokio::test]
async fn nothing_is_recorded_of_a_room_from_before_its_recording_though_somebody_watches_already() {
    let folder = tempfile::tempdir().unwrap();
    let server = recorder(&folder, &["rooms.topology=sfu", "recording.format=flv"]);
    let admin = server.admin();
    let (mut host, mut camera) = filming(&server, "anna", 1, json!({})).await;
    moderate(&mut host, r#""action":"stream","stream":"open""#).await;
    let watching = async { watch_flv(&mut flv(server.http(), "/room/standup/anna.flv").await, 40).await };
    camera.film(watching).await;
    begin(&mut host).await;
    let list = camera.film(parts(&server, &admin, "recording", 1)).await;
    let offset_ms = list[0]["part"]["offsetMs"].as_i64().unwrap();
    assert!(offset_ms >= 0, "{offset_ms}");
    end(&server, &admin).await;
    camera.film(parts(&server, &admin, "finished", 1)).await;
}

#[tokio::test]
async fn a_token_to_record_a_room_opens_its_parts_and_those_of_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let keys = format!("auth.keys={{ main = \"{KEY}\" }}");
    let server = recorder(&folder, &[&keys, "rooms.topology=sfu"]);
    let own = token("standup", &["record", "pub.audio", "pub.video"]);
    let (mut host, mut camera) = filming(&server, "anna", 1, json!({"token": own})).await;
    begin(&mut host).await;
    camera.film(parts(&server, &own, "recording", 1)).await;
    host.say(&json!({"cmd": "record", "id": "e", "on": false})).await;
    let list = camera.film(parts(&server, &own, "finished", 1)).await;
    let (id, take) = (list[0]["id"].as_i64().unwrap(), list[0]["part"]["take"].as_i64().unwrap());
    let paths = [format!("/{id}"), format!("/{id}/file"), format!("/takes/{take}")];
    for path in &paths {
        assert_eq!(ask(&server, &own, path).await.status, 200, "{path}");
    }
    let refused = ask(&server, &own, "?room=other").await;
    assert_eq!((refused.status, code(&refused).as_str()), (403, "other-room"));
    let other = token("other", &["record"]);
    assert_eq!(ask(&server, &other, "").await.json()["recordings"], json!([]));
    for path in &paths {
        let refused = ask(&server, &other, path).await;
        assert_eq!((refused.status, code(&refused).as_str()), (404, "no-recording"), "{path}");
        let member = ask(&server, &token("standup", &["pub.video"]), path).await;
        assert_eq!((member.status, code(&member).as_str()), (403, "not-granted"), "{path}");
    }
}

use serde_json::{Value, json};

use super::super::index::take::tests::{enter, taken};
use super::super::index::tests::index;
use super::super::index::{State, TakeId};
use super::super::retention;
use super::{follow, write};
use crate::clock;

const MANIFEST: &str = "room/standup/1970-01-01T00-00-01.000Z-1.json";

#[test]
fn it_says_what_the_index_says_and_goes_with_the_last_part() {
    let (folder, index) = index();
    let folder = folder.path();
    let take = taken(clock::now(), 1_000);
    let read = || -> Value { serde_json::from_slice(&std::fs::read(folder.join(MANIFEST)).unwrap()).unwrap() };
    let face = enter(&index, ("room/standup", "bo"), &take, 1);
    follow(folder, &index, &index.find(face).unwrap().unwrap());
    let told = read();
    assert_eq!((&told["room"], &told["startedAt"]), (&json!("standup"), &json!(1_000)));
    assert_eq!(told["startedBy"], json!({"uid": "anna", "name": "Anna"}));
    let part = &told["parts"][0];
    assert_eq!((&part["uid"], &part["source"], &part["offsetMs"]), (&json!("bo"), &json!("camera"), &json!(-40)));
    assert_eq!(
        (&part["state"], &part["durationMs"], &part["bytes"]),
        (&json!("recording"), &json!(null), &json!(null))
    );
    let screen = enter(&index, ("room/standup/bo", "screen"), &take, 2);
    index.end(face, State::Finished, None).unwrap();
    write(folder, &index, TakeId(1));
    let told = read();
    assert_eq!((&told["parts"][0]["state"], &told["parts"][1]["source"]), (&json!("finished"), &json!("screen")));
    assert!(told["parts"][0]["durationMs"].is_u64() && told["parts"][1]["durationMs"].is_null());
    assert!(!folder.join(format!("{MANIFEST}.new")).exists());
    for id in [face, screen] {
        assert!(folder.join(MANIFEST).exists());
        retention::delete(folder, &index, &index.find(id).unwrap().unwrap()).unwrap().unwrap();
    }
    assert!(!folder.join(MANIFEST).exists());
}

#[test]
fn a_recording_of_a_stream_has_none() {
    let (folder, index) = index();
    let id = super::super::index::tests::enter(&index, "live", "lesson", 1, 1);
    follow(folder.path(), &index, &index.find(id).unwrap().unwrap());
    assert!(!folder.path().join("live").exists());
}

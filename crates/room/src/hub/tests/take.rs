//! The recording of a room.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    ConnId,
    manage::{Manage, ManageError, Managed, PolicyChange},
    media::{MediaEvent, Source, TrackDescription},
    show::{Part, StreamPolicy},
    take::RecordingPolicy,
    token::{Claims, Key, mint},
};

use super::language::{Heard, Stage, UNIX, commands, find, only_error};

const RECORD: &str = r#"{"cmd":"record","id":"r","on":true}"#;
const STOP: &str = r#"{"cmd":"record","id":"r","on":false}"#;
const AGREE: &str = r#"{"cmd":"consent","id":"c","on":true}"#;
const WITHDRAW: &str = r#"{"cmd":"consent","id":"c","on":false}"#;

fn stage(policy: RecordingPolicy) -> Stage {
    Stage::with(|config| {
        config.media = true;
        config.recording = Some(policy);
    })
}

fn publish(stage: &mut Stage, conn: ConnId) {
    let (_, peer) = stage.offer(conn, &mut Vec::new());
    let source = Source::Camera;
    let track = TrackDescription { source, video: true, codec: "VP8", layers: Vec::new(), encrypted: false };
    stage.media(MediaEvent::Published { peer, tracks: vec![track] });
}

/// Who is recorded.
fn recorded(stage: &Stage) -> Vec<&str> {
    let parts = stage.shows.iter().filter(|(_, show)| show.taken.is_some());
    parts.map(|((_, part), _)| if let Part::Member(uid) = part { uid.as_str() } else { "another part" }).collect()
}

/// What a connection was told of the recording last.
fn told(heard: &[Heard], to: ConnId) -> Value {
    let frames = heard.iter().rev().filter_map(|word| match word {
        Heard::Frame(conn, text) if *conn == to => serde_json::from_str::<Value>(text).ok(),
        Heard::Frame(..) | Heard::Ping(_) | Heard::Closed(..) | Heard::Media(_) => None,
    });
    frames.into_iter().find(|frame| frame["cmd"] == "room").unwrap()["recording"].clone()
}

#[test]
fn a_recording_is_begun_by_who_may_and_everybody_hears_of_it_also_who_comes_later() {
    let mut stage = stage(RecordingPolicy::On);
    let [ana, bo, cy] = stage.trio();
    publish(&mut stage, ana);
    publish(&mut stage, bo);
    assert_eq!(only_error(&stage.say(bo, RECORD)).1, 110);
    let heard = stage.say(ana, RECORD);
    let since = u64::try_from(UNIX.as_millis()).unwrap();
    for conn in [ana, bo, cy] {
        let expected = json!({"since": since, "uid": "ana", "name": "", "consent": false, "agreed": true});
        assert_eq!(told(&heard, conn), expected);
    }
    assert_eq!(recorded(&stage), ["ana", "bo"]);
    assert!(stage.shows.values().all(|show| show.access == StreamPolicy::Off), "and nobody watches");
    let dan = stage.open();
    let heard = stage.join_media(dan, "dan");
    assert_eq!(find(&heard, "joined").1["room"]["recording"]["uid"], "ana");
    publish(&mut stage, dan);
    assert_eq!(recorded(&stage), ["ana", "bo", "dan"], "a late joiner is recorded, too");
    assert_eq!(commands(&stage.say(ana, RECORD), bo), Vec::<String>::new(), "it is recorded already");
    let heard = stage.say(ana, STOP);
    assert_eq!((told(&heard, bo), recorded(&stage)), (Value::Null, vec![]));
    assert!(stage.shows.is_empty());
}

#[test]
fn where_members_are_asked_nobody_is_recorded_who_has_not_agreed() {
    let mut stage = stage(RecordingPolicy::Consent);
    let [ana, bo, _] = stage.trio();
    publish(&mut stage, ana);
    publish(&mut stage, bo);
    assert_eq!(only_error(&stage.say(bo, AGREE)).1, 115, "there is nothing to agree to");
    let heard = stage.say(ana, RECORD);
    assert_eq!((&told(&heard, ana)["consent"], &told(&heard, ana)["agreed"]), (&json!(true), &json!(false)));
    assert_eq!(recorded(&stage), Vec::<&str>::new(), "not even who has begun it");
    let heard = stage.say(bo, AGREE);
    assert_eq!((recorded(&stage), &told(&heard, bo)["agreed"]), (vec!["bo"], &json!(true)));
    assert_eq!(commands(&heard, ana), Vec::<String>::new(), "what bo says is bo's");
    stage.say(ana, AGREE);
    assert_eq!(recorded(&stage), ["ana", "bo"]);
    stage.say(bo, WITHDRAW);
    assert_eq!(recorded(&stage), ["ana"]);
    stage.say(ana, r#"{"cmd":"leave"}"#);
    stage.join_media(ana, "ana");
    publish(&mut stage, ana);
    assert_eq!(recorded(&stage), Vec::<&str>::new(), "who comes again is asked again");
}

#[test]
fn a_room_is_recorded_only_where_server_and_room_want_it() {
    let mut without = Stage::with_media();
    let [ana, ..] = without.trio();
    assert_eq!(only_error(&without.say(ana, RECORD)).1, 115);
    let mut off = stage(RecordingPolicy::Off);
    let [ana, ..] = off.trio();
    assert_eq!(only_error(&off.say(ana, RECORD)).1, 115);
    let change = |policy| Manage::Change {
        room: "100".to_owned(),
        policy: PolicyChange { recording: Some(policy), ..PolicyChange::default() },
    };
    let Ok(Managed::Room(report)) = off.hub.handle_manage(off.now, change(RecordingPolicy::On)) else { panic!() };
    assert_eq!((report.recording, report.recorded_since), (RecordingPolicy::On, None));
    off.hear();
    off.say(ana, RECORD);
    publish(&mut off, ana);
    assert_eq!(recorded(&off), ["ana"]);
    assert!(off.hub.handle_manage(off.now, change(RecordingPolicy::Off)).is_ok());
    let heard = off.hear();
    assert_eq!((recorded(&off), told(&heard, ana)), (vec![], Value::Null), "what may not be is not");
}

#[test]
fn a_program_of_the_operator_records_and_the_members_see_it() {
    let mut stage = stage(RecordingPolicy::On);
    let [ana, ..] = stage.trio();
    publish(&mut stage, ana);
    let record = |on| Manage::Record { room: "100".to_owned(), on };
    let Ok(Managed::Room(report)) = stage.hub.handle_manage(stage.now, record(true)) else { panic!() };
    assert!(report.recorded_since.is_some());
    assert_eq!(told(&stage.hear(), ana)["uid"], "@server");
    assert_eq!(recorded(&stage), ["ana"]);
    assert!(stage.hub.handle_manage(stage.now, record(false)).is_ok());
    stage.hear();
    assert_eq!(recorded(&stage), Vec::<&str>::new());
    let mut off = Stage::with_media();
    off.trio();
    assert_eq!(off.hub.handle_manage(off.now, record(true)), Err(ManageError::NotRecordable));
}

#[test]
fn the_grant_to_record_is_enough() {
    let key = Key::new("main", [7; 32]).unwrap();
    let mut stage = Stage::with(|config| {
        config.media = true;
        config.recording = Some(RecordingPolicy::On);
        config.auth_keys = vec![key.clone()];
    });
    let (room, exp) = ("100".to_owned(), UNIX.as_secs() + 60);
    let grants = Some(vec!["subscribe".to_owned(), "record".to_owned()]);
    let token = mint(&key, &Claims { room, uid: None, name: None, role: None, grants, exp, nbf: None }).unwrap();
    let ana = stage.open();
    let join = format!(r#"{{"cmd":"join","v":2,"roomId":"100","uid":"ana","caps":["media"],"token":"{token}"}}"#);
    stage.join_with(ana, "ana", &join);
    let heard = stage.say(ana, RECORD);
    assert_eq!(commands(&heard, ana), ["mode", "room", "ok"]);
}

#[test]
fn a_room_of_two_goes_through_the_server_while_it_is_recorded_and_the_recording_ends_with_the_meeting() {
    let mut stage = stage(RecordingPolicy::On);
    let (ana, bo) = (stage.open(), stage.open());
    stage.join_media(ana, "ana");
    stage.join_media(bo, "bo");
    let heard = stage.say(ana, RECORD);
    assert_eq!(find(&heard, "mode").1["reason"], "recording");
    publish(&mut stage, bo);
    stage.say(ana, r#"{"cmd":"leave"}"#);
    stage.wait_alive(Duration::from_secs(20), &[bo]);
    assert_eq!(recorded(&stage), ["bo"], "it goes on while somebody is there");
    stage.say(bo, r#"{"cmd":"leave"}"#);
    assert!(stage.shows.is_empty());
    let heard = stage.join_media(ana, "ana");
    assert_eq!(find(&heard, "joined").1["room"]["recording"], Value::Null);
}

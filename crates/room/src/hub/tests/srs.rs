//! The signalling of SRS's demos.

use std::time::Duration;

use serde_json::{Value, json};

use super::language::{Heard, Stage, UNIX, frame};
use crate::{
    ConnId, Opened,
    srs::{PARTICIPANTS_MAX, TID_BYTES_MAX},
    token::{Claims, Key, mint},
};

impl Stage {
    fn open_srs(&mut self) -> ConnId {
        self.open_srs_with(None)
    }

    fn open_srs_with(&mut self, token: Option<String>) -> ConnId {
        self.try_open(Opened { srs: true, token, ..Opened::from_address([192, 0, 2, 1].into()) }).unwrap()
    }

    /// Somebody of this name asks for `action` in the room `live`.
    fn ask(&mut self, conn: ConnId, display: &str, action: &str) -> Vec<Heard> {
        self.say(conn, &json!({"tid": "t1", "msg": {"action": action, "room": "live", "display": display}}).to_string())
    }

    /// `ana` and `bo` in the room `live`.
    fn srs_pair(&mut self) -> [ConnId; 2] {
        ["ana", "bo"].map(|display| {
            let conn = self.open_srs();
            self.ask(conn, display, "join");
            conn
        })
    }
}

/// The frame with an error, and that the connection is closed with it.
fn refused(heard: &[Heard]) -> (ConnId, Value) {
    let [Heard::Frame(conn, text), Heard::Closed(closed, 1008), ..] = heard else { panic!("not refused: {heard:?}") };
    assert_eq!(conn, closed);
    (*conn, serde_json::from_str(text).unwrap())
}

#[test]
fn who_joins_learns_who_is_there_and_the_others_learn_of_it() {
    let mut stage = Stage::new();
    let (ana, bo) = (stage.open_srs(), stage.open_srs());
    assert_eq!(
        stage.ask(ana, "ana", "join"),
        [frame(
            ana,
            r#"{"tid":"t1","msg":{"action":"join","room":"live","self":{"display":"ana","publishing":false},"participants":[{"display":"ana","publishing":false}]}}"#
        )]
    );
    assert_eq!(
        stage.ask(bo, "bo", "join"),
        [
            frame(
                bo,
                r#"{"tid":"t1","msg":{"action":"join","room":"live","self":{"display":"bo","publishing":false},"participants":[{"display":"ana","publishing":false},{"display":"bo","publishing":false}]}}"#
            ),
            frame(
                ana,
                r#"{"msg":{"action":"notify","event":"join","room":"live","self":{"display":"ana","publishing":false},"peer":{"display":"bo","publishing":false},"participants":[{"display":"ana","publishing":false},{"display":"bo","publishing":false}]}}"#
            ),
        ]
    );
}

#[test]
fn publishing_and_leaving_are_told_to_the_others() {
    let mut stage = Stage::new();
    let [ana, bo] = stage.srs_pair();
    assert_eq!(
        stage.ask(ana, "ana", "publish"),
        [
            frame(
                bo,
                r#"{"msg":{"action":"notify","event":"publish","room":"live","self":{"display":"bo","publishing":false},"peer":{"display":"ana","publishing":true},"participants":[{"display":"ana","publishing":true},{"display":"bo","publishing":false}]}}"#
            ),
            frame(ana, r#"{"tid":"t1","msg":null}"#),
        ]
    );
    let gone = frame(
        bo,
        r#"{"msg":{"action":"notify","event":"leave","room":"live","self":{"display":"bo","publishing":false},"peer":{"display":"ana","publishing":true},"participants":[{"display":"bo","publishing":false}]}}"#,
    );
    assert_eq!(stage.close(ana), [gone]);
    assert_eq!(stage.ask(bo, "bo", "leave"), [frame(bo, r#"{"tid":"t1","msg":null}"#)]);
    assert_eq!(stage.hub.srs_rooms.len(), 0);
}

#[test]
fn a_control_message_goes_to_the_others_as_it_came() {
    let mut stage = Stage::new();
    let [ana, bo] = stage.srs_pair();
    let control = |call: &str, data: &str| {
        format!(
            r#"{{"tid":"t2","msg":{{"action":"control","room":"live","display":"ana","call":{call},"data":{data}}}}}"#
        )
    };
    let heard = stage.say(ana, &control(r#""alert""#, r#"{"a" : 1}"#));
    let participants = r#""participants":[{"display":"ana","publishing":false},{"display":"bo","publishing":false}]"#;
    let around =
        r#""room":"live","self":{"display":"bo","publishing":false},"peer":{"display":"ana","publishing":false}"#;
    let told = format!(
        r#"{{"msg":{{"action":"notify","event":"control","param":"alert","data":{{"a" : 1}},{around},{participants}}}}}"#
    );
    assert_eq!(heard, [frame(bo, &told), frame(ana, r#"{"tid":"t2","msg":null}"#)]);
    let told = format!(r#"{{"msg":{{"action":"notify","event":"control",{around},{participants}}}}}"#);
    assert_eq!(stage.say(ana, &control(r#""""#, "null"))[0], frame(bo, &told), "what is empty is left out");
}

#[test]
fn what_is_wrong_is_said_and_ends_the_connection() {
    for (said, code) in [
        (json!({"action": "join", "room": "live", "display": "ana"}), 101),
        (json!({"action": "publish", "room": "live", "display": "ana"}), 2),
        (json!({"action": "publish", "room": "other", "display": "bo"}), 102),
        (json!({"action": "control", "room": "other", "display": "bo"}), 102),
        (json!({"action": "leave", "room": "live", "display": "ana"}), 2),
        (json!({"action": "dance", "room": "live", "display": "bo"}), 3),
        (json!({"action": 1, "room": "live", "display": "bo"}), 3),
        (json!({"room": "live", "display": "bo"}), 3),
        (json!({"action": "join", "room": "", "display": "bo"}), 3),
        (json!({"action": "join", "display": "bo"}), 3),
        (json!({"action": "join", "room": "live", "display": "x".repeat(65)}), 3),
        (json!({"action": "join", "room": "live"}), 3),
    ] {
        let mut stage = Stage::new();
        let [_, bo] = stage.srs_pair();
        let heard = stage.say(bo, &json!({"tid": "t9", "msg": said}).to_string());
        let (conn, error) = refused(&heard);
        assert_eq!((conn, &error["tid"], &error["error"]["code"]), (bo, &json!("t9"), &json!(code)), "{said}");
        assert_eq!(heard.len(), 3, "the other one hears that it has gone: {heard:?}");
    }
}

#[test]
fn what_cannot_be_read_is_said_and_the_third_ends_the_connection() {
    let mut stage = Stage::new();
    let conn = stage.open_srs();
    for text in ["no JSON", r#"["t",{}]"#] {
        let heard = stage.say(conn, text);
        let [Heard::Frame(_, text)] = &heard[..] else { panic!("{heard:?}") };
        let value: Value = serde_json::from_str(text).unwrap();
        assert_eq!(value["error"]["code"], 3, "{text}");
    }
    let heard = stage.say(conn, r#"{"msg":["join","live","ana"]}"#);
    assert_eq!(heard[1], Heard::Closed(conn, 1007));
    let conn = stage.open_srs();
    stage.hub.handle_binary(stage.now, conn);
    assert!(matches!(&stage.hear()[..], [Heard::Frame(_, text)] if text.starts_with(r#"{"error""#)));
}

#[test]
fn a_tid_of_any_kind_comes_back_unless_it_is_too_long() {
    let mut stage = Stage::new();
    let conn = stage.open_srs();
    let join = |tid: &str| format!(r#"{{"tid":{tid},"msg":{{"action":"join","room":"live","display":"ana"}}}}"#);
    let longest = format!("\"{}\"", "x".repeat(TID_BYTES_MAX - 2));
    for tid in ["7", r#""a""#, &longest] {
        let heard = stage.say(conn, &join(tid));
        assert!(
            matches!(&heard[..], [Heard::Frame(_, text)] if text.starts_with(&format!(r#"{{"tid":{tid},"msg""#))),
            "{heard:?}"
        );
    }
    let heard = stage.say(conn, &join(&format!("\"{}\"", "x".repeat(TID_BYTES_MAX - 1))));
    assert!(matches!(&heard[..], [Heard::Frame(_, text)] if text.starts_with(r#"{"msg""#)), "{heard:?}");
}

#[test]
fn who_joins_another_room_leaves_the_former() {
    let mut stage = Stage::new();
    let [ana, bo] = stage.srs_pair();
    let heard = stage.say(ana, r#"{"tid":"t","msg":{"action":"join","room":"other","display":"ana"}}"#);
    assert!(
        matches!(&heard[..], [Heard::Frame(first, text), Heard::Frame(second, _)] if *first == bo && *second == ana && text.contains(r#""leave""#)),
        "{heard:?}"
    );
    assert_eq!(stage.hub.srs_rooms.len(), 2);
}

#[test]
fn these_rooms_are_not_those_of_people() {
    let mut stage = Stage::new();
    let srs = stage.open_srs();
    stage.ask(srs, "ana", "join");
    let ana = stage.open();
    assert_eq!(stage.say(ana, r#"{"cmd":"join","roomId":"live","uid":"ana"}"#), []);
    assert_eq!(stage.hub.stats().rooms, 1);
}

#[test]
fn a_room_has_so_many_and_no_more() {
    let mut stage = Stage::with(|config| config.limits.joins_per_minute = 0);
    let all: Vec<ConnId> = (0..PARTICIPANTS_MAX)
        .map(|index| {
            let conn = stage.open_srs();
            assert!(matches!(&stage.ask(conn, &index.to_string(), "join")[..], [Heard::Frame(first, _), ..] if *first == conn));
            conn
        })
        .collect();
    let late = stage.open_srs();
    assert_eq!(refused(&stage.ask(late, "late", "join")).1["error"]["code"], 1);
    assert!(!matches!(stage.ask(all[0], "0", "publish")[0], Heard::Closed(..)));

    let mut stage = Stage::with(|config| config.limits.members = 2);
    stage.srs_pair();
    let late = stage.open_srs();
    assert_eq!(refused(&stage.ask(late, "late", "join")).1["error"]["code"], 1);
}

#[test]
fn an_event_costs_as_much_as_there_are_to_tell_of_it() {
    let mut stage = Stage::with(|config| config.limits.joins_per_minute = 0);
    let all: Vec<ConnId> = (0..PARTICIPANTS_MAX)
        .map(|index| {
            let conn = stage.open_srs();
            stage.ask(conn, &index.to_string(), "join");
            conn
        })
        .collect();
    let told = (0..10).filter(|_| stage.ask(all[0], "0", "publish").len() == PARTICIPANTS_MAX).count();
    assert_eq!(told, 1, "a burst of 200 is one event to a hundred people");
    stage.wait_alive(Duration::from_secs(10), &all);
    assert_eq!(stage.ask(all[0], "0", "publish").len(), PARTICIPANTS_MAX);
}

#[test]
fn rooms_joins_and_tokens_are_limited_as_everybody_s() {
    let mut stage = Stage::with(|config| config.limits.rooms = 1);
    stage.srs_pair();
    let conn = stage.open_srs();
    let other = r#"{"tid":"t","msg":{"action":"join","room":"other","display":"cy"}}"#;
    assert_eq!(refused(&stage.say(conn, other)).1["error"]["code"], 109);
    let mut stage = Stage::with(|config| config.limits.rooms_per_address = 1);
    stage.srs_pair();
    let conn = stage.open_srs();
    assert_eq!(refused(&stage.say(conn, other)).1["error"]["code"], 109);
    let mut stage = Stage::with(|config| config.limits.joins_burst = 2);
    stage.srs_pair();
    let conn = stage.open_srs();
    assert_eq!(refused(&stage.say(conn, other)).1["error"]["code"], 103);

    let key = || Key::new("main", [7; 32]).unwrap();
    let mut stage = Stage::with(|config| config.auth_keys = vec![key()]);
    let conn = stage.open_srs();
    assert_eq!(refused(&stage.say(conn, other)).1["error"]["code"], 100);
    let (room, exp) = ("other".to_owned(), UNIX.as_secs() + 60);
    let token =
        mint(&key(), &Claims { room, uid: None, name: None, role: None, grants: None, exp, nbf: None }).unwrap();
    let conn = stage.open_srs_with(Some(token));
    assert!(matches!(&stage.say(conn, other)[..], [Heard::Frame(..)]));
}

#[test]
fn when_the_server_stops_its_rooms_are_gone() {
    let mut stage = Stage::new();
    let [ana, bo] = stage.srs_pair();
    let heard = stage.shut_down();
    assert!(heard.contains(&Heard::Closed(ana, 1001)) && heard.contains(&Heard::Closed(bo, 1001)));
    assert_eq!(stage.hub.srs_rooms.len(), 0);
}

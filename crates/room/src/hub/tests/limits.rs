//! Every limit, at itself and one beyond; and what bad clients cost the others.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use crate::{Config, Opened, Refusal, connection::SURPLUS_MAX};

use super::language::{Heard, Stage, commands, frame, only_error};

fn from(host: u8) -> Opened {
    Opened::from_address(IpAddr::V4(Ipv4Addr::new(192, 0, 2, host)))
}

#[test]
fn malformed_frames_are_answered_and_the_third_in_a_row_closes() {
    let mut stage = Stage::new();
    let (ana, bo) = stage.course_pair();
    for text in ["not JSON", "[]"] {
        assert_eq!(only_error(&stage.say(ana, text)), (ana, 3, "parse-failed".to_owned()));
    }
    let heard = stage.say(ana, "{");
    assert_eq!(commands(&heard, ana), ["error"]);
    let gone = frame(bo, r#"{"cmd":"peer-leave","remoteUid":"ana","uid":"ana"}"#);
    assert_eq!(heard[1..], [Heard::Closed(ana, 1007), gone]);
    assert_eq!(stage.say(ana, "{"), [], "the connection is no more");
    assert_eq!(stage.hub.stats().connections, 1);
}

#[test]
fn a_good_frame_forgives_malformed_ones() {
    let mut stage = Stage::new();
    let ana = stage.open();
    for _ in 0..10 {
        stage.say(ana, "not JSON");
        stage.say(ana, "not JSON");
        assert_eq!(commands(&stage.say(ana, r#"{"cmd":"ping"}"#), ana), ["pong"]);
    }
}

#[test]
fn binary_frames_are_malformed() {
    let mut stage = Stage::new();
    let ana = stage.open();
    for _ in 0..2 {
        stage.hub.handle_binary(stage.now, ana);
        assert_eq!(only_error(&stage.hear()), (ana, 3, "parse-failed".to_owned()));
    }
    stage.hub.handle_binary(stage.now, ana);
    assert_eq!(stage.hear()[1], Heard::Closed(ana, 1003));
}

#[test]
fn a_frame_may_be_as_long_as_the_limit() {
    let mut stage = Stage::new();
    let (ana, bo) = stage.course_pair();
    let frame_of = |bytes: usize| {
        let frame = r#"{"cmd":"offer","uid":"ana","remoteUid":"bo","msg":""}"#;
        frame.replace(r#""msg":"""#, &format!(r#""msg":"{}""#, "m".repeat(bytes - frame.len())))
    };
    let longest = frame_of(256 * 1024);
    assert_eq!(stage.say(ana, &longest), [frame(bo, &longest)]);
    for _ in 0..2 {
        assert_eq!(only_error(&stage.say(ana, &frame_of(256 * 1024 + 1))), (ana, 104, "too-large".to_owned()));
    }
    stage.hub.handle_oversized(stage.now, ana);
    let heard = stage.hear();
    assert_eq!((commands(&heard, ana), &heard[1]), (vec!["error".to_owned()], &Heard::Closed(ana, 1009)));
    assert_eq!(commands(&heard, bo), ["peer-leave"]);
}

#[test]
fn a_burst_of_200_messages_passes_and_the_next_is_refused() {
    let mut stage = Stage::new();
    let (ana, bo) = stage.pair();
    let text = r#"{"cmd":"candidate","id":"1","uid":"ana","remoteUid":"bo","msg":"{}"}"#;
    // The join was the first.
    for _ in 1..200 {
        assert_eq!(commands(&stage.say(ana, text), bo), ["candidate"]);
    }
    let heard = stage.say(ana, text);
    assert_eq!(only_error(&heard), (ana, 103, "rate-limited".to_owned()));
    assert_eq!(super::language::only(&heard).1["id"], "1");
    stage.wait(Duration::from_secs(1));
    assert_eq!((0..60).filter(|_| commands(&stage.say(ana, text), bo) == ["candidate"]).count(), 50);
}

#[test]
fn who_does_not_slow_down_is_closed() {
    let mut stage = Stage::new();
    let (ana, bo) = stage.course_pair();
    let text = r#"{"cmd":"candidate","uid":"ana","remoteUid":"bo","msg":"{}"}"#;
    for _ in 1..200 + SURPLUS_MAX - 1 {
        assert_eq!(stage.say(ana, text).len(), 1);
    }
    assert_eq!(stage.hub.stats().connections, 2);
    let heard = stage.say(ana, text);
    assert_eq!(
        (commands(&heard, ana), commands(&heard, bo)),
        (vec!["error".to_owned()], vec!["peer-leave".to_owned()])
    );
    assert!(heard.contains(&Heard::Closed(ana, 1008)));
}

#[test]
fn connections_of_one_address_are_limited() {
    let mut stage = Stage::with(|config| config.limits.connections_per_address = 2);
    let first = stage.try_open(from(1)).unwrap();
    stage.try_open(from(1)).unwrap();
    let refused = stage.try_open(from(1));
    assert_eq!(refused, Err(Refusal::AddressFull));
    assert_eq!(Refusal::AddressFull.http_status(), 429);
    stage.try_open(from(2)).unwrap();
    stage.close(first);
    stage.try_open(from(1)).unwrap();
    assert_eq!(stage.hub.stats().refused, 1);
}

#[test]
fn all_connections_together_are_limited() {
    let mut stage = Stage::with(|config| config.limits.connections = 2);
    stage.open();
    let second = stage.open();
    assert_eq!(stage.try_open(from(1)), Err(Refusal::ServerFull));
    stage.close(second);
    assert!(stage.try_open(from(1)).is_ok());
}

#[test]
fn a_stopping_server_takes_no_connection() {
    let mut stage = Stage::new();
    stage.shut_down();
    assert_eq!(stage.try_open(from(1)), Err(Refusal::ShuttingDown));
}

#[test]
fn joins_of_one_address_are_limited() {
    let mut stage = Stage::new();
    let ana = stage.try_open(from(1)).unwrap();
    let join = r#"{"cmd":"join","roomId":"100","uid":"ana"}"#;
    for _ in 0..120 {
        assert_eq!(stage.say(ana, join), []);
    }
    assert_eq!(only_error(&stage.say(ana, join)), (ana, 103, "rate-limited".to_owned()));
    let other = stage.try_open(from(2)).unwrap();
    assert_eq!(stage.say(other, r#"{"cmd":"join","roomId":"200","uid":"bo"}"#), []);
    stage.wait(Duration::from_secs(1));
    let joined = (0..10).filter(|_| stage.say(ana, join).is_empty()).count();
    assert_eq!(joined, 4, "240 a minute");
}

#[test]
fn rooms_are_limited_altogether_and_by_address() {
    for change in
        [|config: &mut Config| config.limits.rooms = 2, |config: &mut Config| config.limits.rooms_per_address = 2]
    {
        let mut stage = Stage::with(change);
        let open = |stage: &mut Stage, room: &str| {
            let conn = stage.try_open(from(1)).unwrap();
            (conn, stage.say(conn, &format!(r#"{{"cmd":"join","roomId":"{room}","uid":"ana"}}"#)))
        };
        let (first, heard) = open(&mut stage, "1");
        assert_eq!(heard, []);
        assert_eq!(open(&mut stage, "2").1, []);
        let (third, heard) = open(&mut stage, "3");
        assert_eq!(only_error(&heard), (third, 109, "too-many-rooms".to_owned()));
        stage.close(first);
        assert_eq!(open(&mut stage, "3").1, []);
    }
}

#[test]
fn while_draining_rooms_that_there_are_may_be_joined_and_none_begins() {
    let mut stage = Stage::with(|_| {});
    let join = |stage: &mut Stage, room: &str, uid: &str| {
        let conn = stage.try_open(from(1)).unwrap();
        (conn, stage.say(conn, &format!(r#"{{"cmd":"join","roomId":"{room}","uid":"{uid}"}}"#)))
    };
    assert_eq!(join(&mut stage, "1", "ana").1, []);
    stage.hub.set_draining(true);
    let heard = format!("{:?}", join(&mut stage, "1", "bo").1);
    assert!(!heard.contains("error"), "the room goes on: {heard}");
    let (conn, heard) = join(&mut stage, "2", "carl");
    assert_eq!(only_error(&heard), (conn, 109, "too-many-rooms".to_owned()));
    stage.hub.set_draining(false);
    assert_eq!(join(&mut stage, "2", "carl").1, []);
}

#[test]
fn rooms_of_one_connection_are_limited() {
    let mut stage = Stage::with(|config| config.limits.rooms_per_connection = 2);
    let ana = stage.open();
    let join = |stage: &mut Stage, room: u8| {
        stage.say(ana, &format!(r#"{{"cmd":"join","v":2,"roomId":"{room}","uid":"ana"}}"#))
    };
    assert_eq!(commands(&join(&mut stage, 1), ana), ["joined"]);
    assert_eq!(commands(&join(&mut stage, 2), ana), ["joined"]);
    assert_eq!(only_error(&join(&mut stage, 3)), (ana, 109, "too-many-rooms".to_owned()));
    stage.say(ana, r#"{"cmd":"leave","roomId":1}"#);
    assert_eq!(commands(&join(&mut stage, 3), ana), ["joined"]);
}

#[test]
fn names_and_chat_are_limited_in_bytes() {
    let mut stage = Stage::new();
    let ana = stage.open();
    let join = |name: &str| format!(r#"{{"cmd":"join","v":2,"roomId":"100","uid":"ana","name":"{name}"}}"#);
    assert_eq!(only_error(&stage.say(ana, &join(&"n".repeat(129)))), (ana, 104, "too-large".to_owned()));
    assert_eq!(only_error(&stage.say(ana, &join(&"名".repeat(43)))).1, 104);
    assert_eq!(only_error(&stage.say(ana, &join("\\u0000"))).1, 3);
    assert_eq!(commands(&stage.say(ana, &join(&"n".repeat(128))), ana), ["joined"]);
    let chat = |bytes: usize| format!(r#"{{"cmd":"chat","id":"1","text":"{}"}}"#, "t".repeat(bytes));
    assert_eq!(commands(&stage.say(ana, &chat(4096)), ana), ["ok"]);
    assert_eq!(only_error(&stage.say(ana, &chat(4097))), (ana, 104, "too-large".to_owned()));
}

#[test]
fn a_limit_of_zero_is_none() {
    let mut stage = Stage::with(|config| {
        let limits = &mut config.limits;
        limits.messages_per_second = 0;
        limits.joins_per_minute = 0;
        limits.connections_per_address = 0;
        limits.rooms_per_address = 0;
        limits.members = 0;
        limits.frame_bytes = 0;
        limits.faults = 0;
    });
    for number in 0..600 {
        let conn = stage.try_open(from(1)).unwrap();
        let heard = stage.say(conn, &format!(r#"{{"cmd":"join","roomId":{},"uid":{number}}}"#, number % 300));
        assert_eq!(heard.len(), if number < 300 { 0 } else { 2 });
    }
    let conn = stage.open();
    assert!((0..1000).all(|_| commands(&stage.say(conn, "{"), conn) == ["error"]));
}

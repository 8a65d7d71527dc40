//! Which connections are alive, and what the end of one means.

use std::time::Duration;

use super::language::{Heard, Stage, frame};

const HEARTBEAT: Duration = Duration::from_secs(25);

#[test]
fn a_connection_is_pinged_every_25_seconds() {
    let mut stage = Stage::new();
    let ana = stage.open();
    assert_eq!(stage.wait(HEARTBEAT - Duration::from_millis(1)), []);
    for _ in 0..5 {
        assert_eq!(stage.wait(HEARTBEAT), [Heard::Ping(ana)]);
        assert_eq!(stage.pong(ana), []);
    }
}

#[test]
fn two_unanswered_pings_end_a_connection() {
    let mut stage = Stage::new();
    let (ana, bo) = stage.course_pair();
    let heard = stage.wait_alive(HEARTBEAT * 3, &[bo]);
    let gone = frame(bo, r#"{"cmd":"peer-leave","remoteUid":"ana","uid":"ana"}"#);
    assert_eq!(heard, [Heard::Closed(ana, 1001), gone]);
    assert_eq!(stage.hub.stats().connections, 1);
}

#[test]
fn one_unanswered_ping_is_forgiven_by_a_pong_or_any_frame() {
    let mut stage = Stage::new();
    let (ana, bo) = (stage.open(), stage.open());
    for _ in 0..4 {
        stage.wait(HEARTBEAT * 2);
        stage.pong(ana);
        stage.say(bo, r#"{"cmd":"whatever"}"#);
    }
    assert_eq!(stage.hub.stats().connections, 2);
}

#[test]
fn a_dead_connection_gives_its_uid_free() {
    let mut stage = Stage::new();
    let ana = stage.open();
    let text = r#"{"cmd":"join","roomId":"100","uid":"ana"}"#;
    stage.say(ana, text);
    let again = stage.open();
    stage.wait_alive(HEARTBEAT * 3, &[again]);
    assert_eq!(stage.say(again, text), []);
}

#[test]
fn nothing_is_due_when_nobody_is_there() {
    let mut stage = Stage::new();
    let (ana, bo) = stage.pair();
    stage.close(ana);
    stage.close(bo);
    assert!(stage.hub.poll_timeout().is_some(), "their grace");
    stage.wait(Duration::from_secs(30));
    assert_eq!(stage.hub.poll_timeout(), None);
    assert_eq!(stage.hub.stats().rooms, 0);
}

//! What moderators have decided is not undone by joining again.

use serde_json::json;

use crate::{
    ConnId, Opened, Topology,
    media::{MediaRequest, Source},
    standing::STANDINGS_MAX,
    token::{Claims, Key, mint},
};

use super::language::{Stage, UNIX, commands, find, only_error, requests, resume_token};

fn key() -> Key {
    Key::new("main", [7; 32]).unwrap()
}

/// A connection with a token of this role; `salt` makes another token of it.
fn with_token(stage: &mut Stage, role: &str, salt: u64) -> ConnId {
    let (room, exp, role) = ("100".to_owned(), UNIX.as_secs() + 60 + salt, Some(role.to_owned()));
    let token = mint(&key(), &Claims { room, uid: None, name: None, role, grants: None, exp, nbf: None }).unwrap();
    stage.try_open(Opened { token: Some(token), ..Opened::from_address([192, 0, 2, 1].into()) }).unwrap()
}

/// A room with tokens: `ana` and `bo` are hosts, `bo` by the token with salt 1.
fn hosts() -> (Stage, ConnId, ConnId) {
    let mut stage = Stage::with(|config| {
        config.media = true;
        config.auth_keys = vec![key()];
    });
    let (ana, bo) = (with_token(&mut stage, "host", 0), with_token(&mut stage, "host", 1));
    stage.join_media(ana, "ana");
    stage.join_media(bo, "bo");
    (stage, ana, bo)
}

/// A meeting in which `ana`, the host, has muted the microphone of `bo`.
fn muted() -> (Stage, ConnId, ConnId) {
    let mut stage = Stage::with_media();
    let [ana, bo, _] = stage.trio();
    stage.moderate(ana, r#""mute","remoteUid":"bo","source":"microphone""#);
    (stage, ana, bo)
}

#[test]
fn a_token_does_not_give_back_what_a_moderator_took() {
    for (leaves, uid, salt) in [(false, "bo", 1), (true, "bo", 1), (true, "bob", 1), (true, "bo", 2)] {
        let (mut stage, ana, bo) = hosts();
        stage.moderate(ana, r#""role","remoteUid":"bo","role":"member""#);
        let bo = if leaves {
            stage.say(bo, r#"{"cmd":"leave"}"#);
            with_token(&mut stage, "host", salt)
        } else {
            bo
        };
        let (_, joined) = find(&stage.join_media(bo, uid), "joined");
        assert_eq!(joined["self"]["role"], json!("member"), "{leaves} {uid} {salt}");
        assert_eq!(only_error(&stage.moderate(bo, r#""lock""#)).1, 110);
    }
}

#[test]
fn who_was_made_host_is_host_again_with_its_token_and_not_by_its_name() {
    for (role, salt, again) in [("guest", 5, "host"), ("guest", 6, "guest")] {
        let (mut stage, ana, _) = hosts();
        let cy = with_token(&mut stage, "guest", 5);
        stage.join_media(cy, "cy");
        stage.moderate(ana, r#""role","remoteUid":"cy","role":"host""#);
        stage.say(cy, r#"{"cmd":"leave"}"#);
        let cy = with_token(&mut stage, role, salt);
        assert_eq!(find(&stage.join_media(cy, "cy"), "joined").1["self"]["role"], json!(again));
    }
}

#[test]
fn a_mute_holds_for_who_leaves_and_comes_again_until_it_says_that_it_is_on() {
    let (mut stage, _, bo) = muted();
    stage.say(bo, r#"{"cmd":"leave"}"#);
    let join = r#"{"cmd":"join","v":2,"roomId":"100","uid":"bo","caps":["media"],"state":{"audio":true,"video":true}}"#;
    let heard = stage.say(bo, join);
    assert_eq!(commands(&heard, bo), ["joined", "moderated"]);
    assert_eq!(find(&heard, "moderated").1["source"], json!("microphone"));
    let state = &find(&heard, "joined").1["self"]["state"];
    assert_eq!((&state["audio"], &state["video"]), (&json!(false), &json!(true)));
    let blocked: Vec<_> = requests(&stage.say(bo, &stage.offer_of(bo, "c1"))).into_iter().skip(1).collect();
    let [
        MediaRequest::Block { source: Source::Microphone, blocked: true, .. },
        MediaRequest::Block { source: Source::ScreenAudio, blocked: true, .. },
    ] = blocked[..]
    else {
        panic!("not two blocks: {blocked:?}");
    };
    let heard = stage.say(bo, r#"{"cmd":"state","state":{"audio":true}}"#);
    assert_eq!(requests(&heard).len(), 2, "unblocked");
    stage.say(bo, r#"{"cmd":"leave"}"#);
    assert_eq!(commands(&stage.say(bo, join), bo), ["joined"], "it is over");
}

#[test]
fn another_name_on_the_same_connection_is_muted_as_the_former_one() {
    let (mut stage, _, bo) = muted();
    assert_eq!(commands(&stage.join_media(bo, "bob"), bo), ["joined", "moderated"]);
    assert_eq!(requests(&stage.say(bo, &stage.offer_of(bo, "c1"))).len(), 3, "the offer and two blocks");
}

#[test]
fn unmuting_all_is_for_who_has_left_too() {
    let (mut stage, ana, bo) = muted();
    stage.say(bo, r#"{"cmd":"leave"}"#);
    stage.moderate(ana, r#""unmute","source":"microphone""#);
    assert_eq!(commands(&stage.join_media(bo, "bo"), bo), ["joined"]);
}

#[test]
fn another_name_on_the_same_connection_does_not_pass_the_door() {
    for (door, code) in [(r#""lock""#, 105), (r#""lobby","on":true"#, 2)] {
        let mut stage = Stage::with_media();
        let [ana, bo, _] = stage.trio();
        stage.moderate(ana, door);
        assert_eq!(only_error(&stage.join_media(bo, "bob")).1, code, "{door}");
        assert_eq!(commands(&stage.say(bo, r#"{"cmd":"chat","id":"1","text":"x"}"#), bo), ["ok"], "its seat is kept");
        assert_eq!(commands(&stage.join_media(bo, "bo"), bo), ["joined"], "under its own name it is in");
    }
}

#[test]
fn a_lone_member_that_takes_its_seat_anew_finds_the_room_as_it_was() {
    const CLAIM: &str = "a1b2c3d4e5f60718";
    let join = |uid: &str| {
        format!(r#"{{"cmd":"join","v":2,"roomId":"100","uid":"{uid}","caps":["media"],"resume":"{CLAIM}"}}"#)
    };
    for (uid, same_connection) in [("ana", false), ("anna", true)] {
        let mut stage = Stage::with(|config| {
            config.media = true;
            config.topology = Topology::Sfu;
        });
        let lost = stage.open();
        stage.say(lost, &join("ana"));
        stage.moderate(lost, r#""lobby","on":false"#);
        stage.say(lost, r#"{"cmd":"chat","text":"Hello"}"#);
        let again = if same_connection { lost } else { stage.open() };
        let (_, joined) = find(&stage.say(again, &join(uid)), "joined");
        assert_eq!((&joined["mode"], &joined["self"]["role"]), (&json!("sfu"), &json!("host")), "{uid}");
        assert_eq!(joined["history"].as_array().map(Vec::len), Some(1), "the same room");
        let offered = requests(&stage.say(again, &join(uid).replace("join", "leave")));
        assert!(offered.is_empty());
        assert_eq!(stage.hub.stats().rooms, 0);
    }
}

#[test]
fn the_oldest_standing_makes_room_for_one_too_many() {
    let mut stage = Stage::with(|config| {
        config.media = true;
        config.limits.messages_per_second = 0;
        config.limits.joins_per_minute = 0;
    });
    let ana = stage.open();
    stage.join_media(ana, "ana");
    for number in 0..=STANDINGS_MAX {
        let conn = stage.open();
        stage.join_media(conn, &format!("g{number}"));
        stage.moderate(ana, &format!(r#""mute","remoteUid":"g{number}","source":"camera""#));
        stage.say(conn, r#"{"cmd":"leave"}"#);
    }
    for (number, remembered) in [(0, false), (1, true), (STANDINGS_MAX, true)] {
        let conn = stage.open();
        let heard = stage.join_media(conn, &format!("g{number}"));
        assert_eq!(commands(&heard, conn).len() == 2, remembered, "{number}");
    }
}

#[test]
fn who_resumes_is_muted_as_before() {
    let mut stage = Stage::with_media();
    let [ana, bo, _] = stage.trio();
    let token = resume_token(&stage.join_media(bo, "bo"));
    stage.moderate(ana, r#""mute","remoteUid":"bo","source":"microphone""#);
    stage.close(bo);
    let back = stage.open();
    stage.resume(back, "bo", &token);
    let heard = stage.moderate(ana, r#""unmute","remoteUid":"bo","source":"microphone""#);
    assert_eq!(commands(&heard, back), ["moderated"]);
}

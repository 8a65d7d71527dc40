//! Who may join and who may do what: tokens, the port for course clients, grants.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use serde_json::json;

use crate::{
    Anonymous, ConnId, Opened,
    token::{Claims, Key, mint},
};

use super::language::{Heard, Stage, UNIX, commands, find, only_error, resume_token};

fn key() -> Key {
    Key::new("first", [1; 32]).unwrap()
}

/// A server that wants tokens.
fn guarded() -> Stage {
    Stage::with(|config| config.auth_keys = vec![Key::new("next", [2; 32]).unwrap(), key()])
}

fn claims(room: &str) -> Claims {
    let exp = UNIX.as_secs() + 600;
    Claims { room: room.to_owned(), uid: None, name: None, role: None, grants: None, exp, nbf: None }
}

fn token(claims: &Claims) -> String {
    mint(&key(), claims).unwrap()
}

fn join(stage: &mut Stage, room: &str, token: &str) -> (ConnId, Vec<Heard>) {
    let conn = stage.open();
    let text = format!(r#"{{"cmd":"join","v":2,"roomId":"{room}","uid":"ana","name":"Ana","token":"{token}"}}"#);
    (conn, stage.say(conn, &text))
}

/// A member with these grants, and a peer with all.
fn granted(grants: &[&str]) -> (Stage, ConnId, ConnId) {
    let mut stage = guarded();
    let (bo, _) = {
        let text = token(&Claims { uid: Some("bo".to_owned()), ..claims("100") });
        join(&mut stage, "100", &text)
    };
    let grants = Some(grants.iter().copied().map(str::to_owned).collect());
    let (ana, heard) = join(&mut stage, "100", &token(&Claims { grants, ..claims("100") }));
    assert_eq!(commands(&heard, ana), ["joined"]);
    (stage, ana, bo)
}

#[test]
fn without_keys_anybody_may_join_and_tokens_are_not_read() {
    let mut stage = Stage::new();
    let (conn, heard) = join(&mut stage, "100", "nonsense");
    assert_eq!(commands(&heard, conn), ["joined"]);
}

#[test]
fn with_keys_nobody_joins_without_a_good_token() {
    let mut stage = guarded();
    let other_key = mint(&Key::new("first", [9; 32]).unwrap(), &claims("100")).unwrap();
    let expired = token(&Claims { exp: UNIX.as_secs(), ..claims("100") });
    let bad_uid = token(&Claims { uid: Some(String::new()), ..claims("100") });
    let long_name = token(&Claims { name: Some("n".repeat(129)), ..claims("100") });
    for token in ["", "nonsense", &other_key, &expired, &token(&claims("200")), &bad_uid, &long_name] {
        let (conn, heard) = join(&mut stage, "100", token);
        assert_eq!(only_error(&heard), (conn, 100, "unauthorised".to_owned()), "{token}");
    }
    let ana = stage.open();
    let text = r#"{"cmd":"join","roomId":"100","uid":"ana"}"#;
    assert_eq!(only_error(&stage.say(ana, text)), (ana, 100, "unauthorised".to_owned()));
    assert_eq!(stage.hub.stats().rooms, 0);
}

#[test]
fn a_token_for_one_room_or_for_all_lets_in() {
    for room in ["100", "*"] {
        let mut stage = guarded();
        let (conn, heard) = join(&mut stage, "100", &token(&claims(room)));
        assert_eq!(commands(&heard, conn), ["joined"]);
    }
}

#[test]
fn the_tokens_identity_wins() {
    let mut stage = guarded();
    let full = Claims {
        uid: Some("dr-wu".to_owned()),
        name: Some("Dr. Wu".to_owned()),
        role: Some("doctor".to_owned()),
        grants: Some(vec!["subscribe".to_owned(), "moderate".to_owned()]),
        ..claims("100")
    };
    let (_, heard) = join(&mut stage, "100", &token(&full));
    let own = find(&heard, "joined").1["self"].clone();
    assert_eq!(
        own,
        json!({
            "uid": "dr-wu", "name": "Dr. Wu", "role": "doctor", "grants": ["subscribe", "moderate"],
            "state": {"audio": false, "video": false, "screen": false, "hand": false},
        })
    );
}

#[test]
fn a_course_client_brings_its_token_in_the_url() {
    let mut stage = guarded();
    let mut opened = Opened::from_address(IpAddr::V4(Ipv4Addr::LOCALHOST));
    opened.token = Some(token(&claims("100")));
    let ana = stage.try_open(opened).unwrap();
    assert_eq!(stage.say(ana, r#"{"cmd":"join","roomId":100,"uid":"k3j9"}"#), []);
    assert_eq!(stage.hub.stats().members, 1);
}

#[test]
fn a_course_client_cannot_take_another_uid_than_its_tokens() {
    let mut stage = guarded();
    let mut opened = Opened::from_address(IpAddr::V4(Ipv4Addr::LOCALHOST));
    opened.token = Some(token(&Claims { uid: Some("ana".to_owned()), ..claims("100") }));
    let ana = stage.try_open(opened).unwrap();
    let other = stage.say(ana, r#"{"cmd":"join","roomId":"100","uid":"k3j9"}"#);
    assert_eq!(only_error(&other), (ana, 100, "unauthorised".to_owned()));
    assert_eq!(stage.say(ana, r#"{"cmd":"join","roomId":"100","uid":"ana"}"#), []);
}

#[test]
fn the_token_of_the_message_goes_before_that_of_the_url() {
    let mut stage = guarded();
    let mut opened = Opened::from_address(IpAddr::V4(Ipv4Addr::LOCALHOST));
    opened.token = Some(token(&claims("100")));
    let ana = stage.try_open(opened).unwrap();
    let text = format!(r#"{{"cmd":"join","v":2,"roomId":"100","token":"{}"}}"#, token(&claims("200")));
    assert_eq!(only_error(&stage.say(ana, &text)).1, 100);
}

#[test]
fn an_expired_token_ends_no_call_but_opens_none() {
    let mut stage = guarded();
    let short = token(&Claims { exp: UNIX.as_secs() + 20, ..claims("100") });
    let (ana, heard) = join(&mut stage, "100", &short);
    let resume = resume_token(&heard);
    assert_eq!(stage.wait_alive(Duration::from_secs(60), &[ana]), []);
    assert_eq!(stage.hub.stats().members, 1);
    stage.close(ana);
    let back = stage.open();
    let resumed = stage.resume(back, "ana", &resume);
    assert_eq!(find(&resumed, "joined").1["resumed"], json!(true), "the resume token is enough");
    stage.say(back, r#"{"cmd":"leave"}"#);
    let (_, refused) = join(&mut stage, "100", &short);
    assert_eq!(only_error(&refused).1, 100);
}

#[test]
fn joining_again_with_a_newer_token_changes_the_grants() {
    let (mut stage, ana, _) = granted(&["subscribe"]);
    assert_eq!(only_error(&stage.say(ana, r#"{"cmd":"chat","text":"Hello"}"#)).1, 110);
    let newer = token(&Claims { grants: Some(vec!["chat".to_owned()]), ..claims("100") });
    let text = format!(r#"{{"cmd":"join","v":2,"roomId":"100","uid":"ana","token":"{newer}"}}"#);
    assert_eq!(commands(&stage.say(ana, &text), ana), ["joined"]);
    assert_eq!(commands(&stage.say(ana, r#"{"cmd":"chat","text":"Hello","id":"1"}"#), ana), ["ok"]);
}

#[test]
fn chat_needs_its_grant() {
    let (mut stage, ana, _) = granted(&["subscribe"]);
    let text = r#"{"cmd":"chat","text":"Hello"}"#;
    assert_eq!(only_error(&stage.say(ana, text)), (ana, 110, "forbidden".to_owned()));
}

#[test]
fn media_is_negotiated_with_any_media_grant_and_with_none_not() {
    let offer = r#"{"cmd":"offer","uid":"ana","remoteUid":"bo","msg":"{}"}"#;
    for grant in ["subscribe", "pub.audio", "pub.video", "pub.screen"] {
        let (mut stage, ana, bo) = granted(&[grant]);
        let heard = stage.say(ana, offer);
        assert_eq!((commands(&heard, bo), commands(&heard, ana)), (vec!["offer".to_owned()], vec![]));
    }
    let (mut stage, ana, _) = granted(&["chat"]);
    assert_eq!(only_error(&stage.say(ana, offer)), (ana, 110, "forbidden".to_owned()));
}

#[test]
fn publishing_needs_its_grant() {
    let (mut stage, ana, bo) = granted(&["pub.audio"]);
    assert_eq!(commands(&stage.say(ana, r#"{"cmd":"state","state":{"audio":true}}"#), bo), ["peer-state"]);
    for kind in ["video", "screen"] {
        let text = format!(r#"{{"cmd":"state","state":{{"{kind}":true}}}}"#);
        assert_eq!(only_error(&stage.say(ana, &text)), (ana, 110, "forbidden".to_owned()));
    }
}

#[test]
fn what_a_joiner_may_not_publish_is_off() {
    let mut stage = guarded();
    let token = token(&Claims { grants: Some(vec!["pub.audio".to_owned()]), ..claims("100") });
    let conn = stage.open();
    let state = r#"{"audio":true,"video":true,"screen":true,"hand":false}"#;
    let text = format!(r#"{{"cmd":"join","v":2,"roomId":"100","token":"{token}","state":{state}}}"#);
    let joined = find(&stage.say(conn, &text), "joined").1;
    assert_eq!(joined["self"]["state"], json!({"audio": true, "video": false, "screen": false, "hand": false}));
}

#[test]
fn the_port_for_course_clients_has_its_own_policy() {
    let joins = |keys: bool, policy: &str, compat: bool, room: &str| {
        let mut stage = Stage::with(|config| {
            config.auth_keys = if keys { vec![key()] } else { Vec::new() };
            config.compat_anonymous = policy.parse().unwrap();
        });
        let mut opened = Opened::from_address(IpAddr::V4(Ipv4Addr::LOCALHOST));
        opened.compat = compat;
        let conn = stage.try_open(opened).unwrap();
        stage.say(conn, &format!(r#"{{"cmd":"join","roomId":"{room}","uid":"ana"}}"#)).is_empty()
    };
    let table = [
        (false, "auto", true, "x", true),
        (true, "auto", true, "x", false),
        (true, "all", true, "x", true),
        (true, "all", false, "x", false),
        (true, "prefix:demo-", true, "demo-1", true),
        (true, "prefix:demo-", true, "x", false),
        (true, "prefix:demo-", false, "demo-1", false),
        (false, "prefix:demo-", true, "x", false),
        (false, "prefix:demo-", false, "x", true),
        (false, "off", true, "x", false),
        (false, "off", false, "x", true),
    ];
    for (keys, policy, compat, room, expected) in table {
        assert_eq!(joins(keys, policy, compat, room), expected, "{policy} compat={compat} room={room}");
    }
}

#[test]
fn a_policy_that_is_none_is_refused() {
    for text in ["", "on", "All", "prefix:", "prefix"] {
        assert!(text.parse::<Anonymous>().is_err(), "{text}");
    }
    assert_eq!("prefix:demo-".parse(), Ok(Anonymous::Prefix("demo-".to_owned())));
}

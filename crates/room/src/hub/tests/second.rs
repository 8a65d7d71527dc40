//! v2: the messages that our own client speaks.

use std::time::Duration;

use serde_json::{Value, json};

use super::language::{Heard, Stage, UNIX, commands, find, frame, only, only_error, resume_token};

#[test]
fn joined_tells_everything_that_a_client_needs() {
    let mut stage = Stage::new();
    let (ana, bo) = (stage.open(), stage.open());
    stage.say(ana, r#"{"cmd":"join","roomId":"100","uid":"zz81"}"#);
    let text =
        r#"{"cmd":"join","v":2,"id":"1","roomId":100,"uid":"bo","name":"Bo","caps":["chat"],"state":{"audio":true}}"#;
    let heard = stage.say(bo, text);
    let (conn, joined) = find(&heard, "joined");
    assert_eq!(conn, bo);
    assert_eq!(
        joined,
        json!({
            "cmd": "joined", "id": "1", "roomId": 100,
            "self": {
                "uid": "bo", "name": "Bo", "role": "host",
                "grants": ["subscribe", "pub.audio", "pub.video", "pub.screen", "chat", "moderate", "admit"],
                "state": {"audio": true, "video": false, "screen": false, "hand": false},
            },
            "roster": [{
                "uid": "zz81", "name": "", "role": "member", "v": 1, "caps": [], "connection": "online",
            }],
            "iceServers": [], "resume": joined["resume"], "resumed": false, "mode": "p2p",
            "room": {"locked": false, "lobby": false, "waiting": []}, "elapsedMs": 0, "history": [],
            "features": ["resume", "peer-state", "chat", "history", "data", "react", "moderate", "lobby"],
            "limits": {
                "members": 2, "frameBytes": 262_144, "messagesPerSecond": 50, "chatBytes": 4096, "resumeSeconds": 30,
            },
            "heartbeatSeconds": 25,
        })
    );
    assert_eq!(joined["resume"].as_str().map(str::len), Some(32));
    assert_eq!(heard[0], frame(ana, r#"{"cmd":"new-peer","remoteUid":"bo","uid":"bo"}"#));
}

/// How long the meeting has lasted for who joins.
fn elapsed(heard: &[Heard]) -> Option<Value> {
    find(heard, "joined").1.get("elapsedMs").cloned()
}

#[test]
fn a_meeting_lasts_from_its_second_member_until_nobody_is_left() {
    let mut stage = Stage::new();
    let (ana, bo) = (stage.open(), stage.open());
    let second = Duration::from_secs(1);
    assert_eq!(elapsed(&stage.join_media(ana, "ana")), None, "nobody to meet");
    stage.wait(second);
    let heard = stage.join_media(bo, "bo");
    assert_eq!(elapsed(&heard), Some(json!(0)));
    let token = resume_token(&heard);
    stage.wait(second * 3);
    stage.close(bo);
    stage.wait(second);
    let back = stage.open();
    assert_eq!(elapsed(&stage.resume(back, "bo", &token)), Some(json!(4_000)));
    stage.say(back, r#"{"cmd":"leave"}"#);
    stage.wait(second);
    assert_eq!(elapsed(&stage.join_media(back, "bo")), Some(json!(5_000)), "one has stayed");
    stage.say(ana, r#"{"cmd":"leave"}"#);
    stage.say(back, r#"{"cmd":"leave"}"#);
    stage.join_media(ana, "ana");
    assert_eq!(elapsed(&stage.join_media(back, "bo")), Some(json!(0)), "another meeting");
}

#[test]
fn a_newcomer_is_introduced_to_v2_members_in_full() {
    let mut stage = Stage::new();
    let (ana, bo) = (stage.open(), stage.open());
    stage.join(ana, "ana");
    let heard = stage.say(bo, r#"{"cmd":"join","v":2,"roomId":"100","uid":"bo","name":"Bo","caps":["chat"]}"#);
    let expected = json!({
        "cmd": "new-peer", "roomId": "100", "remoteUid": "bo", "uid": "bo", "name": "Bo", "role": "member", "v": 2,
        "caps": ["chat"], "state": {"audio": false, "video": false, "screen": false, "hand": false},
    });
    assert_eq!(find(&heard, "new-peer"), (ana, expected));
    assert_eq!(commands(&heard, bo), ["joined"], "no resp-join in v2");
}

#[test]
fn who_brings_no_uid_gets_one() {
    let mut stage = Stage::new();
    let ana = stage.open();
    let (_, joined) = only(&stage.say(ana, r#"{"cmd":"join","v":2,"roomId":"100"}"#));
    let uid = joined["self"]["uid"].as_str().unwrap().to_owned();
    assert!(uid.len() == 10 && uid.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()), "{uid}");
    let (_, again) = only(&stage.say(ana, r#"{"cmd":"join","v":2,"roomId":"100"}"#));
    assert_eq!(again["self"]["uid"], uid, "the same seat");
}

#[test]
fn requests_with_an_id_are_answered_once_with_it() {
    let mut stage = Stage::new();
    let (ana, bo) = stage.pair();
    let offer = r#"{"cmd":"offer","id":"2","roomId":"100","uid":"ana","remoteUid":"bo","msg":"{}"}"#;
    let forwarded = r#"{"cmd":"offer","roomId":"100","uid":"ana","remoteUid":"bo","msg":"{}"}"#;
    assert_eq!(stage.say(ana, offer), [frame(bo, forwarded), frame(ana, r#"{"cmd":"ok","id":"2"}"#)]);
    assert_eq!(stage.say(ana, r#"{"cmd":"ping","id":"6"}"#), [frame(ana, r#"{"cmd":"pong","id":"6"}"#)]);
    assert_eq!(
        stage.say(ana, r#"{"cmd":"offer","id":"7","roomId":"100","uid":"ana","remoteUid":"cy","msg":"{}"}"#),
        [frame(
            ana,
            r#"{"cmd":"error","id":"7","code":6,"reason":"peer-not-found","roomId":"100","remoteUid":"cy","message":"There is no such member in the room."}"#
        )]
    );
    let (_, error) = only(&stage.say(ana, r#"{"cmd":"dance","id":"8"}"#));
    assert_eq!((error["code"].as_u64(), error["id"].as_str()), (Some(3), Some("8")));
    let leave = stage.say(ana, r#"{"cmd":"leave","id":"5","roomId":"100"}"#);
    assert_eq!(leave.last(), Some(&frame(ana, r#"{"cmd":"ok","id":"5"}"#)));
    assert_eq!(stage.say(ana, r#"{"cmd":"leave","id":"9"}"#), [frame(ana, r#"{"cmd":"ok","id":"9"}"#)]);
}

#[test]
fn requests_without_an_id_are_answered_only_when_they_fail() {
    let mut stage = Stage::new();
    let (ana, bo) = stage.pair();
    let offer = r#"{"cmd":"offer","uid":"ana","remoteUid":"bo","msg":"{}"}"#;
    assert_eq!(stage.say(ana, offer), [frame(bo, offer)]);
    assert_eq!(stage.say(ana, r#"{"cmd":"dance"}"#), []);
    assert_eq!(only_error(&stage.say(ana, r#"{"cmd":"state"}"#)).1, 3);
}

#[test]
fn a_refused_join_is_answered_with_its_id() {
    let mut stage = Stage::new();
    stage.pair();
    let cy = stage.open();
    let (_, error) = only(&stage.say(cy, r#"{"cmd":"join","v":2,"id":"1","roomId":"100","uid":"cy"}"#));
    assert_eq!((&error["code"], &error["id"], &error["roomId"]), (&json!(1), &json!("1"), &json!("100")));
}

#[test]
fn an_id_that_is_none_is_an_error_without_one() {
    let mut stage = Stage::new();
    let (ana, _) = stage.pair();
    assert_eq!(only_error(&stage.say(ana, r#"{"cmd":"ping","id":7}"#)), (ana, 3, "parse-failed".to_owned()));
}

#[test]
fn a_later_version_is_refused() {
    let mut stage = Stage::new();
    let ana = stage.open();
    let text = r#"{"cmd":"join","v":3,"id":"1","roomId":"100"}"#;
    assert_eq!(only_error(&stage.say(ana, text)), (ana, 108, "version".to_owned()));
}

#[test]
fn state_reaches_the_others_and_later_joiners() {
    let mut stage = Stage::new();
    let (ana, bo) = stage.pair();
    assert_eq!(
        stage.say(ana, r#"{"cmd":"state","id":"3","state":{"audio":false,"video":true,"screen":false,"hand":false}}"#),
        [
            frame(
                bo,
                r#"{"cmd":"peer-state","roomId":"100","remoteUid":"ana","connection":"online","state":{"audio":false,"video":true,"screen":false,"hand":false}}"#
            ),
            frame(ana, r#"{"cmd":"ok","id":"3"}"#),
        ]
    );
    stage.say(bo, r#"{"cmd":"leave"}"#);
    let (_, joined) = find(&stage.say(bo, r#"{"cmd":"join","v":2,"roomId":"100","uid":"bo"}"#), "joined");
    assert_eq!(joined["roster"][0]["state"]["video"], json!(true));
    for text in [r#"{"cmd":"state","state":[]}"#, r#"{"cmd":"state","state":{"audio":1}}"#] {
        assert_eq!(only_error(&stage.say(ana, text)).1, 3, "{text}");
    }
}

#[test]
fn chat_reaches_the_others_with_the_servers_time() {
    let mut stage = Stage::new();
    let (ana, bo) = stage.pair();
    let at = UNIX.as_millis();
    let chat =
        format!(r#"{{"cmd":"chat","roomId":"100","uid":"ana","name":"","text":"Hello","private":false,"at":{at}}}"#);
    assert_eq!(
        stage.say(ana, r#"{"cmd":"chat","id":"4","text":"Hello"}"#),
        [frame(bo, &chat), frame(ana, r#"{"cmd":"ok","id":"4"}"#)]
    );
    let (_, private) = only(&stage.say(ana, r#"{"cmd":"chat","text":"Hi","remoteUid":"bo"}"#));
    assert_eq!(private["private"], json!(true));
    assert_eq!(only_error(&stage.say(ana, r#"{"cmd":"chat","text":"Hi","remoteUid":"cy"}"#)).1, 6);
    assert_eq!(only_error(&stage.say(ana, r#"{"cmd":"chat","text":""}"#)).1, 3);
}

#[test]
fn a_private_message_is_heard_by_nobody_else() {
    let mut stage = Stage::with_media();
    let [ana, bo, cy] = stage.trio();
    let heard = stage.say(ana, r#"{"cmd":"chat","text":"Hi","remoteUid":"bo"}"#);
    assert_eq!((commands(&heard, bo), commands(&heard, cy)), (vec!["chat".to_owned()], vec![]));
}

#[test]
fn a_dialect_a_member_gets_no_message_that_it_does_not_know() {
    let mut stage = Stage::new();
    let (ana, bo) = (stage.open(), stage.open());
    stage.say(ana, r#"{"cmd":"join","roomId":"100","uid":"ana"}"#);
    let token = stage.join(bo, "bo");
    let course = ["new-peer", "peer-leave", "offer", "answer", "candidate", "hangup"].map(str::to_owned);
    let mut heard = stage.say(bo, r#"{"cmd":"state","state":{"audio":true}}"#);
    heard.extend(stage.say(bo, r#"{"cmd":"chat","text":"Hello"}"#));
    heard.extend(stage.close(bo));
    let back = stage.open();
    heard.extend(stage.resume(back, "bo", &token));
    heard.extend(stage.say(back, r#"{"cmd":"offer","id":"1","uid":"bo","remoteUid":"ana","msg":"{}"}"#));
    heard.extend(stage.say(back, r#"{"cmd":"leave"}"#));
    assert_eq!(commands(&heard, ana), ["offer", "peer-leave"]);
    assert!(commands(&heard, ana).iter().all(|command| course.contains(command)));
    assert!(heard.contains(&frame(ana, r#"{"cmd":"offer","uid":"bo","remoteUid":"ana","msg":"{}"}"#)), "without id");
}

#[test]
fn a_private_message_to_a_dialect_a_member_is_refused() {
    let mut stage = Stage::new();
    let (ana, bo) = (stage.open(), stage.open());
    stage.say(ana, r#"{"cmd":"join","roomId":"100","uid":"ana"}"#);
    stage.join(bo, "bo");
    let text = r#"{"cmd":"chat","text":"Hello","remoteUid":"ana"}"#;
    assert_eq!(only_error(&stage.say(bo, text)), (bo, 108, "version".to_owned()));
}

#[test]
fn a_connection_may_be_in_several_rooms_and_then_must_say_which() {
    let mut stage = Stage::new();
    let (ana, bo) = stage.pair();
    stage.say(ana, r#"{"cmd":"join","v":2,"roomId":"200","uid":"ana"}"#);
    assert_eq!(only_error(&stage.say(ana, r#"{"cmd":"chat","text":"Hello"}"#)).1, 102);
    let heard = stage.say(ana, r#"{"cmd":"chat","text":"Hello","roomId":"100"}"#);
    assert_eq!(only(&heard).0, bo);
    let heard = stage.close(ana);
    assert_eq!(commands(&heard, bo), ["peer-state"]);
    assert_eq!(stage.hub.stats().reconnecting, 2);
}

#[test]
fn a_connection_that_turns_to_v2_leaves_the_room_it_was_in() {
    let mut stage = Stage::new();
    let (ana, bo) = stage.course_pair();
    let heard = stage.say(ana, r#"{"cmd":"join","v":2,"roomId":"200","uid":"ana"}"#);
    assert_eq!(heard[0], frame(bo, r#"{"cmd":"peer-leave","remoteUid":"ana","uid":"ana"}"#));
    assert_eq!(commands(&heard, ana), ["joined"]);
}

#[test]
fn when_the_server_stops_everybody_is_told_and_closed() {
    let mut stage = Stage::new();
    let (ana, bo) = stage.pair();
    let closing = r#"{"cmd":"closing","reason":"shutdown","retryAfterMs":2000}"#;
    assert_eq!(
        stage.shut_down(),
        [frame(ana, closing), frame(bo, closing), Heard::Closed(ana, 1001), Heard::Closed(bo, 1001)]
    );
    assert_eq!(stage.hub.poll_timeout(), None);
    assert_eq!(stage.close(ana), []);
}

//! A client of AppRTC and a member that speaks another dialect.

use serde_json::json;

use super::{ANSWER, BYE, CANDIDATE, OFFER, message};
use crate::{
    ConnId, Opened,
    hub::tests::language::{Heard, Stage, UNIX, find, frame, only, only_error},
    token::{Claims, Key, mint},
};

/// The uid under which the others know the only client of AppRTC.
fn uid(stage: &Stage) -> String {
    let room = stage.hub.rooms.values().next().unwrap();
    room.members().iter().find(|member| member.uid.as_str() != "ana").unwrap().uid.as_str().to_owned()
}

fn to_apprtc(stage: &mut Stage, from: ConnId, cmd: &str, msg: &str) -> Vec<Heard> {
    let remote = uid(stage);
    stage.say(from, &json!({"cmd": cmd, "roomId": "100", "uid": "ana", "remoteUid": remote, "msg": msg}).to_string())
}

#[test]
fn a_client_that_waits_calls_the_student_who_comes() {
    let mut stage = Stage::new();
    let (first, one) = stage.apprtc_with_socket(1);
    stage.post(&first.client, OFFER).0.unwrap();
    stage.send(one, CANDIDATE);
    let ana = stage.open();
    let heard = stage.say(ana, r#"{"cmd":"join","roomId":"100","uid":"ana"}"#);
    let own = uid(&stage);
    let offer = format!(r#"{{"cmd":"offer","msg":{},"remoteUid":"ana","roomId":"100","uid":"{own}"}}"#, json!(OFFER));
    assert_eq!(
        heard[..2],
        [frame(ana, &format!(r#"{{"cmd":"resp-join","remoteUid":"{own}","uid":"{own}"}}"#)), frame(ana, &offer)]
    );
    let candidate = find(&heard, "candidate").1;
    let inner: serde_json::Value = serde_json::from_str(candidate["msg"].as_str().unwrap()).unwrap();
    assert_eq!(
        inner,
        json!({"label": 0, "id": "0", "sdpMLineIndex": 0, "sdpMid": "0", "candidate": "candidate:1 1 udp 1 192.0.2.7 5 typ host"})
    );
    assert_eq!(to_apprtc(&mut stage, ana, "answer", ANSWER), [message(one, ANSWER)]);
}

#[test]
fn a_member_that_waits_offers_to_the_client_that_comes() {
    let mut stage = Stage::new();
    let ana = stage.open();
    stage.join(ana, "ana");
    let (joined, heard) = stage.apprtc(1);
    assert!(!joined.is_initiator && joined.messages.is_empty());
    let newcomer = only(&heard).1;
    assert_eq!((&newcomer["cmd"], &newcomer["v"], &newcomer["caps"]), (&json!("new-peer"), &json!(1), &json!([])));

    let offer = r#"{"type":"offer","sdp":"v=0\r\n"}"#;
    assert_eq!(to_apprtc(&mut stage, ana, "offer", offer), [], "there is no socket yet");
    let one = stage.open();
    assert_eq!(stage.register(one, &joined.client), [message(one, offer)]);
    let (to, heard) = only(&stage.send(one, ANSWER));
    assert_eq!((to, &heard["cmd"], &heard["msg"]), (ana, &json!("answer"), &json!(ANSWER)));
}

#[test]
fn candidates_of_every_shape_are_heard_in_the_shape_of_who_hears() {
    let mut stage = Stage::new();
    let ana = stage.open();
    stage.join(ana, "ana");
    let (_, one) = stage.apprtc_with_socket(1);
    for (said, heard) in [
        (r#"{"label":1,"id":"a","candidate":"c"}"#, r#"{"type":"candidate","label":1,"id":"a","candidate":"c"}"#),
        (
            r#"{"sdpMLineIndex":1,"sdpMid":"a","candidate":"c"}"#,
            r#"{"type":"candidate","label":1,"id":"a","candidate":"c"}"#,
        ),
        (r#"{"type":"candidate","candidate":"c"}"#, r#"{"type":"candidate","candidate":"c"}"#),
        ("no JSON", "no JSON"),
    ] {
        let words = to_apprtc(&mut stage, ana, "candidate", said);
        let inner = only(&words).1["msg"].as_str().unwrap().to_owned();
        let as_json = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap_or_else(|_| json!(text));
        assert_eq!(as_json(&inner), as_json(heard), "{said}");
    }
    let words = stage.send(one, r#"{"type":"candidate","candidate":"c"}"#);
    let inner: serde_json::Value = serde_json::from_str(only(&words).1["msg"].as_str().unwrap()).unwrap();
    assert_eq!(inner, json!({"label": 0, "id": null, "sdpMLineIndex": 0, "sdpMid": null, "candidate": "c"}));
}

#[test]
fn a_member_hears_nothing_of_what_only_devices_understand() {
    let mut stage = Stage::new();
    let ana = stage.open();
    stage.join(ana, "ana");
    let (_, one) = stage.apprtc_with_socket(1);
    for msg in
        [r#"{"error":""}"#, r#"{"type":"customized","data":"x"}"#, "no JSON", r#"{"type":"candidate"}"#, r#"["offer"]"#]
    {
        assert_eq!(stage.send(one, msg), [], "{msg}");
    }
}

#[test]
fn each_hears_when_the_other_goes() {
    let mut stage = Stage::new();
    let ana = stage.open();
    stage.say(ana, r#"{"cmd":"join","roomId":"100","uid":"ana"}"#);
    let (joined, one) = stage.apprtc_with_socket(1);
    let own = uid(&stage);
    let gone = frame(ana, &format!(r#"{{"cmd":"peer-leave","remoteUid":"{own}","uid":"{own}"}}"#));
    assert_eq!(stage.apprtc_leave(&joined.client), (Ok(()), vec![gone]));
    let heard = stage.send(one, BYE);
    assert_eq!(heard[1..], [Heard::Closed(one, 1008)], "nobody is registered there any more");

    let (_, two) = stage.apprtc_with_socket(2);
    assert_eq!(stage.say(ana, r#"{"cmd":"leave","roomId":"100","uid":"ana"}"#), [message(two, BYE)]);
}

#[test]
fn a_third_member_is_refused_while_one_speaks_apprtc() {
    let mut stage = Stage::with_media();
    let ana = stage.open();
    stage.join_media(ana, "ana");
    let (_, one) = stage.apprtc_with_socket(1);
    let bo = stage.open();
    let heard = stage.join_media(bo, "bo");
    assert_eq!(only_error(&heard), (bo, 1, "room-full".to_owned()));
    assert_eq!(to_apprtc(&mut stage, ana, "candidate", CANDIDATE), [message(one, CANDIDATE)]);
}

#[test]
fn a_room_whose_media_goes_through_the_server_is_full() {
    let mut stage = Stage::with_media();
    stage.trio();
    let refused = stage.try_apprtc(1, Opened::from_address([192, 0, 2, 1].into())).unwrap_err();
    assert_eq!((refused.result(), refused.code()), ("FULL", Some((108, "version"))));
    assert_eq!(stage.hear(), []);
}

#[test]
fn who_is_removed_hears_goodbye_and_has_no_seat() {
    let mut stage = Stage::new();
    let ana = stage.open();
    stage.join(ana, "ana");
    let (joined, one) = stage.apprtc_with_socket(1);
    let own = uid(&stage);
    let heard = stage.moderate(ana, &format!(r#""remove","remoteUid":"{own}""#));
    assert!(heard.contains(&message(one, BYE)), "{heard:?}");
    assert_eq!(stage.post(&joined.client, OFFER).0, Err("UNKNOWN_CLIENT"));
}

#[test]
fn a_locked_room_and_a_lobby_stay_closed() {
    for (action, code) in [("lock", 105), ("lobby", 108)] {
        let mut stage = Stage::new();
        let ana = stage.open();
        stage.join(ana, "ana");
        stage.moderate(ana, &format!(r#""{action}","on":true"#));
        let refused = stage.try_apprtc(1, Opened::from_address([192, 0, 2, 1].into())).unwrap_err();
        assert_eq!((refused.result(), refused.code().unwrap().0), ("ERROR", code), "{action}");
    }
}

#[test]
fn a_token_opens_the_room_and_names_the_client() {
    let key = || Key::new("main", [7; 32]).unwrap();
    let mut stage = Stage::with(|config| config.auth_keys = vec![key()]);
    let opened = |token: Option<String>| Opened { token, ..Opened::from_address([192, 0, 2, 1].into()) };
    let refused = stage.try_apprtc(1, opened(None)).unwrap_err();
    assert_eq!((refused.result(), refused.code()), ("ERROR", Some((100, "unauthorised"))));

    let (room, door, exp) = ("100".to_owned(), Some("door".to_owned()), UNIX.as_secs() + 60);
    let token =
        mint(&key(), &Claims { room, uid: door, name: None, role: None, grants: None, exp, nbf: None }).unwrap();
    stage.try_apprtc(1, opened(Some(token.clone()))).unwrap();
    assert_eq!(stage.hear(), []);
    assert_eq!(uid(&stage), "door");
    assert_eq!(stage.try_apprtc(2, opened(Some(token))).unwrap_err().result(), "DUPLICATE_CLIENT");
}

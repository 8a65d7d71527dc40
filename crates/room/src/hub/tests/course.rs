//! Dialect A: the contract of the course clients, message by message.

use super::language::{Heard, Stage, frame, only_error};

#[test]
fn alone_in_a_room_a_joiner_hears_nothing() {
    let mut stage = Stage::new();
    let ana = stage.open();
    assert_eq!(stage.say(ana, r#"{"cmd":"join","roomId":"100","uid":"ana"}"#), []);
}

#[test]
fn the_old_member_hears_of_the_new_one_first_and_then_the_new_one_of_the_old() {
    let mut stage = Stage::new();
    let (ana, bo) = (stage.open(), stage.open());
    stage.say(ana, r#"{"cmd":"join","roomId":"100","uid":"zz81"}"#);
    assert_eq!(
        stage.say(bo, r#"{"cmd":"join","roomId":"100","uid":"k3j9x0a1b2"}"#),
        [
            frame(ana, r#"{"cmd":"new-peer","remoteUid":"k3j9x0a1b2","uid":"k3j9x0a1b2"}"#),
            frame(bo, r#"{"cmd":"resp-join","remoteUid":"zz81","uid":"zz81"}"#),
        ]
    );
}

#[test]
fn offers_answers_candidates_and_hangups_arrive_as_they_were_sent() {
    let mut stage = Stage::new();
    let (ana, bo) = stage.course_pair();
    for text in [
        r#"{"cmd":"offer","roomId":"100","uid":"ana","remoteUid":"bo","msg":"{\"type\":\"offer\",\"sdp\":\"v=0\\r\\n\"}"}"#,
        r#"{"cmd":"answer","roomId":"100","uid":"ana","remoteUid":"bo","msg":"{\"type\":\"answer\",\"sdp\":\"v=0\\r\\n\"}"}"#,
        r#"{"cmd":"candidate","roomId":"100","uid":"ana","remoteUid":"bo","msg":"{\"label\":0,\"id\":\"0\",\"candidate\":\"candidate:1 1 udp 2122260223 192.0.2.7 50000 typ host\"}"}"#,
        r#"{"cmd":"candidate","uid":"ana","remoteUid":"bo","msg":{"sdpMid":"0"},"roomId":100}"#,
        r#"{"cmd":"hangup","roomId":"100","uid":"ana","remoteUid":"bo"}"#,
        r#" { "remoteUid" : "bo", "z":1, "cmd":"offer","z":2, "id":7, "name":{"a":[null]}, "uid":"ana","big":1e400 } "#,
    ] {
        assert_eq!(stage.say(ana, text), [frame(bo, text)]);
    }
}

#[test]
fn leaving_tells_the_others_once() {
    let mut stage = Stage::new();
    let (ana, bo) = stage.course_pair();
    let gone = [frame(bo, r#"{"cmd":"peer-leave","remoteUid":"ana","uid":"ana"}"#)];
    assert_eq!(stage.say(ana, r#"{"cmd":"leave","roomId":"100","uid":"ana"}"#), gone);
    assert_eq!(stage.say(ana, r#"{"cmd":"leave","roomId":"100","uid":"ana","remoteUid":-1}"#), []);
    assert_eq!(stage.close(ana), []);
}

#[test]
fn a_lost_connection_is_a_leave() {
    let mut stage = Stage::new();
    let (ana, bo) = stage.course_pair();
    assert_eq!(stage.close(bo), [frame(ana, r#"{"cmd":"peer-leave","remoteUid":"bo","uid":"bo"}"#)]);
    assert_eq!(stage.close(bo), []);
}

#[test]
fn leaving_without_having_joined_is_harmless() {
    let mut stage = Stage::new();
    let (_, _) = stage.course_pair();
    let outsider = stage.open();
    for text in [
        r#"{"cmd":"leave","roomId":"100","uid":"ana","remoteUid":-1}"#,
        r#"{"cmd":"leave","roomId":"100","uid":"nobody"}"#,
        r#"{"cmd":"leave"}"#,
    ] {
        assert_eq!(stage.say(outsider, text), []);
    }
}

#[test]
fn who_left_may_join_again_and_is_offered_to_again() {
    let mut stage = Stage::new();
    let (ana, bo) = stage.course_pair();
    stage.say(ana, r#"{"cmd":"leave","roomId":"100","uid":"ana"}"#);
    assert_eq!(
        stage.say(ana, r#"{"cmd":"join","roomId":"100","uid":"ana2"}"#),
        [
            frame(bo, r#"{"cmd":"new-peer","remoteUid":"ana2","uid":"ana2"}"#),
            frame(ana, r#"{"cmd":"resp-join","remoteUid":"bo","uid":"bo"}"#),
        ]
    );
}

#[test]
fn the_third_hears_that_the_room_is_full_and_the_two_hear_nothing() {
    let mut stage = Stage::new();
    let (ana, bo) = stage.course_pair();
    let third = stage.open();
    assert_eq!(
        stage.say(third, r#"{"cmd":"join","roomId":"100","uid":"cy"}"#),
        [frame(
            third,
            r#"{"cmd":"error","code":1,"reason":"room-full","roomId":"100","message":"The room is full (2 people). Open a new room."}"#
        )]
    );
    stage.say(ana, r#"{"cmd":"leave","roomId":"100","uid":"ana"}"#);
    let heard = stage.say(third, r#"{"cmd":"join","roomId":"100","uid":"cy"}"#);
    assert_eq!(heard.len(), 2, "the seat is free: {heard:?}");
    assert_eq!(heard[0], frame(bo, r#"{"cmd":"new-peer","remoteUid":"cy","uid":"cy"}"#));
}

#[test]
fn room_100_and_room_string_100_are_one_room_and_keep_their_form() {
    let mut stage = Stage::new();
    let (ana, bo) = (stage.open(), stage.open());
    stage.say(ana, r#"{"cmd":"join","roomId":100,"uid":7}"#);
    assert_eq!(
        stage.say(bo, r#"{"cmd":"join","roomId":"100","uid":"8"}"#),
        [
            frame(ana, r#"{"cmd":"new-peer","remoteUid":"8","uid":"8"}"#),
            frame(bo, r#"{"cmd":"resp-join","remoteUid":7,"uid":7}"#),
        ]
    );
    let text = r#"{"cmd":"offer","roomId":100,"uid":"7","remoteUid":8,"msg":"{}"}"#;
    assert_eq!(stage.say(ana, text), [frame(bo, text)]);
}

#[test]
fn nobody_speaks_in_anothers_name() {
    let mut stage = Stage::new();
    let (ana, _) = stage.course_pair();
    for text in [
        r#"{"cmd":"offer","roomId":"100","uid":"bo","remoteUid":"bo","msg":"{}"}"#,
        r#"{"cmd":"offer","roomId":"100","remoteUid":"bo","msg":"{}"}"#,
        r#"{"cmd":"leave","roomId":"100","uid":"bo"}"#,
    ] {
        assert_eq!(only_error(&stage.say(ana, text)), (ana, 2, "uid-mismatch".to_owned()), "{text}");
    }
}

#[test]
fn an_outsider_reaches_nobody() {
    let mut stage = Stage::new();
    stage.course_pair();
    let outsider = stage.open();
    for cmd in ["offer", "answer", "candidate", "hangup"] {
        let text = format!(r#"{{"cmd":"{cmd}","roomId":"100","uid":"ana","remoteUid":"bo","msg":"{{}}"}}"#);
        assert_eq!(only_error(&stage.say(outsider, &text)), (outsider, 102, "not-joined".to_owned()));
    }
}

#[test]
fn a_member_reaches_nobody_in_another_room() {
    let mut stage = Stage::new();
    stage.course_pair();
    let cy = stage.open();
    stage.say(cy, r#"{"cmd":"join","roomId":"200","uid":"cy"}"#);
    let other_room = r#"{"cmd":"offer","roomId":"100","uid":"cy","remoteUid":"bo","msg":"{}"}"#;
    assert_eq!(only_error(&stage.say(cy, other_room)), (cy, 102, "not-joined".to_owned()));
    let own_room = r#"{"cmd":"offer","roomId":"200","uid":"cy","remoteUid":"bo","msg":"{}"}"#;
    assert_eq!(only_error(&stage.say(cy, own_room)), (cy, 6, "peer-not-found".to_owned()));
}

#[test]
fn a_target_that_is_not_there_is_an_error_for_the_sender_only() {
    let mut stage = Stage::new();
    let (ana, _) = stage.course_pair();
    for target in [r#""nobody""#, "-1", r#""ana""#] {
        let text = format!(r#"{{"cmd":"offer","roomId":"100","uid":"ana","remoteUid":{target},"msg":"{{}}"}}"#);
        assert_eq!(only_error(&stage.say(ana, &text)), (ana, 6, "peer-not-found".to_owned()));
    }
    let text = r#"{"cmd":"offer","roomId":"100","uid":"ana","msg":"{}"}"#;
    assert_eq!(only_error(&stage.say(ana, text)), (ana, 3, "parse-failed".to_owned()));
}

#[test]
fn the_same_join_again_is_answered_again_and_told_nobody() {
    let mut stage = Stage::new();
    let (ana, bo) = stage.course_pair();
    assert_eq!(
        stage.say(ana, r#"{"cmd":"join","roomId":"100","uid":"ana"}"#),
        [frame(ana, r#"{"cmd":"resp-join","remoteUid":"bo","uid":"bo"}"#)]
    );
    // The original lost track of the connection here, and its room stayed full forever.
    assert_eq!(stage.close(ana), [frame(bo, r#"{"cmd":"peer-leave","remoteUid":"ana","uid":"ana"}"#)]);
}

#[test]
fn joining_with_a_new_uid_leaves_with_the_old_one() {
    let mut stage = Stage::new();
    let (ana, bo) = stage.course_pair();
    assert_eq!(
        stage.say(ana, r#"{"cmd":"join","roomId":"100","uid":"ana2"}"#),
        [
            frame(bo, r#"{"cmd":"peer-leave","remoteUid":"ana","uid":"ana"}"#),
            frame(bo, r#"{"cmd":"new-peer","remoteUid":"ana2","uid":"ana2"}"#),
            frame(ana, r#"{"cmd":"resp-join","remoteUid":"bo","uid":"bo"}"#),
        ]
    );
}

#[test]
fn joining_another_room_leaves_the_former() {
    let mut stage = Stage::new();
    let (ana, bo) = stage.course_pair();
    assert_eq!(
        stage.say(ana, r#"{"cmd":"join","roomId":"200","uid":"ana"}"#),
        [frame(bo, r#"{"cmd":"peer-leave","remoteUid":"ana","uid":"ana"}"#)]
    );
    assert_eq!(stage.hub.stats().members, 2);
}

#[test]
fn a_refused_join_changes_nothing() {
    let mut stage = Stage::new();
    let (_, bo) = stage.course_pair();
    let cy = stage.open();
    stage.say(cy, r#"{"cmd":"join","roomId":"200","uid":"cy"}"#);
    let dee = stage.open();
    stage.say(dee, r#"{"cmd":"join","roomId":"200","uid":"dee"}"#);
    assert_eq!(only_error(&stage.say(cy, r#"{"cmd":"join","roomId":"100","uid":"cy"}"#)).1, 1);
    let text = r#"{"cmd":"offer","roomId":"200","uid":"cy","remoteUid":"dee","msg":"{}"}"#;
    assert_eq!(stage.say(cy, text), [frame(dee, text)]);
    assert_eq!(only_error(&stage.say(bo, r#"{"cmd":"join","roomId":"200","uid":"bo"}"#)).1, 1);
}

#[test]
fn a_uid_in_use_on_another_connection_is_refused() {
    let mut stage = Stage::new();
    let ana = stage.open();
    stage.say(ana, r#"{"cmd":"join","roomId":"100","uid":"ana"}"#);
    let double = stage.open();
    let text = r#"{"cmd":"join","roomId":"100","uid":"ana"}"#;
    assert_eq!(only_error(&stage.say(double, text)), (double, 101, "uid-in-use".to_owned()));
    stage.close(ana);
    assert_eq!(stage.say(double, text), []);
}

#[test]
fn a_room_is_freed_with_its_last_member() {
    let mut stage = Stage::new();
    let (ana, bo) = stage.course_pair();
    assert_eq!(stage.hub.stats().rooms, 1);
    stage.close(ana);
    stage.say(bo, r#"{"cmd":"leave","roomId":"100","uid":"bo"}"#);
    assert_eq!(stage.hub.stats().rooms, 0);
}

#[test]
fn unknown_commands_and_keys_are_ignored() {
    let mut stage = Stage::new();
    let (ana, _) = stage.course_pair();
    for text in [
        r#"{"cmd":"customized","data":1}"#,
        r#"{"cmd":"chat","id":"1","text":"hi"}"#,
        r#"{"cmd":"state","state":{"audio":true}}"#,
        r#"{"cmd":"leave","roomId":"999","uid":"ana","x":[1]}"#,
    ] {
        assert_eq!(stage.say(ana, text), [], "{text}");
    }
}

#[test]
fn a_ping_in_json_is_answered_in_json() {
    let mut stage = Stage::new();
    let ana = stage.open();
    for cmd in ["ping", "keepLive"] {
        assert_eq!(stage.say(ana, &format!(r#"{{"cmd":"{cmd}","id":"1"}}"#)), [frame(ana, r#"{"cmd":"pong"}"#)]);
    }
}

#[test]
fn rooms_and_uids_may_be_chinese_and_must_not_be_odd() {
    let mut stage = Stage::new();
    let ana = stage.open();
    assert_eq!(stage.say(ana, r#"{"cmd":"join","roomId":"会议室","uid":"安娜"}"#), []);
    for text in [
        r#"{"cmd":"join","roomId":"","uid":"ana"}"#,
        r#"{"cmd":"join","roomId":"a\u0007b","uid":"ana"}"#,
        r#"{"cmd":"join","roomId":{},"uid":"ana"}"#,
        r#"{"cmd":"join","roomId":"100","uid":null}"#,
        r#"{"cmd":"join","roomId":"100"}"#,
        r#"{"cmd":"join","uid":"ana"}"#,
    ] {
        assert_eq!(only_error(&stage.say(ana, text)), (ana, 3, "parse-failed".to_owned()), "{text}");
    }
}

#[test]
fn when_the_server_stops_members_hear_their_peers_leave() {
    let mut stage = Stage::new();
    let (ana, bo) = stage.course_pair();
    assert_eq!(
        stage.shut_down(),
        [
            frame(ana, r#"{"cmd":"peer-leave","remoteUid":"bo","uid":"bo"}"#),
            frame(bo, r#"{"cmd":"peer-leave","remoteUid":"ana","uid":"ana"}"#),
            Heard::Closed(ana, 1001),
            Heard::Closed(bo, 1001),
        ]
    );
}

//! Coming back within the grace, too late, twice, and with somebody else's token.

use std::time::Duration;

use serde_json::json;

use super::language::{Heard, Stage, commands, find, frame, only_error, resume_token};

const GRACE: Duration = Duration::from_secs(30);
const AN_INSTANT: Duration = Duration::from_millis(1);

const RECONNECTING: &str = r#"{"cmd":"peer-state","roomId":"100","remoteUid":"bo","connection":"reconnecting","state":{"audio":false,"video":false,"screen":false,"hand":false}}"#;
const ONLINE: &str = r#"{"cmd":"peer-state","roomId":"100","remoteUid":"bo","connection":"online","state":{"audio":false,"video":false,"screen":false,"hand":false}}"#;

/// `ana`, `bo`, and the token that brings `bo` back.
fn pair(stage: &mut Stage) -> (crate::ConnId, crate::ConnId, String) {
    let (ana, bo) = (stage.open(), stage.open());
    stage.join(ana, "ana");
    let token = stage.join(bo, "bo");
    (ana, bo, token)
}

#[test]
fn a_lost_member_is_reconnecting_and_then_online_again() {
    let mut stage = Stage::new();
    let (ana, bo, token) = pair(&mut stage);
    assert_eq!(stage.close(bo), [frame(ana, RECONNECTING)]);
    let back = stage.open();
    let heard = stage.resume(back, "bo", &token);
    assert_eq!(commands(&heard, ana), ["peer-state"], "and no new-peer");
    assert_eq!(heard[1], frame(ana, ONLINE));
    let (_, joined) = find(&heard, "joined");
    assert_eq!((&joined["resumed"], &joined["self"]["uid"]), (&json!(true), &json!("bo")));
    assert_eq!(joined["roster"][0]["uid"], json!("ana"));
}

#[test]
fn what_was_sent_meanwhile_follows_joined_in_order() {
    let mut stage = Stage::new();
    let (ana, bo, token) = pair(&mut stage);
    stage.close(bo);
    let offer = r#"{"cmd":"offer","id":"1","uid":"ana","remoteUid":"bo","msg":"{}"}"#;
    assert_eq!(stage.say(ana, offer), [frame(ana, r#"{"cmd":"ok","id":"1"}"#)]);
    stage.say(ana, r#"{"cmd":"candidate","uid":"ana","remoteUid":"bo","msg":"{}"}"#);
    stage.say(ana, r#"{"cmd":"chat","text":"still there?"}"#);
    let back = stage.open();
    let heard = stage.resume(back, "bo", &token);
    assert_eq!(commands(&heard, back), ["joined", "offer", "candidate", "chat"]);
}

#[test]
fn of_who_left_meanwhile_only_the_words_follow() {
    let mut stage = Stage::new();
    let (ana, bo, token) = pair(&mut stage);
    stage.close(bo);
    stage.say(ana, r#"{"cmd":"offer","uid":"ana","remoteUid":"bo","msg":"{}"}"#);
    stage.say(ana, r#"{"cmd":"chat","remoteUid":"bo","text":"I must go"}"#);
    stage.say(ana, r#"{"cmd":"leave"}"#);
    let back = stage.open();
    let heard = stage.resume(back, "bo", &token);
    assert_eq!(commands(&heard, back), ["joined", "chat", "peer-leave"]);
}

#[test]
fn the_seat_is_kept_until_the_grace_ends() {
    let mut stage = Stage::new();
    let (ana, bo, _) = pair(&mut stage);
    stage.close(bo);
    let cy = stage.open();
    let alive = [ana, cy];
    assert_eq!(stage.wait_alive(GRACE - AN_INSTANT, &alive), []);
    let text = r#"{"cmd":"join","v":2,"roomId":"100","uid":"cy"}"#;
    assert_eq!(only_error(&stage.say(cy, text)).1, 1);
    let gone = r#"{"cmd":"peer-leave","roomId":"100","remoteUid":"bo","uid":"bo"}"#;
    assert_eq!(stage.wait_alive(AN_INSTANT, &alive), [frame(ana, gone)]);
    assert_eq!(commands(&stage.say(cy, text), cy), ["joined"]);
}

#[test]
fn too_late_is_an_ordinary_join() {
    let mut stage = Stage::new();
    let (ana, bo, token) = pair(&mut stage);
    stage.close(bo);
    stage.wait_alive(GRACE, &[ana]);
    let back = stage.open();
    let heard = stage.resume(back, "bo", &token);
    assert_eq!(find(&heard, "joined").1["resumed"], json!(false));
    assert_eq!(commands(&heard, ana), ["new-peer"]);
}

#[test]
fn an_unknown_token_is_an_ordinary_join() {
    let mut stage = Stage::new();
    let (_, bo, token) = pair(&mut stage);
    stage.close(bo);
    let thief = stage.open();
    for guess in ["", "0", &token[1..], &format!("{token}0"), &"0".repeat(32)] {
        assert_eq!(only_error(&stage.resume(thief, "bo", guess)).1, 101, "{guess}");
        assert_eq!(only_error(&stage.resume(thief, "cy", guess)).1, 1, "{guess}");
    }
    let other_uid = stage.resume(thief, "cy", &token);
    assert_eq!(only_error(&other_uid).1, 1, "the token of one uid for another");
}

#[test]
fn the_token_alone_says_who_comes_back() {
    let mut stage = Stage::new();
    let (_, bo, token) = pair(&mut stage);
    stage.close(bo);
    let back = stage.open();
    let text = format!(r#"{{"cmd":"join","v":2,"roomId":100,"resume":"{token}"}}"#);
    assert_eq!(find(&stage.say(back, &text), "joined").1["self"]["uid"], json!("bo"));
}

#[test]
fn a_connection_that_is_believed_alive_is_taken_over() {
    let mut stage = Stage::new();
    let (ana, bo, token) = pair(&mut stage);
    let back = stage.open();
    let heard = stage.resume(back, "bo", &token);
    assert_eq!(find(&heard, "joined").1["resumed"], json!(true));
    assert!(heard.contains(&Heard::Closed(bo, 4001)), "{heard:?}");
    assert!(!heard.contains(&frame(ana, RECONNECTING)), "{heard:?}");
    assert_eq!(stage.close(bo), [], "the old connection's end is no news");
    let text = r#"{"cmd":"offer","uid":"ana","remoteUid":"bo","msg":"{}"}"#;
    assert_eq!(stage.say(ana, text), [frame(back, text)]);
}

#[test]
fn taking_over_one_room_leaves_the_others_to_the_old_connection() {
    let mut stage = Stage::new();
    let (_, bo, token) = pair(&mut stage);
    stage.say(bo, r#"{"cmd":"join","v":2,"roomId":"200","uid":"bo"}"#);
    let back = stage.open();
    let heard = stage.resume(back, "bo", &token);
    assert!(!heard.contains(&Heard::Closed(bo, 4001)));
    assert_eq!(stage.say(bo, r#"{"cmd":"chat","text":"x","id":"1"}"#), [frame(bo, r#"{"cmd":"ok","id":"1"}"#)]);
}

#[test]
fn a_used_token_is_void_once_the_next_one_has_arrived() {
    let mut stage = Stage::new();
    let (_, bo, first) = pair(&mut stage);
    stage.close(bo);
    let back = stage.open();
    let second = resume_token(&stage.resume(back, "bo", &first));
    assert_ne!(first, second);
    stage.wait_alive(Duration::from_secs(25), &[back]);
    stage.close(back);
    let thief = stage.open();
    assert_eq!(only_error(&stage.resume(thief, "bo", &first)).1, 101);
    assert_eq!(find(&stage.resume(thief, "bo", &second), "joined").1["resumed"], json!(true));
}

#[test]
fn a_token_whose_successor_was_lost_on_the_way_still_brings_back() {
    let mut stage = Stage::new();
    let (_, bo, first) = pair(&mut stage);
    stage.close(bo);
    let lost = stage.open();
    stage.resume(lost, "bo", &first);
    stage.pong(lost);
    stage.close(lost);
    let back = stage.open();
    assert_eq!(find(&stage.resume(back, "bo", &first), "joined").1["resumed"], json!(true));
}

#[test]
fn what_changed_while_away_is_told_with_the_return() {
    let mut stage = Stage::new();
    let (ana, bo, token) = pair(&mut stage);
    stage.close(bo);
    let back = stage.open();
    let text = format!(r#"{{"cmd":"join","v":2,"roomId":"100","resume":"{token}","state":{{"audio":true}}}}"#);
    let (conn, state) = find(&stage.say(back, &text), "peer-state");
    assert_eq!((conn, &state["state"]["audio"], &state["connection"]), (ana, &json!(true), &json!("online")));
}

#[test]
fn leaving_for_good_needs_no_grace() {
    let mut stage = Stage::new();
    let (ana, bo, token) = pair(&mut stage);
    assert_eq!(commands(&stage.say(bo, r#"{"cmd":"leave"}"#), ana), ["peer-leave"]);
    assert_eq!(stage.close(bo), []);
    let back = stage.open();
    assert_eq!(find(&stage.resume(back, "bo", &token), "joined").1["resumed"], json!(false));
}

#[test]
fn resuming_costs_no_join() {
    let mut stage = Stage::with(|config| {
        config.limits.joins_per_minute = 1;
        config.limits.joins_burst = 1;
    });
    let bo = stage.open();
    let mut token = stage.join(bo, "bo");
    let mut conn = bo;
    for _ in 0..20 {
        stage.close(conn);
        conn = stage.open();
        token = resume_token(&stage.resume(conn, "bo", &token));
    }
}

#[test]
fn both_may_be_away_and_come_back() {
    let mut stage = Stage::new();
    let (ana, bo) = (stage.open(), stage.open());
    let ana_token = stage.join(ana, "ana");
    let bo_token = stage.join(bo, "bo");
    stage.close(ana);
    stage.close(bo);
    assert_eq!(stage.hub.stats().reconnecting, 2);
    let (ana, bo) = (stage.open(), stage.open());
    assert_eq!(commands(&stage.resume(ana, "ana", &ana_token), ana), ["joined"]);
    assert_eq!(commands(&stage.resume(bo, "bo", &bo_token), bo), ["joined"], "which says how everybody is");
    assert_eq!(stage.hub.stats().reconnecting, 0);
    assert_eq!(stage.hub.stats().resumed, 2);
}

/// As long as the shortest claim that is kept.
const CLAIM: &str = "a1b2c3d4e5f60718";

#[test]
fn who_never_heard_joined_takes_its_own_seat_with_the_claim_it_showed() {
    let mut stage = Stage::new();
    let (ana, lost) = (stage.open(), stage.open());
    stage.join(ana, "ana");
    stage.resume(lost, "bo", CLAIM);
    let again = stage.open();
    let heard = stage.resume(again, "bo", CLAIM);
    assert_eq!(commands(&heard, ana), ["peer-leave", "new-peer"]);
    let (conn, joined) = find(&heard, "joined");
    assert_eq!((conn, &joined["resumed"]), (again, &json!(false)), "what the lost connection was told is gone");
    assert_eq!(stage.hub.stats().connections, 2, "the lost connection is closed");
    assert_eq!(stage.hub.stats().members, 2);
}

#[test]
fn a_seat_taken_with_a_claim_and_lost_is_taken_again_within_the_grace() {
    let mut stage = Stage::new();
    let lost = stage.open();
    stage.resume(lost, "bo", CLAIM);
    stage.close(lost);
    let again = stage.open();
    assert_eq!(find(&stage.resume(again, "bo", CLAIM), "joined").1["resumed"], json!(false));
    assert_eq!((stage.hub.stats().members, stage.hub.stats().reconnecting), (1, 0));
}

#[test]
fn a_claim_is_no_way_in_once_a_pong_came_or_with_another_value() {
    let mut stage = Stage::new();
    let (bo, thief) = (stage.open(), stage.open());
    stage.resume(bo, "bo", CLAIM);
    assert_eq!(only_error(&stage.resume(thief, "bo", "a1b2c3d4e5f60719")).1, 101);
    assert_eq!(only_error(&stage.resume(thief, "bo", &CLAIM[1..])).1, 101);
    stage.wait_alive(Duration::from_secs(25), &[bo, thief]);
    assert_eq!(only_error(&stage.resume(thief, "bo", CLAIM)).1, 101);
}

#[test]
fn a_claim_is_kept_from_sixteen_to_a_hundred_and_twenty_eight_bytes() {
    for (bytes, kept) in [(15, false), (16, true), (128, true), (129, false)] {
        let mut stage = Stage::new();
        let claim = "x".repeat(bytes);
        let (lost, again) = (stage.open(), stage.open());
        stage.resume(lost, "bo", &claim);
        let heard = stage.resume(again, "bo", &claim);
        assert_eq!(commands(&heard, again), [if kept { "joined" } else { "error" }], "{bytes} bytes");
    }
}

const RELOAD_GRACE: Duration = Duration::from_secs(8);

#[test]
fn a_page_that_is_loaded_again_comes_back_to_its_seat_role_and_door() {
    let mut stage = Stage::new();
    let (ana, bo) = (stage.open(), stage.open());
    let token = stage.join(ana, "ana");
    stage.join(bo, "bo");
    stage.say(ana, r#"{"cmd":"moderate","action":"lock"}"#);
    let heard = stage.say(ana, r#"{"cmd":"leave","id":"7","resume":true}"#);
    assert_eq!((commands(&heard, ana), commands(&heard, bo)), (vec!["ok".to_owned()], vec!["peer-state".to_owned()]));
    stage.close(ana);
    let back = stage.open();
    let heard = stage.resume(back, "ana", &token);
    let (_, joined) = find(&heard, "joined");
    assert_eq!((&joined["resumed"], &joined["self"]["role"]), (&json!(true), &json!("host")));
    assert_eq!(commands(&heard, bo), ["peer-state"], "bo did not become host meanwhile");
}

#[test]
fn a_page_that_is_closed_for_good_has_left_when_the_time_to_load_it_again_is_over() {
    let mut stage = Stage::new();
    let (ana, bo, token) = pair(&mut stage);
    stage.say(bo, r#"{"cmd":"leave","resume":true}"#);
    stage.close(bo);
    assert_eq!(stage.wait_alive(RELOAD_GRACE - AN_INSTANT, &[ana]), []);
    let heard = stage.wait_alive(AN_INSTANT, &[ana]);
    assert_eq!(commands(&heard, ana), ["peer-leave"]);
    let back = stage.open();
    let heard = stage.resume(back, "bo", &token);
    assert_eq!(find(&heard, "joined").1["resumed"], json!(false));
}

#[test]
fn who_parts_cannot_speak_on_the_old_connection_and_a_plain_leave_gives_the_seat_up() {
    let mut stage = Stage::new();
    let (ana, bo, _) = pair(&mut stage);
    stage.say(bo, r#"{"cmd":"leave","resume":true}"#);
    assert_eq!(only_error(&stage.say(bo, r#"{"cmd":"chat","id":"1","text":"still here"}"#)).1, 102);
    let heard = stage.say(ana, r#"{"cmd":"leave","id":"2","resume":"perhaps"}"#);
    assert_eq!(commands(&heard, ana), ["ok"], "any other value is a plain leave");
    assert_eq!(only_error(&stage.say(ana, r#"{"cmd":"chat","id":"3","text":"still here"}"#)).1, 102);
}

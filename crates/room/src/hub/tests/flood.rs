//! What one member floods, it alone pays for.

use std::time::Duration;

use serde_json::{Value, json};

use crate::message::media::SDP_BYTES_MAX;

use super::language::{Stage, commands, find, frame, only_error, requests};

/// `ana` and an absent `bo`, with the token that brings it back.
fn half_absent(stage: &mut Stage) -> (crate::ConnId, String) {
    let (ana, bo) = (stage.open(), stage.open());
    stage.join(ana, "ana");
    let token = stage.join(bo, "bo");
    stage.close(bo);
    (ana, token)
}

#[test]
fn messages_to_an_absent_member_are_kept_up_to_the_share_of_one_sender_and_one_more_is_refused_to_it() {
    let mut stage = Stage::with(|config| config.limits.resume_messages = 16);
    let (ana, token) = half_absent(&mut stage);
    let offer = r#"{"cmd":"offer","id":"1","uid":"ana","remoteUid":"bo","msg":"{}"}"#;
    for _ in 0..4 {
        assert_eq!(stage.say(ana, offer), [frame(ana, r#"{"cmd":"ok","id":"1"}"#)]);
    }
    let data = r#"{"cmd":"data","id":"2","remoteUid":"bo","topic":"t","data":1}"#;
    let chat = r#"{"cmd":"chat","id":"3","remoteUid":"bo","text":"Hello"}"#;
    for text in [offer, data, chat] {
        assert_eq!(only_error(&stage.say(ana, text)), (ana, 103, "rate-limited".to_owned()), "{text}");
    }
    let back = stage.open();
    let heard = stage.resume(back, "bo", &token);
    assert_eq!(find(&heard, "joined").1["resumed"], json!(true), "the victim has lost nothing");
    assert_eq!(commands(&heard, back), ["joined", "offer", "offer", "offer", "offer"]);
    assert_eq!(stage.say(ana, data).len(), 2, "and hears again");
}

#[test]
fn bytes_for_an_absent_member_are_kept_up_to_the_share_of_one_sender() {
    let text = r#"{"cmd":"offer","uid":"ana","remoteUid":"bo","msg":"{}"}"#;
    let bytes = 4 * u32::try_from(text.len()).unwrap();
    for (limit, kept) in [(bytes, true), (bytes - 4, false)] {
        let mut stage = Stage::with(|config| config.limits.resume_bytes = limit);
        let (ana, _) = half_absent(&mut stage);
        assert_eq!(stage.say(ana, text).is_empty(), kept);
    }
}

#[test]
fn nothing_that_others_do_ends_the_grace_of_an_absent_member() {
    let mut stage = Stage::with(|config| {
        config.limits.messages_per_second = 0;
        config.limits.bytes_per_second = 0;
        config.limits.joins_per_minute = 0;
        config.limits.members = 0;
        config.media = true;
    });
    let [ana, bo, cy] = stage.trio();
    let token = super::language::resume_token(&stage.join_media(bo, "bo"));
    stage.close(bo);
    for number in 0..1000 {
        stage.say(cy, r#"{"cmd":"leave"}"#);
        stage.join_media(cy, "cy");
        stage.say(ana, &format!(r#"{{"cmd":"chat","text":"{number}"}}"#));
        stage.say(ana, &format!(r#"{{"cmd":"state","state":{{"hand":{}}}}}"#, number % 2 == 0));
        stage.say(ana, r#"{"cmd":"moderate","action":"mute","source":"microphone"}"#);
    }
    let back = stage.open();
    let heard = stage.resume(back, "bo", &token);
    assert_eq!(find(&heard, "joined").1["resumed"], json!(true));
    let heard = commands(&heard, back);
    assert_eq!(heard.iter().filter(|cmd| *cmd == "chat").count(), 100, "what later joiners would read");
    assert_eq!(heard.iter().filter(|cmd| *cmd == "peer-leave").count(), 1);
    assert_eq!(heard.iter().filter(|cmd| *cmd == "new-peer").count(), 1);
}

#[test]
fn bytes_of_a_connection_pass_up_to_the_burst_and_then_at_their_rate() {
    let mut stage = Stage::with(|config| {
        (config.limits.bytes_per_second, config.limits.bytes_burst) = (100, 1000);
    });
    let (ana, bo) = stage.pair();
    stage.wait_alive(Duration::from_secs(20), &[ana, bo]);
    let text = |bytes: usize| {
        let empty = r#"{"cmd":"candidate","uid":"ana","remoteUid":"bo","msg":""}"#;
        empty.replace(r#""msg":"""#, &format!(r#""msg":"{}""#, "m".repeat(bytes - empty.len())))
    };
    assert_eq!(commands(&stage.say(ana, &text(1000)), bo), ["candidate"]);
    assert_eq!(only_error(&stage.say(ana, &text(100))), (ana, 103, "rate-limited".to_owned()));
    stage.wait_alive(Duration::from_secs(1), &[ana, bo]);
    assert_eq!(only_error(&stage.say(ana, &text(101))).1, 103);
    assert_eq!(commands(&stage.say(ana, &text(100)), bo), ["candidate"]);
    assert_eq!(commands(&stage.say(bo, r#"{"cmd":"ping"}"#), bo), ["pong"], "others have budgets of their own");
}

#[test]
fn offers_to_the_media_server_have_a_budget_of_their_own() {
    let mut stage = Stage::with_media();
    let [ana, bo, _] = stage.trio();
    for _ in 0..10 {
        stage.offer(ana, &mut Vec::new());
    }
    let text = stage.offer_of(ana, "c1");
    let heard = stage.say(ana, &text);
    assert_eq!(only_error(&heard), (ana, 103, "rate-limited".to_owned()));
    assert_eq!(find(&heard, "error").1["id"], "7");
    assert_eq!(commands(&stage.say(ana, r#"{"cmd":"ping"}"#), ana), ["pong"], "of offers only");
    stage.offer(bo, &mut Vec::new());
    stage.wait(Duration::from_secs(1));
    stage.offer(ana, &mut Vec::new());
    assert_eq!(only_error(&stage.say(ana, &text)).1, 103, "one a second");
}

#[test]
fn a_session_description_is_taken_up_to_its_limit() {
    let mut stage = Stage::with_media();
    let [ana, ..] = stage.trio();
    for (bytes, taken) in [(SDP_BYTES_MAX, true), (SDP_BYTES_MAX + 1, false)] {
        let mut offer: Value = serde_json::from_str(&stage.offer_of(ana, "c1")).unwrap();
        let sdp = "s".repeat(usize::try_from(bytes).unwrap());
        offer["msg"] = json!({"type": "offer", "sdp": sdp, "connection": "c1"}).to_string().into();
        let heard = stage.say(ana, &offer.to_string());
        assert_eq!(!requests(&heard).is_empty(), taken, "{bytes} bytes");
        if !taken {
            assert_eq!(only_error(&heard), (ana, 104, "too-large".to_owned()));
        }
    }
}

#[test]
fn an_offer_that_the_media_server_did_not_answer_is_refused_with_its_id_when_the_room_has_left_it() {
    let mut stage = Stage::with_media();
    let [ana, bo, cy] = stage.trio();
    assert_eq!(requests(&stage.say(ana, &stage.offer_of(ana, "c1"))).len(), 1);
    stage.say(cy, r#"{"cmd":"leave"}"#);
    let heard = stage.wait_alive(Duration::from_secs(20) - Duration::from_millis(1), &[ana, bo]);
    assert!(!commands(&heard, ana).contains(&"error".to_owned()), "the grace lasts");
    let heard = stage.wait_alive(Duration::from_millis(1), &[ana, bo]);
    let (conn, error) = find(&heard, "error");
    assert_eq!((conn, &error["code"], &error["id"]), (ana, &json!(111), &json!("7")));
}

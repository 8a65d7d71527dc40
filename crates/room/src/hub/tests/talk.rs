//! What members say to each other: history, data, reactions.

use serde_json::json;

use crate::message::DATA_BYTES_MAX;

use super::language::{Stage, commands, find, frame, only, only_error, resume_token};

#[test]
fn who_comes_later_reads_what_was_said_to_all() {
    let mut stage = Stage::with_media();
    let (ana, bo) = (stage.open(), stage.open());
    stage.say(ana, r#"{"cmd":"join","v":2,"roomId":"100","uid":"ana","name":"Ana","caps":["media"]}"#);
    stage.say(ana, r#"{"cmd":"chat","text":"Hello"}"#);
    let heard = stage.join_media(bo, "bo");
    let (token, (_, joined)) = (resume_token(&heard), find(&heard, "joined"));
    assert_eq!(joined["history"], json!([{"uid": "ana", "name": "Ana", "text": "Hello", "at": 1_790_000_000_000_u64}]));
    stage.say(ana, r#"{"cmd":"chat","text":"Psst","remoteUid":"bo"}"#);
    stage.close(bo);
    stage.say(ana, r#"{"cmd":"chat","text":"Are you there?"}"#);
    let back = stage.open();
    let heard = stage.resume(back, "bo", &token);
    assert_eq!(find(&heard, "joined").1["history"], json!([]), "it has heard it, or hears it now");
    assert_eq!(commands(&heard, back), ["joined", "chat"]);
    let cy = stage.open();
    let (_, joined) = find(&stage.join_media(cy, "cy"), "joined");
    let texts: Vec<_> =
        joined["history"].as_array().unwrap().iter().map(|line| line["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["Hello", "Are you there?"], "what was private stays so");
}

#[test]
fn data_reaches_the_others_as_it_was_written() {
    let mut stage = Stage::with_media();
    let [ana, bo, cy] = stage.trio();
    let heard = stage.say(ana, r#"{"cmd":"data","id":"9","topic":"pointer","data":{"x": 0.10,"y":[1e3,null]}}"#);
    let text = r#"{"cmd":"data","roomId":"100","uid":"ana","topic":"pointer","data":{"x": 0.10,"y":[1e3,null]}}"#;
    assert_eq!(heard, [frame(bo, text), frame(cy, text), frame(ana, r#"{"cmd":"ok","id":"9"}"#)]);
    let (conn, data) = only(&stage.say(ana, r#"{"cmd":"data","topic":"pointer","remoteUid":"cy"}"#));
    assert_eq!((conn, &data["data"]), (cy, &json!(null)));
    assert_eq!(only_error(&stage.say(ana, r#"{"cmd":"data","topic":"x","remoteUid":"di"}"#)).1, 6);
}

#[test]
fn data_for_all_is_not_kept_for_who_is_away_and_data_for_one_is() {
    let mut stage = Stage::with_media();
    let [ana, bo, _] = stage.trio();
    let token = resume_token(&stage.join_media(bo, "bo"));
    stage.close(bo);
    // More than is kept for anybody.
    for _ in 0..150 {
        stage.say(ana, r#"{"cmd":"data","topic":"pointer","data":1}"#);
    }
    stage.say(ana, r#"{"cmd":"react","reaction":"wave"}"#);
    stage.say(ana, r#"{"cmd":"data","topic":"file","data":2,"remoteUid":"bo"}"#);
    let back = stage.open();
    let heard = stage.resume(back, "bo", &token);
    assert_eq!(commands(&heard, back), ["joined", "data"]);
    assert_eq!(find(&heard, "data").1["topic"], json!("file"));
}

#[test]
fn topics_data_and_reactions_are_limited_in_bytes() {
    let mut stage = Stage::new();
    let (ana, bo) = stage.pair();
    let data = |topic: usize, data: usize| {
        let (topic, data) = ("t".repeat(topic), "d".repeat(data - 2));
        format!(r#"{{"cmd":"data","topic":"{topic}","data":"{data}"}}"#)
    };
    assert_eq!(commands(&stage.say(ana, &data(64, DATA_BYTES_MAX)), bo), ["data"]);
    assert_eq!(only_error(&stage.say(ana, &data(64, DATA_BYTES_MAX + 1))), (ana, 104, "too-large".to_owned()));
    assert_eq!(only_error(&stage.say(ana, &data(65, 2))).1, 3);
    assert_eq!(only_error(&stage.say(ana, r#"{"cmd":"data","topic":""}"#)).1, 3);
    let react = |bytes: usize| format!(r#"{{"cmd":"react","reaction":"{}"}}"#, "r".repeat(bytes));
    assert_eq!(commands(&stage.say(ana, &react(32)), bo), ["react"]);
    assert_eq!(only_error(&stage.say(ana, &react(33))).1, 3);
    assert_eq!(only_error(&stage.say(ana, r#"{"cmd":"react","reaction":"\u0007"}"#)).1, 3);
    assert_eq!(commands(&stage.say(ana, r#"{"cmd":"react","reaction":"👍"}"#), bo), ["react"]);
}

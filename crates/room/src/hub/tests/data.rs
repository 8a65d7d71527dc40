//! Data channels: who hears what, by which way.

use serde_json::json;

use crate::{
    ConnId,
    hub::data::BINARY_PAYLOAD_BYTES_MAX,
    media::{DataMessage, DataRefusal, Lane, MediaEvent, MediaPeerId, MediaRequest, MediaRoomId},
    message::DATA_BYTES_MAX,
    token::{Claims, Key, mint},
};

use super::language::{Heard, Stage, UNIX, commands, frame, only, only_error, requests};

/// Three members at the media server; `bo` has both channels, the others have none.
struct Trio {
    stage: Stage,
    conns: [ConnId; 3],
    room: MediaRoomId,
    peers: [MediaPeerId; 3],
}

impl Trio {
    fn new() -> Self {
        let mut stage = Stage::with(|config| config.media = true);
        let conns = stage.trio();
        let seats = conns.map(|conn| stage.offer(conn, &mut Vec::new()));
        let mut trio = Self { stage, conns, room: seats[0].0, peers: seats.map(|(_, peer)| peer) };
        trio.lanes(1, &[Lane::Reliable, Lane::Lossy]);
        trio
    }

    fn lanes(&mut self, member: usize, lanes: &[Lane]) {
        let peer = self.peers[member];
        assert_eq!(self.stage.media(MediaEvent::Lanes { peer, lanes: lanes.to_vec() }), []);
    }

    fn text(&mut self, member: usize, lane: Lane, text: &str) -> Vec<Heard> {
        let message = DataMessage::Text(text.into());
        self.stage.media(MediaEvent::Data { peer: self.peers[member], lane, message })
    }

    fn binary(&mut self, member: usize, bytes: &[u8]) -> Vec<Heard> {
        let message = DataMessage::Binary(bytes.into());
        self.stage.media(MediaEvent::Data { peer: self.peers[member], lane: Lane::Reliable, message })
    }

    fn sent(&self, to: &[usize], lane: Lane, message: DataMessage) -> Heard {
        let to = to.iter().map(|member| self.peers[*member]).collect();
        Heard::Media(MediaRequest::Data { room: self.room, to, lane, message })
    }
}

#[test]
fn who_has_a_channel_hears_data_there_and_who_has_none_by_signalling() {
    let mut trio = Trio::new();
    let heard = trio.text(0, Lane::Reliable, r#"{"topic":"pointer","data":{"x": 0.10}}"#);
    let told = DataMessage::Text(r#"{"uid":"ana","topic":"pointer","data":{"x": 0.10}}"#.into());
    let spoken = r#"{"cmd":"data","roomId":"100","uid":"ana","topic":"pointer","data":{"x": 0.10}}"#;
    assert_eq!(heard, [frame(trio.conns[2], spoken), trio.sent(&[1], Lane::Reliable, told)]);
    let heard = trio.text(1, Lane::Reliable, r#"{"topic":"x","remoteUid":"cy"}"#);
    assert_eq!((commands(&heard, trio.conns[2]), requests(&heard)), (vec!["data".to_owned()], vec![]));
    let heard = trio.text(2, Lane::Reliable, r#"{"topic":"x","remoteUid":"bo"}"#);
    let told = DataMessage::Text(r#"{"uid":"cy","topic":"x","data":null}"#.into());
    assert_eq!(heard, [trio.sent(&[1], Lane::Reliable, told)]);
}

#[test]
fn what_may_get_lost_goes_to_channels_only() {
    let mut trio = Trio::new();
    let heard = trio.text(0, Lane::Lossy, r#"{"topic":"x","data":1}"#);
    let told = DataMessage::Text(r#"{"uid":"ana","topic":"x","data":1}"#.into());
    assert_eq!(heard, [trio.sent(&[1], Lane::Lossy, told)]);
    trio.lanes(1, &[Lane::Reliable]);
    assert_eq!(trio.text(0, Lane::Lossy, r#"{"topic":"x","data":1}"#), []);
    let heard = trio.text(0, Lane::Lossy, r#"{"topic":"x","remoteUid":"cy"}"#);
    assert_eq!(only_error(&heard), (trio.conns[0], 114, "data-channel".to_owned()));
}

#[test]
fn data_by_signalling_stays_there() {
    let mut trio = Trio::new();
    let heard = trio.stage.say(trio.conns[0], r#"{"cmd":"data","topic":"x","data":1}"#);
    assert_eq!(heard.len(), 2);
    assert_eq!(requests(&heard), [], "nobody hears it twice");
}

#[test]
fn a_binary_message_bears_its_receiver_and_then_its_sender() {
    let mut trio = Trio::new();
    let told = DataMessage::Binary((*b"\x03anarest").into());
    assert_eq!(trio.binary(0, b"\0rest"), [trio.sent(&[1], Lane::Reliable, told.clone())]);
    assert_eq!(trio.binary(0, b"\x02borest"), [trio.sent(&[1], Lane::Reliable, told)]);
    assert_eq!(only_error(&trio.binary(0, b"\x02cyrest")).1, 114, "it has no channel, and JSON no bytes");
    assert_eq!(only_error(&trio.binary(0, b"\x02direst")).1, 6);
    for head in [&b""[..], b"\x05bo", b"\x02\xFF\xFF", b"\x01\n"] {
        assert_eq!(only_error(&trio.binary(0, head)), (trio.conns[0], 3, "parse-failed".to_owned()));
    }
}

#[test]
fn messages_are_limited_in_bytes() {
    let mut trio = Trio::new();
    let text = |bytes: usize| format!(r#"{{"topic":"x","data":"{}"}}"#, "d".repeat(bytes - 2));
    assert_eq!(requests(&trio.text(0, Lane::Reliable, &text(DATA_BYTES_MAX))).len(), 1);
    assert_eq!(only_error(&trio.text(0, Lane::Reliable, &text(DATA_BYTES_MAX + 1))).1, 104);
    let binary = |bytes: usize| [&[0], &vec![7; bytes][..]].concat();
    assert_eq!(requests(&trio.binary(0, &binary(BINARY_PAYLOAD_BYTES_MAX))).len(), 1);
    assert_eq!(only_error(&trio.binary(0, &binary(BINARY_PAYLOAD_BYTES_MAX + 1))).1, 104);
}

#[test]
fn an_error_names_the_channel() {
    let mut trio = Trio::new();
    for text in ["", "[]", r#"{"topic":""}"#, r#"{"data":1}"#, r#"{"topic":"x","topic":"y"}"#, &"[".repeat(100)] {
        let heard = trio.text(0, Lane::Lossy, text);
        assert_eq!(only_error(&heard), (trio.conns[0], 3, "parse-failed".to_owned()), "{text}");
        assert_eq!(only(&heard).1["label"], json!("data-lossy"));
    }
    for (refusal, code) in [
        (DataRefusal::UnknownLabel, 114),
        (DataRefusal::Taken, 114),
        (DataRefusal::Unreliable, 114),
        (DataRefusal::Slow, 114),
        (DataRefusal::TooMuch, 103),
        (DataRefusal::Busy, 103),
        (DataRefusal::NotText, 3),
    ] {
        let (peer, label) = (trio.peers[0], "chat".to_owned());
        let heard = trio.stage.media(MediaEvent::DataRefused { peer, label, refusal });
        assert_eq!((only_error(&heard).1, &only(&heard).1["label"]), (code, &json!("chat")));
    }
}

#[test]
fn who_may_not_speak_may_not_over_a_channel_either_and_hears_the_others() {
    let key = Key::new("main", [7; 32]).unwrap();
    let mut stage = Stage::with(|config| {
        config.media = true;
        config.topology = crate::Topology::Sfu;
        config.auth_keys = vec![key.clone()];
    });
    let mut seats = [("ana", "chat"), ("bo", "pub.audio")].map(|(uid, grant)| {
        let grants = Some(vec!["subscribe".to_owned(), grant.to_owned()]);
        let (room, exp) = ("100".to_owned(), UNIX.as_secs() + 60);
        let claims = Claims { room, uid: Some(uid.to_owned()), name: None, role: None, grants, exp, nbf: None };
        let token = mint(&key, &claims).unwrap();
        let conn = stage.open();
        let join = json!({"cmd": "join", "v": 2, "roomId": "100", "uid": uid, "caps": ["media"], "token": token});
        stage.join_with(conn, uid, &join.to_string());
        (conn, stage.offer(conn, &mut Vec::new()).1)
    });
    seats.iter_mut().for_each(|(_, peer)| {
        stage.media(MediaEvent::Lanes { peer: *peer, lanes: vec![Lane::Reliable] });
    });
    let data =
        |peer| MediaEvent::Data { peer, lane: Lane::Reliable, message: DataMessage::Text(r#"{"topic":"x"}"#.into()) };
    let heard = stage.media(data(seats[1].1));
    assert_eq!(only_error(&heard), (seats[1].0, 110, "forbidden".to_owned()));
    let heard = stage.media(data(seats[0].1));
    assert!(matches!(&requests(&heard)[..], [MediaRequest::Data { to, .. }] if to[..] == [seats[1].1]), "{heard:?}");
}

#[test]
fn who_has_lost_its_connection_to_the_media_server_hears_by_signalling_again() {
    let mut trio = Trio::new();
    trio.stage.media(MediaEvent::Disconnected { peer: trio.peers[1], reason: "silence".to_owned() });
    let heard = trio.text(0, Lane::Reliable, r#"{"topic":"x","remoteUid":"bo"}"#);
    assert_eq!((commands(&heard, trio.conns[1]), requests(&heard)), (vec!["data".to_owned()], vec![]));
}

#[test]
fn a_lost_websocket_does_not_silence_a_channel() {
    let mut trio = Trio::new();
    trio.stage.close(trio.conns[1]);
    trio.stage.close(trio.conns[2]);
    let heard = trio.text(0, Lane::Reliable, r#"{"topic":"x","remoteUid":"bo"}"#);
    assert_eq!(requests(&heard).len(), 1);
    assert_eq!(trio.text(0, Lane::Reliable, r#"{"topic":"kept","remoteUid":"cy"}"#), []);
}

#[test]
fn what_comes_after_a_member_has_left_is_for_nobody() {
    let mut trio = Trio::new();
    trio.stage.say(trio.conns[0], r#"{"cmd":"leave"}"#);
    assert_eq!(trio.text(0, Lane::Reliable, r#"{"topic":"x"}"#), []);
    let (peer, label) = (trio.peers[0], "data".to_owned());
    assert_eq!(trio.stage.media(MediaEvent::DataRefused { peer, label, refusal: DataRefusal::Slow }), []);
}

//! Clients of AppRTC: among themselves, and with members that speak the other dialects.

mod mixed;

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use serde_json::{Value, json};

use super::language::{Heard, Stage};
use crate::{
    ConnId, Opened,
    apprtc::{
        Joined, Refused,
        client::{MESSAGES_BYTES_MAX, MESSAGES_MAX},
    },
    hub::apprtc::REGISTER_MAX,
};

const OFFER: &str = r#"{"type":"offer","sdp":"v=0\r\n"}"#;
const ANSWER: &str = r#"{"type":"answer","sdp":"v=0\r\n"}"#;
const CANDIDATE: &str =
    r#"{"type":"candidate","label":0,"id":"0","candidate":"candidate:1 1 udp 1 192.0.2.7 5 typ host"}"#;
const BYE: &str = r#"{"type":"bye"}"#;

/// Seats have numbers from here on, sockets those before.
const SEATS: u64 = 1000;

impl Stage {
    fn try_apprtc(&mut self, seat: u64, opened: Opened) -> Result<Joined, Refused> {
        let joined = self.hub.handle_apprtc_join(self.now, ConnId::new(SEATS + seat), opened, "100");
        joined
            .inspect(|joined| assert!(joined.client.len() == 16 && joined.client.bytes().all(|it| it.is_ascii_digit())))
    }

    /// The client of this number joins room 100; gives back what it learns, and what others hear.
    fn apprtc(&mut self, seat: u64) -> (Joined, Vec<Heard>) {
        let address = IpAddr::V4(Ipv4Addr::from(0x0b00_0001 + u32::try_from(seat).unwrap()));
        let joined = self.try_apprtc(seat, Opened::from_address(address)).unwrap();
        (joined, self.hear())
    }

    /// It joins and has a socket.
    fn apprtc_with_socket(&mut self, seat: u64) -> (Joined, ConnId) {
        let (joined, _) = self.apprtc(seat);
        let socket = self.open();
        let heard = self.register(socket, &joined.client);
        assert!(heard.iter().all(|word| matches!(word, Heard::Frame(..))), "{heard:?}");
        (joined, socket)
    }

    fn register(&mut self, socket: ConnId, client: &str) -> Vec<Heard> {
        self.say(socket, &json!({"cmd": "register", "roomid": "100", "clientid": client}).to_string())
    }

    fn send(&mut self, socket: ConnId, msg: &str) -> Vec<Heard> {
        self.say(socket, &json!({"cmd": "send", "msg": msg}).to_string())
    }

    fn post(&mut self, client: &str, msg: &str) -> (Result<(), &'static str>, Vec<Heard>) {
        let said = self.hub.handle_apprtc_message(self.now, "100", client, msg).map_err(|refused| refused.result());
        (said, self.hear())
    }

    fn apprtc_leave(&mut self, client: &str) -> (Result<(), &'static str>, Vec<Heard>) {
        let left = self.hub.handle_apprtc_leave(self.now, "100", client).map_err(|refused| refused.result());
        (left, self.hear())
    }
}

/// What a socket hears of the other client.
fn message(socket: ConnId, msg: &str) -> Heard {
    Heard::Frame(socket, format!(r#"{{"msg":{},"error":""}}"#, json!(msg)))
}

/// The error that a socket hears.
fn error_of(word: &Heard) -> (ConnId, String) {
    let Heard::Frame(conn, text) = word else { panic!("{word:?} is no frame") };
    let value: Value = serde_json::from_str(text).unwrap();
    assert_eq!(value["msg"], "", "{text}");
    (*conn, value["error"].as_str().unwrap().to_owned())
}

#[test]
fn the_first_makes_the_offer_and_the_second_gets_what_it_said() {
    let mut stage = Stage::new();
    let (first, heard) = stage.apprtc(1);
    assert!(first.is_initiator && first.messages.is_empty());
    assert_eq!(heard, []);
    let one = stage.open();
    assert_eq!(stage.register(one, &first.client), []);
    assert_eq!(stage.post(&first.client, OFFER), (Ok(()), vec![]));
    assert_eq!(stage.post(&first.client, CANDIDATE), (Ok(()), vec![]));

    let (second, heard) = stage.apprtc(2);
    assert!(!second.is_initiator);
    assert_eq!(second.messages, [OFFER, CANDIDATE]);
    assert_eq!(heard, []);

    let two = stage.open();
    assert_eq!(stage.register(two, &second.client), []);
    assert_eq!(stage.send(two, ANSWER), [message(one, ANSWER)]);
    assert_eq!(stage.post(&first.client, CANDIDATE), (Ok(()), vec![message(two, CANDIDATE)]));
}

#[test]
fn what_only_devices_understand_passes_unread_between_them() {
    let mut stage = Stage::new();
    let (_, one) = stage.apprtc_with_socket(1);
    let (_, two) = stage.apprtc_with_socket(2);
    for msg in
        [r#"{"error":""}"#, r#"{"type":"customized","data":"x"}"#, r#"{"type":"candidate","candidate":"c"}"#, "no JSON"]
    {
        assert_eq!(stage.send(one, msg), [message(two, msg)], "{msg}");
    }
}

#[test]
fn a_third_finds_the_room_full_and_disturbs_nobody() {
    let mut stage = Stage::new();
    let (_, one) = stage.apprtc_with_socket(1);
    let (_, two) = stage.apprtc_with_socket(2);
    let refused = stage.try_apprtc(3, Opened::from_address([192, 0, 2, 1].into())).unwrap_err();
    assert_eq!((refused.result(), refused.code()), ("FULL", Some((1, "room-full"))));
    assert_eq!(stage.hear(), []);
    assert_eq!(stage.hub.stats().connections, 4, "the third has left nothing behind");
    assert_eq!(stage.send(one, CANDIDATE), [message(two, CANDIDATE)]);
}

#[test]
fn when_one_leaves_the_other_hears_goodbye_once_and_waits_for_the_next() {
    let mut stage = Stage::new();
    let (first, one) = stage.apprtc_with_socket(1);
    let (second, two) = stage.apprtc_with_socket(2);
    assert_eq!(stage.send(two, BYE), [message(one, BYE)]);
    assert_eq!(stage.apprtc_leave(&second.client), (Ok(()), vec![]));
    assert_eq!(stage.apprtc_leave(&second.client), (Err("UNKNOWN_CLIENT"), vec![]));

    assert_eq!(stage.post(&first.client, OFFER), (Ok(()), vec![]));
    let (third, _) = stage.apprtc(3);
    assert_eq!((third.is_initiator, third.messages), (false, vec![OFFER.to_owned()]));
}

#[test]
fn what_was_said_to_one_who_has_left_is_not_said_to_the_next() {
    let mut stage = Stage::new();
    let (first, _) = stage.apprtc_with_socket(1);
    stage.post(&first.client, OFFER).0.unwrap();
    let (second, _) = stage.apprtc(2);
    stage.apprtc_leave(&second.client).0.unwrap();
    let (third, _) = stage.apprtc(3);
    assert_eq!(third.messages, [""; 0]);
}

#[test]
fn a_client_that_has_said_goodbye_is_in_no_room() {
    let mut stage = Stage::new();
    let (first, one) = stage.apprtc_with_socket(1);
    assert_eq!(stage.send(one, BYE), []);
    assert_eq!(stage.hub.stats().rooms, 0);
    assert_eq!(stage.post(&first.client, OFFER).0, Err("UNKNOWN_CLIENT"), "it has a name, but no seat");
    assert_eq!(stage.apprtc_leave(&first.client).0, Ok(()));
    assert_eq!(stage.apprtc_leave(&first.client).0, Err("UNKNOWN_ROOM"));
}

#[test]
fn names_that_nobody_has_are_refused() {
    let mut stage = Stage::new();
    assert_eq!(stage.post("1", OFFER).0, Err("UNKNOWN_ROOM"));
    let (first, _) = stage.apprtc(1);
    assert_eq!(stage.post("1", OFFER).0, Err("UNKNOWN_CLIENT"));
    for (room, result) in [("101", "UNKNOWN_ROOM"), ("", "INVALID_REQUEST")] {
        let refused = stage.hub.handle_apprtc_message(stage.now, room, &first.client, OFFER).unwrap_err();
        assert_eq!(refused.result(), result);
    }
    let refused =
        stage.hub.handle_apprtc_join(stage.now, ConnId::new(1), Opened::from_address([192, 0, 2, 1].into()), "");
    assert_eq!(refused.unwrap_err().result(), "INVALID_REQUEST");
}

#[test]
fn what_is_said_before_the_socket_comes_is_heard_when_it_comes() {
    let mut stage = Stage::new();
    let (first, one) = stage.apprtc_with_socket(1);
    let (second, _) = stage.apprtc(2);
    assert_eq!(stage.post(&first.client, OFFER), (Ok(()), vec![]));
    assert_eq!(stage.send(one, CANDIDATE), []);
    let two = stage.open();
    assert_eq!(stage.register(two, &second.client), [message(two, OFFER), message(two, CANDIDATE)]);
}

#[test]
fn a_client_without_a_socket_loses_its_seat_in_time() {
    let mut stage = Stage::new();
    let (_, one) = stage.apprtc_with_socket(1);
    let (second, _) = stage.apprtc(2);
    assert_eq!(stage.wait(REGISTER_MAX - Duration::from_millis(1)), []);
    assert_eq!(stage.wait(Duration::from_millis(1)), [message(one, BYE)]);
    assert_eq!(stage.post(&second.client, OFFER).0, Err("UNKNOWN_CLIENT"));
    assert_eq!(stage.hub.stats().connections, 2);
}

#[test]
fn who_speaks_over_http_has_more_time_for_its_socket() {
    let mut stage = Stage::new();
    let (first, _) = stage.apprtc(1);
    stage.wait(REGISTER_MAX - Duration::from_secs(1));
    stage.post(&first.client, OFFER).0.unwrap();
    stage.wait(Duration::from_secs(2));
    let one = stage.open();
    assert_eq!(stage.register(one, &first.client), []);
    stage.wait_alive(Duration::from_secs(300), &[one]);
    assert_eq!(stage.hub.stats().members, 1);
}

#[test]
fn a_lost_socket_may_come_again_in_time_and_hears_what_it_missed() {
    let mut stage = Stage::new();
    let (first, one) = stage.apprtc_with_socket(1);
    let (_, two) = stage.apprtc_with_socket(2);
    assert_eq!(stage.close(one), []);
    assert_eq!(stage.send(two, CANDIDATE), []);
    stage.wait(REGISTER_MAX - Duration::from_secs(1));
    let again = stage.open();
    assert_eq!(stage.register(again, &first.client), [message(again, CANDIDATE)]);
    assert_eq!(stage.wait(Duration::from_secs(2)), []);
    assert_eq!(stage.send(two, CANDIDATE), [message(again, CANDIDATE)]);
    stage.close(again);
    assert_eq!(stage.wait(REGISTER_MAX), [message(two, BYE)]);
}

#[test]
fn a_socket_that_answers_no_pings_is_lost() {
    let mut stage = Stage::new();
    let (_, one) = stage.apprtc_with_socket(1);
    let (_, two) = stage.apprtc_with_socket(2);
    let heard = stage.wait_alive(Duration::from_secs(75) + REGISTER_MAX, &[two]);
    assert_eq!(heard, [Heard::Closed(one, 1001), message(two, BYE)]);
    assert_eq!(stage.hub.stats().connections, 2);
}

#[test]
fn a_client_and_a_socket_register_once() {
    let mut stage = Stage::new();
    let (first, one) = stage.apprtc_with_socket(1);
    let other = stage.open();
    let heard = stage.register(other, &first.client);
    assert_eq!(error_of(&heard[0]).0, other);
    assert_eq!(heard[1..], [Heard::Closed(other, 1008)]);
    let heard = stage.register(one, &first.client);
    assert_eq!(error_of(&heard[0]).0, one);
    assert_eq!(heard[1..], [Heard::Closed(one, 1008)]);
}

#[test]
fn a_socket_that_makes_no_sense_is_told_so_and_closed() {
    for text in [
        r#"{"cmd":"send","msg":"x"}"#,
        r#"{"cmd":"register","roomid":"100","clientid":"1"}"#,
        r#"{"cmd":"register","roomid":"","clientid":"1"}"#,
        r#"{"cmd":"register","roomid":"100"}"#,
        r#"{"cmd":"register","clientid":"1"}"#,
    ] {
        let mut stage = Stage::new();
        let socket = stage.open();
        let heard = stage.say(socket, text);
        assert!(!error_of(&heard[0]).1.is_empty(), "{text}");
        assert_eq!(heard[1..], [Heard::Closed(socket, 1008)], "{text}");
    }
    for text in [
        r#"{"cmd":"join","roomId":"1","uid":"x"}"#,
        r#"{"cmd":"join","v":2,"roomId":"1"}"#,
        r#"{"cmd":"send","msg":""}"#,
        r#"{"cmd":"send"}"#,
    ] {
        let mut stage = Stage::new();
        let (_, socket) = stage.apprtc_with_socket(1);
        let heard = stage.say(socket, text);
        assert!(!error_of(&heard[0]).1.is_empty(), "{text}");
        assert_eq!(heard[1..], [Heard::Closed(socket, 1008)], "{text}");
    }
}

#[test]
fn a_mailbox_holds_so_much_and_no_more() {
    let mut stage = Stage::with(|config| config.limits.messages_per_second = 0);
    let (first, _) = stage.apprtc(1);
    for _ in 0..MESSAGES_MAX {
        assert_eq!(stage.post(&first.client, "x").0, Ok(()));
    }
    assert_eq!(stage.post(&first.client, "x").0, Err("ERROR"));

    let mut stage = Stage::with(|config| config.limits.frame_bytes = 0);
    let (first, one) = stage.apprtc_with_socket(1);
    assert_eq!(stage.post(&first.client, &"x".repeat(MESSAGES_BYTES_MAX)).0, Ok(()));
    let heard = stage.send(one, "x");
    assert!(!error_of(&heard[0]).1.is_empty());
    assert_eq!(heard.len(), 1, "its socket stays open: {heard:?}");
}

#[test]
fn messages_have_the_length_and_the_pace_of_frames() {
    let mut stage = Stage::with(|config| {
        config.limits.frame_bytes = 100;
        config.limits.messages_burst = 2;
    });
    let (first, _) = stage.apprtc(1);
    assert_eq!(stage.post(&first.client, &"x".repeat(100)).0, Ok(()));
    assert_eq!(stage.post(&first.client, &"x".repeat(101)).0, Err("INVALID_REQUEST"));
    assert_eq!(stage.post(&first.client, "x").0, Ok(()));
    assert_eq!(stage.post(&first.client, "x").0, Err("ERROR"));
}

#[test]
fn who_floods_loses_its_seat_and_its_socket() {
    let mut stage = Stage::new();
    let (_, one) = stage.apprtc_with_socket(1);
    let (second, two) = stage.apprtc_with_socket(2);
    let heard: Vec<Heard> = (0..400).flat_map(|_| stage.post(&second.client, CANDIDATE).1).collect();
    assert_eq!(heard[200..], [Heard::Closed(two, 1008), message(one, BYE)]);
}

#[test]
fn who_floods_by_both_ways_is_closed_and_hears_no_more() {
    let mut stage = Stage::new();
    let (first, one) = stage.apprtc_with_socket(1);
    let said: Vec<_> = (0..299).map(|_| stage.post(&first.client, CANDIDATE)).collect();
    assert!(said.iter().all(|(_, heard)| heard.is_empty()));
    assert_eq!(said[198..202].iter().filter(|(result, _)| result.is_ok()).count(), 2, "a burst of 200");
    assert_eq!(stage.send(one, CANDIDATE), [Heard::Closed(one, 1008)]);
}

#[test]
fn joins_and_connections_are_limited_as_everybody_s() {
    let mut stage = Stage::with(|config| config.limits.joins_burst = 1);
    let from = || Opened::from_address([192, 0, 2, 1].into());
    stage.try_apprtc(1, from()).unwrap();
    let refused = stage.try_apprtc(2, from()).unwrap_err();
    assert_eq!((refused.result(), refused.code()), ("ERROR", Some((103, "rate-limited"))));

    let mut stage = Stage::with(|config| config.limits.connections_per_address = 1);
    stage.try_apprtc(1, from()).unwrap();
    let refused = stage.try_apprtc(2, from()).unwrap_err();
    assert_eq!((refused.result(), refused.refusal()), ("ERROR", Some(crate::Refusal::AddressFull)));
}

#[test]
fn when_the_server_stops_every_socket_is_closed_once() {
    let mut stage = Stage::new();
    let (_, one) = stage.apprtc_with_socket(1);
    let (_, two) = stage.apprtc_with_socket(2);
    let heard = stage.shut_down();
    let mut closed: Vec<ConnId> =
        heard.iter().filter_map(|word| if let Heard::Closed(conn, 1001) = word { Some(*conn) } else { None }).collect();
    closed.sort();
    assert_eq!(closed, [one, two]);
    assert_eq!(stage.hub.stats().connections, 0);
    assert_eq!(stage.hub.poll_timeout(), None);
}

#[test]
fn where_the_dialect_is_off_its_words_mean_nothing() {
    let mut stage = Stage::with(|config| config.apprtc = false);
    let socket = stage.open();
    assert_eq!(stage.register(socket, "1"), []);
    assert_eq!(stage.send(socket, "x"), []);
}

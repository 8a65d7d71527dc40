use std::time::Duration;

use live::StreamName;
use room::media::MediaRoomId;
use room::show::{Part, Show, StreamPolicy};
use room::token::{Claims, Key, TokenError, mint};

use super::{Access, Deed, Denied, Rule};
use crate::config::{Admission, Networks};
use crate::live::shows::Shows;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const NOW: Duration = Duration::from_secs(1_000_000);

fn key() -> Key {
    Key::new("main", SECRET).unwrap()
}

fn demo() -> StreamName {
    StreamName::new("live", "demo").unwrap()
}

fn anywhere() -> Rule {
    Rule { allow: Networks(Vec::new()), deny: Networks(Vec::new()) }
}

fn access(admission: Admission, keys: Vec<Key>) -> Access {
    Access {
        publish: admission,
        play: admission,
        publish_from: anywhere(),
        play_from: anywhere(),
        keys,
        shows: Shows::default(),
    }
}

fn token(room: &str, grants: Option<&[&str]>, exp: u64) -> String {
    let grants = grants.map(|grants| grants.iter().map(ToString::to_string).collect());
    let claims = Claims { room: room.into(), uid: None, name: None, role: None, grants, exp, nbf: None };
    mint(&key(), &claims).unwrap()
}

fn publish(access: &Access, token: Option<&str>) -> Result<(), Denied> {
    access.check(Deed::Publish, &demo(), token, NOW)
}

#[test]
fn without_keys_anybody_may_and_with_keys_a_token_is_needed() {
    assert_eq!(publish(&access(Admission::Auto, Vec::new()), None), Ok(()));
    assert_eq!(publish(&access(Admission::Auto, vec![key()]), None), Err(Denied::TokenNeeded));
    let whole = token("*", None, u64::MAX / 2);
    assert_eq!(publish(&access(Admission::Auto, vec![key()]), Some(&whole)), Ok(()));
}

#[test]
fn setting_that_is_said_counts_whether_there_are_keys_or_not() {
    for keys in [Vec::new(), vec![key()]] {
        assert_eq!(publish(&access(Admission::All, keys.clone()), None), Ok(()));
        assert_eq!(publish(&access(Admission::Off, keys.clone()), None), Err(Denied::Off(Deed::Publish)));
        assert_eq!(publish(&access(Admission::Token, keys), None), Err(Denied::TokenNeeded));
    }
    let signed = token("*", None, u64::MAX / 2);
    let nobody = publish(&access(Admission::Token, Vec::new()), Some(&signed));
    assert_eq!(nobody, Err(Denied::TokenRefused(TokenError::BadSignature)));
}

#[test]
fn token_opens_its_stream_or_the_streams_of_its_app() {
    let access = access(Admission::Auto, vec![key()]);
    for (room, opens) in [
        ("live/demo", true),
        ("live/*", true),
        ("*", true),
        ("live/other", false),
        ("game/*", false),
        ("demo", false),
        ("live", false),
        ("*/demo", false),
    ] {
        let checked = publish(&access, Some(&token(room, None, u64::MAX / 2)));
        assert_eq!(checked, if opens { Ok(()) } else { Err(Denied::OtherStream) }, "{room}");
    }
}

#[test]
fn token_with_grants_is_good_for_those_only() {
    let access = access(Admission::Auto, vec![key()]);
    let play = token("live/demo", Some(&["play"]), u64::MAX / 2);
    assert_eq!(publish(&access, Some(&play)), Err(Denied::NotGranted(Deed::Publish)));
    assert_eq!(access.check(Deed::Play, &demo(), Some(&play), NOW), Ok(()));
    let member = token("*", Some(&["pub.video"]), u64::MAX / 2);
    assert_eq!(publish(&access, Some(&member)), Err(Denied::NotGranted(Deed::Publish)));
}

#[test]
fn token_that_has_expired_is_refused() {
    let access = access(Admission::Auto, vec![key()]);
    let late = publish(&access, Some(&token("*", None, NOW.as_secs())));
    assert_eq!(late, Err(Denied::TokenRefused(TokenError::Expired)));
}

#[test]
fn one_setting_does_not_decide_about_the_other() {
    let access = Access { publish: Admission::Token, play: Admission::All, ..access(Admission::Off, vec![key()]) };
    assert_eq!(access.check(Deed::Play, &demo(), None, NOW), Ok(()));
    assert_eq!(publish(&access, None), Err(Denied::TokenNeeded));
}

#[test]
fn addresses_are_allowed_and_denied_by_network_and_denying_wins() {
    let networks = |text: &str| Networks(vec![text.parse().unwrap()]);
    let publish_from = Rule { allow: networks("10.0.0.0/8"), deny: networks("10.6.0.0/16") };
    let access = Access { publish_from, ..access(Admission::All, Vec::new()) };
    let from = |deed, address: &str| access.check_address(deed, address.parse().unwrap());
    assert_eq!(from(Deed::Publish, "10.1.2.3"), Ok(()));
    assert_eq!(from(Deed::Publish, "::ffff:10.1.2.3"), Ok(()));
    assert_eq!(from(Deed::Publish, "10.6.2.3"), Err(Denied::Address(Deed::Publish)));
    assert_eq!(from(Deed::Publish, "192.0.2.1"), Err(Denied::Address(Deed::Publish)));
    assert_eq!(from(Deed::Play, "192.0.2.1"), Ok(()));
}

#[test]
fn what_a_room_shows_is_watched_as_the_room_and_the_operator_want_it() {
    let show = |access| Show {
        room: MediaRoomId(1),
        audio: None,
        video: None,
        has_audio: true,
        video_codec: None,
        video_layers: 0,
        encrypted: false,
        access,
        taken: None,
    };
    let name = StreamName::new("room", "abc").unwrap();
    let view = token("abc", Some(&["view"]), u64::MAX / 2);
    let check = |admission, shown: &Option<Show>, token: Option<&str>| {
        let access = access(admission, vec![key()]);
        access.shows.note("abc", &Part::Stage, shown.clone());
        access.check(Deed::Play, &name, token, NOW)
    };
    let (open, closed) = (Some(show(StreamPolicy::Open)), Some(show(StreamPolicy::Token)));
    assert_eq!(check(Admission::Auto, &None, Some(&view)), Err(Denied::NotShown));
    assert_eq!(check(Admission::All, &Some(show(StreamPolicy::Off)), Some(&view)), Err(Denied::NotShown));
    assert_eq!(check(Admission::Auto, &open, None), Ok(()), "the host has opened it to everybody");
    assert_eq!(check(Admission::Token, &open, None), Err(Denied::TokenNeeded), "the operator wants to know everybody");
    assert_eq!(check(Admission::Token, &open, Some(&view)), Ok(()));
    assert_eq!(check(Admission::Off, &open, Some(&view)), Err(Denied::Off(Deed::Play)));
    assert_eq!(check(Admission::All, &closed, None), Err(Denied::TokenNeeded));
    assert_eq!(check(Admission::All, &closed, Some(&view)), Ok(()));
    let member = token("abc", None, u64::MAX / 2);
    assert_eq!(check(Admission::All, &closed, Some(&member)), Err(Denied::NotView), "it is that of a member");
    let sealed = Some(Show { encrypted: true, ..show(StreamPolicy::Open) });
    assert_eq!(check(Admission::All, &sealed, None), Err(Denied::Encrypted));
    let publishing = access(Admission::All, Vec::new()).check(Deed::Publish, &name, None, NOW);
    assert_eq!(publishing, Err(Denied::RoomName));
}

#[test]
fn an_encoder_needs_a_token_for_the_room_that_grants_to_publish_where_tokens_decide() {
    let check = |admission, keys, token: Option<&str>| access(admission, keys).check_encoder("abc", token, NOW);
    let publish = |room| token(room, Some(&["publish"]), u64::MAX / 2);
    assert_eq!(check(Admission::Auto, Vec::new(), None), Ok(()), "the room decides");
    assert_eq!(check(Admission::Off, Vec::new(), None), Err(Denied::Off(Deed::Publish)));
    assert_eq!(check(Admission::Token, Vec::new(), None), Err(Denied::TokenNeeded));
    assert_eq!(check(Admission::All, vec![key()], None), Err(Denied::TokenNeeded), "rooms are not streams");
    assert_eq!(check(Admission::All, vec![key()], Some(&publish("abc"))), Ok(()));
    assert_eq!(check(Admission::Auto, vec![key()], Some(&publish("*"))), Ok(()));
    assert_eq!(check(Admission::Auto, vec![key()], Some(&publish("room/abc"))), Err(Denied::OtherStream));
    let member = token("abc", None, u64::MAX / 2);
    assert_eq!(check(Admission::Auto, vec![key()], Some(&member)), Err(Denied::NotGranted(Deed::Publish)));
    let past = token("abc", Some(&["publish"]), 1);
    assert!(matches!(check(Admission::Auto, vec![key()], Some(&past)), Err(Denied::TokenRefused(_))));
}

#[test]
fn the_list_has_of_rooms_what_its_reader_may_watch() {
    let access = access(Admission::Auto, vec![key()]);
    let show = |access| Show {
        room: MediaRoomId(1),
        audio: None,
        video: None,
        has_audio: true,
        video_codec: None,
        video_layers: 0,
        encrypted: false,
        access,
        taken: None,
    };
    for (room, policy) in [("open", StreamPolicy::Open), ("closed", StreamPolicy::Token), ("off", StreamPolicy::Off)] {
        access.shows.note(room, &Part::Stage, Some(show(policy)));
    }
    let opened = |token: &str| -> Vec<&str> {
        let pass = access.pass(Deed::Play, Some(token), NOW).unwrap();
        let rooms = ["open", "closed", "off"].into_iter();
        rooms.filter(|room| pass.opens(&StreamName::new("room", room).unwrap())).collect()
    };
    assert_eq!(opened(&token("closed", Some(&["play"]), u64::MAX / 2)), ["open"]);
    assert_eq!(opened(&token("*", Some(&["play", "view"]), u64::MAX / 2)), ["open", "closed"]);
}

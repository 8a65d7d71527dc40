use std::time::Duration;

use live::StreamName;
use room::token::{Claims, Key, TokenError, mint};

use super::{Access, Deed, Denied, Rule};
use crate::config::{Admission, Networks};

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
    Access { publish: admission, play: admission, publish_from: anywhere(), play_from: anywhere(), keys }
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

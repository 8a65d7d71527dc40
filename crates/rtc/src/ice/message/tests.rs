//! Checks as clients send them, and what must not pass for one.

use stun_types::attribute::{AttributeType, Fingerprint as FingerprintAttribute, XorMappedAddress};
use stun_types::message::{Message, MessageIntegrityCredentials, ShortTermCredentials};
use stun_types::prelude::*;

use super::*;

/// A check to be built by hand, so that any part of it can be wrong.
pub(crate) struct Check<'a> {
    pub(crate) username: Option<&'a str>,
    pub(crate) password: Option<&'a str>,
    pub(crate) nominates: bool,
    pub(crate) controlled: bool,
    pub(crate) unknown: Option<u16>,
}

impl<'a> Check<'a> {
    pub(crate) fn new(username: &'a str, password: &'a str) -> Self {
        Self { username: Some(username), password: Some(password), nominates: false, controlled: false, unknown: None }
    }

    pub(crate) fn nominating(username: &'a str, password: &'a str) -> Self {
        Self { nominates: true, ..Self::new(username, password) }
    }

    pub(crate) fn build(&self) -> Vec<u8> {
        let mut message = vec![0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
        if let Some(username) = self.username {
            push_attribute(&mut message, USERNAME, username.as_bytes());
        }
        push_attribute(&mut message, PRIORITY, &[0x6E, 0, 1, 0xFF]);
        push_attribute(&mut message, if self.controlled { ICE_CONTROLLED } else { 0x802A }, &[7; 8]);
        if self.nominates {
            push_attribute(&mut message, USE_CANDIDATE, &[]);
        }
        if let Some(kind) = self.unknown {
            push_attribute(&mut message, kind, b"what");
        }
        finish(message, self.password.map(key).as_ref())
    }
}

pub(crate) fn key(password: &str) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes())
}

fn credentials(password: &str) -> MessageIntegrityCredentials {
    ShortTermCredentials::new(password.to_owned()).into()
}

/// RFC 5769 §2.1: a check of an ICE agent, with the password of the same section.
#[test]
fn rfc5769_sample_request_is_authentic() {
    let sample: [u8; 108] = [
        0x00, 0x01, 0x00, 0x58, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87,
        0xdf, 0xae, 0x80, 0x22, 0x00, 0x10, 0x53, 0x54, 0x55, 0x4e, 0x20, 0x74, 0x65, 0x73, 0x74, 0x20, 0x63, 0x6c,
        0x69, 0x65, 0x6e, 0x74, 0x00, 0x24, 0x00, 0x04, 0x6e, 0x00, 0x01, 0xff, 0x80, 0x29, 0x00, 0x08, 0x93, 0x2f,
        0xf9, 0xb1, 0x51, 0x26, 0x3b, 0x36, 0x00, 0x06, 0x00, 0x09, 0x65, 0x76, 0x74, 0x6a, 0x3a, 0x68, 0x36, 0x76,
        0x59, 0x20, 0x20, 0x20, 0x00, 0x08, 0x00, 0x14, 0x9a, 0xea, 0xa7, 0x0c, 0xbf, 0xd8, 0xcb, 0x56, 0x78, 0x1e,
        0xf2, 0xb5, 0xb2, 0xd3, 0xf2, 0x49, 0xc1, 0xb5, 0x71, 0xa2, 0x80, 0x28, 0x00, 0x04, 0xe5, 0x7a, 0x3b, 0xcf,
    ];
    let check = Binding::parse(&sample).unwrap();
    assert_eq!(check.username, Some(&b"evtj:h6vY"[..]));
    assert!(check.controlled && !check.nominates && check.unknown.is_none());
    assert!(check.is_authentic(&key("VOkJxbRl1RmTxUk/WvJxBt")));
    assert!(!check.is_authentic(&key("VOkJxbRl1RmTxUk/WvJxBu")));
}

#[test]
fn answers_are_what_another_implementation_reads() {
    let check = Check::nominating("a:b", "password").build();
    let check = Binding::parse(&check).unwrap();
    assert!(check.nominates && check.is_authentic(&key("password")));
    for remote in ["192.0.2.7:4321", "[2001:db8::7]:4321"] {
        let remote: SocketAddr = remote.parse().unwrap();
        let answer = check.success(remote, &key("password"));
        let message = Message::from_bytes(&answer).unwrap();
        assert!(message.has_class(stun_types::message::MessageClass::Success));
        assert!(message.validate_integrity(&credentials("password")).is_ok());
        assert!(message.has_attribute(FingerprintAttribute::TYPE));
        let mapped = message.attribute::<XorMappedAddress>().unwrap();
        assert_eq!(mapped.addr(message.transaction_id()), remote);
        assert!(answer.len() <= ANSWER_BYTES, "{}", answer.len());
    }
}

#[test]
fn an_address_of_ipv4_in_ipv6_is_told_as_ipv4() {
    let check = Check::new("a:b", "password").build();
    let answer = Binding::parse(&check).unwrap().success("[::ffff:192.0.2.7]:9".parse().unwrap(), &key("password"));
    let message = Message::from_bytes(&answer).unwrap();
    let mapped = message.attribute::<XorMappedAddress>().unwrap();
    assert_eq!(mapped.addr(message.transaction_id()), "192.0.2.7:9".parse().unwrap());
}

#[test]
fn errors_name_their_code() {
    let check = Check::new("a:b", "password").build();
    let check = Binding::parse(&check).unwrap();
    for (refusal, code) in [
        (Refusal::BadRequest, 400),
        (Refusal::Unauthenticated, 401),
        (Refusal::UnknownAttribute(0x7F), 420),
        (Refusal::RoleConflict, 487),
    ] {
        let answer = check.error(refusal, None);
        let message = Message::from_bytes(&answer).unwrap();
        assert!(message.has_class(stun_types::message::MessageClass::Error));
        assert_eq!(message.attribute::<stun_types::attribute::ErrorCode>().unwrap().code(), code);
        assert!(!message.has_attribute(AttributeType::new(MESSAGE_INTEGRITY)));
    }
    let signed = check.error(Refusal::RoleConflict, Some(&key("password")));
    assert!(Message::from_bytes(&signed).unwrap().validate_integrity(&credentials("password")).is_ok());
}

#[test]
fn what_stands_behind_the_integrity_does_not_count() {
    let mut message = Check::new("a:b", "password").build();
    message.truncate(message.len() - FINGERPRINT_BYTES);
    push_attribute(&mut message, USE_CANDIDATE, &[]);
    push_attribute(&mut message, 0x7F, &[]);
    let message = finish(message, None);
    let check = Binding::parse(&message).unwrap();
    assert!(!check.nominates && check.unknown.is_none() && check.is_authentic(&key("password")));
}

#[test]
fn a_check_with_any_byte_changed_or_missing_is_none_or_not_authentic() {
    let sound = Check::nominating("a:b", "password").build();
    for place in 0..sound.len() {
        let mut changed = sound.clone();
        changed[place] ^= 0x55;
        assert!(!Binding::parse(&changed).is_ok_and(|check| check.is_authentic(&key("password"))), "byte {place}");
        assert_eq!(Binding::parse(&sound[..place]).err(), Some(NotForIce), "{place} bytes");
    }
}

#[test]
fn responses_indications_and_checks_without_fingerprint_are_not_for_ice() {
    let sound = Check::new("a:b", "password").build();
    for kind in [0x0101_u16, 0x0111, 0x0011, 0x0003] {
        let mut other = sound.clone();
        other[..2].copy_from_slice(&kind.to_be_bytes());
        assert_eq!(Binding::parse(&other).err(), Some(NotForIce));
    }
    let mut bare = sound[..sound.len() - FINGERPRINT_BYTES].to_vec();
    set_length(&mut bare, 0);
    assert_eq!(Binding::parse(&bare).err(), Some(NotForIce));
}

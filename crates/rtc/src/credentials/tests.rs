//! Which credentials are credentials.

use super::*;

#[test]
fn lengths_and_characters_are_those_of_the_grammar() {
    let pwd = "p".repeat(22);
    for (ufrag, pwd, valid) in [
        ("abcd", pwd.as_str(), true),
        ("abc", pwd.as_str(), false),
        ("abcd", &pwd[1..], false),
        ("ab-d", pwd.as_str(), false),
        ("ab:d", pwd.as_str(), false),
        ("a+/9", pwd.as_str(), true),
    ] {
        assert_eq!(IceCredentials::new(ufrag, pwd).is_some(), valid, "{ufrag} {pwd}");
    }
    assert!(IceCredentials::new("u".repeat(256), "p".repeat(256)).is_some());
    assert!(IceCredentials::new("u".repeat(257), "p".repeat(256)).is_none());
    assert!(IceCredentials::new("u".repeat(256), "p".repeat(257)).is_none());
}

#[test]
fn later_credentials_begin_with_the_fragment_by_which_the_peer_is_found() {
    let next = IceCredentials::derive("w0abcd", &[0xA7; 32]);
    assert!(next.ufrag().starts_with("w0abcd") && next.ufrag().len() == 10);
    assert!(IceCredentials::new(next.ufrag(), next.pwd()).is_some());
    assert_ne!(next.pwd(), IceCredentials::derive("w0abcd", &[0xA8; 32]).pwd());
}

#[test]
fn the_password_is_not_shown() {
    let credentials = IceCredentials::new("abcd", "secret".repeat(4)).unwrap();
    assert!(!format!("{credentials:?}").contains("secret"));
}

//! Claims about where webhooks may go, and what an answer means.

use axum::http::StatusCode;

use super::{Client, Failure, judge};
use crate::config::Networks;

#[test]
fn private_addresses_are_not_reached_unless_allowed() {
    let client =
        Client::new(Networks(vec!["10.1.0.0/16".parse().unwrap(), "fd00::/8".parse().unwrap()]), None).unwrap();
    for (address, may) in [
        ("8.8.8.8", true),
        ("2a00:1450::1", true),
        ("127.0.0.1", false),
        ("::1", false),
        ("::ffff:127.0.0.1", false),
        ("169.254.169.254", false),
        ("10.0.0.1", false),
        ("10.1.0.1", true),
        ("::ffff:10.1.0.1", true),
        ("192.168.1.1", false),
        ("0.0.0.0", false),
        ("fe80::1", false),
        ("fd12::1", true),
        ("64:ff9b::a00:1", false),
        ("2002:0a00:0001::1", false),
    ] {
        assert_eq!(client.may_reach(address.parse().unwrap()), may, "{address}");
    }
}

#[test]
fn what_may_get_better_is_tried_again_and_nothing_else() {
    for (status, again) in
        [(500, true), (503, true), (408, true), (429, true), (400, false), (404, false), (302, false)]
    {
        let failure = judge(StatusCode::from_u16(status).unwrap()).unwrap_err();
        assert_eq!(matches!(failure, Failure::Passing(_)), again, "{status}");
    }
    assert!(judge(StatusCode::NO_CONTENT).is_ok());
}

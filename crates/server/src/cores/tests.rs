use std::net::IpAddr;

use turn::credentials::Secret;

use super::{both_families, relayed_addresses, turn_settings};
use crate::address::Standing;
use crate::config::{Config, Listen};

fn addresses(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn relayed(public: &[&str], reachable: &[&str]) -> String {
    relayed_as_seen(public, &[], reachable)
}

fn relayed_as_seen(public: &[&str], seen: &[&str], reachable: &[&str]) -> String {
    let seen = seen.iter().map(|text| text.parse().unwrap()).collect();
    let standing = Standing { own: Vec::new(), reachable: addresses(reachable), seen };
    let (v4, v6) = relayed_addresses(&addresses(public), &standing);
    format!("{v4:?} {v6:?}")
}

#[test]
fn relayed_addresses_are_those_that_others_see_each_family_for_itself() {
    let seen = ["198.51.100.7:40000"];
    assert_eq!(relayed_as_seen(&[], &seen, &["10.0.0.1", "2001:db8::1"]), "Some(198.51.100.7) Some(2001:db8::1)");
    assert_eq!(relayed_as_seen(&["203.0.113.1"], &seen, &["10.0.0.1"]), "Some(203.0.113.1) None");
}

#[test]
fn an_address_that_others_see_is_one_of_ours_that_nobody_reaches_through_a_relay() {
    let standing = Standing { seen: vec!["198.51.100.7:40000".parse().unwrap()], ..Standing::default() };
    let core = turn_settings(&Config::default(), vec![Secret::new("north")], &standing).core;
    assert_eq!(core.own_addresses, addresses(&["198.51.100.7"]));
    assert_eq!(core.relay_v4, Some([198, 51, 100, 7].into()));
}

#[test]
fn relayed_addresses_are_public_then_reachable_then_loopback() {
    assert_eq!(relayed(&["198.51.100.7"], &["10.0.0.1", "2001:db8::1"]), "Some(198.51.100.7) None");
    assert_eq!(relayed(&[], &["10.0.0.1", "10.0.0.2", "2001:db8::1"]), "Some(10.0.0.1) Some(2001:db8::1)");
    assert_eq!(relayed(&[], &["10.0.0.1"]), "Some(10.0.0.1) None");
    assert_eq!(relayed(&[], &[]), "Some(127.0.0.1) Some(::1)");
}

#[test]
fn wildcard_for_udp_is_one_socket_per_family() {
    let of = |text: &str| {
        let texts: Vec<String> =
            both_families(&Listen(vec![text.parse().unwrap()])).iter().map(ToString::to_string).collect();
        texts.join(" ")
    };
    assert_eq!(of("[::]:3478"), "0.0.0.0:3478 [::]:3478");
    assert_eq!(of("[::]:0"), "0.0.0.0:0");
    assert_eq!(of("[::1]:0"), "[::1]:0");
    assert_eq!(of("0.0.0.0:3478"), "0.0.0.0:3478");
}

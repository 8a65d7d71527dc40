use std::net::IpAddr;

use super::{both_families, relayed_addresses};
use crate::config::Listen;

fn addresses(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn relayed(public: &[&str], reachable: &[&str]) -> String {
    let (v4, v6) = relayed_addresses(&addresses(public), &addresses(reachable));
    format!("{v4:?} {v6:?}")
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

use std::net::IpAddr;

use super::{ClientNetwork, is_reachable, may_reach, own, reachable};
use crate::config::Networks;

fn network(address: &str) -> ClientNetwork {
    address.parse::<IpAddr>().unwrap().into()
}

#[test]
fn ipv6_clients_count_by_their_64_bit_network_and_ipv4_clients_by_address() {
    assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff::9"));
    assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
    assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
}

#[test]
fn loopback_is_an_own_address_but_not_reachable_for_others() {
    assert!(own().iter().any(IpAddr::is_loopback));
    assert!(reachable().into_iter().all(is_reachable));
    for address in ["127.0.0.1", "169.254.1.1", "::1", "fe80::1"] {
        assert!(!is_reachable(address.parse().unwrap()), "{address}");
    }
}

#[test]
fn private_addresses_are_not_reached_unless_allowed() {
    let allowed = Networks(vec!["10.1.0.0/16".parse().unwrap(), "fd00::/8".parse().unwrap()]);
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
        assert_eq!(may_reach(&allowed, address.parse().unwrap()), may, "{address}");
    }
}

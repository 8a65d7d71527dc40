use std::net::IpAddr;

use super::{ClientNetwork, is_reachable, own, reachable};

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

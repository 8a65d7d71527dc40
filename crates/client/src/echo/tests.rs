use std::net::Ipv4Addr;

use super::*;

#[test]
fn every_datagram_of_an_echo_is_timed() {
    let delays = measure_echo(IpAddr::V4(Ipv4Addr::LOCALHOST), 20).unwrap();
    assert_eq!(delays.count(), 20);
    assert!(delays.max_us() > 0);
}

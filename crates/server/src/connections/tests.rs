use std::net::IpAddr;

use super::{Connections, Full};
use crate::config::{Limit, Networks};

fn address(last: u8) -> IpAddr {
    [192, 0, 2, last].into()
}

fn nobody() -> Networks {
    Networks(Vec::new())
}

#[test]
fn client_at_its_limit_is_refused_and_others_are_not() {
    let connections = Connections::new(Limit(100), Limit(2), nobody());
    let places = [connections.enter(address(1)).unwrap(), connections.enter(address(1)).unwrap()];
    assert_eq!(connections.enter(address(1)).unwrap_err(), Full::Client);
    connections.enter(address(2)).unwrap();
    drop(places);
    connections.enter(address(1)).unwrap();
}

#[test]
fn trusted_proxy_brings_more_clients_than_one_but_no_more_than_all() {
    let proxies = || Networks(vec!["192.0.2.1/32".parse().unwrap()]);
    let connections = Connections::new(Limit(3), Limit(1), proxies());
    let mapped = IpAddr::from([0, 0, 0, 0, 0, 0xffff, 0xc000, 0x0201]);
    let _places = [connections.enter(address(1)).unwrap(), connections.enter(mapped).unwrap()];
    let _other = connections.enter(address(2)).unwrap();
    assert_eq!(connections.enter(address(1)).unwrap_err(), Full::Total);
    let connections = Connections::new(Limit(3), Limit(1), proxies());
    let _other = connections.enter(address(2)).unwrap();
    assert_eq!(connections.enter(address(2)).unwrap_err(), Full::Client);
}

#[test]
fn server_at_its_limit_refuses_everybody_until_one_leaves() {
    let connections = Connections::new(Limit(2), Limit(0), nobody());
    let first = connections.enter(address(1)).unwrap();
    let _second = connections.enter(address(2)).unwrap();
    assert_eq!(connections.enter(address(3)).unwrap_err(), Full::Total);
    drop(first);
    connections.enter(address(3)).unwrap();
}

#[test]
fn nothing_is_remembered_of_a_client_that_left() {
    let connections = Connections::new(Limit(0), Limit(0), nobody());
    drop((1..200).map(|last| connections.enter(address(last)).unwrap()).collect::<Vec<_>>());
    assert_eq!(connections.headcount.size(), (0, 0));
}

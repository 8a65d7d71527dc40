use std::net::IpAddr;

use super::{Connections, Full};
use crate::config::Limit;

fn address(last: u8) -> IpAddr {
    [192, 0, 2, last].into()
}

#[test]
fn client_at_its_limit_is_refused_and_others_are_not() {
    let connections = Connections::new(Limit(100), Limit(2));
    let places = [connections.enter(address(1)).unwrap(), connections.enter(address(1)).unwrap()];
    assert_eq!(connections.enter(address(1)).unwrap_err(), Full::Client);
    connections.enter(address(2)).unwrap();
    drop(places);
    connections.enter(address(1)).unwrap();
}

#[test]
fn server_at_its_limit_refuses_everybody_until_one_leaves() {
    let connections = Connections::new(Limit(2), Limit(0));
    let first = connections.enter(address(1)).unwrap();
    let _second = connections.enter(address(2)).unwrap();
    assert_eq!(connections.enter(address(3)).unwrap_err(), Full::Total);
    drop(first);
    connections.enter(address(3)).unwrap();
}

#[test]
fn nothing_is_remembered_of_a_client_that_left() {
    let connections = Connections::new(Limit(0), Limit(0));
    drop((1..200).map(|last| connections.enter(address(last)).unwrap()).collect::<Vec<_>>());
    let counts = connections.0.lock().unwrap();
    assert_eq!((counts.total, counts.clients.len()), (0, 0));
}

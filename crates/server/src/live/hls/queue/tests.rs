use std::net::Ipv4Addr;

use super::{WAITING_MAX, WAITING_PER_CLIENT_MAX, queue};
use crate::address::ClientNetwork;
use crate::headcount::{Full, Place};

fn client(number: u64) -> ClientNetwork {
    std::net::IpAddr::from(Ipv4Addr::from_bits(u32::try_from(number).unwrap())).into()
}

#[test]
fn a_client_has_so_many_places_and_no_more_until_one_is_given_back() {
    let queue = queue();
    let mut places: Vec<Place> = (0..WAITING_PER_CLIENT_MAX).map(|_| queue.enter(client(1)).unwrap()).collect();
    assert_eq!(queue.enter(client(1)).err(), Some(Full::Client));
    assert!(queue.enter(client(2)).is_ok());
    places.pop();
    assert!(queue.enter(client(1)).is_ok());
}

#[test]
fn there_are_so_many_places_in_all() {
    let queue = queue();
    let places: Vec<Place> = (0..WAITING_MAX).map(|number| queue.enter(client(number)).unwrap()).collect();
    assert_eq!(queue.enter(client(WAITING_MAX)).err(), Some(Full::Total));
    drop(places);
    assert!(queue.enter(client(WAITING_MAX)).is_ok());
    assert_eq!(queue.size(), (0, 0), "who does not wait is not remembered");
}

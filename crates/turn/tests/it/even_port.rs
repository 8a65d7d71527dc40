use std::time::Duration;

use stun_types::attribute::AttributeWrite;
use turn::{RelayAddr, RelayBindError};
use turn_types::AddressFamily;
use turn_types::attribute::{AdditionalAddressFamily, EvenPort, RequestedAddressFamily, ReservationToken};

use crate::world::{Answer, Client, Reply, World, udp};

fn client(world: &mut World, port: u16) -> Client {
    let mut client = Client::new(udp(&format!("203.0.113.7:{port}")));
    world.meet(&mut client);
    client
}

fn reserve(world: &mut World) -> Reply {
    let client = client(world, 1);
    world.allocate(&client, &[&EvenPort::new(true)])
}

#[test]
fn an_even_port_is_even() {
    let mut world = World::new();
    for port in 1..20 {
        let client = client(&mut world, port);
        let reply = world.allocate(&client, &[&EvenPort::new(false)]);
        assert_eq!(reply.relayed().unwrap().port() % 2, 0);
        assert_eq!(reply.token(), None);
    }
    assert_eq!(world.sockets.len(), 19);
}

#[test]
fn the_next_port_is_reserved_and_its_token_gets_it() {
    let mut world = World::new();
    let reply = reserve(&mut world);
    let port = reply.relayed().unwrap().port();
    assert_eq!(port % 2, 0);
    assert!(world.sockets.iter().map(|relay: &RelayAddr| relay.port).eq([port, port + 1]));
    let second = client(&mut world, 2);
    let token = ReservationToken::new(reply.token().unwrap());
    assert_eq!(world.allocate(&second, &[&token]).relayed().unwrap().port(), port + 1);
    assert_eq!((world.binds, world.sockets.len()), (2, 2));
    assert_eq!((world.server.stats().allocations, world.server.stats().reservations), (2, 0));
    let third = client(&mut world, 3);
    assert_eq!(world.allocate(&third, &[&token]).answer(), Answer::Error(508), "a token is good once");
}

#[test]
fn a_reservation_ends_after_thirty_seconds() {
    let mut world = World::new();
    let reply = reserve(&mut world);
    world.advance(Duration::from_secs(30));
    assert_eq!((world.sockets.len(), world.server.stats().reservations), (1, 0));
    let second = client(&mut world, 2);
    let token = ReservationToken::new(reply.token().unwrap());
    assert_eq!(world.allocate(&second, &[&token]).answer(), Answer::Error(508));
}

#[test]
fn a_token_is_good_for_the_user_who_got_it() {
    let mut world = World::new();
    let token = ReservationToken::new(reserve(&mut world).token().unwrap());
    let mut ben = Client::as_user(udp("203.0.113.7:2"), "ben", "other");
    world.meet(&mut ben);
    assert_eq!(world.allocate(&ben, &[&token]).answer(), Answer::Error(508));
    let anna = client(&mut world, 3);
    assert_eq!(world.allocate(&anna, &[&token]).answer(), Answer::Success);
}

#[test]
fn a_pair_of_ports_is_given_up_together() {
    let mut world = World::new();
    world.bind_errors = [RelayBindError::InUse].into();
    let reply = reserve(&mut world);
    assert_eq!(reply.relayed().unwrap().port() % 2, 0);
    assert!(reply.token().is_some());
    assert_eq!(world.sockets.len(), 2);
}

#[test]
fn without_a_pair_of_ports_there_is_no_capacity() {
    let mut world = World::with(|config| config.relay_ports = 50_001..=50_002);
    assert_eq!(reserve(&mut world).answer(), Answer::Error(508));
    let client = client(&mut world, 2);
    assert_eq!(world.allocate(&client, &[&EvenPort::new(false)]).answer(), Answer::Success);
}

#[test]
fn a_reserved_port_counts_towards_the_quota() {
    let mut world = World::with(|config| config.limits.allocations_per_user = 2);
    assert_eq!(reserve(&mut world).answer(), Answer::Success);
    let third = client(&mut world, 3);
    assert_eq!(world.allocate(&third, &[]).answer(), Answer::Error(486));
    world.advance(Duration::from_secs(30));
    assert_eq!(world.allocate(&third, &[]).answer(), Answer::Success);
    let mut world = World::with(|config| config.limits.allocations_per_user = 1);
    assert_eq!(reserve(&mut world).answer(), Answer::Error(486));
    let client = client(&mut world, 2);
    assert_eq!(world.allocate(&client, &[]).answer(), Answer::Success, "a refusal takes nothing");
}

#[test]
fn ports_and_families_that_contradict_each_other_are_a_bad_request() {
    let (even, token) = (EvenPort::new(true), ReservationToken::new(7));
    let requested = RequestedAddressFamily::new(AddressFamily::IPV4);
    let additional = AdditionalAddressFamily::new(AddressFamily::IPV6);
    let bad: [&[&dyn AttributeWrite]; 4] =
        [&[&even, &token], &[&token, &requested], &[&token, &additional], &[&even, &additional]];
    for attributes in bad {
        let mut world = World::new();
        let client = client(&mut world, 1);
        assert_eq!(world.allocate(&client, attributes).answer(), Answer::Error(400));
    }
}

use std::time::Duration;

use stun_types::attribute::{UnknownAttributes, XorMappedAddress};
use turn::{RelayBindError, Transport};
use turn_types::attribute::{DontFragment, Lifetime, RequestedTransport};
use turn_types::message::{ALLOCATE, REFRESH};

use crate::world::{Answer, Client, World, client, raw, udp};

const HOME: &str = "203.0.113.7:4000";

/// A client with a nonce, and what it is answered when it allocates with `attributes`.
fn answer(world: &mut World, attributes: &[&dyn stun_types::attribute::AttributeWrite]) -> Answer {
    let mut client = Client::new(udp(HOME));
    world.meet(&mut client);
    world.signed_ask(&client, ALLOCATE, attributes).answer()
}

#[test]
fn an_allocation_has_a_relayed_address_a_mapped_address_and_ten_minutes() {
    for transport in [Transport::Udp, Transport::Tcp, Transport::Tls] {
        let mut world = World::new();
        let mut client = Client::new(client(transport, HOME));
        world.meet(&mut client);
        let reply = world.allocate(&client, &[]);
        let relayed = reply.relayed().unwrap();
        assert_eq!(relayed.ip().to_string(), crate::world::RELAY_V4);
        assert!((50_000..=50_999).contains(&relayed.port()));
        assert_eq!(reply.lifetime(), Some(600));
        let message = reply.message().unwrap();
        let mapped = message.attribute::<XorMappedAddress>().unwrap().addr(message.transaction_id());
        assert_eq!(mapped, HOME.parse().unwrap());
        assert_eq!(world.sockets.len(), 1);
    }
}

#[test]
fn the_lifetime_is_between_ten_minutes_and_the_operators_maximum() {
    for (asked, granted) in [(0, 600), (1, 600), (600, 600), (1800, 1800), (3600, 3600), (3601, 3600), (u32::MAX, 3600)]
    {
        let mut world = World::new();
        let mut client = Client::new(udp(HOME));
        world.meet(&mut client);
        let reply = world.allocate(&client, &[&Lifetime::new(asked)]);
        assert_eq!(reply.lifetime(), Some(granted), "asked for {asked}");
    }
}

#[test]
fn a_repeated_request_gets_the_same_answer() {
    let mut world = World::new();
    let mut client = Client::new(udp(HOME));
    world.meet(&mut client);
    let request = world.signed(&client, ALLOCATE, &[&RequestedTransport::new(17), &Lifetime::new(700)]);
    let first = world.ask(&client, &request);
    world.advance(Duration::from_secs(5));
    let second = world.ask(&client, &request);
    assert_eq!(first.answer(), Answer::Success);
    assert_eq!(first.bytes, second.bytes);
    assert_eq!(world.sockets.len(), 1);
}

#[test]
fn a_second_allocation_on_a_5_tuple_is_a_mismatch() {
    let mut world = World::new();
    let (client, _) = world.allocated(udp(HOME));
    assert_eq!(world.allocate(&client, &[]).answer(), Answer::Error(437));
    assert_eq!(world.sockets.len(), 1);
}

#[test]
fn the_same_remote_address_over_another_transport_is_another_5_tuple() {
    let mut world = World::new();
    for transport in [Transport::Udp, Transport::Tcp, Transport::Tls] {
        world.allocated(client(transport, HOME));
    }
    assert_eq!(world.server.stats().allocations, 3);
}

#[test]
fn requested_transport_must_be_there_and_be_udp() {
    let mut world = World::new();
    assert_eq!(answer(&mut world, &[]), Answer::Error(400));
    assert_eq!(answer(&mut world, &[&raw(0x0019, &[17])]), Answer::Error(400), "too short");
    assert_eq!(answer(&mut world, &[&RequestedTransport::new(6)]), Answer::Error(442));
    assert_eq!(answer(&mut world, &[&RequestedTransport::new(17)]), Answer::Success);
}

#[test]
fn dont_fragment_is_kept_or_refused_but_never_ignored() {
    let attributes: [&dyn stun_types::attribute::AttributeWrite; 2] =
        [&RequestedTransport::new(17), &DontFragment::new()];
    let mut world = World::new();
    let mut client = Client::new(udp(HOME));
    world.meet(&mut client);
    let reply = world.signed_ask(&client, ALLOCATE, &attributes);
    assert_eq!(reply.answer(), Answer::Error(420));
    assert!(reply.message().unwrap().attribute::<UnknownAttributes>().unwrap().has_attribute(0x001A.into()));
    let mut world = World::with(|config| config.dont_fragment = true);
    assert_eq!(answer(&mut world, &attributes), Answer::Success);
}

#[test]
fn an_allocation_expires_and_its_socket_is_closed() {
    let mut world = World::new();
    let (client, _) = world.allocated(udp(HOME));
    assert_eq!(world.server.poll_timeout(), Some(world.now + Duration::from_secs(600)));
    world.advance(Duration::from_secs(599));
    assert_eq!(world.sockets.len(), 1);
    world.advance(Duration::from_secs(1));
    assert_eq!(world.sockets.len(), 0);
    assert_eq!(world.server.poll_timeout(), None);
    assert_eq!(world.signed_ask(&client, REFRESH, &[]).answer(), Answer::Error(437));
}

#[test]
fn a_closed_connection_takes_its_allocation_along() {
    let mut world = World::new();
    let (home, _) = world.allocated(client(Transport::Tls, HOME));
    let (other, _) = world.allocated(client(Transport::Tls, "203.0.113.7:4001"));
    world.server.handle_client_gone(world.now, home.addr);
    assert!(world.drain().is_empty());
    assert_eq!(world.sockets.len(), 1);
    assert_eq!(world.refresh(&other, 600).answer(), Answer::Success);
    world.server.handle_client_gone(world.now, home.addr);
    assert_eq!(world.sockets.len(), 1, "gone once is gone");
}

#[test]
fn another_port_is_tried_when_one_is_in_use() {
    let mut world = World::new();
    world.bind_errors = [RelayBindError::InUse; 7].into();
    let (_, relayed) = world.allocated(udp(HOME));
    assert_eq!(world.binds, 8);
    assert_eq!(world.sockets.first().unwrap().port, relayed.port());
}

#[test]
fn after_eight_ports_in_use_the_server_has_no_capacity() {
    let mut world = World::new();
    world.bind_errors = [RelayBindError::InUse; 8].into();
    let mut client = Client::new(udp(HOME));
    world.meet(&mut client);
    let reply = world.allocate(&client, &[]);
    assert_eq!(reply.answer(), Answer::Error(508));
    assert!(reply.integrity().is_some());
    assert_eq!((world.binds, world.sockets.len(), world.server.stats().allocations), (8, 0, 0));
    assert_eq!(world.allocate(&client, &[]).answer(), Answer::Success, "and nothing is left behind");
}

#[test]
fn no_port_is_tried_again_when_none_can_be_had() {
    let mut world = World::new();
    world.bind_errors = [RelayBindError::Unavailable].into();
    assert_eq!(answer(&mut world, &[&RequestedTransport::new(17)]), Answer::Error(508));
    assert_eq!(world.binds, 1);
}

#[test]
fn ports_run_out_and_come_back() {
    let mut world = World::with(|config| config.relay_ports = 50_000..=50_001);
    let (first, _) = world.allocated(udp("203.0.113.7:1"));
    world.allocated(udp("203.0.113.7:2"));
    let mut third = Client::new(udp("203.0.113.7:3"));
    world.meet(&mut third);
    assert_eq!(world.allocate(&third, &[]).answer(), Answer::Error(508));
    assert_eq!(world.refresh(&first, 0).answer(), Answer::Success);
    assert_eq!(world.allocate(&third, &[]).answer(), Answer::Success);
}

#[test]
fn a_client_that_leaves_before_its_socket_is_bound_leaves_nothing() {
    let mut world = World::new();
    let mut client = Client::new(client(Transport::Tcp, HOME));
    world.meet(&mut client);
    let request = world.signed(&client, ALLOCATE, &[&RequestedTransport::new(17)]);
    assert_eq!(world.server.handle_client(world.now, client.addr, &request), None);
    let Some(turn::Output::BindRelay { relay }) = world.server.poll_output() else { panic!("a socket is asked for") };
    assert_eq!(world.server.handle_client(world.now, client.addr, &request), None, "repeated: still waiting");
    assert_eq!(world.server.poll_output(), None);
    world.server.handle_client_gone(world.now, client.addr);
    assert_eq!(world.server.poll_output(), Some(turn::Output::CloseRelay { relay }));
    world.server.handle_relay_bound(world.now, relay, Ok(()));
    assert_eq!(world.server.poll_output(), None);
    assert_eq!(world.server.stats().allocations, 0);
}

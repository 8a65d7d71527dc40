//! A server that is about to go: what there is stays, nothing new begins.

use std::time::Duration;

use stun_types::attribute::AlternateServer;

use crate::world::{Answer, Client, PEER, World, udp};

const ANNA: &str = "203.0.113.7:4000";

/// A client at `remote` that knows a nonce.
fn newcomer(world: &mut World, remote: &str) -> Client {
    let mut client = Client::new(udp(remote));
    world.meet(&mut client);
    client
}

#[test]
fn while_draining_allocations_live_on_and_no_new_one_is_made() {
    let mut world = World::new();
    let (anna, relayed) = world.allocated(udp(ANNA));
    let ben = newcomer(&mut world, "203.0.113.8:4000");
    world.server.set_draining(true);
    assert_eq!(world.allocate(&ben, &[]).answer(), Answer::Error(508));
    world.advance(Duration::from_secs(300));
    assert_eq!(world.refresh(&anna, 600).answer(), Answer::Success);
    assert_eq!(world.permit(&anna, PEER), Answer::Success);
    assert!(world.peer_sends(relayed, PEER, b"hello").is_some());
    world.server.set_draining(false);
    assert_eq!(world.allocate(&ben, &[]).answer(), Answer::Success, "it has thought better of it");
}

#[test]
fn a_repeated_request_gets_its_answer_although_the_server_has_begun_to_drain() {
    let mut world = World::new();
    let anna = newcomer(&mut world, ANNA);
    let request = world.signed(
        &anna,
        turn_types::message::ALLOCATE,
        &[&turn_types::attribute::RequestedTransport::new(turn_types::attribute::RequestedTransport::UDP)],
    );
    assert_eq!(world.ask(&anna, &request).answer(), Answer::Success);
    world.server.set_draining(true);
    assert_eq!(world.ask(&anna, &request).answer(), Answer::Success);
}

#[test]
fn where_there_is_another_server_of_the_same_family_the_client_is_sent_there() {
    let other = "198.51.100.8:3478".parse().unwrap();
    let mut world = World::with(|config| config.alternate_servers = vec![other]);
    world.server.set_draining(true);
    let anna = newcomer(&mut world, ANNA);
    let reply = world.allocate(&anna, &[]);
    assert_eq!(reply.answer(), Answer::Error(300));
    assert_eq!(reply.message().unwrap().attribute::<AlternateServer>().unwrap().server(), other);
    assert!(reply.integrity().is_some(), "nobody else can send it away");
    let ben = newcomer(&mut world, "[2001:db8:9::1]:4000");
    assert_eq!(world.allocate(&ben, &[]).answer(), Answer::Error(508), "it may have no IPv4");
}

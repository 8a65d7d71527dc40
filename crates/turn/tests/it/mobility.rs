//! Allocations that follow their clients (RFC 8016).

use std::time::Duration;

use stun_types::attribute::AttributeWrite;
use turn::{ClientAddr, Forward, Quotas, Shard, Transport, named_shard};
use turn_types::attribute::{Lifetime, RequestedTransport};
use turn_types::message::{ALLOCATE, CHANNEL_BIND, REFRESH};

use crate::world::{Answer, Client, PEER, PEER_V6, Reply, World, channel_data, client, raw, udp};

const HOME: &str = "203.0.113.7:4000";
const AWAY: &str = "198.51.100.9:5000";
const FAR: &str = "198.51.100.9:6000";
const CHANNEL: u16 = 0x4001;

fn world() -> World {
    World::with(|config| config.mobility = true)
}

pub(crate) fn ticket(reply: &Reply) -> Option<Vec<u8>> {
    let message = reply.message()?;
    message.raw_attribute(TICKET.into()).map(|raw| raw.value.to_vec())
}

/// A client at home with a channel, and its ticket.
fn settled(world: &mut World) -> (Client, std::net::SocketAddr, Vec<u8>) {
    let mut anna = Client::new(udp(HOME));
    world.meet(&mut anna);
    let reply = world.allocate(&anna, &[&raw(TICKET, b"")]);
    let (relayed, ticket) = (reply.relayed().unwrap(), ticket(&reply).unwrap());
    assert_eq!(world.bind_channel(&anna, CHANNEL, PEER), Answer::Success);
    (anna, relayed, ticket)
}

/// The same user elsewhere, with a nonce of that place.
fn elsewhere(world: &mut World, at: ClientAddr) -> Client {
    let mut there = Client::new(at);
    world.meet(&mut there);
    there
}

fn refresh(world: &mut World, client: &Client, ticket: &[u8]) -> Reply {
    world.signed_ask(client, REFRESH, &[&raw(TICKET, ticket)])
}

fn receiver(world: &mut World, relayed: std::net::SocketAddr) -> ClientAddr {
    world.peer_sends(relayed, PEER, b"hello").expect("the peer is permitted").client
}

fn sends(world: &mut World, client: &Client) -> bool {
    let (forward, _) = world.input(client.addr, &channel_data(CHANNEL, b"hello"));
    matches!(forward, Some(Forward::ToPeer { .. }))
}

#[test]
fn an_allocation_follows_its_client_to_any_transport_and_family() {
    for at in [
        udp(AWAY),
        client(Transport::Tcp, AWAY),
        client(Transport::Tls, AWAY),
        client(Transport::Tcp, HOME),
        udp("[2001:db8::9]:5000"),
    ] {
        let mut world = world();
        let (home, relayed, ticket) = settled(&mut world);
        let away = elsewhere(&mut world, at);
        let reply = refresh(&mut world, &away, &ticket);
        assert_eq!((reply.answer(), reply.lifetime()), (Answer::Success, Some(600)), "{at}");
        assert_eq!(receiver(&mut world, relayed), home.addr, "nothing has come from there");
        assert!(sends(&mut world, &home), "and the client may still be where it was");
        assert!(sends(&mut world, &away), "{at}");
        assert_eq!(receiver(&mut world, relayed), at);
        assert!(!sends(&mut world, &home), "the old 5-tuple is forgotten");
        assert_eq!(world.refresh(&home, 600).answer(), Answer::Error(437));
        assert_eq!(world.refresh(&away, 600).answer(), Answer::Success);
        let (stats, families) = (world.server.stats(), [turn::Family::V4, turn::Family::V6]);
        assert_eq!((stats.moves, stats.allocations), (1, 1));
        let held = |transport| families.map(|family| stats.relays.held(transport, family));
        assert_eq!(held(at.transport), [1, 0], "it is counted where it is");
        assert_eq!(Transport::ALL.map(held).concat().iter().sum::<u64>(), 1);
    }
}

#[test]
fn a_send_indication_confirms_a_move_and_requests_do_not() {
    let mut world = world();
    let (home, relayed, ticket) = settled(&mut world);
    let away = elsewhere(&mut world, udp(AWAY));
    refresh(&mut world, &away, &ticket);
    assert_eq!(world.permit(&away, "9.9.9.9:1"), Answer::Success);
    assert_eq!(world.bind_channel(&away, 0x4002, "9.9.9.9:1"), Answer::Success);
    assert_eq!(world.refresh(&away, 900).lifetime(), Some(900));
    assert_eq!(receiver(&mut world, relayed), home.addr);
    assert!(world.send_indication(&away, PEER, b"here").is_some());
    assert_eq!(receiver(&mut world, relayed), away.addr);
}

#[test]
fn every_move_has_a_ticket_of_its_own_and_a_used_one_is_good_for_repetitions_only() {
    let mut world = world();
    let (_, relayed, first) = settled(&mut world);
    let away = elsewhere(&mut world, udp(AWAY));
    let second = ticket(&refresh(&mut world, &away, &first)).unwrap();
    assert_ne!(first, second);
    let again = refresh(&mut world, &away, &first);
    assert_eq!(again.answer(), Answer::Success, "the answer was lost");
    let far = elsewhere(&mut world, udp(FAR));
    assert_eq!(refresh(&mut world, &far, &first).answer(), Answer::Error(400), "used from elsewhere");
    world.advance(Duration::from_secs(29));
    assert_eq!(refresh(&mut world, &away, &first).answer(), Answer::Success);
    world.advance(Duration::from_secs(11));
    assert_eq!(refresh(&mut world, &away, &first).answer(), Answer::Error(400), "used long ago");
    // Away was never reached: the client goes on to a third place, and the second is forgotten.
    assert_eq!(refresh(&mut world, &far, &ticket(&again).unwrap()).answer(), Answer::Success);
    assert!(!sends(&mut world, &away));
    assert!(sends(&mut world, &far));
    assert_eq!(receiver(&mut world, relayed), far.addr);
}

#[test]
fn a_client_comes_home_with_its_latest_ticket() {
    let mut world = world();
    let (home, relayed, first) = settled(&mut world);
    let away = elsewhere(&mut world, udp(AWAY));
    let second = ticket(&refresh(&mut world, &away, &first)).unwrap();
    assert_eq!(refresh(&mut world, &home, &second).answer(), Answer::Error(400), "it has not left yet");
    assert!(sends(&mut world, &away));
    assert_eq!(refresh(&mut world, &away, &second).answer(), Answer::Error(400), "it is there already");
    assert_eq!(refresh(&mut world, &home, &second).answer(), Answer::Success);
    assert!(sends(&mut world, &home));
    assert_eq!(receiver(&mut world, relayed), home.addr);
}

#[test]
fn a_ticket_is_of_no_use_to_anybody_else() {
    let mut world = world();
    let (_, relayed, ticket) = settled(&mut world);
    let mut ben = Client::as_user(udp(AWAY), "ben", "other");
    world.meet(&mut ben);
    assert_eq!(refresh(&mut world, &ben, &ticket).answer(), Answer::Error(441));
    let unsigned = world.request(REFRESH, &[&raw(TICKET, &ticket)]);
    assert_eq!(world.ask(&ben, &unsigned).answer(), Answer::Error(401));
    // Who repeats a request of the client's from elsewhere has the nonce of another place.
    let mut stolen = Client::new(udp(AWAY));
    stolen.nonce = elsewhere(&mut world, udp(FAR)).nonce;
    assert_eq!(refresh(&mut world, &stolen, &ticket).answer(), Answer::Error(438));
    assert_eq!(receiver(&mut world, relayed), udp(HOME));
}

#[test]
fn what_is_no_ticket_is_a_bad_request_and_that_of_an_ended_allocation_a_mismatch() {
    let mut world = world();
    let (home, _, ticket) = settled(&mut world);
    let away = elsewhere(&mut world, udp(AWAY));
    for bad in [&b""[..], b"x", &[0; 32], &[b'A'; 32], &ticket[..31]] {
        assert_eq!(refresh(&mut world, &away, bad).answer(), Answer::Error(400), "{bad:?}");
    }
    world.refresh(&home, 0);
    assert_eq!(refresh(&mut world, &away, &ticket).answer(), Answer::Error(437));
    // The next one in its place has another serial.
    world.allocate(&home, &[&raw(TICKET, b"")]);
    assert_eq!(refresh(&mut world, &away, &ticket).answer(), Answer::Error(437));
}

#[test]
fn a_5_tuple_with_an_allocation_takes_no_other() {
    let mut world = world();
    let (_, relayed, ticket) = settled(&mut world);
    let (away, _) = world.allocated(udp(AWAY));
    assert_eq!(refresh(&mut world, &away, &ticket).answer(), Answer::Error(437));
    assert_eq!(receiver(&mut world, relayed), udp(HOME));
    let far = elsewhere(&mut world, udp(FAR));
    refresh(&mut world, &far, &ticket);
    assert_eq!(world.allocate(&far, &[]).answer(), Answer::Error(437), "one is about to be there");
}

#[test]
fn a_request_that_is_refused_uses_no_ticket_up() {
    let mut world = world();
    let (_, _, ticket) = settled(&mut world);
    let away = elsewhere(&mut world, udp(AWAY));
    let attributes: [&dyn AttributeWrite; 2] = [&raw(TICKET, &ticket), &raw(0x0017, &[2, 0, 0, 0])];
    assert_eq!(world.signed_ask(&away, REFRESH, &attributes).answer(), Answer::Error(443));
    assert!(!sends(&mut world, &away), "nothing moves there");
    let far = elsewhere(&mut world, udp(FAR));
    assert_eq!(refresh(&mut world, &far, &ticket).answer(), Answer::Success);
}

#[test]
fn an_allocation_can_be_ended_from_elsewhere() {
    let mut world = world();
    let (_, _, ticket) = settled(&mut world);
    let away = elsewhere(&mut world, udp(AWAY));
    let reply = world.signed_ask(&away, REFRESH, &[&raw(TICKET, &ticket), &Lifetime::new(0)]);
    assert_eq!((reply.answer(), reply.lifetime()), (Answer::Success, Some(0)));
    assert_eq!((world.server.stats().allocations, world.sockets.len()), (0, 0));
    assert!(!world.server.has_allocation(&away.addr) && !world.server.has_allocation(&udp(HOME)));
}

#[test]
fn without_mobility_there_are_no_tickets_and_405() {
    let mut world = World::new();
    let mut anna = Client::new(udp(HOME));
    world.meet(&mut anna);
    assert_eq!(world.allocate(&anna, &[&raw(TICKET, b"")]).answer(), Answer::Error(405));
    assert_eq!(world.allocate(&anna, &[]).answer(), Answer::Success);
    let away = elsewhere(&mut world, udp(AWAY));
    assert_eq!(refresh(&mut world, &away, b"ticket").answer(), Answer::Error(405));
}

#[test]
fn an_allocation_that_did_not_ask_for_it_has_no_ticket_and_one_that_brings_one_is_refused() {
    let mut world = world();
    let mut anna = Client::new(udp(HOME));
    world.meet(&mut anna);
    assert_eq!(world.allocate(&anna, &[&raw(TICKET, b"mine")]).answer(), Answer::Error(400));
    let reply = world.allocate(&anna, &[]);
    assert_eq!((reply.answer(), ticket(&reply)), (Answer::Success, None));
}

#[test]
fn a_reserved_port_and_a_repeated_request_have_their_tickets_too() {
    let mut world = world();
    let mut anna = Client::new(udp(HOME));
    world.meet(&mut anna);
    let attributes: [&dyn AttributeWrite; 3] = [&RequestedTransport::new(17), &raw(TICKET, b""), &raw(0x0018, &[0x80])];
    let request = world.signed(&anna, ALLOCATE, &attributes);
    let reply = world.ask(&anna, &request);
    assert!(ticket(&reply).is_some() && ticket(&world.ask(&anna, &request)).is_some());
    let away = elsewhere(&mut world, udp(AWAY));
    let token = reply.token().unwrap().to_be_bytes();
    let reply = world.allocate(&away, &[&raw(0x0022, &token), &raw(TICKET, b"")]);
    let ticket = ticket(&reply).unwrap();
    let far = elsewhere(&mut world, udp(FAR));
    assert_eq!(refresh(&mut world, &far, &ticket).answer(), Answer::Success);
}

#[test]
fn a_connection_that_ends_in_the_middle_of_a_move_ends_nothing() {
    for old_ends_first in [true, false] {
        let mut world = world();
        let mut anna = Client::new(client(Transport::Tcp, HOME));
        world.meet(&mut anna);
        let reply = world.allocate(&anna, &[&raw(TICKET, b"")]);
        world.bind_channel(&anna, CHANNEL, PEER);
        let away = elsewhere(&mut world, client(Transport::Tls, AWAY));
        refresh(&mut world, &away, &ticket(&reply).unwrap());
        let (gone, stays) = if old_ends_first { (&anna, &away) } else { (&away, &anna) };
        world.server.handle_client_gone(world.now, gone.addr);
        assert_eq!(world.drain(), []);
        assert_eq!(receiver(&mut world, reply.relayed().unwrap()), stays.addr);
        assert!(!world.server.has_allocation(&gone.addr));
        world.server.handle_client_gone(world.now, stays.addr);
        assert_eq!(world.drain(), []);
        assert_eq!(world.server.stats().allocations, 0);
    }
}

#[test]
fn what_is_between_two_places_expires_with_the_allocation() {
    let mut world = world();
    let (_, _, ticket) = settled(&mut world);
    let away = elsewhere(&mut world, udp(AWAY));
    refresh(&mut world, &away, &ticket);
    world.advance(Duration::from_secs(601));
    assert!(!world.server.has_allocation(&away.addr) && !world.server.has_allocation(&udp(HOME)));
    assert_eq!(world.allocate(&away, &[]).answer(), Answer::Success, "nothing is in the way");
}

#[test]
fn a_ticket_names_the_server_behind_the_same_address_that_has_the_allocation() {
    let quotas = Quotas::new([1; 16], crate::world::start());
    let shard = |index| Shard::new(index, 3).unwrap();
    let [mut first, mut second] =
        [1, 2].map(|index| World::of_shard(shard(index), quotas.clone(), |config| config.mobility = true));
    let (_, _, ticket) = settled(&mut second);
    let away = elsewhere(&mut first, udp(AWAY));
    let request = first.signed(&away, REFRESH, &[&raw(TICKET, &ticket)]);
    assert_eq!(named_shard(&request), Some(2));
    assert_eq!(first.ask(&away, &request).answer(), Answer::Error(400), "it is sealed with another key");
    let away = elsewhere(&mut second, udp(AWAY));
    assert_eq!(refresh(&mut second, &away, &ticket).answer(), Answer::Success);
    let plain = second.signed(&away, CHANNEL_BIND, &[&raw(TICKET, &ticket)]);
    assert_eq!(named_shard(&plain), None, "only Refresh moves");
}

#[test]
fn a_dual_allocation_moves_as_a_whole() {
    let mut world = world();
    let mut anna = Client::new(udp(HOME));
    world.meet(&mut anna);
    let reply = world.allocate(&anna, &[&raw(0x8000, &[2, 0, 0, 0]), &raw(TICKET, b"")]);
    world.bind_channel(&anna, CHANNEL, PEER_V6);
    let away = elsewhere(&mut world, udp(AWAY));
    refresh(&mut world, &away, &ticket(&reply).unwrap());
    assert!(sends(&mut world, &away));
    let stats = world.server.stats();
    assert_eq!([turn::Family::V4, turn::Family::V6].map(|family| stats.relays.held(Transport::Udp, family)), [1, 1]);
}

/// RFC 8016 §3.3.
pub(crate) const TICKET: u16 = 0x8030;

//! What is counted, as an operator sees it.

use turn::{Family, Limit, Transport};
use turn_types::attribute::AdditionalAddressFamily;

use crate::world::{Answer, Client, World, client, udp};

const ANNA: &str = "203.0.113.7:4000";

fn counted(world: &World, code: u16) -> u64 {
    world.server.stats().errors.by_code().find(|(known, _)| *known == code).unwrap().1
}

fn reached(world: &World, limit: Limit) -> u64 {
    world.server.stats().limits_reached.by_limit().find(|(known, _)| *known == limit).unwrap().1
}

#[test]
fn errors_are_counted_by_their_code_and_refused_peers_beside_them() {
    let mut world = World::new();
    let (anna, _) = world.allocated(udp(ANNA));
    assert_eq!((counted(&world, 401), counted(&world, 403)), (1, 0), "meeting the server is one 401");
    assert_eq!(world.permit(&anna, "127.0.0.1:1"), Answer::Error(403));
    assert_eq!(world.permit(&anna, "10.0.0.1:1"), Answer::Error(403));
    assert_eq!(world.bind_channel(&anna, 0x3FFF, "8.0.0.1:1"), Answer::Error(400));
    let stats = world.server.stats();
    assert_eq!((counted(&world, 403), counted(&world, 400), stats.peers_refused), (2, 1, 2));
    let all: u64 = stats.errors.by_code().map(|(_, count)| count).sum();
    assert_eq!(all, stats.challenges + stats.rejects, "each error is counted once by its code");
}

#[test]
fn a_limit_that_is_reached_is_counted_by_its_name() {
    let mut world = World::with(|config| {
        config.limits.allocations_total = 2;
        config.limits.allocations_per_user = 1;
        config.limits.channels_per_allocation = 1;
    });
    let (anna, _) = world.allocated(udp(ANNA));
    assert_eq!(world.bind_channel(&anna, 0x4000, "8.0.0.1:1"), Answer::Success);
    assert_eq!(world.bind_channel(&anna, 0x4001, "8.0.0.1:2"), Answer::Error(508));
    let mut again = Client::new(udp("203.0.113.7:4001"));
    world.meet(&mut again);
    assert_eq!(world.allocate(&again, &[]).answer(), Answer::Error(486));
    let mut ben = Client::as_user(udp("203.0.113.8:4001"), "ben", "other");
    world.meet(&mut ben);
    assert_eq!(world.allocate(&ben, &[]).answer(), Answer::Success);
    let mut carl = Client::new(udp("203.0.113.9:4001"));
    world.meet(&mut carl);
    assert_eq!(world.allocate(&carl, &[]).answer(), Answer::Error(508));
    let limits = [Limit::Channels, Limit::AllocationsOfUser, Limit::Allocations, Limit::AllocationsOfAddress];
    assert_eq!(limits.map(|limit| reached(&world, limit)), [1, 1, 1, 0]);
    assert_eq!((counted(&world, 486), counted(&world, 508)), (1, 2));
}

#[test]
fn relayed_addresses_are_counted_by_transport_and_family_until_they_end() {
    let mut world = World::new();
    let (anna, _) = world.allocated(client(Transport::Tls, ANNA));
    let mut ben = Client::as_user(udp("203.0.113.8:4001"), "ben", "other");
    world.meet(&mut ben);
    let both = AdditionalAddressFamily::new(turn_types::AddressFamily::IPV6);
    assert_eq!(world.allocate(&ben, &[&both]).answer(), Answer::Success);
    let held = |world: &World, transport, family| world.server.stats().relays.held(transport, family);
    assert_eq!(held(&world, Transport::Tls, Family::V4), 1);
    assert_eq!((held(&world, Transport::Udp, Family::V4), held(&world, Transport::Udp, Family::V6)), (1, 1));
    assert_eq!(world.refresh(&anna, 0).answer(), Answer::Success);
    assert_eq!(held(&world, Transport::Tls, Family::V4), 0);
    world.advance(std::time::Duration::from_secs(600));
    let relays = world.server.stats().relays;
    for (transport, family) in Transport::ALL.into_iter().flat_map(|transport| Family::ALL.map(|one| (transport, one)))
    {
        assert_eq!(relays.held(transport, family), 0, "{transport:?} {family:?}");
    }
    assert_eq!((relays.made(Transport::Udp, Family::V6), relays.made(Transport::Tls, Family::V4)), (1, 1));
}

use std::time::Duration;

use turn_types::AddressFamily;
use turn_types::attribute::{AdditionalAddressFamily, Lifetime, RequestedAddressFamily};
use turn_types::message::REFRESH;

use crate::world::{Answer, Client, World, raw, udp};

const HOME: &str = "203.0.113.7:4000";

#[test]
fn when_refreshed_in_time_allocation_does_not_expire() {
    let mut world = World::new();
    let (client, _) = world.allocated(udp(HOME));
    for _ in 0..5 {
        world.advance(Duration::from_secs(599));
        assert_eq!(world.refresh(&client, 600).lifetime(), Some(600));
    }
    assert_eq!(world.sockets.len(), 1);
}

#[test]
fn a_refresh_with_lifetime_zero_ends_the_allocation() {
    let mut world = World::new();
    let (client, _) = world.allocated(udp(HOME));
    let reply = world.refresh(&client, 0);
    assert_eq!((reply.answer(), reply.lifetime()), (Answer::Success, Some(0)));
    assert_eq!(world.sockets.len(), 0);
    assert_eq!(world.server.poll_timeout(), None);
    assert_eq!(world.refresh(&client, 0).answer(), Answer::Error(437));
}

#[test]
fn a_refresh_may_shorten_a_lifetime() {
    let mut world = World::new();
    let (client, _) = world.allocated(udp(HOME));
    assert_eq!(world.refresh(&client, 3600).lifetime(), Some(3600));
    assert_eq!(world.refresh(&client, 600).lifetime(), Some(600));
    world.advance(Duration::from_secs(600));
    assert_eq!(world.sockets.len(), 0);
}

#[test]
fn lifetimes_are_capped_on_refresh_too() {
    let mut world = World::with(|config| config.limits.lifetime_max = Duration::from_secs(1200));
    let (client, _) = world.allocated(udp(HOME));
    for (asked, granted) in [(1, 600), (1200, 1200), (1201, 1200)] {
        assert_eq!(world.refresh(&client, asked).lifetime(), Some(granted));
    }
}

#[test]
fn a_refresh_without_lifetime_means_ten_minutes() {
    let mut world = World::new();
    let (client, _) = world.allocated(udp(HOME));
    assert_eq!(world.signed_ask(&client, REFRESH, &[]).lifetime(), Some(600));
}

#[test]
fn the_family_of_a_refresh_must_be_one_the_allocation_has() {
    let mut world = World::new();
    let (client, _) = world.allocated(udp(HOME));
    let family = |family| RequestedAddressFamily::new(family);
    let mut answer = |attribute: &dyn stun_types::attribute::AttributeWrite| {
        world.signed_ask(&client, REFRESH, &[attribute]).answer()
    };
    assert_eq!(answer(&family(AddressFamily::IPV6)), Answer::Error(443));
    assert_eq!(answer(&family(AddressFamily::IPV4)), Answer::Success);
    assert_eq!(answer(&raw(0x0017, &[9, 0, 0, 0])), Answer::Error(440));
    assert_eq!(answer(&raw(0x0017, &[1])), Answer::Error(400));
}

#[test]
fn one_family_of_two_can_be_refreshed_or_ended_alone() {
    let mut world = World::new();
    let mut client = Client::new(udp(HOME));
    world.meet(&mut client);
    assert_eq!(
        world.allocate(&client, &[&AdditionalAddressFamily::new(AddressFamily::IPV6)]).answer(),
        Answer::Success
    );
    let v6 = RequestedAddressFamily::new(AddressFamily::IPV6);
    world.advance(Duration::from_secs(500));
    assert_eq!(world.signed_ask(&client, REFRESH, &[&v6]).answer(), Answer::Success);
    world.advance(Duration::from_secs(100));
    assert_eq!(world.sockets.len(), 1, "IPv4 was not refreshed");
    assert_eq!(world.permit(&client, crate::world::PEER), Answer::Error(443));
    assert_eq!(world.permit(&client, crate::world::PEER_V6), Answer::Success);
    assert_eq!(world.signed_ask(&client, REFRESH, &[&v6, &Lifetime::new(0)]).answer(), Answer::Success);
    assert_eq!(world.server.stats().allocations, 0);
}

use stun_types::attribute::AttributeWrite;
use turn::{Family, RelayBindError};
use turn_types::AddressFamily;
use turn_types::attribute::{AdditionalAddressFamily, AddressErrorCode, RequestedAddressFamily, XorRelayedAddress};

use crate::world::{Answer, Client, PEER, PEER_V6, Reply, World, raw, udp};

const HOME: &str = "203.0.113.7:4000";

fn allocate(world: &mut World, attributes: &[&dyn AttributeWrite]) -> Reply {
    let mut client = Client::new(udp(HOME));
    world.meet(&mut client);
    world.allocate(&client, attributes)
}

/// The families of the relayed addresses, and the family and code of an ADDRESS-ERROR-CODE.
fn families(reply: &Reply) -> (Vec<Family>, Option<(AddressFamily, u16)>) {
    let message = reply.message().unwrap();
    let relayed = (0..2)
        .filter_map(|n| message.nth_attribute::<XorRelayedAddress>(n).ok())
        .map(|relayed| Family::of(relayed.addr(message.transaction_id()).ip()))
        .collect();
    let error = message.attribute::<AddressErrorCode>().ok().map(|error| (error.family(), error.error().code()));
    (relayed, error)
}

#[test]
fn a_family_can_be_asked_for() {
    for (asked, given) in [(AddressFamily::IPV4, Family::V4), (AddressFamily::IPV6, Family::V6)] {
        let reply = allocate(&mut World::new(), &[&RequestedAddressFamily::new(asked)]);
        assert_eq!(families(&reply), (vec![given], None));
    }
}

#[test]
fn a_family_that_is_not_relayed_is_not_supported() {
    let v6 = RequestedAddressFamily::new(AddressFamily::IPV6);
    assert_eq!(allocate(&mut World::with(|config| config.relay_v6 = None), &[&v6]).answer(), Answer::Error(440));
    assert_eq!(allocate(&mut World::with(|config| config.relay_v4 = None), &[]).answer(), Answer::Error(440));
    assert_eq!(allocate(&mut World::new(), &[&raw(0x0017, &[3, 0, 0, 0])]).answer(), Answer::Error(440));
}

#[test]
fn an_additional_family_gives_two_relayed_addresses() {
    let mut world = World::new();
    let mut client = Client::new(udp(HOME));
    world.meet(&mut client);
    let reply = world.allocate(&client, &[&AdditionalAddressFamily::new(AddressFamily::IPV6)]);
    assert_eq!(families(&reply), (vec![Family::V4, Family::V6], None));
    assert_eq!(world.sockets.len(), 2);
    assert_eq!(world.server.stats().allocations, 1);
    assert_eq!((world.permit(&client, PEER), world.permit(&client, PEER_V6)), (Answer::Success, Answer::Success));
}

#[test]
fn of_two_families_the_one_that_cannot_be_had_is_named() {
    let v6 = AdditionalAddressFamily::new(AddressFamily::IPV6);
    let mut world = World::with(|config| config.relay_v6 = None);
    assert_eq!(families(&allocate(&mut world, &[&v6])), (vec![Family::V4], Some((AddressFamily::IPV6, 440))));
    let mut world = World::with(|config| config.relay_v4 = None);
    assert_eq!(families(&allocate(&mut world, &[&v6])), (vec![Family::V6], Some((AddressFamily::IPV4, 440))));
    let mut world = World::new();
    world.bind_errors = [RelayBindError::Unavailable].into();
    assert_eq!(families(&allocate(&mut world, &[&v6])), (vec![Family::V6], Some((AddressFamily::IPV4, 508))));
}

#[test]
fn when_neither_family_can_be_bound_the_request_fails() {
    let mut world = World::new();
    world.bind_errors = [RelayBindError::Unavailable; 2].into();
    let reply = allocate(&mut world, &[&AdditionalAddressFamily::new(AddressFamily::IPV6)]);
    assert_eq!(reply.answer(), Answer::Error(508));
    assert_eq!((world.sockets.len(), world.server.stats().allocations), (0, 0));
}

#[test]
fn families_that_contradict_each_other_are_a_bad_request() {
    let requested = RequestedAddressFamily::new(AddressFamily::IPV4);
    let additional = AdditionalAddressFamily::new(AddressFamily::IPV6);
    let bad: [&[&dyn AttributeWrite]; 3] = [
        &[&requested, &additional],
        &[&raw(0x8000, &[1, 0, 0, 0])], // ADDITIONAL-ADDRESS-FAMILY IPv4
        &[&raw(0x0017, &[1, 0])],
    ];
    for attributes in bad {
        assert_eq!(allocate(&mut World::new(), attributes).answer(), Answer::Error(400));
    }
}

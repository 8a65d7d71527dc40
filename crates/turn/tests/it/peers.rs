use std::time::Duration;

use stun_types::message::{MessageClass, MessageWrite};
use turn_types::attribute::{ChannelNumber, XorPeerAddress};
use turn_types::message::{CHANNEL_BIND, CREATE_PERMISSION};

use crate::world::{Answer, Client, PEER, PEER_V6, World, message, raw, udp};

const HOME: &str = "203.0.113.7:4000";
const OTHER_PEER: &str = "9.9.9.9:5000";

/// A CreatePermission request for several peers.
fn permit_all(world: &mut World, client: &Client, peers: &[&str]) -> Answer {
    let transaction = world.transaction();
    let attributes: Vec<XorPeerAddress> =
        peers.iter().map(|peer| XorPeerAddress::new(peer.parse().unwrap(), transaction)).collect();
    let attributes: Vec<&dyn stun_types::attribute::AttributeWrite> =
        attributes.iter().map(|attribute| attribute as &dyn stun_types::attribute::AttributeWrite).collect();
    let request = client.sign(message(MessageClass::Request, CREATE_PERMISSION, transaction, &attributes));
    world.ask(client, &request).answer()
}

#[test]
fn a_permission_needs_an_allocation_and_a_peer() {
    let mut world = World::new();
    let mut stranger = Client::new(udp(HOME));
    world.meet(&mut stranger);
    assert_eq!(world.permit(&stranger, PEER), Answer::Error(437));
    let (client, _) = world.allocated(udp("203.0.113.7:4001"));
    assert_eq!(permit_all(&mut world, &client, &[]), Answer::Error(400));
    assert_eq!(world.signed_ask(&client, CREATE_PERMISSION, &[&raw(0x0012, &[0, 1, 2])]).answer(), Answer::Error(400));
    assert_eq!(world.permit(&client, PEER), Answer::Success);
}

#[test]
fn a_peer_of_another_family_is_a_mismatch() {
    let mut world = World::new();
    let (client, _) = world.allocated(udp(HOME));
    assert_eq!(world.permit(&client, PEER_V6), Answer::Error(443));
    assert_eq!(world.bind_channel(&client, 0x4000, PEER_V6), Answer::Error(443));
}

#[test]
fn several_permissions_are_installed_together_or_not_at_all() {
    let mut world = World::new();
    let (client, relay) = world.allocated(udp(HOME));
    assert_eq!(permit_all(&mut world, &client, &[PEER, "10.0.0.1:5000"]), Answer::Error(403));
    assert_eq!(world.peer_sends(relay, PEER, b"hello"), None);
    assert_eq!(permit_all(&mut world, &client, &[PEER, OTHER_PEER, PEER]), Answer::Success);
    assert!(world.peer_sends(relay, PEER, b"hello").is_some());
    assert!(world.peer_sends(relay, OTHER_PEER, b"hello").is_some());
}

#[test]
fn a_permission_lasts_five_minutes_and_can_be_refreshed() {
    let mut world = World::new();
    let (client, relay) = world.allocated(udp(HOME));
    world.permit(&client, PEER);
    world.advance(Duration::from_secs(299));
    assert!(world.send_indication(&client, PEER, b"hello").is_some());
    world.permit(&client, PEER);
    world.advance(Duration::from_secs(299));
    assert!(world.peer_sends(relay, PEER, b"hello").is_some());
    world.advance(Duration::from_secs(1));
    assert_eq!(world.peer_sends(relay, PEER, b"hello"), None);
    assert_eq!(world.send_indication(&client, PEER, b"hello"), None);
    assert_eq!(world.server.stats().drops.no_permission, 2);
}

#[test]
fn a_permission_is_for_every_port_of_an_address() {
    let mut world = World::new();
    let (client, relay) = world.allocated(udp(HOME));
    world.permit(&client, "8.8.4.4:0");
    assert!(world.peer_sends(relay, "8.8.4.4:1", b"hello").is_some());
    assert!(world.send_indication(&client, "8.8.4.4:65535", b"hello").is_some());
    assert_eq!(world.send_indication(&client, "8.8.4.4:0", b"hello"), None, "nobody listens on port 0");
    assert_eq!(world.peer_sends(relay, "8.8.4.5:1", b"hello"), None);
}

#[test]
fn a_channel_needs_a_number_a_peer_and_an_allocation() {
    let mut world = World::new();
    let mut stranger = Client::new(udp(HOME));
    world.meet(&mut stranger);
    assert_eq!(world.bind_channel(&stranger, 0x4000, PEER), Answer::Error(437));
    let (client, _) = world.allocated(udp("203.0.113.7:4001"));
    assert_eq!(world.signed_ask(&client, CHANNEL_BIND, &[&ChannelNumber::new(0x4000)]).answer(), Answer::Error(400));
    let transaction = world.transaction();
    let peer = XorPeerAddress::new(PEER.parse().unwrap(), transaction);
    let request = client.sign(message(MessageClass::Request, CHANNEL_BIND, transaction, &[&peer]));
    assert_eq!(world.ask(&client, &request).answer(), Answer::Error(400));
    assert_eq!(world.bind_channel(&client, 0x4000, "8.8.4.4:0"), Answer::Error(400));
    assert_eq!(world.bind_channel(&client, 0x4000, PEER), Answer::Success);
}

#[test]
fn channel_numbers_are_those_of_rfc8656_or_by_setting_those_of_rfc5766() {
    let cases = [
        (0x0000, 400, 400),
        (0x3FFF, 400, 400),
        (0x4000, 0, 0),
        (0x4FFF, 0, 0),
        (0x5000, 400, 0),
        (0x7FFE, 400, 0),
        (0x7FFF, 400, 0),
        (0x8000, 400, 400),
        (0xFFFF, 400, 400),
    ];
    for (number, rfc8656, rfc5766) in cases {
        for (setting, expected) in [(false, rfc8656), (true, rfc5766)] {
            let mut world = World::with(|config| config.rfc5766_channels = setting);
            let (client, _) = world.allocated(udp(HOME));
            let expected = if expected == 0 { Answer::Success } else { Answer::Error(expected) };
            assert_eq!(world.bind_channel(&client, number, PEER), expected, "{number:#x}");
        }
    }
}

#[test]
fn a_channel_has_one_peer_and_a_peer_one_channel() {
    let mut world = World::new();
    let (client, _) = world.allocated(udp(HOME));
    assert_eq!(world.bind_channel(&client, 0x4000, PEER), Answer::Success);
    assert_eq!(world.bind_channel(&client, 0x4000, PEER), Answer::Success, "a refresh");
    assert_eq!(world.bind_channel(&client, 0x4000, OTHER_PEER), Answer::Error(400));
    assert_eq!(world.bind_channel(&client, 0x4001, PEER), Answer::Error(400));
    assert_eq!(world.bind_channel(&client, 0x4001, "8.8.4.4:5001"), Answer::Success, "another port is another peer");
    world.advance(Duration::from_secs(599));
    world.refresh(&client, 3600);
    assert_eq!(world.bind_channel(&client, 0x4001, "8.8.4.4:5001"), Answer::Success);
    world.advance(Duration::from_secs(1));
    assert_eq!(world.bind_channel(&client, 0x4000, OTHER_PEER), Answer::Success, "the binding has expired");
    assert_eq!(world.bind_channel(&client, 0x4001, PEER), Answer::Error(400));
}

#[test]
fn binding_a_channel_permits_its_peer() {
    let mut world = World::new();
    let (client, relay) = world.allocated(udp(HOME));
    world.bind_channel(&client, 0x4000, PEER);
    assert!(world.peer_sends(relay, "8.8.4.4:6000", b"hello").is_some());
    world.advance(Duration::from_secs(300));
    assert_eq!(world.peer_sends(relay, PEER, b"hello"), None, "the permission is over before the channel");
}

#[test]
fn a_request_is_bound_to_the_transaction_it_was_masked_with() {
    let mut world = World::new();
    let (client, _) = world.allocated(udp(HOME));
    let transaction = world.transaction();
    let elsewhere = XorPeerAddress::new(PEER_V6.parse().unwrap(), 99.into());
    let request = message(MessageClass::Request, CREATE_PERMISSION, transaction, &[&elsewhere]);
    assert_eq!(
        world.ask(&client, &request.finish()).answer(),
        Answer::Error(401),
        "nothing is read before the signature"
    );
}

use stun_types::message::Message;
use turn::{Forward, Transport};
use turn_types::attribute::{Data, XorPeerAddress};

use crate::world::{Answer, PEER, RELAY_V4, World, assemble, channel_data, client, send_indication, udp};

const ANNA: &str = "203.0.113.7:4000";
const BEN: &str = "198.51.100.9:4000";

#[test]
fn two_allocations_of_this_server_meet_without_a_socket() {
    let mut world = World::new();
    let (anna, anna_relay) = world.allocated(udp(ANNA));
    let (ben, ben_relay) = world.allocated(client(Transport::Tcp, BEN));
    let transaction = world.transaction();
    let bytes = send_indication(transaction, &ben_relay.to_string(), b"hello");
    assert_eq!(world.permit(&anna, &ben_relay.to_string()), Answer::Success);
    assert_eq!(world.input(anna.addr, &bytes).0, None, "ben has not permitted anna");
    assert_eq!(world.server.stats().drops.no_permission, 1);
    assert_eq!(world.permit(&ben, &anna_relay.to_string()), Answer::Success);
    let Some(Forward::ToClient(to_client)) = world.input(anna.addr, &bytes).0 else { panic!("it stays in memory") };
    assert_eq!(to_client.client, ben.addr);
    let arrived = assemble(&to_client, &bytes);
    let message = Message::from_bytes(&arrived).unwrap();
    assert_eq!(message.attribute::<Data>().unwrap().data(), b"hello");
    let from = message.attribute::<XorPeerAddress>().unwrap().addr(message.transaction_id());
    assert_eq!(from, anna_relay, "as if it had come from anna's relay");
    let stats = world.server.stats();
    assert_eq!((stats.hairpins, stats.to_peers, stats.to_clients), (1, 1, 1));
}

#[test]
fn channels_meet_as_well() {
    let mut world = World::new();
    let (anna, anna_relay) = world.allocated(udp(ANNA));
    let (ben, ben_relay) = world.allocated(client(Transport::Tls, BEN));
    assert_eq!(world.bind_channel(&anna, 0x4000, &ben_relay.to_string()), Answer::Success);
    assert_eq!(world.bind_channel(&ben, 0x4123, &anna_relay.to_string()), Answer::Success);
    let bytes = channel_data(0x4000, b"hello");
    let Some(Forward::ToClient(to_client)) = world.input(anna.addr, &bytes).0 else { panic!("it stays in memory") };
    assert_eq!(assemble(&to_client, &bytes), b"\x41\x23\x00\x05hello\0\0\0");
}

#[test]
fn an_allocation_may_talk_to_itself() {
    let mut world = World::new();
    let (anna, relay) = world.allocated(udp(ANNA));
    assert_eq!(world.bind_channel(&anna, 0x4000, &relay.to_string()), Answer::Success);
    let Some(Forward::ToClient(to_client)) = world.input(anna.addr, &channel_data(0x4000, b"hello")).0 else {
        panic!("it stays in memory")
    };
    assert_eq!(to_client.client, anna.addr);
}

#[test]
fn our_own_address_is_reachable_at_relays_only() {
    let mut world = World::new();
    let (anna, relay) = world.allocated(udp(ANNA));
    let listener = format!("{RELAY_V4}:3478");
    let idle = format!("{RELAY_V4}:{}", if relay.port() == 50_000 { 50_001 } else { 50_000 });
    assert_eq!(world.permit(&anna, &listener), Answer::Success, "a permission has no port");
    assert_eq!(world.bind_channel(&anna, 0x4000, &listener), Answer::Error(403));
    assert_eq!(world.send_indication(&anna, &listener, b"hello"), None);
    assert_eq!(world.server.stats().drops.forbidden_peer, 1);
    assert_eq!(world.send_indication(&anna, &idle, b"hello"), None);
    assert_eq!(world.server.stats().drops.no_allocation, 1);
}

#[test]
fn a_program_on_this_machine_is_reachable_when_the_operator_lets_it_in() {
    let mut world = World::with(|config| config.allow_peers = vec![format!("{RELAY_V4}/32").parse().unwrap()]);
    let (anna, _) = world.allocated(udp(ANNA));
    let program = format!("{RELAY_V4}:3480");
    assert_eq!(world.bind_channel(&anna, 0x4000, &program), Answer::Success);
    assert!(matches!(world.send_indication(&anna, &program, b"hello"), Some(Forward::ToPeer { .. })));
    assert!(matches!(world.input(anna.addr, &channel_data(0x4000, b"hello")).0, Some(Forward::ToPeer { .. })));
}

#[test]
fn a_hairpin_never_leaves_towards_others() {
    let mut world = World::new();
    let (anna, _) = world.allocated(udp(ANNA));
    world.permit(&anna, PEER);
    assert!(matches!(world.send_indication(&anna, PEER, b"hello"), Some(Forward::ToPeer { .. })));
    assert_eq!(world.server.stats().hairpins, 0);
}

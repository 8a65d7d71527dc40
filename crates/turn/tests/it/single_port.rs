//! Relayed transport addresses without sockets: who is relayed here reaches who is relayed here, and nobody else.

use std::time::Duration;

use stun_types::attribute::{AttributeWrite, ErrorCode};
use stun_types::message::MessageClass;
use turn::{Config, Forward, PeerAddr, Quotas, Shard, Transport};
use turn_types::AddressFamily;
use turn_types::attribute::{AdditionalAddressFamily, ChannelNumber, EvenPort, ReservationToken, XorPeerAddress};
use turn_types::message::{CHANNEL_BIND, CREATE_PERMISSION};

use crate::world::{
    Answer, Client, PEER, PEER_V6, RELAY_V4, RELAY_V6, World, assemble, channel_data, client, config, message, start,
    udp,
};

const ANNA: &str = "203.0.113.7:4000";
const BEN: &str = "198.51.100.9:4000";
/// A network that the operator lets in, and a peer in it.
const LAN: &str = "10.0.0.0/8";
const LAN_PEER: &str = "10.0.0.1:5000";
/// Our own media server, on an address of its own.
const SERVICE: &str = "192.168.1.5:3478";

fn without_sockets(config: &mut Config) {
    config.relay_sockets = false;
}

fn world() -> World {
    World::with(without_sockets)
}

/// The code of the answer and its reason phrase.
fn refusal(world: &mut World, client: &Client, peer: &str, channel: Option<u16>) -> (u16, String) {
    let transaction = world.transaction();
    let peer = XorPeerAddress::new(peer.parse().unwrap(), transaction);
    let number = channel.map(ChannelNumber::new);
    let method = if number.is_some() { CHANNEL_BIND } else { CREATE_PERMISSION };
    let attributes: Vec<&dyn AttributeWrite> =
        number.iter().map(|number| number as &dyn AttributeWrite).chain([&peer as &dyn AttributeWrite]).collect();
    let request = client.sign(message(MessageClass::Request, method, transaction, &attributes));
    let reply = world.ask(client, &request);
    let answer = reply.message().unwrap();
    let error = answer.attribute::<ErrorCode>().unwrap();
    (error.code(), error.reason().to_owned())
}

#[test]
fn relayed_addresses_come_and_go_and_no_socket_is_asked_for() {
    let mut world = world();
    let (anna, relayed) = world.allocated(udp(ANNA));
    assert_eq!(relayed.ip().to_string(), RELAY_V4);
    assert!(config().relay_ports.contains(&relayed.port()));
    let (ben, _) = world.allocated(client(Transport::Tls, BEN));
    assert_eq!(world.refresh(&anna, 0).answer(), Answer::Success);
    world.server.handle_client_gone(world.now, ben.addr);
    assert_eq!(world.server.poll_output(), None, "there is nothing to close");
    world.allocated(udp(ANNA));
    world.advance(Duration::from_secs(600));
    assert_eq!((world.binds, world.server.stats().allocations), (0, 0));
    assert_eq!(world.server.stats().allocations_made, 3);
}

#[test]
fn two_who_are_relayed_here_reach_each_other_on_channels_and_by_indications() {
    let mut world = world();
    let (anna, anna_relay) = world.allocated(udp(ANNA));
    let (ben, ben_relay) = world.allocated(client(Transport::Tcp, BEN));
    assert_eq!(world.bind_channel(&anna, 0x4000, &ben_relay.to_string()), Answer::Success);
    assert_eq!(world.permit(&ben, &anna_relay.to_string()), Answer::Success);
    let bytes = channel_data(0x4000, b"hello");
    let Some(Forward::ToClient(to_ben)) = world.input(anna.addr, &bytes).0 else { panic!("it stays in memory") };
    assert_eq!(to_ben.client, ben.addr);
    let back = world.send_indication(&ben, &anna_relay.to_string(), b"hello");
    let Some(Forward::ToClient(to_anna)) = back else { panic!("it stays in memory") };
    assert_eq!((to_anna.client, to_anna.header.as_bytes()), (anna.addr, &[0x40, 0, 0, 5][..]));
    assert_eq!((world.server.stats().hairpins, world.binds), (2, 0));
}

#[test]
fn every_other_peer_is_refused_with_a_reason_whatever_the_operator_lets_in() {
    let peers = [PEER, PEER_V6, LAN_PEER, SERVICE, "127.0.0.1:5000", "[::ffff:192.0.2.15]:50000"];
    for peer in peers {
        let mut world = World::with(|config| {
            without_sockets(config);
            config.allow_peers = vec![LAN.parse().unwrap()];
            config.services = vec![SERVICE.parse().unwrap()];
        });
        let mut anna = Client::new(udp(ANNA));
        world.meet(&mut anna);
        world.allocate(&anna, &[&AdditionalAddressFamily::new(AddressFamily::IPV6)]);
        for channel in [None, Some(0x4000)] {
            let (code, reason) = refusal(&mut world, &anna, peer, channel);
            assert_eq!(code, 403, "{peer}");
            assert!(reason.contains("no relay ports") && reason.len() < 128, "{reason}");
        }
        // What a media server takes, for the path that would lead to one.
        assert_eq!(world.send_indication(&anna, peer, &[0, 1, 0, 0]), None);
        let stats = world.server.stats();
        assert_eq!((stats.peers_refused, stats.drops.forbidden_peer, stats.to_peers), (2, 1, 0), "{peer}");
    }
}

#[test]
fn at_our_own_address_only_ports_of_relays_are_peers_and_only_allocations_hear() {
    let listener = format!("{RELAY_V4}:3478");
    let mut world = World::with(|config| {
        without_sockets(config);
        config.allow_peers = vec![format!("{RELAY_V4}/32").parse().unwrap()];
        config.services = vec![listener.parse().unwrap()];
    });
    let (anna, relay) = world.allocated(udp(ANNA));
    let idle = format!("{RELAY_V4}:{}", if relay.port() == 50_000 { 50_001 } else { 50_000 });
    assert_eq!(world.permit(&anna, &listener), Answer::Success, "a permission has no port");
    assert_eq!(refusal(&mut world, &anna, &listener, Some(0x4000)).0, 403);
    assert_eq!(world.send_indication(&anna, &listener, &[0, 1, 0, 0]), None);
    assert_eq!(world.server.stats().drops.forbidden_peer, 1);
    assert_eq!(world.bind_channel(&anna, 0x4000, &idle), Answer::Success, "somebody may come to be there");
    assert_eq!(world.input(anna.addr, &channel_data(0x4000, b"hello")).0, None);
    assert_eq!(world.send_indication(&anna, &idle, b"hello"), None);
    assert_eq!(world.server.stats().drops.no_allocation, 2);
    assert_eq!(world.server.stats().to_peers, 0);
}

#[test]
fn a_pair_of_ports_is_reserved_and_its_token_gets_the_next() {
    let mut world = world();
    let mut first = Client::new(udp(ANNA));
    world.meet(&mut first);
    let reply = world.allocate(&first, &[&EvenPort::new(true)]);
    let (even, token) = (reply.relayed().unwrap().port(), reply.token().unwrap());
    let mut second = Client::new(udp(BEN));
    world.meet(&mut second);
    let next = world.allocate(&second, &[&ReservationToken::new(token)]).relayed().unwrap().port();
    assert_eq!((even % 2, next), (0, even + 1));
    let mut third = Client::new(udp("203.0.113.8:1"));
    world.meet(&mut third);
    assert!(world.allocate(&third, &[&EvenPort::new(true)]).token().is_some());
    world.advance(Duration::from_secs(30));
    assert_eq!((world.server.stats().allocations, world.server.stats().reservations), (3, 0));
    assert_eq!(world.binds, 0);
}

#[test]
fn both_families_at_once_have_an_address_each() {
    let mut world = world();
    let mut anna = Client::new(udp(ANNA));
    world.meet(&mut anna);
    let reply = world.allocate(&anna, &[&AdditionalAddressFamily::new(AddressFamily::IPV6)]);
    assert_eq!(reply.answer(), Answer::Success);
    let surveyed = world.server.survey(world.now, None, 9).remove(0).relayed;
    let ips: Vec<_> = surveyed.iter().map(|relayed| relayed.ip().to_string()).collect();
    assert_eq!(ips, [RELAY_V4, RELAY_V6]);
    for itself in surveyed {
        assert_eq!(world.permit(&anna, &itself.to_string()), Answer::Success);
        assert!(matches!(world.send_indication(&anna, &itself.to_string(), b"me"), Some(Forward::ToClient(_))));
    }
}

#[test]
fn without_a_free_port_there_is_no_capacity() {
    let mut world = World::with(|config| {
        without_sockets(config);
        config.relay_ports = 50_001..=50_002;
    });
    let mut clients = ["203.0.113.7:1", "203.0.113.7:2", "203.0.113.7:3"].map(|addr| Client::new(udp(addr)));
    for client in &mut clients {
        world.meet(client);
    }
    let [first, second, third] = &clients;
    assert_eq!(world.allocate(first, &[&EvenPort::new(true)]).answer(), Answer::Error(508), "there is no such pair");
    for client in [first, second] {
        assert_eq!(world.allocate(client, &[]).answer(), Answer::Success);
    }
    assert_eq!(world.allocate(third, &[]).answer(), Answer::Error(508));
    assert_eq!(world.refresh(first, 0).answer(), Answer::Success);
    assert_eq!(world.allocate(third, &[]).answer(), Answer::Success);
}

#[test]
fn a_peer_of_another_shard_is_reached_through_it() {
    let quotas = Quotas::new([1; 16], start());
    let [mut one, mut two] =
        [0, 1].map(|index| World::of_shard(Shard::new(index, 2).unwrap(), quotas.clone(), without_sockets));
    let (anna, anna_relay) = one.allocated(udp(ANNA));
    let (ben, ben_relay) = two.allocated(udp(BEN));
    assert_eq!(one.bind_channel(&anna, 0x4000, &ben_relay.to_string()), Answer::Success);
    assert_eq!(two.bind_channel(&ben, 0x4001, &anna_relay.to_string()), Answer::Success);
    let bytes = channel_data(0x4000, b"hello");
    let Some(Forward::ToShard { shard: 1, relay, source, payload }) = one.input(anna.addr, &bytes).0 else {
        panic!("the other shard has the port")
    };
    assert_eq!((relay.port, source), (ben_relay.port(), PeerAddr::new(anna_relay)));
    let to_ben = two.server.handle_peer(two.now, relay, source, &bytes[payload]).unwrap();
    assert_eq!(assemble(&to_ben, b"hello"), channel_data(0x4001, b"hello"));
}

#[test]
fn another_configuration_opens_no_sockets_and_our_former_address_still_leads_to_relays() {
    let mut world = world();
    let (anna, before) = world.allocated(udp(ANNA));
    let moved = Config { relay_v4: Some([192, 0, 2, 200].into()), allow_peers: vec![LAN.parse().unwrap()], ..config() };
    assert!(moved.relay_sockets);
    world.server.reconfigure(world.now, &moved).unwrap();
    let (ben, after) = world.allocated(udp(BEN));
    assert_eq!((after.ip().to_string().as_str(), world.binds), ("192.0.2.200", 0));
    assert_eq!(refusal(&mut world, &anna, PEER, None).0, 403);
    assert_eq!(refusal(&mut world, &anna, LAN_PEER, None).0, 403);
    assert_eq!(world.bind_channel(&anna, 0x4000, &after.to_string()), Answer::Success);
    assert_eq!(world.bind_channel(&ben, 0x4000, &before.to_string()), Answer::Success);
    assert!(matches!(world.input(anna.addr, &channel_data(0x4000, b"hello")).0, Some(Forward::ToClient(_))));
}

#[test]
fn an_address_that_is_ours_no_more_is_a_strangers_and_who_was_let_in_there_is_cut_off() {
    let mut world = world();
    let (anna, before) = world.allocated(udp(ANNA));
    assert_eq!(world.bind_channel(&anna, 0x4000, &before.to_string()), Answer::Success);
    // More addresses than are remembered.
    for last in 100..109 {
        assert!(world.input(anna.addr, &channel_data(0x4000, b"hello")).0.is_some());
        let moved = Config { relay_v4: Some([192, 0, 2, last].into()), ..config() };
        world.server.reconfigure(world.now, &moved).unwrap();
    }
    assert_eq!(world.input(anna.addr, &channel_data(0x4000, b"hello")).0, None);
    assert_eq!(world.send_indication(&anna, &before.to_string(), b"hello"), None);
    assert_eq!(refusal(&mut world, &anna, &before.to_string(), Some(0x4000)).0, 403);
    let drops = world.server.stats().drops;
    assert_eq!((drops.no_channel, drops.forbidden_peer), (1, 1));
}

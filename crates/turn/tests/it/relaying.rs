use std::time::Duration;

use stun_types::message::{Message, MessageClass, MessageWrite};
use turn::{Forward, PeerAddr, RelayAddr, Transport};
use turn_types::attribute::{Data, DontFragment, XorPeerAddress};
use turn_types::message::{DATA, SEND};

use crate::world::{Client, PEER, PEER_V6, World, assemble, channel_data, client, message, raw, udp};

const HOME: &str = "203.0.113.7:4000";

fn forward_to_peer(world: &World, peer: &str, payload: std::ops::Range<usize>) -> Option<Forward> {
    let relay: RelayAddr = *world.sockets.first().unwrap();
    Some(Forward::ToPeer { relay, peer: PeerAddr::new(peer.parse().unwrap()), payload })
}

#[test]
fn channel_data_goes_to_the_peer_of_the_channel() {
    let mut world = World::new();
    let (client, _) = world.allocated(udp(HOME));
    world.bind_channel(&client, 0x4001, PEER);
    let (forward, sent) = world.input(client.addr, &channel_data(0x4001, b"hello"));
    assert_eq!(forward, forward_to_peer(&world, PEER, 4..9));
    assert!(sent.is_empty());
    let stats = world.server.stats();
    assert_eq!((stats.to_peers, stats.to_peers_bytes), (1, 5));
}

#[test]
fn channel_data_may_be_padded_or_empty_but_not_cut_short() {
    let mut world = World::new();
    let (client, _) = world.allocated(udp(HOME));
    world.bind_channel(&client, 0x4001, PEER);
    let mut padded = channel_data(0x4001, b"hello");
    padded.extend_from_slice(&[0; 3]);
    assert_eq!(world.input(client.addr, &padded).0, forward_to_peer(&world, PEER, 4..9));
    assert_eq!(world.input(client.addr, &channel_data(0x4001, b"")).0, forward_to_peer(&world, PEER, 4..4));
    assert_eq!(world.input(client.addr, &padded[..8]).0, None);
    assert_eq!(world.input(client.addr, &padded[..3]).0, None);
    assert_eq!(world.server.stats().drops.malformed, 2);
}

#[test]
fn channel_data_without_a_channel_or_an_allocation_is_dropped_and_counted() {
    let mut world = World::new();
    let (client, _) = world.allocated(udp(HOME));
    assert_eq!(world.input(client.addr, &channel_data(0x4001, b"hello")).0, None);
    assert_eq!(world.server.stats().drops.no_channel, 1);
    assert_eq!(world.input(udp("203.0.113.7:4001"), &channel_data(0x4001, b"hello")).0, None);
    assert_eq!(world.server.stats().drops.no_allocation, 1);
}

#[test]
fn a_channel_is_over_after_ten_minutes() {
    let mut world = World::new();
    let (client, _) = world.allocated(udp(HOME));
    world.refresh(&client, 3600);
    world.bind_channel(&client, 0x4001, PEER);
    world.advance(Duration::from_secs(599));
    assert!(world.input(client.addr, &channel_data(0x4001, b"hello")).0.is_some());
    world.advance(Duration::from_secs(1));
    assert_eq!(world.input(client.addr, &channel_data(0x4001, b"hello")).0, None);
}

#[test]
fn a_send_indication_goes_to_a_permitted_peer() {
    for (family, peer) in [(4, PEER), (6, PEER_V6)] {
        let mut world = World::with(|config| {
            if family == 6 {
                config.relay_v4 = None;
            }
        });
        let mut client = Client::new(udp(HOME));
        world.meet(&mut client);
        let v6 = turn_types::attribute::AdditionalAddressFamily::new(turn_types::AddressFamily::IPV6);
        let wanted: &[&dyn stun_types::attribute::AttributeWrite] = if family == 6 { &[&v6] } else { &[] };
        world.allocate(&client, wanted);
        assert_eq!(world.send_indication(&client, peer, b"hello"), None);
        assert_eq!(world.server.stats().drops.no_permission, 1);
        world.permit(&client, peer);
        assert!(matches!(world.send_indication(&client, peer, b"hello"), Some(Forward::ToPeer { .. })));
        assert!(world.send_indication(&client, peer, b"").is_some(), "an empty payload is a payload");
    }
}

#[test]
fn a_send_indication_that_lacks_something_is_dropped() {
    let mut world = World::new();
    let (client, _) = world.allocated(udp(HOME));
    world.permit(&client, PEER);
    let transaction = world.transaction();
    let peer = XorPeerAddress::new(PEER.parse().unwrap(), transaction);
    let (data, unknown) = (Data::new(b"hello"), raw(0x7ABC, &[]));
    let bad: [&[&dyn stun_types::attribute::AttributeWrite]; 4] =
        [&[&peer], &[&data], &[&peer, &data, &unknown], &[&peer, &data, &DontFragment::new()]];
    for attributes in bad {
        let bytes = message(MessageClass::Indication, SEND, transaction, attributes).finish();
        assert_eq!(world.input(client.addr, &bytes), (None, Vec::new()));
    }
    assert_eq!(world.server.stats().drops.malformed, 4);
}

#[test]
fn dont_fragment_is_taken_where_sockets_do_not_fragment() {
    let mut world = World::with(|config| config.dont_fragment = true);
    let (client, _) = world.allocated(udp(HOME));
    world.permit(&client, PEER);
    let transaction = world.transaction();
    let peer = XorPeerAddress::new(PEER.parse().unwrap(), transaction);
    let attributes: [&dyn stun_types::attribute::AttributeWrite; 3] =
        [&peer, &DontFragment::new(), &Data::new(b"hello")];
    let bytes = message(MessageClass::Indication, SEND, transaction, &attributes).finish();
    assert!(world.input(client.addr, &bytes).0.is_some());
}

#[test]
fn data_from_a_peer_without_channel_comes_as_a_data_indication() {
    for length in [0, 1, 2, 3, 4, 1200] {
        for (peer, wants_v6) in [(PEER, false), (PEER_V6, true)] {
            let mut world = World::new();
            let mut client = Client::new(udp(HOME));
            world.meet(&mut client);
            let family = turn_types::attribute::RequestedAddressFamily::new(match wants_v6 {
                true => turn_types::AddressFamily::IPV6,
                false => turn_types::AddressFamily::IPV4,
            });
            let relay = world.allocate(&client, &[&family]).relayed().unwrap();
            world.permit(&client, peer);
            let payload = vec![7; length];
            let to_client = world.peer_sends(relay, peer, &payload).unwrap();
            assert_eq!(to_client.client, client.addr);
            let bytes = assemble(&to_client, &payload);
            let message = Message::from_bytes(&bytes).unwrap();
            assert_eq!((message.class(), message.method()), (MessageClass::Indication, DATA));
            let from = message.attribute::<XorPeerAddress>().unwrap().addr(message.transaction_id());
            assert_eq!(from, peer.parse().unwrap());
            assert_eq!(message.attribute::<Data>().unwrap().data(), payload);
        }
    }
}

#[test]
fn data_from_a_peer_with_channel_comes_as_channel_data_padded_in_streams_only() {
    for (transport, padded) in [(Transport::Udp, 9), (Transport::Tcp, 12), (Transport::Tls, 12)] {
        let mut world = World::new();
        let (client, relay) = world.allocated(client(transport, HOME));
        world.bind_channel(&client, 0x4001, PEER);
        let to_client = world.peer_sends(relay, PEER, b"hello").unwrap();
        let bytes = assemble(&to_client, b"hello");
        assert_eq!(&bytes[..9], b"\x40\x01\x00\x05hello");
        assert_eq!(bytes.len(), padded);
        let from_another_port = world.peer_sends(relay, "8.8.4.4:6000", b"hello").unwrap();
        assert_eq!(from_another_port.header.as_bytes().len(), 36, "that one has no channel");
    }
}

#[test]
fn data_from_strangers_and_for_nobody_is_dropped_and_counted() {
    let mut world = World::new();
    let (client, relay) = world.allocated(udp(HOME));
    assert_eq!(world.peer_sends(relay, PEER, b"hello"), None);
    assert_eq!(world.server.stats().drops.no_permission, 1);
    world.permit(&client, PEER);
    let other_port = std::net::SocketAddr::new(relay.ip(), if relay.port() == 50_000 { 50_001 } else { 50_000 });
    assert_eq!(world.peer_sends(other_port, PEER, b"hello"), None);
    let out_of_range = std::net::SocketAddr::new(relay.ip(), 9);
    assert_eq!(world.peer_sends(out_of_range, PEER, b"hello"), None);
    assert_eq!(world.server.stats().drops.no_allocation, 2);
    assert!(world.peer_sends(relay, PEER, b"hello").is_some());
}

#[test]
fn a_payload_too_long_for_a_data_indication_is_dropped_and_counted() {
    let mut world = World::new();
    let (client, relay) = world.allocated(client(Transport::Tcp, HOME));
    world.permit(&client, PEER);
    // The body has 12 bytes of XOR-PEER-ADDRESS and 4 of DATA besides the payload.
    let longest = vec![0; 0xFFFC - 16];
    let to_client = world.peer_sends(relay, PEER, &longest).unwrap();
    assert!(Message::from_bytes(&assemble(&to_client, &longest)).is_ok());
    assert_eq!(world.peer_sends(relay, PEER, &vec![0; longest.len() + 1]), None);
    assert_eq!(world.peer_sends(relay, PEER, &vec![0; 0x1_0000]), None);
    assert_eq!(world.server.stats().drops.oversized, 2);
}

#[test]
fn an_expired_allocation_relays_nothing_even_before_its_timer_ran() {
    let mut world = World::new();
    let (client, relay) = world.allocated(udp(HOME));
    world.advance(Duration::from_secs(590));
    world.bind_channel(&client, 0x4001, PEER);
    world.now += Duration::from_secs(10);
    assert_eq!(world.input(client.addr, &channel_data(0x4001, b"hello")).0, None);
    assert_eq!(world.peer_sends(relay, PEER, b"hello"), None);
    assert_eq!(world.server.stats().drops.no_allocation, 2);
}

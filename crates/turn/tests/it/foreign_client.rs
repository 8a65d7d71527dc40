//! A client that others wrote, from allocation to deletion.

use std::net::SocketAddr;
use std::time::Duration;

use stun_types::message::IntegrityAlgorithm;
use turn::{ClientAddr, Forward, Transport};
use turn_client_proto::api::{TurnConfig, TurnEvent, TurnRecvRet};
use turn_client_proto::prelude::{DelayedTransmitBuild, TurnClientApi};
use turn_client_proto::stun::Instant as ForeignInstant;
use turn_client_proto::stun::agent::Transmit;
use turn_client_proto::tcp::TurnClientTcp;
use turn_client_proto::udp::TurnClientUdp;
use turn_types::{AddressFamily, TransportType, TurnCredentials};

use crate::world::{PEER, PEER_V6, World, assemble, client};

const HOME: &str = "203.0.113.7:4000";

struct Foreign<C> {
    client: C,
    addr: ClientAddr,
    now: ForeignInstant,
}

impl<C: TurnClientApi> Foreign<C> {
    /// Lets both sides talk for a while; this client spaces its requests.
    fn settle(&mut self, world: &mut World) -> Vec<TurnEvent> {
        let mut events = Vec::new();
        for _ in 0..ROUNDS {
            self.client.poll(self.now);
            while let Some(transmit) = self.client.poll_transmit(self.now) {
                let (forward, sent) = world.input(self.addr, transmit.data.as_ref());
                assert_eq!(forward, None);
                for (_, bytes) in sent {
                    assert!(matches!(self.receive(bytes), TurnRecvRet::Handled));
                }
            }
            while let Some(event) = self.client.poll_event() {
                events.push(event);
            }
            self.wait(world, ROUND);
        }
        events
    }

    fn receive(&mut self, bytes: Vec<u8>) -> TurnRecvRet<Vec<u8>> {
        let transmit = Transmit::new(bytes, self.client.transport(), self.addr.local, self.addr.remote);
        self.client.recv(transmit, self.now)
    }

    fn wait(&mut self, world: &mut World, by: Duration) {
        self.now += by;
        world.advance(by);
    }
}

fn config(integrity: IntegrityAlgorithm, families: &[AddressFamily]) -> TurnConfig {
    let mut config = TurnConfig::new(TurnCredentials::new("anna", "secret"));
    config.set_supported_integrity(integrity);
    config.set_address_family(families[0]);
    for &family in &families[1..] {
        config.add_address_family(family);
    }
    config
}

fn addresses(transport: Transport) -> (ClientAddr, SocketAddr, SocketAddr) {
    let addr = client(transport, HOME);
    (addr, addr.remote, addr.local)
}

fn udp(integrity: IntegrityAlgorithm, families: &[AddressFamily]) -> Foreign<TurnClientUdp> {
    let (addr, local, server) = addresses(Transport::Udp);
    let client = TurnClientUdp::allocate(local, server, config(integrity, families));
    Foreign { client, addr, now: ForeignInstant::ZERO }
}

fn tcp(integrity: IntegrityAlgorithm, families: &[AddressFamily]) -> Foreign<TurnClientTcp> {
    let (addr, local, server) = addresses(Transport::Tcp);
    let client = TurnClientTcp::allocate(local, server, config(integrity, families));
    Foreign { client, addr, now: ForeignInstant::ZERO }
}

/// Allocates, permits, binds, exchanges payloads both ways for two hours, and leaves.
fn live_a_life<C: TurnClientApi>(mut foreign: Foreign<C>, peer: &str) {
    // This client wants its datagrams whole.
    let mut world = World::with(|config| config.dont_fragment = true);
    let peer_addr: SocketAddr = peer.parse().unwrap();
    let events = foreign.settle(&mut world);
    let relayed = events.iter().find_map(|event| {
        let TurnEvent::AllocationCreated(_, relayed) = event else { return None };
        (relayed.is_ipv4() == peer_addr.is_ipv4()).then_some(*relayed)
    });
    let relayed = relayed.unwrap_or_else(|| panic!("no allocation: {events:?}"));
    foreign.client.create_permission(TransportType::Udp, peer_addr.ip(), foreign.now).unwrap();
    let events = foreign.settle(&mut world);
    assert!(events.iter().any(|event| matches!(event, TurnEvent::PermissionCreated(_, ip) if *ip == peer_addr.ip())));
    exchange(&mut foreign, &mut world, relayed, peer);
    foreign.client.bind_channel(TransportType::Udp, peer_addr, foreign.now).unwrap();
    let events = foreign.settle(&mut world);
    assert!(events.iter().any(|event| matches!(event, TurnEvent::ChannelCreated(_, bound) if *bound == peer_addr)));
    for _ in 0..240 {
        exchange(&mut foreign, &mut world, relayed, peer);
        foreign.wait(&mut world, Duration::from_secs(30));
        foreign.settle(&mut world);
    }
    assert_eq!(world.server.stats().allocations, 1, "it refreshed in time");
    foreign.client.delete(foreign.now).unwrap();
    foreign.settle(&mut world);
    assert_eq!((world.server.stats().allocations, world.sockets.len()), (0, 0));
}

/// One payload to the peer and one back.
fn exchange<C: TurnClientApi>(foreign: &mut Foreign<C>, world: &mut World, relayed: SocketAddr, peer: &str) {
    let to = foreign.client.send_to(TransportType::Udp, peer.parse().unwrap(), PING, foreign.now).unwrap();
    let bytes = to.expect("datagrams are not queued").data.build();
    let (forward, _) = world.input(foreign.addr, &bytes);
    let Some(Forward::ToPeer { payload, .. }) = forward else { panic!("nothing goes to the peer") };
    assert_eq!(&bytes[payload], PING);
    let to_client = world.peer_sends(relayed, peer, PONG).expect("the peer is heard");
    let received = foreign.receive(assemble(&to_client, PONG));
    let heard = if let TurnRecvRet::PeerData(data) = received {
        Some((data.data().to_vec(), data.peer))
    } else {
        foreign.client.poll_recv(foreign.now).map(|data| (data.data().to_vec(), data.peer))
    };
    assert_eq!(heard, Some((PONG.to_vec(), peer.parse().unwrap())));
}

#[test]
fn a_foreign_udp_client_lives_a_life_with_sha1() {
    live_a_life(udp(IntegrityAlgorithm::Sha1, &[AddressFamily::IPV4]), PEER);
}

#[test]
fn a_foreign_udp_client_lives_a_life_with_sha256() {
    live_a_life(udp(IntegrityAlgorithm::Sha256, &[AddressFamily::IPV4]), PEER);
}

#[test]
fn a_foreign_tcp_client_lives_a_life_with_sha1() {
    live_a_life(tcp(IntegrityAlgorithm::Sha1, &[AddressFamily::IPV4]), PEER);
}

#[test]
fn a_foreign_tcp_client_lives_a_life_with_sha256() {
    live_a_life(tcp(IntegrityAlgorithm::Sha256, &[AddressFamily::IPV4]), PEER);
}

#[test]
fn a_foreign_client_lives_a_life_over_ipv6_relays() {
    live_a_life(udp(IntegrityAlgorithm::Sha1, &[AddressFamily::IPV6]), PEER_V6);
}

#[test]
fn a_foreign_client_lives_a_life_with_both_families() {
    live_a_life(udp(IntegrityAlgorithm::Sha256, &[AddressFamily::IPV4, AddressFamily::IPV6]), PEER_V6);
}

/// Four bytes long: this client forgets that ChannelData in a stream is padded (RFC 8656 §12.5).
const PING: &[u8] = b"ping";
const PONG: &[u8] = b"pong";
/// More than any step takes.
const ROUNDS: usize = 8;
/// More than this client leaves between two requests.
const ROUND: Duration = Duration::from_millis(100);

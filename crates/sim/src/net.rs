//! The network: hosts behind their access links, gateways between address realms, and what is on its way.
//!
//! A packet passes its sender's uplink, is routed and translated at one instant, then passes its receiver's downlink.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use crate::link::{Link, LinkConfig};
use crate::nat::{Dropped, Firewall, Nat, NatConfig};
use crate::packet::{Body, Packet};
use crate::schedule::Schedule;
use crate::seed::Seed;
use crate::stream::{Stack, StackOutput, StreamEvent, StreamFull, StreamId};

/// Gateways that one packet may pass: enough for double NAT on both sides, and an end to loops.
const HOPS_MAX: usize = 8;

/// One machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostId(usize);

/// One box between two realms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GatewayId(usize);

/// An address space in which every address is unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Realm {
    /// The public one.
    Internet,
    /// The inner side of a gateway.
    Behind(GatewayId),
}

/// What reaches a host.
#[derive(Debug)]
pub enum Output {
    /// A datagram.
    Datagram {
        /// The receiver.
        host: HostId,
        /// Where it came from, as seen from here.
        source: SocketAddr,
        /// The address of the receiver that it was sent to.
        destination: SocketAddr,
        /// What it carries.
        payload: Vec<u8>,
    },
    /// News of a stream.
    Stream {
        /// The host whose stream it is.
        host: HostId,
        /// The news.
        event: StreamEvent,
    },
}

/// What became of all packets so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NetStats {
    /// Handed to an uplink.
    pub sent: u64,
    /// Handed to a host.
    pub delivered: u64,
    /// Lost on a link.
    pub lost: u64,
    /// Dropped by the translation of a gateway.
    pub filtered: u64,
    /// Dropped by a gateway's firewall.
    pub firewalled: u64,
    /// Sent to an address that nobody has, or from one that the host has no more.
    pub unroutable: u64,
}

/// The simulated network.
#[derive(Debug)]
pub struct Net {
    seed: Seed,
    hosts: Vec<Host>,
    gateways: Vec<Gateway>,
    /// Who has an address in a realm.
    addresses: BTreeMap<(Realm, IpAddr), Place>,
    /// Packets under way; each was bounded by a link's queue or a stream's window.
    under_way: Schedule<(Leg, Packet)>,
    outputs: VecDeque<Output>,
    stats: NetStats,
    /// Datagrams still to pass before one is lost, when a test asked for it.
    lose_in: Option<u64>,
    /// A digest of every routing decision, to tell two runs apart.
    digest: DefaultHasher,
    epoch: Instant,
}

#[derive(Debug)]
struct Host {
    address: IpAddr,
    realm: Realm,
    uplink: Link,
    downlink: Link,
    stack: Stack,
}

#[derive(Debug)]
struct Gateway {
    nat: Nat,
    outer: Realm,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Host(HostId),
    Gateway(GatewayId),
}

#[derive(Clone, Copy, Debug)]
enum Leg {
    /// Over the sender's uplink into this realm.
    Up(Realm),
    /// Over the receiver's downlink.
    Down(HostId),
}

impl Net {
    /// An empty network.
    pub fn new(seed: Seed, now: Instant) -> Self {
        Self {
            seed,
            hosts: Vec::new(),
            gateways: Vec::new(),
            addresses: BTreeMap::new(),
            under_way: Schedule::new(),
            outputs: VecDeque::new(),
            stats: NetStats::default(),
            lose_in: None,
            digest: DefaultHasher::new(),
            epoch: now,
        }
    }

    /// Adds a host with this address in this realm. An address that was taken is the new host's from here on.
    pub fn add_host(&mut self, address: IpAddr, realm: Realm, link: LinkConfig) -> HostId {
        let number = self.hosts.len();
        let generator = |way: &str| self.seed.generator(&format!("{way} of host {number}"));
        let host = Host {
            address,
            realm,
            uplink: Link::new(link, generator("uplink")),
            downlink: Link::new(link, generator("downlink")),
            stack: Stack::new(),
        };
        self.hosts.push(host);
        self.addresses.insert((realm, address), Place::Host(HostId(number)));
        HostId(number)
    }

    /// Adds a box with this external address in the realm `outer`, and returns it; its inside is `Realm::Behind` of it.
    pub fn add_gateway(&mut self, config: NatConfig, external: IpAddr, outer: Realm) -> GatewayId {
        let id = GatewayId(self.gateways.len());
        let generator = self.seed.generator(&format!("gateway {}", id.0));
        let nat = Nat::new(config, external, generator);
        self.gateways.push(Gateway { nat, outer });
        self.addresses.insert((outer, external), Place::Gateway(id));
        id
    }

    /// The address that a host has at present.
    pub fn address(&self, host: HostId) -> IpAddr {
        self.hosts[host.0].address
    }

    /// Takes a host to another network: the old address is gone, its streams end here, and nobody else hears of it.
    pub fn move_host(&mut self, now: Instant, host: HostId, address: IpAddr, realm: Realm) {
        let Host { address: old, realm: old_realm, .. } = self.hosts[host.0];
        self.addresses.remove(&(old_realm, old));
        self.addresses.insert((realm, address), Place::Host(host));
        self.hosts[host.0].address = address;
        self.hosts[host.0].realm = realm;
        self.hosts[host.0].stack.lose_address();
        self.drain_stack(now, host);
    }

    /// Changes how a host's link treats packets, in both directions.
    pub fn set_link(&mut self, host: HostId, config: LinkConfig) {
        self.hosts[host.0].uplink.set_config(config);
        self.hosts[host.0].downlink.set_config(config);
    }

    /// Gives a gateway another external address: all its mappings are lost.
    pub fn change_gateway_address(&mut self, gateway: GatewayId, external: IpAddr) {
        let Gateway { nat, outer } = &mut self.gateways[gateway.0];
        self.addresses.remove(&(*outer, nat.external()));
        self.addresses.insert((*outer, external), Place::Gateway(gateway));
        nat.change_address(external);
    }

    /// Changes what a gateway lets pass.
    pub fn set_firewall(&mut self, gateway: GatewayId, firewall: Firewall) {
        self.gateways[gateway.0].nat.set_firewall(firewall);
    }

    /// Loses the datagram that is sent as number `number` from here on, counted from 0.
    pub fn lose_datagram(&mut self, number: u64) {
        self.lose_in = Some(number);
    }

    /// Sends a datagram. `source` must be the host's own address, or it goes nowhere.
    pub fn send(&mut self, now: Instant, host: HostId, source: SocketAddr, destination: SocketAddr, payload: Vec<u8>) {
        let body = Body::Datagram(payload);
        self.launch(now, host, Packet { source, destination, body });
    }

    /// Accepts streams on a port of a host.
    pub fn listen(&mut self, host: HostId, port: u16) {
        self.hosts[host.0].stack.listen(port);
    }

    /// Accepts no more streams on any port of a host; those that stand go on.
    pub fn stop_listening(&mut self, host: HostId) {
        self.hosts[host.0].stack.stop_listening();
    }

    /// Opens a stream; [`StreamEvent::Opened`] or [`StreamEvent::Closed`] follows.
    pub fn connect(&mut self, now: Instant, host: HostId, remote: SocketAddr) -> StreamId {
        let local = self.hosts[host.0].address;
        let id = self.hosts[host.0].stack.connect(now, local, remote);
        self.drain_stack(now, host);
        id
    }

    /// Sends bytes on a stream. On one that is gone they are lost, as its `Closed` event has said or will say.
    pub fn send_stream(&mut self, now: Instant, host: HostId, id: StreamId, bytes: &[u8]) -> Result<(), StreamFull> {
        let sent = self.hosts[host.0].stack.send(now, id, bytes);
        self.drain_stack(now, host);
        sent
    }

    /// Closes a stream after what waits in it.
    pub fn close_stream(&mut self, now: Instant, host: HostId, id: StreamId) {
        self.hosts[host.0].stack.close(now, id);
        self.drain_stack(now, host);
    }

    /// Ends a stream at once; the other end is sent a reset.
    pub fn abort_stream(&mut self, now: Instant, host: HostId, id: StreamId) {
        self.hosts[host.0].stack.abort(id);
        self.drain_stack(now, host);
    }

    /// Cuts the power of a host and gives it back: its streams and listening ports are forgotten without a word.
    pub fn lose_power(&mut self, host: HostId) {
        self.hosts[host.0].stack.lose_power();
    }

    /// The next thing that reached a host.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When something happens next without anybody's doing.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let flight = self.under_way.next_at();
        let stacks = self.hosts.iter().filter_map(|host| host.stack.poll_timeout());
        flight.into_iter().chain(stacks).min()
    }

    /// Lets everything happen that is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((leg, packet)) = self.under_way.pop_due(now) {
            match leg {
                Leg::Up(realm) => self.pass(now, realm, packet),
                Leg::Down(host) => self.arrive(now, host, packet),
            }
        }
        for index in 0..self.hosts.len() {
            if self.hosts[index].stack.poll_timeout().is_some_and(|at| at <= now) {
                self.hosts[index].stack.handle_timeout(now);
                self.drain_stack(now, HostId(index));
            }
        }
    }

    /// What became of all packets so far.
    pub fn stats(&self) -> NetStats {
        self.stats
    }

    /// A number that two runs share when every packet took the same way at the same time.
    pub fn digest(&self) -> u64 {
        self.digest.finish()
    }

    fn launch(&mut self, now: Instant, host: HostId, packet: Packet) {
        self.stats.sent += 1;
        if self.loses_this_one(&packet) {
            self.stats.lost += 1;
            return;
        }
        let sender = &mut self.hosts[host.0];
        if packet.source.ip() != sender.address {
            self.stats.unroutable += 1;
            return;
        }
        let realm = sender.realm;
        let arrivals = sender.uplink.transmit(now, packet.size_bytes());
        self.fly(arrivals, Leg::Up(realm), packet);
    }

    fn loses_this_one(&mut self, packet: &Packet) -> bool {
        if matches!(packet.body, Body::Segment(_)) {
            return false;
        }
        match self.lose_in {
            Some(0) => {
                self.lose_in = None;
                true
            }
            Some(number) => {
                self.lose_in = Some(number - 1);
                false
            }
            None => false,
        }
    }

    fn fly(&mut self, arrivals: [Option<Instant>; 2], leg: Leg, packet: Packet) {
        let [first, second] = arrivals;
        self.stats.lost += u64::from(first.is_none());
        if let Some(arrives) = second {
            self.under_way.push(arrives, (leg, packet.clone()));
        }
        if let Some(arrives) = first {
            self.under_way.push(arrives, (leg, packet));
        }
    }

    /// Routes a packet that has come over its sender's uplink.
    fn pass(&mut self, now: Instant, realm: Realm, mut packet: Packet) {
        let way = self.route(now, realm, &mut packet);
        self.record(now, &packet);
        match way {
            Ok(host) => {
                let arrivals = self.hosts[host.0].downlink.transmit(now, packet.size_bytes());
                self.fly(arrivals, Leg::Down(host), packet);
            }
            Err(Unroutable::Gateway(Dropped::Firewall)) => self.stats.firewalled += 1,
            Err(Unroutable::Gateway(_)) => self.stats.filtered += 1,
            Err(Unroutable::NoRoute) => self.stats.unroutable += 1,
        }
    }

    fn route(&mut self, now: Instant, mut realm: Realm, packet: &mut Packet) -> Result<HostId, Unroutable> {
        for _ in 0..HOPS_MAX {
            match (self.addresses.get(&(realm, packet.destination.ip())).copied(), realm) {
                (Some(Place::Host(host)), _) => return Ok(host),
                (Some(Place::Gateway(inner)), _) => {
                    self.gateways[inner.0].nat.inbound(now, packet).map_err(Unroutable::Gateway)?;
                    realm = Realm::Behind(inner);
                }
                (None, Realm::Internet) => return Err(Unroutable::NoRoute),
                (None, Realm::Behind(GatewayId(index))) => {
                    let Gateway { nat, outer } = &mut self.gateways[index];
                    if nat.external() == packet.destination.ip() {
                        nat.hairpin(now, packet).map_err(Unroutable::Gateway)?;
                    } else {
                        nat.outbound(now, packet).map_err(Unroutable::Gateway)?;
                        realm = *outer;
                    }
                }
            }
        }
        Err(Unroutable::NoRoute)
    }

    fn arrive(&mut self, now: Instant, host: HostId, packet: Packet) {
        let Packet { source, destination, body } = packet;
        if destination.ip() != self.hosts[host.0].address {
            self.stats.unroutable += 1;
            return;
        }
        self.stats.delivered += 1;
        match body {
            Body::Datagram(payload) => self.outputs.push_back(Output::Datagram { host, source, destination, payload }),
            Body::Segment(segment) => {
                self.hosts[host.0].stack.handle_segment(now, source, destination, segment);
                self.drain_stack(now, host);
            }
        }
    }

    fn drain_stack(&mut self, now: Instant, host: HostId) {
        while let Some(output) = self.hosts[host.0].stack.poll_output() {
            match output {
                StackOutput::Transmit(packet) => self.launch(now, host, packet),
                StackOutput::Event(event) => self.outputs.push_back(Output::Stream { host, event }),
            }
        }
    }

    fn record(&mut self, now: Instant, packet: &Packet) {
        let at: Duration = now.saturating_duration_since(self.epoch);
        (at, packet.source, packet.destination, packet.size_bytes()).hash(&mut self.digest);
    }
}

enum Unroutable {
    NoRoute,
    Gateway(Dropped),
}

#[cfg(test)]
mod tests;

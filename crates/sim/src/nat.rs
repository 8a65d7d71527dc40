//! A network address translator after RFC 4787, with the firewall that sits in the same box.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use crate::packet::{Packet, Protocol};
use crate::seed::Generator;

/// Mappings that one box holds; an outbound packet that needs one more is dropped.
pub const MAPPINGS_MAX: usize = 4096;

/// Remote endpoints that one mapping remembers for its filter; the one closest to its end makes room.
pub const CONTACTS_MAX: usize = 256;

/// The ports that are assigned: the registered and dynamic ones (RFC 4787 section 4.2.2).
const PORT_FIRST: u16 = 1024;

/// What a mapping (RFC 4787 section 4.1) or a filter (section 5) depends on besides the internal endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dependence {
    /// Nothing.
    Endpoint,
    /// The remote address.
    Address,
    /// The remote address and port.
    AddressAndPort,
}

/// Which external port a mapping gets (RFC 4787 section 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortAssignment {
    /// The internal port when it is free, else a random one.
    Preserve,
    /// A random one.
    Random,
}

/// What happens when an inside host sends to the box's own external address (RFC 4787 section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hairpin {
    /// It is dropped.
    Refused,
    /// It is delivered and shows the sender's internal address (the kind RFC 4787 forbids).
    InternalSource,
    /// It is delivered and shows the sender's external address (REQ-9 a).
    ExternalSource,
}

/// What the box lets out at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Firewall {
    /// Everything.
    Open,
    /// No UDP.
    NoUdp,
    /// TCP to port 443 and nothing else.
    OnlyHttps,
}

/// The behaviour of one box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NatConfig {
    /// What a mapping depends on.
    pub mapping: Dependence,
    /// Who may answer.
    pub filtering: Dependence,
    /// Which external port is taken.
    pub ports: PortAssignment,
    /// Inside to inside by the external address.
    pub hairpin: Hairpin,
    /// What may leave.
    pub firewall: Firewall,
    /// How long an idle UDP mapping lives (REQ-5 asks for two minutes or more).
    pub udp_timeout: Duration,
    /// How long an idle TCP mapping lives (RFC 5382 REQ-5: 2 h 4 min or more).
    pub tcp_timeout: Duration,
    /// Whether inbound packets keep a mapping alive (REQ-6 b allows it).
    pub inbound_refreshes: bool,
}

impl NatConfig {
    /// Endpoint-independent mapping and filtering, the old "full cone".
    pub fn full_cone() -> Self {
        Self {
            mapping: Dependence::Endpoint,
            filtering: Dependence::Endpoint,
            ports: PortAssignment::Preserve,
            hairpin: Hairpin::ExternalSource,
            firewall: Firewall::Open,
            udp_timeout: Duration::from_secs(120),
            tcp_timeout: Duration::from_secs(7_440),
            inbound_refreshes: false,
        }
    }

    /// Endpoint-independent mapping, address-dependent filtering, the old "restricted cone".
    pub fn address_restricted() -> Self {
        Self { filtering: Dependence::Address, ..Self::full_cone() }
    }

    /// Endpoint-independent mapping, address-and-port-dependent filtering: most home routers.
    pub fn port_restricted() -> Self {
        Self { filtering: Dependence::AddressAndPort, ..Self::full_cone() }
    }

    /// Address-and-port-dependent mapping and filtering with random ports, the old "symmetric": many offices and carriers.
    pub fn symmetric() -> Self {
        Self {
            mapping: Dependence::AddressAndPort,
            filtering: Dependence::AddressAndPort,
            ports: PortAssignment::Random,
            hairpin: Hairpin::Refused,
            ..Self::full_cone()
        }
    }

    /// The same box with this firewall.
    pub fn with_firewall(self, firewall: Firewall) -> Self {
        Self { firewall, ..self }
    }

    /// The same box with this treatment of inside-to-inside packets.
    pub fn with_hairpin(self, hairpin: Hairpin) -> Self {
        Self { hairpin, ..self }
    }

    fn timeout(&self, protocol: Protocol) -> Duration {
        match protocol {
            Protocol::Udp => self.udp_timeout,
            Protocol::Tcp => self.tcp_timeout,
        }
    }
}

/// Why a packet ended at a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dropped {
    /// The firewall forbids it.
    Firewall,
    /// No mapping has the external port it was sent to.
    NoMapping,
    /// The mapping's filter does not know the sender.
    Filtered,
    /// The box does no hairpinning.
    NoHairpin,
    /// No mapping or port is left.
    Full,
}

/// One box: its mappings, between an inner and an outer side.
#[derive(Debug)]
pub struct Nat {
    config: NatConfig,
    /// The address of the outer side.
    external: IpAddr,
    generator: Generator,
    /// Mappings by what they were made for; at most [`MAPPINGS_MAX`].
    mappings: BTreeMap<MappingKey, Mapping>,
    /// The key of the mapping that holds an external port.
    by_port: BTreeMap<(Protocol, u16), MappingKey>,
}

/// What a mapping was made for; the remote parts are there as far as mappings depend on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct MappingKey {
    protocol: Protocol,
    internal: SocketAddr,
    remote_ip: Option<IpAddr>,
    remote_port: Option<u16>,
}

#[derive(Debug)]
struct Mapping {
    external_port: u16,
    expires: Instant,
    /// Remote endpoints that were sent to, and until when they may answer; at most [`CONTACTS_MAX`].
    contacts: BTreeMap<SocketAddr, Instant>,
}

impl Nat {
    /// A box with an empty table.
    pub fn new(config: NatConfig, external: IpAddr, generator: Generator) -> Self {
        Self { config, external, generator, mappings: BTreeMap::new(), by_port: BTreeMap::new() }
    }

    /// The address of the outer side.
    pub fn external(&self) -> IpAddr {
        self.external
    }

    /// Gives the outer side another address, as a provider does overnight: every mapping is lost.
    pub fn change_address(&mut self, external: IpAddr) {
        self.external = external;
        self.mappings.clear();
        self.by_port.clear();
    }

    /// Changes what may leave; mappings stay.
    pub fn set_firewall(&mut self, firewall: Firewall) {
        self.config.firewall = firewall;
    }

    /// Takes a packet from the inner side and rewrites its source.
    pub fn outbound(&mut self, now: Instant, packet: &mut Packet) -> Result<(), Dropped> {
        let port = self.map(now, packet)?;
        packet.source = SocketAddr::new(self.external, port);
        Ok(())
    }

    /// Takes a packet from the outer side and rewrites its destination.
    pub fn inbound(&mut self, now: Instant, packet: &mut Packet) -> Result<(), Dropped> {
        if !self.config.firewall.passes_inbound(packet) {
            return Err(Dropped::Firewall);
        }
        let key = self.live_key(now, packet.protocol(), packet.destination.port())?;
        let timeout = self.config.timeout(packet.protocol());
        let mapping = self.mappings.get_mut(&key).ok_or(Dropped::NoMapping)?;
        if !mapping.admits(now, self.config.filtering, packet.source) {
            return Err(Dropped::Filtered);
        }
        if self.config.inbound_refreshes {
            mapping.expires = now + timeout;
            if let Some(until) = mapping.contacts.get_mut(&packet.source) {
                *until = now + timeout;
            }
        }
        packet.destination = key.internal;
        Ok(())
    }

    /// Takes a packet from the inner side that goes to the outer address: it turns round inside the box.
    pub fn hairpin(&mut self, now: Instant, packet: &mut Packet) -> Result<(), Dropped> {
        let internal = packet.source;
        match self.config.hairpin {
            Hairpin::Refused => return Err(Dropped::NoHairpin),
            Hairpin::InternalSource | Hairpin::ExternalSource => {}
        }
        self.outbound(now, packet)?;
        self.inbound(now, packet)?;
        if self.config.hairpin == Hairpin::InternalSource {
            packet.source = internal;
        }
        Ok(())
    }

    /// The number of mappings, ended ones that nobody asked for since included.
    pub fn mappings(&self) -> usize {
        self.mappings.len()
    }

    fn map(&mut self, now: Instant, packet: &Packet) -> Result<u16, Dropped> {
        if !self.config.firewall.passes_outbound(packet) {
            return Err(Dropped::Firewall);
        }
        let remote = packet.destination;
        let key = MappingKey {
            protocol: packet.protocol(),
            internal: packet.source,
            remote_ip: (self.config.mapping != Dependence::Endpoint).then(|| remote.ip()),
            remote_port: (self.config.mapping == Dependence::AddressAndPort).then(|| remote.port()),
        };
        if self.mappings.get(&key).is_some_and(|mapping| mapping.expires <= now) {
            self.forget(key);
        }
        if !self.mappings.contains_key(&key) {
            self.add(now, key)?;
        }
        let until = now + self.config.timeout(key.protocol);
        let mapping = self.mappings.get_mut(&key).ok_or(Dropped::Full)?;
        mapping.expires = until;
        mapping.contact(remote, until);
        Ok(mapping.external_port)
    }

    fn add(&mut self, now: Instant, key: MappingKey) -> Result<(), Dropped> {
        if self.mappings.len() >= MAPPINGS_MAX {
            self.sweep(now);
        }
        if self.mappings.len() >= MAPPINGS_MAX {
            return Err(Dropped::Full);
        }
        let external_port = self.free_port(now, key);
        self.by_port.insert((key.protocol, external_port), key);
        let mapping = Mapping { external_port, expires: now, contacts: BTreeMap::new() };
        self.mappings.insert(key, mapping);
        Ok(())
    }

    /// A port that no live mapping has. [`MAPPINGS_MAX`] is far below the number of ports, so one is found.
    fn free_port(&mut self, now: Instant, key: MappingKey) -> u16 {
        let mut port = match self.config.ports {
            PortAssignment::Preserve if key.internal.port() >= PORT_FIRST => key.internal.port(),
            PortAssignment::Preserve | PortAssignment::Random => self.random_port(),
        };
        while let Some(holder) = self.by_port.get(&(key.protocol, port)).copied() {
            if self.mappings.get(&holder).is_some_and(|mapping| mapping.expires > now) {
                port = self.random_port();
            } else {
                self.forget(holder);
            }
        }
        port
    }

    fn random_port(&mut self) -> u16 {
        let ports = u64::from(u16::MAX - PORT_FIRST) + 1;
        PORT_FIRST + u16::try_from(self.generator.below(ports)).unwrap_or(0)
    }

    fn live_key(&self, now: Instant, protocol: Protocol, port: u16) -> Result<MappingKey, Dropped> {
        let key = self.by_port.get(&(protocol, port)).copied();
        key.filter(|key| self.mappings.get(key).is_some_and(|mapping| mapping.expires > now)).ok_or(Dropped::NoMapping)
    }

    fn forget(&mut self, key: MappingKey) {
        if let Some(mapping) = self.mappings.remove(&key) {
            self.by_port.remove(&(key.protocol, mapping.external_port));
        }
    }

    fn sweep(&mut self, now: Instant) {
        self.mappings.retain(|_, mapping| mapping.expires > now);
        let mappings = &self.mappings;
        self.by_port.retain(|_, key| mappings.contains_key(key));
    }
}

impl Mapping {
    fn contact(&mut self, remote: SocketAddr, until: Instant) {
        if self.contacts.len() >= CONTACTS_MAX && !self.contacts.contains_key(&remote) {
            let oldest = self.contacts.iter().min_by_key(|(_, until)| **until).map(|(remote, _)| *remote);
            if let Some(oldest) = oldest {
                self.contacts.remove(&oldest);
            }
        }
        self.contacts.insert(remote, until);
    }

    fn admits(&self, now: Instant, filtering: Dependence, remote: SocketAddr) -> bool {
        match filtering {
            Dependence::Endpoint => true,
            Dependence::Address => {
                self.contacts.iter().any(|(contact, until)| contact.ip() == remote.ip() && *until > now)
            }
            Dependence::AddressAndPort => self.contacts.get(&remote).is_some_and(|until| *until > now),
        }
    }
}

impl Firewall {
    fn passes_outbound(self, packet: &Packet) -> bool {
        self.passes(packet.protocol(), packet.destination.port())
    }

    fn passes_inbound(self, packet: &Packet) -> bool {
        self.passes(packet.protocol(), packet.source.port())
    }

    fn passes(self, protocol: Protocol, server_port: u16) -> bool {
        match self {
            Self::Open => true,
            Self::NoUdp => protocol != Protocol::Udp,
            Self::OnlyHttps => protocol == Protocol::Tcp && server_port == 443,
        }
    }
}

#[cfg(test)]
mod tests;

//! What travels.

use std::net::SocketAddr;

use crate::stream::Segment;

/// Bytes of the IP and UDP headers that count against a link's rate.
const HEADER_BYTES: usize = 28;

/// The transport protocol, as NATs and firewalls see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// Datagrams.
    Udp,
    /// Ordered reliable streams.
    Tcp,
}

/// One packet on its way. NATs rewrite the addresses.
#[derive(Clone, Debug)]
pub struct Packet {
    /// Where it comes from, as seen at this point of the way.
    pub source: SocketAddr,
    /// Where it goes, as seen at this point of the way.
    pub destination: SocketAddr,
    /// What it carries.
    pub body: Body,
}

/// What a packet carries.
#[derive(Clone, Debug)]
pub enum Body {
    /// The payload of a datagram.
    Datagram(Vec<u8>),
    /// A piece of a stream.
    Segment(Segment),
}

impl Packet {
    /// The transport protocol.
    pub fn protocol(&self) -> Protocol {
        match self.body {
            Body::Datagram(_) => Protocol::Udp,
            Body::Segment(_) => Protocol::Tcp,
        }
    }

    /// Size on the wire.
    pub fn size_bytes(&self) -> usize {
        HEADER_BYTES
            + match &self.body {
                Body::Datagram(payload) => payload.len(),
                Body::Segment(segment) => segment.size_bytes(),
            }
    }
}

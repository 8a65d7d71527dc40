//! Consecutive datagrams of one size to one place leave in one system call.
//!
//! Segmentation (UDP GSO) wants the datagrams side by side, each with its header in front:
//!
//! ```text
//! received (GRO)     | payload A | payload B | payload C |
//!                          \           \           \            one copy each
//! sent (GSO)         | hd | payload A | hd | payload B | hd | payload C |
//!                    |<-- segment -->|<-- segment -->|<-- segment -->|
//! ```
//!
//! The copy is what pays for that: room in front of a received datagram would save it for one that travels alone, and cost the system
//! call for those that do not (docs/decisions/0006).

use std::net::{IpAddr, SocketAddr};

use quinn_udp::EcnCodepoint;

use super::socket::Datagrams;

/// From where and to where a datagram goes. Two with equal routes may travel together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Route<S> {
    /// The socket it leaves by.
    pub(crate) socket: S,
    /// Where it goes.
    pub(crate) destination: SocketAddr,
    /// The address of ours it must come from, where the socket is bound to several.
    pub(crate) source: Option<IpAddr>,
    /// The congestion mark to pass on (RFC 8656 §15).
    pub(crate) ecn: Option<EcnCodepoint>,
}

/// Datagrams that wait to be sent together. All have `segment_bytes`, only the last may have fewer.
pub(crate) struct Batch<S> {
    /// Where they go; `None` while there are none.
    route: Option<Route<S>>,
    /// Size of all but the last.
    segment_bytes: usize,
    /// How many there are.
    segments: usize,
    /// How many one system call takes on the socket of `route`.
    segments_max: usize,
    /// The datagrams side by side; never more than [`BATCH_BYTES_MAX`], except for one larger datagram alone.
    bytes: Vec<u8>,
}

impl<S: Copy + PartialEq> Batch<S> {
    pub(crate) fn new() -> Self {
        Self {
            route: None,
            segment_bytes: 0,
            segments: 0,
            segments_max: 1,
            bytes: Vec::with_capacity(BATCH_CAPACITY_BYTES),
        }
    }

    /// Whether a datagram of `datagram_bytes` may join those that wait. With none waiting it may not: it opens a batch.
    pub(crate) fn accepts(&self, route: &Route<S>, datagram_bytes: usize) -> bool {
        let last_is_full = self.bytes.len() == self.segments * self.segment_bytes;
        self.route.as_ref() == Some(route)
            && last_is_full
            && datagram_bytes > 0
            && datagram_bytes <= self.segment_bytes
            && self.segment_bytes <= SEGMENT_BYTES_MAX
            && self.segments < self.segments_max
            && self.bytes.len() + datagram_bytes <= BATCH_BYTES_MAX
    }

    /// Opens an empty batch with its first datagram, given in parts.
    pub(crate) fn open(&mut self, route: Route<S>, segments_max: usize, parts: &[&[u8]]) {
        debug_assert!(self.route.is_none(), "the batch before is flushed first");
        self.bytes.clear();
        self.append(parts);
        self.route = Some(route);
        self.segment_bytes = self.bytes.len();
        self.segments = 1;
        self.segments_max = segments_max;
    }

    /// Adds a datagram that was [accepted](Self::accepts).
    pub(crate) fn join(&mut self, parts: &[&[u8]]) {
        self.append(parts);
        self.segments += 1;
    }

    /// Hands out what waits, in one piece, and is empty afterwards. The bytes stay readable until the next `open`.
    pub(crate) fn take(&mut self) -> Option<Ready<'_, S>> {
        let route = self.route.take()?;
        Some(Ready { route, segment_bytes: self.segment_bytes, bytes: &self.bytes })
    }

    fn append(&mut self, parts: &[&[u8]]) {
        for part in parts {
            self.bytes.extend_from_slice(part);
        }
    }
}

/// A batch on its way out.
pub(crate) struct Ready<'a, S> {
    /// Where it goes.
    pub(crate) route: Route<S>,
    segment_bytes: usize,
    bytes: &'a [u8],
}

impl<'a, S> Ready<'a, S> {
    /// Datagrams that somebody else has put side by side: all have `segment_bytes`, only the last may have fewer.
    pub(crate) fn new(route: Route<S>, segment_bytes: usize, bytes: &'a [u8]) -> Self {
        Self { route, segment_bytes, bytes }
    }

    /// All of them, for one system call.
    pub(crate) fn together(&self) -> Datagrams<'a> {
        let several = self.bytes.len() > self.segment_bytes;
        // The length field of UDP has no more bits either.
        self.piece(self.bytes, u16::try_from(self.segment_bytes).ok().filter(|_| several))
    }

    /// The same datagrams one by one, for when the kernel or the device cannot cut them.
    pub(crate) fn singles(&self) -> impl Iterator<Item = Datagrams<'a>> {
        self.bytes.chunks(self.segment_bytes.max(1)).map(|datagram| self.piece(datagram, None))
    }

    /// How many datagrams these are.
    pub(crate) fn segments(&self) -> usize {
        self.bytes.len().div_ceil(self.segment_bytes.max(1)).max(1)
    }

    fn piece(&self, bytes: &'a [u8], segment_bytes: Option<u16>) -> Datagrams<'a> {
        let Route { destination, source, ecn, .. } = self.route;
        Datagrams { destination, source, ecn, segment_bytes, bytes }
    }
}

/// A larger segment could exceed the path, which the kernel refuses for a whole batch. Every IPv6 link takes 1280 bytes (RFC 8200 §5),
/// of which 48 are headers; media packets are below that.
const SEGMENT_BYTES_MAX: usize = 1232;

/// The length field of IP has 16 bits and counts the headers.
const BATCH_BYTES_MAX: usize = 65_000;

/// A relayed datagram of the largest size with its headers: what the buffer may hold without growing.
const BATCH_CAPACITY_BYTES: usize = 65_536 + 64;

#[cfg(test)]
mod tests;

//! Ordered reliable streams: a small TCP, as much of it as a call can feel.
//!
//! Loss costs time (retransmission timer with back-off, fast retransmit), a lost path is noticed late or never, a host
//! that does not know a connection answers with a reset. Not here: congestion control, windows that shrink, half-close.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use crate::packet::{Body, Packet};

mod connection;
mod segment;

use connection::Connection;
use segment::Flag;
pub use segment::Segment;

/// Bytes that may wait in one connection; a sender that wants more is told [`StreamFull`].
pub const QUEUE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Connections of one host; more are answered with a reset.
pub const CONNECTIONS_MAX: usize = 4096;

/// The first port for outgoing connections (RFC 6335 section 6).
const EPHEMERAL_FIRST: u16 = 49_152;

/// One connection of one host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StreamId(u64);

/// What a host learns about its streams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamEvent {
    /// An outgoing connection stands.
    Opened(StreamId),
    /// Somebody connected to a listening port.
    Accepted {
        /// The new connection.
        stream: StreamId,
        /// Our end.
        local: SocketAddr,
        /// The other end, as seen from here.
        remote: SocketAddr,
    },
    /// The next bytes, in order.
    Bytes(StreamId, Vec<u8>),
    /// The connection is gone. It is not told of connections that this host closed itself.
    Closed(StreamId, Closed),
}

/// Why a connection is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// The other end closed it in order.
    ByPeer,
    /// The other end does not know it.
    Reset,
    /// Nothing was acknowledged for too long.
    TimedOut,
    /// The local address went away.
    AddressLost,
}

/// The connection's queue has no room for these bytes; none of them was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamFull;

/// What a stack gives out.
#[derive(Debug)]
pub(crate) enum StackOutput {
    Transmit(Packet),
    Event(StreamEvent),
}

/// All streams of one host.
#[derive(Debug)]
pub(crate) struct Stack {
    listening: BTreeSet<u16>,
    /// At most [`CONNECTIONS_MAX`].
    connections: BTreeMap<StreamId, Connection>,
    by_endpoints: BTreeMap<(SocketAddr, SocketAddr), StreamId>,
    next_id: u64,
    next_port: u16,
    outputs: VecDeque<StackOutput>,
}

impl Stack {
    pub(crate) fn new() -> Self {
        Self {
            listening: BTreeSet::new(),
            connections: BTreeMap::new(),
            by_endpoints: BTreeMap::new(),
            next_id: 0,
            next_port: EPHEMERAL_FIRST,
            outputs: VecDeque::new(),
        }
    }

    pub(crate) fn listen(&mut self, port: u16) {
        self.listening.insert(port);
    }

    pub(crate) fn stop_listening(&mut self) {
        self.listening.clear();
    }

    pub(crate) fn connect(&mut self, now: Instant, local: IpAddr, remote: SocketAddr) -> StreamId {
        let local = SocketAddr::new(local, self.free_port(local, remote));
        let id = self.insert(Connection::outgoing(local, remote));
        self.pump(now, id);
        id
    }

    pub(crate) fn send(&mut self, now: Instant, id: StreamId, bytes: &[u8]) -> Result<(), StreamFull> {
        let Some(connection) = self.connections.get_mut(&id) else {
            return Ok(());
        };
        connection.push(bytes)?;
        self.pump(now, id);
        Ok(())
    }

    /// Sends what waits, then closes.
    pub(crate) fn close(&mut self, now: Instant, id: StreamId) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.finish();
            self.pump(now, id);
        }
    }

    /// Forgets the connection at once and tells the other end.
    pub(crate) fn abort(&mut self, id: StreamId) {
        if let Some(connection) = self.remove(id) {
            let reset = connection.packet(Segment::reset());
            self.outputs.push_back(StackOutput::Transmit(reset));
        }
    }

    /// The local addresses are gone: every connection ends here, and the other ends hear nothing of it.
    pub(crate) fn lose_address(&mut self) {
        let ids: Vec<_> = self.connections.keys().copied().collect();
        for id in ids {
            if self.remove(id).is_some_and(|connection| !connection.closed_here()) {
                self.event(StreamEvent::Closed(id, Closed::AddressLost));
            }
        }
    }

    /// Forgets everything, as a machine that lost its power.
    pub(crate) fn lose_power(&mut self) {
        self.listening.clear();
        self.connections.clear();
        self.by_endpoints.clear();
        self.outputs.clear();
    }

    /// Takes a segment that arrived.
    pub(crate) fn handle_segment(
        &mut self,
        now: Instant,
        source: SocketAddr,
        destination: SocketAddr,
        segment: Segment,
    ) {
        let Some(id) = self.connection_for(source, destination, &segment) else {
            if segment.flag() != Flag::Reset {
                self.transmit(destination, source, Segment::reset());
            }
            return;
        };
        if segment.flag() == Flag::Reset {
            if self.remove(id).is_some_and(|connection| !connection.closed_here()) {
                self.event(StreamEvent::Closed(id, Closed::Reset));
            }
            return;
        }
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.receive(now, segment);
        }
        self.deliver(id);
        self.pump(now, id);
    }

    pub(crate) fn poll_output(&mut self) -> Option<StackOutput> {
        self.outputs.pop_front()
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.connections.values().filter_map(Connection::poll_timeout).min()
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        let due: Vec<_> = self
            .connections
            .iter()
            .filter(|(_, connection)| connection.poll_timeout().is_some_and(|at| at <= now))
            .map(|(id, _)| *id)
            .collect();
        for id in due {
            let dead = self.connections.get_mut(&id).is_some_and(|connection| connection.expire(now).is_err());
            if dead {
                if self.remove(id).is_some_and(|connection| !connection.closed_here()) {
                    self.event(StreamEvent::Closed(id, Closed::TimedOut));
                }
            } else {
                self.pump(now, id);
            }
        }
    }

    fn connection_for(&mut self, source: SocketAddr, destination: SocketAddr, segment: &Segment) -> Option<StreamId> {
        if let Some(id) = self.by_endpoints.get(&(destination, source)) {
            return Some(*id);
        }
        let welcome = segment.flag() == Flag::Open
            && self.listening.contains(&destination.port())
            && self.connections.len() < CONNECTIONS_MAX;
        welcome.then(|| self.insert(Connection::incoming(destination, source)))
    }

    fn insert(&mut self, connection: Connection) -> StreamId {
        let id = StreamId(self.next_id);
        self.next_id += 1;
        self.by_endpoints.insert(connection.endpoints(), id);
        self.connections.insert(id, connection);
        id
    }

    fn remove(&mut self, id: StreamId) -> Option<Connection> {
        let connection = self.connections.remove(&id)?;
        self.by_endpoints.remove(&connection.endpoints());
        Some(connection)
    }

    /// Hands over what arrived in order.
    fn deliver(&mut self, id: StreamId) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        let (local, remote) = connection.endpoints();
        let incoming = connection.is_incoming();
        let closed_here = connection.closed_here();
        for segment in connection.take_ordered() {
            let event = match segment.flag() {
                Flag::Open if incoming => StreamEvent::Accepted { stream: id, local, remote },
                Flag::Open => StreamEvent::Opened(id),
                Flag::Data => StreamEvent::Bytes(id, segment.into_bytes()),
                Flag::Finish => StreamEvent::Closed(id, Closed::ByPeer),
                Flag::Acknowledge | Flag::Reset => continue,
            };
            if !closed_here {
                self.event(event);
            }
        }
    }

    /// Sends what the connection wants sent, and forgets it when both ends are done.
    fn pump(&mut self, now: Instant, id: StreamId) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        let packets = connection.take_packets(now);
        let done = connection.is_done();
        self.outputs.extend(packets.into_iter().map(StackOutput::Transmit));
        if done {
            self.remove(id);
        }
    }

    fn free_port(&mut self, local: IpAddr, remote: SocketAddr) -> u16 {
        loop {
            let port = self.next_port;
            self.next_port = self.next_port.checked_add(1).unwrap_or(EPHEMERAL_FIRST);
            if !self.by_endpoints.contains_key(&(SocketAddr::new(local, port), remote)) {
                return port;
            }
        }
    }

    fn event(&mut self, event: StreamEvent) {
        self.outputs.push_back(StackOutput::Event(event));
    }

    fn transmit(&mut self, source: SocketAddr, destination: SocketAddr, segment: Segment) {
        let body = Body::Segment(segment);
        self.outputs.push_back(StackOutput::Transmit(Packet { source, destination, body }));
    }
}

#[cfg(test)]
mod tests;

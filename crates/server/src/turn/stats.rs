//! What the worker counts.

use super::socket::Outcome;

/// Everything that is counted about STUN and TURN, taken at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Stats {
    /// What the protocol core counts.
    pub core: turn::Stats,
    /// What the core of the second STUN port counts.
    pub second: turn::Stats,
    /// What the sockets and connections count.
    pub io: IoStats,
}

/// Counters since the start, and gauges where the name says `open`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IoStats {
    /// Datagrams received on all sockets.
    pub datagrams_received: u64,
    /// Datagrams that the kernel took.
    pub datagrams_sent: u64,
    /// System calls that sent those; fewer than datagrams where several left at once.
    pub batches_sent: u64,
    /// Datagrams dropped because the socket's send buffer was full.
    pub datagrams_dropped: u64,
    /// Datagrams that the kernel refused: no route to that peer, forbidden by the firewall, too large.
    pub datagrams_refused: u64,
    /// Failed receive calls.
    pub receive_errors: u64,
    /// Relay sockets open.
    pub relays_open: u64,
    /// Relay sockets that could not be bound.
    pub relay_bind_errors: u64,
    /// TCP and TLS connections open.
    pub streams_open: u64,
    /// Connections turned away at the limit.
    pub streams_refused: u64,
    /// Connections closed because they were silent and had no allocation.
    pub streams_idle: u64,
    /// Connections closed because their client had stopped reading.
    pub streams_stalled: u64,
    /// Relayed packets dropped because the client's connection was slower than they came.
    pub stream_data_dropped: u64,
}

impl IoStats {
    pub(super) fn count_sent(&mut self, outcome: &Outcome) {
        self.datagrams_sent += as_count(outcome.sent);
        self.batches_sent += u64::from(outcome.sent > 0);
        self.datagrams_dropped += as_count(outcome.no_room);
        self.datagrams_refused += as_count(outcome.refused);
    }
}

/// A number of things in memory as a counter.
pub(super) fn as_count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

//! What the worker counts.

use std::ops::AddAssign;
use std::time::Duration;

use super::socket::Outcome;
use crate::media::MediaStats;

/// Everything that is counted about STUN and TURN, taken at one moment.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stats {
    /// What the protocol core counts.
    pub core: turn::Stats,
    /// What the core of the second STUN port counts.
    pub second: turn::Stats,
    /// What the sockets and connections count.
    pub io: IoStats,
    /// What the media plane counts.
    pub media: MediaStats,
    /// What the work costs.
    pub load: Load,
}

/// What a worker's work costs, since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    /// How long its thread has had a processor.
    pub cpu: Duration,
    /// How often it woke up for something.
    pub wake_ups: u64,
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
    /// Datagrams that arrived at another worker than their client's.
    pub datagrams_handed_over: u64,
    /// Datagrams and payloads for another worker that were dropped because it did not keep up.
    pub handovers_dropped: u64,
    /// 5-tuples that were not remembered because there were too many.
    pub tuples_refused: u64,
    /// Claims of 5-tuples that another uses.
    pub tuples_contested: u64,
}

impl AddAssign for Stats {
    fn add_assign(&mut self, other: Self) {
        self.core += other.core;
        self.second += other.second;
        self.io += other.io;
        self.media += other.media;
        self.load.cpu += other.load.cpu;
        self.load.wake_ups += other.load.wake_ups;
    }
}

impl AddAssign for IoStats {
    fn add_assign(&mut self, other: Self) {
        // Taken apart so that none is forgotten.
        let Self {
            datagrams_received,
            datagrams_sent,
            batches_sent,
            datagrams_dropped,
            datagrams_refused,
            receive_errors,
            relays_open,
            relay_bind_errors,
            streams_open,
            streams_refused,
            streams_idle,
            streams_stalled,
            stream_data_dropped,
            datagrams_handed_over,
            handovers_dropped,
            tuples_refused,
            tuples_contested,
        } = other;
        self.datagrams_received += datagrams_received;
        self.datagrams_sent += datagrams_sent;
        self.batches_sent += batches_sent;
        self.datagrams_dropped += datagrams_dropped;
        self.datagrams_refused += datagrams_refused;
        self.receive_errors += receive_errors;
        self.relays_open += relays_open;
        self.relay_bind_errors += relay_bind_errors;
        self.streams_open += streams_open;
        self.streams_refused += streams_refused;
        self.streams_idle += streams_idle;
        self.streams_stalled += streams_stalled;
        self.stream_data_dropped += stream_data_dropped;
        self.datagrams_handed_over += datagrams_handed_over;
        self.handovers_dropped += handovers_dropped;
        self.tuples_refused += tuples_refused;
        self.tuples_contested += tuples_contested;
    }
}

impl IoStats {
    pub(crate) fn count_sent(&mut self, outcome: &Outcome) {
        self.datagrams_sent += as_count(outcome.sent);
        self.batches_sent += u64::from(outcome.sent > 0);
        self.datagrams_dropped += as_count(outcome.no_room);
        self.datagrams_refused += as_count(outcome.refused);
    }
}

/// A number of things in memory as a counter.
pub(crate) fn as_count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

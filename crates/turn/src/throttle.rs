//! How much an allocation, a user and a room may relay: token buckets over bits and packets, a pair for each direction.
//!
//! A bucket is the moment at which it will be full again. Several servers may have clients of one user or room, so these moments are shared
//! between threads: no lock is on the way of a packet.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::config::Cap;

/// The direction of a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    ToPeer,
    ToClient,
}

/// One more payload, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) direction: Direction,
    /// Without headers.
    pub(crate) bytes: u64,
    /// Since the epoch of whoever holds the buckets.
    pub(crate) now_ns: u64,
}

/// The buckets of one allocation, user or room.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    to_peer: Buckets,
    to_client: Buckets,
}

#[derive(Debug, Default)]
struct Buckets {
    bits: Bucket,
    packets: Bucket,
}

impl Throttle {
    /// Whether one more payload may pass.
    pub(crate) fn has_room(&self, cap: Cap, load: Load) -> bool {
        let buckets = self.buckets(load.direction);
        buckets.bits.has_room(load.now_ns, bits_ns(cap, load)) && buckets.packets.has_room(load.now_ns, packet_ns(cap))
    }

    /// Counts a payload that passes. What two threads let pass at the same moment is all counted, so it is missing later.
    pub(crate) fn charge(&self, cap: Cap, load: Load) {
        let buckets = self.buckets(load.direction);
        buckets.bits.charge(load.now_ns, bits_ns(cap, load));
        buckets.packets.charge(load.now_ns, packet_ns(cap));
    }

    fn buckets(&self, direction: Direction) -> &Buckets {
        match direction {
            Direction::ToPeer => &self.to_peer,
            Direction::ToClient => &self.to_client,
        }
    }
}

/// The moment at which it will be full again, in nanoseconds since the epoch.
#[derive(Debug, Default)]
struct Bucket(AtomicU64);

impl Bucket {
    fn has_room(&self, now_ns: u64, cost_ns: u64) -> bool {
        let missing_ns = self.0.load(Ordering::Relaxed).saturating_sub(now_ns);
        // What costs more than a whole bucket passes a full one.
        missing_ns == 0 || missing_ns.saturating_add(cost_ns) <= BURST_NS
    }

    fn charge(&self, now_ns: u64, cost_ns: u64) {
        if cost_ns > 0 {
            let full_at = |full_at: u64| Some(full_at.max(now_ns).saturating_add(cost_ns));
            // It always has a value to set.
            let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, full_at);
        }
    }
}

fn bits_ns(cap: Cap, load: Load) -> u64 {
    cost_ns(load.bytes.saturating_mul(8), cap.bits_per_second)
}

fn packet_ns(cap: Cap) -> u64 {
    cost_ns(1, cap.packets_per_second)
}

/// How long it takes until so many are there again; 0 for a rate of 0, which is no cap.
fn cost_ns(amount: u64, per_second: u64) -> u64 {
    amount.saturating_mul(NS_PER_SECOND).checked_div(per_second).unwrap_or(0)
}

const NS_PER_SECOND: u64 = 1_000_000_000;
/// A full bucket is what passes in that time: a key frame comes at once. It makes ten seconds 2.5 % more than the cap.
const BURST_NS: u64 = 250_000_000;

#[cfg(test)]
mod tests;

//! What is counted for whoever looks at a room. Counting is a few additions for each packet; nothing is computed before somebody asks.

use std::time::{Duration, Instant};

use rtp::parameters::Kind;

use crate::id::Source;
use crate::snapshot::Standstills;

/// Of a peer.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PeerTally {
    /// RTP from it, as it came in.
    pub(crate) received_packets: u64,
    pub(crate) received_bytes: u64,
    /// RTP to it.
    pub(crate) sent_packets: u64,
    pub(crate) sent_bytes: u64,
    /// Of that, packets that it had asked for again, and what tested its path.
    pub(crate) resent_packets: u64,
    pub(crate) probe_bytes: u64,
}

/// Of an incoming layer.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LayerTally {
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
    pub(crate) pictures: u64,
    pub(crate) key_frames: u64,
    /// Asked of the publisher.
    pub(crate) nacked_packets: u64,
    pub(crate) key_frame_requests: u64,
}

/// Of a slot.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SlotTally {
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
    pub(crate) resent_packets: u64,
    /// Asked for by the subscriber.
    pub(crate) nacked_packets: u64,
    pub(crate) key_frame_requests: u64,
    /// Lost by its last report, in 1/256.
    pub(crate) lost_256: u8,
}

/// Finds pictures that stand still: packets that come later than [`STANDSTILL`] after the one before.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct StandstillWatch {
    last: Option<Instant>,
    /// When the latest standstill ended.
    resumed: Option<Instant>,
    seen: Standstills,
}

impl StandstillWatch {
    /// A packet has gone by.
    pub(crate) fn handle_packet(&mut self, now: Instant) {
        let gap = self.last.map_or(Duration::ZERO, |last| now.saturating_duration_since(last));
        self.last = Some(now);
        if gap > STANDSTILL {
            self.resumed = Some(now);
            self.seen.count = self.seen.count.saturating_add(1);
            self.seen.total = self.seen.total.saturating_add(gap);
            self.seen.longest = self.seen.longest.max(gap);
        }
    }

    /// When pictures went on after the latest standstill.
    pub(crate) fn resumed(&self) -> Option<Instant> {
        self.resumed
    }

    /// What follows is no continuation: nobody waits for it.
    pub(crate) fn pause(&mut self) {
        self.last = None;
    }

    /// What was found; of cameras only. Sound pauses in silence, and a screen on which nothing moves sends nothing.
    pub(crate) fn seen(&self, kind: Kind, source: Source) -> Option<Standstills> {
        (kind == Kind::Video && source == Source::Camera).then_some(self.seen)
    }
}

/// A picture that stands still for longer is noticed.
pub(crate) const STANDSTILL: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests;

//! How much a peer may send: whatever it does, the others in its room lose nothing by it.

use std::time::{Duration, Instant};

use rtp::parameters::Kind;

/// So many a second, and as many at once as were saved up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowance {
    per_second: u64,
    /// What is left, in billionths: exact, however short the time between two.
    left: u64,
    filled_at: Instant,
}

impl Allowance {
    /// As many as come in a second may come at once.
    pub(crate) fn new(now: Instant, per_second: u32) -> Self {
        let per_second = u64::from(per_second);
        Self { per_second, left: per_second.saturating_mul(BILLION), filled_at: now }
    }

    /// Whether `count` more may come; they are counted then.
    pub(crate) fn take(&mut self, now: Instant, count: usize) -> bool {
        let elapsed = now.saturating_duration_since(self.filled_at).min(Duration::from_secs(1));
        let earned = u64::try_from(elapsed.as_nanos()).unwrap_or(BILLION).saturating_mul(self.per_second);
        self.filled_at = self.filled_at.max(now);
        self.left = self.left.saturating_add(earned).min(self.per_second.saturating_mul(BILLION));
        let cost = u64::try_from(count).unwrap_or(u64::MAX).saturating_mul(BILLION);
        let left = self.left.checked_sub(cost);
        self.left = left.unwrap_or(self.left);
        left.is_some()
    }
}

/// What one track may send, all of its layers and their retransmissions together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TrackAllowance {
    packets: Allowance,
    bytes: Allowance,
}

impl TrackAllowance {
    pub(crate) fn new(now: Instant, kind: Kind) -> Self {
        let (packets, bytes) = match kind {
            Kind::Audio => (AUDIO_PACKETS_PER_SECOND_MAX, AUDIO_BYTES_PER_SECOND_MAX),
            Kind::Video => (VIDEO_PACKETS_PER_SECOND_MAX, VIDEO_BYTES_PER_SECOND_MAX),
        };
        Self { packets: Allowance::new(now, packets), bytes: Allowance::new(now, bytes) }
    }

    /// Whether a packet of that size may pass; it is counted then.
    pub(crate) fn take(&mut self, now: Instant, bytes: usize) -> bool {
        self.packets.take(now, 1) && self.bytes.take(now, bytes)
    }
}

const BILLION: u64 = 1_000_000_000;

/// Twice what a screen in 4K takes at its busiest.
const VIDEO_PACKETS_PER_SECOND_MAX: u32 = 3_000;
/// 40 Mbit/s.
const VIDEO_BYTES_PER_SECOND_MAX: u32 = 5_000_000;
/// Packets of 2.5 ms, the shortest of Opus.
const AUDIO_PACKETS_PER_SECOND_MAX: u32 = 400;
/// 1 Mbit/s: Opus ends at 510 kbit/s, which may be sent twice (RFC 2198).
const AUDIO_BYTES_PER_SECOND_MAX: u32 = 125_000;

#[cfg(test)]
mod tests;

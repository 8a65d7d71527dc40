//! How much one subscriber's path carries: a send-side estimate.
//!
//! Pure and deterministic: `now` comes in, and nothing else. The caller tells of every packet that it sends and of all feedback:
//!
//! 1. `handle_sent` for each packet (media, retransmission, padding) with its transport-wide sequence number,
//! 2. `handle_feedback`, `handle_report_block`, `handle_remb` as they come,
//! 3. `handle_timeout` at `poll_timeout`,
//! 4. after 2 and 3: `poll_probe`, and `estimate_bps` for allocator and pacer.

use std::time::{Duration, Instant};

/// What the estimate may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// Before anything is known.
    pub start_bps: u64,
    /// Never below.
    pub min_bps: u64,
    /// Never above.
    pub max_bps: u64,
}

/// Why a packet was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Sound or picture for the first time.
    Media,
    /// Once more, because it was asked for.
    Retransmission,
    /// To test for more; its loss harms nobody.
    Padding,
}

/// A question to the path: can it carry this rate?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    /// The rate to send at, media included.
    pub rate_bps: u64,
    /// For so many bytes, media included.
    pub bytes: u64,
}

/// The estimate of one subscriber's path.
#[derive(Debug)]
pub struct Estimator {
    config: Config,
    estimate_bps: u64,
}

impl Default for Config {
    /// Starts at 1 Mbit/s, a large layer is tried for at once; at least a voice and at most what a room of many pictures needs.
    fn default() -> Self {
        Self { start_bps: 1_000_000, min_bps: 50_000, max_bps: 50_000_000 }
    }
}

impl Estimator {
    /// Knows nothing but `config.start_bps`.
    #[must_use]
    pub fn new(config: Config, _now: Instant) -> Self {
        Self { config, estimate_bps: config.start_bps.clamp(config.min_bps, config.max_bps) }
    }

    /// What would be sent if the path carried everything: the allocator's wish. Without a wish for more than the estimate nothing is
    /// probed.
    pub fn set_wanted(&mut self, _now: Instant, _wanted_bps: u64) {}

    /// A packet leaves. `transport_seq` grows by one with each packet that carries the transport-wide sequence number, whose 16 bits are its
    /// lowest.
    pub fn handle_sent(&mut self, _now: Instant, _transport_seq: u64, _bytes: usize, _purpose: Purpose) {}

    /// A report block about a stream that was sent to this subscriber (RFC 3550 §6.4.1): the share lost in 1/256, and the round trip where
    /// it is known.
    pub fn handle_report_block(&mut self, _now: Instant, _fraction_lost: u8, _round_trip: Option<Duration>) {}

    /// The receiver's own estimate (REMB).
    pub fn handle_remb(&mut self, _now: Instant, bitrate_bps: u64) {
        self.estimate_bps = bitrate_bps.clamp(self.config.min_bps, self.config.max_bps);
    }

    /// What the path is believed to carry.
    #[must_use]
    pub fn estimate_bps(&self) -> u64 {
        self.estimate_bps
    }

    /// Round trip, as far as feedback tells.
    #[must_use]
    pub fn round_trip(&self) -> Option<Duration> {
        None
    }

    /// The share of packets that the path loses, 0 to 1, over the last second or so.
    #[must_use]
    pub fn loss(&self) -> f32 {
        0.0
    }

    /// A probe to be sent, if it is time for one: hand it to [`crate::prober::Prober::start`].
    pub fn poll_probe(&mut self, _now: Instant) -> Option<Probe> {
        None
    }

    /// When [`Estimator::handle_timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, _now: Instant) {}
}

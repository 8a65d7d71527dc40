//! The path to a subscriber: its estimate, pacing, probes and the budget of retransmissions.

use std::time::{Duration, Instant};

use rtp::parameters::ExtensionIds;

use crate::bandwidth::{self, Estimator, Purpose};
use crate::config::Config;
use crate::pacer::Pacer;
use crate::prober::Prober;

/// The path to one subscriber.
#[derive(Debug)]
pub(crate) struct Outbound {
    pub(crate) estimator: Estimator,
    pub(crate) pacer: Pacer<Waiting>,
    pub(crate) prober: Prober,
    /// The next transport-wide sequence number.
    next_transport: u64,
    /// Bytes that may be sent again; below 0 it never falls.
    resend_credit: f64,
    credited_at: Instant,
}

/// A packet that waits for its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) slot: u16,
    /// Its number in the slot's stream.
    pub(crate) number: u16,
    pub(crate) what: What,
}

/// How a packet goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// For the first time.
    Media,
    /// Again, because it was asked for.
    Retransmission,
    /// Again, to test the path.
    Padding,
}

impl Outbound {
    pub(crate) fn new(config: &Config, now: Instant) -> Self {
        let limits = bandwidth::Config { max_bps: config.subscriber_rate_max_bps, ..bandwidth::Config::default() };
        let estimator = Estimator::new(limits, now);
        let pacer = Pacer::new(now, estimator.pace_bps());
        let prober = Prober::new();
        // Transport-wide numbers begin behind zero, so that one before the first can be told apart.
        Self { estimator, pacer, prober, next_transport: 1, resend_credit: RESEND_BURST_BYTES, credited_at: now }
    }

    /// The lower 16 bits of the number of the next packet, which is sent with it; for nothing where numbers are not negotiated.
    #[expect(clippy::cast_possible_truncation, reason = "the lower 16 bits are meant")]
    pub(crate) fn next_transport(&mut self, now: Instant, ids: &ExtensionIds, bytes: usize, what: What) -> u16 {
        if ids.transport_cc.is_none() {
            return 0;
        }
        let number = self.next_transport;
        self.next_transport = number.wrapping_add(1);
        let purpose = match what {
            What::Media => Purpose::Media,
            What::Retransmission => Purpose::Retransmission,
            What::Padding => Purpose::Padding,
        };
        self.estimator.handle_sent(now, number, bytes, purpose);
        number as u16
    }

    /// Whether so many bytes may be sent again; counts them if so. Retransmissions get a share of the estimate, so that a subscriber cannot
    /// ask for more than its path carries.
    pub(crate) fn may_resend(&mut self, now: Instant, bytes: usize) -> bool {
        let elapsed = now.saturating_duration_since(self.credited_at).min(RESEND_MEMORY);
        self.credited_at = now;
        let rate_bytes = self.estimator.estimate_bps() as f64 / 8.0 * RESEND_SHARE;
        let burst = RESEND_BURST_BYTES.max(rate_bytes * RESEND_MEMORY.as_secs_f64());
        self.resend_credit = (self.resend_credit + elapsed.as_secs_f64() * rate_bytes).min(burst);
        let bytes = bytes as f64;
        let allowed = self.resend_credit >= bytes;
        if allowed {
            self.resend_credit -= bytes;
        }
        allowed
    }

    /// How fast somebody gets what came before, who began to get it so long ago: what a slow path takes, and more with each step that the
    /// estimate makes, which is tried upwards meanwhile. Of who says nothing about its path no more is known by waiting.
    pub(crate) fn replay_bps(&self, since: Duration) -> u64 {
        let pace_bps = self.estimator.pace_bps();
        if self.estimator.is_heard() {
            return pace_bps.min(self.estimator.estimate_bps().saturating_mul(REPLAY_PACE).max(REPLAY_START_BPS));
        }
        if since < REPLAY_PATIENCE { pace_bps.min(REPLAY_START_BPS) } else { pace_bps }
    }

    /// When pacer, prober or estimator have something to do.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        [self.pacer.poll_timeout(), self.prober.poll_timeout(), self.estimator.poll_timeout()]
            .into_iter()
            .flatten()
            .min()
    }
}

/// Of the estimate, for packets that are sent again: loss of 30 % can be repaired.
const RESEND_SHARE: f64 = 0.5;

/// Unused retransmissions are saved up so long.
const RESEND_MEMORY: Duration = Duration::from_secs(1);

/// Times the estimate: it lasts a second or two, in which a queue would be noticed.
const REPLAY_PACE: u64 = 2;

/// Before anything is known of the path.
const REPLAY_START_BPS: u64 = 2_000_000;

/// So long what a viewer says of its path is waited for.
const REPLAY_PATIENCE: Duration = Duration::from_millis(400);

/// A lost key frame can always be repaired.
const RESEND_BURST_BYTES: f64 = 60_000.0;

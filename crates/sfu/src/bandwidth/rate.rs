//! The rate itself: up by little steps, down to what was seen to arrive (draft-ietf-rmcat-gcc-02 §5.5).

use super::delay::Usage;

/// The rate, and what is known of the link's capacity.
#[derive(Debug)]
pub(super) struct Rate {
    bps: f64,
    min_bps: f64,
    max_bps: f64,
    updated_us: i64,
    decreased_us: Option<i64>,
    /// What arrived when the link was full, and when.
    capacity: Option<(f64, i64)>,
    /// A deeper cut than the link needs, so that its queue empties: it ends when the queue is gone.
    draining: bool,
}

/// What there is to judge by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Evidence {
    pub(super) usage: Usage,
    /// Delay above the least.
    pub(super) queue_us: i64,
    /// What arrives, over the last half second; `None` while unknown.
    pub(super) delivered_bps: Option<f64>,
    /// What arrives, over the last moments.
    pub(super) delivered_shortly_bps: Option<f64>,
    /// Less is sent than may be, and all of it arrives: what arrives says nothing about the link.
    pub(super) application_limited: bool,
    pub(super) round_trip_us: i64,
}

impl Rate {
    pub(super) fn new(start_bps: u64, min_bps: u64, max_bps: u64) -> Self {
        Self {
            bps: start_bps.clamp(min_bps, max_bps) as f64,
            min_bps: min_bps as f64,
            max_bps: max_bps as f64,
            updated_us: 0,
            decreased_us: None,
            capacity: None,
            draining: false,
        }
    }

    pub(super) fn bps(&self) -> f64 {
        self.bps
    }

    /// When it was last cut to what the path carries.
    pub(super) fn decreased_us(&self) -> Option<i64> {
        self.decreased_us
    }

    /// Follows the delay.
    pub(super) fn update(&mut self, now_us: i64, evidence: &Evidence, congested_by_loss: bool) {
        let standing = evidence.queue_us > STANDING_US && evidence.usage != Usage::Under;
        if evidence.usage == Usage::Over || standing {
            self.decrease(now_us, evidence);
        } else if evidence.usage == Usage::Normal && !congested_by_loss {
            self.increase(now_us, evidence);
        }
        if self.draining && evidence.queue_us < DRAINED_US {
            self.draining = false;
            let capacity_bps = self.capacity.map_or(0.0, |(bps, _)| bps);
            self.set(self.bps.max(BACK_OFF * capacity_bps));
        }
        self.updated_us = now_us;
    }

    /// Loss beyond the path's own: down to what arrives, but not further than the loss explains.
    pub(super) fn handle_congestive_loss(&mut self, now_us: i64, excess: f64, evidence: &Evidence) {
        if !self.may_decrease(now_us, evidence) {
            return;
        }
        let explained_bps = self.bps * (1.0 - excess);
        let delivered_bps = evidence.delivered_bps.filter(|_| !evidence.application_limited).unwrap_or(0.0);
        self.lower(now_us, explained_bps.max(BACK_OFF * delivered_bps));
    }

    /// A probe has shown that this much passes.
    pub(super) fn handle_probed(&mut self, now_us: i64, bps: f64) {
        if bps > self.bps {
            self.set(bps);
            self.updated_us = now_us;
            self.draining = false;
            if self.capacity.is_some_and(|(capacity_bps, _)| capacity_bps < bps) {
                self.capacity = None;
            }
        }
    }

    /// Nothing is heard of what is sent.
    pub(super) fn handle_silence(&mut self, now_us: i64) {
        self.lower(now_us, self.bps * SILENCE_FACTOR);
    }

    /// The receiver's reports without transport-wide feedback: its loss, and what is sent.
    pub(super) fn handle_report(&mut self, now_us: i64, loss: f64, sent_bps: f64, round_trip_us: i64) {
        let elapsed_s = ((now_us - self.updated_us) as f64 / 1e6).clamp(0.0, 5.0);
        if loss < REPORT_LOSS_LOW {
            let grown_bps = self.bps * GROWTH.powf(elapsed_s);
            self.set(grown_bps.min(self.bps.max(sent_bps * HEADROOM)));
        } else if loss > REPORT_LOSS_HIGH && self.has_settled(now_us, round_trip_us) {
            self.lower(now_us, self.bps * (1.0 - loss / 2.0));
        }
        self.updated_us = now_us;
    }

    fn increase(&mut self, now_us: i64, evidence: &Evidence) {
        if evidence.application_limited || self.draining {
            return;
        }
        let Some(delivered_bps) = evidence.delivered_bps else { return };
        // What arrives without a queue is no guess.
        self.set(self.bps.max(delivered_bps));
        let elapsed_s = ((now_us - self.updated_us) as f64 / 1e6).clamp(0.0, 1.0);
        let response_s = (evidence.round_trip_us as f64 + 100_000.0) / 1e6;
        let near = self.capacity.is_some_and(|(bps, seen_us)| {
            now_us - seen_us < CAPACITY_US && self.bps > 0.7 * bps && self.bps < 1.1 * bps
        });
        let grown_bps = if near {
            self.bps + ADDED_BITS.max(self.bps * 0.005) * elapsed_s / response_s
        } else {
            self.bps * GROWTH.powf(elapsed_s)
        };
        self.set(grown_bps.min(self.bps.max(delivered_bps * HEADROOM + 10_000.0)));
    }

    fn decrease(&mut self, now_us: i64, evidence: &Evidence) {
        if !self.may_decrease(now_us, evidence) {
            return;
        }
        let delivered_bps = evidence.delivered_shortly_bps.or(evidence.delivered_bps);
        let Some(delivered_bps) = delivered_bps.filter(|_| !evidence.application_limited) else {
            self.lower(now_us, self.bps * BACK_OFF);
            return;
        };
        self.capacity = Some((delivered_bps, now_us));
        // A long queue is emptied in about a second, and no longer than that is less sent than fits.
        let factor = (BACK_OFF - evidence.queue_us as f64 / 1e6).max(DRAIN_MIN);
        self.draining = factor < BACK_OFF - 0.05;
        // Where more was sent than estimated, the link has now been measured, be it more or less.
        self.set(delivered_bps * factor);
        self.decreased_us = Some(now_us);
    }

    /// A cut shows after a round trip and a feedback interval; what arrives is then measured anew.
    fn may_decrease(&self, now_us: i64, evidence: &Evidence) -> bool {
        let far_off =
            evidence.delivered_shortly_bps.is_some_and(|bps| bps < 0.5 * self.bps) && !evidence.application_limited;
        far_off || self.has_settled(now_us, evidence.round_trip_us)
    }

    fn has_settled(&self, now_us: i64, round_trip_us: i64) -> bool {
        self.decreased_us.is_none_or(|at_us| now_us - at_us > round_trip_us + SETTLE_US)
    }

    fn lower(&mut self, now_us: i64, bps: f64) {
        self.set(bps.min(self.bps));
        self.decreased_us = Some(now_us);
    }

    fn set(&mut self, bps: f64) {
        self.bps = bps.clamp(self.min_bps, self.max_bps);
    }
}

/// After an overuse, of what arrived.
const BACK_OFF: f64 = 0.85;

/// The deepest cut for the sake of the queue.
const DRAIN_MIN: f64 = 0.5;

/// A queue this long is ours, whatever the trend.
const STANDING_US: i64 = 150_000;

/// A queue this short is none.
const DRAINED_US: i64 = 20_000;

/// Per second, far from a known capacity.
const GROWTH: f64 = 1.08;

/// Per response time, near it: about a packet.
const ADDED_BITS: f64 = 9_600.0;

/// How long a capacity is believed.
const CAPACITY_US: i64 = 30_000_000;

/// The estimate may exceed what is proven to arrive by so much.
const HEADROOM: f64 = 1.5;

/// A feedback interval.
const SETTLE_US: i64 = 150_000;

/// Per half second without any feedback.
const SILENCE_FACTOR: f64 = 0.8;

/// draft-ietf-rmcat-gcc-02 §6.
const REPORT_LOSS_LOW: f64 = 0.02;
const REPORT_LOSS_HIGH: f64 = 0.10;

#[cfg(test)]
mod tests;

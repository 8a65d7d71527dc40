//! What a receiver tells of a path that gives no feedback about each packet: its own estimate (REMB) and reports.

use std::time::{Duration, Instant};

use super::meter::BUCKETS;
use super::{Estimator, FEEDBACK_US};

impl Estimator {
    /// A report block about a stream that was sent to this subscriber (RFC 3550 §6.4.1): the share lost in 1/256, the round trip where it
    /// is known, and whether what left long ago has not arrived, where something did. Loss and lateness count only where no
    /// transport-wide feedback comes.
    pub fn handle_report_block(
        &mut self,
        now: Instant,
        fraction_lost: u8,
        round_trip: Option<Duration>,
        is_late: Option<bool>,
    ) {
        let now_us = self.micros(now);
        if let Some(round_trip) = round_trip {
            let sample_us = i64::try_from(round_trip.as_micros()).unwrap_or(i64::MAX);
            self.note_round_trip(sample_us);
            let least_us = self.least_round_trip_us.unwrap_or(sample_us);
            // A queue is not the path: the least is forgotten in minutes.
            self.least_round_trip_us = Some(sample_us.min(least_us + least_us / 128));
        }
        if self.has_feedback(now_us) {
            return;
        }
        if let Some(is_late) = is_late {
            self.late_reports = if is_late { self.late_reports.saturating_add(1) } else { 0 };
        }
        let loss = f64::from(fraction_lost) / 256.0;
        if self.trials.handle_report(now_us, loss, is_late == Some(true)) {
            // What was lost was too much by what was tried, and says nothing of what there was before.
            return;
        }
        self.sent.advance(now_us);
        let sent_bps = self.sent.rate_bps(now_us, BUCKETS).unwrap_or(0.0);
        let before_bps = self.rate.bps();
        self.rate.handle_report(now_us, loss, sent_bps, self.response_us());
        self.note_course(now_us, before_bps);
    }

    /// The receiver's own estimate (REMB). It counts only where no transport-wide feedback comes.
    pub fn handle_remb(&mut self, now: Instant, bitrate_bps: u64) {
        let now_us = self.micros(now);
        self.remb = Some((bitrate_bps, now_us));
        if !self.has_feedback(now_us) {
            self.trials.handle_told(now_us, bitrate_bps);
            // The receiver has measured it, so it is as good as a probe.
            self.rate.handle_probed(now_us, bitrate_bps as f64);
        }
    }

    /// It was allocated anew: with the least more than was granted, so much would be sent in all; 0 where nothing more is wanted. Where
    /// the receiver's own estimate forbids it for long, it is tried.
    pub fn set_step(&mut self, now: Instant, step_bps: u64) {
        let is_short = self.is_told_alone() && self.estimate_bps() < step_bps;
        self.trials.set_step(self.micros(now), step_bps, is_short);
    }

    /// Whether nothing but the receiver's own estimate tells of the path.
    pub(crate) fn is_told_alone(&self) -> bool {
        self.told_bps().is_some()
    }

    /// The time from which on a packet that has not arrived is late.
    pub(crate) fn lateness(&self) -> Duration {
        LATE + Duration::from_micros(
            u64::try_from(self.least_round_trip_us.unwrap_or(0)).unwrap_or(0).min(LEAST_MAX_US),
        )
    }

    /// The receiver's own estimate, where it counts.
    pub(super) fn told_bps(&self) -> Option<u64> {
        let is_alone = |at_us: i64| self.feedback_us.is_none_or(|feedback_us| feedback_us + FEEDBACK_US < at_us);
        self.remb.filter(|(_, at_us)| is_alone(*at_us)).map(|(bps, _)| bps.max(self.config.remb_min_bps))
    }

    /// The receiver allows less than is wanted.
    pub(super) fn is_capped(&self) -> bool {
        self.told_bps().is_some_and(|bps| bps < self.wanted_bps)
    }

    /// Reports say again and again that what was sent does not arrive for long.
    pub(super) fn is_late(&self) -> bool {
        self.late_reports >= LATE_REPORTS && self.is_told_alone()
    }

    /// Begins or ends a trial for which it is time.
    pub(super) fn try_more(&mut self, now_us: i64) {
        if let Some(tried_bps) = self.trials.handle_timeout(now_us) {
            self.rate.handle_probed(now_us, tried_bps as f64);
        }
    }
}

/// Beyond the round trip: a queue that long spoils a conversation.
const LATE: Duration = Duration::from_millis(600);

/// What is believed of a round trip; departures are remembered long enough for it.
const LEAST_MAX_US: u64 = 1_000_000;

/// One late report may be that of a busy machine.
const LATE_REPORTS: u8 = 2;

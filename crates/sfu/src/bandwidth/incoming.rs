//! How much the path from one publisher carries: an estimate on the receiving side, for publishers that take REMB and no
//! transport-wide feedback (draft-alvestrand-rmcat-remb-03).
//!
//! The trend of the delay is judged where packets bear the time of their sending, loss always. What is told follows what arrives: at most
//! half more than that, so that a publisher can grow, and less when the path complains. It is never more than anybody has use for.

use std::time::{Duration, Instant};

use rtp::extension::AbsSendTime;

use super::delay::Delay;
use super::meter::{BUCKETS, Meter};
use super::rate::{Evidence, Rate};

/// The estimate of one publisher's path.
#[derive(Debug)]
pub(crate) struct Incoming {
    begun: Instant,
    arrived: Meter,
    delay: Delay,
    rate: Rate,
    /// A moment on the publisher's clock, and how it is counted here.
    anchor: Option<(AbsSendTime, i64)>,
    updated_us: i64,
    /// More than this is of no use to anybody.
    use_bps: u64,
    /// Somebody has use for much more than the publisher was told.
    is_called: bool,
    /// What the publisher was told last, and when.
    told: Option<(u64, Instant)>,
}

impl Incoming {
    /// Nothing has come yet.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            begun: now,
            arrived: Meter::new(),
            delay: Delay::new(),
            rate: Rate::new(START_BPS, MIN_BPS, MAX_BPS),
            anchor: None,
            updated_us: 0,
            use_bps: u64::MAX,
            is_called: false,
            told: None,
        }
    }

    /// A packet of any stream has come.
    pub(crate) fn handle_arrival(&mut self, now: Instant, sent: Option<AbsSendTime>, bytes: usize) {
        let now_us = self.micros(now);
        self.arrived.add(now_us, u32::try_from(bytes).unwrap_or(u32::MAX));
        if let Some(sent) = sent {
            let sent_us = self.extend(sent);
            self.delay.handle_arrival(sent_us, now_us);
        }
        if now_us - self.updated_us >= UPDATE_US {
            self.updated_us = now_us;
            let delivered_bps = self.arrived.rate_bps(now_us, BUCKETS);
            let evidence = Evidence {
                usage: self.delay.usage(),
                queue_us: self.delay.queue_us(),
                delivered_bps,
                delivered_shortly_bps: delivered_bps,
                application_limited: false,
                round_trip_us: ROUND_TRIP_US,
            };
            self.rate.update(now_us, &evidence, false);
        }
    }

    /// The share that was lost of the worst stream in the last report's time, in 1/256.
    pub(crate) fn handle_loss(&mut self, now: Instant, fraction_lost: u8) {
        let now_us = self.micros(now);
        let arrived_bps = self.arrived.rate_bps(now_us, BUCKETS).unwrap_or(0.0);
        self.rate.handle_report(now_us, f64::from(fraction_lost) / 256.0, arrived_bps, ROUND_TRIP_US);
    }

    /// More than this is of no use to anybody; [`u64::MAX`] where that is not known.
    pub(crate) fn set_use(&mut self, use_bps: u64) {
        let before_bps = self.allowed_bps();
        self.use_bps = use_bps;
        self.is_called |= self.allowed_bps() as f64 > CALL * before_bps as f64;
    }

    /// What the path is believed to carry, whatever it is used for.
    pub(crate) fn path_bps(&self) -> u64 {
        self.rate.bps() as u64
    }

    /// What the publisher is to be told, if it is time: once a second, and soon after a fall or where somebody has use for much more.
    pub(crate) fn poll(&mut self, now: Instant) -> Option<u64> {
        if self.poll_timeout()? > now {
            return None;
        }
        let allowed_bps = self.allowed_bps();
        self.is_called = false;
        self.told = Some((allowed_bps, now));
        Some(allowed_bps)
    }

    /// When [`Self::poll`] has something; `None` before the first packet.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        if self.updated_us == 0 {
            return None;
        }
        let Some((told_bps, told_at)) = self.told else { return Some(self.begun) };
        let is_urgent = self.is_called || (self.allowed_bps() as f64) < FALL * told_bps as f64;
        Some(told_at + if is_urgent { INTERVAL_MIN } else { INTERVAL })
    }

    fn allowed_bps(&self) -> u64 {
        self.path_bps().min(self.use_bps.max(MIN_BPS))
    }

    /// Counts the publisher's clock on, beyond its cycle of 64 seconds.
    fn extend(&mut self, sent: AbsSendTime) -> i64 {
        let Some((anchor, anchor_us)) = self.anchor else {
            self.anchor = Some((sent, 0));
            return 0;
        };
        let step_us = sent.micros_since(anchor);
        // An anchor for each packet would add up what is rounded off.
        if step_us > ANCHOR_US {
            self.anchor = Some((sent, anchor_us + step_us));
        }
        anchor_us + step_us
    }

    fn micros(&self, now: Instant) -> i64 {
        i64::try_from(now.saturating_duration_since(self.begun).as_micros()).unwrap_or(i64::MAX)
    }
}

/// Before anything is known: a picture that is good enough to begin with.
const START_BPS: u64 = 1_000_000;

/// A voice and a small picture.
pub(crate) const MIN_BPS: u64 = 150_000;

/// More than any camera makes.
const MAX_BPS: u64 = 20_000_000;

/// The estimate follows what arrives in steps of this.
const UPDATE_US: i64 = 50_000;

/// A receiver does not know it.
const ROUND_TRIP_US: i64 = 100_000;

/// Of a cycle of 64 seconds.
const ANCHOR_US: i64 = 10_000_000;

/// Below this share of what was told the publisher has to know soon.
const FALL: f64 = 0.97;

/// So many times what was of use before is worth to be told of soon: somebody begins to watch.
const CALL: f64 = 1.5;

/// Between two that are told, and where it is urgent.
const INTERVAL: Duration = Duration::from_secs(1);
const INTERVAL_MIN: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests;

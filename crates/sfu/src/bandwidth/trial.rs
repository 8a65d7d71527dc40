//! Trials of a path of which nothing is known but the receiver's own estimate (REMB) and its reports.
//!
//! That estimate is made of what comes, and nothing is told while nothing comes: to whom a picture was stopped, he never finds that his
//! path has become wide enough for it. So now and then the picture itself is sent to find out, and reports decide: much loss, or packets
//! that have not arrived long after they left, end the trial at once, and the next one comes later.

/// Of one path.
#[derive(Debug)]
pub(super) struct Trials {
    /// All that would be sent with the least more than is.
    step_bps: u64,
    /// Since when that is more than the estimate, or when the last trial failed.
    short_us: Option<i64>,
    running: Option<Running>,
    /// A rate that was carried, and since when it counts.
    carried: Option<(u64, i64)>,
    /// How long is waited before the next trial.
    patience_us: i64,
    /// The receiver reports at all.
    is_reported: bool,
    /// A trial has just failed: what it brought has to go.
    is_failed: bool,
}

#[derive(Debug, Clone, Copy)]
struct Running {
    begun_us: i64,
    step_bps: u64,
    reports: u32,
    /// Those in its favour, of a time in which the picture has flowed.
    good: u32,
}

impl Trials {
    pub(super) fn new() -> Self {
        Self {
            step_bps: 0,
            short_us: None,
            running: None,
            carried: None,
            patience_us: PATIENCE_MIN_US,
            is_reported: false,
            is_failed: false,
        }
    }

    /// What the path may be trusted to carry, whatever the receiver's own estimate; 0 where that decides.
    pub(super) fn allowed_bps(&self) -> u64 {
        let tried_bps = self.running.map_or(0, |running| percent(running.step_bps, TRIED_PERCENT));
        self.carried.map_or(0, |(bps, _)| bps).max(tried_bps)
    }

    /// A trial has failed, and nothing was allocated since.
    pub(super) fn is_failed(&self) -> bool {
        self.is_failed
    }

    /// It was allocated anew. With the least more than was granted `step_bps` would be sent, 0 where nothing more is wanted; the
    /// estimate falls short of it or not.
    pub(super) fn set_step(&mut self, now_us: i64, step_bps: u64, is_short: bool) {
        (self.step_bps, self.is_failed) = (step_bps, false);
        if !is_short || step_bps == 0 {
            self.short_us = None;
        } else {
            self.short_us.get_or_insert(now_us);
        }
    }

    /// When [`Self::handle_timeout`] is due.
    pub(super) fn timeout_us(&self) -> Option<i64> {
        match self.running {
            Some(running) => Some(running.begun_us + if running.reports == 0 { SILENT_MAX_US } else { TRIAL_MAX_US }),
            None => self.short_us.map(|since_us| since_us + self.patience_us),
        }
    }

    /// Time has passed; the rate to be tried if a trial begins.
    pub(super) fn handle_timeout(&mut self, now_us: i64) -> Option<u64> {
        if self.timeout_us().is_none_or(|due_us| now_us < due_us) {
            return None;
        }
        if self.running.is_some() {
            // Nobody has said that it arrives.
            self.fail(now_us);
            return None;
        }
        if !self.is_reported {
            // Nothing would end it in time.
            self.short_us = Some(now_us);
            return None;
        }
        self.running = Some(Running { begun_us: now_us, step_bps: self.step_bps, reports: 0, good: 0 });
        Some(self.allowed_bps())
    }

    /// The receiver reports so much loss of a stream, or that what left long ago has not come. Whether that was the end of a trial.
    pub(super) fn handle_report(&mut self, now_us: i64, loss: f64, is_late: bool) -> bool {
        self.is_reported = true;
        let is_bad = is_late || loss > LOSS_MAX;
        let Some(running) = &mut self.running else {
            if is_bad && self.carried.take().is_some() {
                self.fail(now_us);
            }
            return false;
        };
        if is_bad {
            self.fail(now_us);
            return true;
        }
        running.reports += 1;
        if now_us - running.begun_us >= FLOWING_US {
            running.good += 1;
        }
        if running.good >= GOOD_ENOUGH {
            self.carried = Some((percent(running.step_bps, CARRIED_PERCENT), now_us));
            (self.running, self.short_us) = (None, None);
        }
        false
    }

    /// The receiver tells its own estimate: it decides again when it has come up to what was carried.
    pub(super) fn handle_told(&mut self, now_us: i64, told_bps: u64) {
        if self.carried.is_some_and(|(bps, _)| told_bps >= bps) {
            (self.carried, self.patience_us) = (None, PATIENCE_MIN_US);
        }
        if self.carried.is_some_and(|(_, since_us)| now_us - since_us > LASTING_US) {
            self.patience_us = PATIENCE_MIN_US;
        }
    }

    fn fail(&mut self, now_us: i64) {
        (self.running, self.is_failed) = (None, true);
        self.short_us = Some(now_us);
        self.patience_us = (self.patience_us * 2).min(PATIENCE_MAX_US);
    }
}

fn percent(bps: u64, percent: u64) -> u64 {
    bps.saturating_mul(percent) / 100
}

/// Of what is to be sent: enough for whoever was stopped to be shown again at once.
const TRIED_PERCENT: u64 = 160;

/// Of what was sent: an encoder sends now a little more, now a little less.
const CARRIED_PERCENT: u64 = 125;

/// Between trials, twice as long after each that failed. A trial of a path that is as narrow as before costs a second or two of sound.
const PATIENCE_MIN_US: i64 = 4_000_000;
const PATIENCE_MAX_US: i64 = 60_000_000;

/// A key picture has come and others behind it, and a queue would be seen.
const FLOWING_US: i64 = 2_500_000;

/// Reports of that time that nothing is wrong with.
const GOOD_ENOUGH: u32 = 3;

/// A trial ends about which nothing is heard, or not enough: who reports does so every second or two.
const SILENT_MAX_US: i64 = 3_000_000;
const TRIAL_MAX_US: i64 = 8_000_000;

/// A path that has carried a rate for so long is a wide one.
const LASTING_US: i64 = 60_000_000;

/// Of what was sent.
const LOSS_MAX: f64 = 0.15;

#[cfg(test)]
mod tests;

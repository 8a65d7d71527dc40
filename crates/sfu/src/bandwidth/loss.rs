//! Whether packets are lost because too much is sent, or because the path loses some anyway.
//!
//! Loss that stays the same whatever is sent is the path's own: its floor over the last half minute is taken for that, up to a limit. Only
//! what exceeds the floor is congestion, and that only until less is sent and no less is lost.

/// The losses of one path.
#[derive(Debug)]
pub(super) struct Loss {
    /// The observation that runs.
    lost: u32,
    total: u32,
    begun_us: i64,
    /// Shares lost of the last observations, the newest last in the ring.
    observations: [Observation; OBSERVATIONS],
    count: usize,
    /// What is to be shown to be ours.
    charge: Option<Charge>,
}

/// What an observation shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Finding {
    /// Nothing is lost but what the path loses anyway.
    Harmless,
    /// This share is lost because too much is sent.
    Congestion(f64),
    /// What was taken for congestion is the path's own loss: it stayed when less was sent.
    Acquitted,
}

/// Loss that is taken for congestion.
#[derive(Debug, Clone, Copy)]
struct Charge {
    loss: f64,
    sent_bps: f64,
    /// Observations since clearly less is sent.
    observed: usize,
}

#[derive(Debug, Clone, Copy, Default)]
struct Observation {
    lost: u32,
    total: u32,
}

impl Loss {
    pub(super) fn new() -> Self {
        Self {
            lost: 0,
            total: 0,
            begun_us: 0,
            observations: [Observation::default(); OBSERVATIONS],
            count: 0,
            charge: None,
        }
    }

    pub(super) fn handle_received(&mut self) {
        self.total = self.total.saturating_add(1);
    }

    pub(super) fn handle_lost(&mut self) {
        self.total = self.total.saturating_add(1);
        self.lost = self.lost.saturating_add(1);
    }

    /// A packet that was counted as lost has come after all.
    pub(super) fn handle_found(&mut self) {
        self.lost = self.lost.saturating_sub(1);
    }

    /// Ends the observation when it is long enough, and says what it shows about sending at this rate.
    pub(super) fn observe(&mut self, now_us: i64, sent_bps: f64) -> Option<Finding> {
        let elapsed_us = now_us - self.begun_us;
        let enough = self.total >= PACKETS_MIN && elapsed_us >= OBSERVATION_US;
        if !enough && elapsed_us < OBSERVATION_MAX_US {
            return None;
        }
        let observation = Observation { lost: std::mem::take(&mut self.lost), total: std::mem::take(&mut self.total) };
        self.begun_us = now_us;
        if observation.total < PACKETS_FEW {
            return None;
        }
        if let Some(place) = self.observations.get_mut(self.count % OBSERVATIONS) {
            *place = observation;
        }
        self.count = self.count.saturating_add(1);
        Some(self.judge(sent_bps))
    }

    fn judge(&mut self, sent_bps: f64) -> Finding {
        let excess = self.excess();
        if excess <= 0.0 {
            self.charge = None;
            return Finding::Harmless;
        }
        let loss = self.recent();
        let charge = self.charge.get_or_insert(Charge { loss, sent_bps, observed: 0 });
        if sent_bps < CLEARLY_LESS * charge.sent_bps {
            charge.observed = charge.observed.saturating_add(1);
        }
        // One more than are averaged: the first one began before.
        if charge.observed <= RECENT || loss < AS_MUCH * charge.loss {
            return Finding::Congestion(excess);
        }
        self.charge = None;
        self.forget();
        Finding::Acquitted
    }

    /// Forgets all but the last observations.
    fn forget(&mut self) {
        let mut kept = [Observation::default(); RECENT];
        kept.iter_mut().rev().zip(self.latest(RECENT)).for_each(|(place, observation)| *place = observation);
        self.observations = [Observation::default(); OBSERVATIONS];
        self.observations.iter_mut().zip(kept).for_each(|(place, observation)| *place = observation);
        self.count = RECENT;
    }

    /// The share lost over the last second or so.
    pub(super) fn recent(&self) -> f64 {
        share(self.latest(RECENT))
    }

    /// The same once it is known of all of that time: before, a single burst is most of it.
    pub(super) fn lasting(&self) -> f64 {
        if self.count < RECENT { 0.0 } else { self.recent() }
    }

    /// What is lost beyond the floor, if it is beyond chance.
    fn excess(&self) -> f64 {
        let recent = sum(self.latest(RECENT));
        let (loss, floor) = (share(self.latest(RECENT)), self.floor());
        // The least of many runs is below the truth by some two deviations of such a run; what is recent may be off by four of its own.
        let deviation = |packets: u32| (floor.max(0.005) * (1.0 - floor) / f64::from(packets.max(1))).sqrt();
        let runs = recent.total.saturating_mul(FLOOR_RUN as u32) / RECENT as u32;
        let certain = loss > floor + 2.0 * deviation(runs) + 4.0 * deviation(recent.total);
        if certain { loss - floor } else { 0.0 }
    }

    /// The least loss of eight observations in a row, in the last half minute.
    fn floor(&self) -> f64 {
        let kept = self.count.min(OBSERVATIONS);
        let windows = 0..kept.saturating_sub(FLOOR_RUN - 1).max(1);
        let least = windows.map(|back| share(self.run(back, FLOOR_RUN.min(kept)))).fold(1.0, f64::min);
        least.min(FLOOR_MAX)
    }

    fn latest(&self, length: usize) -> impl Iterator<Item = Observation> + '_ {
        self.run(0, length.min(self.count).min(OBSERVATIONS))
    }

    /// `length` observations, the newest of them `back` before the last one.
    fn run(&self, back: usize, length: usize) -> impl Iterator<Item = Observation> + '_ {
        let newest = self.count.saturating_sub(1 + back);
        (0..length).filter_map(move |before| self.observations.get(newest.checked_sub(before)? % OBSERVATIONS)).copied()
    }
}

fn sum(observations: impl Iterator<Item = Observation>) -> Observation {
    observations.fold(Observation::default(), |sum, one| Observation {
        lost: sum.lost.saturating_add(one.lost),
        total: sum.total.saturating_add(one.total),
    })
}

fn share(observations: impl Iterator<Item = Observation>) -> f64 {
    let sum = sum(observations);
    f64::from(sum.lost) / f64::from(sum.total.max(1))
}

/// Observations that are kept: half a minute.
const OBSERVATIONS: usize = 64;

/// An observation lasts at least so long and has so many packets,
const OBSERVATION_US: i64 = 250_000;
const PACKETS_MIN: u32 = 30;

/// but ends after so long, and counts if there were at least a few.
const OBSERVATION_MAX_US: i64 = 1_000_000;
const PACKETS_FEW: u32 = 8;

/// Observations that speak for the present.
const RECENT: usize = 3;

/// Observations of which a floor is made: enough that chance does not make one.
const FLOOR_RUN: usize = 8;

/// Of the rate at the charge: loss by congestion would be gone or much less.
const CLEARLY_LESS: f64 = 0.85;

/// Of the loss at the charge.
const AS_MUCH: f64 = 0.75;

/// A path that loses more of its own is not believed: nobody would watch it.
const FLOOR_MAX: f64 = 0.12;

#[cfg(test)]
mod tests;

//! Spends the estimate of one subscriber: who is shown, and how well.
//!
//! Sound first and always. Then everybody's lowest rung, the most important first. Then rung by rung whoever has the fewest bits for
//! each pixel of its tile, weighted by importance. Down at once; up with a margin that has lasted or is wide, or after a new wish.
//!
//! Whether a picture is seen at all is another question than how well: as long as nothing speaks of congestion, lowest rungs flow
//! whatever the estimate says, as it is what was tried so far. Afterwards a picture that is there goes on for a while though it does not
//! fit, and for as long as half of it fits and all is quiet.

use std::time::{Duration, Instant};

use crate::bandwidth::Condition;
use crate::slot::Priority;

/// What there is to spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// What the path is believed to carry.
    pub estimate_bps: u64,
    /// How far it may be trusted beyond that.
    pub condition: Condition,
}

/// What one slot could take, and what it gets. The caller keeps it with the slot from one allocation to the next.
#[derive(Debug, Clone)]
pub struct Demand {
    /// Sound is granted whatever the estimate.
    audio: bool,
    tile: Tile,
    ladder: Ladder,
    /// What is granted, an index into the ladder; `None` is nothing at all.
    granted: Option<u8>,
    /// Since when more than what is granted would be possible with a margin.
    rising_since: Option<Instant>,
    /// The tile was not considered yet: it is followed at once.
    fresh: bool,
    /// Since when it goes on though not even half of it fits, or not all of it and the path complains.
    strained_since: Option<Instant>,
    /// That has not lasted too long; valid inside [`allocate`] only.
    patient: bool,
    /// It goes on for that reason only; valid inside [`allocate`] only.
    strained: bool,
    /// What the whole estimate would grant; valid inside [`allocate`] only.
    ideal: Option<u8>,
    /// What the estimate less the margin would grant; valid inside [`allocate`] only.
    calm: Option<u8>,
    /// What two thirds of the estimate would grant; valid inside [`allocate`] only.
    ample: Option<u8>,
}

/// Where the viewer shows it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tile {
    /// How much it matters.
    pub priority: Priority,
    /// Of the tile in device pixels; 0 where unknown, which caps nothing.
    pub width_px: u32,
    /// Of the tile in device pixels; 0 where unknown, which caps nothing.
    pub height_px: u32,
    /// Hidden, muted, or without a track: gets nothing and costs nothing.
    pub paused: bool,
}

/// One way to send a track: a layer of simulcast or SVC with some of its temporal layers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rung {
    /// All that has to be sent for it, layers that it depends on included.
    pub bitrate_bps: u32,
    /// Of the picture; 0 where unknown.
    pub width_px: u32,
    /// Of the picture; 0 where unknown.
    pub height_px: u32,
}

/// What came of an allocation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Allocation {
    /// The sum of what is granted.
    pub granted_bps: u64,
    /// What would be granted without a limit: tell it to [`crate::bandwidth::Estimator::set_wanted`].
    pub wanted_bps: u64,
    /// The sum with the least more for whoever gets less than it could take; 0 where nobody does: tell it to
    /// [`crate::bandwidth::Estimator::set_step`].
    pub step_bps: u64,
    /// Slots that get nothing for want of bandwidth.
    pub starved: usize,
    /// When to allocate again though nothing else changes: somebody waits to rise, or was there long enough without fitting.
    pub again_at: Option<Instant>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Ladder {
    rungs: [Rung; RUNGS_MAX],
    len: u8,
}

/// Distributes what there is over the demands of one subscriber and leaves in each what it is granted.
pub fn allocate(now: Instant, budget: Budget, demands: &mut [Demand]) -> Allocation {
    let condition = budget.condition;
    let sound_bps = demands.iter().filter(|demand| demand.audio).map(|demand| demand.cost(demand.cap())).sum();
    let budget_bps = budget.estimate_bps.saturating_sub(sound_bps);
    for demand in demands.iter_mut() {
        let in_time = demand.strained_since.is_none_or(|since| now.saturating_duration_since(since) < PATIENCE);
        demand.patient = condition != Condition::Overloaded && in_time;
    }
    fill(budget_bps, condition, demands);
    demands.iter_mut().for_each(|demand| (demand.calm, demand.ample) = (demand.ideal, None));
    if demands.iter().any(|demand| demand.ideal > demand.granted && !demand.fresh) {
        fill(budget_bps.saturating_mul(100) / AMPLE_PERCENT, condition, demands);
        demands.iter_mut().for_each(|demand| demand.ample = demand.ideal);
        fill(budget_bps.saturating_mul(100) / MARGIN_PERCENT, condition, demands);
        demands.iter_mut().for_each(|demand| demand.calm = demand.ideal);
        fill(budget_bps, condition, demands);
    }
    demands.iter_mut().for_each(|demand| demand.granted = demand.granted.min(demand.cap()));
    if video_bps(demands) > budget_bps.saturating_mul(slack_percent(condition)) / 100 {
        demands.iter_mut().for_each(Demand::squeeze);
    }
    if rise(now, demands) && video_bps(demands) > budget_bps {
        demands.iter_mut().for_each(Demand::squeeze);
    }
    for demand in demands.iter_mut() {
        let is_strained = demand.strained && demand.granted.is_some();
        demand.strained_since = if is_strained { demand.strained_since.or(Some(now)) } else { None };
    }
    summary(demands)
}

/// Grants the ideal: leaves it in `ideal`, whatever was granted before.
fn fill(budget_bps: u64, condition: Condition, demands: &mut [Demand]) {
    let mut spent_bps = 0_u64;
    for demand in demands.iter_mut() {
        demand.ideal = if demand.audio { demand.cap() } else { None };
        demand.strained = false;
    }
    let overdraft_bps = match condition {
        Condition::Open => u64::MAX,
        Condition::Calm => budget_bps.saturating_mul(2),
        Condition::Strained | Condition::Overloaded => budget_bps,
    };
    for priority in [Priority::Pinned, Priority::Speaker, Priority::Normal] {
        for demand in demands.iter_mut().filter(|demand| !demand.audio && demand.tile.priority == priority) {
            let Some(lowest) = demand.cap().map(|_| 0) else { continue };
            let sum_bps = spent_bps.saturating_add(demand.cost(Some(lowest)));
            let is_there = demand.granted.is_some();
            let limit_bps = if is_there || condition == Condition::Open { overdraft_bps } else { budget_bps };
            demand.strained = sum_bps > limit_bps && is_there && demand.patient;
            if sum_bps <= limit_bps || demand.strained {
                spent_bps = sum_bps;
                demand.ideal = Some(lowest);
            }
        }
    }
    let mut left_bps = budget_bps.saturating_sub(spent_bps);
    while let Some((demand, cost_bps)) = poorest(left_bps, demands) {
        left_bps = left_bps.saturating_sub(cost_bps);
        demand.ideal = demand.ideal.map(|rung| rung.saturating_add(1));
    }
}

/// Whose next rung comes next, and what it costs more: the fewest bits per weighted pixel among those for whom it fits.
fn poorest(left_bps: u64, demands: &mut [Demand]) -> Option<(&mut Demand, u64)> {
    let next = |demand: &Demand| {
        let rung = demand.ideal.filter(|rung| Some(*rung) < demand.cap())?;
        let cost_bps = demand.cost(Some(rung.saturating_add(1))).saturating_sub(demand.cost(Some(rung)));
        (cost_bps <= left_bps).then_some(cost_bps)
    };
    let videos = demands.iter_mut().filter(|demand| !demand.audio);
    let candidates = videos.filter_map(|demand| next(demand).map(|cost_bps| (demand, cost_bps)));
    candidates.min_by(|(one, _), (other, _)| one.density().total_cmp(&other.density()))
}

/// By how much what flows may exceed the budget before anybody falls: rates and estimates waver, and who falls is seen to fall.
fn slack_percent(condition: Condition) -> u64 {
    match condition {
        Condition::Open => 150,
        Condition::Calm => 110,
        Condition::Strained | Condition::Overloaded => 100,
    }
}

/// Lets those rise whose time has come; true if there are any.
fn rise(now: Instant, demands: &mut [Demand]) -> bool {
    let mut risen = false;
    for demand in demands.iter_mut() {
        let target = if demand.fresh || demand.audio { demand.ideal } else { demand.calm.min(demand.ideal) };
        if target <= demand.granted {
            demand.rising_since = None;
            demand.fresh = demand.fresh && demand.granted.is_none() && demand.ladder.len == 0;
            continue;
        }
        let since = *demand.rising_since.get_or_insert(now);
        let certain = target <= demand.ample.min(demand.ideal);
        if demand.fresh || demand.audio || certain || now.saturating_duration_since(since) >= HOLD {
            demand.granted = target;
            demand.rising_since = None;
            demand.fresh = false;
            risen = true;
        }
    }
    risen
}

fn video_bps(demands: &[Demand]) -> u64 {
    demands.iter().filter(|demand| !demand.audio).map(|demand| demand.cost(demand.granted)).sum()
}

fn summary(demands: &[Demand]) -> Allocation {
    let mut summary = Allocation::default();
    let mut least_bps = None;
    for demand in demands {
        least_bps = [least_bps, demand.more_bps()].into_iter().flatten().min();
        summary.granted_bps = summary.granted_bps.saturating_add(demand.cost(demand.granted));
        summary.wanted_bps = summary.wanted_bps.saturating_add(demand.cost(demand.cap()));
        summary.starved = summary.starved.saturating_add(usize::from(demand.is_starved()));
        let rises_at = demand.rising_since.map(|since| since + HOLD);
        let ends_at = demand.strained_since.map(|since| since + PATIENCE);
        summary.again_at = [summary.again_at, rises_at, ends_at].into_iter().flatten().min();
    }
    summary.step_bps = least_bps.map_or(0, |more_bps| summary.granted_bps.saturating_add(more_bps));
    summary
}

impl Demand {
    /// A slot for sound.
    #[must_use]
    pub fn audio() -> Self {
        Self { audio: true, ..Self::video() }
    }

    /// A slot for pictures.
    #[must_use]
    pub fn video() -> Self {
        Self {
            audio: false,
            tile: Tile::default(),
            ladder: Ladder::default(),
            granted: None,
            rising_since: None,
            fresh: true,
            strained_since: None,
            patient: false,
            strained: false,
            ideal: None,
            calm: None,
            ample: None,
        }
    }

    /// Where it is shown from here on; a change is followed by the next allocation without delay.
    pub fn set_tile(&mut self, tile: Tile) {
        self.fresh = self.fresh || self.tile != tile;
        self.tile = tile;
    }

    /// What can be sent, from the cheapest to the best. Rungs that cost no more than the one before replace it, as they are better; more
    /// than [`RUNGS_MAX`] are left out.
    pub fn set_rungs(&mut self, rungs: &[Rung]) {
        let mut ladder = Ladder::default();
        let mut granted = None;
        for (index, rung) in rungs.iter().enumerate() {
            let replaces = ladder.last().is_some_and(|last| last.bitrate_bps >= rung.bitrate_bps);
            if !replaces && usize::from(ladder.len) == RUNGS_MAX {
                break;
            }
            ladder.len = if replaces { ladder.len } else { ladder.len.saturating_add(1) };
            if let Some(place) = ladder.rungs.get_mut(usize::from(ladder.len).saturating_sub(1)) {
                *place = *rung;
            }
            if self.granted.is_some_and(|granted| usize::from(granted) >= index) {
                granted = ladder.len.checked_sub(1);
            }
        }
        self.ladder = ladder;
        self.granted = granted;
    }

    /// A track that was not shown before: its first allocation does not wait.
    pub fn restart(&mut self) {
        self.granted = None;
        (self.rising_since, self.strained_since) = (None, None);
        self.fresh = true;
    }

    /// What the last allocation granted: an index into the rungs, `None` for nothing.
    #[must_use]
    pub fn granted(&self) -> Option<usize> {
        self.granted.map(usize::from)
    }

    /// What the granted rung costs.
    #[must_use]
    pub fn granted_bps(&self) -> u64 {
        self.cost(self.granted)
    }

    /// Whether it gets nothing though it asked and there is something to send: the reason is bandwidth.
    #[must_use]
    pub fn is_starved(&self) -> bool {
        self.granted.is_none() && self.cap().is_some()
    }

    /// The highest rung worth sending: the first that fills the tile, and those of the same size above it.
    fn cap(&self) -> Option<u8> {
        if self.tile.paused {
            return None;
        }
        let top = self.ladder.len.checked_sub(1)?;
        let rungs = self.ladder.rungs.get(..usize::from(self.ladder.len))?;
        let Some(enough) = rungs.iter().find(|rung| self.tile.is_filled_by(rung)) else {
            return Some(top);
        };
        let same = |rung: &&Rung| (rung.width_px, rung.height_px) == (enough.width_px, enough.height_px);
        let last = rungs.iter().rposition(|rung| same(&rung))?;
        u8::try_from(last).ok()
    }

    fn cost(&self, rung: Option<u8>) -> u64 {
        let rung = rung.and_then(|rung| self.ladder.rungs.get(usize::from(rung)));
        rung.map_or(0, |rung| u64::from(rung.bitrate_bps))
    }

    /// What the next rung costs more than what is granted; `None` where that is all that is wanted.
    fn more_bps(&self) -> Option<u64> {
        let cap = self.cap().filter(|cap| !self.audio && Some(*cap) > self.granted)?;
        let next = self.granted.map_or(0, |rung| rung.saturating_add(1)).min(cap);
        Some(self.cost(Some(next)).saturating_sub(self.cost(self.granted)))
    }

    /// Bits for each pixel of the tile, the less the more it matters.
    fn density(&self) -> f64 {
        let weight = match self.tile.priority {
            Priority::Normal => 1.0,
            Priority::Speaker => 3.0,
            Priority::Pinned => 8.0,
        };
        let known = |pixels: u32, otherwise: u32| f64::from(if pixels == 0 { otherwise } else { pixels });
        let area = known(self.tile.width_px, TILE_PX.0) * known(self.tile.height_px, TILE_PX.1);
        self.cost(self.ideal) as f64 / (weight * area)
    }

    fn squeeze(&mut self) {
        self.granted = self.granted.min(self.ideal);
    }
}

impl Tile {
    fn is_filled_by(&self, rung: &Rung) -> bool {
        fills((rung.width_px, rung.height_px), (self.width_px, self.height_px))
    }
}

/// Whether a picture of that width and height fills a tile in the dimension that limits it, a little upscaling allowed.
pub(crate) fn fills(picture: (u32, u32), tile: (u32, u32)) -> bool {
    let enough = |picture: u32, tile: u32| {
        tile > 0 && u64::from(picture).saturating_mul(100) >= u64::from(tile).saturating_mul(FILL_PERCENT)
    };
    enough(picture.0, tile.0) || enough(picture.1, tile.1)
}

impl Ladder {
    fn last(&self) -> Option<&Rung> {
        self.rungs.get(usize::from(self.len.checked_sub(1)?))
    }
}

/// Rungs of one ladder: three layers of three temporal layers.
pub const RUNGS_MAX: usize = 9;

/// How much the estimate has to exceed a rise: a rise that has to be taken back is seen, one that comes late is not.
const MARGIN_PERCENT: u64 = 110;

/// With so much the rise is certain, and does not wait: a probe has found far more than is needed.
const AMPLE_PERCENT: u64 = 150;

/// How long a rise has to be possible: longer than a probe's echo in the estimate.
const HOLD: Duration = Duration::from_millis(800);

/// How long a picture goes on that does not fit: estimates fall for moments, and a picture that stops takes a second to come back.
const PATIENCE: Duration = Duration::from_secs(2);

/// A picture of three quarters of the tile's size looks filled.
const FILL_PERCENT: u64 = 75;

/// A tile of unknown size is taken for one of this.
const TILE_PX: (u32, u32) = (640, 360);

#[cfg(test)]
mod tests;

//! How much flows: bytes over a sliding window, by level.

use std::time::{Duration, Instant};

use crate::frame::Level;

/// Bits per second of each spatial and temporal layer of one incoming stream, over about a second.
#[derive(Debug, Clone, Default)]
pub(crate) struct LevelRates {
    buckets: [[u32; CELLS]; BUCKETS],
    newest: usize,
    /// When the newest bucket began.
    begun: Option<Instant>,
    /// How many buckets have been filled.
    filled: usize,
}

impl LevelRates {
    /// A packet of a frame of this level has come.
    pub(crate) fn handle_packet(&mut self, now: Instant, level: Level, bytes: usize) {
        self.roll(now);
        let cell = self.buckets.get_mut(self.newest).and_then(|bucket| bucket.get_mut(level.index()));
        if let Some(cell) = cell {
            *cell = cell.saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX));
        }
    }

    /// What it costs to send everything up to `level`.
    pub(crate) fn up_to_bps(&mut self, now: Instant, level: Level) -> u32 {
        self.roll(now);
        let wanted =
            |index: &usize| index / 4 <= usize::from(level.spatial) && index % 4 <= usize::from(level.temporal);
        let bytes: u64 = self
            .buckets
            .iter()
            .map(|bucket| {
                bucket.iter().enumerate().filter(|(index, _)| wanted(index)).map(|(_, b)| u64::from(*b)).sum::<u64>()
            })
            .sum();
        let partly = self.begun.map_or(Duration::ZERO, |begun| now.saturating_duration_since(begun));
        let full = BUCKET.saturating_mul(u32::try_from(self.filled.saturating_sub(1)).unwrap_or(0));
        let window_ms = (full + partly).max(WINDOW_MIN).as_millis();
        let bps = u128::from(bytes).saturating_mul(8_000).checked_div(window_ms).unwrap_or(0);
        u32::try_from(bps).unwrap_or(u32::MAX)
    }

    /// The highest spatial and temporal layer that flows.
    pub(crate) fn highest(&self) -> Level {
        let mut highest = Level::default();
        for level in Level::all() {
            if self.buckets.iter().any(|bucket| bucket.get(level.index()).is_some_and(|bytes| *bytes > 0)) {
                highest.spatial = highest.spatial.max(level.spatial);
                highest.temporal = highest.temporal.max(level.temporal);
            }
        }
        highest
    }

    /// Lets old buckets go.
    fn roll(&mut self, now: Instant) {
        let mut begun = *self.begun.get_or_insert(now);
        self.filled = self.filled.max(1);
        let behind = now.saturating_duration_since(begun);
        if behind > BUCKET.saturating_mul(BUCKETS as u32 * 2) {
            *self = Self { begun: Some(now), filled: 1, ..Self::default() };
            return;
        }
        while now.saturating_duration_since(begun) >= BUCKET {
            begun += BUCKET;
            self.newest = self.newest.wrapping_add(1) % BUCKETS;
            self.filled = self.filled.saturating_add(1).min(BUCKETS);
            if let Some(bucket) = self.buckets.get_mut(self.newest) {
                *bucket = [0; CELLS];
            }
        }
        self.begun = Some(begun);
    }
}

/// One for each level.
const CELLS: usize = 16;

/// The window is so many buckets.
const BUCKETS: usize = 8;

/// One bucket.
const BUCKET: Duration = Duration::from_millis(125);

/// The first packets of a stream are a burst: they are not taken for its rate.
const WINDOW_MIN: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests;

//! What is missing from an incoming stream, and when to ask its sender for it (RFC 4585 §6.2.1).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The holes of one incoming stream.
#[derive(Debug, Default)]
pub(crate) struct MissingPackets {
    /// In the order of their places; at most [`MISSING_MAX`].
    missing: VecDeque<Missing>,
    /// Not later than any `due`.
    due: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Missing {
    place: u64,
    since: Instant,
    due: Instant,
    asked: u8,
}

/// What came of looking for holes to ask for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// How many numbers were handed out.
    pub(crate) count: usize,
    /// At least one hole was given up: pictures that need it are lost.
    pub(crate) gave_up: bool,
}

impl MissingPackets {
    /// The places from `first` up to, not including, `next` were passed over. Returns whether there are too many to ask for: all are
    /// given up then.
    pub(crate) fn handle_gap(&mut self, now: Instant, first: u64, next: u64) -> bool {
        let count = next.saturating_sub(first);
        if count.saturating_add(self.missing.len() as u64) > MISSING_MAX as u64 {
            self.clear();
            return true;
        }
        let due = now + REORDERING;
        self.missing.extend((first..next).map(|place| Missing { place, since: now, due, asked: 0 }));
        self.wake_at(due);
        false
    }

    /// A place behind the highest was filled. Returns how long after the first request that was, if it was asked for just once: a
    /// sample of the round trip.
    pub(crate) fn handle_filled(&mut self, now: Instant, place: u64) -> Option<Duration> {
        let index = self.missing.binary_search_by_key(&place, |missing| missing.place).ok()?;
        let missing = self.missing.remove(index)?;
        (missing.asked == 1).then(|| now.saturating_duration_since(missing.since + REORDERING))
    }

    /// Whether the packet of that place is still asked for.
    pub(crate) fn is_awaited(&self, place: u64) -> bool {
        self.missing.binary_search_by_key(&place, |missing| missing.place).is_ok()
    }

    /// Hands out the numbers that are to be asked for now, in order, as many as `numbers` holds.
    pub(crate) fn poll(&mut self, now: Instant, round_trip: Duration, numbers: &mut [u16]) -> Asked {
        let mut asked = Asked::default();
        if self.due.is_none_or(|due| due > now) {
            return asked;
        }
        let pause = (round_trip.saturating_mul(3) / 2).clamp(PAUSE_MIN, PAUSE_MAX);
        let before = self.missing.len();
        self.missing
            .retain(|missing| missing.asked < ASKED_MAX && now.saturating_duration_since(missing.since) < AGE_MAX);
        asked.gave_up = self.missing.len() < before;
        for missing in self.missing.iter_mut().filter(|missing| missing.due <= now) {
            let Some(number) = numbers.get_mut(asked.count) else { break };
            #[expect(clippy::cast_possible_truncation, reason = "the lower 16 bits of a place are the number")]
            {
                *number = missing.place as u16;
            }
            asked.count = asked.count.saturating_add(1);
            missing.asked = missing.asked.saturating_add(1);
            missing.due = now + pause;
        }
        self.due = self.missing.iter().map(|missing| missing.due).min();
        asked
    }

    /// When [`Self::poll`] has something to do.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.due
    }

    /// Nothing is missing any more.
    pub(crate) fn clear(&mut self) {
        self.missing.clear();
        self.due = None;
    }

    fn wake_at(&mut self, due: Instant) {
        self.due = Some(self.due.map_or(due, |earlier| earlier.min(due)));
    }
}

/// More holes than that are not worth asking for: a key frame costs less.
pub(crate) const MISSING_MAX: usize = 256;

/// A packet that comes within this is late, not lost.
const REORDERING: Duration = Duration::from_millis(5);

/// Not asked for again sooner.
const PAUSE_MIN: Duration = Duration::from_millis(25);

/// Nor later.
const PAUSE_MAX: Duration = Duration::from_millis(400);

/// So often a packet is asked for.
const ASKED_MAX: u8 = 8;

/// An older hole is given up.
const AGE_MAX: Duration = Duration::from_millis(1_500);

#[cfg(test)]
mod tests;

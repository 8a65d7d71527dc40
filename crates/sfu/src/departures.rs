//! When packets of a slot left, coarsely: by a report it can be told whether what left a while ago has arrived.

use std::time::{Duration, Instant};

/// Of one slot, the latest last in a ring.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Departures {
    marks: [Option<Mark>; MARKS],
    /// The latest.
    latest: usize,
}

#[derive(Debug, Clone, Copy)]
struct Mark {
    number: u16,
    at: Instant,
}

impl Departures {
    /// A packet with this number leaves.
    pub(crate) fn note(&mut self, now: Instant, number: u16) {
        let latest = self.marks.get(self.latest).copied().flatten();
        if latest.is_some_and(|latest| now.saturating_duration_since(latest.at) < SPACING) {
            return;
        }
        self.latest = (self.latest + 1) % MARKS;
        if let Some(place) = self.marks.get_mut(self.latest) {
            *place = Some(Mark { number, at: now });
        }
    }

    /// Whether some packet has not arrived that left so long ago, if this one is the last that has; `None` where nothing left then. One
    /// behind which nothing followed does not count: it may be lost.
    pub(crate) fn is_late(&self, now: Instant, highest: u16, lateness: Duration) -> Option<bool> {
        let others = self.marks.iter().enumerate().filter(|(index, _)| *index != self.latest);
        let overdue = others.filter_map(|(_, mark)| *mark).filter(|mark| {
            let age = now.saturating_duration_since(mark.at);
            age >= lateness && age < MEMORY
        });
        let latest = overdue.max_by_key(|mark| mark.at)?;
        Some((1..1 << 15).contains(&latest.number.wrapping_sub(highest)))
    }
}

/// Marks are so far apart.
const SPACING: Duration = Duration::from_millis(150);

/// Marks that are kept: more than two seconds of packets.
const MARKS: usize = 16;

/// Older ones say nothing.
const MEMORY: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests;

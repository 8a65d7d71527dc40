//! When something ends: ordered, each once, the earliest at hand.

use std::collections::BTreeSet;
use std::time::Instant;

use crate::address::Family;
use crate::allocation::AllocationId;
use crate::reservation::Token;

/// What ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Deadline {
    Relay(AllocationId, Family),
    Reservation(Token),
}

/// All deadlines. Bounded by the relay ports: each has at most one.
#[derive(Debug, Default)]
pub(crate) struct Deadlines {
    entries: BTreeSet<(Instant, Deadline)>,
    /// The earliest entry's time, so that asking costs nothing.
    earliest: Option<Instant>,
}

impl Deadlines {
    pub(crate) fn insert(&mut self, at: Instant, deadline: Deadline) {
        self.entries.insert((at, deadline));
        self.update_earliest();
    }

    pub(crate) fn remove(&mut self, at: Instant, deadline: Deadline) {
        self.entries.remove(&(at, deadline));
        self.update_earliest();
    }

    pub(crate) fn earliest(&self) -> Option<Instant> {
        self.earliest
    }

    /// Takes out one deadline that `now` has reached.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<Deadline> {
        if self.earliest? > now {
            return None;
        }
        let (_, deadline) = self.entries.pop_first()?;
        self.update_earliest();
        Some(deadline)
    }

    fn update_earliest(&mut self) {
        self.earliest = self.entries.first().map(|&(at, _)| at);
    }
}

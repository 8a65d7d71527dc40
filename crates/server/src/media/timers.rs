//! Deadlines of connections and rooms, the earliest first.
//!
//! A deadline that moves back leaves its entry where it is: when that comes up, the owner is asked again. So a packet that only moves a
//! deadline costs nothing here.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

/// Whose deadline it is, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    Connection(u32),
    Room(u32),
}

/// An owner's side: the time of its entry that counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Due(Option<Instant>);

impl Due {
    /// Whether the entry that came up at `at` is the one that counts; from now on none is.
    pub(crate) fn take(&mut self, at: Instant) -> bool {
        let counts = self.0 == Some(at);
        if counts {
            self.0 = None;
        }
        counts
    }
}

/// The entries of all owners. Each owner has one that counts, and few that do not.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<(Instant, Key)>>,
}

impl Timers {
    /// Has `key` come up at `at`, unless it does so before anyway.
    pub(crate) fn schedule(&mut self, key: Key, due: &mut Due, at: Option<Instant>) {
        let Some(at) = at else { return };
        if due.0.is_none_or(|before| at < before) {
            due.0 = Some(at);
            self.heap.push(Reverse((at, key)));
        }
    }

    /// The earliest entry.
    pub(crate) fn earliest(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    /// An entry whose time has come. Its owner's [`Due`] says whether it counts.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<(Instant, Key)> {
        self.earliest().filter(|at| *at <= now)?;
        self.heap.pop().map(|Reverse(entry)| entry)
    }
}

#[cfg(test)]
mod tests;

//! What is under way, in the order in which it arrives.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::time::Instant;

/// Things that each happen at an instant. What happens at the same one does so in the order in which it was put in.
#[derive(Debug)]
pub(crate) struct Schedule<T> {
    entries: BinaryHeap<Reverse<Entry<T>>>,
    /// Entries so far.
    entered: u64,
}

#[derive(Debug)]
struct Entry<T> {
    at: Instant,
    order: u64,
    what: T,
}

impl<T> Schedule<T> {
    /// Nothing under way.
    pub(crate) fn new() -> Self {
        Self { entries: BinaryHeap::new(), entered: 0 }
    }

    /// Lets something happen at this instant.
    pub(crate) fn push(&mut self, at: Instant, what: T) {
        let order = self.entered;
        self.entered += 1;
        self.entries.push(Reverse(Entry { at, order, what }));
    }

    /// When the next thing happens.
    pub(crate) fn next_at(&self) -> Option<Instant> {
        self.entries.peek().map(|Reverse(entry)| entry.at)
    }

    /// The next thing, if it is due.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<T> {
        self.next_at().filter(|at| *at <= now)?;
        self.entries.pop().map(|Reverse(entry)| entry.what)
    }
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<T> Eq for Entry<T> {}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

//! To whom the datagrams of a 5-tuple belong, where that is not the TURN core of the worker they arrive at.

use std::hash::BuildHasher;
use std::time::{Duration, Instant};

use hashbrown::HashMap;
use siphasher::sip::SipHasher13;

use super::mesh::Tuple;

/// To whom a 5-tuple belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A peer connection of ours, by its number.
    Peer(u32),
    /// Another worker.
    Worker(u8),
}

/// The owners of 5-tuples. Entries are made only for clients that have proved who they are.
pub(crate) struct Tuples {
    entries: HashMap<Tuple, Entry, Keyed>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    owner: Owner,
    /// When something came on it, for those of other workers.
    heard: Instant,
}

impl Tuples {
    /// `keys` make it unforeseeable which entries share a bucket.
    pub(crate) fn new(keys: (u64, u64)) -> Self {
        Self { entries: HashMap::with_hasher(Keyed(keys)) }
    }

    /// Whose the datagrams of `tuple` are.
    pub(crate) fn owner(&mut self, now: Instant, tuple: &Tuple) -> Option<Owner> {
        if self.entries.is_empty() {
            return None;
        }
        let entry = self.entries.get_mut(tuple)?;
        entry.heard = now;
        Some(entry.owner)
    }

    /// Notes an owner. False: there are too many entries, this one is not kept.
    pub(crate) fn insert(&mut self, now: Instant, tuple: Tuple, owner: Owner) -> bool {
        if self.entries.len() >= ENTRIES_MAX && !self.entries.contains_key(&tuple) {
            return false;
        }
        self.entries.insert(tuple, Entry { owner, heard: now });
        true
    }

    /// Forgets `tuple` if it is this owner's.
    pub(crate) fn remove(&mut self, tuple: &Tuple, owner: Owner) {
        if self.entries.get(tuple).is_some_and(|entry| entry.owner == owner) {
            self.entries.remove(tuple);
        }
    }

    /// Forgets the 5-tuples of other workers on which nothing came for long. Those of our own peers end with the peer.
    pub(crate) fn sweep(&mut self, now: Instant) {
        let stale = |entry: &Entry| now.saturating_duration_since(entry.heard) >= ELSEWHERE_LIFETIME;
        self.entries.retain(|_, entry| !(matches!(entry.owner, Owner::Worker(_)) && stale(entry)));
    }
}

/// Makes the hashers of the table.
#[derive(Debug, Clone, Copy)]
struct Keyed((u64, u64));

impl BuildHasher for Keyed {
    type Hasher = SipHasher13;

    fn build_hasher(&self) -> SipHasher13 {
        SipHasher13::new_with_keys(self.0.0, self.0.1)
    }
}

/// Some for each peer of a worker, whose number is limited; beyond, something is wrong.
const ENTRIES_MAX: usize = 1 << 17;

/// The longest lifetime of a TURN allocation (RFC 8656 §7.2), whose client may be silent that long.
const ELSEWHERE_LIFETIME: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests;

//! To whom the datagrams of a 5-tuple belong, where that is not the TURN core of the worker they arrive at.
//!
//! A browser asks TURN for a relay and checks its path to the media server from one and the same port. So a 5-tuple has an owner in each of
//! two planes, and what a datagram is says for which of them it is.

use std::hash::BuildHasher;
use std::time::{Duration, Instant};

use hashbrown::HashMap;
use rtc::demux::{Class, classify};
use siphasher::sip::SipHasher13;

use super::mesh::Tuple;

/// What a datagram is a part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Plane {
    /// STUN and TURN.
    Relaying,
    /// A peer connection: DTLS, SRTP, and answers to our requests for consent. Checks name their connection themselves.
    Media,
}

impl Plane {
    /// The plane of a datagram from a client.
    pub(crate) fn of(datagram: &[u8]) -> Self {
        match classify(datagram) {
            Class::Dtls | Class::Rtp | Class::Rtcp => Self::Media,
            // Clients of TURN answer nothing.
            Class::Stun if datagram.starts_with(&BINDING_SUCCESS) => Self::Media,
            Class::Stun | Class::TurnChannel | Class::Unknown => Self::Relaying,
        }
    }
}

/// To whom a 5-tuple belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A peer connection of ours, by its number.
    Peer(u32),
    /// Another worker.
    Worker(u8),
}

/// Why somebody does not get a 5-tuple.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Denied {
    /// There are too many entries.
    Full,
    /// It is another's, who uses it.
    Taken,
}

/// The owners of 5-tuples. Entries are made only for clients that have proved who they are. Who they are does not prove where they are: so
/// what one of them claims and uses, nobody else gets.
pub(crate) struct Tuples {
    entries: HashMap<(Tuple, Plane), Entry, Keyed>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    owner: Owner,
    /// When its owner last claimed it.
    claimed: Instant,
    /// When something came on it, for those of other workers.
    heard: Instant,
}

impl Tuples {
    /// `keys` make it unforeseeable which entries share a bucket.
    pub(crate) fn new(keys: (u64, u64)) -> Self {
        Self { entries: HashMap::with_hasher(Keyed(keys)) }
    }

    /// Whose the datagrams of `tuple` in `plane` are.
    pub(crate) fn owner(&mut self, now: Instant, tuple: Tuple, plane: Plane) -> Option<Owner> {
        if self.entries.is_empty() {
            return None;
        }
        let entry = self.entries.get_mut(&(tuple, plane))?;
        entry.heard = now;
        Some(entry.owner)
    }

    /// The same, when nothing has come.
    pub(crate) fn peek(&self, tuple: Tuple, plane: Plane) -> Option<Owner> {
        self.entries.get(&(tuple, plane)).map(|entry| entry.owner)
    }

    /// Notes an owner, or that it is still there. What another has claimed not long ago stays its own, until it is [removed](Self::remove).
    pub(crate) fn claim(&mut self, now: Instant, tuple: Tuple, plane: Plane, owner: Owner) -> Result<(), Denied> {
        let holds = |entry: &Entry| now.saturating_duration_since(entry.claimed) < CLAIM_LIFETIME;
        if self.entries.get(&(tuple, plane)).is_some_and(|entry| entry.owner != owner && holds(entry)) {
            return Err(Denied::Taken);
        }
        if self.entries.len() >= ENTRIES_MAX && !self.entries.contains_key(&(tuple, plane)) {
            return Err(Denied::Full);
        }
        self.entries.insert((tuple, plane), Entry { owner, claimed: now, heard: now });
        Ok(())
    }

    /// Forgets `tuple` if it is this owner's.
    pub(crate) fn remove(&mut self, tuple: Tuple, plane: Plane, owner: Owner) {
        if self.entries.get(&(tuple, plane)).is_some_and(|entry| entry.owner == owner) {
            self.entries.remove(&(tuple, plane));
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

/// How long a claim holds without being made again. A client in a call checks its path every few seconds, and is given up when it is
/// silent for as long (RFC 7675 §5.1).
const CLAIM_LIFETIME: Duration = rtc::ice::CONSENT_EXPIRY;

/// RFC 8489 §5: the message type of a success response to a Binding request.
const BINDING_SUCCESS: [u8; 2] = [0x01, 0x01];

/// The longest lifetime of a TURN allocation (RFC 8656 §7.2), whose client may be silent that long.
const ELSEWHERE_LIFETIME: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests;

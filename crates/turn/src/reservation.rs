//! Ports that wait for a second Allocate (RFC 8656 §7.2, EVEN-PORT with its R bit).

use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::address::RelayAddr;
use crate::hash::{SeededMap, SeededState};
use crate::quota::Share;
use crate::shard::Shard;

/// What RESERVATION-TOKEN carries: unforeseeable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Token(pub(crate) u64);

impl Token {
    /// The first byte names the shard, the others are `random`.
    pub(crate) fn new(shard: Shard, random: u64) -> Self {
        Self(u64::from(shard.index()) << SHARD_SHIFT | random >> 8)
    }
}

/// A port, bound and waiting.
#[derive(Debug)]
pub(crate) struct Reservation {
    pub(crate) relay: RelayAddr,
    /// The address that the client of the port before it was told.
    pub(crate) ip: IpAddr,
    /// Who may claim it.
    pub(crate) username: String,
    pub(crate) share: Share,
    pub(crate) expires_at: Instant,
}

/// All reservations, by token. Bounded by the relay ports.
#[derive(Debug)]
pub(crate) struct Reservations {
    by_token: SeededMap<Token, Reservation>,
}

impl Reservations {
    pub(crate) fn new(hash: SeededState) -> Self {
        Self { by_token: SeededMap::with_hasher(hash) }
    }

    pub(crate) fn insert(&mut self, token: Token, reservation: Reservation) {
        self.by_token.insert(token, reservation);
    }

    /// Takes the reservation out if it is there, in force, and this user's.
    pub(crate) fn claim(&mut self, now: Instant, token: Token, username: &str) -> Option<Reservation> {
        let theirs = self
            .by_token
            .get(&token)
            .is_some_and(|reservation| reservation.expires_at > now && reservation.username == username);
        if theirs { self.by_token.remove(&token) } else { None }
    }

    pub(crate) fn expire(&mut self, token: Token) -> Option<Reservation> {
        self.by_token.remove(&token)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_token.len()
    }
}

/// Leaves the most significant of eight bytes.
const SHARD_SHIFT: u32 = 56;

/// RFC 8656 §7.2 asks for 30 seconds at least.
pub(crate) const RESERVATION_LIFETIME: Duration = Duration::from_secs(30);

//! Counts by kind, of kinds that the protocol fixes: no stranger can add one.

use std::ops::AddAssign;

use crate::address::{Family, Transport};
use crate::error::Limit;

/// Error responses by their code.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Errors {
    counts: [u64; CODES.len()],
}

impl Errors {
    /// Every code that this server knows, and how often it was sent.
    pub fn by_code(&self) -> impl Iterator<Item = (u16, u64)> {
        CODES.into_iter().zip(self.counts)
    }

    pub(crate) fn count(&mut self, code: u16) {
        let known = CODES.into_iter().zip(&mut self.counts).find(|(known, _)| *known == code);
        debug_assert!(known.is_some(), "{code} is one of the codes");
        if let Some((_, count)) = known {
            *count += 1;
        }
    }
}

impl AddAssign for Errors {
    fn add_assign(&mut self, other: Self) {
        add(&mut self.counts, &other.counts);
    }
}

/// Requests that were refused at a limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LimitsReached {
    counts: [u64; Limit::ALL.len()],
}

impl LimitsReached {
    /// Every limit, and how often it was reached.
    pub fn by_limit(&self) -> impl Iterator<Item = (Limit, u64)> {
        Limit::ALL.into_iter().zip(self.counts)
    }

    pub(crate) fn count(&mut self, limit: Limit) {
        if let Some((_, count)) = Limit::ALL.into_iter().zip(&mut self.counts).find(|(known, _)| *known == limit) {
            *count += 1;
        }
    }
}

impl AddAssign for LimitsReached {
    fn add_assign(&mut self, other: Self) {
        add(&mut self.counts, &other.counts);
    }
}

/// Relayed transport addresses. An allocation has one, or one of each family.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Relays {
    /// Since the start, by [`kind`].
    made: [u64; KINDS],
    /// At this moment.
    held: [u64; KINDS],
}

impl Relays {
    /// How many there are at this moment.
    pub fn held(&self, transport: Transport, family: Family) -> u64 {
        self.held.get(kind(transport, family)).copied().unwrap_or_default()
    }

    /// How many there have been since the start.
    pub fn made(&self, transport: Transport, family: Family) -> u64 {
        self.made.get(kind(transport, family)).copied().unwrap_or_default()
    }

    pub(crate) fn count_made(&mut self, transport: Transport, family: Family) {
        if let Some(count) = self.made.get_mut(kind(transport, family)) {
            *count += 1;
        }
        if let Some(count) = self.held.get_mut(kind(transport, family)) {
            *count += 1;
        }
    }

    pub(crate) fn count_ended(&mut self, transport: Transport, family: Family) {
        if let Some(count) = self.held.get_mut(kind(transport, family)) {
            *count = count.saturating_sub(1);
        }
    }

    /// One has gone along with its client from one transport to another.
    pub(crate) fn count_moved(&mut self, from: Transport, to: Transport, family: Family) {
        self.count_ended(from, family);
        if let Some(count) = self.held.get_mut(kind(to, family)) {
            *count += 1;
        }
    }
}

impl AddAssign for Relays {
    fn add_assign(&mut self, other: Self) {
        add(&mut self.made, &other.made);
        add(&mut self.held, &other.held);
    }
}

fn add<const N: usize>(counts: &mut [u64; N], others: &[u64; N]) {
    counts.iter_mut().zip(others).for_each(|(count, other)| *count += other);
}

/// Where a transport and a family are counted.
fn kind(transport: Transport, family: Family) -> usize {
    let transport = match transport {
        Transport::Udp => 0,
        Transport::Tcp => 1,
        Transport::Tls => 2,
    };
    let family = match family {
        Family::V4 => 0,
        Family::V6 => 1,
    };
    2 * transport + family
}

/// Three transports, two families.
const KINDS: usize = 6;

/// Every code of an error response (RFC 8489 §14.8, RFC 8656 §19, RFC 8016 §3.4).
const CODES: [u16; 14] = [300, 400, 401, 403, 405, 420, 437, 438, 440, 441, 442, 443, 486, 508];

//! Several servers behind one address: which of them has which relay ports.

use std::ops::RangeInclusive;

use stun_types::attribute::AttributeStaticType;
use turn_types::attribute::ReservationToken;

use crate::message::Message;
use crate::ticket::shard_of_ticket;

/// One of `count` servers that share listen addresses and relay addresses. Each has its own part of the relay ports, so that their
/// relayed transport addresses cannot clash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    index: u8,
    count: u8,
}

impl Shard {
    /// The only server.
    pub const ALONE: Self = Self { index: 0, count: 1 };

    /// Number `index` of `count`, counted from 0; `None` when there is no such number.
    pub fn new(index: u8, count: u8) -> Option<Self> {
        (index < count).then_some(Self { index, count })
    }

    /// Its number.
    pub fn index(self) -> u8 {
        self.index
    }

    /// The part of the ports `all` that is its own; empty where there are too few for every shard.
    pub fn ports(self, all: &RangeInclusive<u16>) -> RangeInclusive<u16> {
        let (first, end) = (self.start(all, self.index), self.start(all, self.index + 1));
        match end.checked_sub(1).filter(|&last| first <= last) {
            Some(last) => u16::try_from(first).unwrap_or(u16::MAX)..=u16::try_from(last).unwrap_or(u16::MAX),
            None => EMPTY,
        }
    }

    /// Which shard has `port`; `None` for a port that is not in `all`.
    pub fn of_port(self, all: &RangeInclusive<u16>, port: u16) -> Option<u8> {
        let has = |&index: &u8| Self { index, ..self }.ports(all).contains(&port);
        (0..self.count).find(has)
    }

    /// Where the part of shard `index` begins. Even inside the range, so that no pair of ports (EVEN-PORT, RFC 8656 §18.6) is cut.
    fn start(self, all: &RangeInclusive<u16>, index: u8) -> u32 {
        let (first, end) = (u32::from(*all.start()), u32::from(*all.end()) + 1);
        if index == 0 || all.is_empty() {
            return first;
        }
        if index >= self.count {
            return end;
        }
        let start = first + (end - first) * u32::from(index) / u32::from(self.count);
        start.next_multiple_of(2).min(end)
    }
}

impl Default for Shard {
    fn default() -> Self {
        Self::ALONE
    }
}

/// The shard that a request is for, whatever 5-tuple it comes on: the one that has reserved a port for this Allocate (RESERVATION-TOKEN, RFC 8656
/// §18.9), or that has the allocation which this Refresh moves (MOBILITY-TICKET, RFC 8016 §3.2.2). `None` for every other message.
pub fn named_shard(message: &[u8]) -> Option<u8> {
    // Cheap for all that is neither.
    match message {
        [0x00, 0x03, ..] => Message::parse(message).ok()?.raw(ReservationToken::TYPE)?.value.first().copied(),
        [0x00, 0x04, ..] => shard_of_ticket(&Message::parse(message).ok()?),
        _ => None,
    }
}

/// No port at all.
#[expect(clippy::reversed_empty_ranges, reason = "an empty range is what is meant")]
const EMPTY: RangeInclusive<u16> = 1..=0;

#[cfg(test)]
mod tests;

//! How long pictures of a subscriber stood still while the publisher was sending: as far as it can be known here, where nobody sees what is shown.
//!
//! Two things are known. That nothing went out, as there was no bandwidth for it, a layer went off, or a key picture was waited for. And that the subscriber
//! could not decode what went out, by its own word (PLI, FIR), which holds until the next key picture goes out. What a subscriber repairs by
//! retransmission, or waits for in its own buffer, is not seen.

use std::ops::AddAssign;
use std::time::{Duration, Instant};

use crate::snapshot::Standstills;
use crate::tally::STANDSTILL;

/// Pictures that stood still while their publisher was sending, by the reason. Each is counted when it is over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Freezes {
    /// Nothing went out for more than half a second.
    pub unsent: Standstills,
    /// The subscriber could not decode, from its first word of it to the next key picture.
    pub undecodable: Standstills,
}

/// Watches what goes through a slot.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct FreezeWatch {
    /// When the latest packet went out; `None` while there is nothing to be seen.
    last: Option<Instant>,
    /// When the latest key picture began to go out.
    key_at: Option<Instant>,
    undecodable_since: Option<Instant>,
}

impl FreezeWatch {
    /// A packet goes out, perhaps as the beginning of a key picture; `resumed` is when the publisher last went on after a standstill of its own. Returns
    /// what is over with it.
    pub(crate) fn handle_packet(
        &mut self,
        now: Instant,
        begins_key: bool,
        resumed: Option<Instant>,
    ) -> Option<Freezes> {
        let last = self.last.replace(now);
        if begins_key {
            self.key_at = Some(now);
        }
        if let Some(since) = self.undecodable_since {
            self.undecodable_since.take_if(|_| begins_key)?;
            return Some(Freezes { undecodable: once(now.saturating_duration_since(since)), ..Freezes::default() });
        }
        let last = last?;
        let gap = now.saturating_duration_since(last);
        // Nobody can be shown what nobody sends.
        let is_freeze = gap > STANDSTILL && resumed.is_none_or(|resumed| resumed <= last);
        is_freeze.then(|| Freezes { unsent: once(gap), ..Freezes::default() })
    }

    /// The subscriber says that it cannot decode. It has not got a key picture that went out a moment ago, and asks for none before it has begun.
    pub(crate) fn handle_picture_loss(&mut self, now: Instant) {
        let is_answered = self.key_at.is_some_and(|at| now.saturating_duration_since(at) < UNDER_WAY);
        if self.last.is_some() && !is_answered {
            self.undecodable_since.get_or_insert(now);
        }
    }

    /// Nobody looks, or what follows is another picture.
    pub(crate) fn pause(&mut self) {
        (self.last, self.key_at, self.undecodable_since) = (None, None, None);
    }
}

impl AddAssign for Freezes {
    fn add_assign(&mut self, other: Self) {
        let Self { unsent, undecodable } = other;
        self.unsent += unsent;
        self.undecodable += undecodable;
    }
}

impl AddAssign for Standstills {
    fn add_assign(&mut self, other: Self) {
        let Self { count, total, longest } = other;
        self.count = self.count.saturating_add(count);
        self.total = self.total.saturating_add(total);
        self.longest = self.longest.max(longest);
    }
}

fn once(length: Duration) -> Standstills {
    Standstills { count: 1, total: length, longest: length }
}

/// A key picture that went out so lately may not have been there when the subscriber asked for one.
const UNDER_WAY: Duration = Duration::from_millis(300);

#[cfg(test)]
mod tests;

//! What is due when.

use std::{collections::BTreeSet, time::Instant};

use crate::id::{ConnId, RoomId, Uid};

/// Everything that waits for its time. Holds at most one entry per connection, one per reconnecting member and three
/// per room; a seat of AppRTC has one of its own instead of a connection's.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    timers: BTreeSet<(Instant, Timer)>,
    /// The first of `timers`, kept so that polling is O(1).
    next: Option<Instant>,
}

/// What happens at an instant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// The connection gets a ping, or is dead.
    Ping(ConnId),
    /// The member's time to resume is over.
    Grace(RoomId, Uid),
    /// The room has been small for so long that it turns peer to peer.
    Settle(RoomId),
    /// The connections to the media server, which the room has left, are closed.
    Drain(RoomId),
    /// The stage of the room is looked at again.
    Stage(RoomId),
    /// The room without members is kept no longer.
    Idle(RoomId),
    /// The AppRTC client that has this seat has not registered.
    Register(ConnId),
}

impl Schedule {
    pub(crate) fn set(&mut self, at: Instant, timer: Timer) {
        self.timers.insert((at, timer));
        self.refresh();
    }

    pub(crate) fn cancel(&mut self, at: Instant, timer: Timer) {
        self.timers.remove(&(at, timer));
        self.refresh();
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.next
    }

    /// Takes out the first timer that is due at `now`.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<Timer> {
        if self.next.is_none_or(|at| at > now) {
            return None;
        }
        let (_, timer) = self.timers.pop_first()?;
        self.refresh();
        Some(timer)
    }

    fn refresh(&mut self) {
        self.next = self.timers.first().map(|(at, _)| *at);
    }
}

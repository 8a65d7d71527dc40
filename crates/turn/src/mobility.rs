//! The 5-tuples of an allocation that moves with its client (RFC 8016).

use std::time::{Duration, Instant};

use crate::address::ClientAddr;
use crate::ticket::NUMBER_MAX;

/// What an allocation that may move remembers.
#[derive(Debug, Default)]
pub(crate) struct Mobility {
    /// The number of the ticket that is good for the next move.
    pub(crate) ticket: u32,
    /// For what the ticket before was used.
    latest: Option<Move>,
}

/// One move.
#[derive(Debug, Clone, Copy)]
struct Move {
    to: ClientAddr,
    at: Instant,
    /// Whether data has come from there: from then on data goes there.
    has_arrived: bool,
}

impl Mobility {
    /// Where its client is about to be, and where data does not go yet.
    pub(crate) fn destination(&self) -> Option<ClientAddr> {
        self.latest.filter(|latest| !latest.has_arrived).map(|latest| latest.to)
    }

    /// Uses up the ticket for a move.
    pub(crate) fn begin(&mut self, now: Instant, to: ClientAddr) {
        self.ticket = next(self.ticket);
        self.latest = Some(Move { to, at: now, has_arrived: false });
    }

    /// Data has come from the destination, or nothing can go to where the client was.
    pub(crate) fn arrive(&mut self) {
        if let Some(latest) = &mut self.latest {
            latest.has_arrived = true;
        }
    }

    /// The destination has gone before anything came from there.
    pub(crate) fn give_up(&mut self) {
        self.latest = None;
    }

    /// Whether this is the request for the latest move once more, because its answer was lost.
    pub(crate) fn is_repeated(&self, now: Instant, client: &ClientAddr, number: u32) -> bool {
        let is_latest =
            |latest: Move| latest.to == *client && now.saturating_duration_since(latest.at) < USED_TICKET_LIFETIME;
        next(number) == self.ticket && self.latest.is_some_and(is_latest)
    }
}

/// The number of the ticket after that.
fn next(number: u32) -> u32 {
    number.wrapping_add(1) & NUMBER_MAX
}

/// How long a used ticket is known, for requests that are sent again (RFC 8016 §3.2.2: 30 seconds at least).
pub(crate) const USED_TICKET_LIFETIME: Duration = Duration::from_secs(40);

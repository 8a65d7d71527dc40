//! Requests that wait for what is not there yet: a connection and some memory each, so their number is limited.

use crate::config::Limit;
use crate::headcount::Headcount;

/// Nobody waits yet.
pub(super) fn queue() -> Headcount {
    Headcount::new(Limit(WAITING_MAX), Limit(WAITING_PER_CLIENT_MAX))
}

/// Requests in all.
pub(super) const WAITING_MAX: u64 = 20_000;
/// Requests of one address (IPv6: one /64 network): a school behind one address, each player with a playlist and a part.
pub(super) const WAITING_PER_CLIENT_MAX: u64 = 2_000;

#[cfg(test)]
mod tests;

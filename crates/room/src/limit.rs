//! Counting and pacing: what "0 means no limit" and "so many per second" come to.

use std::time::{Duration, Instant};

/// Whether one more fits when there are `count` already. A `limit` of 0 is no limit.
pub(crate) fn admits(limit: u32, count: usize) -> bool {
    limit == 0 || u32::try_from(count).is_ok_and(|count| count < limit)
}

/// Whether `bytes` fit. A limit of 0 is no limit.
pub(crate) fn fits(limit_bytes: u32, bytes: usize) -> bool {
    limit_bytes == 0 || u32::try_from(bytes).is_ok_and(|bytes| bytes <= limit_bytes)
}

/// How fast a [`Bucket`] refills, and how much it holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    /// Time for one more; zero is no limit.
    interval: Duration,
    burst: u32,
}

impl Rate {
    /// `count` per `period`, at most `burst` (at least one) at once. A count of 0 is no limit.
    pub(crate) fn new(count: u32, period: Duration, burst: u32) -> Self {
        Self { interval: period.checked_div(count).unwrap_or_default(), burst: burst.max(1) }
    }
}

/// A token bucket (the generic cell rate algorithm): one instant is all its state.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    full_at: Instant,
}

impl Bucket {
    /// A full bucket.
    pub(crate) fn new(now: Instant) -> Self {
        Self { full_at: now }
    }

    /// Takes one out if there is one.
    pub(crate) fn take(&mut self, now: Instant, rate: Rate) -> bool {
        self.take_many(now, 1, rate)
    }

    /// Takes `count` out if there are as many.
    pub(crate) fn take_many(&mut self, now: Instant, count: u32, rate: Rate) -> bool {
        if rate.interval.is_zero() {
            return true;
        }
        let full_at = self.full_at.max(now) + rate.interval * count;
        let taken = full_at.duration_since(now) <= rate.interval * rate.burst;
        if taken {
            self.full_at = full_at;
        }
        taken
    }

    /// When the bucket is full again, so that forgetting it forgives nothing.
    pub(crate) fn full_at(&self) -> Instant {
        self.full_at
    }
}

#[cfg(test)]
mod tests;

//! How fast something may happen: one token bucket, and a table of them for every source on the Internet in a fixed
//! piece of memory.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::config::Rate;
use crate::hash::SeededState;

/// A token bucket, kept as the moment at which it will be full again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bucket {
    full_at: Instant,
}

impl Bucket {
    pub(crate) fn new(now: Instant) -> Self {
        Self { full_at: now }
    }

    /// Takes one token; whether there was one.
    pub(crate) fn take(&mut self, now: Instant, rate: Rate) -> bool {
        self.take_many(now, rate, 1)
    }

    /// Takes `tokens`, all or none; whether there were enough.
    pub(crate) fn take_many(&mut self, now: Instant, rate: Rate, tokens: u32) -> bool {
        if rate.per_second == 0 {
            return true;
        }
        let token = Duration::from_secs(1) / rate.per_second;
        let full_at = self.full_at.max(now) + token * tokens;
        if full_at.duration_since(now) > token * rate.burst {
            return false;
        }
        self.full_at = full_at;
        true
    }
}

/// A bucket for every source prefix. Prefixes share a bucket where their hashes meet, so the table never grows and all
/// sources together get at most [`BUCKETS`] times the rate; nobody can choose whom to meet without knowing the seed.
#[derive(Debug)]
pub(crate) struct PrefixPace {
    rate: Rate,
    hash: SeededState,
    buckets: Vec<Bucket>,
}

impl PrefixPace {
    pub(crate) fn new(rate: Rate, hash: SeededState, now: Instant) -> Self {
        let buckets = if rate.per_second == 0 { 0 } else { BUCKETS };
        Self { rate, hash, buckets: vec![Bucket::new(now); buckets] }
    }

    /// Whether one more may go to `ip`.
    pub(crate) fn admit(&mut self, now: Instant, ip: IpAddr) -> bool {
        let index = self.hash.number(prefix(ip)) % BUCKETS as u64;
        let bucket = usize::try_from(index).ok().and_then(|index| self.buckets.get_mut(index));
        bucket.is_none_or(|bucket| bucket.take(now, self.rate))
    }
}

/// Who counts as one source: an IPv4 /24, an IPv6 /48, which is what one site gets.
fn prefix(ip: IpAddr) -> u64 {
    match ip {
        IpAddr::V4(v4) => u64::from(v4.to_bits() >> 8),
        IpAddr::V6(v6) => u64::try_from(v6.to_bits() >> 80).unwrap_or(u64::MAX) | 1 << 63,
    }
}

/// 64 KiB of memory per table.
pub(crate) const BUCKETS: usize = 4096;

#[cfg(test)]
mod tests;

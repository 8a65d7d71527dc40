//! How long things take, or how old they are: counted by a few bounds.

use std::ops::AddAssign;
use std::time::Duration;

/// How many took how long.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Latency {
    /// Up to each of [`LATENCIES_MS`], and what took longer.
    pub(crate) buckets: [u64; LATENCIES_MS.len() + 1],
    /// All of it.
    pub(crate) sum: Duration,
}

impl Latency {
    /// Counts one.
    pub(crate) fn count(&mut self, took: Duration) {
        let at =
            LATENCIES_MS.iter().position(|bound| took <= Duration::from_millis(*bound)).unwrap_or(LATENCIES_MS.len());
        if let Some(bucket) = self.buckets.get_mut(at) {
            *bucket += 1;
        }
        self.sum = self.sum.saturating_add(took);
    }
}

impl AddAssign for Latency {
    fn add_assign(&mut self, other: Self) {
        self.buckets.iter_mut().zip(other.buckets).for_each(|(bucket, more)| *bucket += more);
        self.sum = self.sum.saturating_add(other.sum);
    }
}

/// Where the buckets end.
pub(crate) const LATENCIES_MS: [u64; 8] = [10, 50, 100, 300, 1000, 3000, 10_000, 30_000];

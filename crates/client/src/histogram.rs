//! Percentiles of durations in constant memory: 32 buckets for each doubling, so that a value is off by at most 3 %.

/// Durations in microseconds.
#[derive(Debug, Clone)]
pub struct Histogram {
    buckets: Vec<u64>,
    count: u64,
    max_us: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { buckets: vec![0; BUCKETS], count: 0, max_us: 0 }
    }
}

impl Histogram {
    /// Counts one value. What is longer than an hour counts as an hour.
    pub fn add(&mut self, value_us: u64) {
        if let Some(bucket) = self.buckets.get_mut(bucket_of(value_us)) {
            *bucket += 1;
        }
        self.count += 1;
        self.max_us = self.max_us.max(value_us);
    }

    /// Counts all values of another one, too.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.buckets.iter_mut().zip(&other.buckets) {
            *mine += theirs;
        }
        self.count += other.count;
        self.max_us = self.max_us.max(other.max_us);
    }

    /// How many values there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The longest value.
    #[must_use]
    pub fn max_us(&self) -> u64 {
        self.max_us
    }

    /// The value that `fraction` (0 to 1) of all values do not exceed; `None` without values.
    #[must_use]
    pub fn quantile_us(&self, fraction: f64) -> Option<u64> {
        if self.count == 0 {
            return None;
        }
        let rank = ((self.count as f64 * fraction).ceil() as u64).clamp(1, self.count);
        let mut seen = 0;
        let reaches = |count: &u64| {
            seen += count;
            seen >= rank
        };
        self.buckets.iter().position(reaches).map(|index| upper_end(index).min(self.max_us))
    }
}

/// Values below 32 have a bucket each; behind them each doubling has 32.
fn bucket_of(value_us: u64) -> usize {
    let value = value_us.min(LONGEST_US);
    let doublings = u64::BITS - (value >> SUB_BITS).leading_zeros();
    ((doublings as usize) << SUB_BITS) + ((value >> doublings.saturating_sub(1)) as usize & SUB_MASK)
}

/// The largest value of a bucket.
fn upper_end(index: usize) -> u64 {
    let (doublings, sub) = (index >> SUB_BITS, (index & SUB_MASK) as u64);
    if doublings == 0 { sub } else { ((sub + SUB_MASK as u64 + 2) << (doublings - 1)) - 1 }
}

const SUB_BITS: u32 = 5;
const SUB_MASK: usize = (1 << SUB_BITS) - 1;

/// An hour.
const LONGEST_US: u64 = 3_600_000_000;

/// The buckets up to [`LONGEST_US`], which has 32 bits.
const BUCKETS: usize = (32 - SUB_BITS as usize + 1) << SUB_BITS;

#[cfg(test)]
mod tests;

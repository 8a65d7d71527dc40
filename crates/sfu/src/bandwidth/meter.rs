//! A rate over a sliding window.

/// Bytes in buckets of time; the sender's clock or the receiver's, never both in one meter.
#[derive(Debug, Clone)]
pub(crate) struct Meter {
    /// Bytes, a ring by bucket number.
    buckets: [u32; BUCKETS],
    /// The number of the newest bucket.
    newest: i64,
    /// When the last byte came.
    latest_us: i64,
    /// When the first byte came.
    begun_us: Option<i64>,
}

impl Meter {
    pub(crate) fn new() -> Self {
        Self { buckets: [0; BUCKETS], newest: 0, latest_us: 0, begun_us: None }
    }

    /// Counts bytes; those that are older than the window are left out.
    pub(crate) fn add(&mut self, at_us: i64, bytes: u32) {
        self.advance(at_us);
        self.latest_us = self.latest_us.max(at_us);
        let bucket = at_us.div_euclid(BUCKET_US);
        if self.newest - bucket >= BUCKETS as i64 {
            return;
        }
        if let Some(place) = self.buckets.get_mut(bucket.rem_euclid(BUCKETS as i64) as usize) {
            *place = place.saturating_add(bytes);
        }
    }

    /// Lets time pass.
    pub(crate) fn advance(&mut self, to_us: i64) {
        let bucket = to_us.div_euclid(BUCKET_US);
        if self.begun_us.is_none() || bucket - self.newest >= BUCKETS as i64 {
            self.buckets = [0; BUCKETS];
            self.newest = bucket;
            self.begun_us = Some(to_us);
            return;
        }
        while self.newest < bucket {
            self.newest += 1;
            if let Some(place) = self.buckets.get_mut(self.newest.rem_euclid(BUCKETS as i64) as usize) {
                *place = 0;
            }
        }
    }

    /// As of the last byte, on a clock that is not ours.
    pub(crate) fn latest_rate_bps(&self, buckets: usize) -> Option<f64> {
        self.rate_bps(self.latest_us, buckets)
    }

    /// Bits a second over the last `buckets` buckets up to `now_us`, the newest one as far as it has come; `None` while there is less than
    /// that to go by.
    pub(crate) fn rate_bps(&self, now_us: i64, buckets: usize) -> Option<f64> {
        let buckets = buckets.min(BUCKETS) as i64;
        let begun_us = self.begun_us?;
        let oldest = self.newest - (buckets - 1);
        let window_begins_us = oldest * BUCKET_US;
        if begun_us > window_begins_us || now_us.div_euclid(BUCKET_US) - self.newest >= buckets {
            return None;
        }
        let bytes: u64 = if buckets == BUCKETS as i64 {
            // Nothing older is in the ring.
            self.buckets.iter().copied().map(u64::from).sum()
        } else {
            let index = |bucket: i64| bucket.rem_euclid(BUCKETS as i64) as usize;
            let wanted = (oldest..=self.newest).filter_map(|bucket| self.buckets.get(index(bucket)));
            wanted.copied().map(u64::from).sum()
        };
        let span_us = now_us.max(self.newest * BUCKET_US + 1) - window_begins_us;
        Some(bytes as f64 * 8e6 / span_us as f64)
    }
}

/// Half a second of them.
pub(crate) const BUCKETS: usize = 20;

/// Less than a frame at 30 frames a second.
const BUCKET_US: i64 = 25_000;

#[cfg(test)]
mod tests;

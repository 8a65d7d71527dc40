//! How much flows.

use std::ops::AddAssign;
use std::time::{Duration, Instant};

/// What has come and gone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Bytes {
    /// To this server.
    pub(crate) received: u64,
    /// From it.
    pub(crate) sent: u64,
}

/// What comes and goes, in kilobits per second.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Kbps {
    /// To this server.
    pub(crate) received: u64,
    /// From it.
    pub(crate) sent: u64,
}

/// Two samples of a count, by which its rate over the last [`WINDOW`] or a little less is reckoned whenever it is read.
#[derive(Debug)]
pub(super) struct Rate {
    older: Sample,
    newer: Sample,
}

#[derive(Debug, Clone, Copy)]
struct Sample {
    at: Instant,
    bytes: Bytes,
}

impl Rate {
    /// Counting begins.
    pub(super) fn new(now: Instant) -> Self {
        let sample = Sample { at: now, bytes: Bytes::default() };
        Self { older: sample, newer: sample }
    }

    /// The rate, when the count has come to `bytes`.
    pub(super) fn reckon(&mut self, now: Instant, bytes: Bytes) -> Kbps {
        if now.saturating_duration_since(self.newer.at) >= WINDOW / 2 {
            self.older = std::mem::replace(&mut self.newer, Sample { at: now, bytes });
        }
        let span_ms = now.saturating_duration_since(self.older.at).as_millis().max(1);
        // Bits per millisecond are kilobits per second.
        let kbps = |newer: u64, older: u64| {
            let bits = u128::from(newer.saturating_sub(older)) * 8;
            u64::try_from(bits / span_ms).unwrap_or(u64::MAX)
        };
        let older = self.older.bytes;
        Kbps { received: kbps(bytes.received, older.received), sent: kbps(bytes.sent, older.sent) }
    }
}

impl AddAssign for Bytes {
    fn add_assign(&mut self, other: Self) {
        self.received = self.received.saturating_add(other.received);
        self.sent = self.sent.saturating_add(other.sent);
    }
}

/// Over which a rate is reckoned.
pub(super) const WINDOW: Duration = Duration::from_secs(30);

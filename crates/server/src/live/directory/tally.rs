//! What was counted of all streams since the start.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use media::MediaTime;

use crate::live::transcoding::Load;

/// Counters, and the load of the transcoders at this moment.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    skipped: AtomicU64,
    skips: AtomicU64,
    skipped_us: AtomicU64,
    too_slow: AtomicU64,
    /// For viewers over WebRTC.
    pub(crate) to_opus: Arc<Load>,
    /// For everybody else.
    pub(crate) to_aac: Arc<Load>,
}

impl Tally {
    /// Frames and sets of parameters that viewers have missed because they did not keep up.
    pub(crate) fn skipped(&self) -> u64 {
        self.skipped.load(Ordering::Relaxed)
    }

    /// How often viewers were let go because of that.
    pub(crate) fn too_slow(&self) -> u64 {
        self.too_slow.load(Ordering::Relaxed)
    }

    /// How often that was, and how long what they missed was together.
    pub(crate) fn skips(&self) -> (u64, Duration) {
        (self.skips.load(Ordering::Relaxed), Duration::from_micros(self.skipped_us.load(Ordering::Relaxed)))
    }

    pub(super) fn count_skipped(&self, items: u64, time: MediaTime) {
        self.skipped.fetch_add(items, Ordering::Relaxed);
        self.skips.fetch_add(1, Ordering::Relaxed);
        self.skipped_us.fetch_add(u64::try_from(time.micros()).unwrap_or(0), Ordering::Relaxed);
    }

    pub(super) fn count_too_slow(&self) {
        self.too_slow.fetch_add(1, Ordering::Relaxed);
    }
}

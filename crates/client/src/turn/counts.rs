//! What is counted while a load runs, by the thread that runs it and for whoever asks.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::{Clock, Histogram, Stamp};

/// Of all allocations together, since the last reset.
#[derive(Debug, Clone, Default)]
pub(super) struct Counts {
    /// Payloads given to the system, in both directions.
    pub(super) sent: u64,
    /// Payloads that came, in both directions.
    pub(super) received: u64,
    /// Their bytes.
    pub(super) bytes: u64,
    /// From the call that sends to the arrival in the receiver's socket.
    pub(super) delay: Histogram,
    /// Connections that were lost.
    pub(super) lost_connections: u64,
    /// Times for which the load could not keep its rate.
    pub(super) late: u64,
}

/// The counts, and when they began.
#[derive(Debug)]
pub(super) struct Counter {
    clock: Clock,
    counts: Mutex<(Counts, Instant)>,
}

/// Recognizes the payloads of this run, and tells how old they are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader {
    pub(super) clock: Clock,
    pub(super) run: u32,
}

impl Counter {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, counts: Mutex::new((Counts::default(), clock.now())) }
    }

    pub(super) fn reset(&self) {
        *self.lock() = (Counts::default(), self.clock.now());
    }

    /// The counts, and of how long they are.
    pub(super) fn read(&self) -> (Counts, Duration) {
        let now = self.clock.now();
        let counts = self.lock();
        (counts.0.clone(), now.saturating_duration_since(counts.1))
    }

    /// Changes the counts.
    pub(super) fn count(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut self.lock().0);
    }

    fn lock(&self) -> MutexGuard<'_, (Counts, Instant)> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reader {
    /// Counts a payload that came; `false` when it is none of this run.
    pub(super) fn take(self, counts: &mut Counts, payload: &[u8], waited: Duration) -> bool {
        let Some(stamp) = Stamp::read(payload).filter(|stamp| stamp.run == self.run) else { return false };
        counts.received += 1;
        counts.bytes += payload.len() as u64;
        let waited_us = u64::try_from(waited.as_micros()).unwrap_or(u64::MAX);
        let now_us = self.clock.micros(self.clock.now());
        counts.delay.add(now_us.saturating_sub(stamp.sent_us).saturating_sub(waited_us));
        true
    }
}

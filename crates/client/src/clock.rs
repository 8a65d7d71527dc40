//! The one clock of this crate.

use std::time::{Duration, Instant};

/// Time since a common beginning, so that stamps of one thread mean something to another one.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    epoch: Instant,
}

impl Clock {
    /// Starts to count.
    #[must_use]
    pub fn start() -> Self {
        Self { epoch: read() }
    }

    /// This instant.
    #[must_use]
    pub fn now(&self) -> Instant {
        read()
    }

    /// Microseconds from the beginning to `at`.
    #[must_use]
    pub fn micros(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.epoch).as_micros()).unwrap_or(u64::MAX)
    }

    /// Since the beginning.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        read().saturating_duration_since(self.epoch)
    }
}

/// Lets so much time pass, and the little more that the kernel takes to wake a thread.
#[expect(clippy::disallowed_methods, reason = "a load that looks for itself must not wait for an event")]
pub(crate) fn nap(time: Duration) {
    std::thread::sleep(time);
}

#[expect(clippy::disallowed_methods, reason = "the clock of the native client, which has a process of its own")]
fn read() -> Instant {
    Instant::now()
}

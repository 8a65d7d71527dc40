//! Virtual time.

use std::time::{Duration, Instant};

/// Unix time at which every run begins: a Sunday in September 2026.
const UNIX_START: Duration = Duration::from_secs(1_790_000_000);

/// The clock of one run. It moves only when it is told to.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// The instant at which the run began.
    epoch: Instant,
    /// The present.
    now: Instant,
}

impl Clock {
    /// A clock at the beginning of a run.
    #[expect(
        clippy::disallowed_methods,
        clippy::new_without_default,
        reason = "an Instant has no other origin; the run depends on differences only"
    )]
    pub fn new() -> Self {
        let epoch = Instant::now();
        Self { epoch, now: epoch }
    }

    /// The present.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Time since the beginning of the run.
    pub fn elapsed(&self) -> Duration {
        self.now.saturating_duration_since(self.epoch)
    }

    /// Wall-clock time since 1970 at the present instant.
    pub fn unix_time(&self) -> Duration {
        UNIX_START + self.elapsed()
    }

    /// Moves the clock forward to `to`; an instant in the past leaves it where it is.
    pub fn advance(&mut self, to: Instant) {
        self.now = self.now.max(to);
    }
}

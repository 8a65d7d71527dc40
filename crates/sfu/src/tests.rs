//! What several tests need.

use std::time::Instant;

/// The start of a test's own clock.
#[expect(clippy::disallowed_methods, reason = "an epoch for the tests' own clocks")]
pub(crate) fn epoch() -> Instant {
    Instant::now()
}

//! How long something took: the only clock in this tool.

use std::fmt;
use std::time::Instant;

/// Shows the time since it was started, as `41.2 s` or `3 min 07 s`.
#[derive(Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts.
    #[expect(clippy::disallowed_methods, reason = "wall time of build steps; nothing here is a protocol")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }
}

impl fmt::Display for Stopwatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.elapsed().as_secs_f64();
        if seconds < 60.0 {
            return write!(f, "{seconds:.1} s");
        }
        let whole = seconds.round() as u64;
        write!(f, "{} min {:02} s", whole / 60, whole % 60)
    }
}

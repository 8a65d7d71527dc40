//! Times on the timeline of a stream.

use std::fmt;
use std::ops::{Add, Sub};

/// A time of a stream, or the difference of two: microseconds, from an origin that is the stream's own. Sums stop at the ends of the range.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MediaTime(i64);

impl MediaTime {
    /// The origin.
    pub const ZERO: Self = Self(0);

    /// So many microseconds.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// So many milliseconds.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1000))
    }

    /// So many ticks of a clock that ticks `rate_hz` times a second, to the nearest microsecond. A clock that stands still tells nothing: 0.
    #[must_use]
    pub fn from_ticks(ticks: i64, rate_hz: u32) -> Self {
        Self(scaled(ticks, 1_000_000, i64::from(rate_hz)))
    }

    /// Microseconds.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Milliseconds, rounded to the nearest; half a millisecond goes up.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0.saturating_add(500).div_euclid(1000)
    }

    /// Ticks of a clock that ticks `rate_hz` times a second, to the nearest.
    #[must_use]
    pub fn ticks(self, rate_hz: u32) -> i64 {
        scaled(self.0, i64::from(rate_hz), 1_000_000)
    }
}

/// `value * factor / divisor`, to the nearest; half goes up.
fn scaled(value: i64, factor: i64, divisor: i64) -> i64 {
    if divisor <= 0 {
        return 0;
    }
    let (value, factor, divisor) = (i128::from(value), i128::from(factor), i128::from(divisor));
    // Two factors of 63 bits and half a divisor fit into 128.
    let nearest = (value * factor + divisor / 2).div_euclid(divisor);
    i64::try_from(nearest).unwrap_or(if nearest < 0 { i64::MIN } else { i64::MAX })
}

impl Add for MediaTime {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for MediaTime {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl fmt::Display for MediaTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} us", self.0)
    }
}

#[cfg(test)]
mod tests;

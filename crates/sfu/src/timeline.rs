//! Time on three clocks: the router's, a publisher's NTP time (RFC 3550 §4) and the timestamps of a stream.

use std::time::{Duration, Instant};

/// A moment in NTP format: seconds in the upper 32 bits, their fraction in the lower. Differences count, not the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NtpTime(pub(crate) u64);

/// Gives the router's instants as NTP times. RFC 3550 §4 allows an epoch of one's own where no wall clock is at hand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RouterClock {
    start: Instant,
}

/// What a sender report says: this timestamp was sampled at that moment (RFC 3550 §6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SenderClock {
    pub(crate) ntp: NtpTime,
    pub(crate) timestamp: u32,
}

impl NtpTime {
    /// The middle 32 bits, as reports carry them.
    #[expect(clippy::cast_possible_truncation, reason = "the middle 32 bits are meant")]
    pub(crate) fn compact(self) -> u32 {
        (self.0 >> 16) as u32
    }

    /// How long this is after `earlier`, in units of `rate_hz`, to the nearest; negative when before.
    pub(crate) fn units_since(self, earlier: Self, rate_hz: u32) -> i64 {
        let difference = i128::from(self.0.wrapping_sub(earlier.0).cast_signed());
        let units = difference.saturating_mul(i128::from(rate_hz)).saturating_add(1 << 31) >> 32;
        i64::try_from(units).unwrap_or(0)
    }

    /// So many units of `rate_hz` later, or earlier when negative.
    pub(crate) fn offset_by(self, units: i64, rate_hz: u32) -> Self {
        let shifted = i128::from(units) << 32;
        let difference = shifted.checked_div(i128::from(rate_hz)).unwrap_or(0);
        Self(self.0.wrapping_add_signed(i64::try_from(difference).unwrap_or(0)))
    }
}

impl RouterClock {
    pub(crate) fn new(start: Instant) -> Self {
        Self { start }
    }

    /// `now` in NTP format.
    pub(crate) fn ntp(&self, now: Instant) -> NtpTime {
        let elapsed = now.saturating_duration_since(self.start);
        let fraction = (u64::from(elapsed.subsec_nanos()) << 32).checked_div(NANOS_PER_SECOND).unwrap_or(0);
        NtpTime((elapsed.as_secs().saturating_add(EPOCH_SECONDS) << 32) | fraction)
    }
}

impl SenderClock {
    /// When this timestamp was sampled.
    pub(crate) fn ntp_of(&self, timestamp: u32, rate_hz: u32) -> NtpTime {
        self.ntp.offset_by(i64::from(timestamp.wrapping_sub(self.timestamp).cast_signed()), rate_hz)
    }

    /// Which timestamp was sampled at that moment.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "timestamps wrap around")]
    pub(crate) fn timestamp_of(&self, ntp: NtpTime, rate_hz: u32) -> u32 {
        self.timestamp.wrapping_add(ntp.units_since(self.ntp, rate_hz) as u32)
    }
}

/// A span of time in units of `rate_hz`, modulo 2^32.
#[expect(clippy::cast_possible_truncation, reason = "timestamps wrap around")]
pub(crate) fn units(span: Duration, rate_hz: u32) -> u32 {
    let units = span.as_nanos().saturating_mul(u128::from(rate_hz)).checked_div(u128::from(NANOS_PER_SECOND));
    units.unwrap_or(0) as u32
}

/// Compact NTP time (units of 1/65,536 s) as a span.
pub(crate) fn compact_span(units: u32) -> Duration {
    Duration::from_micros((u64::from(units).saturating_mul(1_000_000)) >> 16)
}

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// Not zero: a zero in "last SR" means that there was none (RFC 3550 §6.4.1).
const EPOCH_SECONDS: u64 = 1;

#[cfg(test)]
mod tests;

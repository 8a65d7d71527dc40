//! The receiver's clock in transport-wide feedback, which starts over.

use rtp::rtcp::REFERENCE_CYCLE_US;

/// Makes the receiver's clock go on where it starts over.
#[derive(Debug, Default)]
pub(super) struct ArrivalClock {
    latest: Option<(i64, i64)>,
}

impl ArrivalClock {
    /// The time that goes on, of one that starts over.
    pub(super) fn extend(&mut self, raw_us: i64) -> i64 {
        let Some((latest_raw_us, latest_us)) = self.latest else {
            self.latest = Some((raw_us, raw_us));
            return raw_us;
        };
        let half_us = REFERENCE_CYCLE_US / 2;
        let step_us = (raw_us - latest_raw_us + half_us).rem_euclid(REFERENCE_CYCLE_US) - half_us;
        let extended_us = latest_us + step_us;
        let extended_us = if extended_us.abs() > SPAN_MAX_US { raw_us } else { extended_us };
        self.latest = Some((raw_us, extended_us));
        extended_us
    }
}

/// 36,000 years: only a clock that lies gets there.
const SPAN_MAX_US: i64 = 1 << 60;

#[cfg(test)]
mod tests;

//! Where packets belong on the outgoing timeline.

use std::time::{Duration, Instant};

use rtp::sequence::is_newer_timestamp;

use super::retimed::Picture;
use super::{Epoch, Forwarder, Input};
use crate::timeline::units;

impl Forwarder {
    /// Where the first packet of another stream belongs on the outgoing timeline.
    pub(super) fn expected_timestamp(&self, now: Instant, input: &Input<'_>) -> u32 {
        let Some(last) = self.last else { return input.timestamp };
        let elapsed = units(now.saturating_duration_since(last.at), self.rate_hz);
        let by_arrival = last.timestamp.wrapping_add(elapsed);
        let timestamp = self.timestamp_by_reports(input).filter(|by_reports| {
            let difference = by_reports.wrapping_sub(by_arrival).cast_signed().unsigned_abs();
            difference <= units(REPORT_ERROR_MAX, self.rate_hz)
        });
        let timestamp = timestamp.unwrap_or(by_arrival);
        let step = timestamp.wrapping_sub(last.timestamp);
        if step == 0 || step >= 1 << 31 { last.timestamp.wrapping_add(1) } else { timestamp }
    }

    /// The same by the sender reports of both streams, if one publisher made them.
    fn timestamp_by_reports(&self, input: &Input<'_>) -> Option<u32> {
        let before = self.epochs.find(self.begun.wrapping_sub(1)).filter(|epoch| epoch.publisher == input.publisher)?;
        let clock = self.current.map_or(before.clock, |epoch| epoch.clock)?;
        let sampled_at = input.clock?.ntp_of(input.timestamp, self.rate_hz);
        Some(clock.timestamp_of(sampled_at, self.rate_hz).wrapping_sub(before.timestamp_shift))
    }

    /// What is added to the timestamp of a picture: nothing but where it goes out later than it came, and right behind that.
    pub(super) fn delay(&mut self, epoch: &Epoch, input: &Input<'_>, index: u64) -> u32 {
        if input.live.is_none() && self.retimed.is_empty() {
            return 0;
        }
        if let Some(delay) = self.retimed.extend_newest(epoch.ordinal, input.timestamp, index) {
            return delay;
        }
        let own = input.timestamp.wrapping_sub(epoch.timestamp_shift);
        if index < self.next {
            let known = self.retimed.delay_of(epoch.ordinal, input.timestamp);
            return known.unwrap_or_else(|| self.delay_between(epoch, own, index));
        }
        let live = input.live.map(|live| live.wrapping_sub(epoch.timestamp_shift));
        let mut timestamp = live.filter(|live| is_newer_timestamp(*live, own)).unwrap_or(own);
        if let Some(last) = self.last.filter(|last| !is_newer_timestamp(timestamp, last.timestamp)) {
            if last.timestamp == own && !self.retimed.newest_is_at(epoch.timestamp_shift, own) {
                // The picture at hand, of which another packet went out before.
                return 0;
            }
            timestamp = last.timestamp.wrapping_add(1);
        }
        let delay = timestamp.wrapping_sub(own);
        self.retimed.forget_before(index.saturating_sub(self.history));
        if delay > 0 || input.live.is_some() {
            let (epoch, incoming) = (epoch.ordinal, input.timestamp);
            self.retimed.push(Picture { epoch, incoming, delay, first: index, last: index });
        }
        delay
    }

    /// The same of a picture that comes late, behind those that followed it.
    fn delay_between(&self, epoch: &Epoch, own: u32, index: u64) -> u32 {
        let Some(before) = self.retimed.before(epoch.ordinal, index) else { return 0 };
        let before = before.incoming.wrapping_sub(epoch.timestamp_shift).wrapping_add(before.delay);
        if is_newer_timestamp(own, before) { 0 } else { before.wrapping_add(1).wrapping_sub(own) }
    }
}

/// Sender reports that place a switch further off than that are wrong.
const REPORT_ERROR_MAX: Duration = Duration::from_millis(500);

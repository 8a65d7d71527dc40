//! The statistics of receiver reports (RFC 3550 §6.4.1, appendix A.3 and A.8).

use std::time::Instant;

use rtp::rtcp::ReportBlock;

use crate::timeline::units;

/// Loss and jitter of one incoming stream.
#[derive(Debug, Clone, Default)]
pub(super) struct Reception {
    first: Option<u64>,
    highest: u64,
    received: u64,
    expected_before: u64,
    received_before: u64,
    /// In units of the timestamp, times 16 (appendix A.8).
    jitter_16: u32,
    transit: Option<(Instant, u32)>,
    /// The share lost, in 1/256, of the last report.
    fraction_lost: u8,
}

impl Reception {
    pub(super) fn handle_packet(&mut self, now: Instant, place: u64, timestamp: u32, rate_hz: u32) {
        self.first = Some(self.first.map_or(place, |first| first.min(place)));
        self.highest = self.highest.max(place);
        self.received = self.received.saturating_add(1);
        if let Some((at, before)) = self.transit {
            let elapsed = units(now.saturating_duration_since(at), rate_hz);
            let difference = elapsed.wrapping_sub(timestamp.wrapping_sub(before)).cast_signed().unsigned_abs();
            let smoothed = self.jitter_16.saturating_sub(self.jitter_16.saturating_add(8) >> 4);
            self.jitter_16 = smoothed.saturating_add(difference.min(rate_hz));
        }
        self.transit = Some((now, timestamp));
    }

    /// What the last report said was lost, in 1/256.
    pub(super) fn fraction_lost(&self) -> u8 {
        self.fraction_lost
    }

    /// `None` before the first packet.
    pub(super) fn report_block(&mut self, ssrc: u32) -> Option<ReportBlock> {
        let first = self.first?;
        let expected = self.highest.saturating_sub(first).saturating_add(1);
        let expected_since = expected.saturating_sub(self.expected_before);
        let received_since = self.received.saturating_sub(self.received_before);
        let lost_since = expected_since.saturating_sub(received_since);
        self.expected_before = expected;
        self.received_before = self.received;
        let fraction = (lost_since << 8).checked_div(expected_since).unwrap_or(0);
        self.fraction_lost = u8::try_from(fraction).unwrap_or(u8::MAX);
        let lost = i64::try_from(expected).ok()?.saturating_sub(i64::try_from(self.received).ok()?);
        Some(ReportBlock {
            ssrc,
            fraction_lost: self.fraction_lost,
            cumulative_lost: i32::try_from(lost).unwrap_or(i32::MAX),
            #[expect(clippy::cast_possible_truncation, reason = "cycles and number are the lower 32 bits of a place")]
            highest_sequence: self.highest.wrapping_sub(1 << 16) as u32,
            jitter: self.jitter_16 >> 4,
            last_sender_report: 0,
            delay_since_last: 0,
        })
    }
}

//! What arrived from one publisher's transport, told back to it so that it adapts.
//!
//! The shell or router calls [`ArrivalLog::handle_arrival`] per packet and, at [`ArrivalLog::poll_timeout`], [`ArrivalLog::poll_feedback`].

use std::time::{Duration, Instant};

use rtp::rtcp::{TransportFeedbackBuilder, Writer};

use crate::bandwidth::meter::{BUCKETS, Meter};

/// Arrivals by transport-wide number (draft-holmer-rmcat-transport-wide-cc-extensions-01).
#[derive(Debug)]
pub struct ArrivalLog {
    begun: Instant,
    /// Arrival in microseconds since the beginning, or [`MISSING`]; a ring by number modulo [`PACKETS_MAX`].
    arrivals: Vec<i64>,
    /// The highest number, extended beyond 16 bits.
    newest: Option<u64>,
    /// The next feedback begins with this number.
    unreported: u64,
    /// The number behind the last one that was told.
    told: u64,
    /// Arrivals since the last feedback.
    fresh: u32,
    /// When feedback is due; `None` while there is nothing to tell.
    due: Option<Instant>,
    feedback_count: u8,
    meter: Meter,
}

impl ArrivalLog {
    /// Nothing has come yet.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self {
            begun: now,
            arrivals: Vec::new(),
            newest: None,
            unreported: 0,
            told: 0,
            fresh: 0,
            due: None,
            feedback_count: 0,
            meter: Meter::new(),
        }
    }

    /// A packet with this transport-wide sequence number and size arrived.
    pub fn handle_arrival(&mut self, now: Instant, transport_seq: u16, bytes: usize) {
        let now_us = self.micros(now);
        self.meter.add(now_us, u32::try_from(bytes).unwrap_or(u32::MAX));
        if self.arrivals.is_empty() {
            self.arrivals.resize(PACKETS_MAX, MISSING);
        }
        let Some(number) = self.extend(transport_seq) else { return };
        if self.arrival(number).is_some() || self.told.saturating_sub(number) > REWIND_MAX {
            return;
        }
        // Whoever comes late was told to be missing: tell again from there on.
        self.unreported = self.unreported.min(number);
        self.fresh = self.fresh.saturating_add(1);
        if let Some(place) = self.arrivals.get_mut(number as usize % PACKETS_MAX) {
            *place = now_us;
        }
        let interval = if self.fresh >= REPORT_PACKETS { Duration::ZERO } else { self.interval(now_us) };
        let due = now + interval;
        self.due = Some(self.due.map_or(due, |earlier| earlier.min(due)));
    }

    /// Appends a feedback packet when one is due, and says whether it did. Call until `false`.
    pub fn poll_feedback(&mut self, now: Instant, sender_ssrc: u32, media_ssrc: u32, output: &mut Vec<u8>) -> bool {
        let Some(newest) = self.newest.filter(|_| self.due.is_some_and(|due| due <= now)) else { return false };
        let arrivals = (self.unreported..=newest).map(|number| (number, self.arrival(number)));
        let mut arrivals = arrivals.filter_map(|(number, arrival)| arrival.map(|arrival_us| (number, arrival_us)));
        let Some((first, first_us)) = arrivals.next() else {
            self.due = None;
            return false;
        };
        let mut builder = TransportFeedbackBuilder::new(self.unreported as u16, first_us);
        let mut told = self.unreported;
        for (number, arrival_us) in std::iter::once((first, first_us)).chain(arrivals) {
            if !builder.push(number as u16, arrival_us) {
                break;
            }
            told = number + 1;
        }
        if told == self.unreported {
            // More were lost in a row than one feedback tells: they are not told.
            self.unreported = first;
            return self.poll_feedback(now, sender_ssrc, media_ssrc, output);
        }
        Writer::new(output).transport_feedback(sender_ssrc, media_ssrc, self.feedback_count, &builder);
        self.feedback_count = self.feedback_count.wrapping_add(1);
        (self.unreported, self.told, self.fresh) = (told, self.told.max(told), 0);
        self.due = self.due.filter(|_| told <= newest);
        true
    }

    /// When feedback is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.due
    }

    /// The number beyond 16 bits; `None` when it is too old to be told.
    fn extend(&mut self, low_bits: u16) -> Option<u64> {
        let Some(newest) = self.newest else {
            // A cycle of room below, for packets that were overtaken by the first.
            let number = 0x1_0000 | u64::from(low_bits);
            (self.newest, self.unreported, self.told) = (Some(number), number, number);
            return Some(number);
        };
        let step = low_bits.wrapping_sub(newest as u16).cast_signed();
        let number = newest.checked_add_signed(i64::from(step))?;
        if step <= 0 {
            return (newest - number < PACKETS_MAX as u64).then_some(number);
        }
        // Where it is to be entered something older may stand.
        let gap = newest + 1..=number;
        if number - newest >= PACKETS_MAX as u64 {
            self.arrivals.fill(MISSING);
            self.unreported = number;
        } else {
            for missing in gap {
                if let Some(place) = self.arrivals.get_mut(missing as usize % PACKETS_MAX) {
                    *place = MISSING;
                }
            }
            self.unreported = self.unreported.max((number + 1).saturating_sub(PACKETS_MAX as u64));
        }
        self.newest = Some(number);
        Some(number)
    }

    fn arrival(&self, number: u64) -> Option<i64> {
        self.arrivals.get(number as usize % PACKETS_MAX).copied().filter(|arrival_us| *arrival_us != MISSING)
    }

    /// The faster it comes, the sooner the publisher has to hear of trouble; for a voice alone the feedback would cost a tenth of it.
    fn interval(&self, now_us: i64) -> Duration {
        let fast = self.meter.rate_bps(now_us, BUCKETS).is_some_and(|bps| bps > FAST_BPS);
        if fast { INTERVAL_MIN } else { INTERVAL_MAX }
    }

    fn micros(&self, now: Instant) -> i64 {
        i64::try_from(now.saturating_duration_since(self.begun).as_micros()).unwrap_or(i64::MAX)
    }
}

/// Stands for a packet that did not come.
const MISSING: i64 = i64::MIN;

/// Numbers that are remembered: more than a second at 8 Mbit/s.
pub const PACKETS_MAX: usize = 1_024;

/// So many arrivals are told at once, without waiting.
const REPORT_PACKETS: u32 = 300;

/// Who comes later than this many numbers behind what was told stays missing: one packet must not make us tell a thousand again.
const REWIND_MAX: u64 = 128;

/// Between feedback packets.
const INTERVAL_MIN: Duration = Duration::from_millis(50);
const INTERVAL_MAX: Duration = Duration::from_millis(100);

/// Pictures, not a voice alone.
const FAST_BPS: f64 = 300_000.0;

#[cfg(test)]
mod tests;

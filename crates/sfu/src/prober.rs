//! Spends a probe: padding beside the media, so that for some milliseconds the probed rate is on the wire.
//!
//! Media that is sent meanwhile counts; only what it leaves open is padding.

use std::time::{Duration, Instant};

use crate::bandwidth::Probe;

/// The probe of one subscriber that is on its way.
#[derive(Debug, Default)]
pub struct Prober {
    running: Option<Running>,
}

#[derive(Debug, Clone, Copy)]
struct Running {
    probe: Probe,
    begun: Instant,
    /// Media and padding since.
    sent_bytes: u64,
}

impl Prober {
    /// Nothing to do.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins a probe; one that is running is given up.
    pub fn start(&mut self, now: Instant, probe: Probe) {
        self.running = Some(Running { probe, begun: now, sent_bytes: 0 });
    }

    /// Counts a packet of any kind that was sent to this subscriber.
    pub fn handle_sent(&mut self, bytes: usize) {
        if let Some(running) = &mut self.running {
            running.sent_bytes = running.sent_bytes.saturating_add(bytes as u64);
            if running.sent_bytes >= running.probe.bytes {
                self.running = None;
            }
        }
    }

    /// How many bytes of padding are due; the caller sends a packet of up to that size, of at most [`PADDING_BYTES_MAX`], and tells
    /// [`Prober::handle_sent`]. Call until `None`.
    pub fn poll_padding(&mut self, now: Instant) -> Option<usize> {
        let running = self.running?;
        let elapsed = now.saturating_duration_since(running.begun);
        if elapsed > GIVE_UP {
            self.running = None;
            return None;
        }
        let due = running.probe.rate_bps as f64 / 8.0 * elapsed.as_secs_f64();
        // The first packet leaves at once, so the cluster is one packet ahead of the clock.
        if running.sent_bytes as f64 > due {
            return None;
        }
        let left = running.probe.bytes.saturating_sub(running.sent_bytes);
        // A tiny last packet would cost a header for nothing.
        let share = (running.probe.bytes / PACKETS).clamp(PADDING_BYTES_MIN, PADDING_BYTES_MAX as u64);
        usize::try_from(left.clamp(PADDING_BYTES_MIN, share)).ok()
    }

    /// When the next padding is due; `None` without a probe.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let running = self.running?;
        let due = running.sent_bytes as f64 * 8.0 / running.probe.rate_bps.max(1) as f64;
        // A little later than computed: rounded down, it would be too early for ever.
        Some(running.begun + (Duration::from_secs_f64(due) + ROUNDING).min(GIVE_UP + ROUNDING))
    }
}

/// Of one packet of padding, payload and header.
pub const PADDING_BYTES_MAX: usize = 1_100;

/// Of one packet of padding.
const PADDING_BYTES_MIN: u64 = 64;

/// A probe has at least so many packets: fewer measure nothing.
const PACKETS: u64 = 6;

/// Coarser than the arithmetic.
const ROUNDING: Duration = Duration::from_micros(10);

/// A cluster lasts some tens of milliseconds; one that the caller could not send by then measures nothing.
const GIVE_UP: Duration = Duration::from_millis(300);

#[cfg(test)]
mod tests;

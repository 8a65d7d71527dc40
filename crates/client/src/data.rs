//! Messages on data channels: said at a rate, each with a stamp, and counted where they arrive.

use std::time::{Duration, Instant};

use crate::{Histogram, Stamp};

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DataShape {
    /// Messages in a second.
    pub messages_per_second: f64,
    /// Bytes of what is said in each; a stamp fits in at the least.
    pub message_bytes: usize,
    /// On the channel `data-lossy`, not on `data`.
    pub lossy: bool,
}

/// Says messages to everybody, evenly in time.
#[derive(Debug)]
pub struct DataSource {
    shape: DataShape,
    stamp: Stamp,
    next_at: Instant,
    message: Vec<u8>,
}

/// What was heard on data channels since the last reset.
#[derive(Debug, Clone, Default)]
pub struct DataFigures {
    /// Messages said.
    pub sent: u64,
    /// Messages that came.
    pub messages: u64,
    /// Of them, those with a stamp of this run.
    pub stamped: u64,
    /// Bytes of them all, with what names the sender.
    pub bytes: u64,
    /// From the source to here.
    pub delay: Histogram,
}

impl DataSource {
    /// Begins at `now`. `stamp` names the run and the source.
    #[must_use]
    pub fn new(shape: DataShape, stamp: Stamp, now: Instant) -> Self {
        // The byte before says that it is for everybody (docs/signalling.md).
        let message = vec![0; 1 + shape.message_bytes.max(Stamp::BYTES)];
        Self { shape, stamp, next_at: now, message }
    }

    pub(crate) fn is_lossy(&self) -> bool {
        self.shape.lossy
    }

    /// When the next message is due.
    pub(crate) fn next_at(&self) -> Instant {
        self.next_at
    }

    /// The message that is due; what a source that was held up has missed is not said afterwards.
    pub(crate) fn next(&mut self, now: Instant, now_us: u64) -> Option<&[u8]> {
        if self.next_at > now {
            return None;
        }
        let interval = Duration::from_secs_f64(1.0 / self.shape.messages_per_second.max(0.01));
        self.next_at += interval;
        if self.next_at + HELD_UP < now {
            self.next_at = now + interval;
        }
        self.stamp = Stamp { number: self.stamp.number.wrapping_add(1), sent_us: now_us, ..self.stamp };
        self.stamp.write(&mut self.message);
        Some(&self.message)
    }
}

impl DataFigures {
    /// A message came; `run` is that of the stamps to be counted.
    pub(crate) fn message(&mut self, message: &[u8], now_us: u64, run: u32) {
        self.messages += 1;
        self.bytes += message.len() as u64;
        if let Some(stamp) = Stamp::read(message).filter(|stamp| stamp.run == run) {
            self.stamped += 1;
            self.delay.add(now_us.saturating_sub(stamp.sent_us));
        }
    }

    /// Counts both together.
    pub fn merge(&mut self, other: &Self) {
        self.sent += other.sent;
        self.messages += other.messages;
        self.stamped += other.stamped;
        self.bytes += other.bytes;
        self.delay.merge(&other.delay);
    }
}

/// A source that is later than that leaves out what it has missed.
const HELD_UP: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests;

//! When a packet may leave for one subscriber: a leaky bucket over the bandwidth estimate.
//!
//! While the bucket has room a packet passes straight through, so a whole frame leaves as one batch wherever the estimate is
//! well above the rate. What has to wait is kept as a reference of the caller's choice, never as a copy of the packet.
//!
//! ```
//! # use std::time::{Duration, Instant};
//! # use sfu::pacer::{Class, Pacer, Verdict};
//! # fn run(now: Instant, send: impl Fn(u64)) {
//! let mut pacer = Pacer::new(now, 1_000_000);
//! if pacer.offer(now, Class::Video, 1_100, 42_u64) == Verdict::SendNow {
//!     send(42);
//! }
//! // At `poll_timeout()`:
//! while let Some(reference) = pacer.poll(now) {
//!     send(reference);
//! }
//! # }
//! ```

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The leaky bucket of one subscriber and what waits for it. `T` tells the caller which packet is meant.
#[derive(Debug)]
pub struct Pacer<T> {
    /// Drains the bucket, in bytes a second.
    rate_bytes: f64,
    /// What was sent and has not drained yet. Below zero it never falls: idle time is not saved up.
    level_bytes: f64,
    /// When `level_bytes` was right.
    drained_at: Instant,
    /// Retransmissions that wait; at most [`QUEUE_PACKETS_MAX`].
    retransmissions: VecDeque<Waiting<T>>,
    /// Video that waits; at most [`QUEUE_PACKETS_MAX`].
    video: VecDeque<Waiting<T>>,
    /// Bytes in both queues.
    waiting_bytes: usize,
    stats: Stats,
}

/// What a packet is, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Sound never waits.
    Audio,
    /// Somebody's picture stands still until it comes.
    Retransmission,
    /// Pictures.
    Video,
}

/// What is to be done with a packet that was offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Send it; it is in the books already.
    SendNow,
    /// It waits; [`Pacer::poll`] will hand it out.
    Queued,
    /// The queue is full and the packet is not wanted: count it as lost.
    Dropped,
}

/// What the pacer did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Packets that went straight through.
    pub passed: u64,
    /// Packets that had to wait.
    pub queued: u64,
    /// Packets dropped because the queue was full.
    pub dropped_full: u64,
    /// Packets dropped because they had waited longer than [`AGE_MAX`].
    pub dropped_late: u64,
}

#[derive(Debug, Clone, Copy)]
struct Waiting<T> {
    reference: T,
    bytes: usize,
    since: Instant,
}

impl<T: Copy> Pacer<T> {
    /// An empty bucket that drains at this rate.
    #[must_use]
    pub fn new(now: Instant, rate_bps: u64) -> Self {
        let mut pacer = Self {
            rate_bytes: 0.0,
            level_bytes: 0.0,
            drained_at: now,
            retransmissions: VecDeque::new(),
            video: VecDeque::new(),
            waiting_bytes: 0,
            stats: Stats::default(),
        };
        pacer.set_rate(now, rate_bps);
        pacer
    }

    /// The bucket drains at this rate: [`crate::bandwidth::Estimator::pace_bps`].
    pub fn set_rate(&mut self, now: Instant, rate_bps: u64) {
        self.drain(now);
        self.rate_bytes = rate_bps.max(RATE_MIN_BPS) as f64 / 8.0;
    }

    /// Offers a packet of this size on the wire. A packet never overtakes one of its own class.
    pub fn offer(&mut self, now: Instant, class: Class, bytes: usize, reference: T) -> Verdict {
        if self.may_pass(now, class) {
            self.stats.passed = self.stats.passed.saturating_add(1);
            self.fill(bytes);
            return Verdict::SendNow;
        }
        let queue = if class == Class::Retransmission { &mut self.retransmissions } else { &mut self.video };
        if queue.len() >= QUEUE_PACKETS_MAX {
            self.stats.dropped_full = self.stats.dropped_full.saturating_add(1);
            return Verdict::Dropped;
        }
        queue.push_back(Waiting { reference, bytes, since: now });
        self.waiting_bytes = self.waiting_bytes.saturating_add(bytes);
        self.stats.queued = self.stats.queued.saturating_add(1);
        Verdict::Queued
    }

    /// Whether a picture that was offered would go out at once.
    pub fn has_room(&mut self, now: Instant) -> bool {
        self.may_pass(now, Class::Video)
    }

    /// When the bucket has room, by what is in it.
    #[must_use]
    pub fn room_at(&self) -> Instant {
        let excess_bytes = (self.level_bytes - self.burst_bytes()).max(0.0);
        // A millisecond more: several packets leave per wake-up, not one each.
        self.drained_at + Duration::from_secs_f64(excess_bytes / self.rate_bytes) + WAKE_UP
    }

    /// Counts what was sent without asking: probes and padding.
    pub fn handle_sent(&mut self, now: Instant, bytes: usize) {
        self.drain(now);
        self.fill(bytes);
    }

    /// A packet that waited and may go; retransmissions first. Call until `None`.
    pub fn poll(&mut self, now: Instant) -> Option<T> {
        self.drop_late(now);
        if self.is_empty() {
            return None;
        }
        self.drain(now);
        if self.level_bytes > self.burst_bytes() {
            return None;
        }
        let waiting = self.retransmissions.pop_front().or_else(|| self.video.pop_front())?;
        self.waiting_bytes = self.waiting_bytes.saturating_sub(waiting.bytes);
        self.fill(waiting.bytes);
        Some(waiting.reference)
    }

    /// When [`Pacer::poll`] has something next; `None` while nothing waits.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.is_empty() {
            return None;
        }
        Some(self.room_at())
    }

    /// Forgets what waits.
    pub fn clear(&mut self) {
        self.discard(|_| true);
    }

    /// Forgets what waits and is of no use any more, as when a smaller layer has begun meanwhile.
    pub fn discard(&mut self, is_useless: impl Fn(&T) -> bool) {
        for queue in [&mut self.retransmissions, &mut self.video] {
            queue.retain(|waiting| !is_useless(&waiting.reference));
        }
        self.waiting_bytes = self.retransmissions.iter().chain(&self.video).map(|waiting| waiting.bytes).sum();
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.retransmissions.is_empty() && self.video.is_empty()
    }

    /// Bytes that wait.
    #[must_use]
    pub fn waiting_bytes(&self) -> usize {
        self.waiting_bytes
    }

    /// What it did so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.stats
    }

    fn may_pass(&mut self, now: Instant, class: Class) -> bool {
        let first_in_line = match class {
            Class::Audio => return true,
            Class::Retransmission => self.retransmissions.is_empty(),
            Class::Video => self.is_empty(),
        };
        if !first_in_line {
            return false;
        }
        self.drain(now);
        self.level_bytes <= self.burst_bytes()
    }

    fn drain(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.drained_at);
        if elapsed.is_zero() {
            return;
        }
        self.level_bytes = (self.level_bytes - elapsed.as_secs_f64() * self.rate_bytes).max(0.0);
        self.drained_at = now;
    }

    fn fill(&mut self, bytes: usize) {
        self.level_bytes += bytes as f64;
    }

    fn burst_bytes(&self) -> f64 {
        self.rate_bytes * BURST.as_secs_f64()
    }

    fn drop_late(&mut self, now: Instant) {
        for queue in [&mut self.retransmissions, &mut self.video] {
            while let Some(oldest) = queue.front() {
                if now.saturating_duration_since(oldest.since) <= AGE_MAX {
                    break;
                }
                self.waiting_bytes = self.waiting_bytes.saturating_sub(oldest.bytes);
                self.stats.dropped_late = self.stats.dropped_late.saturating_add(1);
                queue.pop_front();
            }
        }
    }
}

/// What may leave at once, in time of the paced rate: at ten times the rate of the video it is a whole key frame.
pub const BURST: Duration = Duration::from_millis(20);

/// Packets per queue, half a second of video at 2,000 packets per second.
pub const QUEUE_PACKETS_MAX: usize = 1_024;

/// A picture that is older has been given up by its viewer.
pub const AGE_MAX: Duration = Duration::from_millis(500);

/// Below it a packet would wait for seconds.
const RATE_MIN_BPS: u64 = 60_000;

/// Timers of the shell are no finer.
const WAKE_UP: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests;

//! One direction of a host's access link: delay, jitter, loss, reordering, duplication, and a rate with a queue.

use std::time::{Duration, Instant};

use crate::seed::Generator;

/// How a link treats packets. The default is a good home connection: 15 ms, no loss, no limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinkConfig {
    /// Time that every packet needs.
    pub delay: Duration,
    /// Up to this much is added at random. Jitter alone never reorders.
    pub jitter: Duration,
    /// Which packets are lost.
    pub loss: Loss,
    /// Probability that a packet is held back by `reorder_by` and overtaken.
    pub reorder: f64,
    /// How long an overtaken packet is held back.
    pub reorder_by: Duration,
    /// Probability that a packet arrives twice.
    pub duplicate: f64,
    /// Bits a second; `None` is no limit.
    pub rate_bps: Option<u64>,
    /// Bytes that may wait for the rate; more are lost at the tail.
    pub queue_bytes: u64,
}

/// Which packets are lost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Loss {
    /// None.
    None,
    /// Each with this probability.
    Random(f64),
    /// Gilbert's model in time: good and bad spells of random length follow each other, and in a bad one all are lost.
    Burst {
        /// Mean length of the good spells.
        every: Duration,
        /// Mean length of the bad spells.
        lasting: Duration,
    },
    /// All: the cable is out.
    All,
}

impl Default for LinkConfig {
    fn default() -> Self {
        Self {
            delay: Duration::from_millis(15),
            jitter: Duration::ZERO,
            loss: Loss::None,
            reorder: 0.0,
            reorder_by: Duration::from_millis(10),
            duplicate: 0.0,
            rate_bps: None,
            queue_bytes: 64 * 1024,
        }
    }
}

impl LinkConfig {
    /// The default link with this share of the packets lost, each by itself.
    pub fn lossy(share: f64) -> Self {
        Self { loss: Loss::Random(share), ..Self::default() }
    }

    /// A link through which nothing passes.
    pub fn cut() -> Self {
        Self { loss: Loss::All, ..Self::default() }
    }
}

/// One direction of a link.
#[derive(Debug)]
pub(crate) struct Link {
    config: LinkConfig,
    generator: Generator,
    /// Inside a bad spell.
    in_burst: bool,
    /// When the present spell ends, once there are spells.
    spell_ends: Option<Instant>,
    /// When the last bit that waits for the rate has left.
    busy_until: Option<Instant>,
    /// Arrival of the latest packet that was not held back: jitter may not overtake it.
    latest_arrival: Option<Instant>,
}

/// When a packet arrives: not at all, once, or twice.
pub(crate) type Arrivals = [Option<Instant>; 2];

impl Link {
    pub(crate) fn new(config: LinkConfig, generator: Generator) -> Self {
        Self { config, generator, in_burst: false, spell_ends: None, busy_until: None, latest_arrival: None }
    }

    /// Changes the treatment of all packets sent from here on.
    pub(crate) fn set_config(&mut self, config: LinkConfig) {
        self.config = config;
        self.in_burst = false;
        self.spell_ends = None;
    }

    /// Sends a packet of this size and says when it arrives.
    pub(crate) fn transmit(&mut self, now: Instant, size_bytes: usize) -> Arrivals {
        let Some(sent) = self.queue(now, size_bytes) else {
            return [None, None];
        };
        if self.loses(sent) {
            return [None, None];
        }
        let first = self.arrival(sent);
        let second = self.generator.chance(self.config.duplicate).then(|| self.arrival(sent));
        [Some(first), second]
    }

    /// When the last bit of the packet has left; `None` when the queue is full.
    fn queue(&mut self, now: Instant, size_bytes: usize) -> Option<Instant> {
        let Some(rate_bps) = self.config.rate_bps else {
            return Some(now);
        };
        let begin = self.busy_until.map_or(now, |busy| busy.max(now));
        let waiting_bits = begin.duration_since(now).as_nanos() * u128::from(rate_bps) / 1_000_000_000;
        let size = size_bytes as u64;
        if waiting_bits / 8 + u128::from(size) > u128::from(self.config.queue_bytes) {
            return None;
        }
        let nanos = (size * 8).saturating_mul(1_000_000_000) / rate_bps.max(1);
        let end = begin + Duration::from_nanos(nanos);
        self.busy_until = Some(end);
        Some(end)
    }

    fn loses(&mut self, now: Instant) -> bool {
        match self.config.loss {
            Loss::None => false,
            Loss::All => true,
            Loss::Random(share) => self.generator.chance(share),
            Loss::Burst { every, lasting } => {
                let mut ends = self.spell_ends.unwrap_or_else(|| now + self.generator.spell(every));
                while ends <= now {
                    self.in_burst = !self.in_burst;
                    ends += self.generator.spell(if self.in_burst { lasting } else { every });
                }
                self.spell_ends = Some(ends);
                self.in_burst
            }
        }
    }

    fn arrival(&mut self, sent: Instant) -> Instant {
        let arrival = sent + self.config.delay + self.generator.up_to(self.config.jitter);
        if self.generator.chance(self.config.reorder) {
            return arrival + self.config.reorder_by;
        }
        let arrival = self.latest_arrival.map_or(arrival, |latest| latest.max(arrival));
        self.latest_arrival = Some(arrival);
        arrival
    }
}

#[cfg(test)]
mod tests;

//! When to test for more, and what the tests say.

use super::Probe;

/// The probes of one path, one at a time.
#[derive(Debug)]
pub(super) struct Probing {
    /// Distinguishes the packets of one probe from those of the one before.
    number: u16,
    /// On its way.
    running: Option<Cluster>,
    /// Nothing was tried yet.
    first: bool,
    /// A rate to be tried as soon as may be.
    pending_bps: Option<f64>,
    /// When a probe may begin.
    next_us: i64,
    interval_us: i64,
    /// Probes last so many times as long as usual.
    stretch: f64,
}

/// What is known of the packets of a probe.
#[derive(Debug, Clone, Copy)]
struct Cluster {
    probe: Probe,
    begun_us: i64,
    sent_bytes: u64,
    sent_packets: u32,
    /// When they left, of those that were spoken about.
    sent: Span,
    arrived: Span,
    lost: u32,
    /// The last packet has been sent.
    complete: bool,
}

/// Bytes over time.
#[derive(Debug, Clone, Copy, Default)]
struct Span {
    first_us: i64,
    last_us: i64,
    /// Of the packet that was added last.
    latest_us: i64,
    first_bytes: u32,
    last_bytes: u32,
    bytes: u64,
    packets: u32,
    /// How often the time was another.
    moments: u32,
}

/// What a probe has shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outcome {
    /// What was asked.
    pub(super) probed_bps: f64,
    /// What passes; `None` where the packets did not tell.
    pub(super) proven_bps: Option<f64>,
    /// The packets came in so few bunches that only a longer probe can tell.
    pub(super) bunched: bool,
}

/// What decides whether to probe.
#[derive(Debug, Clone, Copy)]
pub(super) struct Situation {
    pub(super) estimate_bps: f64,
    pub(super) wanted_bps: f64,
    pub(super) max_bps: f64,
    /// No overuse, no queue, no congestive loss.
    pub(super) calm: bool,
}

impl Probing {
    pub(super) fn new() -> Self {
        Self {
            number: 0,
            running: None,
            first: true,
            pending_bps: None,
            next_us: 0,
            interval_us: INTERVAL_MIN_US,
            stretch: 1.0,
        }
    }

    /// The probe that a packet belongs to which is sent now.
    pub(super) fn handle_sent(&mut self, bytes: u32) -> Option<u16> {
        let cluster = self.running.as_mut().filter(|cluster| !cluster.complete)?;
        cluster.sent_bytes = cluster.sent_bytes.saturating_add(u64::from(bytes));
        cluster.sent_packets = cluster.sent_packets.saturating_add(1);
        cluster.complete = cluster.sent_bytes >= cluster.probe.bytes;
        Some(self.number)
    }

    /// A packet of a probe arrived; the outcome of the probe, when it is the last one. `least_us` is the least delay that packets had
    /// lately, between the two clocks.
    pub(super) fn handle_received(
        &mut self,
        number: u16,
        (sent_us, arrival_us): (i64, i64),
        bytes: u32,
        least_us: Option<i64>,
    ) -> Option<Outcome> {
        let cluster = self.running.as_mut().filter(|_| number == self.number)?;
        cluster.sent.add(sent_us, bytes);
        cluster.arrived.add(arrival_us, bytes);
        self.conclude(least_us)
    }

    /// A packet of a probe was lost.
    pub(super) fn handle_lost(
        &mut self,
        number: u16,
        sent_us: i64,
        bytes: u32,
        least_us: Option<i64>,
    ) -> Option<Outcome> {
        let cluster = self.running.as_mut().filter(|_| number == self.number)?;
        cluster.sent.add(sent_us, bytes);
        cluster.lost = cluster.lost.saturating_add(1);
        self.conclude(least_us)
    }

    /// After a success twice as much is tried at once; after a failure it takes longer until the next.
    pub(super) fn handle_outcome(&mut self, now_us: i64, outcome: &Outcome, estimate_bps: f64) {
        let proven_bps = outcome.proven_bps.unwrap_or(0.0);
        if outcome.bunched && self.stretch < STRETCH {
            self.stretch = STRETCH;
            self.pending_bps = Some(outcome.probed_bps);
            self.next_us = now_us + ABANDONED_US;
        } else if proven_bps > PROVEN * outcome.probed_bps && proven_bps >= 0.95 * estimate_bps {
            self.pending_bps = Some(proven_bps * 2.0);
            self.interval_us = INTERVAL_MIN_US;
            self.next_us = now_us;
        } else if outcome.proven_bps.is_none() {
            self.next_us = now_us + UNMEASURED_US;
        } else {
            self.interval_us = (self.interval_us * 3 / 2).min(INTERVAL_MAX_US);
            self.next_us = now_us + self.interval_us;
        }
    }

    /// The estimate fell: the queue has to empty first.
    pub(super) fn postpone(&mut self, now_us: i64) {
        self.first = false;
        self.next_us = self.next_us.max(now_us + RECOVERY_US);
    }

    /// The probe on its way is given up by whoever sends it; before long it is tried again.
    pub(super) fn abandon(&mut self, now_us: i64) {
        if let Some(cluster) = self.running.take() {
            self.pending_bps = Some(cluster.probe.rate_bps as f64);
            self.next_us = now_us + ABANDONED_US;
        }
    }

    /// The estimate fell from `before_bps`: when the trouble is over, try whether it was a passing one.
    pub(super) fn handle_fall(&mut self, now_us: i64, before_bps: f64) {
        self.pending_bps = Some(before_bps * RECOVERY);
        self.interval_us = INTERVAL_MIN_US;
        self.postpone(now_us);
    }

    /// The next probe, if it is time.
    pub(super) fn poll(&mut self, now_us: i64, situation: &Situation) -> Option<Probe> {
        if self.running.is_some_and(|cluster| now_us - cluster.begun_us >= LIFETIME_US) {
            self.running = None;
        }
        if self.running.is_some() || now_us < self.next_us || !situation.allows_probe() {
            return None;
        }
        let rate_bps = self.next_rate(situation.estimate_bps).min(situation.limit_bps());
        let least_bytes = (rate_bps / 8.0 * DURATION_MAX_S).clamp(BYTES_MIN, BYTES_ENOUGH);
        let bytes = (rate_bps / 8.0 * DURATION_S * self.stretch).max(least_bytes);
        let probe = Probe { rate_bps: rate_bps as u64, bytes: bytes as u64 };
        self.number = self.number.wrapping_add(1);
        self.running = Some(Cluster {
            probe,
            begun_us: now_us,
            sent_bytes: 0,
            sent_packets: 0,
            sent: Span::default(),
            arrived: Span::default(),
            lost: 0,
            complete: false,
        });
        self.next_us = now_us + self.interval_us;
        Some(probe)
    }

    /// When [`Self::poll`] has something to do.
    pub(super) fn timeout_us(&self, situation: &Situation) -> Option<i64> {
        match self.running {
            Some(cluster) => Some(cluster.begun_us + LIFETIME_US),
            None => situation.allows_probe().then_some(self.next_us),
        }
    }

    /// Whether nothing was tried yet.
    pub(super) fn is_first(&self) -> bool {
        self.first
    }

    fn next_rate(&mut self, estimate_bps: f64) -> f64 {
        if std::mem::take(&mut self.first) {
            return FIRST_FACTOR * estimate_bps;
        }
        self.pending_bps.take().unwrap_or(2.0 * estimate_bps).max(GAIN_MIN * estimate_bps)
    }

    fn conclude(&mut self, least_us: Option<i64>) -> Option<Outcome> {
        let cluster = self.running?;
        let settled = cluster.arrived.packets.saturating_add(cluster.lost);
        if !cluster.complete || settled < cluster.sent_packets {
            return None;
        }
        self.running = None;
        let proven_bps = cluster.result_bps(least_us);
        let bunched = cluster.is_bunched();
        Some(Outcome { probed_bps: cluster.probe.rate_bps as f64, proven_bps, bunched })
    }
}

impl Situation {
    fn allows_probe(&self) -> bool {
        self.calm && self.wanted_bps > self.estimate_bps && self.limit_bps() >= GAIN_MIN * self.estimate_bps
    }

    /// A little more than is wanted, as the allocator has a margin.
    fn limit_bps(&self) -> f64 {
        (self.wanted_bps * WANTED_MARGIN).min(self.max_bps)
    }
}

impl Cluster {
    /// What the path let through; `None` where too few arrived, or all at once and nobody knows how late.
    fn result_bps(&self, least_us: Option<i64>) -> Option<f64> {
        let enough = self.arrived.packets >= PACKETS_MIN && self.arrived.bytes as f64 >= 0.8 * self.sent.bytes as f64;
        if !enough {
            return None;
        }
        // What left last takes no sending time within the span, and what came first no time to arrive.
        let sent_bps = self.sent.rate_bps(self.sent.last_bytes)?;
        let arrived_bps = self.arrived.rate_bps(self.arrived.first_bytes).filter(|bps| *bps <= 2.0 * sent_bps);
        let Some(arrived_bps) = arrived_bps.filter(|_| !self.is_bunched()) else { return self.bound_bps(least_us?) };
        let full = arrived_bps < 0.9 * sent_bps;
        Some(if full { arrived_bps * 0.95 } else { arrived_bps.min(sent_bps) })
    }

    /// Too few moments of arrival for a rate: many packets came at one.
    fn is_bunched(&self) -> bool {
        self.arrived.moments <= BUNCHES && self.arrived.moments.saturating_mul(2) <= self.arrived.packets
    }

    /// Packets that come in bunches, as over TCP or by a receiver that seldom looks, say when all had come at the latest.
    fn bound_bps(&self, least_us: i64) -> Option<f64> {
        let late_us = (self.arrived.last_us - self.sent.last_us - least_us).max(0);
        let span_us = self.sent.last_us - self.sent.first_us + late_us;
        let bytes = self.arrived.bytes.saturating_sub(u64::from(self.sent.last_bytes));
        (span_us >= SPAN_MIN_US).then(|| bytes as f64 * 8e6 / span_us as f64)
    }
}

impl Span {
    fn add(&mut self, at_us: i64, bytes: u32) {
        let is_first = self.packets == 0;
        if is_first || at_us != self.latest_us {
            self.moments = self.moments.saturating_add(1);
        }
        self.latest_us = at_us;
        if is_first || at_us < self.first_us {
            (self.first_us, self.first_bytes) = (at_us, bytes);
        }
        if is_first || at_us >= self.last_us {
            (self.last_us, self.last_bytes) = (at_us, bytes);
        }
        self.bytes = self.bytes.saturating_add(u64::from(bytes));
        self.packets = self.packets.saturating_add(1);
    }

    fn rate_bps(&self, without_bytes: u32) -> Option<f64> {
        let span_us = self.last_us - self.first_us;
        let bytes = self.bytes.saturating_sub(u64::from(without_bytes));
        (span_us >= SPAN_MIN_US).then(|| bytes as f64 * 8e6 / span_us as f64)
    }
}

/// Long enough for the clock of feedback, which ticks four times a millisecond; too short for a queue that hurts.
const DURATION_S: f64 = 0.025;

/// The first probe, times the start; the next one is twice as much.
const FIRST_FACTOR: f64 = 3.0;

/// Six packets are better, where they do not take longer than this.
const BYTES_ENOUGH: f64 = 6_600.0;
const DURATION_MAX_S: f64 = 0.06;

/// Three packets, on a thin path.
const BYTES_MIN: f64 = 3_000.0;
const PACKETS_MIN: u32 = 3;

/// So much longer is a probe whose packets came in so few bunches, as over TCP: they have to be shorter than it.
const STRETCH: f64 = 4.0;
const BUNCHES: u32 = 3;

/// Clocks are not finer.
const SPAN_MIN_US: i64 = 2_000;

/// A probe whose packets are not all heard of by then is forgotten.
const LIFETIME_US: i64 = 1_500_000;

/// Between probes, the longer the more fail. Whoever was capped climbs back within ten seconds, so there must be two in them.
const INTERVAL_MIN_US: i64 = 2_000_000;
const INTERVAL_MAX_US: i64 = 4_000_000;

/// After a probe that told nothing.
const UNMEASURED_US: i64 = 1_000_000;

/// After a probe that could not be sent.
const ABANDONED_US: i64 = 100_000;

/// After a fall.
const RECOVERY_US: i64 = 1_000_000;
const RECOVERY: f64 = 0.85;

/// A probe that reached this share of its rate may be followed by a faster one.
const PROVEN: f64 = 0.7;

/// Less is not worth a probe.
const GAIN_MIN: f64 = 1.1;

/// Of what is wanted.
const WANTED_MARGIN: f64 = 1.4;

#[cfg(test)]
mod tests;

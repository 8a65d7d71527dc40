//! How much one subscriber's path carries: a send-side estimate.
//!
//! Pure and deterministic: `now` comes in, and nothing else. The caller tells of every packet that it sends and of all feedback:
//!
//! 1. `handle_sent` for each packet (media, retransmission, padding) with its transport-wide sequence number,
//! 2. `handle_feedback`, `handle_report_block`, `handle_remb` as they come,
//! 3. `handle_timeout` at `poll_timeout`,
//! 4. after 2 and 3: `poll_probe`, and `estimate_bps` for allocator and pacer.

mod arrival;
mod condition;
mod config;
mod delay;
mod history;
pub(crate) mod incoming;
mod loss;
pub(crate) mod meter;
mod probing;
mod rate;
mod told;
mod trial;

use std::time::{Duration, Instant};

use rtp::rtcp::TransportFeedback;

pub use self::condition::Condition;
pub use self::config::Config;

use self::arrival::ArrivalClock;
use self::condition::Falls;
use self::delay::{Delay, Usage};
use self::history::{History, Sent, Settled};
use self::loss::{Finding, Loss};
use self::meter::{BUCKETS, Meter};
use self::probing::{Outcome, Probing, Situation};
use self::rate::{Evidence, Rate};
use self::trial::Trials;

/// Why a packet was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Sound or picture for the first time.
    Media,
    /// Once more, because it was asked for.
    Retransmission,
    /// To test for more; its loss harms nobody.
    Padding,
}

/// A question to the path: can it carry this rate?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    /// The rate to send at, media included.
    pub rate_bps: u64,
    /// For so many bytes, media included.
    pub bytes: u64,
}

/// The estimate of one subscriber's path.
#[derive(Debug)]
pub struct Estimator {
    config: Config,
    begun: Instant,
    history: History,
    /// Packets by the time they left.
    sent: Meter,
    /// Those that feedback spoke about, by the time they left.
    settled: Meter,
    /// Those that arrived, by the receiver's clock.
    delivered: Meter,
    delay: Delay,
    loss: Loss,
    rate: Rate,
    probing: Probing,
    arrival: ArrivalClock,
    falls: Falls,
    wanted_bps: u64,
    /// The path loses more than it does by itself.
    congested_by_loss: bool,
    /// The estimate before loss was first taken for congestion.
    uncut_bps: f64,
    round_trip_us: Option<i64>,
    feedback_us: Option<i64>,
    /// Since when packets leave without any feedback.
    unanswered_us: Option<i64>,
    /// That lasts too long.
    is_silent: bool,
    /// The receiver's own estimate, and when it came.
    remb: Option<(u64, i64)>,
    trials: Trials,
    /// Reports in a row by which what left long ago has not arrived.
    late_reports: u8,
    least_round_trip_us: Option<i64>,
    /// Cuts since the queue last became shorter by one.
    vain_cuts: u32,
    /// The queue at the last cut.
    cut_queue_us: i64,
}

impl Estimator {
    /// Knows nothing but `config.start_bps`.
    #[must_use]
    pub fn new(config: Config, now: Instant) -> Self {
        Self {
            config,
            begun: now,
            history: History::new(),
            sent: Meter::new(),
            settled: Meter::new(),
            delivered: Meter::new(),
            delay: Delay::new(),
            loss: Loss::new(),
            rate: Rate::new(config.start_bps, config.min_bps, config.max_bps),
            probing: Probing::new(),
            arrival: ArrivalClock::default(),
            falls: Falls::default(),
            wanted_bps: 0,
            congested_by_loss: false,
            uncut_bps: 0.0,
            round_trip_us: None,
            feedback_us: None,
            unanswered_us: None,
            is_silent: false,
            remb: None,
            trials: Trials::new(),
            late_reports: 0,
            least_round_trip_us: None,
            vain_cuts: 0,
            cut_queue_us: 0,
        }
    }

    /// What would be sent if the path carried everything: the allocator's wish. Without a wish for more than the estimate nothing is
    /// probed.
    pub fn set_wanted(&mut self, wanted_bps: u64) {
        self.wanted_bps = wanted_bps;
    }

    /// A packet leaves, of this size with its UDP and IP headers or without, but always alike. `transport_seq` grows by one with each
    /// packet that carries the transport-wide sequence number, whose 16 bits are its lowest.
    pub fn handle_sent(&mut self, now: Instant, transport_seq: u64, bytes: usize, purpose: Purpose) {
        let now_us = self.micros(now);
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let probe = self.probing.handle_sent(bytes);
        self.history.push(transport_seq, now_us, bytes, probe);
        self.sent.add(now_us, bytes);
        if purpose != Purpose::Padding {
            self.unanswered_us.get_or_insert(now_us);
        }
    }

    /// The packets of which was told since the last time have left the machine only now. Without this they left when it was told of them.
    /// A sender that is late itself must not take its own delay for that of the path.
    pub fn handle_departure(&mut self, now: Instant) {
        self.history.depart(self.micros(now));
    }

    /// The receiver tells what became of packets.
    pub fn handle_feedback(&mut self, now: Instant, feedback: &TransportFeedback<'_>) {
        let now_us = self.micros(now);
        let mut round_trip_us = None;
        for packet in feedback.packets() {
            let arrival_us = packet.arrival_us.map(|raw_us| self.arrival.extend(raw_us));
            match (self.history.settle(packet.sequence_number, arrival_us.is_some()), arrival_us) {
                (Some(Settled::Received(sent)), Some(arrival_us)) => {
                    self.loss.handle_received();
                    round_trip_us = Some(now_us - sent.at_us);
                    self.handle_arrival(now_us, &sent, arrival_us);
                }
                (Some(Settled::Found(sent)), Some(arrival_us)) => {
                    self.loss.handle_found();
                    self.handle_arrival(now_us, &sent, arrival_us);
                }
                (Some(Settled::Lost(sent)), _) => self.handle_missing(now_us, &sent),
                _ => {}
            }
        }
        if let Some(sample_us) = round_trip_us {
            self.note_round_trip(sample_us);
        }
        self.feedback_us = Some(now_us);
        (self.unanswered_us, self.is_silent) = (None, false);
        self.judge(now_us);
    }

    /// Nothing more is told of with [`Self::handle_sent`] for a while: no feedback is to be expected, and silence means nothing.
    pub fn handle_pause(&mut self) {
        (self.unanswered_us, self.is_silent) = (None, false);
    }

    /// What the path is believed to carry.
    #[must_use]
    pub fn estimate_bps(&self) -> u64 {
        let own_bps = self.rate.bps() as u64;
        let told_bps = self.told_bps().map(|bps| bps.max(self.trials.allowed_bps()));
        told_bps.map_or(own_bps, |bps| own_bps.min(bps).max(self.config.min_bps))
    }

    /// Whether the receiver has said anything from which an estimate is made.
    #[must_use]
    pub fn is_heard(&self) -> bool {
        self.feedback_us.is_some() || self.remb.is_some()
    }

    /// How far pictures may be trusted to the path beyond its estimate.
    #[must_use]
    pub fn condition(&self) -> Condition {
        let is_overloaded =
            self.delay.queue_us() > OVERLOAD_US || (self.congested_by_loss && self.loss.lasting() > OVERLOAD_LOSS);
        match (self.falls.is_open() && !self.is_capped(), self.is_quiet() && !self.is_silent) {
            (true, _) => Condition::Open,
            (false, _) if is_overloaded || self.is_late() || self.trials.is_failed() => Condition::Overloaded,
            (false, true) => Condition::Calm,
            (false, false) => Condition::Strained,
        }
    }

    /// How fast packets may leave, for [`crate::pacer::Pacer::set_rate`]: frames are bursts, and a picture that leaves at exactly the
    /// estimate arrives a frame late; but while a queue has to empty, nothing leaves faster than it arrives. Where nothing has spoken of
    /// congestion, the first key picture does not wait for an estimate.
    #[must_use]
    pub fn pace_bps(&self) -> u64 {
        let estimate_bps = self.estimate_bps();
        if !self.is_quiet() {
            return estimate_bps;
        }
        let pace_bps = estimate_bps.saturating_mul(PACE);
        if self.condition() == Condition::Open { pace_bps.max(PACE_OPEN_BPS) } else { pace_bps }
    }

    /// A probe to be sent, if it is time for one: hand it to [`crate::prober::Prober::start`].
    pub fn poll_probe(&mut self, now: Instant) -> Option<Probe> {
        let situation = self.situation();
        self.probing.poll(self.micros(now), &situation)
    }

    /// The probe that was polled last could not be sent: there is nothing to pad with yet.
    pub fn handle_probe_unsent(&mut self, now: Instant) {
        self.probing.abandon(self.micros(now));
    }

    /// When [`Estimator::handle_timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let probe_us = self.probing.timeout_us(&self.situation());
        let silence_us = self.silence_us();
        let earliest_us = [probe_us, silence_us, self.trials.timeout_us()].into_iter().flatten().min();
        earliest_us.map(|us| self.begun + Duration::from_micros(u64::try_from(us).unwrap_or(0)))
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        let now_us = self.micros(now);
        if self.silence_us().is_some_and(|due_us| due_us <= now_us) {
            let before_bps = self.rate.bps();
            self.is_silent = true;
            self.falls.note(before_bps);
            self.rate.handle_silence(now_us);
            self.probing.handle_fall(now_us, before_bps);
            self.unanswered_us = Some(now_us);
        }
        self.try_more(now_us);
    }

    fn handle_arrival(&mut self, now_us: i64, sent: &Sent, arrival_us: i64) {
        self.settled.add(sent.at_us, sent.bytes);
        self.delivered.add(arrival_us, sent.bytes);
        self.delay.handle_arrival(sent.at_us, arrival_us);
        let Some(probe) = sent.probe else { return };
        let least_us = self.delay.least_us();
        if let Some(outcome) = self.probing.handle_received(probe, (sent.at_us, arrival_us), sent.bytes, least_us) {
            self.conclude(now_us, &outcome);
        }
    }

    fn handle_missing(&mut self, now_us: i64, sent: &Sent) {
        self.loss.handle_lost();
        self.settled.add(sent.at_us, sent.bytes);
        let Some(probe) = sent.probe else { return };
        if let Some(outcome) = self.probing.handle_lost(probe, sent.at_us, sent.bytes, self.delay.least_us()) {
            self.conclude(now_us, &outcome);
        }
    }

    fn conclude(&mut self, now_us: i64, outcome: &Outcome) {
        if let Some(proven_bps) = outcome.proven_bps {
            self.rate.handle_probed(now_us, proven_bps);
        }
        self.probing.handle_outcome(now_us, outcome, self.rate.bps());
    }

    /// Follows what the feedback has shown.
    fn judge(&mut self, now_us: i64) {
        let evidence = self.evidence(now_us);
        let (before_bps, decreased_us) = (self.rate.bps(), self.rate.decreased_us());
        self.judge_loss(now_us, &evidence);
        self.rate.update(now_us, &evidence, self.congested_by_loss);
        self.note_course(now_us, before_bps);
        if self.rate.decreased_us() != decreased_us {
            self.note_cut(&evidence);
            if self.rate.bps() < FALL * before_bps {
                self.probing.handle_fall(now_us, before_bps);
            } else {
                self.probing.postpone(now_us);
            }
        }
    }

    /// Remembers what the path did not carry until it does.
    fn note_course(&mut self, now_us: i64, before_bps: f64) {
        if self.rate.decreased_us() == Some(now_us) {
            let sent_bps = self.sent.rate_bps(now_us, SHORT).unwrap_or(0.0);
            self.falls.note(before_bps.max(sent_bps));
        } else if self.is_quiet() {
            self.falls.note_quiet(self.rate.bps(), self.wanted_bps as f64);
        }
    }

    fn judge_loss(&mut self, now_us: i64, evidence: &Evidence) {
        let sent_bps = self.sent.rate_bps(now_us, BUCKETS).unwrap_or(0.0);
        match self.loss.observe(now_us, sent_bps) {
            None => {}
            Some(Finding::Harmless) => self.congested_by_loss = false,
            Some(Finding::Congestion(excess)) => {
                if !self.congested_by_loss {
                    self.uncut_bps = self.rate.bps();
                }
                self.congested_by_loss = true;
                self.rate.handle_congestive_loss(now_us, excess, evidence);
            }
            Some(Finding::Acquitted) => {
                self.congested_by_loss = false;
                self.probing.handle_fall(now_us, self.uncut_bps);
            }
        }
    }

    /// A queue that is no shorter though no more arrives than is sent is not ours: that is how long the path has become.
    fn note_cut(&mut self, evidence: &Evidence) {
        let emptying = self.delivered.latest_rate_bps(BUCKETS).zip(self.settled.latest_rate_bps(BUCKETS));
        let emptying = emptying.is_some_and(|(delivered, settled)| delivered > EMPTYING * settled);
        let shorter = evidence.queue_us < STANDING_US || evidence.queue_us < self.cut_queue_us * 9 / 10;
        self.vain_cuts = if shorter || emptying { 0 } else { self.vain_cuts.saturating_add(1) };
        self.cut_queue_us = evidence.queue_us;
        if self.vain_cuts >= VAIN_CUTS_MAX {
            self.delay.rebase();
            self.vain_cuts = 0;
        }
    }

    fn evidence(&mut self, now_us: i64) -> Evidence {
        self.sent.advance(now_us);
        let sent_bps = self.sent.rate_bps(now_us, BUCKETS).unwrap_or(0.0);
        let (delivered, settled) = (self.delivered.latest_rate_bps(SHORT), self.settled.latest_rate_bps(SHORT));
        // What arrives more slowly than it left measures the link, however little it is.
        let held_back = delivered.zip(settled).is_some_and(|(delivered, settled)| delivered < HELD_BACK * settled);
        Evidence {
            usage: self.delay.usage(),
            queue_us: self.delay.queue_us(),
            delivered_bps: self.delivered.latest_rate_bps(BUCKETS),
            delivered_shortly_bps: delivered,
            application_limited: sent_bps < LIMITED * self.rate.bps() && !held_back,
            round_trip_us: self.response_us(),
        }
    }

    fn situation(&self) -> Situation {
        let heard = self.feedback_us.is_some() || self.probing.is_first();
        Situation {
            estimate_bps: self.rate.bps(),
            wanted_bps: self.wanted_bps as f64,
            max_bps: self.config.max_bps as f64,
            calm: heard && self.is_quiet(),
        }
    }

    /// No queue, no overuse, no congestive loss.
    fn is_quiet(&self) -> bool {
        self.delay.usage() == Usage::Normal && self.delay.queue_us() < QUIET_US && !self.congested_by_loss
    }

    /// When silence becomes worrying; `None` where nothing is to be heard.
    fn silence_us(&self) -> Option<i64> {
        self.feedback_us?;
        self.unanswered_us.map(|since_us| since_us + SILENCE_US + 2 * self.response_us())
    }

    fn has_feedback(&self, now_us: i64) -> bool {
        self.feedback_us.is_some_and(|at_us| now_us - at_us < FEEDBACK_US)
    }

    fn note_round_trip(&mut self, sample_us: i64) {
        let smoothed_us = self
            .round_trip_us
            .map_or(sample_us, |us| if sample_us < us { sample_us } else { us + (sample_us - us) / 16 });
        self.round_trip_us = Some(smoothed_us.clamp(0, ROUND_TRIP_MAX_US));
    }

    fn response_us(&self) -> i64 {
        self.round_trip_us.unwrap_or(ROUND_TRIP_START_US)
    }

    fn micros(&self, now: Instant) -> i64 {
        i64::try_from(now.saturating_duration_since(self.begun).as_micros()).unwrap_or(i64::MAX)
    }
}

/// Of the estimate: below it the application sends as much as it has.
const LIMITED: f64 = 0.75;

/// Of what left.
const HELD_BACK: f64 = 0.85;

/// A queue of which more arrives than is sent becomes shorter.
const EMPTYING: f64 = 1.1;

/// Buckets of the short window, 200 ms.
const SHORT: usize = 8;

/// A fall below this share is tried to be undone by a probe.
const FALL: f64 = 0.66;

/// Times the estimate, on a path without trouble.
const PACE: u64 = 2;

/// Where nothing is known against it: a key picture of a large camera leaves within a frame or two.
const PACE_OPEN_BPS: u64 = 10_000_000;

/// A path with a longer queue is not asked for more.
const QUIET_US: i64 = 60_000;

/// Queues are blamed on us from here on.
const STANDING_US: i64 = 150_000;

/// With a longer queue a conversation suffers.
const OVERLOAD_US: i64 = 300_000;

/// As with more congestive loss; a burst of some tens of milliseconds is less.
const OVERLOAD_LOSS: f64 = 0.35;

/// Cuts that may be in vain.
const VAIN_CUTS_MAX: u32 = 3;

/// Feedback that is older is none.
const FEEDBACK_US: i64 = 2_000_000;

/// Browsers send feedback at least four times a second.
const SILENCE_US: i64 = 500_000;

/// Before anything is known, and the most that is believed.
const ROUND_TRIP_START_US: i64 = 100_000;
const ROUND_TRIP_MAX_US: i64 = 3_000_000;

#[cfg(test)]
mod tests;

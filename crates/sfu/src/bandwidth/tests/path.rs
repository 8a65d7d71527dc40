//! A sender with estimator, pacer and prober, a bottleneck, and a receiver that sends feedback, in steps of a millisecond.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rtp::rtcp::{self, TransportFeedbackBuilder, Writer};

use crate::bandwidth::{Config, Estimator, Purpose};
use crate::pacer::{Class, Pacer, Verdict};
use crate::prober::Prober;

/// The bottleneck; feedback comes back after the delay, and is never lost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bottleneck {
    pub(super) rate_bps: u64,
    pub(super) queue_bytes: usize,
    /// Each way.
    pub(super) delay: Duration,
    pub(super) jitter: Duration,
    /// The receiver looks only so often.
    pub(super) bunch: Duration,
    /// The share of packets lost by chance.
    pub(super) loss: f64,
}

/// What the sender has to send.
#[derive(Debug, Clone, Copy)]
pub(super) enum Application {
    /// As much as the estimate allows, at most this.
    Elastic(u64),
    /// Always this, and it wants no more.
    Fixed(u64),
    /// The highest of these rates that fits into the estimate; it wants the highest.
    Layers([u64; 3]),
}

/// One sender on one path.
pub(super) struct Path {
    pub(super) bottleneck: Bottleneck,
    pub(super) application: Application,
    pub(super) estimator: Estimator,
    /// Whether feedback comes back.
    pub(super) feedback: bool,
    /// Lost in the full queue.
    pub(super) queue_lost: u64,
    /// The longest time in the queue.
    pub(super) queue_max: Duration,
    pub(super) padding_bytes: u64,
    now: Instant,
    begun: Instant,
    pacer: Pacer<usize>,
    prober: Prober,
    transport_seq: u64,
    frame_at: Instant,
    delivered_bytes: u64,
    busy_until: Instant,
    latest_arrival: Instant,
    flying: VecDeque<(Instant, u64)>,
    arrived: Vec<(u64, i64)>,
    reported: u64,
    feedback_at: Instant,
    returning: VecDeque<(Instant, Vec<u8>)>,
    feedback_count: u8,
    rng: ChaCha8Rng,
}

impl Default for Bottleneck {
    fn default() -> Self {
        Self {
            rate_bps: 3_000_000,
            queue_bytes: 100_000,
            delay: Duration::from_millis(25),
            jitter: Duration::ZERO,
            bunch: Duration::ZERO,
            loss: 0.0,
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "an Instant has no other origin")]
pub(super) fn start() -> Instant {
    Instant::now()
}

impl Path {
    pub(super) fn new(bottleneck: Bottleneck, application: Application) -> Self {
        let now = start();
        Self {
            bottleneck,
            application,
            estimator: Estimator::new(Config::default(), now),
            feedback: true,
            queue_lost: 0,
            queue_max: Duration::ZERO,
            padding_bytes: 0,
            now,
            begun: now,
            pacer: Pacer::new(now, 2 * Config::default().start_bps),
            prober: Prober::new(),
            // Sixteen bits soon start over.
            transport_seq: 65_000,
            frame_at: now,
            delivered_bytes: 0,
            busy_until: now,
            latest_arrival: now,
            flying: VecDeque::new(),
            arrived: Vec::new(),
            reported: 65_000,
            feedback_at: now,
            returning: VecDeque::new(),
            feedback_count: 0,
            rng: ChaCha8Rng::seed_from_u64(7),
        }
    }

    /// Lets so many seconds pass.
    pub(super) fn run(&mut self, seconds: f64) -> &mut Self {
        let end = self.now + Duration::from_secs_f64(seconds);
        while self.now < end {
            self.now += Duration::from_millis(1);
            self.arrive();
            self.take_feedback();
            self.send();
        }
        self
    }

    /// Lets time pass until the estimate in kbit/s is as asked; how many seconds it took.
    pub(super) fn seconds_until(&mut self, reached: impl Fn(u64) -> bool) -> f64 {
        let begun = self.now;
        while !reached(self.estimate_kbps()) && self.now - begun < Duration::from_secs(120) {
            self.run(0.01);
        }
        (self.now - begun).as_secs_f64()
    }

    pub(super) fn estimate_kbps(&self) -> u64 {
        self.estimator.estimate_bps() / 1_000
    }

    /// What arrives during so many seconds.
    pub(super) fn delivered_kbps(&mut self, seconds: f64) -> u64 {
        let before = self.delivered_bytes;
        self.run(seconds);
        ((self.delivered_bytes - before) as f64 * 8.0 / seconds / 1_000.0) as u64
    }

    fn uniform(&mut self) -> f64 {
        f64::from(self.rng.next_u32()) / 4_294_967_296.0
    }

    fn send(&mut self) {
        let (rate_bps, wanted_bps) = self.rates();
        self.estimator.set_wanted(wanted_bps);
        if self.estimator.poll_timeout().is_some_and(|due| due <= self.now) {
            self.estimator.handle_timeout(self.now);
        }
        if let Some(probe) = self.estimator.poll_probe(self.now) {
            self.prober.start(self.now, probe);
        }
        self.pacer.set_rate(self.now, self.estimator.pace_bps());
        if self.now >= self.frame_at {
            self.frame_at += Duration::from_millis(33);
            self.send_frame(rate_bps);
        }
        while let Some(bytes) = self.pacer.poll(self.now) {
            self.transmit(bytes, Purpose::Media);
        }
        while let Some(bytes) = self.prober.poll_padding(self.now) {
            self.pacer.handle_sent(self.now, bytes);
            self.padding_bytes += bytes as u64;
            self.transmit(bytes, Purpose::Padding);
        }
    }

    fn send_frame(&mut self, rate_bps: u64) {
        let spread = 0.7 + 0.6 * self.uniform();
        let mut left = (rate_bps as f64 / 8.0 * 0.033 * spread) as usize;
        while left > 0 {
            let bytes = left.min(1_140);
            left -= bytes;
            if self.pacer.offer(self.now, Class::Video, bytes, bytes) == Verdict::SendNow {
                self.transmit(bytes, Purpose::Media);
            }
        }
    }

    fn rates(&self) -> (u64, u64) {
        let estimate_bps = self.estimator.estimate_bps();
        match self.application {
            Application::Elastic(most) => (estimate_bps.min(most), most),
            Application::Fixed(bps) => (bps, bps),
            Application::Layers(layers) => {
                let fitting = layers.into_iter().filter(|bps| *bps <= estimate_bps).max();
                (fitting.unwrap_or(0), layers[2])
            }
        }
    }

    fn transmit(&mut self, bytes: usize, purpose: Purpose) {
        self.transport_seq += 1;
        let number = self.transport_seq;
        self.estimator.handle_sent(self.now, number, bytes, purpose);
        self.prober.handle_sent(bytes);
        let begin = self.busy_until.max(self.now);
        let waiting = begin - self.now;
        let waiting_bytes = waiting.as_secs_f64() * self.bottleneck.rate_bps as f64 / 8.0;
        if waiting_bytes + bytes as f64 > self.bottleneck.queue_bytes as f64 {
            self.queue_lost += 1;
            return;
        }
        self.queue_max = self.queue_max.max(waiting);
        self.busy_until = begin + Duration::from_secs_f64(bytes as f64 * 8.0 / self.bottleneck.rate_bps as f64);
        if self.uniform() < self.bottleneck.loss {
            return;
        }
        let jitter = self.bottleneck.jitter.mul_f64(self.uniform());
        let arrival = self.latest_arrival.max(self.busy_until + self.bottleneck.delay + jitter);
        let bunch_ns = self.bottleneck.bunch.as_nanos().max(1);
        let bunches = (arrival - self.begun).as_nanos().div_ceil(bunch_ns);
        self.latest_arrival = self.begun + Duration::from_nanos((bunches * bunch_ns) as u64);
        self.flying.push_back((self.latest_arrival, number));
        self.delivered_bytes += bytes as u64;
    }

    fn arrive(&mut self) {
        while self.flying.front().is_some_and(|(at, _)| *at <= self.now) {
            let (at, number) = self.flying.pop_front().unwrap();
            // The receiver's clock runs a little fast, and from an origin of its own.
            let elapsed_us = (at - self.begun).as_micros() as i64;
            self.arrived.push((number, 1_000_000_007 + elapsed_us + elapsed_us / 20_000));
        }
        if self.now >= self.feedback_at {
            self.feedback_at = self.now + Duration::from_millis(50);
            self.report();
        }
    }

    fn report(&mut self) {
        let Some(&(_, first_us)) = self.arrived.first() else { return };
        let mut builder = TransportFeedbackBuilder::new((self.reported + 1) as u16, first_us);
        for (number, arrival_us) in self.arrived.drain(..) {
            assert!(builder.push(number as u16, arrival_us), "the feedback is full");
            self.reported = number;
        }
        let mut bytes = Vec::new();
        Writer::new(&mut bytes).transport_feedback(1, 2, self.feedback_count, &builder);
        self.feedback_count = self.feedback_count.wrapping_add(1);
        if self.feedback {
            self.returning.push_back((self.now + self.bottleneck.delay, bytes));
        }
    }

    fn take_feedback(&mut self) {
        while self.returning.front().is_some_and(|(at, _)| *at <= self.now) {
            let (_, bytes) = self.returning.pop_front().unwrap();
            for packet in rtcp::read(&bytes) {
                let rtcp::Packet::TransportFeedback(feedback) = packet.unwrap() else { continue };
                self.estimator.handle_feedback(self.now, &feedback);
            }
        }
    }
}

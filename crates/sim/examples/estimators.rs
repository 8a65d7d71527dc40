//! Our bandwidth estimate beside that of str0m, on the same paths with the same pictures.
//!
//! `cargo run --release -p sim --example estimators`

use std::collections::VecDeque;
use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rtp::rtcp;
use sfu::bandwidth::{Config, Estimator, Purpose};
use sfu::feedback::ArrivalLog;
use sfu::pacer::{Class, Pacer, Verdict};
use sfu::prober::Prober;
use str0m::bwe::{Bitrate, BweKind};
use str0m::media::{Direction, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpWrite;
use str0m::{Candidate, Event, Input, Output, Rtc};

/// One end of a connection.
trait End {
    fn handle_tick(&mut self, now: Instant) -> Result<()>;
    fn handle_datagram(&mut self, now: Instant, datagram: &[u8]) -> Result<()>;
    fn poll_datagram(&mut self) -> Option<Vec<u8>>;
    fn send_packet(&mut self, now: Instant, bytes: usize, marker: bool) -> Result<()>;
    fn set_wanted(&mut self, bps: u64);
    fn estimate_bps(&self) -> u64;
    fn is_connected(&self) -> bool;
}

/// The estimator, pacer and prober of crate `sfu`; a datagram is a number and nothing.
struct OurSender {
    estimator: Estimator,
    pacer: Pacer<usize>,
    prober: Prober,
    number: u64,
    ready: VecDeque<Vec<u8>>,
}

struct OurReceiver {
    log: ArrivalLog,
    ready: VecDeque<Vec<u8>>,
}

struct Foreign {
    rtc: Rtc,
    local: SocketAddr,
    remote: SocketAddr,
    mid: Mid,
    sequence: u64,
    begun: Instant,
    connected: bool,
    estimate_bps: u64,
    ready: VecDeque<Vec<u8>>,
}

impl OurSender {
    fn new(now: Instant) -> Self {
        let config = Config { start_bps: START_BPS, ..Config::default() };
        let (estimator, pacer) = (Estimator::new(config, now), Pacer::new(now, 2 * START_BPS));
        Self { estimator, pacer, prober: Prober::new(), number: 0, ready: VecDeque::new() }
    }

    fn transmit(&mut self, now: Instant, bytes: usize, purpose: Purpose) {
        self.number += 1;
        self.estimator.handle_sent(now, self.number, bytes, purpose);
        self.prober.handle_sent(bytes);
        let mut datagram = vec![0; bytes.max(2)];
        datagram[..2].copy_from_slice(&(self.number as u16).to_be_bytes());
        self.ready.push_back(datagram);
    }
}

impl End for OurSender {
    fn handle_tick(&mut self, now: Instant) -> Result<()> {
        if self.estimator.poll_timeout().is_some_and(|due| due <= now) {
            self.estimator.handle_timeout(now);
        }
        if let Some(probe) = self.estimator.poll_probe(now) {
            self.prober.start(now, probe);
        }
        self.pacer.set_rate(now, self.estimator.pace_bps());
        while let Some(bytes) = self.pacer.poll(now) {
            self.transmit(now, bytes, Purpose::Media);
        }
        while let Some(bytes) = self.prober.poll_padding(now) {
            self.pacer.handle_sent(now, bytes);
            self.transmit(now, bytes, Purpose::Padding);
        }
        Ok(())
    }

    fn handle_datagram(&mut self, now: Instant, datagram: &[u8]) -> Result<()> {
        for packet in rtcp::read(datagram).flatten() {
            if let rtcp::Packet::TransportFeedback(feedback) = packet {
                self.estimator.handle_feedback(now, &feedback);
            }
        }
        Ok(())
    }

    fn poll_datagram(&mut self) -> Option<Vec<u8>> {
        self.ready.pop_front()
    }

    fn send_packet(&mut self, now: Instant, bytes: usize, _marker: bool) -> Result<()> {
        let bytes = bytes + HEADER_BYTES;
        if self.pacer.offer(now, Class::Video, bytes, bytes) == Verdict::SendNow {
            self.transmit(now, bytes, Purpose::Media);
        }
        Ok(())
    }

    fn set_wanted(&mut self, bps: u64) {
        self.estimator.set_wanted(bps);
    }

    fn estimate_bps(&self) -> u64 {
        self.estimator.estimate_bps()
    }

    fn is_connected(&self) -> bool {
        true
    }
}

impl End for OurReceiver {
    fn handle_tick(&mut self, now: Instant) -> Result<()> {
        let mut bytes = Vec::new();
        while self.log.poll_feedback(now, 1, 2, &mut bytes) {}
        if !bytes.is_empty() {
            self.ready.push_back(bytes);
        }
        Ok(())
    }

    fn handle_datagram(&mut self, now: Instant, datagram: &[u8]) -> Result<()> {
        let number = datagram.first_chunk().context("ours have a number")?;
        self.log.handle_arrival(now, u16::from_be_bytes(*number), datagram.len());
        Ok(())
    }

    fn poll_datagram(&mut self) -> Option<Vec<u8>> {
        self.ready.pop_front()
    }

    fn send_packet(&mut self, _now: Instant, _bytes: usize, _marker: bool) -> Result<()> {
        Ok(())
    }

    fn set_wanted(&mut self, _bps: u64) {}

    fn estimate_bps(&self) -> u64 {
        0
    }

    fn is_connected(&self) -> bool {
        true
    }
}

impl Foreign {
    /// Two that have exchanged offer and answer.
    fn pair(now: Instant) -> Result<(Self, Self)> {
        let (left, right) = (SocketAddr::from(([10, 0, 0, 1], 1)), SocketAddr::from(([10, 0, 0, 2], 2)));
        let mut sender = Rtc::builder().set_rtp_mode(true).enable_bwe(Some(Bitrate::bps(START_BPS))).build(now);
        let mut receiver = Rtc::builder().set_rtp_mode(true).build(now);
        sender.add_local_candidate(Candidate::host(left, Protocol::Udp)?);
        receiver.add_local_candidate(Candidate::host(right, Protocol::Udp)?);
        let mut change = sender.sdp_api();
        let mid = change.add_media(MediaKind::Video, Direction::SendOnly, None, None, None);
        let (offer, pending) = change.apply().context("there is something to offer")?;
        let answer = receiver.sdp_api().accept_offer(offer)?;
        sender.sdp_api().accept_answer(pending, answer)?;
        Ok((Self::new(sender, left, right, mid, now), Self::new(receiver, right, left, mid, now)))
    }

    fn new(rtc: Rtc, local: SocketAddr, remote: SocketAddr, mid: Mid, begun: Instant) -> Self {
        let estimate_bps = START_BPS;
        Self { rtc, local, remote, mid, sequence: 1_000, begun, connected: false, estimate_bps, ready: VecDeque::new() }
    }

    fn drain(&mut self) -> Result<()> {
        loop {
            match self.rtc.poll_output()? {
                Output::Timeout(_) => return Ok(()),
                Output::Transmit(transmit) => self.ready.push_back(transmit.contents.to_vec()),
                Output::Event(Event::Connected) => self.connected = true,
                Output::Event(Event::EgressBitrateEstimate(BweKind::Twcc { estimate, .. })) => {
                    self.estimate_bps = estimate.as_u64();
                }
                Output::Event(_) => {}
            }
        }
    }
}

impl End for Foreign {
    fn handle_tick(&mut self, now: Instant) -> Result<()> {
        self.rtc.handle_input(Input::Timeout(now))?;
        self.drain()
    }

    fn handle_datagram(&mut self, now: Instant, datagram: &[u8]) -> Result<()> {
        let receive = Receive {
            proto: Protocol::Udp,
            source: self.remote,
            destination: self.local,
            contents: datagram.try_into()?,
        };
        self.rtc.handle_input(Input::Receive(now, receive))?;
        self.drain()
    }

    fn poll_datagram(&mut self) -> Option<Vec<u8>> {
        self.ready.pop_front()
    }

    fn send_packet(&mut self, now: Instant, bytes: usize, marker: bool) -> Result<()> {
        let pt = self.rtc.media(self.mid).context("it was offered")?.remote_pts().first().copied().context("VP8")?;
        let timestamp = ((now - self.begun).as_micros() * 9 / 100) as u32;
        self.sequence += 1;
        let payload: Arc<[u8]> = vec![0x10; bytes].into();
        let write = RtpWrite::new(pt, self.sequence.into(), timestamp, now, payload).marker(marker).nackable(true);
        let mut api = self.rtc.direct_api();
        api.stream_tx_by_mid(self.mid, None).context("it was offered")?.write_rtp(write);
        self.drain()
    }

    fn set_wanted(&mut self, bps: u64) {
        self.rtc.bwe().set_bitrate(Bitrate::ZERO, Bitrate::bps(bps));
    }

    fn estimate_bps(&self) -> u64 {
        self.estimate_bps
    }

    fn is_connected(&self) -> bool {
        self.connected
    }
}

/// A bottleneck; the way back only has the delay.
#[derive(Clone, Copy)]
struct Bottleneck {
    rate_bps: u64,
    queue_bytes: f64,
    jitter: Duration,
    loss: f64,
}

#[derive(Clone, Copy)]
enum Application {
    /// What the estimate allows.
    Elastic,
    /// The highest of 150, 500 and 1,700 kbit/s that fits.
    Layers,
}

struct Case {
    name: &'static str,
    application: Application,
    /// The path, and for how many seconds.
    phases: Vec<(Bottleneck, u64)>,
}

/// What became of one phase.
#[derive(Default)]
struct Outcome {
    delivered_bytes: u64,
    sent: u64,
    lost: u64,
    queues_ms: Vec<f64>,
    /// Seconds until the estimate was between four fifths and six fifths of what is possible.
    reached_s: Option<f64>,
}

struct Run {
    sender: Box<dyn End>,
    receiver: Box<dyn End>,
    now: Instant,
    random: fastrand::Rng,
    busy_until: Instant,
    latest: Instant,
    forth: VecDeque<(Instant, Vec<u8>)>,
    back: VecDeque<(Instant, Vec<u8>)>,
    next_frame: Instant,
}

impl Run {
    fn new(sender: Box<dyn End>, receiver: Box<dyn End>, now: Instant) -> Self {
        Self {
            sender,
            receiver,
            now,
            random: fastrand::Rng::with_seed(7),
            busy_until: now,
            latest: now,
            forth: VecDeque::new(),
            back: VecDeque::new(),
            next_frame: now,
        }
    }

    /// Connects over a perfect path.
    fn connect(&mut self) -> Result<()> {
        let perfect = Bottleneck { rate_bps: 1_000_000_000, queue_bytes: 1e9, jitter: Duration::ZERO, loss: 0.0 };
        while !(self.sender.is_connected() && self.receiver.is_connected()) {
            self.step(&perfect, &mut Outcome::default())?;
        }
        self.next_frame = self.now;
        Ok(())
    }

    fn phase(&mut self, path: &Bottleneck, application: Application, seconds: u64) -> Result<Outcome> {
        let begun = self.now;
        let mut outcome = Outcome::default();
        while self.now - begun < Duration::from_secs(seconds) {
            self.step(path, &mut outcome)?;
            let estimate_bps = self.sender.estimate_bps();
            let possible_bps = match application {
                Application::Elastic => path.rate_bps,
                Application::Layers => path.rate_bps.min(1_700_000),
            };
            let fits = estimate_bps * 10 <= path.rate_bps * 12;
            if outcome.reached_s.is_none() && estimate_bps * 10 >= possible_bps * 8 && fits {
                outcome.reached_s = Some((self.now - begun).as_secs_f64());
            }
            if self.now >= self.next_frame {
                self.next_frame += Duration::from_millis(33);
                self.send_frame(application, estimate_bps)?;
            }
        }
        Ok(outcome)
    }

    fn send_frame(&mut self, application: Application, estimate_bps: u64) -> Result<()> {
        let (rate_bps, wanted_bps) = match application {
            Application::Elastic => (estimate_bps, 20_000_000),
            Application::Layers => {
                let fitting = [150_000, 500_000, 1_700_000].into_iter().filter(|bps| *bps <= estimate_bps).max();
                (fitting.unwrap_or(0), 1_700_000)
            }
        };
        self.sender.set_wanted(wanted_bps);
        let mut left = (rate_bps as f64 / 8.0 * 0.033 * (0.7 + 0.6 * self.random.f64())) as usize;
        while left > 0 {
            let bytes = left.min(1_100);
            left -= bytes;
            self.sender.send_packet(self.now, bytes, left == 0)?;
        }
        Ok(())
    }

    fn step(&mut self, path: &Bottleneck, outcome: &mut Outcome) -> Result<()> {
        self.now += Duration::from_millis(1);
        let now = self.now;
        while self.forth.front().is_some_and(|(at, _)| *at <= now) {
            let Some((at, datagram)) = self.forth.pop_front() else { break };
            self.receiver.handle_datagram(at.max(now - Duration::from_millis(1)), &datagram)?;
        }
        while self.back.front().is_some_and(|(at, _)| *at <= now) {
            let Some((_, datagram)) = self.back.pop_front() else { break };
            self.sender.handle_datagram(now, &datagram)?;
        }
        self.sender.handle_tick(now)?;
        self.receiver.handle_tick(now)?;
        while let Some(datagram) = self.receiver.poll_datagram() {
            self.back.push_back((now + DELAY, datagram));
        }
        while let Some(datagram) = self.sender.poll_datagram() {
            self.transmit(path, datagram, outcome);
        }
        Ok(())
    }

    fn transmit(&mut self, path: &Bottleneck, datagram: Vec<u8>, outcome: &mut Outcome) {
        let begin = self.busy_until.max(self.now);
        let waiting = begin - self.now;
        outcome.sent += 1;
        if waiting.as_secs_f64() * path.rate_bps as f64 / 8.0 + datagram.len() as f64 > path.queue_bytes {
            outcome.lost += 1;
            return;
        }
        outcome.queues_ms.push(waiting.as_secs_f64() * 1_000.0);
        self.busy_until = begin + Duration::from_secs_f64(datagram.len() as f64 * 8.0 / path.rate_bps as f64);
        if self.random.f64() < path.loss {
            return;
        }
        outcome.delivered_bytes += datagram.len() as u64;
        let jitter = path.jitter.mul_f64(self.random.f64());
        self.latest = self.latest.max(self.busy_until + DELAY + jitter);
        self.forth.push_back((self.latest, datagram));
    }
}

fn cases() -> Vec<Case> {
    let path = |rate_bps| Bottleneck { rate_bps, queue_bytes: 100_000.0, jitter: Duration::ZERO, loss: 0.0 };
    let one = |name, application, path| Case { name, application, phases: vec![(path, 60)] };
    let three = Bottleneck { ..path(3_000_000) };
    vec![
        one("3 Mbit/s", Application::Elastic, three),
        one("12 Mbit/s", Application::Elastic, path(12_000_000)),
        one("3 Mbit/s, 5 % loss", Application::Elastic, Bottleneck { loss: 0.05, ..three }),
        one("3 Mbit/s, 30 ms jitter", Application::Elastic, Bottleneck { jitter: Duration::from_millis(30), ..three }),
        one("1 Mbit/s, queue of 6 kB", Application::Elastic, Bottleneck { queue_bytes: 6e3, ..path(1_000_000) }),
        one("150 kbit/s", Application::Elastic, path(150_000)),
        Case {
            name: "3 to 0.5 to 3 Mbit/s",
            application: Application::Elastic,
            phases: vec![(three, 20), (path(500_000), 20), (three, 20)],
        },
        Case {
            name: "layers: 10 to 0.4 to 10 Mbit/s",
            application: Application::Layers,
            phases: vec![(path(10_000_000), 20), (path(400_000), 30), (path(10_000_000), 20)],
        },
    ]
}

fn main() -> Result<()> {
    str0m::crypto::from_feature_flags().install_process_default();
    let mut output = std::io::stdout().lock();
    writeln!(
        output,
        "| path | seconds | ours: kbit/s, lost, queue p95, right after | str0m: the same |\n|---|---|---|---|"
    )?;
    #[expect(clippy::disallowed_methods, reason = "an Instant has no other origin")]
    let now = Instant::now();
    for case in cases() {
        let receiver = OurReceiver { log: ArrivalLog::new(now), ready: VecDeque::new() };
        let mut ours = Run::new(Box::new(OurSender::new(now)), Box::new(receiver), now);
        let (sender, receiver) = Foreign::pair(now)?;
        let mut theirs = Run::new(Box::new(sender), Box::new(receiver), now);
        ours.connect()?;
        theirs.connect()?;
        for (path, seconds) in &case.phases {
            let one = ours.phase(path, case.application, *seconds)?.describe(*seconds);
            let other = theirs.phase(path, case.application, *seconds)?.describe(*seconds);
            writeln!(output, "| {} | {seconds} at {} kbit/s | {one} | {other} |", case.name, path.rate_bps / 1_000)?;
        }
    }
    Ok(())
}

impl Outcome {
    fn describe(mut self, seconds: u64) -> String {
        self.queues_ms.sort_by(f64::total_cmp);
        let p95_ms = self.queues_ms.get(self.queues_ms.len() * 95 / 100).copied().unwrap_or(0.0);
        let lost = self.lost as f64 * 100.0 / self.sent.max(1) as f64;
        let reached = self.reached_s.map_or_else(|| "never".to_owned(), |s| format!("{s:.1} s"));
        format!("{}, {lost:.1} %, {p95_ms:.0} ms, {reached}", self.delivered_bytes * 8 / seconds / 1_000)
    }
}

/// Where both begin.
const START_BPS: u64 = 600_000;

/// Each way.
const DELAY: Duration = Duration::from_millis(25);

/// RTP header, extensions, tag.
const HEADER_BYTES: usize = 38;

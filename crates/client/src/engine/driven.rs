//! One peer connection in the hands of an engine.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use mio::{Registry, Token};
use str0m::media::{MediaData, MediaKind};
use str0m::net::Receive;
use str0m::rtp::RtpPacket;
use str0m::{Event, Input, Output};

use crate::data::{DataFigures, DataSource};
use crate::files::Recording;
use crate::meter::{Arrival, Figures, Meter};
use crate::peer::Peer;
use crate::publication::Publication;
use crate::receipt::Receipt;
use crate::{Clock, Codec, Histogram};

use super::lanes::Lanes;

/// A peer connection and what it is to do.
#[derive(Debug)]
pub struct Setup {
    /// Negotiated.
    pub peer: Peer,
    /// What it sends.
    pub publications: Vec<Publication>,
    /// What it says on a data channel; the peer must have some.
    pub data: Option<DataSource>,
    /// Of a million datagrams that come, so many are dropped before anybody sees them.
    pub loss_ppm: u32,
    /// Where to write what comes, in the mode of whole frames.
    pub record_into: Option<PathBuf>,
    /// When the whole undertaking began: joins and first frames count from there.
    pub began: Instant,
}

/// What a peer connection came to.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// From the beginning to the connection.
    pub connected_after: Option<Duration>,
    /// From the beginning to the first frame of every stream that came.
    pub first_frame_after: Option<Duration>,
    /// What came, of all streams together.
    pub audio: Figures,
    /// What came, of all streams together.
    pub video: Figures,
    /// What was said and heard on data channels.
    pub data: DataFigures,
    /// Packets sent since the last reset.
    pub sent: u64,
    /// How late each packet of a pattern left, in microseconds after the time at which its frame was due.
    pub lateness: Histogram,
    /// Whether it is lost.
    pub lost: bool,
    /// Frames written into files.
    pub recorded: u64,
    /// Whether all that was to be sent is sent.
    pub ended: bool,
}

pub(super) struct Driven {
    setup: Setup,
    /// When it must be driven at the latest.
    pub(super) deadline: Instant,
    /// When it stands in the engine's timers.
    pub(super) queued: Instant,
    connected: Option<Instant>,
    meters: BTreeMap<u32, (MediaKind, Meter)>,
    recordings: BTreeMap<String, Recording>,
    lanes: Lanes,
    sent_before: u64,
    lost: bool,
    dice: Dice,
    /// How long the datagram at hand had waited to be read.
    waited: Duration,
}

impl Driven {
    pub(super) fn new(mut setup: Setup, now: Instant) -> Self {
        Self {
            lanes: Lanes::new(setup.data.take()),
            dice: Dice { state: u64::from(setup.peer.wire.local.port()) | 1 << 32 },
            setup,
            deadline: now,
            queued: now,
            connected: None,
            meters: BTreeMap::new(),
            recordings: BTreeMap::new(),
            sent_before: 0,
            lost: false,
            waited: Duration::ZERO,
        }
    }

    /// Has `registry` tell when there is something to do.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        self.setup.peer.wire.register(registry, token)
    }

    /// Takes everything that has come, and sends what could not be sent before.
    pub(super) fn receive(&mut self, clock: Clock, run: u32) {
        let (protocol, destination) = (self.setup.peer.wire.protocol(), self.setup.peer.wire.local);
        self.setup.peer.wire.flush();
        loop {
            match self.setup.peer.wire.receive() {
                Ok(Receipt { bytes, source, waited }) => {
                    if self.dice.is_unlucky(self.setup.loss_ppm) {
                        continue;
                    }
                    let now = clock.now();
                    self.waited = waited;
                    let Ok(receive) = Receive::new(protocol, source, destination, bytes) else { continue };
                    let input = Input::Receive(now, receive);
                    // Datagrams of others are not for this engine; a broken one is dropped by it.
                    if self.setup.peer.rtc.accepts(&input) {
                        let _ = self.setup.peer.rtc.handle_input(input);
                        self.drain(clock, run, now);
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // A port or a connection that is not there any more: the timers find out.
                Err(_) => {}
            }
        }
    }

    /// Sends what is due and lets the engine's time pass.
    pub(super) fn handle_timeout(&mut self, clock: Clock, run: u32) {
        let now = clock.now();
        let _ = self.setup.peer.rtc.handle_input(Input::Timeout(now));
        self.drain(clock, run, now);
        if self.connected.is_some() {
            for index in 0..self.setup.publications.len() {
                self.publish(index, clock, run, now);
            }
            self.say(clock, run, now);
        }
    }

    /// Sends what is due of a publication, one packet after the other.
    fn publish(&mut self, index: usize, clock: Clock, run: u32, now: Instant) {
        loop {
            let Some(publication) = self.setup.publications.get_mut(index) else { return };
            if !publication.send_next(&mut self.setup.peer, clock, now) {
                return;
            }
            let sent_at = clock.now();
            let _ = self.setup.peer.rtc.handle_input(Input::Timeout(sent_at));
            self.drain(clock, run, sent_at);
        }
    }

    /// Says what is due on the data channel.
    fn say(&mut self, clock: Clock, run: u32, now: Instant) {
        if self.lanes.next_at().is_some_and(|at| at <= now) {
            self.lanes.say_due(&mut self.setup.peer.rtc, now, clock.micros(now));
            self.drain(clock, run, now);
        }
    }

    pub(super) fn close(&mut self, clock: Clock, run: u32) {
        let _ = self.setup.peer.rtc.close();
        self.drain(clock, run, clock.now());
        for recording in self.recordings.values_mut() {
            if let Err(error) = recording.finish() {
                tracing::warn!(%error);
            }
        }
    }

    pub(super) fn activate(&mut self, mid: &str, rid: &str, active: bool) {
        for publication in &mut self.setup.publications {
            if *publication.mid == *mid && publication.rid.is_some_and(|own| *own == *rid) {
                publication.active = active;
            }
        }
    }

    pub(super) fn reset(&mut self, now: Instant) {
        self.sent_before = self.sent();
        for (_, meter) in self.meters.values_mut() {
            meter.reset(now);
        }
        self.lanes.reset();
        self.setup.publications.iter_mut().for_each(|publication| publication.lateness = Histogram::default());
    }

    pub(super) fn outcome(&self, now: Instant) -> Outcome {
        let since = |at: Instant| at.saturating_duration_since(self.setup.began);
        let mut outcome = Outcome {
            connected_after: self.connected.map(since),
            data: self.lanes.figures().clone(),
            sent: self.sent() - self.sent_before,
            lost: self.lost,
            recorded: self.recordings.values().map(|recording| recording.frames).sum(),
            ended: !self.setup.publications.is_empty()
                && self.setup.publications.iter().all(|publication| publication.next_at().is_none()),
            ..Outcome::default()
        };
        self.setup.publications.iter().for_each(|publication| outcome.lateness.merge(&publication.lateness));
        let mut first_frame = None;
        for (kind, meter) in self.meters.values() {
            let figures = meter.figures(now);
            first_frame = first_frame.max(figures.first_frame);
            let total = if kind.is_video() { &mut outcome.video } else { &mut outcome.audio };
            total.merge(&figures);
        }
        outcome.first_frame_after = first_frame.map(since);
        outcome
    }

    fn sent(&self) -> u64 {
        self.setup.publications.iter().map(|publication| publication.place).sum()
    }

    /// Takes everything out of the engine and finds its next deadline.
    fn drain(&mut self, clock: Clock, run: u32, now: Instant) {
        loop {
            match self.setup.peer.rtc.poll_output() {
                Ok(Output::Timeout(at)) => {
                    self.deadline = at;
                    break;
                }
                Ok(Output::Transmit(transmit)) => {
                    self.setup.peer.wire.send(transmit.destination, &transmit.contents);
                }
                Ok(Output::Event(event)) => self.handle_event(event, clock, run, now),
                Err(error) => {
                    tracing::debug!(%error, "the engine gave up");
                    self.lost = true;
                    self.deadline = now + GIVEN_UP;
                    return;
                }
            }
        }
        self.setup.peer.wire.flush();
        if self.connected.is_some() {
            let due = self.setup.publications.iter().filter_map(Publication::next_at).chain(self.lanes.next_at()).min();
            self.deadline = due.map_or(self.deadline, |due| self.deadline.min(due));
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the engine has many events and gets more")]
    fn handle_event(&mut self, event: Event, clock: Clock, run: u32, now: Instant) {
        match event {
            Event::RtpPacket(packet) => self.meter(&packet, clock, run, now),
            Event::MediaData(data) => self.record(&data, now),
            Event::Connected => self.connected = Some(now),
            Event::ChannelOpen(channel, label) => self.lanes.handle_open(channel, &label),
            Event::ChannelClose(channel) => self.lanes.handle_close(channel),
            Event::ChannelData(message) => self.lanes.handle_message(&message.data, self.came_us(clock, now), run),
            Event::KeyframeRequest(request) => {
                let asked = |own: &&mut Publication| own.mid == request.mid && own.rid == request.rid;
                self.setup.publications.iter_mut().filter(asked).for_each(Publication::request_key_frame);
            }
            Event::Closed => self.lost = true,
            Event::IceConnectionStateChange(state) => self.lost = state.is_disconnected(),
            _ => {}
        }
    }

    /// When what is at hand came, on the clock of the stamps.
    fn came_us(&self, clock: Clock, now: Instant) -> u64 {
        clock.micros(now.checked_sub(self.waited).unwrap_or(now))
    }

    fn meter(&mut self, packet: &RtpPacket, clock: Clock, run: u32, now: Instant) {
        let ssrc = *packet.header.ssrc;
        let now_us = self.came_us(clock, now);
        let full = self.meters.len() >= STREAMS_MAX;
        let meter = match self.meters.entry(ssrc) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(_) if full => return,
            std::collections::btree_map::Entry::Vacant(entry) => {
                let codec = self.setup.peer.codec(packet.header.payload_type);
                let video = codec.is_none_or(Codec::is_video);
                entry.insert((if video { MediaKind::Video } else { MediaKind::Audio }, Meter::new(codec)))
            }
        };
        let arrival = Arrival {
            now,
            now_us,
            sequence_number: packet.header.sequence_number,
            marker: packet.header.marker,
            payload: &packet.payload,
        };
        meter.1.packet(arrival, run);
    }

    /// Counts a frame, and writes it where that is wished.
    fn record(&mut self, data: &MediaData, now: Instant) {
        let kind = if data.params.spec().codec.is_audio() { MediaKind::Audio } else { MediaKind::Video };
        let key = data.mid.bytes().fold(0_u32, |key, byte| key.wrapping_mul(31).wrapping_add(u32::from(byte)));
        let (_, meter) = self.meters.entry(key).or_insert_with(|| (kind, Meter::new(None)));
        meter.frame(now, &data.data);
        let Some(folder) = self.setup.record_into.clone() else { return };
        let stem = data.mid.to_string();
        if !self.recordings.contains_key(&stem) {
            match Recording::create(&folder, &stem, data) {
                Ok(recording) => {
                    self.recordings.insert(stem.clone(), recording);
                }
                Err(error) => {
                    tracing::warn!(%error);
                    self.setup.record_into = None;
                    return;
                }
            }
        }
        if let Some(Err(error)) = self.recordings.get_mut(&stem).map(|recording| recording.write(data)) {
            tracing::warn!(%error);
            self.setup.record_into = None;
        }
    }
}

/// A linear congruential generator: the same losses in each run.
struct Dice {
    state: u64,
}

impl Dice {
    /// Whether one of so many in a million is lost.
    fn is_unlucky(&mut self, loss_ppm: u32) -> bool {
        if loss_ppm == 0 {
            return false;
        }
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) % 1_000_000 < u64::from(loss_ppm)
    }
}

impl Outcome {
    /// Counts both together; times are the longer ones.
    pub fn merge(&mut self, other: &Self) {
        self.connected_after = self.connected_after.max(other.connected_after);
        self.first_frame_after = self.first_frame_after.max(other.first_frame_after);
        self.audio.merge(&other.audio);
        self.video.merge(&other.video);
        self.data.merge(&other.data);
        self.sent += other.sent;
        self.lateness.merge(&other.lateness);
        self.recorded += other.recorded;
    }
}

/// Streams of one peer connection that are counted.
const STREAMS_MAX: usize = 1024;

/// An engine that gave up needs nothing more.
const GIVEN_UP: Duration = Duration::from_secs(3600);

//! One member: a camera and a microphone, slots to watch and hear the others, and the RTCP of a browser.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rtp::parameters::ExtensionIds;
use rtp::rtcp::{self, ReportBlock, SenderInfo, Writer};
use rtp::{Packet, extension::Extensions};
use sfu::feedback::ArrivalLog;

use crate::seed::Seed;

use super::camera::{Camera, Film};
use super::microphone::{Microphone, Sound};
use super::screen::{Screen, Seen};
use super::uplink::{TICK, Uplink};
use super::wire;

/// One member of the meeting.
#[derive(Debug)]
pub(super) struct Member {
    begun: Instant,
    uplink: Uplink,
    camera: Option<Camera>,
    microphone: Option<Microphone>,
    screens: Vec<Screen>,
    ears: Vec<Heard>,
    /// Reception per SSRC, for reports.
    receptions: BTreeMap<u32, Reception>,
    arrivals: ArrivalLog,
    next_report: Instant,
    round_trip: Duration,
    /// Datagrams of RTCP for the link.
    control: Vec<Vec<u8>>,
    pub(super) received_bytes: u64,
}

/// What a member heard in an audio slot.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heard {
    /// Packets of sound.
    pub packets: u64,
    /// Packets that were missing between two that came from the same member.
    pub missing: u64,
    /// Sound that came later than this is of no use: those that took longer than 400 ms.
    pub late: u64,
    /// Who was heard last.
    pub publisher: Option<u32>,
    last_number: u32,
}

/// RFC 3550 §6.4.1.
#[derive(Debug, Default)]
struct Reception {
    unwrapper: rtp::sequence::SequenceUnwrapper,
    first: Option<u64>,
    received: u64,
    expected_before: u64,
    received_before: u64,
    sender_report: Option<(u32, Instant)>,
}

/// What a member publishes and has room for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Equipment {
    pub(super) camera: Option<Film>,
    pub(super) microphone: bool,
    pub(super) video_slots: usize,
    pub(super) audio_slots: usize,
    /// Which of its connections this is, from 0.
    pub(super) connection: u32,
}

impl Member {
    pub(super) fn new(now: Instant, begun: Instant, id: u32, seed: Seed, equipment: Equipment) -> Self {
        let mut uplink = Uplink::new(now, matches!(equipment.camera, Some(Film::Adapting { .. })));
        let which = match equipment.connection {
            0 => id.to_string(),
            again => format!("{id} again {again}"),
        };
        let generator = |what: &str| seed.generator(&format!("{what} {which}"));
        let microphone =
            equipment.microphone.then(|| Microphone::new(now, begun, id, generator("microphone"), &mut uplink));
        let camera = equipment.camera.map(|film| Camera::new(now, begun, (id, film), generator("camera"), &mut uplink));
        Self {
            begun,
            uplink,
            camera,
            microphone,
            screens: (0..equipment.video_slots).map(|_| Screen::new()).collect(),
            ears: vec![Heard::default(); equipment.audio_slots],
            receptions: BTreeMap::new(),
            arrivals: ArrivalLog::new(now),
            next_report: now + generator("report").up_to(REPORT_INTERVAL),
            round_trip: ROUND_TRIP_START,
            control: Vec::new(),
            received_bytes: 0,
        }
    }

    pub(super) fn set_speaking(&mut self, now: Instant, speaking: bool) {
        if let Some(microphone) = &mut self.microphone {
            microphone.set_speaking(now, speaking);
        }
    }

    pub(super) fn is_speaking(&self) -> bool {
        self.microphone.as_ref().is_some_and(|microphone| microphone.speaking)
    }

    /// Packets of all its streams.
    pub(super) fn sent_packets(&self) -> u64 {
        let microphone = self.microphone.iter().map(|microphone| microphone.ssrc);
        let streams = microphone.chain(self.camera.iter().flat_map(Camera::streams));
        streams.map(|ssrc| u64::from(self.uplink.counts(ssrc).0)).sum()
    }

    /// Which layers the server wants.
    pub(super) fn layers_on(&self) -> Vec<bool> {
        self.camera.as_ref().map(Camera::layers_on).unwrap_or_default()
    }

    pub(super) fn set_layers(&mut self, layers: &[(String, bool)]) {
        if let Some(camera) = &mut self.camera {
            camera.set_layers(layers);
        }
    }

    pub(super) fn seen(&self, slot: usize) -> Option<&Seen> {
        self.screens.get(slot).map(|screen| &screen.seen)
    }

    pub(super) fn uplink_bps(&self) -> u64 {
        self.uplink.estimate_bps()
    }

    pub(super) fn heard(&self) -> &[Heard] {
        &self.ears
    }

    /// From here on freezes count anew.
    pub(super) fn forget_the_past(&mut self) {
        for screen in &mut self.screens {
            let seen = &mut screen.seen;
            (seen.longest_freeze, seen.longest_delay, seen.longest_start) = Default::default();
        }
        for ear in &mut self.ears {
            (ear.packets, ear.missing, ear.late) = (0, 0, 0);
        }
    }

    /// Something else is to be shown in a slot.
    pub(super) fn expect(&mut self, now: Instant, slot: usize) {
        if let Some(screen) = self.screens.get_mut(slot) {
            screen.expect(now);
        }
    }

    /// Does what is due; then drain [`Self::poll_datagrams`].
    pub(super) fn handle_tick(&mut self, now: Instant) {
        while let Some(microphone) = self.microphone.as_mut().filter(|microphone| microphone.next_packet <= now) {
            microphone.handle_packet(&mut self.uplink);
        }
        while let Some(camera) = self.camera.as_mut().filter(|camera| camera.next_frame <= now) {
            camera.handle_frame(now, &mut self.uplink);
        }
        self.uplink.handle_tick(now);
        self.request(now);
        let mut feedback = Vec::new();
        while self.arrivals.poll_feedback(now, OWN_SSRC, 0, &mut feedback) {}
        if !feedback.is_empty() {
            self.control.push(feedback);
        }
        if now >= self.next_report {
            self.next_report += REPORT_INTERVAL;
            self.report(now);
        }
    }

    /// RTP and RTCP for the uplink, each with whether it is RTCP.
    pub(super) fn poll_datagrams(&mut self, mut take: impl FnMut(bool, Vec<u8>)) {
        while let Some(datagram) = self.uplink.poll_datagram() {
            take(false, datagram);
        }
        self.control.drain(..).for_each(|datagram| take(true, datagram));
    }

    /// RTP from the server.
    pub(super) fn handle_rtp(&mut self, now: Instant, datagram: &[u8]) {
        let Ok(packet) = Packet::parse(datagram) else { return };
        self.received_bytes += datagram.len() as u64;
        let ids: &ExtensionIds = &wire::EXTENSIONS;
        if let Some(number) = Extensions::read(&packet, ids).transport_sequence {
            self.arrivals.handle_arrival(now, number, datagram.len());
        }
        let ssrc = packet.ssrc();
        for (slot, screen) in self.screens.iter_mut().enumerate() {
            let media = wire::video_ssrc(slot);
            if ssrc == media {
                self.receptions.entry(ssrc).or_default().handle(packet.sequence_number());
                return screen.handle_packet(now, self.begun, &packet);
            }
            if ssrc == media + 1 {
                return screen.handle_retransmission(now, self.begun, &packet);
            }
        }
        for (slot, ear) in self.ears.iter_mut().enumerate() {
            if ssrc == wire::audio_ssrc(slot) {
                self.receptions.entry(ssrc).or_default().handle(packet.sequence_number());
                ear.handle_packet(now.saturating_duration_since(self.begun), packet.payload());
            }
        }
    }

    /// RTCP from the server.
    pub(super) fn handle_rtcp(&mut self, now: Instant, compound: &[u8]) {
        for packet in rtcp::read(compound).flatten() {
            match packet {
                rtcp::Packet::TransportFeedback(feedback) => self.uplink.estimator().handle_feedback(now, &feedback),
                rtcp::Packet::Nack(nack) => {
                    for lost in nack.lost() {
                        self.uplink.retransmit(now, nack.media_ssrc, lost);
                    }
                }
                rtcp::Packet::PictureLossIndication(pli) => self.request_key_frame(pli.media_ssrc),
                rtcp::Packet::FullIntraRequest(fir) => {
                    fir.requests().for_each(|(ssrc, _)| self.request_key_frame(ssrc));
                }
                rtcp::Packet::SenderReport(report) => {
                    let middle = (report.info.ntp >> 16) as u32;
                    self.receptions.entry(report.info.ssrc).or_default().sender_report = Some((middle, now));
                }
                rtcp::Packet::Remb(remb) => self.uplink.estimator().handle_remb(now, remb.bitrate_bps),
                rtcp::Packet::ReceiverReport(_)
                | rtcp::Packet::SourceDescription(_)
                | rtcp::Packet::Goodbye(_)
                | rtcp::Packet::CongestionFeedback(_)
                | rtcp::Packet::Other { .. } => {}
            }
        }
    }

    /// The round trip of the access link, which a browser learns by and by.
    pub(super) fn set_round_trip(&mut self, round_trip: Duration) {
        self.round_trip = round_trip;
    }

    fn request_key_frame(&mut self, ssrc: u32) {
        if let Some(camera) = &mut self.camera {
            camera.request_key_frame(ssrc);
        }
    }

    fn request(&mut self, now: Instant) {
        for (slot, screen) in self.screens.iter_mut().enumerate() {
            let (lost, asks_key) = screen.poll_requests(now, self.begun, self.round_trip);
            if lost.is_empty() && !asks_key {
                continue;
            }
            let mut bytes = Vec::new();
            let mut writer = Writer::new(&mut bytes);
            if !lost.is_empty() {
                writer.nack(OWN_SSRC, wire::video_ssrc(slot), &lost);
            }
            if asks_key {
                writer.picture_loss_indication(OWN_SSRC, wire::video_ssrc(slot));
            }
            self.control.push(bytes);
        }
    }

    fn report(&mut self, now: Instant) {
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes);
        let ntp = ntp(now.saturating_duration_since(self.begun));
        if let Some(microphone) = &self.microphone {
            let (packets, octets) = self.uplink.counts(microphone.ssrc);
            let timestamp = microphone.timestamp(now);
            writer.sender_report(&SenderInfo { ssrc: microphone.ssrc, ntp, timestamp, packets, octets }, &[]);
        }
        if let Some(camera) = &self.camera {
            for ssrc in camera.streams() {
                let (packets, octets) = self.uplink.counts(ssrc);
                let timestamp = camera.timestamp(now);
                writer.sender_report(&SenderInfo { ssrc, ntp, timestamp, packets, octets }, &[]);
            }
        }
        let blocks: Vec<ReportBlock> =
            self.receptions.iter_mut().filter_map(|(ssrc, reception)| reception.report(now, *ssrc)).collect();
        for blocks in blocks.chunks(31) {
            writer.receiver_report(OWN_SSRC, blocks);
        }
        if !bytes.is_empty() {
            self.control.push(bytes);
        }
    }
}

impl Heard {
    fn handle_packet(&mut self, elapsed: Duration, payload: &[u8]) {
        let Some(sound) = Sound::read(payload) else { return };
        if self.publisher == Some(sound.publisher) && sound.number > self.last_number {
            self.missing += u64::from(sound.number - self.last_number - 1);
        }
        self.packets += 1;
        self.late += u64::from(elapsed.saturating_sub(sound.recorded) > LATE);
        self.publisher = Some(sound.publisher);
        self.last_number = sound.number;
    }
}

impl Reception {
    fn handle(&mut self, sequence: u16) {
        let number = self.unwrapper.unwrap(sequence);
        self.first.get_or_insert(number);
        self.received += 1;
    }

    /// RFC 3550 §A.3.
    fn report(&mut self, now: Instant, ssrc: u32) -> Option<ReportBlock> {
        let (first, highest) = (self.first?, self.unwrapper.highest()?);
        let expected = highest - first + 1;
        let (expected_now, received_now) = (expected - self.expected_before, self.received - self.received_before);
        (self.expected_before, self.received_before) = (expected, self.received);
        let lost = expected_now.saturating_sub(received_now);
        let (last_sender_report, delay) =
            self.sender_report.map_or((0, 0), |(middle, at)| (middle, ((now - at).as_secs_f64() * 65_536.0) as u32));
        Some(ReportBlock {
            ssrc,
            fraction_lost: (lost * 256 / expected_now.max(1)).min(255) as u8,
            cumulative_lost: expected.saturating_sub(self.received) as i32,
            highest_sequence: highest as u32,
            jitter: 0,
            last_sender_report,
            delay_since_last: delay,
        })
    }
}

/// Any time will do, as long as it runs.
fn ntp(elapsed: Duration) -> u64 {
    let seconds = 3_900_000_000 + elapsed.as_secs();
    (seconds << 32) | ((u64::from(elapsed.subsec_nanos()) << 32) / 1_000_000_000)
}

/// The SSRC of a member's RTCP.
const OWN_SSRC: u32 = 1;

const REPORT_INTERVAL: Duration = Duration::from_millis(1_000);

/// Until it is known.
const ROUND_TRIP_START: Duration = Duration::from_millis(100);

/// Sound that is older when it comes is not played.
const LATE: Duration = Duration::from_millis(400);

const _: () = assert!(TICK.as_millis() < 20, "sound has to leave in time");

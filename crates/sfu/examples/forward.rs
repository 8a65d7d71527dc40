//! What the router alone costs per forwarded packet: `cargo run --release -p sfu --example forward`.
//!
//! One publisher of VP8 with 1,100 bytes of payload, and subscribers with transport-wide numbers, NACK and RTX. The sink copies the packet,
//! as one that encrypts does. No sockets, no cipher.

use std::hint::black_box;
use std::time::{Duration, Instant};

use rtp::parameters::{
    AnnouncedSsrc, Codec, CodecName, ExtensionIds, Feedback, Kind, Mid, ReceiveParameters, SendParameters,
};
use rtp::rtcp::{ReportBlock, TransportFeedbackBuilder, Writer};
use rtp::{Element, Extensions, Header, Packet};
use sfu::{Config, PeerId, Priority, Router, Sink, Source, TrackId, Wish};

#[expect(clippy::disallowed_methods, clippy::print_stdout, reason = "it measures and tells")]
fn main() {
    for subscribers in [1, 20, 60, 200] {
        let mut room = Room::new(subscribers, Instant::now());
        for _ in 0..5_000 {
            room.packet();
        }
        let before = room.sink.packets;
        let start = Instant::now();
        for _ in 0..PACKETS {
            room.packet();
        }
        let spent = start.elapsed();
        let forwarded = room.sink.packets - before;
        let each = spent.as_nanos() as f64 / forwarded as f64;
        println!("1 to {subscribers}: {forwarded} packets, {each:.0} ns each, timers and feedback included");
    }
}

struct Room {
    router: Router,
    now: Instant,
    sink: Copies,
    number: u16,
    subscribers: u32,
}

/// Copies each packet and remembers the transport-wide numbers of the first subscriber.
#[derive(Default)]
struct Copies {
    buffer: Vec<u8>,
    packets: u64,
    /// With the time in microseconds since the beginning.
    arrived: Vec<(u16, i64)>,
    now_us: i64,
}

impl Sink for Copies {
    fn send_rtp(&mut self, to: PeerId, index: u64, header: &[u8], head: &[u8], payload: &[u8]) {
        self.buffer.clear();
        self.buffer.extend_from_slice(header);
        self.buffer.extend_from_slice(head);
        self.buffer.extend_from_slice(payload);
        black_box((index, &self.buffer));
        self.packets += 1;
        if to == PeerId(1)
            && let Ok(packet) = Packet::parse(&self.buffer)
        {
            let number = Extensions::read(&packet, &EXTENSIONS).transport_sequence;
            self.arrived.extend(number.map(|number| (number, self.now_us)));
        }
    }

    fn send_rtcp(&mut self, _to: PeerId, compound: &[u8]) {
        black_box(compound);
    }
}

impl Room {
    fn new(subscribers: u32, now: Instant) -> Self {
        let mut router = Router::new(Config::default(), [1; 32], now);
        let camera = TrackId { peer: PeerId(0), source: Source::Camera };
        router.handle_join(now, camera.peer);
        let announced = AnnouncedSsrc { media: 1_000, rtx: Some(1_001) };
        let published = ReceiveParameters {
            mid: mid("0"),
            kind: Kind::Video,
            codecs: [vp8()].into(),
            extensions: EXTENSIONS,
            rids: Vec::new(),
            ssrcs: vec![announced],
            encrypted: false,
        };
        router.handle_publish(now, camera, published);
        for peer in (1..=subscribers).map(PeerId) {
            router.handle_join(now, peer);
            let (ssrc, rtx_ssrc) = (peer.0 * 2 + 10_000, peer.0 * 2 + 10_001);
            let slot = SendParameters {
                mid: mid("v"),
                kind: Kind::Video,
                codecs: [vp8()].into(),
                extensions: EXTENSIONS,
                ssrc,
                rtx_ssrc,
            };
            router.handle_slots(now, peer, vec![slot]);
            let wish = Wish {
                mid: mid("v"),
                track: Some(camera),
                width_px: 1_280,
                height_px: 720,
                layer_max: None,
                priority: Priority::Normal,
                paused: false,
            };
            router.handle_wish(now, peer, wish);
        }
        let mut room = Self { router, now, sink: Copies::default(), number: 0, subscribers };
        room.report();
        room
    }

    /// One packet of a frame of three, 500 a second.
    fn packet(&mut self) {
        self.now += Duration::from_millis(2);
        self.sink.now_us += 2_000;
        if self.router.poll_timeout().is_some_and(|due| due <= self.now) {
            self.router.handle_timeout(self.now, &mut self.sink);
            while self.router.poll_output().is_some() {}
        }
        self.number = self.number.wrapping_add(1);
        let frame = self.number / 3;
        let starts = self.number.is_multiple_of(3);
        let mut payload = [0xaa; 1_100];
        let [high, low] = (frame | 0x8000).to_be_bytes();
        let start = if starts { 0x90 } else { 0x80 };
        let is_key = u8::from(!frame.is_multiple_of(50));
        payload[..7].copy_from_slice(&[start, 0xe0, high, low, frame as u8, 0, is_key]);
        let header = Header {
            payload_type: 96,
            marker: self.number % 3 == 2,
            sequence_number: self.number,
            timestamp: u32::from(frame) * 540,
            ssrc: 1_000,
        };
        let number = self.number.to_be_bytes();
        let elements = [Element { id: 6, data: &number }];
        let mut packet = [0; 1_300];
        let Some(length) = header.write(&mut packet, &elements) else { return };
        packet[length..length + payload.len()].copy_from_slice(&payload);
        self.router.handle_rtp(self.now, PeerId(0), &packet[..length + payload.len()], &mut self.sink);
        if self.number.is_multiple_of(32) {
            self.feedback();
        }
        if self.number.is_multiple_of(512) {
            self.report();
        }
    }

    /// What all subscribers say about the packets since the last time.
    fn feedback(&mut self) {
        let arrived = std::mem::take(&mut self.sink.arrived);
        let Some((first, first_us)) = arrived.first().copied() else { return };
        let mut builder = TransportFeedbackBuilder::new(first, first_us);
        for (number, arrived_us) in arrived {
            builder.push(number, arrived_us);
        }
        let mut bytes = Vec::new();
        Writer::new(&mut bytes).transport_feedback(9, 9, 0, &builder);
        for peer in (1..=self.subscribers).map(PeerId) {
            self.router.handle_rtcp(self.now, peer, &bytes, &mut self.sink);
        }
    }

    fn report(&mut self) {
        for peer in (1..=self.subscribers).map(PeerId) {
            let block = ReportBlock { ssrc: peer.0 * 2 + 10_000, ..Default::default() };
            let mut bytes = Vec::new();
            Writer::new(&mut bytes).receiver_report(9, &[block]);
            self.router.handle_rtcp(self.now, peer, &bytes, &mut self.sink);
        }
    }
}

fn mid(text: &str) -> Mid {
    Mid::new(text).expect("a token")
}

fn vp8() -> Codec {
    Codec {
        name: CodecName::Vp8,
        payload_type: 96,
        rtx_payload_type: Some(97),
        clock_rate_hz: 90_000,
        channels: 1,
        fmtp: String::new(),
        feedback: Feedback { nack: true, pli: true, fir: false, transport_cc: true, remb: false },
    }
}

/// Those that a picture without layers needs.
const EXTENSIONS: ExtensionIds = ExtensionIds {
    dependency_descriptor: None,
    video_orientation: None,
    playout_delay: None,
    abs_capture_time: None,
    ..ExtensionIds::ALL
};

const PACKETS: u32 = 20_000;

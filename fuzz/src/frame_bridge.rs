//! RTP of a publisher put together to frames, and those frames cut into RTP again: what comes out the second time is what came out the first time.

use std::time::{Duration, Instant};

use arbitrary::{Arbitrary, Unstructured};
use bytes::Bytes;
use live::bridge::{Assembler, Output, Packetizer};
use media::{Codec, Frame, MediaTime, Parameters};

/// One packet, or a pause.
#[derive(Debug, Arbitrary)]
struct Packet {
    /// How far its number is from the one before; mostly one.
    step: u8,
    /// Whether a new frame begins.
    next_frame: bool,
    marker: bool,
    pause_ms: u8,
    payload: Vec<u8>,
}

/// The first byte chooses the codec.
#[expect(clippy::disallowed_methods, reason = "an epoch for a clock that is stepped by hand")]
pub fn run(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let codec = match input.arbitrary::<u8>().unwrap_or(0) % 6 {
        0 => Codec::H264,
        1 => Codec::Vp8,
        3 => Codec::H265,
        4 => Codec::Vp9,
        5 => Codec::Av1,
        _ => Codec::Opus,
    };
    let mut world = World::new(codec, Instant::now());
    while !input.is_empty()
        && let Ok(packet) = Packet::arbitrary(&mut input)
    {
        world.take(packet);
    }
    world.wait(PATIENCE * 2);
}

struct World {
    codec: Codec,
    assembler: Assembler,
    now: Instant,
    number: u64,
    timestamp: u32,
    parameters: Option<Parameters>,
    decoded_until: Option<MediaTime>,
}

impl World {
    fn new(codec: Codec, now: Instant) -> Self {
        let assembler = Assembler::new(codec, PATIENCE).expect("these go over");
        Self { codec, assembler, now, number: 1 << 16, timestamp: 0, parameters: None, decoded_until: None }
    }

    fn take(&mut self, packet: Packet) {
        // Of all steps three quarters are the next number; the others lose, repeat and reorder.
        let step = if packet.step < 192 { 1 } else { i64::from(packet.step) - 216 };
        self.number = self.number.saturating_add_signed(step);
        self.timestamp = self.timestamp.wrapping_add(if packet.next_frame { 3_000 } else { 0 });
        let time = MediaTime::from_ticks(self.timestamp.into(), 90_000);
        let payload = Bytes::from(packet.payload);
        self.assembler.handle_packet(self.now, self.number, (self.timestamp, time), packet.marker, payload);
        self.wait(Duration::from_millis(packet.pause_ms.into()));
    }

    fn wait(&mut self, span: Duration) {
        self.look();
        self.now += span;
        self.assembler.handle_timeout(self.now);
        assert!(self.assembler.poll_timeout().is_none_or(|due| due > self.now), "what is due was done");
        self.look();
    }

    fn look(&mut self) {
        while let Some(output) = self.assembler.poll_output() {
            match output {
                Output::Parameters(parameters) => self.parameters = Some(parameters),
                Output::Frame(frame) => self.check(&frame),
                Output::KeyFrameWanted => {}
            }
        }
    }

    fn check(&mut self, frame: &Frame) {
        let parameters = self.parameters.as_ref().expect("parameters come first");
        assert_eq!((frame.codec, parameters.codec), (self.codec, self.codec));
        assert!(self.decoded_until.is_none_or(|last| last < frame.dts) && frame.dts <= frame.pts, "{frame:?}");
        self.decoded_until = Some(frame.dts);
        let mut packetizer = Packetizer::new(1_200);
        if packetizer.set_parameters(parameters).is_err() {
            return;
        }
        let mut again = Assembler::new(self.codec, PATIENCE).expect("these go over");
        let mut number = 0;
        let key = Frame { is_key: true, ..frame.clone() };
        let sent = packetizer.packetize(&key, |payload, last| {
            assert!(payload.len() <= 1_200 || self.codec == Codec::Opus);
            number += 1;
            again.handle_packet(self.now, number, (0, frame.pts), last, Bytes::copy_from_slice(payload));
        });
        sent.expect("a frame that came out is whole");
        let whole = std::iter::from_fn(|| again.poll_output()).any(|output| matches!(output, Output::Frame(_)));
        // Of an access unit of nothing but what a packetizer leaves out, or whose picture is no key picture, nothing comes back.
        assert!(whole || !frame.is_key, "{frame:?} does not come back");
    }
}

const PATIENCE: Duration = Duration::from_millis(100);

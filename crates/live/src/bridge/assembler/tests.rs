use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use bytes::Bytes;
use media::{Codec, Frame, MediaTime, Parameters, Shape, h265};
use proptest::collection::vec;
use proptest::prelude::{any, prop_assert, proptest};

use super::{ASK_AGAIN, Assembler, Output, REORDERING_MAX, WAITING_PACKETS_MAX};
use crate::Sampling;
use crate::bridge::tests::{PPS, SPS, access_unit, h264_parameters};
use crate::bridge::{BridgeError, Packetizer};

const PATIENCE: Duration = Duration::from_millis(200);

/// A packet on its way: number, timestamp, marker, payload.
type Packet = (u64, u32, bool, Vec<u8>);

struct Receiver {
    assembler: Assembler,
    start: Instant,
    now: Instant,
}

impl Receiver {
    #[expect(clippy::disallowed_methods, reason = "an epoch for a clock that is stepped by hand")]
    fn new(codec: Codec) -> Self {
        let start = Instant::now();
        Self { assembler: Assembler::new(codec, PATIENCE).unwrap(), start, now: start }
    }

    fn take(&mut self, (number, timestamp, marker, payload): &Packet) -> Vec<Output> {
        let time = MediaTime::from_ticks(i64::from(*timestamp), 90_000);
        let payload = Bytes::copy_from_slice(payload);
        self.assembler.handle_packet(self.now, *number, (*timestamp, time), *marker, payload);
        self.drain()
    }

    fn wait(&mut self, span: Duration) -> Vec<Output> {
        self.now += span;
        self.assembler.handle_timeout(self.now);
        self.drain()
    }

    fn drain(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.assembler.poll_output()).collect()
    }
}

/// So many pictures of H.264, 40 ms apart, those of `keys` with parameter sets, each of several packets. What each says is its number.
fn pictures(count: u32, keys: &[u32]) -> (Vec<Packet>, Vec<Bytes>) {
    let mut packetizer = Packetizer::new(120);
    packetizer.set_parameters(&h264_parameters()).unwrap();
    let (mut packets, mut frames): (Vec<Packet>, Vec<Bytes>) = (Vec::new(), Vec::new());
    for picture in 0..count {
        let is_key = keys.contains(&picture);
        let first = if is_key { 0x65 } else { 0x41 };
        let slice = [&[first, 0x80][..], &picture.to_be_bytes(), &[1; 300]].concat();
        let units: &[&[u8]] = &[&slice];
        let pts = MediaTime::from_millis(i64::from(picture) * 40);
        let frame = Frame { codec: Codec::H264, pts, dts: pts, is_key, data: access_unit(units) };
        packetizer
            .packetize(&frame, |payload, last| {
                packets.push((packets.len() as u64, picture * 3_600, last, payload.to_vec()));
            })
            .unwrap();
        frames.push(frame.data);
    }
    (packets, frames)
}

fn frames(outputs: &[Output]) -> Vec<&Frame> {
    outputs.iter().filter_map(|output| if let Output::Frame(frame) = output { Some(frame) } else { None }).collect()
}

fn wishes(outputs: &[Output]) -> usize {
    outputs.iter().filter(|output| **output == Output::KeyFrameWanted).count()
}

#[test]
fn pictures_come_out_as_they_were_behind_their_parameters() {
    let mut receiver = Receiver::new(Codec::H264);
    let (packets, sent) = pictures(5, &[0, 3]);
    let outputs: Vec<_> = packets.iter().flat_map(|packet| receiver.take(packet)).collect();
    assert_eq!(outputs[0], Output::Parameters(h264_parameters()));
    let got = frames(&outputs);
    assert_eq!(got.iter().map(|frame| &frame.data).collect::<Vec<_>>(), sent.iter().collect::<Vec<_>>());
    assert_eq!(got.iter().map(|frame| frame.is_key).collect::<Vec<_>>(), [true, false, false, true, false]);
    assert_eq!(got.iter().map(|frame| frame.pts.millis()).collect::<Vec<_>>(), [0, 40, 80, 120, 160]);
    assert!(got.iter().all(|frame| frame.dts == frame.pts));
    assert_eq!(outputs.len(), 6, "the parameters once, as they did not change");
}

#[test]
fn who_comes_in_the_middle_asks_for_a_key_picture_and_again_after_a_second() {
    let mut receiver = Receiver::new(Codec::H264);
    let (packets, _) = pictures(40, &[39]);
    let mut asked_at = Vec::new();
    for packet in &packets {
        let outputs = receiver.take(packet);
        if wishes(&outputs) > 0 {
            asked_at.push(receiver.now - receiver.start);
        }
        if packet.2 {
            receiver.wait(Duration::from_millis(40));
        }
    }
    assert_eq!(asked_at, [Duration::ZERO, ASK_AGAIN]);
    assert_eq!(receiver.assembler.parameters, Some(h264_parameters()));
}

#[test]
fn a_packet_that_comes_in_time_is_no_loss_and_one_that_does_not_costs_pictures_until_the_next_key() {
    let (packets, sent) = pictures(10, &[0, 6]);
    let lost = packets.iter().position(|packet| packet.1 == 2 * 3_600).unwrap() + 1;

    let mut in_time = Receiver::new(Codec::H264);
    let late = &packets[lost];
    let others = packets.iter().filter(|packet| packet.0 != late.0);
    let mut outputs: Vec<_> = others.clone().flat_map(|packet| in_time.take(packet)).collect();
    assert_eq!(frames(&outputs).len(), 2);
    in_time.now += PATIENCE - Duration::from_millis(1);
    outputs.extend(in_time.take(late));
    assert_eq!(frames(&outputs).len(), 10);
    assert_eq!(wishes(&outputs), 0);

    let mut too_late = Receiver::new(Codec::H264);
    let mut outputs: Vec<_> = others.flat_map(|packet| too_late.take(packet)).collect();
    assert_eq!(too_late.assembler.poll_timeout(), Some(too_late.start + PATIENCE));
    outputs.extend(too_late.wait(PATIENCE));
    outputs.extend(too_late.take(late));
    assert_eq!(
        frames(&outputs).iter().map(|frame| &frame.data).collect::<Vec<_>>(),
        [0, 1, 6, 7, 8, 9].map(|at| &sent[at])
    );
    assert_eq!(wishes(&outputs), 1);
}

#[test]
fn more_than_so_many_packets_wait_for_nothing() {
    let mut receiver = Receiver::new(Codec::Opus);
    receiver.take(&(0, 0, false, vec![1]));
    let at_the_limit: Vec<_> =
        (0..WAITING_PACKETS_MAX as u64).flat_map(|at| receiver.take(&(2 + at, at as u32, false, vec![2]))).collect();
    assert_eq!(at_the_limit, []);
    let beyond = receiver.take(&(2 + WAITING_PACKETS_MAX as u64, 0, false, vec![3]));
    assert_eq!(frames(&beyond).len(), WAITING_PACKETS_MAX + 1);
}

#[test]
fn pictures_that_are_shown_out_of_order_are_decoded_in_order() {
    let mut receiver = Receiver::new(Codec::H264);
    let key: Vec<u8> = [&[0x78, 0, SPS.len() as u8], SPS, &[0, PPS.len() as u8], PPS, &[0, 2, 0x65, 0x80]].concat();
    let shown = [0, 3, 1, 2, 6, 4, 5, 9, 7, 8_u32];
    let mut outputs = Vec::new();
    for (at, picture) in shown.iter().enumerate() {
        let payload = if at == 0 { key.clone() } else { vec![0x41, *picture as u8] };
        outputs.extend(receiver.take(&(at as u64, picture * 3_600, true, payload)));
    }
    let got = frames(&outputs);
    assert_eq!(got.len(), shown.len());
    assert!(got.windows(2).all(|pair| pair[0].dts < pair[1].dts), "{got:?}");
    assert!(got.iter().all(|frame| frame.pts >= frame.dts && frame.pts - frame.dts < REORDERING_MAX));
    let settled: Vec<_> = got[4..].iter().map(|frame| frame.pts.millis()).collect();
    assert_eq!(settled, [240, 160, 200, 360, 280, 320]);
}

#[test]
fn pictures_of_h265_come_out_as_they_were_behind_a_record_of_their_sets() {
    let (sent, told) = h265_program();
    let mut packetizer = Packetizer::new(120);
    packetizer.set_parameters(&told).unwrap();
    let (mut receiver, mut number, mut outputs) = (Receiver::new(Codec::H265), 0, Vec::new());
    for frame in &sent {
        let mut packets = Vec::new();
        let timestamp = u32::try_from(frame.pts.ticks(90_000)).unwrap();
        packetizer.packetize(frame, |payload, last| packets.push((payload.to_vec(), last))).unwrap();
        for (payload, last) in packets {
            outputs.extend(receiver.take(&(number, timestamp, last, payload)));
            number += 1;
        }
    }
    let Output::Parameters(parameters) = &outputs[0] else { panic!("{outputs:?}") };
    assert_eq!((parameters.codec, parameters.shape), (told.codec, told.shape));
    let sets = |record: &Bytes| {
        let read = h265::DecoderConfiguration::parse(record).unwrap();
        read.parameter_sets().map(<[u8]>::to_vec).collect::<Vec<_>>()
    };
    assert_eq!(sets(&parameters.decoder_configuration), sets(&told.decoder_configuration));
    assert_eq!(frames(&outputs), sent.iter().collect::<Vec<_>>());
}

/// A key picture and two others, 40 ms apart, and what a decoder must know: 322 by 242.
fn h265_program() -> (Vec<Frame>, Parameters) {
    let hex = |text: &str| -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    };
    let vps = hex("40010c01ffff01600000030090000003000003003c959809");
    let sps = hex("42010101600000030090000003000003003ca00a480f9c9265959a4932bc05a020000003002000000300a1");
    let pps = hex("4401c172b46240");
    let (length_bytes, sei) = (4, Vec::new());
    let configuration =
        h265::DecoderConfiguration { length_bytes, vps: vec![&vps], sps: vec![&sps], pps: vec![&pps], sei };
    let record = configuration.record().unwrap().into();
    let shape = Shape::Video { width: 322, height: 242 };
    let frame = |number: u8| {
        let pts = MediaTime::from_millis(i64::from(number) * 40);
        // IDR_W_RADL and TRAIL_R.
        let unit = [&[if number == 0 { 19 << 1 } else { 1 << 1 }, 1, 0x80][..], &[number; 300]].concat();
        Frame { codec: Codec::H265, pts, dts: pts, is_key: number == 0, data: access_unit(&[&unit]) }
    };
    ((0..3).map(frame).collect(), Parameters { codec: Codec::H265, decoder_configuration: record, shape })
}

#[test]
fn vp8_tells_its_size_in_key_frames() {
    let mut receiver = Receiver::new(Codec::Vp8);
    let key = [0x10, 0x50, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00, 5];
    assert_eq!(wishes(&receiver.take(&(0, 0, true, vec![0x10, 0x51, 0]))), 1);
    let mut outputs = receiver.take(&(1, 3_600, false, key.to_vec()));
    outputs.extend(receiver.take(&(2, 3_600, true, vec![0x00, 6, 7])));
    let shape = Shape::Video { width: 320, height: 240 };
    let parameters = Parameters { codec: Codec::Vp8, decoder_configuration: Bytes::new(), shape };
    assert_eq!(outputs[0], Output::Parameters(parameters));
    assert_eq!(frames(&outputs)[0].data, [&key[1..], &[6, 7]].concat());
    assert_eq!(wishes(&receiver.take(&(3, 7_200, true, vec![0x00, 6]))), 1, "a frame whose start is missing");
}

#[test]
fn vp8_comes_out_as_it_went_in() {
    let mut packetizer = Packetizer::new(20);
    let shape = Shape::Video { width: 0, height: 0 };
    packetizer.set_parameters(&Parameters { codec: Codec::Vp8, decoder_configuration: Bytes::new(), shape }).unwrap();
    let key = [&[0x50, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00][..], &[5; 70]].concat();
    let frame = Frame { codec: Codec::Vp8, pts: MediaTime::ZERO, dts: MediaTime::ZERO, is_key: true, data: key.into() };
    let (mut receiver, mut packets) = (Receiver::new(Codec::Vp8), Vec::new());
    packetizer
        .packetize(&frame, |payload, last| packets.push((packets.len() as u64, 0, last, payload.to_vec())))
        .unwrap();
    assert!(packets.len() > 4 && packets.iter().all(|packet| packet.3.len() <= 20));
    let outputs: Vec<_> = packets.iter().flat_map(|packet| receiver.take(packet)).collect();
    assert_eq!(frames(&outputs), [&frame]);
}

#[test]
fn each_packet_of_sound_is_a_frame_and_losses_leave_a_gap_only() {
    let mut receiver = Receiver::new(Codec::Opus);
    let mut outputs = receiver.take(&(0, 0, true, vec![0xfc, 1]));
    outputs.extend(receiver.take(&(1, 0, false, Vec::new())));
    outputs.extend(receiver.take(&(3, 1_920, false, vec![0xfc, 2])));
    outputs.extend(receiver.wait(PATIENCE));
    let shape = Shape::Audio { sample_rate_hz: 48_000, channels: 2 };
    assert_eq!(
        outputs[0],
        Output::Parameters(Parameters { codec: Codec::Opus, decoder_configuration: Bytes::new(), shape })
    );
    assert_eq!(frames(&outputs).iter().map(|frame| frame.data[1]).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(wishes(&outputs), 0);
}

#[test]
fn g711_tells_its_one_channel_and_each_byte_of_it_is_a_sample() {
    for codec in [Codec::Pcmu, Codec::Pcma] {
        let outputs = Receiver::new(codec).take(&(0, 0, true, vec![0xd5; 160]));
        let shape = Shape::Audio { sample_rate_hz: 8_000, channels: 1 };
        let told = Parameters { codec, decoder_configuration: Bytes::new(), shape };
        let sampling = Sampling::of(&told).unwrap();
        assert_eq!(outputs[0], Output::Parameters(told));
        assert_eq!(frames(&outputs).iter().map(|frame| sampling.samples(frame)).collect::<Vec<_>>(), [160]);
    }
}

#[test]
fn a_codec_without_a_way_is_refused() {
    assert_eq!(Assembler::new(Codec::Aac, PATIENCE).unwrap_err(), BridgeError::Codec(Codec::Aac));
}

proptest! {
    #[test]
    fn whatever_is_lost_or_overtaken_only_whole_pictures_come_out_each_with_all_before_it_since_a_key(
        fates in vec(0_u8..16, 1..400), keys in vec(0_u32..60, 0..8),
    ) {
        let keys = [&[0][..], &keys].concat();
        let (packets, sent) = pictures(60, &keys);
        let mut receiver = Receiver::new(Codec::H264);
        let (mut outputs, mut held) = (Vec::new(), Vec::new());
        for (at, packet) in packets.iter().enumerate() {
            match fates.get(at % (fates.len() + 7)) {
                Some(0) => {}
                Some(1 | 2) => held.push(packet),
                Some(3) => (0..2).for_each(|_| outputs.extend(receiver.take(packet))),
                Some(_) | None => outputs.extend(receiver.take(packet)),
            }
            if held.len() > 3 {
                held.drain(..).for_each(|packet| outputs.extend(receiver.take(packet)));
            }
            outputs.extend(receiver.wait(Duration::from_millis(10)));
        }
        outputs.extend(receiver.wait(PATIENCE * 2));
        let mut out = BTreeSet::new();
        for frame in frames(&outputs) {
            let at = sent.iter().position(|data| *data == frame.data);
            prop_assert!(at.is_some(), "a picture that nobody sent: {frame:?}");
            let at = at.unwrap() as u32;
            prop_assert!(keys.contains(&at) || out.contains(&(at - 1)), "{at} without the one before it");
            prop_assert!(out.insert(at), "{at} twice");
        }
    }

    #[test]
    fn no_packets_make_it_panic(packets in vec((0_u64..40, any::<u32>(), any::<bool>(), vec(any::<u8>(), 0..40)), 0..60)) {
        for codec in [Codec::H264, Codec::H265, Codec::Vp8, Codec::Vp9, Codec::Av1, Codec::Opus, Codec::Pcmu] {
            let mut receiver = Receiver::new(codec);
            for packet in &packets {
                receiver.take(packet);
                receiver.wait(Duration::from_millis(7));
            }
        }
    }
}

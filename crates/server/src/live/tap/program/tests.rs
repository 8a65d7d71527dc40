use std::time::Duration;

use bytes::Bytes;
use live::bridge::Packetizer;
use media::{Codec, MediaTime, Shape, h264};

use super::*;
use crate::clock;

/// 320 by 240, Constrained Baseline.
const SPS: &[u8] = &[0x67, 0x42, 0xc0, 0x0d, 0xda, 0x05, 0x07, 0xe4];
const PPS: &[u8] = &[0x68, 0xce, 0x0f, 0xc8];

const EVERY: Duration = Duration::from_secs(2);
const BOTH: Terms = Terms { audio: true, video: true, key_frame_every: EVERY };

/// A publisher whose packets come as they are sent, and what becomes of them.
struct Stage {
    program: Program,
    start: Instant,
    now: Instant,
    pictures: u64,
    sounds: u64,
    outputs: Vec<Output>,
}

impl Stage {
    fn new(terms: Terms) -> Self {
        let start = clock::now();
        Self { program: Program::new(start, terms), start, now: start, pictures: 0, sounds: 0, outputs: Vec::new() }
    }

    fn take(&mut self, packets: Vec<TappedPacket>) {
        self.program.handle_batch(Batch { arrived: self.now, packets });
        self.drain();
    }

    /// Lets time pass.
    fn wait(&mut self, ms: u64) {
        let end = self.now + Duration::from_millis(ms);
        while let Some(due) = self.program.poll_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.program.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    fn drain(&mut self) {
        self.outputs.extend(std::iter::from_fn(|| self.program.poll_output()));
    }

    /// A picture sampled at `ms`.
    fn picture(&mut self, ms: i64, is_key: bool) {
        self.picture_of(Grade::BEST, ms, is_key);
    }

    fn picture_of(&mut self, grade: Grade, ms: i64, is_key: bool) {
        let parameters = h264::DecoderConfiguration { length_bytes: 4, sps: vec![SPS], pps: vec![PPS] };
        let mut packetizer = Packetizer::new(1_000);
        let shape = Shape::Video { width: 320, height: 240 };
        let record = parameters.record().unwrap().into();
        packetizer.set_parameters(&Parameters { codec: Codec::H264, decoder_configuration: record, shape }).unwrap();
        let unit = [&[if is_key { 0x65 } else { 0x41 }, 0x80][..], &[7; 2_500]].concat();
        let data = [&u32::try_from(unit.len()).unwrap().to_be_bytes()[..], &unit].concat().into();
        let pts = MediaTime::from_millis(ms);
        let mut packets = Vec::new();
        let frame = Frame { codec: Codec::H264, pts, dts: pts, is_key, data };
        packetizer
            .packetize(&frame, |payload, marker| {
                self.pictures += 1;
                packets.push(TappedPacket::Rtp {
                    grade,
                    codec: Codec::H264,
                    number: self.pictures,
                    timestamp: timestamp(ms, 90),
                    marker,
                    payload: Bytes::copy_from_slice(payload),
                });
            })
            .unwrap();
        self.take(packets);
    }

    /// Sound sampled at `ms`.
    fn sound(&mut self, ms: i64) {
        self.sounds += 1;
        self.take(vec![TappedPacket::Rtp {
            grade: Grade::BEST,
            codec: Codec::Opus,
            number: self.sounds,
            timestamp: timestamp(ms, 48),
            marker: false,
            payload: Bytes::from_static(&[0xfc, 0xff, 0xfe]),
        }]);
    }

    /// The router says what was sampled at `ms`.
    fn report(&mut self, kind: Kind, ms: i64) {
        self.report_of(if kind == Kind::Audio { Place::Audio } else { Place::Video(Grade::BEST) }, ms);
    }

    fn report_of(&mut self, place: Place, ms: i64) {
        let ticks = if place == Place::Audio { 48 } else { 90 };
        let micros = u64::try_from(ms * 1_000).unwrap();
        let ntp = ((5_000 + micros / 1_000_000) << 32) + ((micros % 1_000_000) << 32) / 1_000_000;
        self.take(vec![TappedPacket::Report { place, ntp, timestamp: timestamp(ms, ticks) }]);
    }

    fn key_frames_wanted(&self) -> usize {
        self.outputs.iter().filter(|output| **output == Output::KeyFrameWanted).count()
    }

    fn times(&self, kind: Kind) -> Vec<i64> {
        let frames = self.outputs.iter().filter_map(|output| match output {
            Output::Frame(frame) => Some(frame),
            Output::Parameters(_) | Output::LayerParameters(..) | Output::LayerPicture(..) | Output::KeyFrameWanted => {
                None
            }
        });
        frames.filter(|frame| frame.kind() == kind).map(|frame| frame.pts.micros()).collect()
    }
}

/// Each track counts from somewhere.
fn timestamp(ms: i64, ticks: i64) -> u32 {
    u32::try_from(ms * ticks).unwrap().wrapping_sub(1_000)
}

#[test]
fn what_players_must_know_of_all_tracks_comes_before_the_first_frame_of_any() {
    let mut stage = Stage::new(BOTH);
    for ms in [0, 20, 40] {
        stage.sound(ms);
        stage.report(Kind::Audio, ms);
        stage.wait(20);
    }
    assert_eq!(stage.outputs, [], "pictures were offered, too");
    stage.picture(60, true);
    stage.report(Kind::Video, 60);
    let kinds: Vec<_> = stage.outputs.iter().map(Output::is_sound).collect();
    assert_eq!(kinds, [true, false, true, true, true, false]);
    assert!(matches!(&stage.outputs[..2], [Output::Parameters(_), Output::Parameters(_)]));
}

#[test]
fn who_offered_pictures_and_shows_none_is_heard_after_a_second() {
    let mut stage = Stage::new(BOTH);
    for ms in (0..1_400).step_by(20) {
        stage.sound(ms);
        stage.report(Kind::Audio, ms);
        stage.wait(20);
        assert_eq!(!stage.outputs.is_empty(), ms >= 980, "after {ms} ms");
    }
    assert_eq!(stage.times(Kind::Audio).len(), 70);
    let mut alone = Stage::new(Terms { video: false, ..BOTH });
    alone.sound(0);
    alone.report(Kind::Audio, 0);
    assert_eq!(alone.outputs.len(), 2, "who offered sound alone is heard at once");
}

#[test]
fn sound_and_pictures_are_in_step_from_the_first_frame_on_however_late_one_comes() {
    let mut stage = Stage::new(BOTH);
    // A picture takes 150 ms longer to be encoded and sent.
    for ms in (0..2_000).step_by(20) {
        stage.sound(ms);
        stage.report(Kind::Audio, ms);
        if ms >= 200 && ms % 40 == 0 {
            stage.picture(ms - 150 - ms % 40, ms == 200);
            stage.report(Kind::Video, ms - 150);
        }
        stage.wait(20);
    }
    let (sound, pictures) = (stage.times(Kind::Audio), stage.times(Kind::Video));
    // The first picture was sampled at 50 ms.
    let skew = pictures[0] - 50_000 - sound[0];
    assert!(skew.abs() < 1_000, "{skew} us");
    assert!(pictures.windows(2).all(|two| (two[1] - two[0] - 40_000).abs() < 1_000), "{pictures:?}");
    assert!(sound.windows(2).all(|two| (two[1] - two[0] - 20_000).abs() < 1_000), "{sound:?}");
}

#[test]
fn a_key_frame_is_asked_for_when_none_has_come_for_so_long_and_at_no_other_time() {
    let mut stage = Stage::new(Terms { audio: false, ..BOTH });
    stage.picture(0, true);
    stage.report(Kind::Video, 0);
    for ms in (40..1_900).step_by(40) {
        stage.wait(40);
        stage.picture(ms, ms == 1_000);
    }
    assert_eq!(stage.key_frames_wanted(), 0);
    let mut asked_at = Vec::new();
    for ms in (1_900..8_000).step_by(40) {
        stage.wait(40);
        stage.picture(ms, false);
        if stage.key_frames_wanted() > asked_at.len() {
            asked_at.push((stage.now - stage.start).as_secs());
        }
    }
    assert_eq!(asked_at, [3, 5, 7], "two seconds after the last one, and every two seconds until one comes");
}

#[test]
fn after_a_loss_that_stays_a_key_frame_is_asked_for_and_nothing_broken_is_shown() {
    let mut stage = Stage::new(Terms { audio: false, ..BOTH });
    stage.picture(0, true);
    stage.report(Kind::Video, 0);
    stage.pictures += 1;
    for ms in [40, 80, 120] {
        stage.picture(ms, false);
    }
    assert_eq!(stage.key_frames_wanted(), 0, "what is missing may still come");
    stage.wait(400);
    assert_eq!((stage.key_frames_wanted(), stage.times(Kind::Video).len()), (1, 1));
    stage.picture(600, true);
    assert_eq!(stage.times(Kind::Video).len(), 2);
}

#[test]
fn another_codec_goes_on_at_its_key_frame_and_with_its_parameters() {
    let mut stage = Stage::new(Terms { audio: false, ..BOTH });
    stage.picture(0, true);
    stage.report(Kind::Video, 0);
    stage.pictures += 1;
    let key = [0x10, 0x50, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00, 5];
    stage.take(vec![TappedPacket::Rtp {
        grade: Grade::BEST,
        codec: Codec::Vp8,
        number: stage.pictures,
        timestamp: timestamp(40, 90),
        marker: true,
        payload: Bytes::copy_from_slice(&key),
    }]);
    let [.., Output::Parameters(parameters), Output::Frame(frame)] = &stage.outputs[..] else {
        panic!("{:?}", stage.outputs)
    };
    assert_eq!((parameters.codec, frame.codec, frame.pts.millis()), (Codec::Vp8, Codec::Vp8, 40));
}

#[test]
fn pictures_of_a_layer_are_in_step_with_the_best_and_begin_again_when_it_was_away() {
    let layer = Grade::of_layer(0).unwrap();
    let mut stage = Stage::new(Terms { audio: false, ..BOTH });
    stage.picture(0, true);
    stage.report(Kind::Video, 0);
    stage.outputs.clear();
    // It comes 30 ms behind the picture that was taken at the same time.
    stage.wait(70);
    stage.picture_of(layer, 40, true);
    stage.report_of(Place::Video(layer), 40);
    let [Output::LayerParameters(of, _), Output::LayerPicture(_, frame)] = &stage.outputs[..] else {
        panic!("{:?}", stage.outputs)
    };
    assert_eq!((*of, frame.pts.millis()), (layer, 40));
    stage.program.keep_grades(Grades::BEST);
    stage.outputs.clear();
    stage.picture_of(layer, 80, true);
    stage.report_of(Place::Video(layer), 80);
    let again = stage.outputs.iter().filter(|output| matches!(output, Output::LayerParameters(..))).count();
    assert_eq!(again, 1, "{:?}", stage.outputs);
}

#[test]
fn a_layer_asks_for_key_frames_and_its_own_are_no_reason_to_ask_later() {
    let layer = Grade::of_layer(0).unwrap();
    let mut stage = Stage::new(Terms { audio: false, ..BOTH });
    stage.picture(0, true);
    stage.report(Kind::Video, 0);
    stage.picture_of(layer, 0, true);
    stage.report_of(Place::Video(layer), 0);
    stage.wait(1_000);
    stage.picture_of(layer, 1_000, true);
    stage.wait(1_000);
    assert_eq!(stage.key_frames_wanted(), 1, "two seconds after that of the best");
}

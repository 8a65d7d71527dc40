use bytes::Bytes;
use media::aac::AudioSpecificConfig;
use media::{Codec, Frame, MediaTime, Parameters, Shape};
use proptest::collection::vec;
use proptest::prelude::{any, proptest};

use super::{DRIFT_MAX, FILL_MAX, GAP_MIN, Transcoder};
use crate::decoder::Decoder;
use crate::encoder::Encoder;
use crate::g711::Law;
use crate::{CHANNELS, SAMPLE_RATE_HZ, TranscodeError};

/// When the sound begins.
const ONSET_S: f64 = 1.0;
const SECONDS: f64 = 3.0;

/// Silence, then a tone of 1 kHz on the left and of half the loudness on the right.
fn sound(rate_hz: u32) -> Vec<f32> {
    let count = (SECONDS * f64::from(rate_hz)) as usize;
    let sample = |at: usize| {
        let time = at as f64 / f64::from(rate_hz);
        let tone = (time * 1_000.0 * std::f64::consts::TAU).sin() as f32;
        if time < ONSET_S { [0.0; CHANNELS] } else { [0.5 * tone, 0.25 * tone] }
    };
    (0..count).flat_map(sample).collect()
}

/// Frames of AAC at any rate, as a program writes them into RTMP: each decodes to the samples before it.
fn aac(rate_hz: u32) -> (Parameters, Vec<Frame>) {
    let mut encoder = syom::Encoder::new(rate_hz, CHANNELS, &syom::EncodeOptions::adts()).unwrap();
    let pcm = sound(rate_hz);
    let side = |at: usize| pcm.iter().skip(at).step_by(CHANNELS).copied().collect::<Vec<_>>();
    let mut frames = Vec::new();
    let _ = encoder.feed(&[&side(0), &side(1)], |frame| {
        let samples = frames.len() as i64 * 1_024 - 1_024;
        // RTMP has milliseconds.
        let pts = MediaTime::from_millis(MediaTime::from_ticks(samples, rate_hz).millis());
        let data = Bytes::copy_from_slice(&frame.au[7..]);
        frames.push(Frame { codec: Codec::Aac, pts, dts: pts, is_key: true, data });
        Ok(())
    });
    let config = AudioSpecificConfig { object_type: 2, sample_rate_hz: rate_hz, channel_configuration: 2 };
    let decoder_configuration = Bytes::copy_from_slice(&config.bytes().unwrap());
    let shape = Shape::Audio { sample_rate_hz: rate_hz, channels: 2 };
    (Parameters { codec: Codec::Aac, decoder_configuration, shape }, frames)
}

fn opus() -> (Parameters, Vec<Frame>) {
    let mut encoder = Encoder::new(Codec::Opus).unwrap().unwrap();
    let samples = sound(SAMPLE_RATE_HZ);
    let frames = samples.chunks_exact(encoder.frame_samples() * CHANNELS).enumerate().map(|(at, samples)| {
        let pts = MediaTime::from_ticks(at as i64 * 960 - encoder.delay_samples() as i64, SAMPLE_RATE_HZ);
        Frame { codec: Codec::Opus, pts, dts: pts, is_key: true, data: encoder.encode(samples).unwrap().unwrap() }
    });
    let frames = frames.collect();
    (encoder.parameters().unwrap(), frames)
}

/// Packets of 20 ms as telephones send them: of the left side alone, each sample as the byte that comes closest.
fn g711(codec: Codec, law: Law) -> (Parameters, Vec<Frame>) {
    let distance = |byte: u8, sample: f32| (law.sample(byte) - sample).abs();
    let closest = |sample: f32| (0..=255).min_by(|a, b| distance(*a, sample).total_cmp(&distance(*b, sample))).unwrap();
    let bytes: Vec<u8> = sound(8_000).into_iter().step_by(CHANNELS).map(closest).collect();
    let frames = bytes.chunks_exact(160).enumerate().map(|(at, data)| {
        let pts = MediaTime::from_millis(at as i64 * 20);
        Frame { codec, pts, dts: pts, is_key: true, data: Bytes::copy_from_slice(data) }
    });
    let shape = Shape::Audio { sample_rate_hz: 8_000, channels: 1 };
    (Parameters { codec, decoder_configuration: Bytes::new(), shape }, frames.collect())
}

fn transcoded(transcoder: &mut Transcoder, frames: &[Frame]) -> Vec<Frame> {
    let mut all = Vec::new();
    frames.iter().for_each(|frame| transcoder.handle_frame(frame, &mut |frame| all.push(frame)).expect("whole"));
    all
}

/// When the tone is heard by who plays the frames at their times, and how loud the two sides are after that.
fn heard(parameters: &Parameters, frames: &[Frame]) -> (f64, [f32; 2]) {
    let mut decoder = Decoder::new(parameters).unwrap().unwrap();
    let mut samples = Vec::new();
    frames.iter().for_each(|frame| decoder.decode(frame, &mut samples).unwrap());
    let first = samples.iter().step_by(CHANNELS).position(|sample| sample.abs() > 0.25).unwrap();
    let onset = frames[0].pts.micros() as f64 / 1e6 + first as f64 / f64::from(SAMPLE_RATE_HZ);
    let loudness = |side: usize| {
        let later: Vec<_> = samples.iter().skip(side).step_by(CHANNELS).skip(first + 9_600).take(48_000).collect();
        (later.iter().map(|sample| *sample * *sample).sum::<f32>() / later.len() as f32).sqrt()
    };
    (onset, [loudness(0), loudness(1)])
}

#[test]
fn the_same_is_heard_at_the_same_time_on_the_same_side() {
    let sources =
        [("AAC 48000", aac(48_000)), ("AAC 44100", aac(44_100)), ("AAC 22050", aac(22_050)), ("Opus", opus())];
    for (name, (parameters, frames)) in sources {
        let to = if parameters.codec == Codec::Aac { Codec::Opus } else { Codec::Aac };
        let mut transcoder = Transcoder::new(&parameters, to).unwrap();
        let out = transcoded(&mut transcoder, &frames);
        let (onset, [left, right]) = heard(transcoder.parameters(), &out);
        assert!((onset - ONSET_S).abs() < 0.004, "{name}: heard at {onset:.4} s");
        assert!((left - 0.5 * std::f32::consts::FRAC_1_SQRT_2).abs() < 0.02, "{name}: left {left}");
        assert!((right - left / 2.0).abs() < 0.02, "{name}: right {right} beside {left}");
        let length = out.last().unwrap().pts - out[0].pts;
        assert!((length.micros() as f64 / 1e6 - SECONDS).abs() < 0.1, "{name}: {length}");
    }
}

#[test]
fn how_loud_it_is_is_known_as_soon_as_something_has_come_out() {
    let (parameters, frames) = aac(48_000);
    let mut transcoder = Transcoder::new(&parameters, Codec::Opus).unwrap();
    assert_eq!(transcoder.level_dbov(), None);
    let (silent, loud) = frames.split_at(20);
    transcoded(&mut transcoder, silent);
    assert!(transcoder.level_dbov().is_some_and(|level| level < -90), "{:?}", transcoder.level_dbov());
    transcoded(&mut transcoder, loud.get(..80).unwrap());
    // Sines of a half and of a quarter.
    assert_eq!(transcoder.level_dbov(), Some(-11));
}

#[test]
fn g711_is_heard_at_the_same_time_on_both_sides() {
    for (parameters, frames) in [g711(Codec::Pcmu, Law::Mu), g711(Codec::Pcma, Law::A)] {
        let mut transcoder = Transcoder::new(&parameters, Codec::Aac).unwrap();
        let out = transcoded(&mut transcoder, &frames);
        let (onset, sides) = heard(transcoder.parameters(), &out);
        assert!((onset - ONSET_S).abs() < 0.004, "{}: heard at {onset:.4} s", parameters.codec);
        for loudness in sides {
            assert!((loudness - 0.5 * std::f32::consts::FRAC_1_SQRT_2).abs() < 0.02, "{}: {sides:?}", parameters.codec);
        }
    }
}

#[test]
fn frames_follow_each_other_without_a_seam_though_their_times_are_rounded() {
    let (parameters, frames) = aac(44_100);
    let out = transcoded(&mut Transcoder::new(&parameters, Codec::Opus).unwrap(), &frames);
    let steps: Vec<_> = out.windows(2).map(|pair| (pair[1].pts - pair[0].pts).micros()).collect();
    assert!(steps.iter().all(|step| (19_999..=20_001).contains(step)), "{steps:?}");
}

#[test]
fn after_a_gap_and_with_a_clock_that_runs_differently_sound_is_where_its_time_is() {
    let (parameters, frames) = aac(48_000);
    let mut transcoder = Transcoder::new(&parameters, Codec::Opus).unwrap();
    let lag = |transcoder: &mut Transcoder, frames: &[Frame]| {
        let out = transcoded(transcoder, frames);
        (frames.last().unwrap().pts - out.last().unwrap().pts).micros()
    };
    let usual = lag(&mut transcoder, &frames);
    let gap = GAP_MIN + MediaTime::from_millis(2_800);
    let later: Vec<_> = frames.iter().map(|frame| Frame { pts: frame.pts + gap, ..frame.clone() }).collect();
    assert!((lag(&mut transcoder, &later) - usual).abs() < 25_000, "after a gap");
    // 1 % slow: over the whole, 30 ms.
    let slow = |at: &Frame| MediaTime::from_micros(at.pts.micros() * 101 / 100) + gap + gap;
    let slow: Vec<_> = (0..4)
        .flat_map(|round| {
            let offset = MediaTime::from_millis(3_030 * round);
            frames.iter().map(move |frame| Frame { pts: slow(frame) + offset, ..frame.clone() })
        })
        .collect();
    let off = (lag(&mut transcoder, &slow) - usual).abs();
    assert!(off < DRIFT_MAX.micros() * 2, "{off} us off");
}

/// The times of what comes out are one frame of AAC apart.
fn assert_seamless(frames: &[Frame]) {
    let steps: Vec<_> = frames.windows(2).map(|pair| (pair[1].pts - pair[0].pts).micros()).collect();
    assert!(steps.iter().all(|step| (21_330..=21_336).contains(step)), "{steps:?}");
}

#[test]
fn where_nothing_was_said_aac_has_silence_and_goes_on_in_time() {
    let (parameters, frames) = opus();
    // A packet every 400 ms while nobody speaks, and packets that were lost.
    let kept = |at: usize| !(10..=90).contains(&at) || at.is_multiple_of(20);
    let kept: Vec<_> = frames.iter().enumerate().filter(|(at, _)| kept(*at)).map(|(_, frame)| frame.clone()).collect();
    let mut transcoder = Transcoder::new(&parameters, Codec::Aac).unwrap();
    let out = transcoded(&mut transcoder, &kept);
    assert_seamless(&out);
    let left_over = frames.last().unwrap().pts - out.last().unwrap().pts;
    assert!(left_over.micros().abs() < 90_000, "{left_over}");
}

#[test]
fn silence_that_nobody_ends_is_made_as_time_goes_by_and_what_comes_late_for_it_is_left_out() {
    let (parameters, frames) = opus();
    let mut transcoder = Transcoder::new(&parameters, Codec::Aac).unwrap();
    let mut out = transcoded(&mut transcoder, &frames[..10]);
    let mut fill = |transcoder: &mut Transcoder, until_ms: i64| {
        let until = MediaTime::from_millis(until_ms);
        transcoder.handle_silence(until, &mut |frame| out.push(frame)).unwrap();
    };
    (1..=30).for_each(|step| fill(&mut transcoder, step * 100));
    assert_eq!(transcoder.heard_until().unwrap().millis(), 3_000);
    fill(&mut transcoder, 2_000);
    fill(&mut transcoder, 3_001 + FILL_MAX.millis());
    assert_eq!(transcoder.heard_until().unwrap().millis(), 3_000, "what is past, and what is far off");
    let late =
        frames.iter().take(40).map(|frame| Frame { pts: frame.pts + MediaTime::from_millis(2_600), ..frame.clone() });
    let late: Vec<_> = late.collect();
    out.extend(transcoded(&mut transcoder, &late));
    assert_seamless(&out);
    let until = transcoder.heard_until().unwrap();
    let expected = late.last().unwrap().pts + MediaTime::from_millis(20);
    assert!((until - expected).micros().abs() < 1_000, "{until} instead of {expected}");
}

#[test]
fn sound_as_loud_as_can_be_does_not_end_the_track() {
    // What decoders make of a square wave goes beyond the range of samples.
    let square = |at: usize| if (at / CHANNELS / 60).is_multiple_of(2) { 1.0 } else { -1.0 };
    let samples: Vec<f32> = (0..96_000).map(square).collect();
    for (from, to) in [(Codec::Opus, Codec::Aac), (Codec::Aac, Codec::Opus)] {
        let mut encoder = Encoder::new(from).unwrap().unwrap();
        let parameters = encoder.parameters().unwrap();
        let mut transcoder = Transcoder::new(&parameters, to).unwrap();
        let (mut sent, mut got) = (0, 0);
        for samples in samples.chunks_exact(encoder.frame_samples() * CHANNELS) {
            let Some(data) = encoder.encode(samples).unwrap() else { continue };
            let pts = MediaTime::from_ticks(sent, SAMPLE_RATE_HZ);
            sent += encoder.frame_samples() as i64;
            let frame = Frame { codec: from, pts, dts: pts, is_key: true, data };
            transcoder.handle_frame(&frame, &mut |_| got += 1).expect("it is encoded");
        }
        let expected = usize::try_from(sent).unwrap() / transcoder.encoder.frame_samples();
        assert!(got + 3 >= expected, "{from} to {to}: {got} of {expected}");
    }
}

#[test]
fn opus_needs_no_silence() {
    let (parameters, frames) = aac(48_000);
    let mut transcoder = Transcoder::new(&parameters, Codec::Opus).unwrap();
    transcoded(&mut transcoder, &frames);
    let until = transcoder.heard_until().unwrap();
    transcoder.handle_silence(until + MediaTime::from_millis(500), &mut |_| panic!("nothing comes")).unwrap();
    assert_eq!(transcoder.heard_until(), Some(until));
}

#[test]
fn sound_that_cannot_be_decoded_costs_itself_only() {
    let (parameters, mut frames) = aac(48_000);
    let mut transcoder = Transcoder::new(&parameters, Codec::Opus).unwrap();
    frames[20].data = Bytes::from_static(&[0xff; 40]);
    let mut count = 0;
    let failed: Vec<_> = frames
        .iter()
        .enumerate()
        .filter(|(_, frame)| transcoder.handle_frame(frame, &mut |_| count += 1).is_err())
        .map(|(at, _)| at)
        .collect();
    assert_eq!(failed, [20]);
    let expected = (frames.len() * 1_024 - 1_024) / 960;
    assert!((expected..=expected + 2).contains(&count), "{count} of {expected}: silence stands where the sound was");
}

#[test]
fn where_there_is_no_way_that_is_said() {
    let (parameters, _) = opus();
    let no_way = Transcoder::new(&parameters, Codec::Mp3).err();
    assert_eq!(no_way, Some(TranscodeError::NoWay { from: Codec::Opus, to: Codec::Mp3 }));
    let broken = Parameters { codec: Codec::Aac, ..parameters };
    assert!(matches!(Transcoder::new(&broken, Codec::Opus), Err(TranscodeError::Parameters(_))));
}

proptest! {
    #[test]
    fn no_frames_make_it_panic(frames in vec((vec(any::<u8>(), 0..200), any::<i64>()), 1..30), way in 0..3_usize) {
        let ways = [(aac_parameters(), Codec::Opus), (opus_parameters(), Codec::Aac), (g711_parameters(), Codec::Aac)];
        let (parameters, to) = ways[way].clone();
        let mut transcoder = Transcoder::new(&parameters, to).unwrap();
        for (data, pts) in frames {
            let pts = MediaTime::from_micros(pts);
            let frame = Frame { codec: parameters.codec, pts, dts: pts, is_key: true, data: data.into() };
            let _ = transcoder.handle_frame(&frame, &mut |_| {});
        }
    }
}

fn aac_parameters() -> Parameters {
    let shape = Shape::Audio { sample_rate_hz: 44_100, channels: 2 };
    Parameters { codec: Codec::Aac, decoder_configuration: Bytes::from_static(&[0x12, 0x10]), shape }
}

fn g711_parameters() -> Parameters {
    let shape = Shape::Audio { sample_rate_hz: 8_000, channels: 1 };
    Parameters { codec: Codec::Pcma, decoder_configuration: Bytes::new(), shape }
}

fn opus_parameters() -> Parameters {
    Encoder::new(Codec::Opus).unwrap().unwrap().parameters().unwrap()
}

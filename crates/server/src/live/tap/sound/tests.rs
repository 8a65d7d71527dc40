use bytes::Bytes;
use media::Shape;

use super::*;

fn sound(ms: i64) -> Output {
    let at = MediaTime::from_millis(ms);
    Output::Frame(Frame {
        codec: Codec::Opus,
        pts: at,
        dts: at,
        is_key: true,
        data: Bytes::from_static(&[0xfc, 0xff, 0xfe]),
    })
}

fn picture(ms: i64) -> Output {
    let at = MediaTime::from_millis(ms);
    Output::Frame(Frame { codec: Codec::H264, pts: at, dts: at, is_key: false, data: Bytes::from_static(b"picture") })
}

fn told() -> Output {
    let shape = Shape::Audio { sample_rate_hz: 48_000, channels: 2 };
    Output::Parameters(Parameters { codec: Codec::Opus, decoder_configuration: Bytes::new(), shape })
}

/// The times of the sounds that come out.
fn heard(outputs: &[Output]) -> Vec<MediaTime> {
    let frame = |output: &Output| match output {
        Output::Frame(frame) if frame.kind() == Kind::Audio => Some(frame.dts),
        Output::Frame(_) | Output::Parameters(_) | Output::KeyFrameWanted => None,
    };
    outputs.iter().filter_map(frame).collect()
}

#[test]
fn a_publisher_that_sends_nothing_while_nobody_speaks_is_heard_to_be_silent() {
    let mut track = Sound::new(Arc::default());
    let spoken = [told()].into_iter().chain((0..10).map(|step| sound(step * 20))).collect();
    let mut out = track.transcode(spoken);
    for ms in (0..3_000).step_by(40) {
        let pictures = vec![picture(ms)];
        if track.is_concerned(&pictures) {
            out.extend(track.transcode(pictures));
        }
    }
    let times = heard(&out);
    let steps = times.windows(2).map(|pair| (pair[1] - pair[0]).micros());
    assert!(steps.clone().all(|step| (21_330..=21_336).contains(&step)), "{:?}", steps.collect::<Vec<_>>());
    let behind = MediaTime::from_millis(2_960) - *times.last().unwrap();
    assert!(behind < SILENCE_AFTER + SILENCE_MIN + MediaTime::from_millis(100), "{behind}");
}

#[test]
fn sound_that_comes_in_time_has_no_silence_in_it() {
    let mut track = Sound::new(Arc::default());
    track.transcode(vec![told()]);
    for ms in (0..2_000).step_by(20) {
        let pictures = vec![picture(ms + SILENCE_AFTER.millis())];
        assert!(!track.is_concerned(&pictures), "{ms}");
        track.transcode(vec![sound(ms)]);
    }
}

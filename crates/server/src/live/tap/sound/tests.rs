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

/// The times of the sounds of a rendition that come out.
fn heard_as(rendition: Rendition, all: &[Rendered]) -> Vec<MediaTime> {
    let of_it = all.iter().filter(|rendered| rendered.rendition == Some(rendition));
    let frame = |rendered: &Rendered| match &rendered.output {
        Output::Frame(frame) if frame.kind() == Kind::Audio => Some(frame.dts),
        Output::Frame(_)
        | Output::Parameters(_)
        | Output::LayerParameters(..)
        | Output::LayerPicture(..)
        | Output::KeyFrameWanted => None,
    };
    of_it.filter_map(frame).collect()
}

fn heard(all: &[Rendered]) -> Vec<MediaTime> {
    heard_as(Rendition::Common, all)
}

/// Sound that somebody reads in both renditions.
fn listened() -> Sound {
    let mut track = Sound::new(Arc::default());
    assert_eq!(track.begin(), None, "nothing is known of it yet");
    track
}

/// Takes pictures alone from the one time to the other, and gives what comes of it.
fn film(track: &mut Sound, from_ms: i64, to_ms: i64) -> Vec<Rendered> {
    let mut out = Vec::new();
    for ms in (from_ms..to_ms).step_by(40) {
        out.extend(track.render(vec![picture(ms)]));
    }
    out
}

fn demand_seamless(times: &[MediaTime], until_ms: i64) {
    let steps = times.windows(2).map(|pair| (pair[1] - pair[0]).micros());
    assert!(steps.clone().all(|step| (21_330..=21_336).contains(&step)), "{:?}", steps.collect::<Vec<_>>());
    let behind = MediaTime::from_millis(until_ms) - *times.last().unwrap();
    assert!(behind < SILENCE_AFTER + SILENCE_MIN + MediaTime::from_millis(100), "{behind}");
}

#[test]
fn a_publisher_that_sends_nothing_while_nobody_speaks_is_heard_to_be_silent() {
    let mut track = listened();
    let spoken = [told()].into_iter().chain((0..10).map(|step| sound(step * 20))).collect();
    let mut out = track.render(spoken);
    out.extend(film(&mut track, 0, 3_000));
    demand_seamless(&heard(&out), 2_960);
}

#[test]
fn who_begins_to_listen_while_nobody_speaks_hears_silence() {
    let mut track = Sound::new(Arc::default());
    track.render([told()].into_iter().chain((0..10).map(|step| sound(step * 20))).collect());
    film(&mut track, 0, 2_000);
    let parameters = track.begin().expect("it is known how the sound comes");
    assert!(matches!(&parameters.output, Output::Parameters(told) if told.codec == Codec::Aac));
    let out = film(&mut track, 2_000, 5_000);
    let times = heard(&out);
    demand_seamless(&times, 4_960);
    assert!((times[0] - MediaTime::from_millis(2_000)).millis().abs() < 50, "{}", times[0]);
}

#[test]
fn nothing_is_transcoded_while_only_the_sound_as_it_came_is_read() {
    let load = Arc::new(Load::default());
    let mut track = Sound::new(Arc::clone(&load));
    let spoken = || (0..50).map(|step| sound(step * 20)).collect::<Vec<_>>();
    let mut out = track.render(vec![told()]);
    assert!(!track.is_concerned(&spoken()));
    out.extend(track.render(spoken()));
    assert_eq!(out.len(), 51);
    assert_eq!(heard_as(Rendition::Original, &out).len(), 50);
    assert_eq!((load.tracks(), load.frames()), (0, 0));
    // With the first listener it is, and with the last one it is no longer.
    track.begin().expect("parameters of AAC");
    assert!(track.is_concerned(&spoken()));
    let both = track.render(spoken());
    assert_eq!(heard_as(Rendition::Original, &both).len(), 50);
    assert!(heard(&both).len() > 40, "{}", heard(&both).len());
    assert_eq!((load.tracks(), load.frames()), (1, 50));
    track.rest();
    assert!(!track.is_concerned(&spoken()));
    assert!(heard(&track.render(spoken())).is_empty());
    assert_eq!((load.tracks(), load.frames()), (0, 50));
}

#[test]
fn sound_that_comes_in_time_has_no_silence_in_it() {
    let mut track = listened();
    track.render(vec![told()]);
    for ms in (0..2_000).step_by(20) {
        let pictures = vec![picture(ms + SILENCE_AFTER.millis())];
        assert!(!track.is_concerned(&pictures), "{ms}");
        track.render(vec![sound(ms)]);
    }
}

#[test]
fn g711_becomes_aac_for_everybody_whether_or_not_somebody_listens() {
    let load = Arc::new(Load::default());
    let mut track = Sound::new(Arc::clone(&load));
    let shape = Shape::Audio { sample_rate_hz: 8_000, channels: 1 };
    let told = Parameters { codec: Codec::Pcmu, decoder_configuration: Bytes::new(), shape };
    let spoken = (0..50).map(|step| {
        let at = MediaTime::from_millis(step * 20);
        Output::Frame(Frame { codec: Codec::Pcmu, pts: at, dts: at, is_key: true, data: vec![0xff; 160].into() })
    });
    let out = track.render([Output::Parameters(told)].into_iter().chain(spoken).collect());
    assert!(out.iter().all(|rendered| rendered.rendition.is_none()));
    let Output::Parameters(parameters) = &out[0].output else { panic!("{:?}", out[0]) };
    assert_eq!((parameters.codec, load.frames()), (Codec::Aac, 50));
    assert!(out.len() > 40, "{}", out.len());
    assert_eq!(track.begin(), None, "it is there already");
    assert!(!track.rest() && load.tracks() == 1);
}

use bytes::Bytes;
use media::{Codec, Frame, Kind, MediaTime, Parameters};
use proptest::prelude::*;

use super::{Config, FRAGMENT_DURATION, Output, Recorder};
use crate::record::reading::{Shown, frames_of};
use crate::record::{Format, PART_HEAD_BYTES, Wanted};
use crate::testing::{aac, audio, h264, picture, sound, video};

const CONFIG: Config =
    Config { format: Wanted::Auto, file_duration_max: MediaTime::from_millis(3_600_000), file_bytes_max: None };

/// A file as it is on the disk.
#[derive(Debug)]
struct Recorded {
    format: Format,
    bytes: Vec<u8>,
    duration: MediaTime,
    /// How long the file was after each write.
    lengths: Vec<usize>,
    is_complete: bool,
}

impl Recorded {
    fn frames(&self) -> Vec<Shown> {
        frames_of(self.format, &self.bytes)
    }

    fn of(&self, kind: Kind) -> Vec<Shown> {
        self.frames().into_iter().filter(|frame| frame.kind == kind).collect()
    }
}

#[derive(Debug, Clone)]
enum Input {
    Parameters(Parameters),
    Frame(Frame),
    Break,
}

/// Does what a recorder wants done.
fn drain(recorder: &mut Recorder, files: &mut Vec<Recorded>) {
    while let Some(output) = recorder.poll_output() {
        if let Output::Begin { format, .. } = output {
            assert!(files.last().is_none_or(|last| last.is_complete), "one file at a time");
            let (duration, lengths) = (MediaTime::ZERO, Vec::new());
            files.push(Recorded { format, bytes: Vec::new(), duration, lengths, is_complete: false });
            continue;
        }
        let file = files.last_mut().expect("a file begins first");
        assert!(!file.is_complete);
        match output {
            Output::Append { bytes, duration } => {
                assert!(duration >= file.duration);
                file.bytes.extend(bytes);
                file.duration = duration;
                file.lengths.push(file.bytes.len());
            }
            Output::Fill(fill) => {
                let at = fill.offset as usize;
                file.bytes[at..at + fill.bytes.len()].copy_from_slice(&fill.bytes);
            }
            Output::Begin { .. } | Output::End => file.is_complete = true,
        }
    }
}

fn record(config: Config, inputs: impl IntoIterator<Item = Input>) -> Vec<Recorded> {
    let mut recorder = Recorder::new(config);
    let mut files = Vec::new();
    for input in inputs {
        match input {
            Input::Parameters(parameters) => recorder.handle_parameters(&parameters),
            Input::Frame(frame) => recorder.handle_frame(&frame),
            Input::Break => recorder.handle_break(),
        }
        drain(&mut recorder, &mut files);
    }
    recorder.handle_end();
    drain(&mut recorder, &mut files);
    files
}

/// So many seconds at 25 pictures a second with a key frame every second, and sounds of 20 ms that begin 7 ms later.
fn stream(video: Codec, audio: Codec, from_ms: i64, seconds: i64) -> Vec<Input> {
    let mut frames: Vec<Frame> = (0..seconds * 25)
        .map(|number| picture(video, from_ms + number * 40, number % 25 == 0, 300))
        .chain((0..seconds * 50).map(|number| Frame { codec: audio, ..voice(from_ms + 7 + number * 20) }))
        .collect();
    frames.sort_by_key(|frame| frame.dts);
    frames.into_iter().map(Input::Frame).collect()
}

fn with(parameters: &[Parameters], frames: Vec<Input>) -> Vec<Input> {
    parameters.iter().cloned().map(Input::Parameters).chain(frames).collect()
}

/// A sound of 20 ms.
fn voice(at_ms: i64) -> Frame {
    Frame { data: Bytes::from_static(b"\x48voice"), ..sound(Codec::Opus, MediaTime::from_millis(at_ms), 0) }
}

fn opus() -> Parameters {
    audio(Codec::Opus, &[])
}

/// H.264 with Opus in each format.
const FORMATS: [(Wanted, Format); 3] =
    [(Wanted::Mp4, Format::Mp4), (Wanted::Matroska, Format::Matroska), (Wanted::Flv, Format::Flv)];

#[test]
fn every_frame_is_in_the_file_at_its_time() {
    for (format, expected) in FORMATS {
        let inputs = with(&[h264(), opus()], stream(Codec::H264, Codec::Opus, 5000, 4));
        let files = record(Config { format, ..CONFIG }, inputs);
        let [file] = files.as_slice() else { panic!("one file") };
        assert_eq!((file.format, file.is_complete), (expected, true));
        let (pictures, sounds) = (file.of(Kind::Video), file.of(Kind::Audio));
        assert_eq!((pictures.len(), sounds.len()), (100, 200));
        for (number, shown) in pictures.iter().enumerate() {
            assert_eq!((shown.pts_ms, shown.is_key), (number as i64 * 40, number % 25 == 0), "{format:?}");
        }
        for (number, shown) in sounds.iter().enumerate() {
            assert!((shown.pts_ms - (7 + number as i64 * 20)).abs() <= 1, "{format:?}: {shown:?}");
        }
        assert_eq!(file.duration.millis(), 4007);
    }
}

#[test]
fn a_file_is_playable_after_every_write() {
    for (format, _) in FORMATS {
        let inputs = with(&[h264(), opus()], stream(Codec::H264, Codec::Opus, 0, 5));
        let files = record(Config { format, ..CONFIG }, inputs);
        let file = &files[0];
        let mut written = 0;
        for &length in &file.lengths {
            let frames = frames_of(file.format, &file.bytes[..length]).len();
            assert!(frames >= written);
            written = frames;
        }
        assert_eq!(written, 375);
        assert!(file.lengths.len() > 5, "a write for each second");
    }
}

#[test]
fn the_parts_of_a_file_are_told_by_their_beginnings() {
    for (format, _) in FORMATS {
        let inputs = with(&[h264(), opus()], stream(Codec::H264, Codec::Opus, 0, 3));
        let file = record(Config { format, ..CONFIG }, inputs).remove(0);
        let (mut at, mut ends) = (0, Vec::new());
        while at < file.bytes.len() {
            let head = &file.bytes[at..file.bytes.len().min(at + PART_HEAD_BYTES)];
            let (length, plays) = file.format.part(head).expect("a part begins here");
            at += length as usize;
            ends.extend(plays.then_some(at));
        }
        assert_eq!(at, file.bytes.len());
        assert!(file.lengths.iter().all(|length| ends.contains(length)), "{format:?}");
    }
}

#[test]
fn the_format_follows_from_the_codecs() {
    let video_of = |codec| video(codec, Vec::new());
    for (wanted, video, audio, expected) in [
        (Wanted::Auto, Some(h264()), Some(aac()), Format::Mp4),
        (Wanted::Auto, Some(video_of(Codec::Vp8)), Some(opus()), Format::WebM),
        (Wanted::Auto, Some(video_of(Codec::Vp8)), Some(aac()), Format::Matroska),
        (Wanted::Auto, Some(video_of(Codec::Vp9)), None, Format::WebM),
        (Wanted::Auto, Some(video_of(Codec::Av1)), Some(aac()), Format::Mp4),
        (Wanted::Auto, None, Some(opus()), Format::WebM),
        (Wanted::Auto, None, Some(aac()), Format::Mp4),
        (Wanted::Mp4, Some(video_of(Codec::Vp8)), Some(opus()), Format::WebM),
        (Wanted::Mp4, Some(video_of(Codec::Vp9)), Some(opus()), Format::Mp4),
        (Wanted::Matroska, Some(h264()), Some(opus()), Format::Matroska),
        (Wanted::Flv, Some(video_of(Codec::Vp8)), Some(opus()), Format::Flv),
    ] {
        assert_eq!(Format::choose(wanted, video.as_ref(), audio.as_ref()), expected);
    }
}

#[test]
fn a_file_ends_at_the_first_key_frame_past_its_duration() {
    let config = Config { file_duration_max: MediaTime::from_millis(2500), ..CONFIG };
    let files = record(config, with(&[h264(), opus()], stream(Codec::H264, Codec::Opus, 0, 7)));
    let pictures: Vec<usize> = files.iter().map(|file| file.of(Kind::Video).len()).collect();
    assert_eq!(pictures, [75, 75, 25]);
    assert_eq!(files.iter().map(|file| file.of(Kind::Audio).len()).sum::<usize>(), 350, "no sound is lost between");
    for file in &files {
        assert!(file.is_complete);
        assert!(file.of(Kind::Video)[0].is_key);
        assert!(file.frames().iter().any(|frame| frame.pts_ms == 0), "times begin at 0");
    }
}

#[test]
fn a_file_lasts_to_its_limit_and_not_one_key_frame_longer() {
    for (limit_ms, expected) in [(3000, 75), (3001, 100)] {
        let config = Config { file_duration_max: MediaTime::from_millis(limit_ms), ..CONFIG };
        let files = record(config, with(&[h264()], stream(Codec::H264, Codec::Opus, 0, 9)));
        assert_eq!(files[0].of(Kind::Video).len(), expected, "{limit_ms} ms");
    }
}

#[test]
fn a_file_ends_at_the_first_key_frame_past_its_bytes() {
    let config = Config { file_bytes_max: Some(30_000), format: Wanted::Flv, ..CONFIG };
    let files = record(config, with(&[h264(), opus()], stream(Codec::H264, Codec::Opus, 0, 9)));
    assert!(files.len() > 2);
    for file in &files[..files.len() - 1] {
        assert!((30_000..45_000).contains(&file.bytes.len()), "{} bytes", file.bytes.len());
    }
}

#[test]
fn other_parameters_begin_another_file_with_a_key_frame() {
    let mut inputs = with(&[h264(), opus()], stream(Codec::H264, Codec::Opus, 0, 2));
    inputs.push(Input::Parameters(h264()));
    inputs.extend(stream(Codec::H264, Codec::Opus, 2000, 1));
    inputs.push(Input::Parameters(Parameters { shape: media::Shape::Video { width: 32, height: 32 }, ..h264() }));
    inputs.push(Input::Frame(picture(Codec::H264, 3000, false, 10)));
    inputs.extend(stream(Codec::H264, Codec::Opus, 3040, 1));
    let files = record(CONFIG, inputs);
    let pictures: Vec<usize> = files.iter().map(|file| file.of(Kind::Video).len()).collect();
    assert_eq!(pictures, [75, 25], "the same parameters again change nothing");
    assert!(files[1].of(Kind::Video)[0].is_key);
}

#[test]
fn what_comes_before_the_first_key_frame_is_left_out() {
    let mut inputs = with(&[h264(), opus()], Vec::new());
    inputs.push(Input::Frame(picture(Codec::H264, 0, false, 10)));
    inputs.push(Input::Frame(sound(Codec::Opus, MediaTime::from_millis(10), 10)));
    inputs.extend(stream(Codec::H264, Codec::Opus, 40, 1));
    let files = record(CONFIG, inputs);
    assert_eq!((files[0].of(Kind::Video).len(), files[0].of(Kind::Audio).len()), (25, 50));
}

#[test]
fn after_a_break_the_file_goes_on_with_a_key_frame_at_its_time() {
    let mut inputs = with(&[h264(), opus()], stream(Codec::H264, Codec::Opus, 0, 2));
    inputs.push(Input::Break);
    inputs.push(Input::Frame(picture(Codec::H264, 7960, false, 10)));
    inputs.extend(stream(Codec::H264, Codec::Opus, 8000, 1));
    for (format, _) in FORMATS {
        let files = record(Config { format, ..CONFIG }, inputs.clone());
        assert_eq!(files.len(), 1);
        let pictures = files[0].of(Kind::Video);
        assert_eq!((pictures.len(), pictures[50].pts_ms, pictures[50].is_key), (75, 8000, true));
        assert!((files[0].of(Kind::Audio)[100].pts_ms - 8007).abs() <= 1);
    }
}

#[test]
fn sounds_alone_are_recorded_once_no_pictures_have_come_for_a_second() {
    let sounds = (0..200).map(|number| Input::Frame(voice(number * 20)));
    let files = record(CONFIG, with(&[opus()], sounds.collect()));
    assert_eq!((files[0].format, files[0].frames().len()), (Format::WebM, 150));
}

#[test]
fn pictures_that_come_after_the_sounds_have_a_file_with_both() {
    let first = (0..10).map(|number| Input::Frame(voice(number * 20)));
    let mut inputs = with(&[opus()], first.collect());
    inputs.push(Input::Parameters(h264()));
    inputs.extend(stream(Codec::H264, Codec::Opus, 200, 2));
    let files = record(CONFIG, inputs);
    let [file] = files.as_slice() else { panic!("one file") };
    assert_eq!((file.of(Kind::Video).len(), file.of(Kind::Audio).len()), (50, 100));
}

#[test]
fn silence_between_sounds_stays_silence() {
    let times = (0..100).map(|number| number * 20 + if number < 50 { 0 } else { 5000 });
    let frames = times.map(|ms| Input::Frame(voice(1000 + ms)));
    let still = voice(0);
    for (format, _) in FORMATS {
        let mut inputs = with(&[opus()], vec![Input::Frame(still.clone())]);
        inputs.extend(frames.clone());
        let file = record(Config { format, ..CONFIG }, inputs).remove(0);
        let sounds = file.frames();
        // Times of Matroska have whole milliseconds.
        assert!((sounds[49].pts_ms - 980).abs() <= 1 && (sounds[50].pts_ms - 6000).abs() <= 1, "{format:?}");
    }
}

#[test]
fn nothing_is_written_without_frames() {
    assert!(record(CONFIG, with(&[h264(), opus()], Vec::new())).is_empty());
}

#[test]
fn a_fragment_is_written_at_each_second_without_key_frames_too() {
    let frames = (0..250).map(|number| Input::Frame(picture(Codec::H264, number * 40, number == 0, 50)));
    let file = record(CONFIG, with(&[h264()], frames.collect())).remove(0);
    // The header, and ten fragments.
    assert_eq!(file.lengths.len(), 1 + 10_000 / FRAGMENT_DURATION.millis() as usize);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_is_lost_and_nothing_comes_twice(
        steps in prop::collection::vec((any::<bool>(), 0..120_i64, 0..12_u8, 1..2000_usize), 1..400),
        wanted in prop::sample::select(vec![Wanted::Mp4, Wanted::Matroska, Wanted::Flv]),
        limit_ms in 500..5000_i64,
    ) {
        let (mut inputs, mut expected, mut now, mut has_begun) = (with(&[h264(), opus()], Vec::new()), [0, 0], 0, false);
        for (is_picture, step, key, bytes) in steps {
            now += step;
            let frame = if is_picture {
                picture(Codec::H264, now, key == 0, bytes)
            } else {
                sound(Codec::Opus, MediaTime::from_millis(now), bytes)
            };
            has_begun |= is_picture && frame.is_key;
            expected[usize::from(is_picture)] += usize::from(has_begun);
            inputs.push(Input::Frame(frame));
        }
        let files = record(Config { format: wanted, file_duration_max: MediaTime::from_millis(limit_ms), ..CONFIG }, inputs);
        let mut found = [0, 0];
        for file in &files {
            prop_assert!(file.is_complete);
            let pictures = file.of(Kind::Video);
            prop_assert!(pictures.first().is_some_and(|first| first.is_key));
            prop_assert!(pictures.windows(2).all(|pair| pair[0].pts_ms <= pair[1].pts_ms));
            found[1] += pictures.len();
            found[0] += file.of(Kind::Audio).len();
        }
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn the_index_of_an_mp4_leads_over_all_of_its_fragments() {
    let file = record(CONFIG, with(&[h264(), aac()], stream(Codec::H264, Codec::Aac, 0, 6))).remove(0);
    let sidx = file.bytes.windows(4).position(|window| window == b"sidx").expect("there is an index") - 4;
    let word = |at: usize| u32::from_be_bytes(*file.bytes[sidx + at..].first_chunk().unwrap()) as usize;
    let (length, first_offset, count) = (word(0), word(32), word(36) & 0xffff);
    let references: Vec<(usize, usize)> = (0..count).map(|n| (word(40 + n * 12), word(44 + n * 12))).collect();
    let mut at = sidx + length + first_offset;
    for (size, _) in &references {
        assert_eq!(&file.bytes[at + 4..at + 8], b"moof");
        at += size;
    }
    assert_eq!(at, file.bytes.len());
    // Six groups of pictures of a second each, at 90 kHz; the last lasts as long as its sounds.
    let durations: Vec<usize> = references.iter().map(|(_, duration)| *duration).collect();
    assert_eq!(durations[..5], [90_000; 5]);
    assert_eq!(durations.iter().sum::<usize>(), file.duration.ticks(90_000) as usize);
}

#[test]
fn the_index_has_as_many_points_as_fit_and_no_more() {
    use crate::record::seek_points::{SeekPoint, SeekPoints};
    let point = |number: u64| SeekPoint { time: MediaTime::from_millis(number as i64), offset: number };
    for (pushed, kept) in [(4, 4), (5, 3), (9, 3), (1000, 4)] {
        let mut points = SeekPoints::new(4);
        (0..pushed).for_each(|number| points.push(point(number)));
        assert!(points.as_slice().len() <= 4);
        assert_eq!((points.as_slice()[0], points.as_slice().len() >= kept.min(3)), (point(0), true));
    }
}

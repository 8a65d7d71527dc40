use media::{Kind, Parameters, Shape};
use mp4_atom::{Any, DecodeMaybe as _};

use super::*;

/// Of pictures, in fragments of MP4.
const VIDEO_TRACK: u32 = 1;
const BOTH: [Container; 2] = [Container::TransportStream, Container::Mp4];

/// A publisher with layers, whose variants are read and checked after every frame.
struct Simulcast {
    variants: Variants,
    epoch: Epoch,
    now: Instant,
    /// Of each grade, the best first.
    last: Vec<[Option<Seen>; 2]>,
}

/// The best and so many layers beside it.
fn grades(beside: u8) -> impl Iterator<Item = Grade> {
    std::iter::once(Grade::BEST).chain((0..beside).rev().filter_map(Grade::of_layer))
}

fn tag(grade: Grade) -> Tag {
    Tag(TAG.0 + grade.index() as u128)
}

fn sized(width: u32) -> Parameters {
    Parameters { shape: Shape::Video { width, height: width * 3 / 4 }, ..h264() }
}

fn uri(grade: Grade) -> String {
    format!("{}.m3u8", grade.index())
}

impl Simulcast {
    /// Nobody wants the layers so far.
    fn new() -> Self {
        let epoch = epoch();
        let best = Stream::new(Config::default(), TAG, "lesson".to_owned(), epoch);
        let mut variants = Variants::new(best, Config::default());
        variants.handle_parameters(epoch.at, Grade::BEST, &sized(640));
        variants.handle_parameters(epoch.at, Grade::BEST, &aac());
        Self { variants, epoch, now: epoch.at, last: vec![[None, None]; 3] }
    }

    fn want(&mut self, grade: Grade, width: u32) {
        self.variants.want(grade, tag(grade));
        self.variants.handle_parameters(self.now, grade, &sized(width));
    }

    /// Publishes, each layer a millisecond behind the one above.
    fn publish(&mut self, frames: &[Frame], beside: u8) {
        for frame in frames {
            self.now = self.epoch.at + Duration::from_micros(frame.dts.micros().unsigned_abs());
            for grade in grades(if frame.kind() == Kind::Video { beside } else { 0 }) {
                self.variants.handle_frame(self.now, grade, frame);
            }
            self.look();
        }
    }

    fn look(&mut self) {
        let mut with_parts = Vec::new();
        for grade in grades(2) {
            for (slot, container) in BOTH.into_iter().enumerate() {
                let playlist = self.variants.media_playlist((container, grade), Reload::default(), uri);
                let Ok(Answer::Ready(playlist)) = playlist else { continue };
                let seen = rules::media_playlist(text(&playlist));
                let seen = seen.unwrap_or_else(|violation| panic!("{violation:?}\n{}", text(&playlist)));
                if let Some(before) = &self.last[grade.index()][slot] {
                    let kept = rules::succession(before, &seen);
                    kept.unwrap_or_else(|violation| panic!("{violation:?}\n{}", text(&playlist)));
                }
                self.last[grade.index()][slot] = Some(seen.clone());
                if container == Container::Mp4 {
                    with_parts.push((uri(grade), seen));
                }
            }
        }
        rules::renditions(&with_parts).unwrap_or_else(|violation| panic!("{violation:?}\n{with_parts:?}"));
    }

    /// When the pictures of these segments begin and how long they are, in ticks of 90 kHz, as a reader of MP4 sees them.
    fn pictures_of_best(&mut self, segments: &[usize]) -> Vec<(u64, u64)> {
        self.samples_of_best(VIDEO_TRACK, segments)
    }

    /// The same of the samples of a track, in its ticks.
    fn samples_of_best(&mut self, track_id: u32, segments: &[usize]) -> Vec<(u64, u64)> {
        let names =
            segments.iter().map(|&index| self.seen(Grade::BEST).segments[index].uri.clone()).collect::<Vec<_>>();
        let mut pictures = Vec::new();
        for name in names {
            let (tag, file) = File::parse(&name).expect("a name of ours");
            let stream = self.variants.stream(Grade::BEST).expect("the best is there");
            let bytes = ready(stream.file(tag, file)).concat();
            let mut rest = &bytes[..];
            while let Some(atom) = Any::decode_maybe(&mut rest).expect("it is well-formed") {
                let Any::Moof(moof) = atom else { continue };
                for track in moof.traf.iter().filter(|track| track.tfhd.track_id == track_id) {
                    let mut at = track.tfdt.as_ref().expect("a fragment has its time").base_media_decode_time;
                    for sample in track.trun.iter().flat_map(|run| run.samples.iter()) {
                        let duration = u64::from(sample.duration.expect("a sample has its duration"));
                        pictures.push((at, duration));
                        at += duration;
                    }
                }
            }
        }
        pictures
    }

    /// When the pictures and the sounds of a file of the best begin, in seconds.
    fn begins(&mut self, name: &str) -> [f64; 2] {
        let (tag, file) = File::parse(name).expect("a name of ours");
        let bytes = ready(self.variants.stream(Grade::BEST).expect("the best is there").file(tag, file)).concat();
        let Ok(Some(Any::Moof(moof))) = Any::decode_maybe(&mut &bytes[..]) else { panic!("a fragment") };
        [(VIDEO_TRACK, 90_000.0), (VIDEO_TRACK + 1, 48_000.0)].map(|(id, rate)| {
            let track = moof.traf.iter().find(|track| track.tfhd.track_id == id).expect("there is one");
            track.tfdt.as_ref().expect("a fragment has its time").base_media_decode_time as f64 / rate
        })
    }

    fn seen(&self, grade: Grade) -> &Seen {
        self.last[grade.index()][1].as_ref().expect("there is a playlist")
    }

    fn multivariant(&mut self) -> String {
        text(&ready(self.variants.multivariant_playlist(Container::Mp4, uri))).to_owned()
    }

    /// Numbers, lengths, discontinuities and dates of what both list.
    fn check_alignment(&self, grade: Grade) {
        let (best, other) = (self.seen(Grade::BEST), self.seen(grade));
        assert_eq!(best.target_duration_s, other.target_duration_s, "RFC 8216 §6.2.4");
        let (best, other) = (numbered(best), numbered(other));
        let both: Vec<_> = other.iter().filter_map(|own| best.iter().find(|known| known.0 == own.0)).collect();
        assert!(both.len() >= 2, "{best:?} {other:?}");
        for (known, own) in both.iter().zip(other.iter().skip(other.len() - both.len())).skip(1) {
            assert_eq!(**known, *own);
        }
    }
}

/// Number, length, the discontinuities up to it, and its date.
fn numbered(seen: &Seen) -> Vec<(u64, u64, u64, Option<String>)> {
    let mut discontinuities = seen.discontinuity_sequence;
    let rows = (seen.media_sequence..).zip(&seen.segments).map(|(number, segment)| {
        discontinuities += u64::from(segment.is_discontinuous);
        (number, segment.duration_us, discontinuities, segment.date_time.clone())
    });
    rows.collect()
}

fn low() -> Grade {
    Grade::of_layer(0).expect("a layer")
}

fn middle() -> Grade {
    Grade::of_layer(1).expect("a layer")
}

#[test]
fn each_layer_is_a_variant_with_its_size_and_the_best_comes_first() {
    let mut simulcast = Simulcast::new();
    simulcast.want(middle(), 320);
    simulcast.want(low(), 160);
    simulcast.publish(&publication(0, 4_100, 25, 2000), 2);
    let playlist = simulcast.multivariant();
    let uris = rules::multivariant_playlist(&playlist).unwrap_or_else(|violation| panic!("{violation:?}\n{playlist}"));
    assert_eq!(uris, [Grade::BEST, middle(), low()].map(uri));
    let sizes: Vec<usize> =
        ["640x480", "320x240", "160x120"].into_iter().filter_map(|size| playlist.find(size)).collect();
    assert!(sizes.len() == 3 && sizes.is_sorted(), "{playlist}");
    for word in ["AVERAGE-BANDWIDTH=", "CODECS=\"avc1.42c00a,mp4a.40.2\"", "FRAME-RATE=25.000"] {
        assert_eq!(playlist.matches(word).count(), 3, "{playlist}");
    }
}

#[test]
fn segments_of_all_variants_have_the_same_numbers_times_and_discontinuities() {
    let mut simulcast = Simulcast::new();
    simulcast.want(middle(), 320);
    simulcast.want(low(), 160);
    simulcast.publish(&publication(0, 12_100, 25, 2000), 2);
    for grade in [middle(), low()] {
        simulcast.check_alignment(grade);
    }
    assert_eq!(numbered(simulcast.seen(low())), numbered(simulcast.seen(Grade::BEST)), "from the first one on");
}

#[test]
fn each_playlist_with_parts_says_how_far_the_other_variants_are_until_the_end() {
    let mut simulcast = Simulcast::new();
    simulcast.publish(&publication(0, 4_100, 25, 2000), 0);
    assert_eq!(simulcast.seen(Grade::BEST).reports, [], "there is no other");
    simulcast.want(low(), 160);
    simulcast.publish(&publication(4_100, 4_600, 25, 2000), 1);
    let report = |grade, last_msn, last_part| rules::SeenReport { uri: uri(grade), last_msn, last_part };
    assert_eq!(simulcast.seen(Grade::BEST).reports, [report(low(), 4, Some(0))]);
    assert_eq!(simulcast.seen(low()).reports, [report(Grade::BEST, 4, Some(0))]);
    assert_eq!(
        simulcast.last[0][0].as_ref().map(|seen| seen.reports.len()),
        Some(0),
        "transport streams have no parts"
    );
    let delta = Reload { skip: true, ..Reload::default() };
    let delta = text(&ready(simulcast.variants.media_playlist((Container::Mp4, low()), delta, uri))).to_owned();
    assert!(delta.ends_with("#EXT-X-RENDITION-REPORT:URI=\"0.m3u8\",LAST-MSN=4,LAST-PART=0\n"), "{delta}");
    simulcast.variants.handle_end(simulcast.now);
    simulcast.look();
    assert_eq!(simulcast.seen(low()).reports, []);
}

/// The best has key frames at these times, the layer at those, in milliseconds, from 9 s on, when it becomes wanted.
fn wanted_at_9_s(keys: &[i64], keys_of_layer: &[i64]) -> Simulcast {
    let mut simulcast = Simulcast::new();
    simulcast.publish(&publication(0, 9_000, 25, 2000), 0);
    simulcast.want(low(), 160);
    for frame in &publication(9_000, 5_200, 25, 2000) {
        simulcast.now = simulcast.epoch.at + Duration::from_micros(frame.dts.micros().unsigned_abs());
        let is_key = |keys: &[i64]| frame.kind() == Kind::Audio || keys.contains(&frame.dts.millis());
        let of_grade = |keys: &[i64]| Frame { is_key: is_key(keys), ..frame.clone() };
        // The layer comes first: the frame of the best that it goes with is known later.
        if frame.kind() == Kind::Video {
            simulcast.variants.handle_frame(simulcast.now, low(), &of_grade(keys_of_layer));
        }
        simulcast.variants.handle_frame(simulcast.now, Grade::BEST, &of_grade(keys));
        simulcast.look();
    }
    simulcast
}

#[test]
fn a_layer_that_is_wanted_later_begins_with_the_next_segment_of_the_best() {
    // It was asked for a key frame, which comes in the middle of a segment, and again with the others.
    let simulcast = wanted_at_9_s(&[10_000, 12_000, 14_000], &[9_000, 10_000, 12_000, 14_000]);
    let seen = simulcast.seen(low());
    assert_eq!((seen.media_sequence, seen.segments.len()), (5, 2));
    assert_eq!(seen.segments[0].duration_us, 2_000_000);
    simulcast.check_alignment(low());
}

#[test]
fn the_first_picture_of_a_layer_may_be_a_moment_from_that_of_the_best_and_no_more() {
    for (at, first) in [(9_920, 5), (10_080, 5), (9_880, 6), (10_120, 6)] {
        let simulcast = wanted_at_9_s(&[10_000, 12_000, 14_000], &[at, 12_000, 14_000]);
        assert_eq!(simulcast.seen(low()).media_sequence, first, "{at}");
    }
}

#[test]
fn a_layer_whose_pictures_stop_shows_the_last_one_until_another_layer_takes_its_place() {
    // The best goes off at 5 s, is noticed a second later, and the smaller layer stands in for it from its next key frame on.
    let mut simulcast = Simulcast::new();
    simulcast.want(low(), 160);
    simulcast.publish(&publication(0, 5_000, 25, 2000), 1);
    let gap = publication(5_000, 1_000, 25, 2000);
    let sounds: Vec<Frame> = gap.into_iter().filter(|frame| frame.kind() == Kind::Audio).collect();
    simulcast.publish(&sounds, 0);
    simulcast.variants.handle_parameters(simulcast.now, Grade::BEST, &sized(160));
    simulcast.publish(&publication(6_000, 6_100, 25, 2000), 1);
    let best = simulcast.seen(Grade::BEST);
    let durations: Vec<u64> = best.segments.iter().map(|segment| segment.duration_us).collect();
    assert_eq!(durations, [2_000_000; 6]);
    assert!(best.segments[3].is_discontinuous, "{best:?}");
    // Up to there every picture follows the one before: what a player has of them is without holes.
    let pictures = simulcast.pictures_of_best(&[0, 1, 2]);
    assert!(pictures.windows(2).all(|pair| pair[0].0 + pair[0].1 == pair[1].0), "{pictures:?}");
    assert_eq!(pictures.last().map(|last| (last.0 + last.1) / 90), Some(6_000));
}

#[test]
fn a_layer_that_goes_off_at_the_end_of_a_segment_leaves_no_time_out() {
    // The segment would be longer than was promised with the picture that stays: the sound beside it makes another one.
    let mut simulcast = Simulcast::new();
    simulcast.want(low(), 160);
    simulcast.publish(&publication(0, 5_900, 25, 2000), 1);
    let gap = publication(5_900, 1_200, 25, 2000);
    let sounds: Vec<Frame> = gap.into_iter().filter(|frame| frame.kind() == Kind::Audio).collect();
    simulcast.publish(&sounds, 0);
    simulcast.variants.handle_parameters(simulcast.now, Grade::BEST, &sized(160));
    simulcast.publish(&publication(7_100, 6_100, 25, 2000), 1);
    let best = simulcast.seen(Grade::BEST);
    let before = best.segments.iter().take_while(|segment| !segment.is_discontinuous);
    let durations: Vec<u64> = before.map(|segment| segment.duration_us).collect();
    assert_eq!((durations.len(), durations.iter().sum::<u64>()), (4, 7_100_000), "{durations:?}");
    let pictures = simulcast.pictures_of_best(&[0, 1, 2]);
    assert!(pictures.windows(2).all(|pair| pair[0].0 + pair[0].1 == pair[1].0), "{pictures:?}");
    assert_eq!(pictures.last().map(|last| (last.0 + last.1) / 90), Some(7_100));
    // Behind the discontinuity sound and pictures begin together.
    let first = simulcast.seen(Grade::BEST).segments[4].uri.clone();
    let [video, audio] = simulcast.begins(&first);
    assert!(audio - video < 0.025, "{audio} {video}");
}

#[test]
fn sounds_that_come_behind_the_first_pictures_of_another_layer_stay_before_these() {
    // A player would take a sound before the first picture for the beginning of what follows, and leave as much out before it.
    let mut simulcast = Simulcast::new();
    let gap = publication(5_000, 1_000, 25, 2000).into_iter().filter(|frame| frame.kind() == Kind::Audio);
    let mut frames: Vec<Frame> = publication(0, 5_000, 25, 2000).into_iter().chain(gap).collect();
    frames.extend(publication(6_000, 6_100, 25, 2000));
    let arrival_ms = |frame: &Frame| frame.dts.millis() + if frame.kind() == Kind::Audio { 100 } else { 0 };
    frames.sort_by_key(arrival_ms);
    let (before, behind) = frames.split_at(frames.partition_point(|frame| arrival_ms(frame) < 6_000));
    simulcast.publish(before, 0);
    simulcast.variants.handle_parameters(simulcast.now, Grade::BEST, &sized(160));
    simulcast.publish(behind, 0);
    let first = simulcast.seen(Grade::BEST).segments[3].uri.clone();
    assert!(simulcast.seen(Grade::BEST).segments[3].is_discontinuous);
    let [video, audio] = simulcast.begins(&first);
    assert!((0.0..0.025).contains(&(audio - video)), "{audio} {video}");
    let sounds = simulcast.samples_of_best(VIDEO_TRACK + 1, &[0, 1, 2]);
    assert!(sounds.windows(2).all(|pair| pair[1].0.abs_diff(pair[0].0 + pair[0].1) <= 48), "{sounds:?}");
    assert!(sounds.last().is_some_and(|last| last.0 + last.1 >= 6 * 48_000), "{:?}", sounds.last());
}

#[test]
fn when_the_best_pictures_change_the_others_have_a_discontinuity_as_well_and_miss_nothing() {
    let mut simulcast = Simulcast::new();
    simulcast.want(low(), 160);
    simulcast.publish(&publication(0, 6_000, 25, 2000), 1);
    simulcast.variants.handle_parameters(simulcast.now, Grade::BEST, &sized(320));
    simulcast.publish(&publication(6_000, 6_100, 25, 2000), 1);
    let seen = simulcast.seen(low());
    let total: u64 = seen.segments.iter().map(|segment| segment.duration_us).sum();
    assert_eq!(total, 12_000_000);
    assert_eq!(seen.segments.iter().filter(|segment| segment.is_discontinuous).count(), 1);
    simulcast.check_alignment(low());
}

#[test]
fn when_a_layer_changes_the_best_has_a_discontinuity_as_well() {
    let mut simulcast = Simulcast::new();
    simulcast.want(low(), 160);
    simulcast.publish(&publication(0, 6_000, 25, 2000), 1);
    simulcast.variants.handle_parameters(simulcast.now, low(), &sized(80));
    simulcast.publish(&publication(6_000, 6_100, 25, 2000), 1);
    let best = simulcast.seen(Grade::BEST);
    assert_eq!(best.segments.iter().filter(|segment| segment.is_discontinuous).count(), 1);
    simulcast.check_alignment(low());
}

#[test]
fn another_publisher_is_one_discontinuity_in_all_of_them() {
    let mut simulcast = Simulcast::new();
    simulcast.want(low(), 160);
    simulcast.publish(&publication(0, 6_000, 25, 2000), 1);
    for (grade, parameters) in [(Grade::BEST, sized(640)), (Grade::BEST, aac()), (low(), sized(160))] {
        simulcast.variants.handle_parameters(simulcast.now, grade, &parameters);
    }
    simulcast.publish(&publication(6_000, 6_100, 25, 2000), 1);
    for grade in [Grade::BEST, low()] {
        let seen = simulcast.seen(grade);
        assert_eq!(seen.segments.iter().filter(|segment| segment.is_discontinuous).count(), 1, "{grade:?}");
    }
    simulcast.check_alignment(low());
}

#[test]
fn a_layer_that_is_off_is_waited_for_so_long_and_left_out_then() {
    let mut simulcast = Simulcast::new();
    simulcast.want(low(), 160);
    simulcast.publish(&publication(0, 2_100, 25, 2000), 0);
    assert_eq!(simulcast.variants.multivariant_playlist(Container::Mp4, uri), Ok(Answer::Wait));
    simulcast.publish(&publication(2_100, 6_000, 25, 2000), 0);
    let playlist = simulcast.multivariant();
    assert_eq!(rules::multivariant_playlist(&playlist), Ok(vec![uri(Grade::BEST)]));
}

#[test]
fn a_layer_in_whose_place_another_is_shown_is_listed_once() {
    let mut simulcast = Simulcast::new();
    simulcast.want(low(), 640);
    simulcast.publish(&publication(0, 4_100, 25, 2000), 1);
    let playlist = simulcast.multivariant();
    assert_eq!(rules::multivariant_playlist(&playlist), Ok(vec![uri(Grade::BEST)]));
}

#[test]
fn files_are_found_by_the_tag_of_their_variant_and_a_layer_nobody_wants_is_gone() {
    let mut simulcast = Simulcast::new();
    simulcast.want(low(), 160);
    simulcast.publish(&publication(0, 4_100, 25, 2000), 1);
    let found = [TAG, tag(low()), Tag(7)].map(|tag| simulcast.variants.find(tag));
    assert_eq!(found, [Some(Grade::BEST), Some(low()), None]);
    let before = simulcast.variants.revision();
    simulcast.variants.forget(low());
    assert_eq!(simulcast.variants.find(tag(low())), None);
    assert!(simulcast.variants.stream(low()).is_none() && before > 0);
}

#[test]
fn what_waits_for_the_first_segment_stays_within_its_limits() {
    let mut simulcast = Simulcast::new();
    simulcast.want(low(), 160);
    // Sound alone never makes a segment of a stream with pictures.
    let sounds = (0..10_000).map(|n| sound(Codec::Aac, MediaTime::from_millis(n), 100)).collect::<Vec<_>>();
    let at = |count: usize, simulcast: &mut Simulcast| {
        for frame in &sounds[..count] {
            simulcast.variants.handle_frame(simulcast.now, Grade::BEST, frame);
        }
        simulcast.variants.held()
    };
    assert_eq!(at(2_048, &mut simulcast), (2_048, 204_800));
    assert_eq!(at(1, &mut simulcast), (2_048, 204_800), "the oldest went");
    let heavy = picture(Codec::H264, 0, false, 17 << 20);
    simulcast.variants.handle_frame(simulcast.now, low(), &heavy);
    assert_eq!(simulcast.variants.held(), (0, 0), "one that is too heavy is not kept itself");
}

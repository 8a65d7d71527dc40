use media::{Kind, MediaTime};

use super::{Alignment, ERROR_US_MAX, SOUND_SHARE, TrackClock};

/// Longer than any of these stories.
const LATER: MediaTime = MediaTime::from_millis(99_999);

fn ntp(micros: u64) -> u64 {
    ((micros / 1_000_000) << 32) | (((micros % 1_000_000) << 32) / 1_000_000)
}

fn tracks() -> (TrackClock, TrackClock, Alignment) {
    (TrackClock::new(Kind::Video, 90_000), TrackClock::new(Kind::Audio, 48_000), Alignment::default())
}

#[test]
fn a_track_begins_when_its_first_packet_comes_and_goes_on_by_its_timestamps() {
    let (mut clock, _, mut alignment) = tracks();
    let first = u32::MAX - 44_999;
    let mut time_of = |ticks, arrival_ms| {
        clock.time_of(first.wrapping_add(ticks), MediaTime::from_millis(arrival_ms), &mut alignment).millis()
    };
    assert_eq!(time_of(0, 250), 250);
    // Over the end of the count, and back for one that comes late.
    assert_eq!(time_of(90_000, 9_999), 1_250);
    assert_eq!(time_of(81_000, 9_999), 1_150);
}

#[test]
fn with_its_first_report_a_track_moves_to_where_it_belongs_at_once() {
    let (mut picture, mut sound, mut alignment) = tracks();
    picture.time_of(0, MediaTime::from_millis(100), &mut alignment);
    sound.time_of(1_000, MediaTime::from_millis(160), &mut alignment);
    picture.handle_sender_report(ntp(7_000_000), 0, &mut alignment);
    sound.handle_sender_report(ntp(7_000_000), 1_000, &mut alignment);
    let micros = sound.time_of(1_960, LATER, &mut alignment).micros();
    assert!((micros - 120_000).abs() < 10, "{micros} us");
}

#[test]
fn a_first_report_that_comes_when_times_were_told_turns_no_time_back() {
    let (mut picture, mut sound, mut alignment) = tracks();
    alignment.anchor(ntp(7_000_000), MediaTime::ZERO);
    let mut before = [MediaTime::from_millis(-1); 2];
    for ms in (0..2_000).step_by(40) {
        let times = [
            picture.time_of(ms * 90, MediaTime::from_millis(300), &mut alignment),
            sound.time_of(ms * 48, MediaTime::from_millis(300), &mut alignment),
        ];
        assert!(times[0] > before[0] && times[1] > before[1], "{times:?} after {before:?}");
        before = times;
        if ms == 200 {
            picture.handle_sender_report(ntp(7_000_000), 0, &mut alignment);
            sound.handle_sender_report(ntp(7_000_000), 0, &mut alignment);
        }
    }
}

/// A publisher as the tap sees it: both tracks, their reports, and by how much sound was behind the pictures of the same moment.
struct Publisher {
    picture: TrackClock,
    sound: TrackClock,
    alignment: Alignment,
    /// When it was sampled, and its time, both in microseconds.
    pictures: Vec<(i64, i64)>,
    sounds: Vec<(i64, i64)>,
}

impl Publisher {
    /// The first packets come `arrivals_ms` after they were made, sampled at the same moment.
    fn new(picture_ms: i64, sound_ms: i64) -> Self {
        let (mut picture, mut sound, mut alignment) = tracks();
        alignment.anchor(ntp(7_000_000), MediaTime::ZERO);
        picture.time_of(0, MediaTime::from_millis(picture_ms), &mut alignment);
        sound.time_of(0, MediaTime::from_millis(sound_ms), &mut alignment);
        Self { picture, sound, alignment, pictures: Vec::new(), sounds: Vec::new() }
    }

    /// Both tracks are told that what is sampled at `ms` came so many milliseconds later.
    fn report(&mut self, ms: u64, picture_late_ms: u64, sound_late_ms: u64) {
        let (sampled, at) = (u32::try_from(ms).unwrap(), 7_000 + ms);
        self.picture.handle_sender_report(ntp((at + picture_late_ms) * 1_000), sampled * 90, &mut self.alignment);
        self.sound.handle_sender_report(ntp((at + sound_late_ms) * 1_000), sampled * 48, &mut self.alignment);
    }

    /// Sends what is sampled in `milliseconds`: a picture every 40 ms, sound every 20 ms.
    fn send(&mut self, milliseconds: std::ops::Range<u32>) {
        for ms in milliseconds.step_by(20) {
            let sampled = i64::from(ms) * 1_000;
            self.sounds.push((sampled, self.sound.time_of(ms * 48, LATER, &mut self.alignment).micros()));
            if ms % 40 == 0 {
                self.pictures.push((sampled, self.picture.time_of(ms * 90, LATER, &mut self.alignment).micros()));
            }
        }
    }

    /// Sound minus picture, of every moment at which both were sampled, beginning `from_ms` after the first.
    fn skew_us_max(&self, from_ms: i64) -> i64 {
        let sounds = self.sounds.iter().step_by(2);
        let skews = sounds.zip(&self.pictures).filter(|((sampled, _), _)| *sampled >= from_ms * 1_000);
        skews.map(|((_, sound), (_, picture))| (sound - picture).abs()).max().unwrap()
    }

    /// The least and the greatest distance between two pictures, and between two sounds.
    fn steps_us(&self) -> [(i64, i64); 2] {
        [&self.pictures, &self.sounds].map(|times| {
            let steps = times.windows(2).map(|two| two[1].1 - two[0].1);
            (steps.clone().min().unwrap(), steps.max().unwrap())
        })
    }
}

#[test]
fn when_a_better_report_moves_both_tracks_they_stay_in_step_at_every_moment() {
    // The publisher begins with a burst: its first report was 80 ms longer on its way than the next.
    let mut publisher = Publisher::new(400, 380);
    publisher.report(0, 80, 80);
    publisher.send(0..1_000);
    publisher.report(1_000, 0, 0);
    publisher.send(1_000..20_000);
    let skew = publisher.skew_us_max(0);
    assert!(skew < 1_000, "{skew} us");
    let (_, at_last) = *publisher.sounds.last().unwrap();
    assert!((at_last - 19_980_000).abs() < 1_000, "both are where they belong: {at_last} us");
}

#[test]
fn tracks_that_began_by_arrival_are_in_step_within_two_seconds_of_their_reports() {
    for (picture_late, sound_late) in [(0, 150), (150, 0), (200, 30), (30, 200)] {
        let mut publisher = Publisher::new(400, 380);
        publisher.report(0, picture_late, sound_late);
        publisher.send(0..500);
        // The publisher's own reports come late, and one before the other.
        publisher.report(500, picture_late, 0);
        publisher.send(500..600);
        publisher.report(600, 0, 0);
        publisher.send(600..20_000);
        let skew = publisher.skew_us_max(2_600);
        assert!(skew < 1_000, "{skew} us after {picture_late} and {sound_late} ms");
    }
}

#[test]
fn a_track_of_pictures_that_begins_late_begins_in_step_with_the_sound() {
    let mut publisher = Publisher::new(400, 380);
    publisher.report(0, 150, 150);
    publisher.send(0..1_000);
    publisher.report(1_000, 0, 0);
    publisher.send(1_000..2_000);
    let mut layer = TrackClock::new(Kind::Video, 90_000);
    layer.time_of(1_960 * 90, MediaTime::from_millis(2_300), &mut publisher.alignment);
    layer.handle_sender_report(ntp(8_000_000), 1_000 * 90, &mut publisher.alignment);
    let begins = layer.time_of(1_960 * 90, LATER, &mut publisher.alignment).micros();
    let (_, beside) = *publisher.pictures.last().unwrap();
    assert!((begins - beside).abs() < 1_000, "{begins} us beside {beside} us");
}

#[test]
fn no_step_is_heard_and_times_of_pictures_always_grow() {
    for (picture_late, sound_late) in [(0, 1_900), (1_900, 0), (900, 900)] {
        let mut publisher = Publisher::new(400, 380);
        publisher.report(0, picture_late, sound_late);
        publisher.send(0..500);
        publisher.report(500, 0, 0);
        publisher.send(500..30_000);
        let [pictures, sounds] = publisher.steps_us();
        assert!(pictures.0 >= 35_999 && pictures.1 <= 44_001, "{pictures:?} us");
        let step = 20_000 / SOUND_SHARE + 1;
        assert!(sounds.0 >= 20_000 - step && sounds.1 <= 20_000 + step, "{sounds:?} us");
    }
}

#[test]
fn pictures_without_sound_come_to_where_they_belong() {
    let (mut picture, _, mut alignment) = tracks();
    alignment.anchor(ntp(7_000_000), MediaTime::ZERO);
    picture.time_of(0, MediaTime::from_millis(90), &mut alignment);
    picture.handle_sender_report(ntp(7_090_000), 0, &mut alignment);
    picture.handle_sender_report(ntp(7_000_000), 0, &mut alignment);
    let times = (1..=25).map(|count| picture.time_of(count * 3_600, LATER, &mut alignment).millis());
    assert_eq!(times.last(), Some(1_000));
}

#[test]
fn a_report_that_is_seconds_off_moves_nothing() {
    let (mut picture, mut sound, mut alignment) = tracks();
    picture.time_of(0, MediaTime::ZERO, &mut alignment);
    sound.time_of(0, MediaTime::ZERO, &mut alignment);
    picture.handle_sender_report(ntp(7_000_000), 0, &mut alignment);
    sound.handle_sender_report(ntp(7_000_000 + ERROR_US_MAX.unsigned_abs() + 1_000), 0, &mut alignment);
    for packet in 1..=20_u32 {
        let time = sound.time_of(packet * 960, MediaTime::ZERO, &mut alignment);
        assert_eq!(time, MediaTime::from_millis(i64::from(packet) * 20));
    }
}

#[test]
fn a_report_before_the_first_packet_says_nothing() {
    let (mut clock, _, mut alignment) = tracks();
    clock.handle_sender_report(u64::MAX, u32::MAX, &mut alignment);
    assert_eq!(alignment.offset, None);
    assert_eq!(clock.time_of(5, MediaTime::from_millis(3), &mut alignment), MediaTime::from_millis(3));
}

#[test]
fn where_the_clock_of_the_reports_is_known_the_first_track_is_brought_there_too() {
    let (mut picture, _, mut alignment) = tracks();
    // It came 300 ms after it was made.
    picture.time_of(0, MediaTime::from_millis(400), &mut alignment);
    alignment.anchor(ntp(7_000_000), MediaTime::from_millis(100));
    picture.handle_sender_report(ntp(7_000_000), 0, &mut alignment);
    alignment.anchor(ntp(9_000_000), MediaTime::from_millis(100));
    let time = picture.time_of(9_000, MediaTime::ZERO, &mut alignment);
    assert_eq!(time, MediaTime::from_millis(200), "the first anchor holds");
}

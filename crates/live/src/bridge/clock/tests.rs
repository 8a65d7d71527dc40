use media::MediaTime;

use super::{Alignment, ERROR_US_MAX, STEP_US_MAX, TrackClock};

fn ntp(micros: u64) -> u64 {
    ((micros / 1_000_000) << 32) | (((micros % 1_000_000) << 32) / 1_000_000)
}

#[test]
fn a_track_begins_when_its_first_packet_comes_and_goes_on_by_its_timestamps() {
    let mut clock = TrackClock::new(90_000);
    let first = u32::MAX - 44_999;
    assert_eq!(clock.time_of(first, MediaTime::from_millis(250)), MediaTime::from_millis(250));
    // Over the end of the count, and back for one that comes late.
    assert_eq!(clock.time_of(first.wrapping_add(90_000), MediaTime::from_millis(9_999)), MediaTime::from_millis(1_250));
    assert_eq!(clock.time_of(first.wrapping_add(81_000), MediaTime::from_millis(9_999)), MediaTime::from_millis(1_150));
}

#[test]
fn with_its_first_report_a_track_moves_to_where_it_belongs_at_once() {
    let (mut picture, mut sound, mut alignment) =
        (TrackClock::new(90_000), TrackClock::new(48_000), Alignment::default());
    picture.time_of(0, MediaTime::from_millis(100));
    sound.time_of(1_000, MediaTime::from_millis(160));
    picture.handle_sender_report(ntp(7_000_000), 0, &mut alignment);
    sound.handle_sender_report(ntp(7_000_000), 1_000, &mut alignment);
    let micros = sound.time_of(1_960, MediaTime::ZERO).micros();
    assert!((micros - 120_000).abs() < 10, "{micros} us");
}

#[test]
fn by_sender_reports_sound_and_picture_come_together_and_no_player_sees_a_jump() {
    let (mut picture, mut sound, mut alignment) =
        (TrackClock::new(90_000), TrackClock::new(48_000), Alignment::default());
    picture.time_of(0, MediaTime::from_millis(100));
    // Sampled at the same moment as the picture, but 60 ms longer on its way.
    let first = sound.time_of(1_000, MediaTime::from_millis(160));
    assert_eq!(first, MediaTime::from_millis(160));
    picture.handle_sender_report(ntp(7_000_000), 0, &mut alignment);
    // At first the server knows no better than by arrival.
    sound.handle_sender_report(ntp(7_060_000), 1_000, &mut alignment);
    sound.handle_sender_report(ntp(7_000_000), 1_000, &mut alignment);
    let mut before = first;
    for packet in 1..=60_u32 {
        let time = sound.time_of(1_000 + packet * 960, MediaTime::ZERO);
        let step = (time - before).micros();
        assert!((20_000 - STEP_US_MAX - 1..=20_000).contains(&step), "{step} us after packet {packet}");
        before = time;
    }
    let in_step = MediaTime::from_millis(100 + 60 * 20);
    assert!((before - in_step).micros().abs() < 100, "{before} instead of {in_step}");
    assert_eq!(picture.time_of(90_000, MediaTime::ZERO), MediaTime::from_millis(1_100));
}

#[test]
fn a_report_that_is_seconds_off_moves_nothing() {
    let (mut picture, mut sound, mut alignment) =
        (TrackClock::new(90_000), TrackClock::new(48_000), Alignment::default());
    picture.time_of(0, MediaTime::ZERO);
    sound.time_of(0, MediaTime::ZERO);
    picture.handle_sender_report(ntp(7_000_000), 0, &mut alignment);
    sound.handle_sender_report(ntp(7_000_000 + ERROR_US_MAX.unsigned_abs() + 1_000), 0, &mut alignment);
    for packet in 1..=20_u32 {
        assert_eq!(sound.time_of(packet * 960, MediaTime::ZERO), MediaTime::from_millis(i64::from(packet) * 20));
    }
}

#[test]
fn a_report_before_the_first_packet_says_nothing() {
    let (mut clock, mut alignment) = (TrackClock::new(90_000), Alignment::default());
    clock.handle_sender_report(u64::MAX, u32::MAX, &mut alignment);
    assert_eq!(alignment.offset, None);
    assert_eq!(clock.time_of(5, MediaTime::from_millis(3)), MediaTime::from_millis(3));
}

#[test]
fn where_the_clock_of_the_reports_is_known_the_first_track_is_brought_there_too() {
    let (mut picture, mut alignment) = (TrackClock::new(90_000), Alignment::default());
    // It came 300 ms after it was made.
    picture.time_of(0, MediaTime::from_millis(400));
    alignment.anchor(ntp(7_000_000), MediaTime::from_millis(100));
    picture.handle_sender_report(ntp(7_000_000), 0, &mut alignment);
    alignment.anchor(ntp(9_000_000), MediaTime::from_millis(100));
    assert_eq!(picture.time_of(9_000, MediaTime::ZERO), MediaTime::from_millis(200), "the first anchor holds");
}

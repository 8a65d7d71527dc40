use std::time::Duration;

use rtp::parameters::Kind;

use super::{STANDSTILL, StandstillWatch};
use crate::id::Source;
use crate::tests::epoch;

#[test]
fn only_a_gap_beyond_half_a_second_is_a_standstill() {
    let (start, mut watch) = (epoch(), StandstillWatch::default());
    watch.handle_packet(start);
    watch.handle_packet(start + STANDSTILL);
    assert_eq!(watch.seen(Kind::Video, Source::Camera).unwrap().count, 0);
    let longer = STANDSTILL + Duration::from_millis(1);
    watch.handle_packet(start + STANDSTILL + longer);
    watch.handle_packet(start + STANDSTILL + longer * 3);
    let seen = watch.seen(Kind::Video, Source::Camera).unwrap();
    assert_eq!((seen.count, seen.total, seen.longest), (2, longer * 3, longer * 2));
}

#[test]
fn a_pause_that_was_meant_is_no_standstill() {
    let (start, mut watch) = (epoch(), StandstillWatch::default());
    watch.handle_packet(start);
    watch.pause();
    watch.handle_packet(start + STANDSTILL * 4);
    assert_eq!(watch.seen(Kind::Video, Source::Camera).unwrap().count, 0);
}

#[test]
fn sound_and_screens_do_not_stand_still() {
    let watch = StandstillWatch::default();
    assert!(watch.seen(Kind::Audio, Source::Microphone).is_none());
    assert!(watch.seen(Kind::Video, Source::Screen).is_none());
}

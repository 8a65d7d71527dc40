use std::time::{Duration, Instant};

use super::{Forwarder, Input, Lookup, Rewrite, StreamId, Target};
use crate::frame::{Frame, Level, Levels, PictureNumbers};
use crate::id::PeerId;
use crate::tests::epoch;
use crate::timeline::{NtpTime, SenderClock};

const LOW: StreamId = StreamId(1);
const HIGH: StreamId = StreamId(2);

/// A frame of one packet on a temporal layer.
fn frame(id: u16, temporal: u8, key: bool) -> Frame {
    let level = Level { spatial: 0, temporal };
    Frame {
        key,
        level,
        needed: Levels::including(level),
        climb: if key { Levels::ALL } else { Levels::EMPTY },
        picture: Some(PictureNumbers { id, base: 0, key: 0 }),
        is_dense: true,
        ..Frame::WHOLE
    }
}

fn input(stream: StreamId, place: u64, frame: &Frame) -> Input<'_> {
    #[expect(clippy::cast_possible_truncation, reason = "places in tests are small")]
    let timestamp = place as u32 * 3_000;
    Input { stream, publisher: PeerId(1), place, timestamp, marker: true, frame, clock: None, live: None }
}

fn target(stream: StreamId) -> Option<Target> {
    Some(Target { stream, level: Level::HIGHEST })
}

fn forwarder() -> Forwarder {
    let mut forwarder = Forwarder::new(0, 90_000, 64);
    forwarder.set_target(target(LOW));
    forwarder
}

fn send(forwarder: &mut Forwarder, now: Instant, stream: StreamId, place: u64, frame: &Frame) -> Option<Rewrite> {
    forwarder.handle_packet(now, &input(stream, place, frame))
}

#[test]
fn a_lower_temporal_layer_leaves_no_gap_in_numbers_and_pictures() {
    let now = epoch();
    let mut forwarder = forwarder();
    forwarder.set_target(Some(Target { stream: LOW, level: Level { spatial: 0, temporal: 0 } }));
    let mut out = Vec::new();
    for place in 0..8_u16 {
        let frame = frame(40 + place, u8::from(place % 2 == 1), place == 0);
        out.extend(send(&mut forwarder, now, LOW, 100 + u64::from(place), &frame));
    }
    let numbers: Vec<_> = out.iter().map(|out| (out.index, out.picture.unwrap().id)).collect();
    assert_eq!(numbers, [(0, 40), (1, 41), (2, 42), (3, 43)]);
}

#[test]
fn a_late_packet_of_a_skipped_stretch_takes_no_number_of_another() {
    let now = epoch();
    let mut forwarder = forwarder();
    forwarder.set_target(Some(Target { stream: LOW, level: Level { spatial: 0, temporal: 0 } }));
    assert_eq!(send(&mut forwarder, now, LOW, 100, &frame(1, 0, true)).unwrap().index, 0);
    // 101 is lost, 102 skipped.
    assert_eq!(send(&mut forwarder, now, LOW, 102, &frame(3, 1, false)), None);
    assert_eq!(send(&mut forwarder, now, LOW, 103, &frame(4, 0, false)).unwrap().index, 2);
    assert_eq!(forwarder.find(1), Lookup::Reserved(1));
    assert_eq!(send(&mut forwarder, now, LOW, 101, &frame(2, 0, false)).unwrap().index, 1);
    assert_eq!(send(&mut forwarder, now, LOW, 101, &frame(2, 0, false)), None, "once");
}

#[test]
fn a_layer_is_changed_at_its_key_frame_and_the_other_goes_on_until_then() {
    let now = epoch();
    let mut forwarder = forwarder();
    send(&mut forwarder, now, LOW, 100, &frame(1, 0, true)).unwrap();
    forwarder.set_target(target(HIGH));
    assert_eq!(forwarder.awaited(), Some(HIGH));
    assert_eq!(send(&mut forwarder, now, HIGH, 7_000, &frame(900, 0, false)), None);
    assert_eq!(send(&mut forwarder, now, LOW, 101, &frame(2, 0, false)).unwrap().index, 1);
    let entry = send(&mut forwarder, now + Duration::from_millis(33), HIGH, 7_001, &frame(901, 0, true)).unwrap();
    assert_eq!((entry.index, entry.picture.unwrap().id, entry.begins), (2, 3, true));
    assert_eq!(entry.timestamp, 101 * 3_000 + 2_970);
    assert_eq!(send(&mut forwarder, now, LOW, 102, &frame(3, 0, false)), None);
    assert_eq!(forwarder.awaited(), None);
}

#[test]
fn sender_reports_decide_where_a_layer_is_on_the_timeline() {
    let now = epoch();
    let mut forwarder = forwarder();
    let clock = |timestamp| Some(SenderClock { ntp: NtpTime(9 << 32), timestamp });
    let first = frame(1, 0, true);
    forwarder
        .handle_packet(now, &Input { timestamp: 90_000, clock: clock(90_000), ..input(LOW, 100, &first) })
        .unwrap();
    forwarder.set_target(target(HIGH));
    let second = frame(1, 0, true);
    // Sampled 40 ms behind the other, arrived 100 ms behind it.
    let entry = Input { timestamp: 503_600, clock: clock(500_000), ..input(HIGH, 100, &second) };
    let entry = forwarder.handle_packet(now + Duration::from_millis(100), &entry).unwrap();
    assert_eq!(entry.timestamp, 93_600);
}

#[test]
fn reports_that_cannot_be_right_are_not_believed() {
    let now = epoch();
    let mut forwarder = forwarder();
    let clock = |timestamp| Some(SenderClock { ntp: NtpTime(9 << 32), timestamp });
    let first = frame(1, 0, true);
    forwarder
        .handle_packet(now, &Input { timestamp: 90_000, clock: clock(90_000), ..input(LOW, 100, &first) })
        .unwrap();
    forwarder.set_target(target(HIGH));
    let entry = Input { timestamp: 5_000_000, clock: clock(500_000), ..input(HIGH, 100, &first) };
    let entry = forwarder.handle_packet(now + Duration::from_millis(100), &entry).unwrap();
    assert_eq!(entry.timestamp, 99_000);
}

#[test]
fn a_jump_of_the_stream_is_a_new_beginning() {
    let now = epoch();
    let mut forwarder = forwarder();
    send(&mut forwarder, now, LOW, 100, &frame(1, 0, true)).unwrap();
    assert_eq!(send(&mut forwarder, now, LOW, 2_000, &frame(50, 0, false)), None);
    assert_eq!(forwarder.awaited(), Some(LOW));
    assert_eq!(send(&mut forwarder, now, LOW, 2_001, &frame(51, 0, true)).unwrap().index, 1);
}

#[test]
fn what_went_out_is_rewritten_the_same_again() {
    let now = epoch();
    let mut forwarder = forwarder();
    let sent = frame(1, 0, true);
    let first = send(&mut forwarder, now, LOW, 100, &sent).unwrap();
    forwarder.set_target(target(HIGH));
    send(&mut forwarder, now, HIGH, 500, &frame(70, 0, true)).unwrap();
    let Lookup::Sent(packet) = forwarder.find(0) else { panic!("it is found") };
    assert_eq!(forwarder.stream_of(&packet), Some(LOW));
    let again = forwarder.rewrite_again(&packet, 300_000, &sent).unwrap();
    assert_eq!(Rewrite { begins: true, level: first.level, ..again }, first, "but for the level, which has gone");
}

#[test]
fn temporal_layers_rise_step_by_step_where_the_codec_allows() {
    let now = epoch();
    let mut forwarder = forwarder();
    let at = |temporal| Some(Target { stream: LOW, level: Level { spatial: 0, temporal } });
    let sync = |id, temporal| {
        let level = Level { spatial: 0, temporal };
        Frame {
            climb: Level::all().filter(|other| other.temporal == temporal).collect(),
            ..frame(id, level.temporal, false)
        }
    };
    forwarder.set_target(at(0));
    send(&mut forwarder, now, LOW, 100, &frame(1, 0, true)).unwrap();
    forwarder.set_target(at(2));
    assert_eq!(send(&mut forwarder, now, LOW, 101, &sync(2, 2)), None, "the layer between is missing");
    assert!(send(&mut forwarder, now, LOW, 102, &sync(3, 1)).is_some());
    assert_eq!(send(&mut forwarder, now, LOW, 103, &frame(4, 2, false)), None);
    assert!(send(&mut forwarder, now, LOW, 104, &frame(5, 0, false)).is_some());
    assert!(send(&mut forwarder, now, LOW, 105, &sync(6, 2)).is_some());
}

#[test]
fn another_stream_begins_behind_a_late_packet_that_only_skipped_ones_had_overtaken() {
    let now = epoch();
    let mut forwarder = forwarder();
    forwarder.set_target(Some(Target { stream: LOW, level: Level { spatial: 0, temporal: 0 } }));
    send(&mut forwarder, now, LOW, 100, &frame(1, 0, true)).unwrap();
    assert_eq!(send(&mut forwarder, now, LOW, 102, &frame(3, 1, false)), None);
    let late = send(&mut forwarder, now, LOW, 101, &frame(2, 0, false)).unwrap();
    forwarder.set_target(target(HIGH));
    let entry = send(&mut forwarder, now, HIGH, 900, &frame(70, 0, true)).unwrap();
    assert_eq!(entry.picture.unwrap().id, late.picture.unwrap().id + 1);
    assert!(entry.timestamp > late.timestamp);
    assert_eq!(entry.index, late.index + 1);
}

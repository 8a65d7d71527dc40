use std::time::Duration;

use super::{FreezeWatch, Freezes};
use crate::tests::epoch;

/// What happens, at so many milliseconds.
enum Event {
    Packet,
    Key,
    /// The subscriber cannot decode.
    Loss,
    /// The publisher goes on after a standstill.
    Resumes,
    Pause,
}
use Event::{Key, Loss, Packet, Pause, Resumes};

/// How many freezes there were and how many milliseconds these took together: unsent, and undecodable.
fn check(events: &[(u64, Event)], unsent: (u32, u64), undecodable: (u32, u64)) {
    let (start, mut watch, mut resumed, mut seen) = (epoch(), FreezeWatch::default(), None, Freezes::default());
    for (at_ms, event) in events {
        let now = start + Duration::from_millis(*at_ms);
        match event {
            Packet => seen += watch.handle_packet(now, false, resumed).unwrap_or_default(),
            Key => seen += watch.handle_packet(now, true, resumed).unwrap_or_default(),
            Loss => watch.handle_picture_loss(now),
            Resumes => resumed = Some(now),
            Pause => watch.pause(),
        }
    }
    let of = |(count, total_ms)| (count, Duration::from_millis(total_ms));
    assert_eq!((seen.unsent.count, seen.unsent.total), of(unsent), "unsent");
    assert_eq!((seen.undecodable.count, seen.undecodable.total), of(undecodable), "undecodable");
}

#[test]
fn what_was_not_sent_for_more_than_half_a_second_is_a_freeze() {
    check(&[(0, Key), (500, Packet)], (0, 0), (0, 0));
    check(&[(0, Key), (501, Packet)], (1, 501), (0, 0));
    check(&[(0, Key), (600, Packet), (700, Packet), (1_400, Key)], (2, 1_300), (0, 0));
}

#[test]
fn what_the_publisher_did_not_send_either_is_none() {
    check(&[(0, Key), (2_000, Resumes), (2_000, Packet)], (0, 0), (0, 0));
    check(&[(0, Resumes), (0, Key), (600, Packet)], (1, 600), (0, 0));
    check(&[(0, Resumes), (10, Key), (610, Packet)], (1, 600), (0, 0));
    check(&[(0, Key), (2_000, Resumes), (2_000, Packet), (2_700, Packet)], (1, 700), (0, 0));
}

#[test]
fn from_the_word_of_the_subscriber_to_the_next_key_picture_nothing_can_be_shown() {
    check(&[(0, Key), (400, Loss), (440, Packet), (500, Loss), (700, Key), (740, Packet)], (0, 0), (1, 300));
    // That nothing is sent meanwhile is the same freeze.
    check(&[(0, Key), (400, Loss), (1_400, Key)], (0, 0), (1, 1_000));
}

#[test]
fn a_subscriber_who_has_not_begun_or_whose_key_picture_is_under_way_is_not_frozen() {
    check(&[(0, Loss), (900, Key), (940, Packet)], (0, 0), (0, 0));
    check(&[(0, Key), (299, Loss), (500, Key)], (0, 0), (0, 0));
    check(&[(0, Key), (299, Packet), (300, Loss), (700, Key)], (0, 0), (1, 400));
}

#[test]
fn a_pause_that_was_meant_is_no_freeze() {
    check(&[(0, Key), (100, Pause), (2_000, Key)], (0, 0), (0, 0));
    check(&[(0, Key), (400, Loss), (500, Pause), (2_000, Key)], (0, 0), (0, 0));
}

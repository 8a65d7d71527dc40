//! What a publisher is told.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use rtp::rtcp::{self, Packet};

use super::{ArrivalLog, INTERVAL_MAX, PACKETS_MAX, REPORT_PACKETS, REWIND_MAX};

const MS: Duration = Duration::from_millis(1);

#[expect(clippy::disallowed_methods, reason = "an Instant has no other origin")]
fn start() -> Instant {
    Instant::now()
}

/// All that is due, as numbers with their arrival.
fn told(log: &mut ArrivalLog, now: Instant) -> Vec<(u16, Option<i64>)> {
    let mut packets = Vec::new();
    let mut bytes = Vec::new();
    while log.poll_feedback(now, 1, 2, &mut bytes) {
        for packet in rtcp::read(&bytes) {
            let Ok(Packet::TransportFeedback(feedback)) = packet else { panic!("{packet:?}") };
            packets.extend(feedback.packets().map(|packet| (packet.sequence_number, packet.arrival_us)));
        }
        bytes.clear();
    }
    packets
}

fn numbers(log: &mut ArrivalLog, now: Instant) -> Vec<(u16, bool)> {
    told(log, now).into_iter().map(|(number, arrival)| (number, arrival.is_some())).collect()
}

#[test]
fn arrivals_and_gaps_are_told() {
    let now = start();
    let mut log = ArrivalLog::new(now);
    for (after_ms, number) in [(0, 65_534), (10, 65_535), (25, 1)] {
        log.handle_arrival(now + after_ms * MS, number, 1_000);
    }
    assert_eq!(log.poll_timeout(), Some(now + INTERVAL_MAX));
    let told = told(&mut log, now + INTERVAL_MAX);
    let origin = told[0].1.unwrap();
    let relative: Vec<_> = told.iter().map(|(number, arrival)| (*number, arrival.map(|us| us - origin))).collect();
    assert_eq!(relative, [(65_534, Some(0)), (65_535, Some(10_000)), (0, None), (1, Some(25_000))]);
    assert_eq!(log.poll_timeout(), None);
}

#[test]
fn nothing_is_told_before_it_is_due_or_twice() {
    let now = start();
    let mut log = ArrivalLog::new(now);
    log.handle_arrival(now, 7, 1_000);
    assert_eq!(numbers(&mut log, now + INTERVAL_MAX - MS), []);
    assert_eq!(numbers(&mut log, now + INTERVAL_MAX), [(7, true)]);
    assert_eq!(numbers(&mut log, now + 2 * INTERVAL_MAX), []);
}

#[test]
fn the_next_feedback_begins_where_the_last_one_ended() {
    let now = start();
    let mut log = ArrivalLog::new(now);
    log.handle_arrival(now, 7, 1_000);
    numbers(&mut log, now + INTERVAL_MAX);
    log.handle_arrival(now + INTERVAL_MAX, 9, 1_000);
    assert_eq!(numbers(&mut log, now + 2 * INTERVAL_MAX), [(8, false), (9, true)]);
}

#[test]
fn who_was_told_to_be_missing_and_comes_is_told_again() {
    let now = start();
    let mut log = ArrivalLog::new(now);
    for number in [7, 9, 10] {
        log.handle_arrival(now, number, 1_000);
    }
    numbers(&mut log, now + INTERVAL_MAX);
    log.handle_arrival(now + INTERVAL_MAX, 8, 1_000);
    assert_eq!(numbers(&mut log, now + 2 * INTERVAL_MAX), [(8, true), (9, true), (10, true)]);
}

#[test]
fn many_packets_are_told_at_once() {
    let now = start();
    let mut log = ArrivalLog::new(now);
    for number in 1..REPORT_PACKETS as u16 {
        log.handle_arrival(now, number, 1_000);
    }
    assert_eq!(log.poll_timeout(), Some(now + INTERVAL_MAX));
    log.handle_arrival(now, REPORT_PACKETS as u16, 1_000);
    assert_eq!(log.poll_timeout(), Some(now));
    assert_eq!(told(&mut log, now).len(), REPORT_PACKETS as usize);
}

/// A log that has told of everything up to `count` but the first number.
fn all_but_the_first(now: Instant, count: u16) -> ArrivalLog {
    let mut log = ArrivalLog::new(now);
    log.handle_arrival(now, 0, 1_000);
    for number in 2..=count {
        log.handle_arrival(now, number, 1_000);
    }
    numbers(&mut log, now + INTERVAL_MAX);
    log
}

#[test]
fn who_comes_late_is_told_up_to_a_limit() {
    let now = start();
    let later = now + INTERVAL_MAX;
    let mut log = all_but_the_first(now, REWIND_MAX as u16);
    log.handle_arrival(later, 1, 1_000);
    assert_eq!(numbers(&mut log, later + INTERVAL_MAX).len(), REWIND_MAX as usize);
    let mut log = all_but_the_first(now, REWIND_MAX as u16 + 1);
    log.handle_arrival(later, 1, 1_000);
    assert_eq!((numbers(&mut log, later + INTERVAL_MAX).len(), log.poll_timeout()), (0, None));
}

#[test]
fn who_comes_twice_is_told_once() {
    let now = start();
    let mut log = all_but_the_first(now, 100);
    for _ in 0..1_000 {
        log.handle_arrival(now + INTERVAL_MAX, 50, 1_000);
    }
    assert_eq!(log.poll_timeout(), None);
}

#[test]
fn late_packets_do_not_make_feedback_more_frequent() {
    let now = start();
    let mut log = ArrivalLog::new(now);
    for number in (0..200).filter(|number| number % 2 == 0) {
        log.handle_arrival(now, number, 1_000);
    }
    numbers(&mut log, now + INTERVAL_MAX);
    let later = now + INTERVAL_MAX;
    let mut feedbacks = 0;
    for (step, number) in (100..200).filter(|number| number % 2 == 1).enumerate() {
        let at = later + step as u32 * MS;
        log.handle_arrival(at, number, 1_000);
        feedbacks += usize::from(!numbers(&mut log, at).is_empty());
    }
    assert!(feedbacks <= 1, "{feedbacks} in 50 ms");
}

#[test]
fn pictures_are_told_about_more_often_than_a_voice() {
    let now = start();
    let mut log = ArrivalLog::new(now);
    for number in 0..100 {
        log.handle_arrival(now + u32::from(number) * 10 * MS, number, 1_000);
        numbers(&mut log, now + u32::from(number) * 10 * MS);
    }
    let due = log.poll_timeout().unwrap() - (now + 990 * MS);
    assert!(due <= 50 * MS, "{due:?}");
}

#[test]
fn a_gap_within_the_limit_is_told_and_a_wider_one_is_not() {
    for (jump, expected) in [(PACKETS_MAX as u16 - 1, PACKETS_MAX - 1), (PACKETS_MAX as u16, 1)] {
        let now = start();
        let mut log = ArrivalLog::new(now);
        log.handle_arrival(now, 0, 1_000);
        numbers(&mut log, now + INTERVAL_MAX);
        log.handle_arrival(now + INTERVAL_MAX, jump, 1_000);
        let told = numbers(&mut log, now + 2 * INTERVAL_MAX);
        assert_eq!((told.len(), told.last()), (expected, Some(&(jump, true))));
    }
}

proptest! {
    #[test]
    fn any_numbers_are_survived_and_every_new_one_is_told(
        steps in proptest::collection::vec((any::<u16>(), 0_u64..20_000_000), 1..200),
    ) {
        let mut now = start();
        let mut log = ArrivalLog::new(now);
        for (number, wait_us) in steps {
            now += Duration::from_micros(wait_us);
            let before = log.newest;
            log.handle_arrival(now, number, 1_200);
            let is_newest = log.newest > before;
            let told = told(&mut log, now + INTERVAL_MAX);
            if is_newest {
                prop_assert!(told.iter().any(|(told, arrival)| *told == number && arrival.is_some()));
            }
            prop_assert!(told.len() <= 2 * PACKETS_MAX);
        }
    }

    #[test]
    fn losses_and_reordering_are_told_as_they_are(kept in proptest::collection::vec(any::<bool>(), 1..300), from: u16) {
        let now = start();
        let mut log = ArrivalLog::new(now);
        let kept: Vec<u16> = (0..).zip(kept).filter(|(_, kept)| *kept).map(|(index, _)| from.wrapping_add(index)).collect();
        for number in &kept {
            log.handle_arrival(now, *number, 1_200);
        }
        let came: Vec<u16> = numbers(&mut log, now + INTERVAL_MAX).into_iter().filter(|told| told.1).map(|told| told.0).collect();
        prop_assert_eq!(came, kept);
    }
}

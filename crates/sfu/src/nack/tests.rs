use std::time::{Duration, Instant};

use super::{ASKED_MAX, Asked, MISSING_MAX, MissingPackets, REORDERING};
use crate::tests::epoch;

const ROUND_TRIP: Duration = Duration::from_millis(100);

fn poll(missing: &mut MissingPackets, now: Instant) -> (Vec<u16>, bool) {
    let mut numbers = [0; 64];
    let Asked { count, gave_up } = missing.poll(now, ROUND_TRIP, &mut numbers);
    (numbers[..count].to_vec(), gave_up)
}

#[test]
fn a_hole_is_asked_for_once_reordering_is_out_of_the_question() {
    let now = epoch();
    let mut missing = MissingPackets::default();
    assert!(!missing.handle_gap(now, 65_540, 65_542));
    assert_eq!(missing.poll_timeout(), Some(now + REORDERING));
    assert_eq!(poll(&mut missing, now), (vec![], false));
    assert_eq!(poll(&mut missing, now + REORDERING), (vec![4, 5], false));
}

#[test]
fn a_late_packet_is_not_asked_for() {
    let now = epoch();
    let mut missing = MissingPackets::default();
    missing.handle_gap(now, 10, 12);
    assert_eq!(missing.handle_filled(now, 10), None);
    assert_eq!(poll(&mut missing, now + REORDERING), (vec![11], false));
}

#[test]
fn a_hole_is_asked_for_again_after_one_and_a_half_round_trips() {
    let now = epoch() + REORDERING;
    let mut missing = MissingPackets::default();
    missing.handle_gap(now - REORDERING, 10, 11);
    assert_eq!(poll(&mut missing, now).0, [10]);
    assert_eq!(poll(&mut missing, now + Duration::from_millis(149)).0, []);
    assert_eq!(poll(&mut missing, now + Duration::from_millis(150)).0, [10]);
}

#[test]
fn what_was_asked_for_once_and_came_gives_the_round_trip() {
    let now = epoch();
    let mut missing = MissingPackets::default();
    missing.handle_gap(now, 10, 12);
    poll(&mut missing, now + REORDERING);
    assert_eq!(missing.handle_filled(now + REORDERING + ROUND_TRIP, 10), Some(ROUND_TRIP));
    poll(&mut missing, now + REORDERING + ROUND_TRIP * 2);
    assert_eq!(
        missing.handle_filled(now + ROUND_TRIP * 3, 11),
        None,
        "which of two requests was answered is not known"
    );
}

#[test]
fn a_packet_that_never_comes_is_given_up() {
    let mut now = epoch();
    let mut missing = MissingPackets::default();
    missing.handle_gap(now, 10, 11);
    let mut asked = 0;
    while let Some(due) = missing.poll_timeout() {
        now = due;
        let (numbers, gave_up) = poll(&mut missing, now);
        asked += numbers.len();
        if gave_up {
            break;
        }
    }
    assert_eq!(asked, usize::from(ASKED_MAX));
    assert_eq!(missing.poll_timeout(), None);
}

#[test]
fn at_the_limit_holes_are_asked_for_and_beyond_it_all_are_given_up() {
    let now = epoch();
    let mut missing = MissingPackets::default();
    assert!(!missing.handle_gap(now, 0, MISSING_MAX as u64));
    assert!(missing.handle_gap(now, MISSING_MAX as u64 + 1, MISSING_MAX as u64 + 2));
    assert_eq!(missing.poll_timeout(), None);
}

#[test]
fn one_request_asks_for_no_more_than_it_holds_and_the_rest_follows() {
    let now = epoch();
    let mut missing = MissingPackets::default();
    missing.handle_gap(now, 0, 100);
    let now = now + REORDERING;
    assert_eq!(poll(&mut missing, now).0.len(), 64);
    assert_eq!(missing.poll_timeout(), Some(now));
    assert_eq!(poll(&mut missing, now).0.len(), 36);
}

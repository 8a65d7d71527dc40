//! What is remembered.

use super::{History, MEMORY_US, PACKETS_MAX, PACKETS_MIN, Settled};

#[test]
fn each_packet_is_settled_once() {
    let mut history = History::new();
    history.push(65_537, 0, 1_000, None);
    assert!(matches!(history.settle(1, true), Some(Settled::Received(sent)) if sent.number == 65_537));
    assert!(history.settle(1, true).is_none());
    assert!(history.settle(1, false).is_none());
}

#[test]
fn a_lost_packet_can_be_found() {
    let mut history = History::new();
    history.push(1, 0, 1_000, None);
    assert!(matches!(history.settle(1, false), Some(Settled::Lost(_))));
    assert!(history.settle(1, false).is_none());
    assert!(matches!(history.settle(1, true), Some(Settled::Found(_))));
}

#[test]
fn what_was_never_sent_is_unknown() {
    let mut history = History::new();
    assert!(history.settle(1, true).is_none());
    history.push(5, 0, 1_000, None);
    assert!(history.settle(4, true).is_none());
    assert!(history.settle(6, true).is_none(), "that would be the one 65,535 before");
}

#[test]
fn the_ring_grows_with_what_is_in_flight_up_to_its_limit() {
    let mut history = History::new();
    assert_eq!(history.ring.capacity(), 0, "nothing is sent to who looks at nothing");
    history.push(0, 0, 100, None);
    assert_eq!(history.ring.len(), PACKETS_MIN);
    for number in 1..PACKETS_MAX as u64 {
        history.push(number, 0, 100, None);
    }
    assert_eq!(history.ring.len(), PACKETS_MAX);
    history.push(PACKETS_MAX as u64, 0, 100, None);
    assert_eq!(history.ring.len(), PACKETS_MAX);
    assert!(history.settle(0, true).is_none());
    assert!(history.settle(1, true).is_some());
}

#[test]
fn what_nobody_speaks_about_does_not_let_the_ring_grow() {
    let mut history = History::new();
    for number in 0..10 * PACKETS_MIN as u64 {
        history.push(number, number as i64 * (MEMORY_US / 64), 100, None);
    }
    assert_eq!(history.ring.len(), PACKETS_MIN);
}

#[test]
fn what_gathered_departs_together_and_what_had_left_stays() {
    let mut history = History::new();
    history.push(1, 10, 100, None);
    history.depart(20);
    history.push(2, 30, 100, None);
    history.push(3, 40, 100, None);
    history.depart(50);
    let times = [1, 2, 3].map(|number| match history.settle(number, true) {
        Some(Settled::Received(sent)) => sent.at_us,
        other => panic!("{other:?}"),
    });
    assert_eq!(times, [20, 50, 50]);
}

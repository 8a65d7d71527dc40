use std::time::Duration;

use super::*;
use crate::clock;

#[test]
fn the_earliest_comes_up_first_and_only_the_one_that_counts_is_taken() {
    let (start, mut timers) = (clock::now(), Timers::default());
    let at = |ms| start + Duration::from_millis(ms);
    let (mut one, mut two) = (Due::default(), Due::default());
    timers.schedule(Key::Connection(1), &mut one, Some(at(30)));
    timers.schedule(Key::Room(2), &mut two, Some(at(20)));
    timers.schedule(Key::Connection(1), &mut one, Some(at(10)));
    assert_eq!(timers.earliest(), Some(at(10)));
    assert_eq!(timers.pop_due(at(9)), None);
    assert_eq!(timers.pop_due(at(30)), Some((at(10), Key::Connection(1))));
    assert!(one.take(at(10)));
    assert_eq!(timers.pop_due(at(30)), Some((at(20), Key::Room(2))));
    assert!(two.take(at(20)));
    assert_eq!(timers.pop_due(at(30)), Some((at(30), Key::Connection(1))));
    assert!(!one.take(at(30)), "it was replaced");
    assert_eq!(timers.earliest(), None);
}

#[test]
fn a_deadline_that_moves_back_adds_no_entry() {
    let (start, mut timers, mut due) = (clock::now(), Timers::default(), Due::default());
    for ms in 1..1000 {
        timers.schedule(Key::Room(1), &mut due, Some(start + Duration::from_millis(ms)));
    }
    timers.schedule(Key::Room(1), &mut due, None);
    assert_eq!(timers.heap.len(), 1);
}

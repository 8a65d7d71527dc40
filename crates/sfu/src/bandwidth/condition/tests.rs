//! When a path is trusted again.

use super::{Condition, Falls};

#[test]
fn a_path_is_open_until_the_estimate_falls_and_again_when_it_is_back() {
    let mut falls = Falls::default();
    assert!(falls.is_open());
    falls.note(2e6);
    falls.note(1e6);
    falls.note_quiet(1.9e6, 5e6);
    assert!(!falls.is_open(), "the first fall counts");
    falls.note_quiet(2e6, 5e6);
    assert!(falls.is_open());
}

#[test]
fn a_path_that_carries_all_that_is_wanted_is_open() {
    let mut falls = Falls::default();
    falls.note(2e6);
    falls.note_quiet(5e5, 4e5);
    assert!(falls.is_open());
}

#[test]
fn conditions_are_ordered_from_good_to_bad() {
    assert!([Condition::Open, Condition::Calm, Condition::Strained, Condition::Overloaded].is_sorted());
}

//! The window beside the obvious model: a set of all indices.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

#[test]
fn the_oldest_index_in_the_window_is_told_and_the_one_before_is_too_old() {
    let mut window = Window::<2>::new(1000);
    assert!(window.is_fresh(1000 - 127));
    assert!(!window.is_fresh(1000 - 128));
    window.accept(1000 - 127);
    assert!(!window.is_fresh(1000 - 127));
}

#[test]
fn a_leap_over_the_whole_window_forgets_what_was_seen() {
    let mut window = Window::<2>::new(0);
    window.accept(128);
    assert!(window.is_fresh(127) && window.is_fresh(1) && !window.is_fresh(128) && !window.is_fresh(0));
}

proptest! {
    #[test]
    fn an_index_is_fresh_when_it_is_new_and_within_the_window(steps in prop::collection::vec(0_u64..400, 1..200)) {
        let mut window = Window::<2>::new(200);
        let mut seen = BTreeSet::from([200]);
        for index in steps {
            let newest = *seen.last().unwrap();
            let fresh = !seen.contains(&index) && index + 128 > newest;
            prop_assert_eq!(window.is_fresh(index), fresh, "index {} newest {}", index, newest);
            if fresh {
                window.accept(index);
                seen.insert(index);
            }
            prop_assert_eq!(window.newest(), *seen.last().unwrap());
        }
    }
}

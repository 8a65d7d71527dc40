use super::*;
use proptest::prelude::*;

#[test]
fn newer_is_within_half_the_circle() {
    for (a, b, newer) in [
        (1, 0, true),
        (0, 1, false),
        (0, 0, false),
        (3, u32::MAX, true),
        (u32::MAX, 3, false),
        ((1 << 31) - 1, 0, true),
        (1 << 31, 0, false),
    ] {
        assert_eq!(is_newer_timestamp(a, b), newer, "{a} after {b}");
    }
}

#[test]
fn numbers_that_wrap_go_on_counting_and_late_ones_keep_their_place() {
    let mut unwrapper = SequenceUnwrapper::default();
    let places: Vec<u64> = [65534, 65535, 1, 0, 65533, 2].map(|number| unwrapper.unwrap(number)).into();
    let first = (1 << 16) + 65534;
    assert_eq!(places, [first, first + 1, first + 3, first + 2, first - 1, first + 4]);
    assert_eq!(unwrapper.highest(), Some(first + 4));
}

#[test]
fn a_packet_older_than_the_first_has_a_place_below_it() {
    let mut unwrapper = SequenceUnwrapper::default();
    let first = unwrapper.unwrap(3);
    assert_eq!(unwrapper.unwrap(65535), first - 4);
}

#[test]
fn a_look_does_not_count() {
    let mut unwrapper = SequenceUnwrapper::default();
    let first = unwrapper.unwrap(100);
    assert_eq!(unwrapper.peek(200), first + 100);
    assert_eq!(unwrapper.highest(), Some(first));
}

proptest! {
    #[test]
    fn the_place_differs_from_the_number_by_whole_cycles_and_moves_by_the_step(start: u16, steps in prop::collection::vec(-30_000i64..30_000, 1..50)) {
        let mut unwrapper = SequenceUnwrapper::default();
        let mut true_place = i64::from(start) + (1 << 16);
        let first = unwrapper.unwrap(start);
        prop_assert_eq!(i64::try_from(first).unwrap(), true_place);
        for step in steps {
            let highest = i64::try_from(unwrapper.highest().unwrap()).unwrap();
            true_place = (highest + step).max(0);
            let number = u16::try_from(true_place & 0xffff).unwrap();
            prop_assert_eq!(i64::try_from(unwrapper.unwrap(number)).unwrap(), true_place);
        }
    }
}

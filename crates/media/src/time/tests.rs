use proptest::prelude::*;

use super::MediaTime;

#[test]
fn milliseconds_round_to_the_nearest_on_both_sides_of_the_origin() {
    for (micros, millis) in [(0, 0), (499, 0), (500, 1), (1499, 1), (-500, 0), (-501, -1), (-1500, -1), (-1501, -2)] {
        assert_eq!(MediaTime::from_micros(micros).millis(), millis, "{micros} us");
    }
}

#[test]
fn sums_stop_at_the_ends_of_the_range() {
    let (first, last) = (MediaTime::from_micros(i64::MIN), MediaTime::from_micros(i64::MAX));
    assert_eq!(last + MediaTime::from_micros(1), last);
    assert_eq!(first - MediaTime::from_micros(1), first);
    assert_eq!(MediaTime::from_millis(i64::MAX), last);
}

#[test]
fn a_clock_that_stands_still_tells_nothing() {
    assert_eq!(MediaTime::from_ticks(90, 0), MediaTime::ZERO);
    assert_eq!(MediaTime::from_micros(90).ticks(0), 0);
}

proptest! {
    #[test]
    fn ticks_of_slower_clocks_survive_the_way_through_microseconds(ticks in -1_i64 << 40..1 << 40, rate in 1_u32..1_000_000) {
        prop_assert_eq!(MediaTime::from_ticks(ticks, rate).ticks(rate), ticks);
    }

    #[test]
    fn no_ticks_and_no_rate_overflow(ticks: i64, rate: u32) {
        let _ = MediaTime::from_ticks(ticks, rate).ticks(rate);
    }
}

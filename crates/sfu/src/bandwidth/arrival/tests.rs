//! A clock that starts over.

use rtp::rtcp::REFERENCE_CYCLE_US;

use super::{ArrivalClock, SPAN_MAX_US};

#[test]
fn a_clock_that_starts_over_goes_on_and_may_step_back_a_little() {
    let mut clock = ArrivalClock::default();
    let start_us = REFERENCE_CYCLE_US - 1_000;
    assert_eq!(clock.extend(start_us), start_us);
    assert_eq!(clock.extend(500), start_us + 1_500);
    assert_eq!(clock.extend(REFERENCE_CYCLE_US - 1), start_us + 999);
}

#[test]
fn a_clock_that_runs_away_begins_anew_behind_the_limit() {
    let step_us = REFERENCE_CYCLE_US / 2 - 1;
    let at = |latest_us: i64| ArrivalClock { latest: Some((0, latest_us)) };
    assert_eq!(at(SPAN_MAX_US - step_us).extend(step_us), SPAN_MAX_US);
    assert_eq!(at(SPAN_MAX_US - step_us + 1).extend(step_us), step_us);
    assert_eq!(at(step_us - SPAN_MAX_US).extend(-step_us), -SPAN_MAX_US);
    assert_eq!(at(step_us - SPAN_MAX_US - 1).extend(-step_us), -step_us);
}

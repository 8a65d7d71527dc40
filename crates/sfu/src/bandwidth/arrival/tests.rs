//! A clock that starts over.

use rtp::rtcp::REFERENCE_CYCLE_US;

use super::ArrivalClock;

#[test]
fn a_clock_that_starts_over_goes_on_and_may_step_back_a_little() {
    let mut clock = ArrivalClock::default();
    let start_us = REFERENCE_CYCLE_US - 1_000;
    assert_eq!(clock.extend(start_us), start_us);
    assert_eq!(clock.extend(500), start_us + 1_500);
    assert_eq!(clock.extend(REFERENCE_CYCLE_US - 1), start_us + 999);
}

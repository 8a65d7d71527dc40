use std::time::Duration;

use super::{NtpTime, RouterClock, SenderClock, compact_span, units};
use crate::tests::epoch;

#[test]
fn a_second_of_the_router_is_a_second_of_ntp() {
    let start = epoch();
    let clock = RouterClock::new(start);
    let (a, b) = (clock.ntp(start), clock.ntp(start + Duration::from_millis(1_500)));
    assert_eq!(b.0 - a.0, (1 << 32) + (1 << 31));
    assert_ne!(a.compact(), 0);
}

#[test]
fn a_timestamp_maps_to_ntp_and_back_across_the_wrap() {
    let clock = SenderClock { ntp: NtpTime(5 << 32), timestamp: u32::MAX - 10 };
    let later = clock.ntp_of(u32::MAX - 10_u32.wrapping_sub(90_000), 90_000);
    assert_eq!(later.0 >> 32, 6);
    for timestamp in [0, 10, u32::MAX - 90_000, 90_000] {
        let ntp = clock.ntp_of(timestamp, 90_000);
        let back = clock.timestamp_of(ntp, 90_000);
        assert!(back.wrapping_sub(timestamp).wrapping_add(1) <= 2, "{timestamp} became {back}");
    }
}

#[test]
fn no_rate_is_no_division_by_zero() {
    let clock = SenderClock { ntp: NtpTime(5 << 32), timestamp: 7 };
    assert_eq!(clock.ntp_of(100, 0), clock.ntp);
    assert_eq!(clock.timestamp_of(NtpTime(9 << 32), 0), 7);
}

#[test]
fn spans_convert() {
    assert_eq!(units(Duration::from_millis(20), 48_000), 960);
    assert_eq!(compact_span(65_536 / 4), Duration::from_millis(250));
}

//! Rates.

use super::{BUCKETS, Meter};

#[test]
fn a_steady_stream_has_its_rate() {
    let mut meter = Meter::new();
    for millisecond in 0..2_000 {
        meter.add(millisecond * 1_000, 125);
    }
    for buckets in [4, 8, BUCKETS] {
        let rate_bps = meter.latest_rate_bps(buckets).unwrap();
        assert!((rate_bps - 1e6).abs() < 2e4, "{rate_bps}");
    }
}

#[test]
fn too_little_is_no_rate() {
    let mut meter = Meter::new();
    assert!(meter.latest_rate_bps(4).is_none());
    for millisecond in 0..60 {
        meter.add(millisecond * 1_000, 125);
    }
    assert!(meter.latest_rate_bps(BUCKETS).is_none());
}

#[test]
fn a_pause_starts_over() {
    let mut meter = Meter::new();
    for millisecond in 0..2_000 {
        meter.add(millisecond * 1_000, 125);
    }
    meter.add(9_000_000, 125);
    assert!(meter.latest_rate_bps(BUCKETS).is_none());
}

#[test]
fn what_came_late_still_counts_and_what_came_too_late_does_not() {
    let mut meter = Meter::new();
    for millisecond in 0..1_000 {
        meter.add(millisecond * 1_000, 125);
    }
    let before = meter.latest_rate_bps(BUCKETS).unwrap();
    meter.add(100_000, 100_000);
    assert_eq!(meter.latest_rate_bps(BUCKETS), Some(before));
    meter.add(900_000, 100_000);
    assert!(meter.latest_rate_bps(BUCKETS) > Some(before));
}

#[test]
fn silence_lowers_the_rate_of_our_own_clock() {
    let mut meter = Meter::new();
    for millisecond in 0..1_000 {
        meter.add(millisecond * 1_000, 125);
    }
    meter.advance(1_250_000);
    let rate_bps = meter.rate_bps(1_250_000, BUCKETS).unwrap();
    assert!((4e5..6e5).contains(&rate_bps), "{rate_bps}");
}

use super::*;
use crate::tests::epoch;

#[test]
fn a_seconds_worth_may_come_at_once_and_one_more_may_not() {
    let now = epoch();
    let mut allowance = Allowance::new(now, 10);
    assert!((0..10).all(|_| allowance.take(now, 1)));
    assert!(!allowance.take(now, 1));
    assert!(!allowance.take(now + Duration::from_millis(99), 1));
    assert!(allowance.take(now + Duration::from_millis(100), 1));
    assert!(!allowance.take(now + Duration::from_millis(100), 1));
}

#[test]
fn no_more_than_a_seconds_worth_is_saved_up() {
    let now = epoch();
    let mut allowance = Allowance::new(now, 10);
    let later = now + Duration::from_secs(3600);
    assert!(!allowance.take(later, 11));
    assert!(allowance.take(later, 10));
    assert!(!allowance.take(now, 1), "time does not run backwards");
}

#[test]
fn in_the_long_run_the_rate_is_exact_however_often_it_is_asked() {
    let now = epoch();
    let mut allowance = Allowance::new(now, 3_000);
    let asked = (0..100_000_u64).filter(|step| allowance.take(now + Duration::from_micros(step * 100), 1));
    assert_eq!(asked.count(), 3_000 + 29_999);
}

#[test]
fn a_track_is_held_to_packets_and_to_bytes() {
    let now = epoch();
    let passed = |kind, bytes| {
        let mut allowance = TrackAllowance::new(now, kind);
        (0..10_000).filter(|_| allowance.take(now, bytes)).count()
    };
    assert_eq!(passed(Kind::Video, 100), 3_000);
    assert_eq!(passed(Kind::Video, 5_000), 1_000);
    assert_eq!(passed(Kind::Audio, 100), 400);
    assert_eq!(passed(Kind::Audio, 1_250), 100);
}

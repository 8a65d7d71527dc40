use super::*;

#[expect(clippy::disallowed_methods, reason = "a test needs one instant to start from")]
fn epoch() -> Instant {
    Instant::now()
}

#[test]
fn a_limit_admits_up_to_itself() {
    assert!(admits(2, 1));
    assert!(!admits(2, 2));
    assert!(fits(2, 2));
    assert!(!fits(2, 3));
}

#[test]
fn zero_is_no_limit() {
    assert!(admits(0, usize::MAX));
    assert!(fits(0, usize::MAX));
    let (now, mut bucket) = (epoch(), Bucket::new(epoch()));
    assert!((0..1000).all(|_| bucket.take(now, Rate::new(0, Duration::from_secs(1), 1))));
}

#[test]
fn a_bucket_gives_its_burst_at_once_and_then_its_rate() {
    let now = epoch();
    let rate = Rate::new(50, Duration::from_secs(1), 200);
    let mut bucket = Bucket::new(now);
    assert_eq!((0..300).filter(|_| bucket.take(now, rate)).count(), 200);
    let later = now + Duration::from_secs(1);
    assert_eq!((0..300).filter(|_| bucket.take(later, rate)).count(), 50);
}

#[test]
fn a_bucket_never_holds_more_than_its_burst() {
    let now = epoch();
    let rate = Rate::new(50, Duration::from_secs(1), 200);
    let mut bucket = Bucket::new(now);
    let much_later = now + Duration::from_secs(3600);
    assert_eq!((0..300).filter(|_| bucket.take(much_later, rate)).count(), 200);
}

#[test]
fn a_refused_message_costs_nothing() {
    let now = epoch();
    let rate = Rate::new(1, Duration::from_secs(1), 1);
    let mut bucket = Bucket::new(now);
    assert!(bucket.take(now, rate));
    assert!((0..10).all(|_| !bucket.take(now, rate)));
    assert!(bucket.take(now + Duration::from_secs(1), rate));
}

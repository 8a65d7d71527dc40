use super::*;

const RATE: Rate = Rate { per_second: 10, burst: 3 };

#[expect(clippy::disallowed_methods, reason = "a test takes its epoch once")]
fn epoch() -> Instant {
    Instant::now()
}

#[test]
fn a_bucket_gives_its_burst_and_then_its_rate() {
    let now = epoch();
    let mut bucket = Bucket::new(now);
    assert_eq!([(); 4].map(|()| bucket.take(now, RATE)), [true, true, true, false]);
    let later = now + Duration::from_millis(100);
    assert_eq!([(); 2].map(|()| bucket.take(later, RATE)), [true, false]);
    let much_later = now + Duration::from_secs(3600);
    assert_eq!([(); 4].map(|()| bucket.take(much_later, RATE)), [true, true, true, false]);
}

#[test]
fn a_bucket_gives_many_or_none() {
    let now = epoch();
    let mut bucket = Bucket::new(now);
    assert!(!bucket.take_many(now, RATE, 4));
    assert!(bucket.take_many(now, RATE, 3));
    assert!(!bucket.take(now, RATE));
}

#[test]
fn a_table_of_paces_bounds_what_all_sources_together_get() {
    let now = epoch();
    let mut table = PrefixPace::new(RATE, SeededState::new((1, 2)), now);
    let admitted = (0..1_000_000_u32).filter(|&number| {
        let ip = std::net::Ipv4Addr::from_bits(number.wrapping_mul(2_654_435_761));
        table.admit(now, ip.into())
    });
    assert_eq!(admitted.count(), BUCKETS * 3);
}

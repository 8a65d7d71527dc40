use proptest::prelude::*;

use super::*;

const TEN_SECONDS_NS: u64 = 10 * NS_PER_SECOND;

fn admit(throttle: &Throttle, cap: Cap, load: Load) -> bool {
    let admitted = throttle.has_room(cap, load);
    if admitted {
        throttle.charge(cap, load);
    }
    admitted
}

fn load(now_ns: u64, bytes: u64) -> Load {
    Load { direction: Direction::ToPeer, bytes, now_ns }
}

/// How many payloads pass of those that come `burst` at a time every `every_ns` for ten seconds.
fn passed(cap: Cap, bytes: u64, burst: u64, every_ns: u64) -> u64 {
    let throttle = Throttle::default();
    let times = (0..TEN_SECONDS_NS).step_by(usize::try_from(every_ns).unwrap());
    let burst_at = |now_ns| (0..burst).map(|_| u64::from(admit(&throttle, cap, load(now_ns, bytes)))).sum::<u64>();
    times.map(burst_at).sum()
}

fn check(passed: u64, wanted: u64, what: &str) {
    assert!(passed * 100 >= wanted * 95 && passed * 100 <= wanted * 105, "{passed} of {wanted}: {what}");
}

#[test]
fn what_comes_at_twice_the_cap_singly_or_in_bursts_passes_within_five_percent_of_it() {
    for burst in [1, 8, 16] {
        for bits_per_second in [1_500_000, 50_000_000, 700_000_000] {
            for bytes in [160, 1_200] {
                let every_ns = burst * 8 * bytes * NS_PER_SECOND / (2 * bits_per_second);
                let cap = Cap { bits_per_second, packets_per_second: 0 };
                let bits = 8 * bytes * passed(cap, bytes, burst, every_ns);
                check(bits, 10 * bits_per_second, &format!("{burst} times {bytes} bytes"));
            }
        }
        for packets_per_second in [50, 1_000, 30_000] {
            let cap = Cap { bits_per_second: 0, packets_per_second };
            let packets = passed(cap, 1_200, burst, burst * NS_PER_SECOND / (2 * packets_per_second));
            check(packets, 10 * packets_per_second, &format!("{burst} packets at once"));
        }
    }
}

#[test]
fn what_is_within_the_cap_passes_whole() {
    let cap = Cap { bits_per_second: 1_000_000, packets_per_second: 100 };
    assert_eq!(passed(cap, 1_200, 1, NS_PER_SECOND / 100), 1_000);
    assert_eq!(passed(cap, 1_200, 20, NS_PER_SECOND / 5), 1_000, "a fifth of a second's worth at once");
}

#[test]
fn the_directions_do_not_take_from_each_other() {
    let cap = Cap { bits_per_second: 0, packets_per_second: 4 };
    let throttle = Throttle::default();
    let back = |now_ns| Load { direction: Direction::ToClient, ..load(now_ns, 100) };
    assert!(admit(&throttle, cap, load(0, 100)) && !admit(&throttle, cap, load(0, 100)));
    assert!(admit(&throttle, cap, back(0)) && !admit(&throttle, cap, back(0)));
}

#[test]
fn a_payload_larger_than_a_bucket_passes_a_full_one_and_a_rate_of_zero_is_no_cap() {
    let throttle = Throttle::default();
    let cap = Cap { bits_per_second: 1_000, packets_per_second: 0 };
    assert!(admit(&throttle, cap, load(0, 1_200)));
    assert!(!admit(&throttle, cap, load(9 * NS_PER_SECOND, 1_200)), "9.6 seconds of it");
    assert!(admit(&throttle, cap, load(TEN_SECONDS_NS, 1_200)));
    let open = Throttle::default();
    assert!((0..10_000).all(|_| admit(&open, Cap::default(), load(0, u64::MAX))));
}

#[test]
fn threads_that_share_a_throttle_pass_as_much_as_one() {
    let (throttle, cap) = (Throttle::default(), Cap { bits_per_second: 0, packets_per_second: 10_000 });
    let flood = || {
        let times = (0..TEN_SECONDS_NS).step_by(50_000);
        times.map(|now_ns| u64::from(admit(&throttle, cap, load(now_ns, 1_200)))).sum::<u64>()
    };
    // However the threads are run, one of them is at the end of the ten seconds, and nothing passes before its time.
    let both = std::thread::scope(|scope| {
        let threads = [scope.spawn(flood), scope.spawn(flood)];
        threads.map(|thread| thread.join().unwrap()).iter().sum::<u64>()
    });
    assert!(both <= 105_000, "{both} packets");
}

proptest! {
    #[test]
    fn no_span_of_time_passes_more_than_its_share_and_one_bucket(
        steps in prop::collection::vec((0_u64..20_000_000, 1_u64..1_500), 1..400),
        bits_per_second in 100_000_u64..50_000_000,
        packets_per_second in 20_u64..5_000,
    ) {
        let (throttle, cap) = (Throttle::default(), Cap { bits_per_second, packets_per_second });
        let (mut now_ns, mut passed) = (0, Vec::new());
        for (pause_ns, bytes) in steps {
            now_ns += pause_ns;
            if admit(&throttle, cap, load(now_ns, bytes)) {
                passed.push((now_ns, bytes));
            }
        }
        for (from, &(from_ns, _)) in passed.iter().enumerate() {
            let (mut bits, mut packets) = (0_u64, 0_u64);
            for &(at_ns, bytes) in &passed[from..] {
                bits += 8 * bytes;
                packets += 1;
                let span_ns = u128::from(at_ns - from_ns + BURST_NS);
                // One payload more: what is larger than a bucket passes, and times are whole nanoseconds.
                let share = |per_second: u64| span_ns * u128::from(per_second) / u128::from(NS_PER_SECOND) + 1;
                prop_assert!(u128::from(bits) <= share(bits_per_second) + 8 * 1_500);
                prop_assert!(u128::from(packets) <= share(packets_per_second) + 1);
            }
        }
    }
}

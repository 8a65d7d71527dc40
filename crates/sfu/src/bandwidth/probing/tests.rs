//! When is probed, and what it says.

use super::{INTERVAL_MAX_US, LIFETIME_US, Outcome, Probing, RECOVERY_US, Situation};

const SITUATION: Situation = Situation { estimate_bps: 1e6, wanted_bps: 2e7, max_bps: 5e7, calm: true };

/// Sends a probe at its rate, lets it arrive at `arrival_bps`, every `one_in`th packet lost, and gives what it proved.
fn send(probing: &mut Probing, rate_bps: u64, arrival_bps: f64, one_in: usize) -> Option<f64> {
    let arrival_us = |index: usize| (index as f64 * 8e9 / arrival_bps) as i64;
    send_to(probing, rate_bps, arrival_us, one_in, None)
}

/// The same with any arrivals.
fn send_to(
    probing: &mut Probing,
    rate_bps: u64,
    arrival_us: impl Fn(usize) -> i64,
    one_in: usize,
    least_us: Option<i64>,
) -> Option<f64> {
    let mut numbers = Vec::new();
    while let Some(number) = probing.handle_sent(1_000) {
        numbers.push(number);
    }
    let mut outcome: Option<Outcome> = None;
    for (index, number) in numbers.into_iter().enumerate() {
        assert!(outcome.is_none(), "too early");
        let sent_us = (index as f64 * 8e9 / rate_bps as f64) as i64;
        let is_lost = index % one_in == one_in - 1;
        outcome = if is_lost {
            probing.handle_lost(number, sent_us, 1_000, least_us)
        } else {
            probing.handle_received(number, (sent_us, arrival_us(index)), 1_000, least_us)
        };
    }
    assert!(outcome.is_some(), "every packet was spoken about");
    outcome.and_then(|outcome| outcome.proven_bps)
}

#[test]
fn packets_that_come_in_one_bunch_prove_as_much_as_they_were_late() {
    let probe = |late_us: i64| {
        let mut probing = Probing::new();
        let probe = probing.poll(0, &SITUATION).unwrap();
        let packets = probe.bytes.div_ceil(1_000) as i64;
        let last_us = (packets - 1) * 8_000_000 / (probe.rate_bps as i64 / 1_000);
        send_to(&mut probing, probe.rate_bps, |_| 5_000 + last_us + late_us, usize::MAX, Some(5_000)).unwrap()
    };
    assert!((2.8e6..3.4e6).contains(&probe(0)), "{}", probe(0));
    assert!(probe(50_000) < 1.6e6, "{}", probe(50_000));
}

#[test]
fn the_first_probe_is_three_times_the_start_and_the_next_six_times() {
    let mut probing = Probing::new();
    let first = probing.poll(0, &SITUATION).unwrap();
    assert_eq!(first.rate_bps, 3_000_000);
    let proven_bps = send(&mut probing, first.rate_bps, 3e6, usize::MAX).unwrap();
    assert!((proven_bps - 3e6).abs() < 3e4, "{proven_bps}");
    probing.handle_outcome(100_000, &Outcome { probed_bps: 3e6, proven_bps: Some(3e6), bunched: false }, 3e6);
    assert_eq!(probing.poll(100_000, &Situation { estimate_bps: 3e6, ..SITUATION }).unwrap().rate_bps, 6_000_000);
}

#[test]
fn a_link_that_lets_less_through_is_measured() {
    let mut probing = Probing::new();
    let probe = probing.poll(0, &SITUATION).unwrap();
    let proven_bps = send(&mut probing, probe.rate_bps, 2e6, usize::MAX).unwrap();
    assert!((proven_bps - 1.9e6).abs() < 3e4, "{proven_bps}");
}

#[test]
fn a_probe_of_which_too_much_is_lost_proves_nothing() {
    let mut probing = Probing::new();
    let probe = probing.poll(0, &SITUATION).unwrap();
    assert_eq!(send(&mut probing, probe.rate_bps, 3e6, 3), None);
}

#[test]
fn a_little_loss_does_not_spoil_a_probe() {
    let mut probing = Probing::new();
    let probe = probing.poll(0, &SITUATION).unwrap();
    assert!(send(&mut probing, probe.rate_bps, 3e6, 8) > Some(2e6));
}

#[test]
fn packets_that_come_out_of_a_queue_all_at_once_prove_nothing() {
    let mut probing = Probing::new();
    let probe = probing.poll(0, &SITUATION).unwrap();
    assert_eq!(send(&mut probing, probe.rate_bps, 1e8, usize::MAX), None);
}

#[test]
fn a_probe_that_comes_in_bunches_is_soon_tried_for_longer_and_only_once() {
    let mut probing = Probing::new();
    let first = probing.poll(0, &SITUATION).unwrap();
    let bunched = Outcome { probed_bps: 3e6, proven_bps: Some(1.1e6), bunched: true };
    send(&mut probing, first.rate_bps, 1.1e6, usize::MAX);
    probing.handle_outcome(0, &bunched, 1.1e6);
    let second = probing.poll(100_000, &SITUATION).unwrap();
    assert_eq!((second.rate_bps, second.bytes), (first.rate_bps, 37_500));
    send(&mut probing, second.rate_bps, 1.1e6, usize::MAX);
    probing.handle_outcome(100_000, &bunched, 1.1e6);
    assert_eq!(probing.poll(1_000_000, &SITUATION), None, "that was a failure");
}

#[test]
fn nobody_is_probed_who_wants_no_more_or_has_trouble() {
    for situation in [
        Situation { wanted_bps: 1e6, ..SITUATION },
        Situation { max_bps: 1.05e6, ..SITUATION },
        Situation { calm: false, ..SITUATION },
    ] {
        let mut probing = Probing::new();
        assert_eq!((probing.poll(0, &situation), probing.timeout_us(&situation)), (None, None));
    }
}

#[test]
fn no_more_is_probed_than_wanted() {
    let situation = Situation { wanted_bps: 1.5e6, ..SITUATION };
    assert_eq!(Probing::new().poll(0, &situation).unwrap().rate_bps, 2_100_000);
}

#[test]
fn one_probe_at_a_time_and_a_forgotten_one_ends() {
    let mut probing = Probing::new();
    assert!(probing.poll(0, &SITUATION).is_some());
    assert!(probing.poll(LIFETIME_US - 1, &SITUATION).is_none());
    let due_us = probing.timeout_us(&SITUATION).unwrap();
    assert_eq!(due_us, LIFETIME_US);
    probing.poll(due_us, &SITUATION);
    assert!(probing.poll(INTERVAL_MAX_US, &SITUATION).is_some());
}

#[test]
fn after_a_fall_the_old_rate_is_tried_when_things_have_settled() {
    let mut probing = Probing::new();
    probing.handle_fall(0, 4e6);
    assert!(probing.poll(RECOVERY_US - 1, &SITUATION).is_none());
    assert_eq!(probing.poll(RECOVERY_US, &SITUATION).unwrap().rate_bps, 3_400_000);
}

#[test]
fn a_probe_that_could_not_be_sent_is_tried_again_soon() {
    let mut probing = Probing::new();
    let first = probing.poll(0, &SITUATION).unwrap();
    probing.abandon(1_000);
    assert!(probing.poll(1_000, &SITUATION).is_none());
    assert_eq!(probing.poll(101_000, &SITUATION), Some(first));
}

#[test]
fn failures_make_probes_rarer_but_there_are_two_in_ten_seconds() {
    let mut probing = Probing::new();
    let mut begun = Vec::new();
    for now_us in (0..30_000_000).step_by(100_000) {
        if let Some(probe) = probing.poll(now_us, &SITUATION) {
            begun.push(now_us);
            let failure = Outcome { probed_bps: probe.rate_bps as f64, proven_bps: Some(9e5), bunched: false };
            send(&mut probing, probe.rate_bps, 9e5, usize::MAX);
            probing.handle_outcome(now_us, &failure, 1e6);
        }
    }
    let gaps: Vec<i64> = begun.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.is_sorted() && gaps.last() == Some(&INTERVAL_MAX_US), "{gaps:?}");
    const { assert!(2 * INTERVAL_MAX_US < 10_000_000) };
}

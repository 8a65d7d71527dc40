use super::*;

const SECOND_US: i64 = 1_000_000;

/// Would get 600 kbit/s and gets nothing but sound.
const STEP_BPS: u64 = 600_000;

/// Seconds at which trials begin, if a report comes twice a second, and those in a trial say that packets are late.
fn failures(trials: &mut Trials, seconds: i64) -> Vec<i64> {
    let mut begun = Vec::new();
    for half in 0..2 * seconds {
        let now_us = half * SECOND_US / 2;
        trials.handle_report(now_us, 0.0, trials.running.is_some());
        trials.set_step(now_us, STEP_BPS, true);
        if trials.handle_timeout(now_us).is_some() {
            begun.push(now_us / SECOND_US);
        }
    }
    begun
}

/// A trial that has begun after four seconds.
fn running() -> Trials {
    let mut trials = Trials::new();
    trials.set_step(0, STEP_BPS, true);
    trials.handle_report(3 * SECOND_US, 0.0, false);
    assert_eq!(trials.handle_timeout(4 * SECOND_US), Some(960_000));
    trials
}

/// One that has succeeded eight seconds after the beginning.
fn carried() -> Trials {
    let mut trials = running();
    (10..17).for_each(|half| assert!(!trials.handle_report(half * SECOND_US / 2, 0.02, false)));
    assert_eq!((trials.running.is_some(), trials.allowed_bps()), (false, 750_000));
    trials
}

#[test]
fn trials_that_fail_come_ever_more_seldom_down_to_one_a_minute() {
    let begun = failures(&mut Trials::new(), 300);
    let waits: Vec<i64> = begun.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!((begun[0], &waits[..]), (4, &[8, 17, 32, 61, 60, 61][..]));
}

#[test]
fn nothing_is_tried_where_nothing_more_is_wanted_or_the_estimate_allows_it() {
    for (step_bps, is_short) in [(0, true), (STEP_BPS, false)] {
        let mut trials = Trials::new();
        trials.set_step(0, STEP_BPS, true);
        trials.set_step(SECOND_US, step_bps, is_short);
        assert_eq!((trials.timeout_us(), trials.handle_timeout(100 * SECOND_US)), (None, None));
    }
}

#[test]
fn nothing_is_tried_with_a_receiver_that_does_not_report() {
    let mut trials = Trials::new();
    trials.set_step(0, STEP_BPS, true);
    assert_eq!(trials.handle_timeout(4 * SECOND_US), None);
    assert_eq!(trials.timeout_us(), Some(8 * SECOND_US), "it is looked again");
}

#[test]
fn loss_lateness_and_silence_end_a_trial_at_once() {
    for (loss, is_late) in [(0.2, false), (0.0, true)] {
        let mut trials = running();
        assert!(trials.handle_report(5 * SECOND_US, loss, is_late));
        assert_eq!((trials.allowed_bps(), trials.is_failed()), (0, true));
        trials.set_step(5 * SECOND_US, STEP_BPS, true);
        assert!(!trials.is_failed(), "what it brought has gone");
    }
    for (reports, seconds) in [(0, 3), (1, 8)] {
        let mut trials = running();
        (0..reports).for_each(|_| _ = trials.handle_report(5 * SECOND_US, 0.0, false));
        assert_eq!(trials.handle_timeout((3 + seconds) * SECOND_US), None);
        assert_eq!(trials.allowed_bps(), 960_000);
        assert_eq!(trials.handle_timeout((4 + seconds) * SECOND_US), None);
        assert_eq!((trials.allowed_bps(), trials.is_failed()), (0, true));
    }
}

#[test]
fn what_was_carried_counts_until_reports_complain_or_the_receiver_has_found_it() {
    let mut trials = carried();
    trials.handle_told(20 * SECOND_US, 300_000);
    trials.handle_report(20 * SECOND_US, 0.1, false);
    assert_eq!(trials.allowed_bps(), 750_000);
    trials.handle_report(21 * SECOND_US, 0.0, true);
    assert_eq!((trials.allowed_bps(), trials.is_failed()), (0, true));
    let mut trials = carried();
    trials.handle_told(20 * SECOND_US, 750_000);
    assert_eq!((trials.allowed_bps(), trials.is_failed()), (0, false));
}

#[test]
fn a_path_that_carried_it_for_a_minute_is_tried_again_soon() {
    for (seconds, patience_us) in [(10, 8 * SECOND_US), (70, 2 * PATIENCE_MIN_US)] {
        let mut trials = carried();
        trials.patience_us = 4 * SECOND_US;
        trials.handle_told((8 + seconds) * SECOND_US, 300_000);
        trials.handle_report((8 + seconds) * SECOND_US, 0.5, false);
        assert_eq!(trials.patience_us, patience_us);
    }
    let mut trials = Trials::new();
    failures(&mut trials, 100);
    assert!(trials.patience_us > 30 * SECOND_US);
    trials.carried = Some((STEP_BPS, 100 * SECOND_US));
    trials.handle_told(161 * SECOND_US, 300_000);
    assert_eq!(trials.patience_us, PATIENCE_MIN_US);
}

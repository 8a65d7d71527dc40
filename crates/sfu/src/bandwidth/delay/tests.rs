//! What delays say.

use super::{Delay, Usage};

/// Groups of two packets each 20 ms, each group delayed by what `delay_us` says of its number.
fn feed(delay: &mut Delay, groups: std::ops::Range<i64>, delay_us: impl Fn(i64) -> i64) -> Vec<Usage> {
    groups
        .map(|group| {
            for packet in 0..2 {
                let sent_us = group * 20_000 + packet * 500;
                delay.handle_arrival(sent_us, 5_000_000 + sent_us + delay_us(group));
            }
            delay.usage()
        })
        .collect()
}

#[test]
fn a_steady_delay_is_normal() {
    let mut delay = Delay::new();
    assert!(feed(&mut delay, 0..500, |_| 40_000).iter().all(|usage| *usage == Usage::Normal));
    assert_eq!(delay.queue_us(), 0);
}

#[test]
fn a_growing_queue_is_overuse_within_a_third_of_a_second() {
    let mut delay = Delay::new();
    feed(&mut delay, 0..100, |_| 40_000);
    let usages = feed(&mut delay, 100..116, |group| 40_000 + (group - 100) * 8_000);
    assert!(usages.contains(&Usage::Over));
    assert!(delay.queue_us() > 50_000);
}

#[test]
fn a_queue_that_empties_is_underuse() {
    let mut delay = Delay::new();
    feed(&mut delay, 0..100, |_| 240_000);
    let usages = feed(&mut delay, 100..140, |group| 240_000 - (group - 100) * 5_000);
    assert!(usages.contains(&Usage::Under));
}

#[test]
fn a_clock_that_drifts_is_normal() {
    let mut delay = Delay::new();
    let usages = feed(&mut delay, 0..3_000, |group| group * 2);
    assert!(usages.iter().all(|usage| *usage == Usage::Normal));
    assert!(delay.queue_us() < 5_000);
}

#[test]
fn after_a_jump_of_the_receiver_s_clock_all_is_normal() {
    let mut delay = Delay::new();
    feed(&mut delay, 0..100, |_| 40_000);
    let usages = feed(&mut delay, 100..400, |_| 60_000_000);
    assert!(usages.iter().all(|usage| *usage == Usage::Normal));
}

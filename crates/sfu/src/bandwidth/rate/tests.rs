//! How the rate follows the evidence.

use super::{Evidence, Rate};
use crate::bandwidth::delay::Usage;

const CALM: Evidence = Evidence {
    usage: Usage::Normal,
    queue_us: 0,
    delivered_bps: Some(1e6),
    delivered_shortly_bps: Some(1e6),
    application_limited: false,
    round_trip_us: 50_000,
};

fn rate() -> Rate {
    Rate::new(1_000_000, 50_000, 10_000_000)
}

#[test]
fn an_overuse_cuts_to_what_arrived() {
    let mut rate = rate();
    rate.update(1_000_000, &Evidence { usage: Usage::Over, delivered_shortly_bps: Some(8e5), ..CALM }, false);
    assert_eq!(rate.bps(), 680_000.0);
}

#[test]
fn one_overuse_is_one_cut() {
    let mut rate = rate();
    let over = Evidence { usage: Usage::Over, ..CALM };
    rate.update(1_000_000, &over, false);
    rate.update(1_050_000, &over, false);
    assert_eq!(rate.bps(), 850_000.0);
}

#[test]
fn a_long_queue_is_emptied_and_then_the_link_used_again() {
    let mut rate = rate();
    rate.update(1_000_000, &Evidence { usage: Usage::Over, queue_us: 300_000, ..CALM }, false);
    assert!((rate.bps() - 550_000.0).abs() < 1.0, "{}", rate.bps());
    rate.update(1_500_000, &Evidence { usage: Usage::Under, queue_us: 100_000, ..CALM }, false);
    assert!((rate.bps() - 550_000.0).abs() < 1.0);
    rate.update(2_000_000, &CALM, false);
    assert_eq!(rate.bps(), 850_000.0);
}

#[test]
fn who_sends_little_is_cut_little() {
    let mut rate = rate();
    let over = Evidence {
        usage: Usage::Over,
        delivered_bps: Some(1e5),
        delivered_shortly_bps: Some(1e5),
        application_limited: true,
        ..CALM
    };
    rate.update(1_000_000, &over, false);
    assert_eq!(rate.bps(), 850_000.0);
}

#[test]
fn congestive_loss_cuts_by_its_share_and_forbids_growth() {
    let mut rate = rate();
    rate.handle_congestive_loss(1_000_000, 0.1, &Evidence { delivered_bps: Some(9e5), ..CALM });
    assert_eq!(rate.bps(), 900_000.0);
    rate.update(1_500_000, &CALM, true);
    assert_eq!(rate.bps(), 900_000.0);
}

#[test]
fn growth_stops_at_half_more_than_what_arrives() {
    let mut rate = rate();
    let mut now_us = 0;
    for _ in 0..1_000 {
        now_us += 100_000;
        rate.update(now_us, &CALM, false);
    }
    assert_eq!(rate.bps(), 1_510_000.0);
}

#[test]
fn a_probe_raises_and_never_lowers() {
    let mut rate = rate();
    rate.handle_probed(0, 3e6);
    assert_eq!(rate.bps(), 3e6);
    rate.handle_probed(0, 2e6);
    assert_eq!(rate.bps(), 3e6);
    rate.handle_probed(0, 1e9);
    assert_eq!(rate.bps(), 1e7);
}

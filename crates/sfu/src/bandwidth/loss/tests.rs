//! Which loss is congestion.

use super::{Finding, Loss, OBSERVATION_US, OBSERVATIONS};

/// So many observations of 100 packets of which every `one_in`th is lost; how many of them spoke of congestion.
fn feed(loss: &mut Loss, from: i64, observations: i64, one_in: u32) -> usize {
    let congested = (from..from + observations).filter(|observation| {
        for packet in 1..=100 {
            if packet % one_in == 0 { loss.handle_lost() } else { loss.handle_received() }
        }
        let finding = loss.observe((observation + 1) * OBSERVATION_US, 1e6);
        matches!(finding, Some(Finding::Congestion(_)))
    });
    congested.count()
}

#[test]
fn no_loss_is_no_congestion() {
    assert_eq!(feed(&mut Loss::new(), 0, 200, 1_000), 0);
}

#[test]
fn loss_that_was_always_there_is_not_congestion() {
    let mut loss = Loss::new();
    assert_eq!(feed(&mut loss, 0, 200, 20), 0);
    assert!((loss.recent() - 0.05).abs() < 1e-9);
}

#[test]
fn loss_that_appears_is_congestion_until_it_has_stayed_for_half_a_minute() {
    let mut loss = Loss::new();
    feed(&mut loss, 0, 100, 1_000);
    assert!(feed(&mut loss, 100, 4, 10) >= 3);
    feed(&mut loss, 104, OBSERVATIONS as i64, 10);
    assert_eq!(feed(&mut loss, 104 + OBSERVATIONS as i64, 10, 10), 0);
}

#[test]
fn a_third_lost_is_congestion_though_it_was_always_so() {
    assert_eq!(feed(&mut Loss::new(), 0, 50, 3), 50);
}

#[test]
fn loss_that_stays_when_less_is_sent_is_acquitted() {
    let mut loss = Loss::new();
    feed(&mut loss, 0, 100, 1_000);
    assert!(feed(&mut loss, 100, 2, 20) > 0);
    let findings: Vec<Option<Finding>> = (102..112)
        .map(|observation| {
            for packet in 1..=100 {
                if packet % 20 == 0 { loss.handle_lost() } else { loss.handle_received() }
            }
            loss.observe((observation + 1) * OBSERVATION_US, 7e5)
        })
        .collect();
    assert!(findings.contains(&Some(Finding::Acquitted)), "{findings:?}");
    assert_eq!(findings.last(), Some(&Some(Finding::Harmless)));
}

#[test]
fn a_packet_found_is_not_lost() {
    let mut loss = Loss::new();
    for _ in 0..100 {
        loss.handle_lost();
        loss.handle_found();
    }
    loss.observe(OBSERVATION_US, 1e6);
    assert_eq!(loss.recent(), 0.0);
}

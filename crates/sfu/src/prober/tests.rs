//! Padding over time.

use std::time::{Duration, Instant};

use super::{GIVE_UP, PADDING_BYTES_MAX, Prober};
use crate::bandwidth::Probe;

#[expect(clippy::disallowed_methods, reason = "an Instant has no other origin")]
fn start() -> Instant {
    Instant::now()
}

const PROBE: Probe = Probe { rate_bps: 2_000_000, bytes: 10_000 };

/// Sends what is due at each timeout; gives bytes and duration.
fn run(prober: &mut Prober, begun: Instant) -> (usize, Duration) {
    let (mut sent, mut now) = (0, begun);
    while let Some(due) = prober.poll_timeout() {
        now = now.max(due);
        while let Some(bytes) = prober.poll_padding(now) {
            sent += bytes;
            prober.handle_sent(bytes);
        }
    }
    (sent, now - begun)
}

#[test]
fn a_probe_has_its_rate_and_size() {
    let now = start();
    let mut prober = Prober::new();
    prober.start(now, PROBE);
    let (sent, took) = run(&mut prober, now);
    assert!((10_000..10_000 + PADDING_BYTES_MAX).contains(&sent), "{sent}");
    assert!((Duration::from_millis(34)..Duration::from_millis(42)).contains(&took), "{took:?}");
    assert!(prober.running.is_none());
}

#[test]
fn at_its_timeout_something_is_due_at_any_rate() {
    for rate_bps in (100_003..9_000_000).step_by(77_777) {
        let now = start();
        let mut prober = Prober::new();
        prober.start(now, Probe { rate_bps, bytes: rate_bps / 320 });
        while let Some(due) = prober.poll_timeout() {
            let bytes = prober.poll_padding(due.max(now));
            assert!(bytes.is_some(), "{rate_bps} bit/s");
            prober.handle_sent(bytes.unwrap_or_default());
        }
    }
}

#[test]
fn media_counts() {
    let now = start();
    let mut prober = Prober::new();
    prober.start(now, PROBE);
    prober.handle_sent(9_000);
    assert_eq!(run(&mut prober, now).0, 1_000);
}

#[test]
fn a_probe_that_could_not_be_sent_ends() {
    let now = start();
    let mut prober = Prober::new();
    prober.start(now, PROBE);
    assert_eq!(prober.poll_padding(now + GIVE_UP + Duration::from_millis(1)), None);
    assert_eq!(prober.poll_timeout(), None);
}

#[test]
fn nothing_is_due_without_a_probe() {
    let mut prober = Prober::new();
    assert_eq!((prober.poll_padding(start()), prober.poll_timeout()), (None, None));
}

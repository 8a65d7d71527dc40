use std::time::Duration;

use super::{INTERVAL, KeyFrameRequests, KeyFrameShares, SHARE_AT_ONCE, SHARE_INTERVAL};
use crate::id::PeerId;
use crate::tests::epoch;

#[test]
fn the_first_who_wants_one_is_heard_at_once() {
    let now = epoch();
    let mut requests = KeyFrameRequests::default();
    assert!(!requests.poll(now));
    requests.want(now);
    assert!(requests.poll(now));
}

#[test]
fn many_who_want_one_within_the_interval_cost_one_request() {
    let now = epoch();
    let mut requests = KeyFrameRequests::default();
    let asked = (0..250).filter(|ms| {
        let now = now + Duration::from_millis(*ms);
        requests.want(now);
        requests.poll(now)
    });
    assert_eq!(asked.count(), 1);
}

#[test]
fn while_somebody_waits_it_is_asked_again() {
    let now = epoch();
    let mut requests = KeyFrameRequests::default();
    requests.want(now);
    assert!(requests.poll(now));
    assert_eq!(requests.poll_timeout(), Some(now + INTERVAL));
    assert!(!requests.poll(now + INTERVAL - Duration::from_millis(1)));
    assert!(requests.poll(now + INTERVAL));
}

#[test]
fn a_key_frame_ends_the_asking() {
    let now = epoch();
    let mut requests = KeyFrameRequests::default();
    requests.want(now);
    assert!(requests.poll(now));
    requests.handle_key_frame();
    assert_eq!(requests.poll_timeout(), None);
    requests.want(now);
    assert_eq!(requests.poll_timeout(), Some(now + INTERVAL), "asked too lately to be asked again at once");
}

#[test]
fn a_publisher_who_never_answers_is_asked_ever_more_rarely() {
    let start = epoch();
    let mut requests = KeyFrameRequests::default();
    requests.want(start);
    let asked = (0..60_000).filter(|ms| requests.poll(start + Duration::from_millis(*ms))).count();
    assert!((20..40).contains(&asked), "{asked} requests in a minute");
}

#[test]
fn who_was_away_and_is_back_is_asked_as_soon_as_anybody() {
    let mut now = epoch();
    let mut requests = KeyFrameRequests::default();
    requests.want(now);
    for _ in 0..20 {
        now = requests.poll_timeout().unwrap();
        assert!(requests.poll(now));
    }
    assert!(requests.poll_timeout().unwrap() > now + INTERVAL);
    requests.handle_return();
    assert_eq!(requests.poll_timeout(), Some(now + INTERVAL));
}

#[test]
fn who_waits_for_a_turn_does_not_hold_up_who_need_not() {
    let now = epoch();
    let mut requests = KeyFrameRequests::default();
    requests.want(now + SHARE_INTERVAL);
    assert!(!requests.poll(now));
    requests.want(now);
    requests.want(now + SHARE_INTERVAL);
    assert!(requests.poll(now));
}

#[test]
fn who_has_had_a_share_at_once_is_heard_at_intervals_and_others_at_once() {
    let (now, ms) = (epoch(), Duration::from_millis(1));
    let mut shares = KeyFrameShares::default();
    for _ in 0..SHARE_AT_ONCE {
        assert_eq!(shares.turn(now, PeerId(1)), now);
    }
    for later in [Duration::ZERO, ms, SHARE_INTERVAL - ms] {
        assert_eq!(shares.turn(now + later, PeerId(1)), now + SHARE_INTERVAL, "one waits, however often it asks");
    }
    assert_eq!(shares.turn(now, PeerId(2)), now);
    assert_eq!(shares.turn(now + SHARE_INTERVAL + ms, PeerId(1)), now + SHARE_INTERVAL * 2);
    let rested = now + SHARE_INTERVAL * (SHARE_AT_ONCE + 4);
    for _ in 0..SHARE_AT_ONCE {
        assert_eq!(shares.turn(rested, PeerId(1)), rested);
    }
}

#[test]
fn who_has_its_whole_share_is_forgotten() {
    let now = epoch();
    let mut shares = KeyFrameShares::default();
    (0..100).for_each(|peer| _ = shares.turn(now, PeerId(peer)));
    assert_eq!(shares.shares.len(), 100);
    shares.turn(now + SHARE_INTERVAL, PeerId(100));
    assert_eq!(shares.shares.len(), 1);
}

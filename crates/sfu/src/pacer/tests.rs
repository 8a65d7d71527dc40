//! What leaves when.

use std::time::{Duration, Instant};

use super::{AGE_MAX, Class, Pacer, QUEUE_PACKETS_MAX, Verdict};

#[expect(clippy::disallowed_methods, reason = "an Instant has no other origin")]
fn start() -> Instant {
    Instant::now()
}

const PACKET: usize = 1_000;

/// Everything that waits, with the time at which it leaves.
fn drain(pacer: &mut Pacer<u32>, begun: Instant) -> Vec<(u32, Duration)> {
    let mut left = Vec::new();
    while let Some(due) = pacer.poll_timeout() {
        while let Some(reference) = pacer.poll(due) {
            left.push((reference, due - begun));
        }
    }
    left
}

#[test]
fn far_above_the_rate_a_whole_key_frame_passes() {
    let now = start();
    let mut pacer = Pacer::new(now, 20_000_000);
    for reference in 0..50 {
        assert_eq!(pacer.offer(now, Class::Video, PACKET, reference), Verdict::SendNow, "{reference}");
    }
    assert_eq!(pacer.poll_timeout(), None);
}

#[test]
fn near_the_rate_a_key_frame_is_spread() {
    let now = start();
    let mut pacer = Pacer::new(now, 2_000_000);
    let waits = (0..40).filter(|reference| pacer.offer(now, Class::Video, PACKET, *reference) == Verdict::Queued);
    assert_eq!(waits.count(), 34);
    let left = drain(&mut pacer, now);
    assert_eq!(left.iter().map(|(reference, _)| *reference).collect::<Vec<_>>(), (6..40).collect::<Vec<_>>());
    // 40 kB at 2 Mbit/s, less the burst.
    let last = left.last().unwrap().1;
    assert!((Duration::from_millis(125)..Duration::from_millis(150)).contains(&last), "{last:?}");
}

#[test]
fn sound_never_waits() {
    let now = start();
    let mut pacer = Pacer::new(now, 100_000);
    for reference in 0..20 {
        pacer.offer(now, Class::Video, PACKET, reference);
    }
    assert_eq!(pacer.offer(now, Class::Audio, 100, 99), Verdict::SendNow);
}

#[test]
fn retransmissions_leave_before_pictures() {
    let now = start();
    let mut pacer = Pacer::new(now, 2_000_000);
    for reference in 0..8 {
        pacer.offer(now, Class::Video, PACKET, reference);
    }
    assert_eq!(pacer.offer(now, Class::Retransmission, PACKET, 100), Verdict::Queued);
    assert_eq!(drain(&mut pacer, now)[0].0, 100);
}

#[test]
fn a_picture_never_overtakes_a_picture() {
    let now = start();
    let mut pacer = Pacer::new(now, 2_000_000);
    for reference in 0..8 {
        pacer.offer(now, Class::Video, PACKET, reference);
    }
    let later = now + Duration::from_millis(400);
    assert_eq!(pacer.offer(later, Class::Video, PACKET, 8), Verdict::Queued, "older ones still wait");
    let order: Vec<u32> = std::iter::from_fn(|| pacer.poll(later)).collect();
    assert!(order.is_sorted() && order.last() == Some(&8), "{order:?}");
}

#[test]
fn what_is_too_old_is_dropped_and_counted() {
    let now = start();
    let mut pacer = Pacer::new(now, 200_000);
    for reference in 0..20 {
        pacer.offer(now, Class::Video, PACKET, reference);
    }
    assert_eq!(pacer.poll(now + AGE_MAX + Duration::from_millis(1)), None);
    assert!(pacer.is_empty());
    assert_eq!(pacer.waiting_bytes(), 0);
    assert_eq!(pacer.stats().dropped_late, pacer.stats().queued);
}

#[test]
fn a_full_queue_takes_no_more() {
    let now = start();
    let mut pacer = Pacer::new(now, 200_000);
    while pacer.offer(now, Class::Video, PACKET, 0) == Verdict::SendNow {}
    for _ in 1..QUEUE_PACKETS_MAX {
        assert_eq!(pacer.offer(now, Class::Video, PACKET, 0), Verdict::Queued);
    }
    assert_eq!(pacer.offer(now, Class::Video, PACKET, 0), Verdict::Dropped);
    assert_eq!(pacer.stats().dropped_full, 1);
    assert_eq!(pacer.waiting_bytes(), QUEUE_PACKETS_MAX * PACKET);
}

#[test]
fn idle_time_is_not_saved_up() {
    let now = start();
    let mut pacer = Pacer::new(now, 2_000_000);
    let later = now + Duration::from_secs(60);
    let passed = (0..100).filter(|reference| pacer.offer(later, Class::Video, PACKET, *reference) == Verdict::SendNow);
    assert_eq!(passed.count(), 6);
}

#[test]
fn padding_counts() {
    let now = start();
    let mut pacer = Pacer::new(now, 2_000_000);
    pacer.handle_sent(now, 50_000);
    assert_eq!(pacer.offer(now, Class::Video, PACKET, 1), Verdict::Queued);
}

#[test]
fn what_is_of_no_use_any_more_is_discarded() {
    let now = start();
    let mut pacer = Pacer::new(now, 200_000);
    for reference in 0..20 {
        pacer.offer(now, Class::Video, PACKET, reference);
    }
    pacer.discard(|reference| *reference < 15);
    assert_eq!(pacer.waiting_bytes(), 5 * PACKET);
    assert_eq!(drain(&mut pacer, now).first().map(|(reference, _)| *reference), Some(15));
}

#[test]
fn a_cleared_pacer_forgets_what_waits() {
    let now = start();
    let mut pacer = Pacer::new(now, 200_000);
    for reference in 0..20 {
        pacer.offer(now, Class::Video, PACKET, reference);
    }
    pacer.clear();
    assert_eq!((pacer.poll_timeout(), pacer.waiting_bytes()), (None, 0));
}

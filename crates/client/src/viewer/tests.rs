use super::*;

#[expect(clippy::disallowed_methods, reason = "an arbitrary beginning")]
fn epoch() -> Instant {
    Instant::now()
}

/// Two packets per frame, a frame each 40 ms, of which `lost` do not come; ends at frame 20.
fn watch(lost: &[u64], repaired: &[(u64, u64)]) -> Viewing {
    let (mut viewer, start) = (Viewer::default(), epoch());
    let mut arrivals: Vec<(u64, u64)> =
        (0..40).filter(|place| !lost.contains(place)).map(|place| (place / 2 * 40, place)).collect();
    arrivals.extend(repaired);
    arrivals.sort_unstable();
    for (at_ms, place) in arrivals {
        viewer.packet(start + Duration::from_millis(at_ms), place, place % 2 == 1, place == 0 || place == 30);
    }
    viewer.figures(start + Duration::from_millis(800))
}

#[test]
fn a_whole_stream_is_seen_without_a_freeze() {
    let viewing = watch(&[], &[]);
    assert_eq!((viewing.frames, viewing.freezes), (20, 0));
}

#[test]
fn a_lost_packet_freezes_the_picture_until_the_next_key_frame() {
    let viewing = watch(&[10], &[]);
    // Frames 5 to 14 are not seen; frame 15 is a key frame.
    assert_eq!((viewing.frames, viewing.freezes), (10, 1));
    assert_eq!(viewing.frozen, Duration::from_millis(440));
}

#[test]
fn a_quick_repair_is_not_noticed() {
    let viewing = watch(&[10], &[(260, 10)]);
    assert_eq!((viewing.frames, viewing.freezes), (20, 0));
}

#[test]
fn a_slow_repair_is_a_freeze_and_then_everything_is_shown() {
    let viewing = watch(&[10], &[(450, 10)]);
    assert_eq!((viewing.frames, viewing.freezes), (20, 1));
    assert_eq!(viewing.longest_freeze, Duration::from_millis(450 - 160));
}

#[test]
fn a_picture_that_stands_still_now_is_frozen() {
    let (mut viewer, start) = (Viewer::default(), epoch());
    for place in 0..10 {
        viewer.packet(start + Duration::from_millis(place * 40), place, true, place == 0);
    }
    assert_eq!(viewer.figures(start + Duration::from_millis(500)).freezes, 0);
    assert_eq!(viewer.figures(start + Duration::from_millis(2_000)).freezes, 1);
}

#[test]
fn nothing_is_seen_before_the_first_key_frame() {
    let (mut viewer, start) = (Viewer::default(), epoch());
    viewer.packet(start, 5, true, false);
    assert_eq!(viewer.figures(start).first_frame, None);
    viewer.packet(start, 6, true, true);
    assert_eq!(viewer.figures(start).first_frame, Some(start));
}

#[test]
fn packets_that_wait_in_vain_are_few() {
    let (mut viewer, start) = (Viewer::default(), epoch());
    viewer.packet(start, 0, true, true);
    for place in 2..10_000 {
        viewer.packet(start, place, true, false);
    }
    assert_eq!(viewer.early.len(), EARLY_MAX);
}

//! What people in a meeting see and hear, whatever the network does.

use std::time::Duration;

use sfu::SlotState;
use sim::meeting::{Attendee, Film, Meeting, MemberId, Seen};
use sim::{LinkConfig, Loss, Seed};

pub(crate) const MS: Duration = Duration::from_millis(1);
pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// A tile in which the largest layer is worth sending.
pub(crate) const LARGE: (u32, u32) = (1280, 720);

/// A tile for which the smallest layer is enough.
pub(crate) const SMALL: (u32, u32) = (320, 180);

/// A link of 25 ms each way.
pub(crate) fn link() -> LinkConfig {
    LinkConfig { delay: 25 * MS, ..LinkConfig::default() }
}

pub(crate) fn capped(rate_bps: u64) -> LinkConfig {
    LinkConfig { rate_bps: Some(rate_bps), queue_bytes: rate_bps / 8 / 2, ..link() }
}

/// Everything that everybody sees, with who sees it.
fn all_seen(meeting: &Meeting) -> Vec<(MemberId, usize, Seen)> {
    let slots = |viewer: MemberId| meeting.watched(viewer).into_iter().map(move |slot| (viewer, slot));
    meeting
        .members()
        .into_iter()
        .flat_map(slots)
        .map(|(viewer, slot)| (viewer, slot, meeting.seen(viewer, slot)))
        .collect()
}

/// Nobody stood still for longer than this, waited longer for a first picture, or was shown garbage.
pub(crate) fn expect_fluent(meeting: &Meeting, freeze: Duration, start: Duration) {
    let now = meeting.now();
    for (viewer, slot, seen) in all_seen(meeting) {
        expect_valid(viewer, slot, &seen);
        assert!(seen.frames > 0, "{viewer:?} slot {slot}: no picture at all, {:?}", meeting.slot_state(viewer, slot));
        assert!(seen.freeze(now) <= freeze, "{viewer:?} slot {slot} stood still for {:?}", seen.freeze(now));
        assert!(seen.start(now) <= start, "{viewer:?} slot {slot} waited {:?} for a picture", seen.start(now));
    }
}

pub(crate) fn expect_valid(viewer: MemberId, slot: usize, seen: &Seen) {
    assert_eq!(seen.garbage, 0, "{viewer:?} slot {slot}: pictures without their reference were passed off as whole");
    assert_eq!(seen.breaks, 0, "{viewer:?} slot {slot}: picture ids or timestamps broke");
}

/// So many who all watch each other.
fn meeting_of(seed: Seed, count: usize, attendee: Attendee, tile: (u32, u32)) -> (Meeting, Vec<MemberId>) {
    let mut meeting = Meeting::new(seed);
    let members: Vec<MemberId> = (0..count).map(|_| meeting.join(attendee)).collect();
    meeting.watch_each_other(tile.0, tile.1);
    (meeting, members)
}

/// A camera of one layer, as large as a browser makes it.
const SINGLE: Film = Film::Single { rate_bps: 2_500_000 };

/// Somebody with this film, whom another watches already, and who speaks. Then a viewer comes over this downlink.
fn late_viewer(seed: Seed, film: Film, downlink: LinkConfig) -> (Meeting, MemberId) {
    let mut meeting = Meeting::new(seed);
    let publisher = meeting.join(Attendee { camera: Some(film), ..Attendee::default() }.on(link()));
    let other = meeting.join(Attendee::viewer().on(link()));
    meeting.watch(other, 0, publisher, LARGE.0, LARGE.1);
    meeting.set_speaking(publisher, true);
    meeting.run_for(10 * SECOND);
    let viewer = meeting.join(Attendee { downlink, ..Attendee::viewer().on(link()) });
    meeting.watch(viewer, 0, publisher, LARGE.0, LARGE.1);
    (meeting, viewer)
}

#[test]
fn who_comes_over_a_good_path_sees_a_first_picture_in_300_ms_and_the_best_one_in_two_seconds() {
    // The request for a key frame and the picture itself each take a way to the publisher and one to the viewer.
    let round_trip = 2 * 2 * 25 * MS;
    for (film, downlink) in
        [(Film::Simulcast, link()), (Film::Simulcast, capped(4_000_000)), (SINGLE, link()), (SINGLE, capped(4_000_000))]
    {
        for seed in Seed::each(0..4) {
            let (mut meeting, viewer) = late_viewer(seed, film, downlink);
            let first = meeting.run_until(2 * SECOND, |meeting| meeting.seen(viewer, 0).frames > 0);
            assert!(first.is_some_and(|first| first <= 300 * MS + round_trip), "{film:?}: first picture {first:?}");
            let best = meeting.run_until(2 * SECOND, |meeting| meeting.seen(viewer, 0).layer == Some(2));
            assert!(best.is_some(), "{film:?}: still layer {:?}", meeting.seen(viewer, 0).layer);
            meeting.run_for(20 * SECOND);
            expect_valid(viewer, 0, &meeting.seen(viewer, 0));
            let freeze = meeting.seen(viewer, 0).freeze(meeting.now());
            assert!(freeze <= 300 * MS, "{film:?}: stood still for {freeze:?}");
        }
    }
}

#[test]
fn who_comes_sees_everybody_within_two_seconds_though_a_third_of_the_requests_for_key_frames_is_lost() {
    for seed in Seed::each(0..4) {
        let deaf = LinkConfig { loss: Loss::Random(0.33), ..link() };
        let mut meeting = Meeting::new(seed);
        let attendee = Attendee { uplink: link(), downlink: deaf, ..Attendee::default() };
        let publishers: Vec<MemberId> = (0..5).map(|_| meeting.join(attendee)).collect();
        // Each is watched already, by one who does not need a key frame again.
        let other = meeting.join(Attendee::viewer().on(link()));
        let viewer = meeting.join(Attendee::viewer().on(link()));
        for (slot, publisher) in publishers.iter().enumerate() {
            meeting.watch(other, slot, *publisher, SMALL.0, SMALL.1);
        }
        meeting.run_for(10 * SECOND);
        for round in 0..4 {
            // One after the other, and all in other slots than before.
            for slot in 0..publishers.len() {
                meeting.watch(viewer, slot, publishers[(slot + round) % publishers.len()], SMALL.0, SMALL.1);
                meeting.run_for(70 * MS);
            }
            meeting.run_for(4 * SECOND);
            for slot in 0..publishers.len() {
                let seen = meeting.seen(viewer, slot);
                let whom = (slot + round) % publishers.len();
                expect_valid(viewer, slot, &seen);
                assert_eq!(seen.publisher, Some(whom as u32), "slot {slot} in round {round}");
                assert!(seen.last_at.is_some_and(|at| meeting.now() - at < 200 * MS), "slot {slot} stands still");
                assert!(seen.longest_start <= 2 * SECOND, "slot {slot} waited {:?}", seen.longest_start);
            }
        }
    }
}

#[test]
fn a_picture_that_does_not_fit_at_all_costs_a_newcomer_two_seconds_of_sound_at_most_and_is_then_paused() {
    for downlink in [capped(150_000), capped(500_000)] {
        for seed in Seed::each(0..4) {
            let (mut meeting, viewer) = late_viewer(seed, SINGLE, downlink);
            meeting.run_for(2 * SECOND);
            meeting.forget_the_past();
            meeting.run_for(20 * SECOND);
            assert_eq!(meeting.slot_state(viewer, 0), Some(SlotState::NoBandwidth));
            let (packets, late) =
                meeting.heard(viewer).iter().fold((0, 0), |sum, heard| (sum.0 + heard.packets, sum.1 + heard.late));
            assert!(packets >= 970, "{packets} of 1000 packets");
            assert!(late <= packets / 50, "{late} of {packets} packets came too late");
        }
    }
}

#[test]
fn on_good_links_everybody_sees_the_best_picture_within_seconds_and_it_never_stops() {
    for seed in Seed::each(0..3) {
        let (mut meeting, members) = meeting_of(seed, 3, Attendee::default().on(link()), LARGE);
        meeting.run_for(8 * SECOND);
        for viewer in &members {
            for slot in 0..2 {
                assert_eq!(meeting.seen(*viewer, slot).layer, Some(2), "{viewer:?} slot {slot}");
            }
        }
        meeting.run_for(22 * SECOND);
        expect_fluent(&meeting, 300 * MS, SECOND);
    }
}

#[test]
fn at_five_percent_loss_and_100_ms_nobody_sees_a_picture_frozen_for_more_than_a_second() {
    for seed in Seed::each(0..4) {
        let lossy = LinkConfig { delay: 25 * MS, loss: Loss::Random(0.05), ..LinkConfig::default() };
        let (mut meeting, _) = meeting_of(seed, 3, Attendee::default().on(lossy), LARGE);
        meeting.run_for(60 * SECOND);
        expect_fluent(&meeting, SECOND, 2 * SECOND);
    }
}

#[test]
fn bursts_reordering_and_duplicates_freeze_nobody_for_more_than_a_second_and_a_half() {
    for seed in Seed::each(0..4) {
        let rough = LinkConfig {
            loss: Loss::Burst { every: 3 * SECOND, lasting: 60 * MS },
            jitter: 15 * MS,
            reorder: 0.02,
            reorder_by: 30 * MS,
            duplicate: 0.01,
            ..link()
        };
        let (mut meeting, _) = meeting_of(seed, 3, Attendee::default().on(rough), LARGE);
        meeting.run_for(40 * SECOND);
        expect_fluent(&meeting, 1_500 * MS, 2 * SECOND);
    }
}

#[test]
fn a_capped_viewer_falls_within_two_seconds_and_climbs_back_within_ten() {
    for seed in Seed::each(0..4) {
        let mut meeting = Meeting::new(seed);
        let publisher = meeting.join(Attendee::default().on(link()));
        let viewer = meeting.join(Attendee::viewer().on(link()));
        meeting.watch(viewer, 0, publisher, LARGE.0, LARGE.1);
        meeting.run_for(15 * SECOND);
        assert_eq!(meeting.seen(viewer, 0).layer, Some(2));
        meeting.set_downlink(viewer, capped(700_000));
        let fell = meeting.run_until(2 * SECOND, |meeting| meeting.seen(viewer, 0).layer < Some(2));
        assert!(fell.is_some(), "still the largest layer after two seconds");
        meeting.run_for(20 * SECOND);
        meeting.forget_the_past();
        meeting.run_for(10 * SECOND);
        expect_fluent(&meeting, SECOND, SECOND);
        meeting.set_downlink(viewer, link());
        let rose = meeting.run_until(10 * SECOND, |meeting| meeting.seen(viewer, 0).layer == Some(2));
        assert!(rose.is_some(), "not back after ten seconds");
    }
}

#[test]
fn nineteen_of_twenty_viewers_do_not_notice_the_one_behind_a_bad_link() {
    for seed in Seed::each(0..2) {
        let mut meeting = Meeting::new(seed);
        let publisher = meeting.join(Attendee::default().on(link()));
        let viewers: Vec<MemberId> = (0..20).map(|_| meeting.join(Attendee::viewer().on(link()))).collect();
        for viewer in &viewers {
            meeting.watch(*viewer, 0, publisher, LARGE.0, LARGE.1);
        }
        meeting.run_for(10 * SECOND);
        meeting.forget_the_past();
        let before: Vec<Seen> = viewers.iter().map(|viewer| meeting.seen(*viewer, 0)).collect();
        let bad = LinkConfig { loss: Loss::Random(0.2), jitter: 50 * MS, ..capped(500_000) };
        meeting.set_downlink(viewers[0], bad);
        meeting.run_for(20 * SECOND);
        for (viewer, before) in viewers.iter().zip(&before).skip(1) {
            let seen = meeting.seen(*viewer, 0);
            expect_valid(*viewer, 0, &seen);
            assert_eq!(seen.layer, Some(2), "{viewer:?}");
            assert!(
                seen.freeze(meeting.now()) <= 200 * MS,
                "{viewer:?} stood still for {:?}",
                seen.freeze(meeting.now())
            );
            assert!(seen.frames - before.frames >= 590, "{viewer:?}: {} pictures in 20 s", seen.frames - before.frames);
        }
    }
}

#[test]
fn a_room_of_fifty_survives_a_third_of_it_reconnecting_at_once() {
    for seed in Seed::each(0..1) {
        let attendee = Attendee { video_slots: 9, ..Attendee::default() }.on(link());
        let (mut meeting, mut members) = meeting_of(seed, 50, attendee, SMALL);
        for speaker in &members[..2] {
            meeting.set_speaking(*speaker, true);
        }
        meeting.run_for(4 * SECOND);
        expect_fluent(&meeting, SECOND, 3 * SECOND);
        meeting.forget_the_past();
        for member in &mut members[35..] {
            *member = meeting.reconnect(*member);
        }
        meeting.run_for(5 * SECOND);
        expect_fluent(&meeting, SECOND, 3 * SECOND);
        for member in &members {
            let heard: u64 = meeting.heard(*member).iter().map(|heard| heard.packets).sum();
            assert!(heard > 200, "{member:?} heard {heard} packets in 5 s");
        }
    }
}

#[test]
fn two_viewers_share_a_bottleneck_and_neither_is_starved_or_frozen_for_a_second() {
    for seed in Seed::each(0..4) {
        let mut meeting = Meeting::new(seed);
        let publisher = meeting.join(Attendee::default().on(link()));
        let first = meeting.join(Attendee::viewer().on(capped(2_000_000)));
        let second = meeting.join(Attendee::viewer().on(link()));
        meeting.share_downlink(first, second);
        for viewer in [first, second] {
            meeting.watch(viewer, 0, publisher, LARGE.0, LARGE.1);
        }
        meeting.run_for(15 * SECOND);
        meeting.forget_the_past();
        let before = [first, second].map(|viewer| meeting.received_bytes(viewer));
        meeting.run_for(45 * SECOND);
        let after = [first, second].map(|viewer| meeting.received_bytes(viewer));
        let kbps = [0, 1].map(|index| (after[index] - before[index]) * 8 / 45 / 1_000);
        expect_fluent(&meeting, SECOND, SECOND);
        assert!(kbps.iter().all(|kbps| *kbps > 350), "one is starved: {kbps:?} kbit/s");
    }
}

#[test]
fn sound_survives_at_150_kbit_s() {
    for seed in Seed::each(0..4) {
        let mut meeting = Meeting::new(seed);
        let members: Vec<MemberId> = (0..3).map(|_| meeting.join(Attendee::default().on(link()))).collect();
        let viewer = meeting.join(Attendee::viewer().on(capped(150_000)));
        meeting.watch_each_other(LARGE.0, LARGE.1);
        meeting.set_speaking(members[0], true);
        meeting.run_for(10 * SECOND);
        meeting.forget_the_past();
        meeting.run_for(30 * SECOND);
        let heard = meeting.heard(viewer);
        let (packets, late) = heard.iter().fold((0, 0), |sum, heard| (sum.0 + heard.packets, sum.1 + heard.late));
        // Fifty a second of the one who speaks.
        assert!(packets >= 1_455, "{packets} of 1500 packets");
        assert!(late <= packets / 50, "{late} of {packets} packets came too late");
    }
}

#[test]
fn one_seed_is_one_meeting() {
    let digest = |seed| {
        let rough = LinkConfig { loss: Loss::Random(0.1), jitter: 10 * MS, ..link() };
        let (mut meeting, _) = meeting_of(seed, 3, Attendee::default().on(rough), LARGE);
        meeting.run_for(5 * SECOND);
        (meeting.delivered(), all_seen(&meeting).into_iter().map(|(.., seen)| seen.frames).collect::<Vec<_>>())
    };
    assert_eq!(digest(Seed::new(1)), digest(Seed::new(1)));
    assert_ne!(digest(Seed::new(1)), digest(Seed::new(2)));
}

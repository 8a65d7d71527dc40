//! A room on several workers: what its members see and hear, whatever happens to the workers.

use std::time::Duration;

use sfu::SlotState;
use sim::meeting::{Attendee, Film, Meeting, MemberId};
use sim::{LinkConfig, Loss, Seed};

use crate::meetings::{LARGE, MS, SECOND, SMALL, expect_fluent, expect_valid, link};

/// So many workers with so many members each, in the order of the workers, who all watch each other.
fn spread(
    seed: Seed,
    (workers, members): (u8, usize),
    attendee: Attendee,
    tile: (u32, u32),
) -> (Meeting, Vec<MemberId>) {
    let mut meeting = Meeting::on_workers(seed, workers);
    let places = (0..workers).flat_map(|worker| vec![worker; members]);
    let members = places.map(|worker| meeting.join_at(worker, attendee)).collect();
    meeting.watch_each_other(tile.0, tile.1);
    (meeting, members)
}

/// Lets time pass and looks at everything often enough that nothing short is missed.
fn watch_for(meeting: &mut Meeting, duration: Duration, mut look: impl FnMut(&Meeting)) {
    let end = meeting.elapsed() + duration;
    while meeting.elapsed() < end {
        meeting.run_for(10 * MS);
        look(meeting);
    }
}

#[test]
fn at_loss_on_all_links_and_between_the_workers_nobody_sees_a_picture_frozen_for_more_than_a_second() {
    for seed in Seed::each(0..3) {
        let lossy = LinkConfig { delay: 25 * MS, loss: Loss::Random(0.03), ..LinkConfig::default() };
        let (mut meeting, _) = spread(seed, (2, 2), Attendee::default().on(lossy), LARGE);
        meeting.lose_crossings(0.02);
        meeting.run_for(40 * SECOND);
        expect_fluent(&meeting, SECOND, 2 * SECOND);
    }
}

#[test]
fn who_comes_to_another_worker_sees_everybody_within_a_second_and_a_half_though_it_loses_a_third_of_what_crosses() {
    // Of the pictures, of what is asked for again, and of the requests for key frames: three in a row may be lost.
    for seed in Seed::each(0..6) {
        let mut meeting = Meeting::on_workers(seed, 2);
        let publishers: Vec<MemberId> = (0..5).map(|_| meeting.join_at(0, Attendee::default().on(link()))).collect();
        meeting.watch_each_other(SMALL.0, SMALL.1);
        meeting.run_for(10 * SECOND);
        meeting.lose_crossings(0.3);
        let viewer = meeting.join_at(1, Attendee::viewer().on(link()));
        for (slot, publisher) in publishers.iter().enumerate() {
            meeting.watch(viewer, slot, *publisher, SMALL.0, SMALL.1);
        }
        meeting.run_for(10 * SECOND);
        for slot in 0..publishers.len() {
            let seen = meeting.seen(viewer, slot);
            expect_valid(viewer, slot, &seen);
            assert!(
                seen.frames > 0 && seen.longest_start <= 1_500 * MS,
                "slot {slot}: {:?}",
                seen.start(meeting.now())
            );
        }
    }
}

#[test]
fn a_layer_is_on_while_somebody_on_any_worker_wants_it() {
    for seed in Seed::each(0..3) {
        let mut meeting = Meeting::on_workers(seed, 3);
        let publisher = meeting.join_at(0, Attendee::default().on(link()));
        let viewers = [1, 2].map(|worker| meeting.join_at(worker, Attendee::viewer().on(link())));
        for (viewer, tile) in viewers.into_iter().zip([SMALL, LARGE]) {
            meeting.watch(viewer, 0, publisher, tile.0, tile.1);
        }
        meeting.run_for(15 * SECOND);
        assert_eq!(meeting.layers_on(publisher), [true; 3]);
        assert_eq!(viewers.map(|viewer| meeting.seen(viewer, 0).layer), [Some(0), Some(2)]);
        meeting.watch(viewers[1], 0, publisher, SMALL.0, SMALL.1);
        meeting.run_for(15 * SECOND);
        assert_eq!(meeting.layers_on(publisher), [true, false, false]);
        meeting.forget_the_past();
        // Whoever wants more than anybody did, and whichever worker it is on, has it at once.
        for viewer in viewers {
            meeting.watch(viewer, 0, publisher, LARGE.0, LARGE.1);
            let best = meeting.run_until(3 * SECOND, |meeting| meeting.seen(viewer, 0).layer == Some(2));
            assert!(best.is_some(), "{viewer:?} still sees layer {:?}", meeting.seen(viewer, 0).layer);
        }
        meeting.leave(viewers[0]);
        meeting.run_for(15 * SECOND);
        assert_eq!(meeting.layers_on(publisher), [true; 3], "the other one still looks");
        expect_fluent(&meeting, 300 * MS, SECOND);
    }
}

#[test]
fn encrypted_pictures_pass_from_worker_to_worker_and_are_never_mixed_up() {
    for seed in Seed::each(0..3) {
        let lossy = LinkConfig { delay: 25 * MS, loss: Loss::Random(0.02), ..LinkConfig::default() };
        let attendee = Attendee { camera: Some(Film::Encrypted), ..Attendee::default() }.on(lossy);
        let (mut meeting, members) = spread(seed, (2, 2), attendee, LARGE);
        meeting.lose_crossings(0.01);
        meeting.run_for(15 * SECOND);
        for member in &members {
            // Nobody could go over to another layer: larger ones are of no use.
            assert_eq!(meeting.layers_on(*member), [true, false, false], "{member:?}");
        }
        // The pictures of two change their places, on both workers.
        for (viewer, [first, second]) in
            [(members[0], [members[3], members[1]]), (members[2], [members[1], members[3]])]
        {
            meeting.watch(viewer, 0, first, LARGE.0, LARGE.1);
            meeting.watch(viewer, 1, second, LARGE.0, LARGE.1);
        }
        meeting.run_for(15 * SECOND);
        expect_fluent(&meeting, 1_500 * MS, 2 * SECOND);
    }
}

#[test]
fn when_a_worker_fails_the_others_do_not_notice_and_its_members_are_back_within_a_second_and_a_half() {
    for (seed, failing) in Seed::each(0..3).into_iter().flat_map(|seed| [(seed, 0), (seed, 1)]) {
        let (mut meeting, members) = spread(seed, (3, 2), Attendee::default().on(link()), SMALL);
        let worker_of = |member: MemberId| members.iter().position(|other| *other == member).unwrap_or(0) / 2;
        let (lost, kept): (Vec<MemberId>, Vec<MemberId>) =
            members.iter().partition(|member| worker_of(**member) == usize::from(failing));
        meeting.run_for(5 * SECOND);
        expect_fluent(&meeting, 300 * MS, SECOND);
        meeting.forget_the_past();
        meeting.fail_worker(failing);
        meeting.run_for(150 * MS);
        watch_for(&mut meeting, 1_350 * MS, |meeting| {
            for (viewer, slot) in
                kept.iter().flat_map(|viewer| meeting.watched(*viewer).into_iter().map(|slot| (*viewer, slot)))
            {
                // Nobody is told that a picture is there that does not come.
                let age = meeting.seen(viewer, slot).last_at.map(|at| meeting.now() - at);
                let is_live = meeting.slot_state(viewer, slot) == Some(SlotState::Live);
                assert!(!is_live || age.is_some_and(|age| age < 300 * MS), "{viewer:?} {slot}: {age:?}");
            }
        });
        for viewer in &members {
            for slot in meeting.watched(*viewer) {
                let seen = meeting.seen(*viewer, slot);
                expect_valid(*viewer, slot, &seen);
                let publisher = seen.publisher.map(|id| members[id as usize]);
                let is_touched = lost.contains(viewer) || publisher.is_none_or(|publisher| lost.contains(&publisher));
                let most = if is_touched { 1_500 * MS } else { 200 * MS };
                assert!(seen.freeze(meeting.now()) <= most, "{viewer:?} {slot}: {:?}", seen.freeze(meeting.now()));
                assert!(seen.start(meeting.now()) <= 1_500 * MS, "{viewer:?} {slot}: {:?}", seen.start(meeting.now()));
                let age = seen.last_at.map(|at| meeting.now() - at);
                assert!(age.is_some_and(|age| age < 200 * MS), "{viewer:?} {slot} of {publisher:?}: last {age:?} ago");
                assert_eq!(meeting.slot_state(*viewer, slot), Some(SlotState::Live), "{viewer:?} {slot}");
            }
        }
    }
}

#[test]
fn who_speaks_is_shown_all_the_time_whichever_worker_tells_it() {
    for seed in Seed::each(0..4) {
        let (mut meeting, members) = spread(seed, (3, 1), Attendee::default().on(link()), SMALL);
        meeting.set_speaking(members[2], true);
        meeting.run_for(3 * SECOND);
        assert_eq!(meeting.speakers(), [members[2]]);
        // The worker that tells ends, begins anew and tells again; then its last member goes, and another one comes.
        meeting.fail_worker(0);
        watch_for(&mut meeting, 3 * SECOND, |meeting| assert_eq!(meeting.speakers(), [members[2]]));
        meeting.leave(members[0]);
        watch_for(&mut meeting, 2 * SECOND, |meeting| assert_eq!(meeting.speakers(), [members[2]]));
        // Also while she takes a breath.
        meeting.set_speaking(members[2], false);
        meeting.run_for(500 * MS);
        meeting.join_at(0, Attendee::default().on(link()));
        watch_for(&mut meeting, 700 * MS, |meeting| assert_eq!(meeting.speakers(), [members[2]]));
        meeting.run_for(2 * SECOND);
        assert_eq!(meeting.speakers(), [], "nobody speaks any more");
    }
}

#[test]
fn who_spoke_on_a_worker_that_failed_is_not_shown_as_speaking_for_ever() {
    for seed in Seed::each(0..4) {
        let (mut meeting, members) = spread(seed, (2, 1), Attendee::default().on(link()), SMALL);
        for (speaker, silent) in [(members[0], members[1]), (members[1], members[0])] {
            meeting.set_speaking(speaker, true);
            meeting.run_for(3 * SECOND);
            assert_eq!(meeting.speakers(), [speaker]);
            meeting.fail_worker(u8::from(speaker == members[1]));
            meeting.set_speaking(speaker, false);
            meeting.run_for(2 * SECOND);
            assert_eq!(meeting.speakers(), [], "{silent:?} is alone and silent");
        }
    }
}

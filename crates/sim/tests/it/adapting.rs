//! Publishers that send one picture and take REMBs: they adapt to their own path, and to what whoever watches can take.

use std::time::Duration;

use sfu::SlotState;
use sim::meeting::{Attendee, Film, Meeting, MemberId};
use sim::{LinkConfig, Seed};

use crate::meetings::{LARGE, MS, SECOND, capped, expect_valid, link};

const ADAPTING: Film = Film::Adapting { rate_bps: 2_000_000 };

/// Somebody whose browser adapts to a REMB, and who watches over this downlink.
fn two(seed: Seed, uplink: LinkConfig, downlink: LinkConfig) -> (Meeting, MemberId, MemberId) {
    let mut meeting = Meeting::new(seed);
    let publisher = meeting.join(Attendee { camera: Some(ADAPTING), uplink, downlink: link(), ..Attendee::default() });
    let viewer = meeting.join(Attendee { downlink, ..Attendee::viewer().on(link()) });
    meeting.watch(viewer, 0, publisher, LARGE.0, LARGE.1);
    (meeting, publisher, viewer)
}

/// From here on the picture flows and never stands still for long.
fn expect_flowing(meeting: &mut Meeting, viewer: MemberId, kbit_s: std::ops::Range<u64>, freeze_max: Duration) {
    meeting.forget_the_past();
    let before = meeting.received_bytes(viewer);
    meeting.run_for(20 * SECOND);
    let seen = meeting.seen(viewer, 0);
    expect_valid(viewer, 0, &seen);
    assert_eq!(meeting.slot_state(viewer, 0), Some(SlotState::Live));
    let freeze = seen.freeze(meeting.now());
    assert!(freeze <= freeze_max, "stood still for {freeze:?}");
    let rate = (meeting.received_bytes(viewer) - before) * 8 / 20_000;
    assert!(kbit_s.contains(&rate), "{rate} kbit/s arrive");
}

#[test]
fn who_takes_a_remb_adapts_to_its_own_narrow_path_and_comes_back_when_it_widens() {
    for seed in Seed::each(0..4) {
        let (mut meeting, publisher, viewer) = two(seed, capped(600_000), link());
        meeting.run_for(10 * SECOND);
        expect_flowing(&mut meeting, viewer, 200..600, 500 * MS);
        meeting.set_uplink(publisher, link());
        let back = meeting.run_until(60 * SECOND, |meeting| meeting.uplink_bps(publisher) > 1_500_000);
        assert!(back.is_some(), "still {} bit/s", meeting.uplink_bps(publisher));
    }
}

#[test]
fn the_only_viewer_behind_a_narrow_path_gets_a_picture_that_fits_and_a_better_one_when_it_widens() {
    for downlink in [capped(300_000), capped(600_000)] {
        for seed in Seed::each(0..4) {
            let (mut meeting, publisher, viewer) = two(seed, link(), downlink);
            meeting.run_for(10 * SECOND);
            // Where the path proves narrower than was thought, the picture is paused until its publisher has come down.
            expect_flowing(&mut meeting, viewer, 120..600, 1_500 * MS);
            meeting.set_downlink(viewer, link());
            let back = meeting.run_until(20 * SECOND, |meeting| meeting.uplink_bps(publisher) > 1_500_000);
            assert!(back.is_some(), "still {} bit/s", meeting.uplink_bps(publisher));
        }
    }
}

#[test]
fn a_viewer_on_a_wide_path_loses_nothing_by_one_behind_a_narrow_one() {
    for seed in Seed::each(0..4) {
        let (mut meeting, publisher, _) = two(seed, link(), capped(300_000));
        let other = meeting.join(Attendee::viewer().on(link()));
        meeting.watch(other, 0, publisher, LARGE.0, LARGE.1);
        meeting.run_for(30 * SECOND);
        expect_flowing(&mut meeting, other, 1_500..2_500, 500 * MS);
    }
}

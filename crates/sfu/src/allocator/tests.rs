//! What a viewer gets for which estimate.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{Allocation, Budget, Demand, HOLD, PATIENCE, RUNGS_MAX, Rung, Tile};
use crate::bandwidth::Condition;
use crate::slot::Priority;

#[expect(clippy::disallowed_methods, reason = "an Instant has no other origin")]
fn start() -> Instant {
    Instant::now()
}

/// On a path that is not trusted beyond its estimate.
fn allocate(now: Instant, estimate_bps: u64, demands: &mut [Demand]) -> Allocation {
    super::allocate(now, Budget { estimate_bps, condition: Condition::Overloaded }, demands)
}

const Q: Rung = Rung { bitrate_bps: 150_000, width_px: 320, height_px: 180 };
const H: Rung = Rung { bitrate_bps: 500_000, width_px: 640, height_px: 360 };
const F: Rung = Rung { bitrate_bps: 1_700_000, width_px: 1280, height_px: 720 };

fn audio() -> Demand {
    let mut demand = Demand::audio();
    demand.set_rungs(&[Rung { bitrate_bps: 40_000, ..Rung::default() }]);
    demand
}

fn tile(priority: Priority, width_px: u32, height_px: u32) -> Demand {
    let mut demand = Demand::video();
    demand.set_tile(Tile { priority, width_px, height_px, paused: false });
    demand.set_rungs(&[Q, H, F]);
    demand
}

fn large(priority: Priority) -> Demand {
    tile(priority, 1280, 720)
}

/// What each of these gets in a first allocation.
fn grants(estimate_bps: u64, demands: &mut [Demand]) -> Vec<Option<usize>> {
    allocate(start(), estimate_bps, demands);
    demands.iter().map(Demand::granted).collect()
}

#[test]
fn sound_is_granted_without_any_estimate() {
    assert_eq!(grants(0, &mut [large(Priority::Pinned), audio(), audio()]), [None, Some(0), Some(0)]);
}

#[test]
fn a_lone_tile_gets_the_best_that_fits() {
    let cases = [
        (149_999, None),
        (150_000, Some(0)),
        (499_999, Some(0)),
        (500_000, Some(1)),
        (1_699_999, Some(1)),
        (1_700_000, Some(2)),
    ];
    for (estimate_bps, expected) in cases {
        assert_eq!(grants(estimate_bps, &mut [large(Priority::Normal)]), [expected], "{estimate_bps}");
    }
}

#[test]
fn a_tile_gets_no_more_than_it_shows() {
    let cases = [((160, 90), 0), ((320, 180), 0), ((420, 236), 0), ((640, 360), 1), ((960, 540), 2), ((4000, 2000), 2)];
    for ((width_px, height_px), expected) in cases {
        let granted = grants(10_000_000, &mut [tile(Priority::Pinned, width_px, height_px)]);
        assert_eq!(granted, [Some(expected)], "{width_px}x{height_px}");
    }
}

#[test]
fn a_tall_picture_in_a_wide_tile_is_measured_by_its_height() {
    let mut demand = tile(Priority::Normal, 640, 360);
    let tall = |rung: Rung| Rung { width_px: rung.height_px, height_px: rung.width_px, ..rung };
    demand.set_rungs(&[tall(Q), tall(H), tall(F)]);
    assert_eq!(grants(10_000_000, &mut [demand]), [Some(0)]);
}

#[test]
fn a_tile_of_unknown_size_is_not_capped() {
    assert_eq!(grants(10_000_000, &mut [tile(Priority::Normal, 0, 0)]), [Some(2)]);
}

#[test]
fn temporal_rungs_of_the_same_size_are_not_cut_by_the_tile() {
    let mut demand = tile(Priority::Normal, 320, 180);
    demand.set_rungs(&[Rung { bitrate_bps: 90_000, ..Q }, Q, H]);
    assert_eq!(grants(10_000_000, &mut [demand]), [Some(1)]);
}

#[test]
fn a_paused_slot_gets_nothing_and_costs_nothing() {
    let mut paused = large(Priority::Pinned);
    paused.set_tile(Tile { paused: true, ..Tile::default() });
    let mut demands = [paused, large(Priority::Normal)];
    let allocation = allocate(start(), 1_700_000, &mut demands);
    assert_eq!(demands.each_ref().map(Demand::granted), [None, Some(2)]);
    let full = Allocation { granted_bps: 1_700_000, wanted_bps: 1_700_000, step_bps: 0, starved: 0, again_at: None };
    assert_eq!(allocation, full);
}

#[test]
fn everybody_is_shown_before_anybody_is_shown_better() {
    let mut demands = [large(Priority::Pinned), large(Priority::Normal), large(Priority::Normal)];
    assert_eq!(grants(450_000, &mut demands), [Some(0), Some(0), Some(0)]);
}

#[test]
fn where_not_all_can_be_shown_the_important_are() {
    let mut demands = [large(Priority::Normal), large(Priority::Speaker), large(Priority::Pinned)];
    assert_eq!(grants(300_000, &mut demands), [None, Some(0), Some(0)]);
}

#[test]
fn the_pinned_tile_is_raised_first() {
    let mut demands = [large(Priority::Normal), large(Priority::Pinned), large(Priority::Speaker)];
    assert_eq!(grants(800_000, &mut demands), [Some(0), Some(1), Some(0)]);
}

#[test]
fn what_is_too_little_for_the_first_raises_the_next() {
    let mut demands = [large(Priority::Normal), large(Priority::Pinned)];
    assert_eq!(grants(1_400_000, &mut demands), [Some(1), Some(1)]);
}

#[test]
fn a_fall_is_immediate() {
    let now = start();
    let mut demands = [large(Priority::Normal)];
    allocate(now, 2_000_000, &mut demands);
    allocate(now, 1_000_000, &mut demands);
    assert_eq!(demands[0].granted(), Some(1));
}

#[test]
fn a_rise_waits_for_margin_and_time() {
    let now = start();
    let mut demands = [large(Priority::Normal)];
    allocate(now, 400_000, &mut demands);
    allocate(now, 540_000, &mut demands);
    allocate(now + 2 * HOLD, 540_000, &mut demands);
    assert_eq!(demands[0].granted(), Some(0), "540 kbit/s leave no margin over 500");

    let later = now + 2 * HOLD;
    assert_eq!(allocate(later, 560_000, &mut demands).again_at, Some(later + HOLD));
    allocate(later + HOLD - Duration::from_millis(1), 560_000, &mut demands);
    assert_eq!(demands[0].granted(), Some(0));
    allocate(later + HOLD, 560_000, &mut demands);
    assert_eq!(demands[0].granted(), Some(1));
}

#[test]
fn with_ample_room_a_rise_does_not_wait() {
    let now = start();
    let mut demands = [large(Priority::Normal)];
    allocate(now, 400_000, &mut demands);
    allocate(now, 3_000_000, &mut demands);
    assert_eq!(demands[0].granted(), Some(2));
}

#[test]
fn a_dip_restarts_the_wait() {
    let now = start();
    let mut demands = [large(Priority::Normal)];
    allocate(now, 400_000, &mut demands);
    allocate(now, 600_000, &mut demands);
    allocate(now + HOLD / 2, 400_000, &mut demands);
    allocate(now + HOLD, 600_000, &mut demands);
    assert_eq!(demands[0].granted(), Some(0));
}

#[test]
fn a_new_wish_is_followed_at_once() {
    let now = start();
    let mut demands = [tile(Priority::Normal, 320, 180), large(Priority::Normal)];
    allocate(now, 1_900_000, &mut demands);
    assert_eq!(demands.each_ref().map(Demand::granted), [Some(0), Some(2)]);
    demands[0].set_tile(Tile { priority: Priority::Pinned, width_px: 1280, height_px: 720, paused: false });
    allocate(now, 1_900_000, &mut demands);
    assert_eq!(demands.each_ref().map(Demand::granted), [Some(2), Some(0)]);
}

#[test]
fn nobody_falls_for_a_rise_that_is_not_certain() {
    let now = start();
    let mut demands = [large(Priority::Pinned), large(Priority::Normal)];
    allocate(now, 1_400_000, &mut demands);
    assert_eq!(demands.each_ref().map(Demand::granted), [Some(1), Some(1)]);
    allocate(now, 2_100_000, &mut demands);
    assert_eq!(demands.each_ref().map(Demand::granted), [Some(1), Some(1)]);
    allocate(now + HOLD, 2_100_000, &mut demands);
    assert_eq!(demands.each_ref().map(Demand::granted), [Some(2), Some(0)]);
}

#[test]
fn rungs_beyond_the_limit_are_left_out() {
    let rungs: Vec<Rung> =
        (1..=RUNGS_MAX as u32 + 1).map(|index| Rung { bitrate_bps: index * 100_000, ..Rung::default() }).collect();
    let mut demand = Demand::video();
    demand.set_rungs(&rungs[..RUNGS_MAX]);
    assert_eq!(grants(10_000_000, &mut [demand.clone()]), [Some(RUNGS_MAX - 1)]);
    demand.set_rungs(&rungs);
    assert_eq!(grants(10_000_000, &mut [demand]), [Some(RUNGS_MAX - 1)]);
}

#[test]
fn a_slot_without_rungs_is_not_starved() {
    let mut demands = [Demand::video()];
    assert_eq!(allocate(start(), 1_000_000, &mut demands).starved, 0);
    demands[0].set_rungs(&[Q]);
    allocate(start(), 1_000_000, &mut demands);
    assert_eq!(demands[0].granted(), Some(0), "its first rung comes without waiting");
}

/// What a picture of this cost that is there gets of an estimate, at once and after the patience is over.
fn goes_on(cost_bps: u32, estimate_bps: u64, condition: Condition) -> [bool; 2] {
    let now = start();
    let mut demand = Demand::video();
    demand.set_rungs(&[Rung { bitrate_bps: cost_bps, ..Rung::default() }]);
    let mut demands = [demand];
    super::allocate(now, Budget { estimate_bps: 10_000_000, condition }, &mut demands);
    [now, now + PATIENCE].map(|at| {
        super::allocate(at, Budget { estimate_bps, condition }, &mut demands);
        demands[0].granted().is_some()
    })
}

#[test]
fn without_a_word_of_congestion_every_picture_is_shown_whatever_the_estimate() {
    let open = Budget { estimate_bps: 0, condition: Condition::Open };
    let mut demands = [large(Priority::Normal), large(Priority::Normal), audio()];
    let allocation = super::allocate(start(), open, &mut demands);
    assert_eq!(demands.each_ref().map(Demand::granted), [Some(0), Some(0), Some(0)], "and none of them better");
    assert_eq!(allocation.starved, 0);
    assert_eq!(goes_on(2_500_000, 100_000, Condition::Open), [true, true]);
}

#[test]
fn on_a_quiet_path_a_picture_of_which_half_fits_goes_on() {
    assert_eq!(goes_on(2_000_000, 1_000_000, Condition::Calm), [true, true]);
    assert_eq!(goes_on(2_000_000, 999_999, Condition::Calm), [true, false], "less has two seconds");
}

#[test]
fn on_a_strained_path_a_picture_that_does_not_fit_has_two_seconds() {
    assert_eq!(goes_on(2_000_000, 2_000_000, Condition::Strained), [true, true]);
    assert_eq!(goes_on(2_000_000, 1_999_999, Condition::Strained), [true, false]);
}

#[test]
fn on_an_overloaded_path_a_picture_that_does_not_fit_ends_at_once() {
    assert_eq!(goes_on(2_000_000, 1_999_999, Condition::Overloaded), [false, false]);
}

#[test]
fn who_wavers_on_a_quiet_path_does_not_fall() {
    for (condition, stays_bps, falls_bps) in [
        (Condition::Open, 1_140_000, 1_130_000),
        (Condition::Calm, 1_550_000, 1_540_000),
        (Condition::Strained, 1_700_000, 1_699_999),
    ] {
        let granted = [stays_bps, falls_bps].map(|estimate_bps| {
            let mut demands = [large(Priority::Normal)];
            allocate(start(), 1_700_000, &mut demands);
            super::allocate(start(), Budget { estimate_bps, condition }, &mut demands);
            demands[0].granted()
        });
        assert_eq!(granted, [Some(2), Some(1)], "{condition:?}");
    }
}

#[test]
fn patience_begins_anew_when_a_picture_has_fitted() {
    let now = start();
    let strained = |estimate_bps| Budget { estimate_bps, condition: Condition::Strained };
    let mut demands = [large(Priority::Normal)];
    super::allocate(now, strained(150_000), &mut demands);
    let allocation = super::allocate(now, strained(100_000), &mut demands);
    assert_eq!(allocation.again_at, Some(now + PATIENCE));
    super::allocate(now + PATIENCE / 2, strained(150_000), &mut demands);
    super::allocate(now + PATIENCE, strained(100_000), &mut demands);
    assert_eq!(demands[0].granted(), Some(0));
}

#[test]
fn who_was_paused_comes_back_when_it_fits_and_not_before() {
    let now = start();
    let calm = |estimate_bps| Budget { estimate_bps, condition: Condition::Calm };
    let mut demands = [large(Priority::Normal)];
    allocate(now, 100_000, &mut demands);
    super::allocate(now + HOLD, calm(149_999), &mut demands);
    assert_eq!(demands[0].granted(), None);
    super::allocate(now + HOLD, calm(300_000), &mut demands);
    assert_eq!(demands[0].granted(), Some(0));
}

fn any_priority() -> impl Strategy<Value = Priority> {
    prop_oneof![Just(Priority::Normal), Just(Priority::Speaker), Just(Priority::Pinned)]
}

fn any_demand() -> impl Strategy<Value = Demand> {
    let rungs = proptest::collection::vec((1_u32..3_000_000, 0_u32..1500, 0_u32..900), 0..=RUNGS_MAX);
    (any::<bool>(), any_priority(), 0_u32..2000, 0_u32..1200, any::<bool>(), rungs).prop_map(
        |(audio, priority, width_px, height_px, paused, mut rungs)| {
            rungs.sort_unstable();
            let rung = |(bitrate_bps, width_px, height_px)| Rung { bitrate_bps, width_px, height_px };
            let mut demand = if audio { Demand::audio() } else { Demand::video() };
            demand.set_tile(Tile { priority, width_px, height_px, paused });
            demand.set_rungs(&rungs.into_iter().map(rung).collect::<Vec<_>>());
            demand
        },
    )
}

/// Equal ladders and equal tiles of differing importance.
fn equals() -> impl Strategy<Value = Vec<Demand>> {
    proptest::collection::vec(any_priority().prop_map(large), 1..12)
}

fn sound_bps(demands: &[Demand]) -> u64 {
    demands.iter().filter(|demand| demand.audio).map(Demand::granted_bps).sum()
}

proptest! {
    #[test]
    fn never_more_than_the_estimate_is_granted_but_for_sound(
        mut demands in proptest::collection::vec(any_demand(), 0..10),
        estimates in proptest::collection::vec((0_u64..20_000_000, 0_u64..2_000), 1..10),
    ) {
        let mut now = start();
        for (estimate_bps, wait_ms) in estimates {
            let allocation = allocate(now, estimate_bps, &mut demands);
            prop_assert!(allocation.granted_bps <= estimate_bps.max(sound_bps(&demands)));
            prop_assert!(allocation.granted_bps <= allocation.wanted_bps);
            now += Duration::from_millis(wait_ms);
        }
    }

    #[test]
    fn enough_for_all_grants_all(mut demands in proptest::collection::vec(any_demand(), 0..10)) {
        let allocation = allocate(start(), u64::from(u32::MAX) * 10, &mut demands);
        prop_assert_eq!(allocation.granted_bps, allocation.wanted_bps);
        prop_assert_eq!(allocation.starved, 0);
    }

    #[test]
    fn more_estimate_never_shows_fewer(demands in equals(), one in 0_u64..8_000_000, more in 0_u64..8_000_000) {
        let shown = |estimate_bps| grants(estimate_bps, &mut demands.clone()).iter().flatten().count();
        prop_assert!(shown(one) <= shown(one + more));
    }

    #[test]
    fn more_estimate_never_makes_the_pinned_tile_worse(
        mut demands in proptest::collection::vec(prop_oneof![Just(Priority::Normal), Just(Priority::Speaker)].prop_map(large), 0..10),
        one in 0_u64..8_000_000,
        more in 0_u64..8_000_000,
    ) {
        demands.push(large(Priority::Pinned));
        let pinned = |estimate_bps| grants(estimate_bps, &mut demands.clone()).last().copied().flatten();
        prop_assert!(pinned(one) <= pinned(one + more));
    }

    #[test]
    fn the_more_important_of_equals_is_never_worse_off(mut demands in equals(), estimate_bps in 0_u64..20_000_000) {
        let granted = grants(estimate_bps, &mut demands);
        let pairs = demands.iter().zip(&granted);
        for (one, one_granted) in pairs.clone() {
            for (other, other_granted) in pairs.clone() {
                prop_assert!(one.tile.priority <= other.tile.priority || one_granted >= other_granted);
            }
        }
    }
}

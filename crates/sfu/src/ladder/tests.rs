use std::time::{Duration, Instant};

use rtp::parameters::Kind;

use super::{Ladder, Sight, Step};
use crate::forwarder::StreamId;
use crate::frame::Level;
use crate::layer::Layer;
use crate::tests::epoch;

/// A second of 30 pictures of so many bytes, on so many temporal layers.
fn flow(start: Instant, bytes: usize, temporals: u8, size_px: (u32, u32)) -> (Layer, Instant) {
    let mut layer = Layer::new(Kind::Video, None, StreamId(0));
    layer.size_px = Some(size_px);
    let mut now = start;
    for step in 0..30_u8 {
        now = start + Duration::from_millis(33) * u32::from(step);
        let temporal = if step % 2 == 0 { 0 } else { temporals - 1 };
        layer.rates.handle_packet(now, Level { spatial: 0, temporal }, bytes);
        layer.last_at = Some(now);
    }
    (layer, now)
}

#[test]
fn layers_of_simulcast_are_rungs_from_the_cheapest_to_the_best() {
    let start = epoch();
    let (small, now) = flow(start, 600, 2, (320, 180));
    let (large, _) = flow(start, 6_000, 2, (1280, 720));
    let ladder = Ladder::of(now, Sight::Clear, &mut [small, large]);
    let rungs = ladder.rungs();
    assert_eq!(rungs.len(), 4);
    assert!(rungs.windows(2).all(|pair| pair[0].bitrate_bps < pair[1].bitrate_bps));
    assert_eq!(rungs[0].width_px, 320);
    assert_eq!(ladder.step(0), Some(Step { layer: 0, level: Level { spatial: 0, temporal: 0 } }));
    assert_eq!(ladder.step(3), Some(Step { layer: 1, level: Level::HIGHEST }));
    assert_eq!(ladder.step(4), None);
}

#[test]
fn who_wants_no_layer_above_one_gets_that_and_what_is_below() {
    let start = epoch();
    let (small, now) = flow(start, 600, 2, (320, 180));
    let (middle, _) = flow(start, 2_000, 2, (640, 360));
    let (large, _) = flow(start, 6_000, 2, (1280, 720));
    let ladder = Ladder::of(now, Sight::Clear, &mut [small, middle, large]);
    let widest = |layer| ladder.rungs_up_to(layer).last().map(|rung| rung.width_px);
    assert_eq!([0, 1, 2, 200].map(widest), [320, 640, 1280, 1280].map(Some));
}

#[test]
fn who_wants_no_layer_above_one_gets_the_smallest_that_flows_where_all_others_are_silent() {
    let start = epoch();
    let silent = || Layer::new(Kind::Video, None, StreamId(1));
    let (middle, now) = flow(start, 2_000, 2, (640, 360));
    let (large, _) = flow(start, 6_000, 2, (1280, 720));
    let ladder = Ladder::of(now, Sight::Clear, &mut [silent(), middle, large]);
    assert_eq!(ladder.rungs_up_to(0).last().map(|rung| rung.width_px), Some(640));
    let nothing = Ladder::of(now, Sight::Clear, &mut [silent()]);
    assert_eq!(nothing.rungs_up_to(0).len(), 1);
}

#[test]
fn a_layer_that_is_silent_is_no_rung() {
    let start = epoch();
    let (small, now) = flow(start, 600, 1, (320, 180));
    let silent = Layer::new(Kind::Video, None, StreamId(1));
    let ladder = Ladder::of(now, Sight::Clear, &mut [small, silent]);
    assert_eq!(ladder.rungs().len(), 1);
}

#[test]
fn a_track_that_has_not_begun_is_one_rung_of_usual_cost() {
    let ladder = Ladder::of(epoch(), Sight::Clear, &mut [Layer::new(Kind::Video, None, StreamId(0))]);
    assert_eq!(ladder.rungs().len(), 1);
    assert_eq!(ladder.step(0).map(|step| step.layer), Some(0));
}

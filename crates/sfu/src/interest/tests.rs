use std::time::Duration;

use rtp::parameters::{Kind, Mid, Rid};

use super::{Interest, wanted_layer};
use crate::forwarder::StreamId;
use crate::layer::Layer;
use crate::slot::{Priority, Wish};
use crate::tests::epoch;
use crate::track::LAYERS_MAX;

const LINGER: Duration = Duration::from_secs(10);

fn layers(sizes: [Option<(u32, u32)>; 3]) -> Vec<Layer> {
    let layer = |(index, size_px)| {
        let rid = Rid::new(["q", "h", "f"][index]);
        let mut layer = Layer::new(Kind::Video, rid, StreamId(u32::try_from(index).unwrap()));
        layer.size_px = size_px;
        layer
    };
    sizes.into_iter().enumerate().map(layer).collect()
}

fn wish(width_px: u32, height_px: u32) -> Wish {
    let mid = Mid::new("v").unwrap();
    Wish { mid, track: None, width_px, height_px, layer_max: None, priority: Priority::Normal, paused: false }
}

#[test]
fn a_tile_wants_the_smallest_layer_that_fills_it() {
    let known = layers([Some((320, 180)), Some((640, 360)), Some((1280, 720))]);
    for ((width, height), layer) in
        [((300, 160), 0), ((400, 220), 0), ((450, 260), 1), ((640, 480), 1), ((1920, 1080), 2), ((0, 0), 2)]
    {
        assert_eq!(wanted_layer(Some(&wish(width, height)), &known), layer, "{width}x{height}");
    }
    assert_eq!(wanted_layer(None, &known), 2);
}

#[test]
fn no_layer_is_wanted_above_the_one_that_a_wish_names() {
    let known = layers([Some((320, 180)), Some((640, 360)), Some((1280, 720))]);
    for (layer_max, wanted) in [(0, 0), (1, 1), (2, 2), (9, 2)] {
        let limited = Wish { layer_max: Some(layer_max), ..wish(0, 0) };
        assert_eq!(wanted_layer(Some(&limited), &known), wanted);
    }
    assert_eq!(
        wanted_layer(Some(&Wish { layer_max: Some(1), ..wish(300, 160) }), &known),
        0,
        "nor larger than the tile"
    );
}

#[test]
fn a_layer_that_is_off_is_sized_by_the_others() {
    let known = layers([Some((320, 180)), None, None]);
    assert_eq!(wanted_layer(Some(&wish(640, 360)), &known), 1);
    assert_eq!(wanted_layer(Some(&wish(1280, 720)), &known), 2);
    assert_eq!(wanted_layer(Some(&wish(100, 100)), &layers([None, None, None])), 2);
}

#[test]
fn more_is_wanted_at_once_and_less_when_it_has_lasted() {
    let now = epoch();
    let mut interest = Interest::default();
    assert_eq!(interest.update(now, None, LINGER), None);
    assert_eq!(interest.update(now + LINGER, None, LINGER), Some(0));
    assert_eq!(interest.update(now + LINGER, Some(2), LINGER), Some(2));
    assert_eq!(interest.update(now + LINGER, Some(1), LINGER), None);
    assert_eq!(interest.update(now + LINGER, Some(2), LINGER), None, "wanted again before it was off");
    assert_eq!(interest.update(now + LINGER * 2, Some(1), LINGER), None);
    assert_eq!(interest.update(now + LINGER * 3, Some(1), LINGER), Some(1));
}

#[test]
fn that_everything_is_wanted_is_said_once() {
    let now = epoch();
    let mut interest = Interest::default();
    assert_eq!(interest.update(now, Some(LAYERS_MAX), LINGER), Some(LAYERS_MAX));
    assert_eq!(interest.update(now, Some(LAYERS_MAX), LINGER), None);
    assert_eq!({ Interest::NOTHING }.update(now, Some(0), LINGER), None, "nothing was asked for, and nothing is");
}

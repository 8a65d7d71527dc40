use std::time::Duration;

use rtp::parameters::{CodecName, Rid};

use super::world::{ALICE, BOB, Input, VP8, World, codec, sends, sends_simulcast, takes, vp8};
use crate::{Output, PeerId, Source, TrackId};

/// Alice as the worker knows her on which Bob is.
const REMOTE_ALICE: PeerId = PeerId(40);

/// Alice is on one worker, Bob on another.
fn two_workers() -> (World, World) {
    let mut home = World::new(&[ALICE]);
    home.publish(ALICE, Source::Camera, sends("0", codec(CodecName::Vp8, VP8), 1_000));
    let mut away = World::new(&[BOB]);
    away.slots(BOB, vec![takes("v", codec(CodecName::Vp8, 100), 5_000)]);
    away.router.handle_remote_join(away.now, REMOTE_ALICE);
    let track = away.publish(REMOTE_ALICE, Source::Camera, sends("0", codec(CodecName::Vp8, VP8), 1_000));
    away.wish(BOB, "v", Some(track));
    (home, away)
}

fn frame(number: u16, key: bool) -> Input<'static> {
    let payload = vp8(number, 0, 0, key, true).leak();
    let timestamp = u32::from(number) * 3_000;
    Input { payload_type: VP8, number, timestamp, marker: true, ssrc: 1_000, payload, elements: &[] }
}

#[test]
fn a_key_frame_is_asked_of_a_publisher_on_another_worker() {
    let (mut home, mut away) = two_workers();
    let asked = away.got_rtcp(REMOTE_ALICE);
    assert_eq!(asked.len(), 1);
    home.router.handle_remote_rtcp(home.now, ALICE, &asked[0]);
    home.settle();
    assert_eq!(home.asked_for_key_frames(ALICE), 1);
}

#[test]
fn a_remote_track_looks_like_a_local_one_and_is_repaired_by_its_own_worker_only() {
    let (mut home, mut away) = two_workers();
    for packet in [frame(11, true), frame(13, false)] {
        home.rtp(ALICE, &packet);
        away.rtp(REMOTE_ALICE, &packet);
    }
    assert_eq!(away.got(BOB).len(), 2);
    away.got_rtcp(REMOTE_ALICE);
    for world in [&mut home, &mut away] {
        world.wait(Duration::from_secs(2));
    }
    assert!(!home.got_rtcp(ALICE).is_empty(), "asked for the lost packet, and told what arrives");
    assert!(away.got_rtcp(REMOTE_ALICE).is_empty());
    away.rtp(REMOTE_ALICE, &frame(12, false));
    assert_eq!(away.got(BOB).len(), 1);
}

#[test]
fn a_layer_that_is_wanted_on_another_worker_stays_on() {
    let mut home = World::new(&[ALICE]);
    let track = home.publish(ALICE, Source::Camera, sends_simulcast("0", codec(CodecName::Vp8, VP8)));
    let layers =
        |middle, high| ["q", "h", "f"].into_iter().filter_map(Rid::new).zip([true, middle, high]).collect::<Vec<_>>();
    home.router.handle_remote_layers(home.now, track, 1, &layers(true, false));
    home.wait(Duration::from_secs(12));
    let told: Vec<Vec<bool>> = home.outputs().into_iter().filter_map(on).collect();
    assert_eq!(told, [[true, true, false]]);
    home.router.handle_remote_layers(home.now, track, 1, &layers(true, true));
    home.wait(Duration::from_secs(1));
    let told: Vec<Vec<bool>> = home.outputs().into_iter().filter_map(on).collect();
    assert_eq!(told, [[true, true, true]]);
    let nobodys = TrackId { peer: BOB, source: Source::Camera };
    home.router.handle_remote_layers(home.now, nobodys, 1, &layers(true, true));
}

fn on(output: Output) -> Option<Vec<bool>> {
    if let Output::Layers { layers, .. } = output { Some(layers.into_iter().map(|(_, on)| on).collect()) } else { None }
}

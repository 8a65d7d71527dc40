//! A room on two workers.

mod pair;
mod past;
mod sound;
mod stream;

use std::time::Duration;

use rtp::Element;
use rtp::parameters::{CodecName, ReceiveParameters};

use super::world::{ALICE, BOB, CAROL, EXTENSIONS, Input, VP8, codec, sends, sends_simulcast, takes, vp8};
use crate::{Output, PeerId, SlotState, Source};
use pair::{AWAY, Pair, remote};

fn frame(number: u16, key: bool) -> Input<'static> {
    let payload = vp8(number, 0, 0, key, true).leak();
    let timestamp = u32::from(number) * 3_000;
    Input { payload_type: VP8, number, timestamp, marker: true, ssrc: 1_000, payload, elements: &[] }
}

/// Alice publishes on one worker, Bob has a slot on the other.
fn alice_and_bob() -> (Pair, crate::TrackId) {
    let mut pair = Pair::new(&[ALICE], &[BOB]);
    pair.away.slots(BOB, vec![takes("v", codec(CodecName::Vp8, 100), 5_000)]);
    let track = pair.publish(ALICE, Source::Camera, &sends("0", codec(CodecName::Vp8, VP8), 1_000));
    pair.pass(Duration::from_millis(10));
    (pair, track)
}

fn on(outputs: &[Output]) -> Vec<Vec<bool>> {
    let layers = outputs.iter().filter_map(|output| {
        let Output::Layers { layers, .. } = output else { return None };
        Some(layers.iter().map(|(_, on)| *on).collect())
    });
    layers.collect()
}

#[test]
fn what_nobody_wants_elsewhere_does_not_cross() {
    let (mut pair, track) = alice_and_bob();
    pair.home.rtp(ALICE, &frame(11, true));
    pair.pass(Duration::from_millis(20));
    assert_eq!(pair.packets_crossed(), 0);
    pair.away.wish(BOB, "v", Some(track));
    pair.pass(Duration::from_millis(20));
    assert_eq!(pair.home.asked_for_key_frames(ALICE), 1, "for the viewer elsewhere");
    pair.home.rtp(ALICE, &frame(12, true));
    pair.pass(Duration::from_millis(20));
    assert_eq!((pair.packets_crossed(), pair.away.got(BOB).len()), (1, 1));
}

#[test]
fn what_is_no_longer_wanted_stops_to_cross_after_a_while_and_begins_anew() {
    let (mut pair, track) = alice_and_bob();
    pair.away.wish(BOB, "v", Some(track));
    pair.pass(Duration::from_millis(20));
    pair.home.rtp(ALICE, &frame(11, true));
    pair.pass(Duration::from_millis(20));
    pair.away.pause(BOB, "v", Some(track));
    pair.pass(Duration::from_secs(3));
    pair.packets_crossed();
    // More than half of a cycle of numbers goes by: which one is the next would be unforeseeable.
    for number in (12..60_000).step_by(2_000) {
        pair.home.rtp(ALICE, &frame(number, true));
    }
    pair.pass(Duration::from_millis(20));
    assert_eq!(pair.packets_crossed(), 0);
    pair.away.got(BOB);
    pair.away.wish(BOB, "v", Some(track));
    pair.pass(Duration::from_millis(20));
    pair.home.rtp(ALICE, &frame(60_001, true));
    pair.pass(Duration::from_millis(20));
    assert_eq!((pair.packets_crossed(), pair.away.got(BOB).len()), (1, 1));
}

#[test]
fn what_a_link_loses_is_asked_of_the_publishers_worker_and_not_of_the_publisher() {
    let (mut pair, track) = alice_and_bob();
    pair.away.wish(BOB, "v", Some(track));
    pair.pass(Duration::from_millis(20));
    pair.home.got_rtcp(ALICE);
    for number in 11..20 {
        pair.home.rtp(ALICE, &frame(number, number == 11));
        let lost = number == 13 || number == 14;
        pair.wait(Duration::from_millis(5), |_| lost);
    }
    pair.pass(Duration::from_millis(200));
    assert_eq!(pair.away.got(BOB).len(), 9);
    assert_eq!(pair.home.router.stats().nacked_packets, 0);
    assert_eq!(pair.home.asked_for_key_frames(ALICE), 0);
}

#[test]
fn what_is_lost_on_the_way_to_the_publishers_worker_is_repaired_for_all() {
    let (mut pair, track) = alice_and_bob();
    pair.away.wish(BOB, "v", Some(track));
    pair.pass(Duration::from_millis(20));
    for number in [11, 13] {
        pair.home.rtp(ALICE, &frame(number, number == 11));
        pair.pass(Duration::from_millis(5));
    }
    pair.pass(Duration::from_millis(60));
    assert_eq!((pair.home.router.stats().nacked_packets, pair.away.router.stats().nacked_packets), (1, 0));
    pair.home.rtp(ALICE, &frame(12, false));
    pair.pass(Duration::from_millis(10));
    assert_eq!(pair.away.got(BOB).len(), 3);
}

#[test]
fn layers_are_on_that_are_wanted_on_any_worker_and_larger_ones_do_not_cross() {
    let mut pair = Pair::new(&[ALICE, CAROL], &[BOB]);
    let camera = sends_simulcast("0", codec(CodecName::Vp8, VP8));
    let track = pair.publish(ALICE, Source::Camera, &camera);
    pair.away.slots(BOB, vec![takes("v", codec(CodecName::Vp8, 100), 5_000)]);
    let mut number = 0;
    film(&mut pair, &mut number, 30);
    assert_eq!(pair.packets_crossed(), 0, "the sizes of the pictures are enough");
    pair.away.wish_sized(BOB, "v", Some(track), (640, 360));
    film(&mut pair, &mut number, 30 * 12);
    assert_eq!(on(&std::mem::take(&mut pair.told_home)), [[true, true, false]]);
    pair.packets_crossed();
    film(&mut pair, &mut number, 30);
    let crossed = pair.packets_crossed();
    assert!((58..=60).contains(&crossed), "two layers of three: {crossed}");
    pair.away.wish_sized(BOB, "v", Some(track), (1_280, 720));
    film(&mut pair, &mut number, 6);
    assert_eq!(on(&std::mem::take(&mut pair.told_home)), [[true, true, true]]);
    pair.home.router.handle_links(pair.home.now, crate::Links::EMPTY, &mut pair.home.sink);
    film(&mut pair, &mut number, 30 * 12);
    assert_eq!(on(&std::mem::take(&mut pair.told_home)), [[true, false, false]], "the other worker is gone");
}

/// So many pictures of three layers at 30 a second, of 320, 640 and 1,280 pixels.
fn film(pair: &mut Pair, number: &mut u16, pictures: u16) {
    for _ in 0..pictures {
        *number += 1;
        for layer in 0..3_u16 {
            let [high, low] = (*number | 0x8000).to_be_bytes();
            let mut payload = vec![0x90, 0xe0, high, low, 0, 0, 0, 0, 0, 0x9d, 0x01, 0x2a];
            payload.extend((320_u16 << layer).to_le_bytes().into_iter().chain((180_u16 << layer).to_le_bytes()));
            let rid = [b"q", b"h", b"f"][usize::from(layer)];
            let named = Element { id: EXTENSIONS.rid.unwrap(), data: rid };
            // As browsers do: the names are there until the receiver has told of the stream.
            let elements = [Element { id: EXTENSIONS.mid.unwrap(), data: b"0" }, named];
            let elements = if *number < 10 { &elements[..] } else { &[] };
            let ssrc = 2_000 + u32::from(layer);
            let timestamp = u32::from(*number) * 3_000;
            let input = Input {
                payload_type: VP8,
                number: *number,
                timestamp,
                marker: true,
                ssrc,
                payload: &payload,
                elements,
            };
            pair.home.rtp(ALICE, &input);
        }
        pair.pass(Duration::from_millis(35));
    }
}

#[test]
fn a_muted_track_is_muted_on_every_worker() {
    let (mut pair, track) = alice_and_bob();
    pair.away.wish(BOB, "v", Some(track));
    pair.pass(Duration::from_millis(20));
    pair.home.rtp(ALICE, &frame(11, true));
    pair.pass(Duration::from_millis(20));
    pair.packets_crossed();
    pair.home.router.handle_block(pair.home.now, crate::TrackId { peer: ALICE, ..track }, true);
    pair.away.router.handle_block(pair.away.now, track, true);
    pair.told_away.clear();
    pair.home.rtp(ALICE, &frame(12, false));
    pair.pass(Duration::from_millis(300));
    assert_eq!(pair.packets_crossed(), 0);
    let is_muted = |output: &Output| matches!(output, Output::Slots { slots, .. } if slots.iter().any(|slot| slot.state == SlotState::Muted));
    assert!(pair.told_away.iter().any(is_muted), "{:?}", pair.told_away);
}

#[test]
fn a_remote_track_is_described_by_its_own_worker_only_and_leaves_empty_slots_behind() {
    let (mut pair, track) = alice_and_bob();
    pair.away.wish(BOB, "v", Some(track));
    pair.pass(Duration::from_millis(20));
    pair.home.rtp(ALICE, &frame(11, true));
    pair.pass(Duration::from_millis(200));
    pair.away.router.handle_leave(pair.away.now, remote(ALICE));
    pair.pass(Duration::from_millis(200));
    let is_description = |output: &Output| {
        matches!(output, Output::Published { .. } | Output::Unpublished { .. } | Output::Layers { .. })
    };
    assert!(!pair.told_away.iter().any(is_description), "{:?}", pair.told_away);
    let Some(Output::Slots { slots, .. }) = pair.told_away.last() else { panic!("{:?}", pair.told_away) };
    assert_eq!((slots[0].track, slots[0].state), (None, SlotState::NoTrack));
}

#[test]
fn wants_of_strangers_and_for_strangers_change_nothing() {
    let (mut pair, track) = alice_and_bob();
    let home = &mut pair.home;
    let here = crate::TrackId { peer: ALICE, ..track };
    home.router.handle_remote_want(home.now, here, crate::LinkId(9), 3, &mut home.sink);
    home.router.handle_remote_want(home.now, crate::TrackId { peer: PeerId(77), ..track }, AWAY, 3, &mut home.sink);
    home.rtp(ALICE, &frame(11, true));
    assert!(home.sink.relayed.is_empty());
    // Its own publishers' tracks do not come over a link.
    let packet = frame(12, true).bytes();
    let relayed = crate::Relayed::Packet { layer: 0, bytes: &packet };
    home.router.handle_relayed(home.now, here, relayed, &mut home.sink);
    assert_eq!(home.router.stats().relayed_packets, 0);
}

#[test]
fn a_publisher_that_goes_on_under_another_ssrc_goes_on_for_viewers_of_all_workers() {
    let mut pair = Pair::new(&[ALICE], &[BOB]);
    pair.away.slots(BOB, vec![takes("v", codec(CodecName::Vp8, 100), 5_000)]);
    let camera = ReceiveParameters { ssrcs: Vec::new(), ..sends("0", codec(CodecName::Vp8, VP8), 0) };
    let track = pair.publish(ALICE, Source::Camera, &camera);
    pair.away.wish(BOB, "v", Some(track));
    pair.pass(Duration::from_millis(20));
    let elements = [Element { id: EXTENSIONS.mid.unwrap(), data: b"0" }];
    for (ssrc, first) in [(1_000, 500), (3_000, 450)] {
        for number in first..first + 10 {
            let input = Input { ssrc, elements: &elements, ..frame(number, number == first) };
            pair.home.rtp(ALICE, &input);
            pair.pass(Duration::from_millis(35));
        }
    }
    let got = pair.away.got(BOB);
    assert_eq!(got.iter().map(|sent| sent.index - got[0].index).collect::<Vec<_>>(), (0..20).collect::<Vec<_>>());
}

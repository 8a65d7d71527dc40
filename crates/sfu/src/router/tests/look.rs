//! What is seen of a room from outside.

use std::time::Duration;

use rtp::parameters::{CodecName, Kind};

use super::world::{ALICE, BOB, CAMERA, CAROL, Input, SLOT, VP8, World, mid, vp8};
use crate::{Freezes, SlotState, Source, TrackId};

fn call() -> (World, TrackId) {
    World::call((640, 360))
}

fn send(world: &mut World, number: u16) {
    send_picture(world, number, number == 0);
}

fn send_picture(world: &mut World, number: u16, is_key: bool) {
    let payload = vp8(number, 0, 0, is_key, true);
    let timestamp = u32::from(number) * 3_000;
    let (ssrc, marker) = (CAMERA, true);
    world.rtp(ALICE, &Input { payload_type: VP8, number, timestamp, marker, ssrc, payload: &payload, elements: &[] });
}

#[test]
fn a_publisher_and_its_viewer_are_seen_with_what_flows_between_them() {
    let (mut world, track) = call();
    for number in 0..30 {
        send(&mut world, number);
        world.wait(Duration::from_millis(33));
    }
    let now = world.now;
    let alice = world.router.look_at(now, ALICE).unwrap();
    let published = &alice.tracks[0];
    assert_eq!(
        (published.source, published.kind, published.codec),
        (Source::Camera, Kind::Video, Some(CodecName::Vp8))
    );
    let layer = &published.layers[0];
    assert_eq!((layer.packets, layer.pictures, layer.key_frames, layer.is_active), (30, 30, 1, true));
    assert_eq!((layer.key_frame_requests, alice.received_packets, alice.sent_packets), (1, 30, 0));
    assert!(layer.bitrate_bps > 0 && alice.received_bytes > layer.packets * 12);

    let bob = world.router.look_at(now, BOB).unwrap();
    let slot = &bob.slots[0];
    assert_eq!((slot.mid.clone(), slot.track, slot.state), (mid("v"), Some(track), SlotState::Live));
    assert_eq!((slot.packets, slot.tile_px, slot.resent_packets), (30, (640, 360), 0));
    assert!(bob.sent_packets >= 30 && bob.sent_bytes >= slot.bytes && bob.granted_bps > 0 && bob.estimate_bps > 0);
    assert_eq!(world.router.viewers(track), [(None, 1)]);
    assert!(bob.tracks.is_empty() && alice.slots.is_empty());
}

#[test]
fn the_age_of_a_key_picture_is_that_of_the_latest_and_sound_has_none() {
    let (mut world, track) = call();
    assert_eq!(world.router.since_key_picture(world.now, track), None);
    send(&mut world, 0);
    world.wait(Duration::from_millis(500));
    send(&mut world, 1);
    assert_eq!(world.router.since_key_picture(world.now, track), Some(Duration::from_millis(500)));
    let payload = vp8(2, 0, 0, true, true);
    let (payload_type, ssrc, marker) = (VP8, CAMERA, true);
    world.rtp(
        ALICE,
        &Input { payload_type, number: 2, timestamp: 6_000, marker, ssrc, payload: &payload, elements: &[] },
    );
    world.wait(Duration::from_millis(40));
    assert_eq!(world.router.since_key_picture(world.now, track), Some(Duration::from_millis(40)));
    let sound = TrackId { source: Source::Microphone, ..track };
    assert_eq!(world.router.since_key_picture(world.now, sound), None);
}

#[test]
fn what_a_viewer_asks_for_again_is_counted_where_it_was_asked_and_sent() {
    let (mut world, _) = call();
    (0..3).for_each(|number| send(&mut world, number));
    let lost = world.got(BOB)[1].packet().sequence_number();
    world.rtcp(BOB, |writer| {
        writer.nack(9, SLOT, &[lost]);
        writer.picture_loss_indication(9, SLOT);
    });
    let bob = world.router.look_at(world.now, BOB).unwrap();
    let slot = &bob.slots[0];
    assert_eq!((slot.nacked_packets, slot.resent_packets, slot.key_frame_requests), (1, 1, 1));
    let stats = world.router.stats();
    assert_eq!((stats.asked_packets, stats.resent_packets, stats.undecoded_pictures), (1, 1, 1));
    assert_eq!(bob.resent_packets, 1);
}

#[test]
fn a_picture_that_a_viewer_cannot_decode_is_frozen_until_the_next_key_picture() {
    let (mut world, _) = call();
    send(&mut world, 0);
    world.wait(Duration::from_millis(450));
    send(&mut world, 1);
    world.rtcp(BOB, |writer| writer.picture_loss_indication(9, SLOT));
    world.wait(Duration::from_millis(200));
    send(&mut world, 2);
    assert_eq!(world.router.stats().freezes.undecodable.count, 0, "it goes on");
    world.wait(Duration::from_millis(100));
    send_picture(&mut world, 3, true);
    let freezes = world.router.stats().freezes;
    let undecodable = freezes.undecodable;
    assert_eq!((undecodable.count, undecodable.total, freezes.unsent.count), (1, Duration::from_millis(300), 0));
}

#[test]
fn a_viewer_whose_publisher_sends_nothing_is_not_frozen() {
    let (mut world, _) = call();
    send(&mut world, 0);
    world.wait(Duration::from_secs(2));
    send(&mut world, 1);
    let bob = world.router.look_at(world.now, BOB).unwrap();
    assert_eq!((bob.slots[0].standstills.unwrap().count, world.router.stats().freezes), (1, Freezes::default()));
}

#[test]
fn what_a_publisher_is_asked_for_again_is_counted_at_its_layer() {
    let (mut world, _) = call();
    [0, 1, 3].into_iter().for_each(|number| send(&mut world, number));
    world.wait(Duration::from_millis(50));
    let alice = world.router.look_at(world.now, ALICE).unwrap();
    assert_eq!(alice.tracks[0].layers[0].nacked_packets, 1);
}

#[test]
fn a_picture_that_stands_still_is_counted_for_its_viewer_and_its_publisher() {
    let (mut world, _) = call();
    send(&mut world, 0);
    world.wait(Duration::from_millis(700));
    send(&mut world, 1);
    let seen = world.router.look_at(world.now, BOB).unwrap().slots[0].standstills.unwrap();
    assert_eq!((seen.count, seen.longest), (1, Duration::from_millis(700)));
    let sent = world.router.look_at(world.now, ALICE).unwrap().tracks[0].standstills.unwrap();
    assert_eq!(sent, seen);
}

#[test]
fn a_viewer_who_looks_away_sees_nothing_stand_still() {
    let (mut world, track) = call();
    send(&mut world, 0);
    world.pause(BOB, "v", Some(track));
    world.settle();
    world.wait(Duration::from_secs(2));
    let paused = world.router.look_at(world.now, BOB).unwrap();
    assert_eq!(paused.slots[0].state, SlotState::Wish);
    world.wish(BOB, "v", Some(track));
    world.settle();
    world.rtp(
        ALICE,
        &Input {
            payload_type: VP8,
            number: 1,
            timestamp: 3_000,
            marker: true,
            ssrc: CAMERA,
            payload: &vp8(1, 0, 0, true, true),
            elements: &[],
        },
    );
    let seen = world.router.look_at(world.now, BOB).unwrap().slots[0].clone();
    assert_eq!((seen.state, seen.standstills.unwrap().count), (SlotState::Live, 0));
}

#[test]
fn who_is_not_connected_here_is_not_seen() {
    let (mut world, _) = call();
    world.router.handle_remote_join(world.now, CAROL);
    assert!(world.router.look_at(world.now, CAROL).is_none());
    assert!(world.router.look_at(world.now, crate::PeerId(99)).is_none());
    assert!(world.router.viewers(TrackId { peer: CAROL, source: Source::Camera }).is_empty());
}

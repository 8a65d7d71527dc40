//! A peer whose connection is replaced by another one.

use std::time::Duration;

use rtp::Element;
use rtp::parameters::{CodecName, ExtensionIds, ReceiveParameters};
use rtp::rtcp::Packet;

use super::world::{ALICE, BOB, Input, VP8, World, codec, sends, takes, vp8};
use crate::{Source, TrackId};

const TRACK: TrackId = TrackId { peer: ALICE, source: Source::Camera };

/// On the first connection.
fn before() -> ExtensionIds {
    ExtensionIds { transport_cc: Some(3), ..ExtensionIds::default() }
}

/// On the second: what 3 stood for has another number.
fn after() -> ExtensionIds {
    ExtensionIds { transport_cc: Some(5), abs_send_time: Some(3), ..ExtensionIds::default() }
}

fn camera(ssrc: u32, extensions: ExtensionIds) -> ReceiveParameters {
    ReceiveParameters { extensions, ..sends("0", codec(CodecName::Vp8, VP8), ssrc) }
}

/// One packet with a transport-wide number.
fn send(world: &mut World, ssrc: u32, number: u16, extension: u8, transport: u16) {
    let data = transport.to_be_bytes();
    let payload = vp8(number, 0, 0, number.is_multiple_of(100), true);
    let elements = [Element { id: extension, data: &data }];
    let timestamp = u32::from(number) * 3_000;
    let input =
        Input { payload_type: VP8, number, timestamp, marker: true, ssrc, payload: &payload, elements: &elements };
    world.rtp(ALICE, &input);
}

/// The first number and the count of the feedback that Alice got.
fn feedback(world: &mut World) -> Vec<(u16, usize)> {
    let compounds = world.got_rtcp(ALICE);
    let packets = compounds.iter().flat_map(|compound| rtp::rtcp::read(compound)).flatten();
    let told = packets.filter_map(|packet| {
        let Packet::TransportFeedback(feedback) = packet else { return None };
        Some((feedback.base_sequence_number, feedback.packets().count()))
    });
    told.collect()
}

#[test]
fn what_was_learned_of_the_old_connection_is_not_told_to_the_new_one() {
    let mut world = World::new(&[ALICE, BOB]);
    world.publish(ALICE, Source::Camera, camera(1_000, before()));
    world.slots(BOB, vec![takes("v", codec(CodecName::Vp8, 100), 5_000)]);
    world.wish(BOB, "v", Some(TRACK));
    for number in 0..50 {
        send(&mut world, 1_000, number, 3, 40_000 + number);
        world.wait(Duration::from_millis(20));
    }
    assert!(!feedback(&mut world).is_empty() && !world.got(BOB).is_empty());
    world.router.handle_reconnect(world.now, ALICE);
    world.publish(ALICE, Source::Camera, camera(2_000, after()));
    for number in 100..150 {
        send(&mut world, 2_000, number, 5, number - 100);
        world.wait(Duration::from_millis(20));
    }
    let told = feedback(&mut world);
    assert_eq!(told.first().map(|(base, _)| *base), Some(0), "numbers begin anew: {told:?}");
    assert_eq!(told.iter().map(|(_, count)| count).sum::<usize>(), 50, "{told:?}");
    let got = world.got(BOB);
    assert_eq!(got.len(), 50, "the viewer sees on");
    let numbers: Vec<u16> = got.iter().map(|sent| sent.packet().sequence_number()).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)), "{numbers:?}");
}

#[test]
fn a_stream_of_the_old_connection_is_unknown_on_the_new_one() {
    let mut world = World::new(&[ALICE, BOB]);
    world.publish(ALICE, Source::Camera, camera(1_000, before()));
    send(&mut world, 1_000, 1, 3, 1);
    world.router.handle_reconnect(world.now, ALICE);
    world.publish(ALICE, Source::Camera, camera(2_000, after()));
    let peer = world.router.peers.get(world.router.peer_keys[&ALICE]).unwrap();
    assert!(peer.stream(1_000).is_none() && peer.stream(2_000).is_some());
    assert_eq!(peer.extensions, after());
    assert_eq!((peer.heard_ssrc, peer.round_trip, peer.clock_offset), (0, None, None));
}

#[test]
fn a_subscribers_new_connection_is_not_judged_by_the_old_one() {
    let mut world = World::new(&[ALICE, BOB]);
    world.publish(ALICE, Source::Camera, camera(1_000, before()));
    world.slots(BOB, vec![takes("v", codec(CodecName::Vp8, 100), 5_000)]);
    let fresh = world.router.peers.get(world.router.peer_keys[&BOB]).unwrap().outbound.estimator.estimate_bps();
    for _ in 0..20 {
        world.rtcp(BOB, |writer| writer.remb(1, 60_000, &[5_000]));
        world.wait(Duration::from_millis(200));
    }
    let peer = world.router.peers.get(world.router.peer_keys[&BOB]).unwrap();
    assert!(peer.outbound.estimator.estimate_bps() < fresh / 2);
    world.router.handle_reconnect(world.now, BOB);
    let peer = world.router.peers.get(world.router.peer_keys[&BOB]).unwrap();
    assert_eq!(peer.outbound.estimator.estimate_bps(), fresh);
}

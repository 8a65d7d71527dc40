//! What a publisher is told about its own path.

use std::time::Duration;

use rtp::parameters::{Codec, CodecName, ExtensionIds, ReceiveParameters};
use rtp::rtcp::{self, Packet};

use super::world::{ALICE, BOB, CAROL, Input, VP8, World, codec, sends, sends_simulcast, takes, vp8};
use crate::bandwidth::incoming::MIN_BPS;
use crate::{Config, LinkId, Links, PeerId, Source, TrackId};

const SSRC: u32 = 100;

/// A camera whose publisher takes no feedback about each packet, and a REMB or not.
pub(super) fn camera(remb: bool) -> ReceiveParameters {
    let vp8 = codec(CodecName::Vp8, VP8);
    let feedback = rtp::parameters::Feedback { transport_cc: false, remb, ..vp8.feedback };
    let extensions = ExtensionIds { transport_cc: None, ..ExtensionIds::ALL };
    ReceiveParameters { extensions, ..sends("1", Codec { feedback, ..vp8 }, SSRC) }
}

/// Alice publishes one picture and takes a REMB.
fn published(watchers: &[PeerId]) -> (World, TrackId) {
    published_with(Config::default(), watchers)
}

fn published_with(config: Config, watchers: &[PeerId]) -> (World, TrackId) {
    let mut world = World::with(config, &[ALICE]);
    let track = world.publish(ALICE, Source::Camera, camera(true));
    for peer in watchers {
        world.router.handle_join(world.now, *peer);
        world.slots(*peer, vec![takes("v", codec(CodecName::Vp8, 100), 5_000 + peer.0 * 2)]);
        world.wish(*peer, "v", Some(track));
    }
    (world, track)
}

/// The receiver's own estimate, which comes of what arrives over its path.
pub(super) fn narrow(world: &mut World, viewer: PeerId, bps: u64) {
    world.rtcp(viewer, |writer| writer.remb(9, bps, &[]));
}

/// What Alice is told last in so many seconds of pictures, of which each is asked of her viewers anew.
fn told_after(world: &mut World, seconds: u16, viewers: &[(PeerId, u64)]) -> u64 {
    let first = u16::try_from(world.router.stats().received_packets).unwrap() + 1;
    let told = (0..seconds).filter_map(|index| {
        viewers.iter().for_each(|(viewer, bps)| narrow(world, *viewer, *bps));
        second(world, first + index * 50).last().map(|(bps, _)| *bps)
    });
    told.last().unwrap()
}

/// Sends a second of pictures, and gives the REMBs that came back.
fn second(world: &mut World, first: u16) -> Vec<(u64, Vec<u32>)> {
    second_of(world, first, 1_000);
    rembs(world)
}

/// Sends a second of pictures of so many bytes each.
pub(super) fn second_of(world: &mut World, first: u16, bytes: usize) {
    for step in 0..50 {
        let number = first + step;
        let mut payload = vp8(number, number as u8, 0, step == 0, true);
        payload.resize(bytes, 0);
        let input = Input {
            payload_type: VP8,
            number,
            timestamp: u32::from(number) * 1_800,
            marker: true,
            ssrc: SSRC,
            payload: &payload,
            elements: &[],
        };
        world.rtp(ALICE, &input);
        world.wait(Duration::from_millis(20));
    }
}

/// The REMBs that Alice got since the last look.
fn rembs(world: &mut World) -> Vec<(u64, Vec<u32>)> {
    let compounds = world.got_rtcp(ALICE);
    let packets = compounds.iter().flat_map(|compound| {
        let packets: Vec<_> = rtcp::read(compound).flatten().collect();
        assert!(
            packets.iter().all(|packet| !matches!(packet, Packet::Remb(_)))
                || matches!(packets[0], Packet::ReceiverReport(_)),
            "a compound begins with a report"
        );
        packets
    });
    let told = packets.filter_map(|packet| {
        let Packet::Remb(remb) = packet else { return None };
        Some((remb.bitrate_bps, remb.ssrcs().collect()))
    });
    told.collect()
}

#[test]
fn a_publisher_that_takes_a_remb_is_told_once_a_second_what_it_may_send() {
    let mut world = World::new(&[ALICE]);
    world.publish(ALICE, Source::Camera, camera(true));
    let told: Vec<_> = (0..5).flat_map(|index| second(&mut world, 1 + index * 50)).collect();
    assert!((4..=6).contains(&told.len()), "{told:?}");
    assert!(told.iter().all(|(bps, ssrcs)| (400_000..=2_000_000).contains(bps) && ssrcs == &[SSRC]), "{told:?}");
}

#[test]
fn a_publisher_of_which_much_is_lost_is_told_to_send_less() {
    let mut world = World::new(&[ALICE]);
    world.publish(ALICE, Source::Camera, camera(true));
    let before = second(&mut world, 1).last().unwrap().0;
    // A third of the numbers never comes.
    for first in [75, 150, 225] {
        second(&mut world, first);
    }
    let after = second(&mut world, 300).last().unwrap().0;
    assert!(after < before * 9 / 10, "{before} then {after}");
}

#[test]
fn who_has_not_agreed_on_a_remb_gets_none() {
    let mut world = World::new(&[ALICE]);
    world.publish(ALICE, Source::Camera, camera(false));
    assert_eq!(second(&mut world, 1), []);
}

#[test]
fn one_who_sends_a_single_picture_is_told_what_fits_through_the_path_to_its_viewer() {
    let (mut world, _) = published(&[BOB]);
    assert!(told_after(&mut world, 2, &[]) >= 1_000_000, "nobody has complained");
    assert_eq!(told_after(&mut world, 2, &[(BOB, 300_000)]), 300_000 * 85 / 100);
    assert!(told_after(&mut world, 2, &[(BOB, 3_000_000)]) >= 1_000_000, "the path is wide again");
}

#[test]
fn of_several_viewers_the_one_who_can_take_the_most_decides() {
    let (mut world, _) = published(&[BOB, CAROL]);
    assert_eq!(told_after(&mut world, 2, &[(BOB, 300_000), (CAROL, 400_000)]), 400_000 * 85 / 100);
    let (mut world, _) = published(&[BOB, CAROL]);
    assert!(told_after(&mut world, 2, &[(BOB, 300_000)]) >= 1_000_000, "nothing is known of the other");
}

#[test]
fn two_who_adapt_share_the_path_to_who_watches_both() {
    let (mut world, alices) = published(&[BOB]);
    world.router.handle_join(world.now, CAROL);
    let carols = world.publish(CAROL, Source::Camera, ReceiveParameters { ssrcs: Vec::new(), ..camera(true) });
    let slot = |mid, ssrc| takes(mid, codec(CodecName::Vp8, 100), ssrc);
    world.slots(BOB, vec![slot("v", 5_000), slot("w", 6_000)]);
    world.wish(BOB, "v", Some(alices));
    world.wish(BOB, "w", Some(carols));
    assert_eq!(told_after(&mut world, 2, &[(BOB, 400_000)]), 200_000 * 85 / 100);
}

#[test]
fn while_nobody_looks_next_to_nothing_is_sent_and_who_begins_to_look_is_not_kept_waiting() {
    let (mut world, track) = published(&[BOB]);
    world.pause(BOB, "v", Some(track));
    assert!(told_after(&mut world, 9, &[]) >= 1_000_000, "somebody may look again soon");
    assert_eq!(told_after(&mut world, 3, &[]), MIN_BPS);
    world.wish(BOB, "v", Some(track));
    world.got_rtcp(ALICE);
    world.wait(Duration::from_millis(200));
    let told = rembs(&mut world);
    assert!(told.iter().any(|(bps, _)| *bps >= 1_000_000), "{told:?}");
}

#[test]
fn viewers_on_other_workers_are_taken_to_take_everything() {
    let (mut world, track) = published(&[BOB]);
    let link = LinkId(3);
    world.router.handle_links(world.now, Links::only(link), &mut world.sink);
    world.router.handle_remote_want(world.now, track, link, 1, &mut world.sink);
    assert!(told_after(&mut world, 2, &[(BOB, 300_000)]) >= 1_000_000);
    world.router.handle_remote_want(world.now, track, link, 0, &mut world.sink);
    assert_eq!(told_after(&mut world, 2, &[(BOB, 300_000)]), 300_000 * 85 / 100);
}

#[test]
fn a_stream_that_nobody_watches_is_as_good_as_ever() {
    let (mut world, track) = published_with(Config { replays: true, ..Config::default() }, &[BOB]);
    world.pause(BOB, "v", Some(track));
    assert!(told_after(&mut world, 12, &[]) >= 1_000_000);
}

#[test]
fn who_sends_layers_is_told_what_its_path_carries_as_they_are_switched_off_one_by_one() {
    let mut world = World::new(&[ALICE, BOB]);
    let parameters = camera(true);
    let layers = sends_simulcast("1", parameters.codecs[0].clone());
    let ssrcs = parameters.ssrcs.clone();
    let layers = ReceiveParameters { extensions: parameters.extensions, ssrcs, ..layers };
    let track = world.publish(ALICE, Source::Camera, layers);
    world.slots(BOB, vec![takes("v", codec(CodecName::Vp8, 100), 5_000)]);
    world.wish(BOB, "v", Some(track));
    assert!(told_after(&mut world, 2, &[(BOB, 300_000)]) >= 1_000_000);
}

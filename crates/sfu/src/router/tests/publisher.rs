//! What a publisher is told about its own path.

use std::time::Duration;

use rtp::parameters::{Codec, CodecName, ExtensionIds, ReceiveParameters};
use rtp::rtcp::{self, Packet};

use super::world::{ALICE, Input, VP8, World, codec, sends, vp8};
use crate::Source;

const SSRC: u32 = 100;

/// A camera whose publisher takes no feedback about each packet, and a REMB or not.
fn camera(remb: bool) -> ReceiveParameters {
    let vp8 = codec(CodecName::Vp8, VP8);
    let feedback = rtp::parameters::Feedback { transport_cc: false, remb, ..vp8.feedback };
    let extensions = ExtensionIds { transport_cc: None, ..ExtensionIds::ALL };
    ReceiveParameters { extensions, ..sends("1", Codec { feedback, ..vp8 }, SSRC) }
}

/// Sends a second of pictures, and gives the REMBs that came back.
fn second(world: &mut World, first: u16) -> Vec<(u64, Vec<u32>)> {
    for step in 0..50 {
        let number = first + step;
        let mut payload = vp8(number, number as u8, 0, step == 0, true);
        payload.resize(1_000, 0);
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

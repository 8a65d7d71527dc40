//! What a peer may do to a room, and at which point it only harms itself.

use std::time::Duration;

use rtp::Element;
use rtp::parameters::CodecName;
use rtp::rtcp::TransportFeedbackBuilder;

use super::world::{
    ALICE, BOB, CAMERA, CAROL, EXTENSIONS, Input, OPUS, SLOT, VP8, World, codec, sends, sends_simulcast, takes, vp8,
};
use crate::keyframe::{INTERVAL, SHARE_AT_ONCE, SHARE_INTERVAL};
use crate::peer::{BEGINNINGS_PER_SECOND_MAX, REPORT_STEPS_PER_SECOND_MAX, REPORTS_PER_SECOND_MAX};
use crate::{Output, PeerId, QualityReason, Source};

/// What a track of sound may send in a second.
const AUDIO_PACKETS_MAX: u16 = 400;

/// Alice and Bob speak, Carol hears both.
fn conversation() -> World {
    let mut world = World::new(&[ALICE, BOB, CAROL]);
    let slots = ["a", "b"].iter().zip(0..).map(|(mid, n)| takes(mid, codec(CodecName::Opus, 100), 5_000 + n * 2));
    world.slots(CAROL, slots.collect());
    for peer in [ALICE, BOB] {
        world.publish(peer, Source::Microphone, sends("0", codec(CodecName::Opus, OPUS), peer.0 * 100));
    }
    sound(&mut world, ALICE, 0);
    sound(&mut world, BOB, 0);
    world.wait(Duration::from_secs(2));
    world.got(CAROL);
    world
}

fn sound(world: &mut World, from: PeerId, number: u16) {
    let timestamp = u32::from(number) * 960;
    let input = Input {
        payload_type: OPUS,
        number,
        timestamp,
        marker: false,
        ssrc: from.0 * 100,
        payload: &[1, 2, 3],
        elements: &[],
    };
    world.rtp(from, &input);
}

#[test]
fn sound_beyond_the_limit_is_dropped_and_the_others_are_heard_as_before() {
    let mut world = conversation();
    (1..=AUDIO_PACKETS_MAX).for_each(|number| sound(&mut world, ALICE, number));
    assert_eq!(world.got(CAROL).len(), usize::from(AUDIO_PACKETS_MAX));
    assert_eq!(world.router.stats().excess_packets, 0);
    sound(&mut world, ALICE, AUDIO_PACKETS_MAX + 1);
    assert!(world.got(CAROL).is_empty());
    assert_eq!(world.router.stats().excess_packets, 1);
    sound(&mut world, BOB, 1);
    assert_eq!(world.got(CAROL).len(), 1);
    world.outputs();
    world.wait(Duration::from_secs(4));
    let judged = world
        .outputs()
        .into_iter()
        .find_map(|output| if let Output::Quality { members } = output { Some(members) } else { None });
    assert_eq!(judged, Some(vec![(ALICE, 1, Some(QualityReason::Bandwidth))]), "it falls on who sent it");
    sound(&mut world, ALICE, AUDIO_PACKETS_MAX + 2);
    assert_eq!(world.got(CAROL).len(), 1, "who keeps to the limit is heard again");
}

#[test]
fn a_layer_that_begins_with_every_packet_does_so_as_often_as_the_limit() {
    let mut world = World::new(&[ALICE, BOB]);
    let track = world.publish(ALICE, Source::Camera, sends_simulcast("0", codec(CodecName::Vp8, VP8)));
    world.slots(BOB, vec![takes("v", codec(CodecName::Vp8, 100), 5_000)]);
    world.wish(BOB, "v", Some(track));
    let elements =
        [Element { id: EXTENSIONS.mid.unwrap(), data: b"0" }, Element { id: EXTENSIONS.rid.unwrap(), data: b"q" }];
    let begin = |world: &mut World, ssrc: u32| {
        let payload = vp8(1, 0, 0, true, true);
        let input = Input {
            payload_type: VP8,
            number: 1,
            timestamp: 0,
            marker: true,
            ssrc,
            payload: &payload,
            elements: &elements,
        };
        world.rtp(ALICE, &input);
        world.router.stats().unknown_streams
    };
    for ssrc in 0..BEGINNINGS_PER_SECOND_MAX {
        assert_eq!(begin(&mut world, 1_000 + ssrc), 0);
    }
    assert_eq!(begin(&mut world, 2_000), 1, "one too many");
    assert_eq!(begin(&mut world, 1_000 + BEGINNINGS_PER_SECOND_MAX - 1), 1, "the stream that is known goes on");
    world.wait(Duration::from_secs(1));
    assert_eq!(begin(&mut world, 3_000), 1, "later another may begin");
}

#[test]
fn a_stream_that_starts_over_with_every_packet_does_so_as_often_as_the_limit() {
    let mut world = conversation();
    let before = world.router.next_stream;
    // Eight far behind in a row are a new beginning.
    for jump in 1..=u16::try_from(BEGINNINGS_PER_SECOND_MAX).unwrap() + 5 {
        (0..8_u16).for_each(|step| sound(&mut world, ALICE, step.wrapping_sub(jump.wrapping_mul(4_000))));
    }
    assert_eq!(world.router.next_stream - before, BEGINNINGS_PER_SECOND_MAX);
    world.got(CAROL);
    sound(&mut world, BOB, 1);
    assert_eq!(world.got(CAROL).len(), 1);
}

#[test]
fn reports_beyond_the_limit_are_not_read() {
    let mut world = conversation();
    let report = |world: &mut World, from| world.rtcp(from, |writer| writer.receiver_report(1, &[]));
    (0..REPORTS_PER_SECOND_MAX).for_each(|_| report(&mut world, ALICE));
    assert_eq!(world.router.stats().excess_packets, 0);
    report(&mut world, ALICE);
    report(&mut world, BOB);
    assert_eq!(world.router.stats().excess_packets, 1, "of Alice alone");
}

#[test]
fn feedback_about_more_packets_than_the_limit_is_passed_over() {
    let mut world = conversation();
    let feedback = |world: &mut World, from, statuses: u16| {
        let mut builder = TransportFeedbackBuilder::new(0, 0);
        assert!(builder.push(statuses - 1, 0));
        world.rtcp(from, |writer| writer.transport_feedback(1, 2, 3, &builder));
        world.router.stats().excess_packets
    };
    // The packet itself is a step too.
    (0..REPORT_STEPS_PER_SECOND_MAX / 1_000).for_each(|_| assert_eq!(feedback(&mut world, CAROL, 999), 0));
    assert_eq!(feedback(&mut world, CAROL, 1), 1);
    assert_eq!(feedback(&mut world, BOB, 1), 1, "of Carol alone");
    world.wait(Duration::from_secs(1));
    assert_eq!(feedback(&mut world, CAROL, 999), 1, "later she is heard again");
}

#[test]
fn numbers_lacked_beyond_the_limit_are_passed_over() {
    let mut world = conversation();
    let lacked: Vec<u16> = (0..100).collect();
    let ask = |world: &mut World| {
        world.rtcp(CAROL, |writer| (0..100).for_each(|_| writer.nack(1, 5_000, &lacked)));
        world.router.stats().excess_packets
    };
    for _ in 0..REPORT_STEPS_PER_SECOND_MAX / (101 * 100) {
        assert_eq!(ask(&mut world), 0);
    }
    assert_eq!(ask(&mut world), 1, "the rest of the compound is not read");
}

#[test]
fn slots_are_filled_once_however_many_wishes_came_together() {
    let mut world = World::new(&[CAROL]);
    let slots: Vec<_> =
        (0..100_u32).map(|n| takes(&n.to_string(), codec(CodecName::Opus, 100), 5_000 + n * 2)).collect();
    world.slots(CAROL, slots);
    let speakers: Vec<PeerId> = (100..300).map(PeerId).collect();
    for peer in &speakers {
        world.router.handle_join(world.now, *peer);
        world.publish(*peer, Source::Microphone, sends("0", codec(CodecName::Opus, OPUS), peer.0 * 100));
    }
    world.outputs();
    let put = |world: &World| world.router.tracks.iter().map(|(_, track)| track.subscribers.len()).sum::<usize>();
    assert_eq!(put(&world), 100);
    for round in 0..1_000_u32 {
        let wish = crate::Wish {
            mid: super::world::mid(&(round % 100).to_string()),
            track: None,
            width_px: 0,
            height_px: 0,
            layer_max: None,
            priority: crate::Priority::Normal,
            paused: round < 100,
        };
        world.router.handle_wish(world.now, CAROL, wish);
        assert!(world.router.voices_due.is_some(), "to be done when all have come");
    }
    assert_eq!(put(&world), 0, "a slot that was paused is empty");
    world.settle();
    assert_eq!((put(&world), world.router.voices_due), (100, None));
}

/// A frame of one packet of Alice's camera.
fn picture(world: &mut World, number: u16, key: bool) {
    let payload = vp8(number, 0, 0, key, true);
    let timestamp = u32::from(number) * 3_000;
    let (payload, elements) = (&payload[..], &[][..]);
    world.rtp(ALICE, &Input { payload_type: VP8, number, timestamp, marker: true, ssrc: CAMERA, payload, elements });
}

#[test]
fn one_who_asks_for_key_frames_all_the_time_gets_few_and_who_comes_meanwhile_gets_one_at_once() {
    let (mut world, track) = World::call((0, 0));
    picture(&mut world, 0, true);
    world.wait(Duration::from_secs(10));
    world.asked_for_key_frames(ALICE);
    let (span, frame) = (Duration::from_secs(20), Duration::from_millis(50));
    let (mut asked, mut answered, mut number) = (0, 0, 1);
    for _ in 0..span.as_millis() / frame.as_millis() {
        world.rtcp(BOB, |writer| writer.picture_loss_indication(9, SLOT));
        asked += world.asked_for_key_frames(ALICE);
        picture(&mut world, number, asked > answered);
        (answered, number) = (asked, number + 1);
        world.wait(frame);
        asked += world.asked_for_key_frames(ALICE);
    }
    let fair = SHARE_AT_ONCE + u32::try_from(span.as_millis() / SHARE_INTERVAL.as_millis()).unwrap();
    assert!((fair / 2..=fair).contains(&u32::try_from(asked).unwrap()), "{asked} of at most {fair}");
    world.router.handle_join(world.now, CAROL);
    world.slots(CAROL, vec![takes("v", codec(CodecName::Vp8, 100), SLOT + 100)]);
    picture(&mut world, number, true);
    // Until then that one does.
    world.wait(INTERVAL + frame);
    world.asked_for_key_frames(ALICE);
    world.wish(CAROL, "v", Some(track));
    world.wait(frame);
    assert_eq!(world.asked_for_key_frames(ALICE), 1);
}

#[test]
fn a_packet_of_no_known_stream_costs_a_look_at_the_tracks_of_its_publisher_alone() {
    let mut world = World::new(&[ALICE]);
    let tracks = [(Source::Microphone, "0", OPUS), (Source::Camera, "1", VP8)];
    for peer in (10..210).map(PeerId).chain([ALICE]) {
        world.router.handle_join(world.now, peer);
        for (source, mid, payload_type) in tracks {
            let name = if source == Source::Camera { CodecName::Vp8 } else { CodecName::Opus };
            world.publish(peer, source, sends(mid, codec(name, payload_type), peer.0 * 100));
        }
    }
    let (now, before) = (world.now, world.router.tracks.passed.get());
    let elements = [Element { id: EXTENSIONS.mid.unwrap(), data: b"7" }];
    for number in 0..1_000 {
        let input = Input {
            payload_type: VP8,
            number,
            timestamp: 0,
            marker: true,
            ssrc: 99_000,
            payload: &[0; 20],
            elements: &elements,
        };
        world.router.handle_rtp(now, ALICE, &input.bytes(), &mut world.sink);
    }
    assert_eq!(world.router.tracks.passed.get(), before, "none of the two hundred others");
    assert_eq!(world.router.stats().unknown_streams, 1_000);
    let own = super::super::tracks_of(&world.router.track_keys, ALICE);
    assert_eq!(own.count(), tracks.len());
}

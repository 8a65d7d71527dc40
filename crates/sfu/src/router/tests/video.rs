use std::time::Duration;

use rtp::parameters::{Codec, CodecName};
use rtp::payload::vp8::Descriptor;
use rtp::{Element, Extensions};

use super::world::{
    ALICE, BOB, CAMERA, CAROL, EXTENSIONS, Input, SLOT, Sent, VP8, VP8_RTX, World, codec, sends, sends_simulcast,
    takes, vp8,
};
use crate::{Output, SlotState, Source, TrackId};

fn call() -> (World, TrackId) {
    World::call((0, 0))
}

fn frame(number: u16, key: bool) -> Input<'static> {
    let payload = vp8(number, 0, 0, key, true).leak();
    Input {
        payload_type: VP8,
        number,
        timestamp: u32::from(number) * 3_000,
        marker: true,
        ssrc: CAMERA,
        payload,
        elements: &[],
    }
}

fn numbers(sent: &[Sent]) -> Vec<u16> {
    sent.iter().map(|sent| sent.packet().sequence_number()).collect()
}

#[test]
fn a_subscriber_gets_packets_under_its_own_ssrc_and_payload_type_from_the_first_key_frame_on() {
    let (mut world, _) = call();
    world.rtp(ALICE, &frame(10, false));
    assert!(world.got(BOB).is_empty(), "nothing before a key frame");
    world.rtp(ALICE, &frame(11, true));
    world.rtp(ALICE, &frame(12, false));
    let got = world.got(BOB);
    assert_eq!(got.len(), 2);
    let packet = got[0].packet();
    assert_eq!((packet.ssrc(), packet.payload_type(), packet.marker()), (SLOT, 100, true));
    assert_eq!(got[1].index, got[0].index + 1);
    assert_eq!(got[0].index & 0xffff, u64::from(packet.sequence_number()));
    assert_eq!(got[1].packet().timestamp() - packet.timestamp(), 3_000);
    assert!(world.got(ALICE).is_empty());
}

#[test]
fn the_publisher_is_asked_for_a_key_frame_until_it_comes() {
    let (mut world, _) = call();
    assert_eq!(world.asked_for_key_frames(ALICE), 1);
    world.wait(Duration::from_millis(700));
    assert_eq!(world.asked_for_key_frames(ALICE), 2);
    world.rtp(ALICE, &frame(11, true));
    world.wait(Duration::from_secs(2));
    assert_eq!(world.asked_for_key_frames(ALICE), 0);
}

#[test]
fn the_mid_is_told_until_the_subscriber_reports_about_the_stream() {
    let (mut world, _) = call();
    world.rtp(ALICE, &frame(11, true));
    let got = world.got(BOB);
    assert_eq!(Extensions::read(&got[0].packet(), &EXTENSIONS).mid, Some(&b"v"[..]));
    let block = rtp::rtcp::ReportBlock { ssrc: SLOT, ..Default::default() };
    world.rtcp(BOB, |writer| writer.receiver_report(9, &[block]));
    world.rtp(ALICE, &frame(12, false));
    let got = world.got(BOB);
    assert_eq!(Extensions::read(&got[0].packet(), &EXTENSIONS).mid, None);
}

#[test]
fn transport_wide_numbers_count_the_packets_of_the_subscriber() {
    let (mut world, _) = call();
    world.rtp(ALICE, &frame(11, true));
    world.rtp(ALICE, &frame(13, false));
    let got = world.got(BOB);
    let transport = |sent: &Sent| Extensions::read(&sent.packet(), &EXTENSIONS).transport_sequence.unwrap();
    assert_eq!(transport(&got[1]), transport(&got[0]) + 1);
}

#[test]
fn extensions_are_forwarded_under_the_subscribers_ids() {
    let mut world = World::new(&[ALICE, BOB]);
    let mut slot = takes("v", codec(CodecName::Vp8, 100), SLOT);
    slot.extensions.video_orientation = Some(14);
    world.slots(BOB, vec![slot.clone()]);
    let track = world.publish(ALICE, Source::Camera, sends("0", codec(CodecName::Vp8, VP8), CAMERA));
    world.wish(BOB, "v", Some(track));
    let elements = [Element { id: EXTENSIONS.video_orientation.unwrap(), data: &[3] }];
    world.rtp(ALICE, &Input { elements: &elements, ..frame(11, true) });
    let got = world.got(BOB);
    assert_eq!(Extensions::read(&got[0].packet(), &slot.extensions).video_orientation.unwrap().quarter_turns, 3);
}

#[test]
fn feedback_about_arrivals_names_a_stream_of_the_publisher() {
    let (mut world, _) = call();
    for number in 11..14_u16 {
        let transport = number.to_be_bytes();
        let elements = [Element { id: EXTENSIONS.transport_cc.unwrap(), data: &transport }];
        world.rtp(ALICE, &Input { elements: &elements, ..frame(number, number == 11) });
    }
    world.wait(Duration::from_secs(1));
    let compounds = world.got_rtcp(ALICE);
    let about: Vec<u32> = compounds
        .iter()
        .flat_map(|compound| rtp::rtcp::read(compound))
        .filter_map(
            |packet| if let Ok(rtp::rtcp::Packet::TransportFeedback(told)) = packet { Some(told) } else { None },
        )
        .map(|told| told.media_ssrc)
        .collect();
    assert!(!about.is_empty());
    assert!(
        about.iter().all(|ssrc| *ssrc == CAMERA),
        "a browser passes over feedback about others' streams: {about:?}"
    );
}

#[test]
fn a_lost_packet_is_asked_of_the_publisher_and_goes_out_under_the_number_left_for_it() {
    let (mut world, _) = call();
    world.rtp(ALICE, &frame(11, true));
    world.rtp(ALICE, &frame(13, false));
    world.got_rtcp(ALICE);
    world.wait(Duration::from_millis(10));
    assert_eq!(lost(&mut world), [12]);
    // The publisher sends it as a retransmission: payload type, SSRC and number of its own.
    let missing = frame(12, false);
    let payload = [&12_u16.to_be_bytes()[..], missing.payload].concat();
    world.rtp(ALICE, &Input { payload_type: VP8_RTX, number: 700, ssrc: CAMERA + 1, payload: &payload, ..missing });
    let got = numbers(&world.got(BOB));
    assert_eq!(got, [got[0], got[0] + 2, got[0] + 1]);
}

#[test]
fn what_a_subscriber_lacks_is_sent_again_as_a_retransmission() {
    let (mut world, _) = call();
    world.rtp(ALICE, &frame(11, true));
    world.rtp(ALICE, &frame(12, false));
    let first = world.got(BOB).remove(0);
    let number = first.packet().sequence_number();
    world.rtcp(BOB, |writer| writer.nack(9, SLOT, &[number]));
    let again = world.got(BOB);
    assert_eq!(again.len(), 1);
    let packet = again[0].packet();
    assert_eq!((packet.ssrc(), packet.payload_type(), packet.timestamp()), (SLOT + 1, 101, first.packet().timestamp()));
    assert_eq!(packet.payload()[..2], number.to_be_bytes());
    assert_eq!(packet.payload()[2..], first.packet().payload()[..]);
}

#[test]
fn padding_among_the_retransmissions_takes_no_number_of_the_media() {
    let (mut world, _) = call();
    world.rtp(ALICE, &frame(11, true));
    let padding = Input { payload_type: VP8_RTX, number: 1_500, ssrc: CAMERA + 1, payload: &[], ..frame(11, false) };
    world.rtp(ALICE, &padding);
    world.rtp(ALICE, &frame(12, false));
    assert_eq!(world.got(BOB).len(), 2);
    world.wait(Duration::from_millis(10));
    assert_eq!(lost(&mut world), [0_u16; 0]);
}

/// The numbers for which the publisher was asked again.
fn lost(world: &mut World) -> Vec<u16> {
    let compounds = world.got_rtcp(ALICE);
    let packets = compounds.iter().flat_map(|compound| rtp::rtcp::read(compound));
    let nacks =
        packets.filter_map(|packet| if let Ok(rtp::rtcp::Packet::Nack(nack)) = packet { Some(nack) } else { None });
    nacks.flat_map(|nack| nack.lost().collect::<Vec<_>>()).collect()
}

#[test]
fn a_number_that_nothing_was_sent_under_is_answered_with_an_empty_packet_when_the_publisher_was_asked_in_vain() {
    let (mut world, _) = call();
    world.rtp(ALICE, &frame(11, true));
    world.rtp(ALICE, &frame(13, false));
    let number = numbers(&world.got(BOB))[0] + 1;
    world.rtcp(BOB, |writer| writer.nack(9, SLOT, &[number]));
    assert_eq!(world.got(BOB).len(), 0, "the publisher is asked for it");
    world.wait(Duration::from_secs(3));
    world.got(BOB);
    world.rtcp(BOB, |writer| writer.nack(9, SLOT, &[number]));
    let filler = world.got(BOB);
    assert_eq!(filler.len(), 1);
    assert_eq!(filler[0].packet().payload(), number.to_be_bytes());
}

#[test]
fn a_picture_loss_of_a_subscriber_is_passed_on() {
    let (mut world, _) = call();
    world.rtp(ALICE, &frame(11, true));
    world.wait(Duration::from_secs(1));
    world.asked_for_key_frames(ALICE);
    world.rtcp(BOB, |writer| writer.picture_loss_indication(9, SLOT));
    assert_eq!(world.asked_for_key_frames(ALICE), 1);
}

#[test]
fn a_duplicate_is_not_forwarded() {
    let (mut world, _) = call();
    world.rtp(ALICE, &frame(11, true));
    world.rtp(ALICE, &frame(11, true));
    assert_eq!(world.got(BOB).len(), 1);
    assert_eq!(world.router.stats().duplicate_packets, 1);
}

#[test]
fn a_paused_slot_gets_nothing_and_goes_on_with_a_key_frame() {
    let (mut world, track) = call();
    world.rtp(ALICE, &frame(11, true));
    world.pause(BOB, "v", Some(track));
    world.rtp(ALICE, &frame(12, false));
    let before = numbers(&world.got(BOB));
    assert_eq!(before.len(), 1);
    world.wait(Duration::from_secs(1));
    world.asked_for_key_frames(ALICE);
    world.wish(BOB, "v", Some(track));
    assert_eq!(world.asked_for_key_frames(ALICE), 1);
    world.rtp(ALICE, &frame(13, false));
    world.rtp(ALICE, &frame(14, true));
    let got = world.got(BOB);
    assert_eq!(numbers(&got), [before[0] + 1]);
    assert!(Descriptor::parse(got[0].packet().payload()).unwrap().is_key_frame());
}

#[test]
fn a_blocked_track_reaches_nobody() {
    let (mut world, track) = call();
    world.rtp(ALICE, &frame(11, true));
    world.got(BOB);
    world.router.handle_block(world.now, track, true);
    world.wait(Duration::from_millis(200));
    world.rtp(ALICE, &frame(12, true));
    assert!(world.got(BOB).is_empty());
    let states: Vec<SlotState> = world.outputs().into_iter().filter_map(last_state).collect();
    assert_eq!(states.last(), Some(&SlotState::Muted));
    world.router.handle_block(world.now, track, false);
    world.settle();
    world.rtp(ALICE, &frame(13, true));
    assert_eq!(world.got(BOB).len(), 1);
}

fn last_state(output: Output) -> Option<SlotState> {
    if let Output::Slots { slots, .. } = output { slots.last().map(|slot| slot.state) } else { None }
}

#[test]
fn a_slot_is_waiting_until_the_key_frame_and_live_behind_it() {
    let (mut world, track) = call();
    world.wait(Duration::from_millis(150));
    let before: Vec<SlotState> = world.outputs().into_iter().filter_map(last_state).collect();
    assert_eq!(before.last(), Some(&SlotState::Waiting));
    world.rtp(ALICE, &frame(11, true));
    world.wait(Duration::from_millis(150));
    let after = world.outputs();
    let Some(Output::Slots { peer, slots }) = after.last() else { panic!("{after:?}") };
    assert_eq!((*peer, slots[0].track, slots[0].state), (BOB, Some(track), SlotState::Live));
}

#[test]
fn a_codec_that_the_subscriber_does_not_have_is_said_so() {
    let mut world = World::new(&[ALICE, BOB]);
    world.slots(BOB, vec![takes("v", codec(CodecName::H264, 100), SLOT)]);
    let track = world.publish(ALICE, Source::Camera, sends("0", codec(CodecName::Vp8, VP8), CAMERA));
    world.wish(BOB, "v", Some(track));
    world.rtp(ALICE, &frame(11, true));
    world.wait(Duration::from_millis(150));
    assert!(world.got(BOB).is_empty());
    let states: Vec<SlotState> = world.outputs().into_iter().filter_map(last_state).collect();
    assert_eq!(states.last(), Some(&SlotState::NoCodec));
}

#[test]
fn a_track_that_comes_after_the_wish_goes_into_the_slot() {
    let mut world = World::new(&[ALICE, BOB]);
    world.slots(BOB, vec![takes("v", codec(CodecName::Vp8, 100), SLOT)]);
    world.wish(BOB, "v", Some(TrackId { peer: ALICE, source: Source::Camera }));
    world.publish(ALICE, Source::Camera, sends("0", codec(CodecName::Vp8, VP8), CAMERA));
    world.rtp(ALICE, &frame(11, true));
    assert_eq!(world.got(BOB).len(), 1);
}

#[test]
fn who_leaves_gets_nothing_and_the_others_go_on() {
    let (mut world, track) = call();
    world.router.handle_join(world.now, CAROL);
    world.slots(CAROL, vec![takes("v", codec(CodecName::Vp8, 100), SLOT + 10)]);
    world.wish(CAROL, "v", Some(track));
    world.rtp(ALICE, &frame(11, true));
    world.router.handle_leave(world.now, BOB);
    world.settle();
    world.sink.rtp.clear();
    world.rtp(ALICE, &frame(12, false));
    assert!(world.got(BOB).is_empty());
    assert_eq!(world.got(CAROL).len(), 1);
    world.router.handle_leave(world.now, ALICE);
    world.rtp(ALICE, &frame(13, false));
    assert!(world.got(CAROL).is_empty());
}

#[test]
fn slots_that_stay_in_a_negotiation_keep_their_stream() {
    let (mut world, track) = call();
    world.rtp(ALICE, &frame(11, true));
    let before = numbers(&world.got(BOB))[0];
    let (first, second) = (takes("x", codec(CodecName::Vp8, 100), 6_000), takes("v", codec(CodecName::Vp8, 102), SLOT));
    world.slots(BOB, vec![first, second]);
    world.rtp(ALICE, &frame(12, false));
    let got = world.got(BOB);
    assert_eq!(numbers(&got), [before + 1]);
    assert_eq!(got[0].packet().payload_type(), 102);
    let _ = track;
}

#[test]
fn malformed_and_unknown_packets_are_counted_and_harm_nobody() {
    let (mut world, _) = call();
    world.rtp(ALICE, &frame(11, true));
    world.router.handle_rtp(world.now, ALICE, &[0x80, 96, 0], &mut world.sink);
    world.router.handle_rtcp(world.now, ALICE, &[0x80, 200, 0, 9], &mut world.sink);
    let stranger = Input { ssrc: 77, payload_type: 50, ..frame(12, false) };
    world.rtp(ALICE, &stranger);
    world.rtp(ALICE, &frame(12, false));
    assert_eq!(world.got(BOB).len(), 2);
    let stats = world.router.stats();
    assert_eq!((stats.malformed_packets, stats.unknown_streams, stats.malformed_rtcp), (1, 1, 1));
}

#[test]
fn sender_reports_follow_the_start_of_a_stream() {
    let (mut world, _) = call();
    world.rtp(ALICE, &frame(11, true));
    let timestamp = world.got(BOB)[0].packet().timestamp();
    let compounds = world.got_rtcp(BOB);
    let reports: Vec<_> = compounds
        .iter()
        .flat_map(|compound| rtp::rtcp::read(compound))
        .filter_map(
            |packet| if let Ok(rtp::rtcp::Packet::SenderReport(report)) = packet { Some(report.info) } else { None },
        )
        .collect();
    assert_eq!(reports.len(), 1);
    assert_eq!((reports[0].ssrc, reports[0].timestamp, reports[0].packets), (SLOT, timestamp, 1));
}

#[test]
fn layers_of_simulcast_are_learnt_by_their_rids() {
    let mut world = World::new(&[ALICE, BOB]);
    world.slots(BOB, vec![takes("v", codec(CodecName::Vp8, 100), SLOT)]);
    let track = world.publish(ALICE, Source::Camera, sends_simulcast("0", codec(CodecName::Vp8, VP8)));
    world.wish(BOB, "v", Some(track));
    let named = |rid: &'static [u8], ssrc| {
        let elements =
            [Element { id: EXTENSIONS.mid.unwrap(), data: b"0" }, Element { id: EXTENSIONS.rid.unwrap(), data: rid }];
        let elements: &'static [Element<'static>] = Box::leak(Box::new(elements));
        Input { ssrc, elements, ..frame(11, true) }
    };
    world.rtp(ALICE, &named(b"x", 2_000));
    assert_eq!(world.router.stats().unknown_streams, 1);
    world.rtp(ALICE, &named(b"q", 2_001));
    world.rtp(ALICE, &named(b"f", 2_003));
    assert_eq!(world.got(BOB).len(), 1, "one layer at a time");
}

#[test]
fn where_a_picture_cannot_be_repeated_a_path_is_tested_with_padding_and_no_number_is_skipped() {
    let mut world = World::new(&[ALICE, BOB]);
    let plain = Codec { rtx_payload_type: None, ..codec(CodecName::Vp8, 100) };
    let mut slot = takes("v", plain.clone(), SLOT);
    slot.codecs = [plain, codec(CodecName::Vp9, 102)].into();
    world.slots(BOB, vec![slot]);
    let track = world.publish(ALICE, Source::Camera, sends("0", codec(CodecName::Vp8, VP8), CAMERA));
    world.wish(BOB, "v", Some(track));
    world.rtp(ALICE, &frame(11, true));
    let bob = world.router.peers.iter().find(|(_, peer)| peer.id == BOB).unwrap().0;
    assert!(world.router.pad(world.now, bob, 1_100, &mut world.sink));
    world.rtp(ALICE, &frame(12, false));
    let got = world.got(BOB);
    let is_padding = |sent: &Sent| (sent.packet().ssrc(), sent.packet().payload_type()) == (SLOT + 1, 103);
    assert!(got.iter().any(is_padding));
    let numbers: Vec<u16> =
        got.iter().map(|sent| Extensions::read(&sent.packet(), &EXTENSIONS).transport_sequence.unwrap()).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
}

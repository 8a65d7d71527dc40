//! Payloads that are encrypted from end to end: nothing behind the header is read or changed.

use std::time::Duration;

use proptest::prelude::{any, proptest};
use rtp::extension::dependency_descriptor::Descriptor;
use rtp::parameters::{CodecName, ReceiveParameters};
use rtp::{Element, Extensions};

use super::world::{ALICE, BOB, EXTENSIONS, Input, VP8, World, codec, sends, sends_simulcast, takes};
use crate::{Output, SlotState, Source, TrackId};

const CAMERA: u32 = 0x1000;
const SLOT: u32 = 0x9000;

/// Alice sends encrypted pictures, which Bob watches.
fn watched(parameters: ReceiveParameters) -> (World, TrackId) {
    let mut world = World::new(&[ALICE, BOB]);
    world.slots(BOB, vec![takes("v", codec(CodecName::Vp8, 100), SLOT)]);
    let track = world.publish(ALICE, Source::Camera, ReceiveParameters { encrypted: true, ..parameters });
    world.wish_sized(BOB, "v", Some(track), (1280, 720));
    (world, track)
}

/// The bytes of a text of zeros and ones.
fn bytes(bits: &str) -> Vec<u8> {
    let bits: Vec<u8> = bits.chars().filter_map(|c| c.to_digit(2)).map(|bit| bit as u8).collect();
    let whole = |chunk: &[u8]| (0..8).fold(0, |byte, bit| byte << 1 | chunk.get(bit).copied().unwrap_or(0));
    bits.chunks(8).map(whole).collect()
}

/// The descriptor of a frame of one packet, in a stream of two temporal layers (A.8.2).
fn descriptor(number: u16, key: bool, temporal: u8) -> Vec<u8> {
    let template = if key { 0 } else { 1 + temporal };
    let first = format!("11 {template:06b} {number:016b}");
    if !key {
        return bytes(&first);
    }
    bytes(&format!(
        "{first} 10000 000000 00001 00 01 11 10 10 10 10 00 01 0 1 0001 0 1 0000 0 \
         10 0000 0010 0001 1 0000001001111111 0000000101100111"
    ))
}

struct Picture<'a> {
    number: u16,
    rid: Option<&'a str>,
    descriptor: Option<Vec<u8>>,
    payload: &'a [u8],
}

fn send(world: &mut World, ssrc: u32, picture: &Picture<'_>) {
    let mut elements = vec![Element { id: 1, data: b"0" }];
    elements.extend(picture.rid.map(|rid| Element { id: 2, data: rid.as_bytes() }));
    elements.extend(picture.descriptor.as_ref().map(|data| Element { id: 7, data }));
    let timestamp = u32::from(picture.number) * 3_000;
    let (number, payload) = (picture.number, picture.payload);
    let elements = &elements[..];
    world.rtp(ALICE, &Input { payload_type: VP8, number, timestamp, marker: true, ssrc, payload, elements });
    world.wait(Duration::from_millis(33));
}

fn blind(number: u16, payload: &[u8]) -> Picture<'_> {
    Picture { number, rid: None, descriptor: None, payload }
}

proptest! {
    #[test]
    fn encrypted_bytes_arrive_as_they_were_sent(
        payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..60), 1..20),
        again in any::<bool>(),
    ) {
        let (mut world, _) = watched(sends("0", codec(CodecName::Vp8, VP8), CAMERA));
        for (number, payload) in (100..).zip(&payloads) {
            send(&mut world, CAMERA, &blind(number, payload));
        }
        let got = world.got(BOB);
        let arrived: Vec<_> = got.iter().map(|sent| sent.packet().payload().to_vec()).collect();
        assert_eq!(arrived, payloads);
        if again {
            let last = got.last().unwrap().packet().sequence_number();
            world.rtcp(BOB, |writer| writer.nack(9, SLOT, &[last]));
            let resent = world.got(BOB);
            let resent = resent.iter().map(super::world::Sent::packet).find(|packet| packet.ssrc() == SLOT + 1).unwrap();
            assert_eq!(resent.payload(), [&last.to_be_bytes()[..], payloads.last().unwrap()].concat());
        }
    }
}

#[test]
fn a_key_frame_that_nobody_can_tell_is_asked_for_and_not_for_ever() {
    let (mut world, _) = watched(sends("0", codec(CodecName::Vp8, VP8), CAMERA));
    send(&mut world, CAMERA, &blind(1, b"secret"));
    assert!(world.asked_for_key_frames(ALICE) > 0);
    for number in 2..60 {
        send(&mut world, CAMERA, &blind(number, b"secret"));
    }
    let asked = world.asked_for_key_frames(ALICE);
    assert!(asked <= 1, "{asked} more");
    world.rtcp(BOB, |writer| writer.picture_loss_indication(9, SLOT));
    world.settle();
    send(&mut world, CAMERA, &blind(60, b"secret"));
    world.wait(Duration::from_millis(600));
    assert_eq!(world.asked_for_key_frames(ALICE), 1, "as the viewer could not decode");
    assert_eq!(world.got(BOB).len(), 60);
}

#[test]
fn of_blind_simulcast_the_smallest_layer_goes_out_and_is_never_left() {
    let (mut world, track) = watched(sends_simulcast("0", codec(CodecName::Vp8, VP8)));
    for number in 1..90 {
        for (rid, ssrc) in [("q", 0x2000), ("h", 0x2100), ("f", 0x2200)] {
            let payload = rid.as_bytes();
            send(&mut world, ssrc, &Picture { number, rid: Some(rid), descriptor: None, payload });
        }
    }
    let got = world.got(BOB);
    assert!(got.len() > 80 && got.iter().all(|sent| sent.packet().payload() == b"q"));
    world.wait(Duration::from_secs(10));
    let wanted = world.outputs().into_iter().filter_map(|output| {
        let Output::Layers { track: of, layers } = output else { return None };
        Some((of, layers.iter().map(|(_, on)| *on).collect::<Vec<_>>()))
    });
    let wanted: Vec<_> = wanted.collect();
    assert_eq!(wanted.last(), Some(&(track, vec![true, false, false])), "nobody can watch the others");
}

#[test]
fn with_descriptors_layers_of_simulcast_change_at_key_frames() {
    let (mut world, _) = watched(sends_simulcast("0", codec(CodecName::Vp8, VP8)));
    world.rtcp(BOB, |writer| writer.remb(9, 20_000_000, &[]));
    let mut seen: Vec<u8> = Vec::new();
    for number in 1..200_u16 {
        for (rid, ssrc, size) in [("q", 0x2000, 100), ("f", 0x2200, 1_000)] {
            let payload = vec![rid.as_bytes()[0]; size];
            let descriptor = Some(descriptor(number, number % 30 == 1, (number % 2) as u8));
            send(&mut world, ssrc, &Picture { number, rid: Some(rid), descriptor, payload: &payload });
        }
        for sent in world.got(BOB).iter().filter(|sent| sent.packet().ssrc() == SLOT) {
            let first = sent.packet().payload()[0];
            if seen.last().is_some_and(|last| *last != first) || seen.is_empty() {
                assert_eq!(number % 30, 1, "a change is at a key frame");
                seen.push(first);
            }
        }
    }
    assert_eq!(seen.last(), Some(&b'f'), "{seen:?}");
    let states = world.outputs().into_iter().filter_map(|output| {
        let Output::Slots { slots, .. } = output else { return None };
        slots.last().map(|slot| slot.state)
    });
    assert_eq!(states.collect::<Vec<_>>().last().copied(), Some(SlotState::Live));
}

#[test]
fn who_gets_fewer_layers_is_told_which_decode_targets_there_are() {
    let (mut world, _) = watched(sends("0", codec(CodecName::Vp8, VP8), CAMERA));
    let mut told = Vec::new();
    let mut structure = None;
    for number in 1..400_u16 {
        // Too little for both layers, and then plenty.
        match number {
            60 => world.rtcp(BOB, |writer| writer.remb(9, 190_000, &[])),
            200 => world.rtcp(BOB, |writer| writer.remb(9, 20_000_000, &[])),
            _ => {}
        }
        let key = number == 1 || number == 390;
        let temporal = (number % 2) as u8 ^ 1;
        let descriptor = Some(descriptor(number, key, temporal));
        send(&mut world, CAMERA, &Picture { number, rid: None, descriptor, payload: &[7; 1_000] });
        for sent in world.got(BOB).iter().filter(|sent| sent.packet().ssrc() == SLOT) {
            let packet = sent.packet();
            let data = Extensions::read(&packet, &EXTENSIONS).dependency_descriptor.unwrap();
            let read = Descriptor::parse(data, &mut structure).unwrap();
            told.push((number, read.temporal_id, read.active_decode_targets));
        }
    }
    let of = |from: u16, to: u16| told.iter().filter(move |(number, ..)| (from..to).contains(number));
    assert!(of(2, 60).all(|(_, _, active)| active.is_none()), "as the publisher says");
    let cut: Vec<_> = of(100, 200).collect();
    assert!(
        cut.len() > 30 && cut.iter().all(|(_, temporal, active)| (*temporal, *active) == (0, Some(0b01))),
        "{cut:?}"
    );
    let back: Vec<_> = of(300, 390).collect();
    assert!(back.iter().any(|(_, temporal, _)| *temporal == 1), "both layers again");
    assert!(back.iter().all(|(_, _, active)| *active == Some(0b11)), "until a key frame says so");
    assert!(of(391, 400).all(|(_, _, active)| active.is_none()));
}

//! Viewers who cannot take what is published as it is.

use std::time::Duration;

use rtp::parameters::{Codec, CodecName, Kind, SendParameters};

use super::world::{ALICE, BOB, CAROL, Input, OPUS, World, codec, sends, takes};
use crate::{Output, SlotState, Source, TrackId};

const RED: u8 = 63;
const MIC: u32 = 0x1000;
const SLOT: u32 = 0x9000;

/// Alice sends redundant sound.
fn red(world: &mut World, encrypted: bool) -> TrackId {
    let red = Codec { fmtp: format!("{OPUS}/{OPUS}"), ..codec(CodecName::Red, RED) };
    let mut parameters = sends("0", red.clone(), MIC);
    parameters.codecs = [red, codec(CodecName::Opus, OPUS)].into();
    parameters.encrypted = encrypted;
    world.publish(ALICE, Source::Microphone, parameters)
}

/// One older block of three bytes, and the sound itself.
fn redundant(number: u16, sound: &[u8]) -> Vec<u8> {
    let older = [0x80 | OPUS, (960_u16 >> 6) as u8, ((960_u16 << 2) as u8), 3];
    [&older[..], &[OPUS, 1, 2, number as u8], sound].concat()
}

fn send(world: &mut World, number: u16, payload: &[u8]) {
    let timestamp = u32::from(number) * 960;
    let (payload_type, marker) = (RED, number == 1);
    world.rtp(ALICE, &Input { payload_type, number, timestamp, marker, ssrc: MIC, payload, elements: &[] });
    world.wait(Duration::from_millis(20));
}

#[test]
fn a_viewer_without_redundancy_gets_the_sound_alone_under_the_same_times() {
    let mut world = World::new(&[ALICE, BOB, CAROL]);
    let both = SendParameters {
        codecs: [Codec { fmtp: "100/100".into(), ..codec(CodecName::Red, 99) }, codec(CodecName::Opus, 100)].into(),
        ..takes("a", codec(CodecName::Opus, 100), SLOT)
    };
    let same = SendParameters {
        codecs: [Codec { fmtp: format!("{OPUS}/{OPUS}"), ..codec(CodecName::Red, 98) }].into(),
        ..takes("a", codec(CodecName::Opus, 100), SLOT + 2)
    };
    world.slots(BOB, vec![both]);
    world.slots(CAROL, vec![same]);
    red(&mut world, false);
    for number in 1..=4 {
        let payload = redundant(number, &[0xf0, number as u8]);
        send(&mut world, number, if number == 3 { &[0x80] } else { &payload });
    }
    let got = world.got(BOB);
    let heard: Vec<_> = got.iter().map(super::world::Sent::packet).collect();
    assert_eq!(heard.len(), 3, "what cannot be read is as lost");
    for (packet, number) in heard.iter().zip([1_u16, 2, 4]) {
        assert_eq!((packet.payload_type(), packet.payload()), (100, &[0xf0, number as u8][..]));
        assert_eq!(packet.marker(), number == 1);
        let step = packet.timestamp().wrapping_sub(heard[0].timestamp());
        let places = packet.sequence_number().wrapping_sub(heard[0].sequence_number());
        assert_eq!((step, places), (u32::from(number - 1) * 960, number - 1));
    }
    let got = world.got(CAROL);
    assert_eq!((got.len(), got[0].packet().payload_type()), (4, 98), "who knows it gets all of it, unread");
    assert_eq!(got[0].packet().payload(), redundant(1, &[0xf0, 1]));
}

#[test]
fn what_is_encrypted_cannot_be_taken_out_of_redundancy() {
    let mut world = World::new(&[ALICE, BOB]);
    world.slots(BOB, vec![takes("a", codec(CodecName::Opus, 100), SLOT)]);
    let track = red(&mut world, true);
    world.wish(BOB, "a", Some(track));
    send(&mut world, 1, &redundant(1, &[0xf0, 1]));
    assert!(world.got(BOB).is_empty());
    world.wait(Duration::from_millis(150));
    let states = world.outputs().into_iter().filter_map(|output| {
        let Output::Slots { slots, .. } = output else { return None };
        slots.last().map(|slot| slot.state)
    });
    assert_eq!(states.collect::<Vec<_>>().last().copied(), Some(SlotState::NoCodec));
}

#[test]
fn every_codec_goes_from_who_has_it_to_who_has_it() {
    use CodecName::{Av1, H264, H265, Opus, Pcma, Pcmu, Vp8, Vp9};
    let av1_key = [0x08, 0x0a];
    let h265_key = [0x40, 0x01, 0x0c];
    let h264_key = [0x67, 0x42];
    let vp8_key = super::world::vp8(1, 1, 0, true, true);
    let vp9_key = [0x8c, 0x80, 0x01, 0x00];
    for (name, payload) in [
        (Opus, &b"sound"[..]),
        (Pcmu, b"sound"),
        (Pcma, b"sound"),
        (Vp8, &vp8_key),
        (Vp9, &vp9_key),
        (Av1, &av1_key),
        (H265, &h265_key),
        (H264, &h264_key),
    ] {
        let mut world = World::new(&[ALICE, BOB]);
        world.slots(BOB, vec![takes("s", codec(name, 100), SLOT)]);
        let source = if name.kind() == Kind::Audio { Source::Microphone } else { Source::Camera };
        let track = world.publish(ALICE, source, sends("0", codec(name, 40), MIC));
        world.wish(BOB, "s", Some(track));
        let (timestamp, elements) = (90_000, &[][..]);
        world.rtp(ALICE, &Input { payload_type: 40, number: 7, timestamp, marker: true, ssrc: MIC, payload, elements });
        let got = world.got(BOB);
        assert_eq!((got.len(), got[0].packet().payload_type()), (1, 100), "{name:?}");
        assert_eq!(got[0].packet().payload().last(), payload.last(), "{name:?}");
    }
}

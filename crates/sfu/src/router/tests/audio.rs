use std::time::Duration;

use rtp::parameters::CodecName;
use rtp::{Element, Extensions};

use super::world::{ALICE, BOB, CAROL, EXTENSIONS, Input, OPUS, VP8, World, codec, sends, takes};
use crate::{Output, PeerId, Source, TrackId};

const DAVE: PeerId = PeerId(4);
const SLOT: u32 = 5_000;
const PCMU: u8 = 0;

fn publish_voice(world: &mut World, peer: PeerId) {
    world.publish(peer, Source::Microphone, sends("0", codec(CodecName::Opus, OPUS), peer.0 * 100));
}

/// Half a second of sound at so many dB below full scale.
fn speak(world: &mut World, who: &[(PeerId, u8)], first: u16) {
    for step in 0..25 {
        for (peer, below) in who {
            let level = [*below];
            let elements = [Element { id: EXTENSIONS.audio_level.unwrap(), data: &level }];
            let number = first + step;
            let input = Input {
                payload_type: OPUS,
                number,
                timestamp: u32::from(number) * 960,
                marker: false,
                ssrc: peer.0 * 100,
                payload: &[1, 2, 3],
                elements: &elements,
            };
            world.rtp(*peer, &input);
        }
        world.wait(Duration::from_millis(20));
    }
}

#[test]
fn everybody_is_heard_by_everybody_but_themselves() {
    let mut world = World::new(&[ALICE, BOB, CAROL]);
    for peer in [ALICE, BOB, CAROL] {
        let slots = ["a", "b"].iter().zip(0..).map(|(mid, n)| takes(mid, codec(CodecName::Opus, 100), SLOT + n * 2));
        world.slots(peer, slots.collect());
        publish_voice(&mut world, peer);
    }
    speak(&mut world, &[(ALICE, 30), (BOB, 30), (CAROL, 30)], 1);
    for peer in [ALICE, BOB, CAROL] {
        let got = world.got(peer);
        assert_eq!(got.len(), 50, "25 packets of two others");
        let level = Extensions::read(&got[0].packet(), &EXTENSIONS).audio_level.unwrap();
        assert_eq!(level.level_dbov, -30);
    }
}

#[test]
fn with_fewer_slots_than_voices_the_loudest_is_heard_and_stays_while_speaking() {
    let mut world = World::new(&[ALICE, BOB, CAROL, DAVE]);
    world.slots(DAVE, vec![takes("a", codec(CodecName::Opus, 100), SLOT)]);
    [ALICE, BOB, CAROL].into_iter().for_each(|peer| publish_voice(&mut world, peer));
    speak(&mut world, &[(ALICE, 127), (BOB, 30), (CAROL, 127)], 1);
    assert_eq!(heard(&world), Some(BOB));
    speak(&mut world, &[(ALICE, 127), (BOB, 30), (CAROL, 20)], 26);
    assert_eq!(heard(&world), Some(BOB), "a louder voice does not interrupt");
    for start in [51, 76, 101, 126, 151] {
        speak(&mut world, &[(ALICE, 127), (BOB, 127), (CAROL, 30)], start);
    }
    assert_eq!(heard(&world), Some(CAROL));
}

fn heard(world: &World) -> Option<PeerId> {
    heard_in(world, 0).map(|track| track.peer)
}

/// What is in a slot of Dave's.
fn heard_in(world: &World, slot: usize) -> Option<TrackId> {
    let (_, dave) = world.router.peers.iter().find(|(_, peer)| peer.id == DAVE)?;
    let track = world.router.tracks.get(dave.slots.get(slot)?.track?)?;
    Some(track.id)
}

fn voice(peer: PeerId) -> TrackId {
    TrackId { peer, source: Source::Microphone }
}

#[test]
fn the_sound_of_a_screen_is_heard_where_it_is_wished_for_and_takes_no_voices_place() {
    let mut world = World::new(&[ALICE, BOB, DAVE]);
    world.slots(DAVE, vec![takes("a", codec(CodecName::Opus, 100), SLOT)]);
    let screen = world.publish(ALICE, Source::ScreenAudio, sends("1", codec(CodecName::Opus, OPUS), 900));
    assert_eq!(heard_in(&world, 0), None, "not of our choice");
    publish_voice(&mut world, BOB);
    assert_eq!(heard_in(&world, 0), Some(voice(BOB)));
    world.wish(DAVE, "a", Some(screen));
    assert_eq!(heard_in(&world, 0), Some(screen));
    world.wish(DAVE, "a", None);
    assert_eq!(heard_in(&world, 0), Some(voice(BOB)), "the place is a voice's again");
}

#[test]
fn a_voice_that_is_wished_for_leaves_the_automatic_slot_it_was_in() {
    let mut world = World::new(&[ALICE, BOB, DAVE]);
    world.slots(
        DAVE,
        ["a", "b"].iter().zip(0..).map(|(mid, n)| takes(mid, codec(CodecName::Opus, 100), SLOT + n * 2)).collect(),
    );
    publish_voice(&mut world, ALICE);
    assert_eq!([0, 1].map(|slot| heard_in(&world, slot)), [Some(voice(ALICE)), None]);
    world.wish(DAVE, "b", Some(voice(ALICE)));
    assert_eq!([0, 1].map(|slot| heard_in(&world, slot)), [None, Some(voice(ALICE))]);
    publish_voice(&mut world, BOB);
    assert_eq!([0, 1].map(|slot| heard_in(&world, slot)), [Some(voice(BOB)), Some(voice(ALICE))]);
    world.wish(DAVE, "a", Some(voice(ALICE)));
    world.wish(DAVE, "b", None);
    assert_eq!([0, 1].map(|slot| heard_in(&world, slot)), [Some(voice(ALICE)), Some(voice(BOB))], "given up once");
}

#[test]
fn alternating_payload_types_are_told_once_a_second_and_only_when_they_differ() {
    let mut world = World::new(&[ALICE]);
    let mut parameters = sends("0", codec(CodecName::Opus, OPUS), 100);
    parameters.codecs = [codec(CodecName::Opus, OPUS), codec(CodecName::Pcmu, PCMU)].into();
    world.publish(ALICE, Source::Microphone, parameters);
    world.outputs();
    let mut told = Vec::new();
    for number in 0..260_u16 {
        let payload_type = if number % 2 == 0 && number < 200 { OPUS } else { PCMU };
        let timestamp = u32::from(number) * 960;
        let payload = &[1, 2, 3];
        world.rtp(ALICE, &Input { payload_type, number, timestamp, marker: false, ssrc: 100, payload, elements: &[] });
        world.wait(Duration::from_millis(20));
        told.extend(world.outputs().into_iter().filter_map(|output| {
            let Output::Published { description, .. } = output else { return None };
            Some(description.codec)
        }));
    }
    assert!(told.len() <= 6, "in 5.2 seconds: {told:?}");
    assert_eq!(told.last(), Some(&CodecName::Pcmu), "what stays is told");
    assert!(told.windows(2).all(|pair| pair[0] != pair[1]), "{told:?}");
}

#[test]
fn one_slot_with_changing_voices_is_one_continuous_stream() {
    let mut world = World::new(&[ALICE, BOB, DAVE]);
    world.slots(DAVE, vec![takes("a", codec(CodecName::Opus, 100), SLOT)]);
    [ALICE, BOB].into_iter().for_each(|peer| publish_voice(&mut world, peer));
    for turn in 0..6_u16 {
        let (alice, bob) = if turn % 2 == 0 { (30, 127) } else { (127, 30) };
        for part in 0..5 {
            speak(&mut world, &[(ALICE, alice), (BOB, bob)], turn * 125 + part * 25 + 1);
        }
    }
    let got = world.got(DAVE);
    assert!(got.len() > 600);
    for pair in got.windows(2) {
        assert_eq!(pair[1].index, pair[0].index + 1);
        let step = pair[1].packet().timestamp().wrapping_sub(pair[0].packet().timestamp());
        assert!((1..=48_000).contains(&step), "timestamps go on: {step}");
    }
}

#[test]
fn sound_alone_is_not_numbered_for_an_estimate_and_beside_a_picture_it_is() {
    let mut world = World::new(&[ALICE, BOB]);
    let slots = vec![takes("a", codec(CodecName::Opus, 100), SLOT), takes("v", codec(CodecName::Vp8, 101), SLOT + 2)];
    world.slots(BOB, slots);
    publish_voice(&mut world, ALICE);
    speak(&mut world, &[(ALICE, 30)], 1);
    let numbers = |world: &mut World| -> Vec<Option<u16>> {
        let got = world.got(BOB);
        got.iter().map(|sent| Extensions::read(&sent.packet(), &EXTENSIONS).transport_sequence).collect()
    };
    assert_eq!(numbers(&mut world), vec![None; 25]);

    let camera = world.publish(ALICE, Source::Camera, sends("1", codec(CodecName::Vp8, VP8), 7_000));
    world.wish(BOB, "v", Some(camera));
    speak(&mut world, &[(ALICE, 30)], 26);
    assert!(numbers(&mut world).iter().all(Option::is_some));

    world.pause(BOB, "v", Some(camera));
    speak(&mut world, &[(ALICE, 30)], 51);
    assert_eq!(numbers(&mut world), vec![None; 25]);
}

//! Peers of this process, to whom no path leads.

use std::time::Duration;

use rtp::parameters::CodecName;

use super::world::{ALICE, BOB, CAMERA, CAROL, Input, VP8, World, codec, takes, vp8};
use crate::Output;
use crate::keyframe::{SHARE_AT_ONCE, SHARE_INTERVAL};

/// A picture of so many packets, at once; the first is a key frame.
fn film(world: &mut World, picture: u16, packets: u16) {
    film_picture(world, picture, packets, picture == 0);
}

fn film_picture(world: &mut World, picture: u16, packets: u16, is_key: bool) {
    for part in 0..packets {
        let mut payload = vp8(picture, 0, 0, is_key, part == 0);
        payload.resize(1_000, 7);
        let input = Input {
            payload_type: VP8,
            number: picture * packets + part,
            timestamp: u32::from(picture) * 3_000,
            marker: part + 1 == packets,
            ssrc: CAMERA,
            payload: &payload,
            elements: &[],
        };
        world.rtp(ALICE, &input);
    }
}

#[test]
fn a_local_peer_gets_everything_at_once_and_nothing_to_try_its_path_out() {
    let (mut world, track) = World::call((0, 0));
    world.router.handle_local_join(world.now, CAROL);
    world.slots(CAROL, vec![takes("v", codec(CodecName::Vp8, 100), 7_000)]);
    world.wish(CAROL, "v", Some(track));
    let (mut at_once, mut in_all, mut of_bob) = (0, 0, 0);
    for picture in 0..30 {
        film(&mut world, picture, 100);
        at_once += world.got(CAROL).len();
        of_bob += world.got(BOB).len();
        world.wait(Duration::from_millis(33));
        in_all += world.got(CAROL).len();
    }
    assert_eq!((at_once, in_all), (3_000, 0), "30 pictures of 100 packets, 24 Mbit/s");
    assert!(of_bob < 3_000, "a path of which nothing is known carries less: {of_bob}");
}

#[test]
fn of_a_local_peer_it_is_not_told_how_well_it_is_connected() {
    let (mut world, track) = World::call((0, 0));
    world.router.handle_local_join(world.now, CAROL);
    world.slots(CAROL, vec![takes("v", codec(CodecName::Vp8, 100), 7_000)]);
    world.wish(CAROL, "v", Some(track));
    let mut told = Vec::new();
    for picture in 0..100 {
        film(&mut world, picture, 2);
        world.wait(Duration::from_millis(330));
        told.extend(world.outputs());
    }
    let of = |peer| {
        let mut named = told.iter().filter_map(|output| {
            let Output::Quality { members } = output else { return None };
            Some(members)
        });
        named.any(|members| members.iter().any(|(member, ..)| *member == peer))
    };
    assert_eq!((of(BOB), of(CAROL)), (true, false), "Bob says nothing for half a minute, as Carol does");
}

#[test]
fn a_local_peer_of_which_many_read_has_a_key_frame_whenever_it_asks_for_one() {
    let (mut world, track) = World::call((0, 0));
    world.router.handle_local_join(world.now, CAROL);
    world.slots(CAROL, vec![takes("v", codec(CodecName::Vp8, 100), 7_000)]);
    world.wish(CAROL, "v", Some(track));
    film(&mut world, 0, 1);
    world.asked_for_key_frames(ALICE);
    let times = u16::try_from(SHARE_AT_ONCE * 5).unwrap();
    let mut asked = 0;
    for picture in 1..=times {
        world.wait(SHARE_INTERVAL / 2);
        world.rtcp(CAROL, |writer| writer.picture_loss_indication(9, 7_000));
        asked += world.asked_for_key_frames(ALICE);
        film_picture(&mut world, picture, 1, true);
    }
    assert_eq!(asked, usize::from(times));
}

//! What becomes of a publisher's streams when they begin anew, pause, or carry nothing.

use std::time::Duration;

use rtp::Element;
use rtp::parameters::{CodecName, ReceiveParameters};

use super::world::{ALICE, BOB, EXTENSIONS, Input, VP8, World, codec, sends, takes, vp8};
use crate::Source;

/// A frame of one packet with the mid of the track, which need not have announced its stream.
fn named(world: &mut World, ssrc: u32, number: u16, key: bool) {
    let payload = vp8(number, 0, 0, key, true);
    let elements = [Element { id: EXTENSIONS.mid.unwrap(), data: b"0" }];
    let timestamp = u32::from(number) * 3_000;
    let input =
        Input { payload_type: VP8, number, timestamp, marker: true, ssrc, payload: &payload, elements: &elements };
    world.rtp(ALICE, &input);
    world.wait(Duration::from_millis(33));
}

/// Bob watches Alice, who announced no stream.
fn unannounced() -> World {
    let mut world = World::new(&[ALICE, BOB]);
    world.slots(BOB, vec![takes("v", codec(CodecName::Vp8, 100), 5_000)]);
    let camera = ReceiveParameters { ssrcs: Vec::new(), ..sends("0", codec(CodecName::Vp8, VP8), 0) };
    let track = world.publish(ALICE, Source::Camera, camera);
    world.wish(BOB, "v", Some(track));
    world
}

#[test]
fn a_stream_that_goes_on_under_another_ssrc_and_with_lower_numbers_goes_on_for_who_watches() {
    let mut world = unannounced();
    (500..510).for_each(|number| named(&mut world, 1_000, number, number == 500));
    // Within what could be late.
    (450..460).for_each(|number| named(&mut world, 3_000, number, number == 450));
    let got = world.got(BOB);
    let indices: Vec<u64> = got.iter().map(|sent| sent.index - got[0].index).collect();
    assert_eq!(indices, (0..20).collect::<Vec<u64>>());
    let steps = got.windows(2).map(|pair| pair[1].packet().timestamp().wrapping_sub(pair[0].packet().timestamp()));
    assert!(steps.clone().all(|step| (1..6_000).contains(&step)), "{:?}", steps.collect::<Vec<_>>());
}

#[test]
fn padding_of_a_publisher_goes_to_nobody_and_leaves_no_gap() {
    let mut world = unannounced();
    named(&mut world, 1_000, 500, true);
    for number in 501..504 {
        let timestamp = 500 * 3_000;
        let padding =
            Input { payload_type: VP8, number, timestamp, marker: false, ssrc: 1_000, payload: &[], elements: &[] };
        world.rtp(ALICE, &padding);
    }
    named(&mut world, 1_000, 504, false);
    let got = world.got(BOB);
    assert_eq!(got.iter().map(|sent| sent.index - got[0].index).collect::<Vec<_>>(), [0, 1]);
    assert!(got.iter().all(|sent| !sent.packet().payload().is_empty()));
}

#[test]
fn a_publisher_that_was_silent_for_long_is_asked_for_a_key_frame_as_soon_as_it_is_back() {
    let mut world = unannounced();
    named(&mut world, 1_000, 500, false);
    // It hears the requests, and has nothing to send.
    world.wait(Duration::from_secs(20));
    world.asked_for_key_frames(ALICE);
    while world.asked_for_key_frames(ALICE) == 0 {
        world.wait(Duration::from_millis(10));
    }
    world.wait(Duration::from_millis(400));
    assert_eq!(world.asked_for_key_frames(ALICE), 0, "seldom after so long");
    named(&mut world, 1_000, 501, false);
    assert_eq!(world.asked_for_key_frames(ALICE), 1);
}

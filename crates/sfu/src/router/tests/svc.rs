use std::time::Duration;

use rtp::parameters::CodecName;

use super::world::{ALICE, BOB, Input, World, codec, sends, takes};

const SSRC: u32 = 2_000;
const VP9: u8 = 98;

/// Alice's camera: VP9 with pictures of 320 and of 640 pixels in one stream, each referring to what came before it.
#[derive(Default)]
struct Camera {
    number: u16,
    picture: u8,
}

impl Camera {
    /// Two seconds at 30 pictures a second, of which the first may be a key picture.
    fn film(&mut self, world: &mut World, mut key: bool) {
        for _ in 0..60 {
            self.picture = (self.picture + 1) % 128;
            self.layer(world, 0, key);
            self.layer(world, 1, key);
            key = false;
            world.wait(Duration::from_millis(33));
        }
    }

    /// RFC 9628 §4.2: I, L, B, E, with P what refers to other pictures and with V how large the pictures are.
    fn layer(&mut self, world: &mut World, spatial: u8, key: bool) {
        let has_sizes = key && spatial == 0;
        let flags = 0xac | if key { 0 } else { 0x40 } | if has_sizes { 0x02 } else { 0 };
        let mut payload = vec![flags, self.picture, spatial << 1 | spatial, 0];
        if has_sizes {
            payload.push(0x30);
            payload.extend([320_u16, 180, 640, 360].into_iter().flat_map(u16::to_be_bytes));
        }
        payload.resize(if spatial == 0 { 300 } else { 1_000 }, 0xee);
        self.number += 1;
        let input = Input {
            payload_type: VP9,
            number: self.number,
            timestamp: u32::from(self.number.div_ceil(2)) * 3_000,
            marker: spatial == 1,
            ssrc: SSRC,
            payload: &payload,
            elements: &[],
        };
        world.rtp(ALICE, &input);
    }
}

/// The spatial layers that Bob has got since he was last asked.
fn widest(world: &mut World) -> Option<u8> {
    world.got(BOB).iter().map(|sent| sent.packet().payload()[2] >> 1 & 7).max()
}

#[test]
fn who_wants_larger_pictures_of_the_same_stream_has_a_key_picture_asked_for_and_asks_no_more_when_it_came() {
    let mut world = World::new(&[ALICE, BOB]);
    world.slots(BOB, vec![takes("v", codec(CodecName::Vp9, 100), 5_000)]);
    let track = world.publish(ALICE, crate::Source::Camera, sends("0", codec(CodecName::Vp9, VP9), SSRC));
    let mut camera = Camera::default();
    world.wish_sized(BOB, "v", Some(track), (320, 180));
    camera.film(&mut world, true);
    camera.film(&mut world, true);
    world.asked_for_key_frames(ALICE);
    world.got(BOB);

    camera.film(&mut world, false);
    assert_eq!((widest(&mut world), world.asked_for_key_frames(ALICE)), (Some(0), 0), "small pictures are enough");

    world.wish_sized(BOB, "v", Some(track), (640, 360));
    camera.film(&mut world, false);
    assert_eq!(widest(&mut world), Some(0), "no picture without those it refers to");
    assert!(world.asked_for_key_frames(ALICE) > 0);

    camera.film(&mut world, true);
    assert_eq!(widest(&mut world), Some(1));
    world.asked_for_key_frames(ALICE);
    camera.film(&mut world, false);
    assert_eq!((widest(&mut world), world.asked_for_key_frames(ALICE)), (Some(1), 0), "served");
}

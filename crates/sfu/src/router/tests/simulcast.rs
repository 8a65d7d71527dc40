use std::time::Duration;

use rtp::Element;
use rtp::parameters::CodecName;

use super::world::{ALICE, BOB, CAROL, EXTENSIONS, Input, VP8, World, codec, sends_simulcast, takes};
use crate::{Output, PeerId, Source, TrackId};

const SLOT: u32 = 5_000;

/// Three layers of Alice's camera: 320, 640 and 1,280 pixels wide, at 80, 240 and 800 kbit/s.
struct Camera {
    number: u16,
    key: [bool; 3],
    on: [bool; 3],
}

impl Camera {
    fn new() -> Self {
        Self { number: 0, key: [true; 3], on: [true; 3] }
    }

    /// So many pictures at 30 a second, key frames where the router asks for them.
    fn film(&mut self, world: &mut World, pictures: u16) {
        for _ in 0..pictures {
            self.number += 1;
            for layer in 0..3_usize {
                if self.on[layer] {
                    self.picture(world, layer);
                }
            }
            world.wait(Duration::from_millis(33));
            for compound in world.got_rtcp(ALICE) {
                for packet in rtp::rtcp::read(&compound).flatten() {
                    if let rtp::rtcp::Packet::PictureLossIndication(loss) = packet {
                        self.key[usize::try_from(loss.media_ssrc - 2_000).unwrap()] = true;
                    }
                }
            }
        }
    }

    fn picture(&mut self, world: &mut World, layer: usize) {
        let key = std::mem::take(&mut self.key[layer]);
        let [high, low] = (self.number | 0x8000).to_be_bytes();
        let (width, height) = [(320_u16, 180_u16), (640, 360), (1_280, 720)][layer];
        let mut payload = vec![0x90, 0xe0, high, low, 0, 0];
        payload.extend([u8::from(!key), 0, 0, 0x9d, 0x01, 0x2a]);
        payload.extend(width.to_le_bytes().into_iter().chain(height.to_le_bytes()));
        payload.resize([330, 1_000, 3_300][layer], 0xee);
        let rid = [b"q", b"h", b"f"][layer];
        let elements =
            [Element { id: EXTENSIONS.mid.unwrap(), data: b"0" }, Element { id: EXTENSIONS.rid.unwrap(), data: rid }];
        let input = Input {
            payload_type: VP8,
            number: self.number,
            timestamp: u32::from(self.number) * 3_000,
            marker: true,
            ssrc: 2_000 + u32::try_from(layer).unwrap(),
            payload: &payload,
            elements: &elements,
        };
        world.rtp(ALICE, &input);
    }
}

fn meeting(watchers: &[PeerId]) -> (World, TrackId, Camera) {
    let mut world = World::new(&[ALICE]);
    let track = world.publish(ALICE, Source::Camera, sends_simulcast("0", codec(CodecName::Vp8, VP8)));
    for peer in watchers {
        world.router.handle_join(world.now, *peer);
        world.slots(*peer, vec![takes("v", codec(CodecName::Vp8, 100), SLOT + peer.0 * 2)]);
    }
    (world, track, Camera::new())
}

/// The width of what a peer got last.
fn width_of(world: &mut World, peer: PeerId) -> Option<usize> {
    let got = world.got(peer);
    let length = got.last()?.packet().payload().len();
    [330, 1_000, 3_300].iter().position(|known| *known == length).map(|layer| 320 << layer)
}

fn estimate(world: &mut World, peer: PeerId, bps: u64) {
    world.rtcp(peer, |writer| writer.remb(9, bps, &[]));
}

#[test]
fn a_small_tile_gets_the_small_layer_and_a_large_one_the_large() {
    let (mut world, track, mut camera) = meeting(&[BOB, CAROL]);
    [BOB, CAROL].into_iter().for_each(|peer| estimate(&mut world, peer, 20_000_000));
    world.wish_sized(BOB, "v", Some(track), (320, 180));
    world.wish_sized(CAROL, "v", Some(track), (1_280, 720));
    camera.film(&mut world, 90);
    assert_eq!(width_of(&mut world, BOB), Some(320));
    assert_eq!(width_of(&mut world, CAROL), Some(1_280));
    world.wish_sized(BOB, "v", Some(track), (640, 360));
    camera.film(&mut world, 60);
    assert_eq!(width_of(&mut world, BOB), Some(640));
}

#[test]
fn a_narrow_path_gets_the_layer_that_fits() {
    let (mut world, track, mut camera) = meeting(&[BOB]);
    estimate(&mut world, BOB, 20_000_000);
    world.wish_sized(BOB, "v", Some(track), (1_280, 720));
    camera.film(&mut world, 90);
    assert_eq!(width_of(&mut world, BOB), Some(1_280));
    estimate(&mut world, BOB, 150_000);
    camera.film(&mut world, 30);
    assert_eq!(width_of(&mut world, BOB), Some(320));
}

#[test]
fn a_layer_that_falls_silent_is_left_for_one_that_flows() {
    let (mut world, track, mut camera) = meeting(&[BOB]);
    estimate(&mut world, BOB, 20_000_000);
    world.wish_sized(BOB, "v", Some(track), (1_280, 720));
    camera.film(&mut world, 90);
    camera.on[2] = false;
    camera.film(&mut world, 60);
    assert_eq!(width_of(&mut world, BOB), Some(640));
    camera.on[2] = true;
    camera.film(&mut world, 90);
    assert_eq!(width_of(&mut world, BOB), Some(1_280));
}

/// Which layers were told to be on, one after the other.
fn told(world: &mut World) -> Vec<Vec<bool>> {
    let outputs = world.outputs().into_iter();
    let layers =
        outputs.filter_map(|output| if let Output::Layers { layers, .. } = output { Some(layers) } else { None });
    layers.map(|layers| layers.into_iter().map(|(_, on)| on).collect()).collect()
}

#[test]
fn layers_that_nobody_watches_are_switched_off_and_on_again() {
    let (mut world, track, mut camera) = meeting(&[BOB]);
    estimate(&mut world, BOB, 20_000_000);
    world.wish_sized(BOB, "v", Some(track), (320, 180));
    camera.film(&mut world, 400);
    assert_eq!(told(&mut world), [[true, false, false]]);
    camera.on = [true, false, false];
    world.wish_sized(BOB, "v", Some(track), (1_280, 720));
    camera.film(&mut world, 10);
    assert_eq!(told(&mut world), [[true, true, true]]);
}

#[test]
fn a_publisher_that_begins_with_its_smallest_layer_hears_what_the_first_viewer_wants() {
    let (mut world, track, mut camera) = meeting(&[BOB]);
    estimate(&mut world, BOB, 20_000_000);
    camera.on = [true, false, false];
    world.wish_sized(BOB, "v", Some(track), (640, 360));
    world.settle();
    assert_eq!(
        told(&mut world),
        [[false; 3]; 0],
        "the size of the tile says nothing before that of the picture is known"
    );
    camera.film(&mut world, 10);
    assert_eq!(told(&mut world), [[true, true, false]]);
    camera.on = [true, true, false];
    camera.film(&mut world, 90);
    assert_eq!(width_of(&mut world, BOB), Some(640));
    assert_eq!(told(&mut world), [[false; 3]; 0], "once");
}

#[test]
fn what_is_wanted_is_said_anew_on_the_next_connection_and_of_the_next_track_of_the_same_name() {
    let (mut world, track, mut camera) = meeting(&[BOB]);
    let publish = |world: &mut World| {
        world.publish(ALICE, Source::Camera, sends_simulcast("0", codec(CodecName::Vp8, VP8)));
    };
    estimate(&mut world, BOB, 20_000_000);
    world.wish_sized(BOB, "v", Some(track), (640, 360));
    camera.film(&mut world, 10);
    assert_eq!(told(&mut world), [[true, true, false]]);
    world.router.handle_reconnect(world.now, ALICE);
    publish(&mut world);
    camera.film(&mut world, 10);
    assert_eq!(told(&mut world), [[true, true, false]]);
    world.router.handle_unpublish(world.now, track);
    publish(&mut world);
    camera.film(&mut world, 10);
    assert_eq!(told(&mut world), [[true, true, false]]);
}

use std::time::Duration;

use proptest::prelude::*;
use rtp::Element;
use rtp::parameters::CodecName;

use super::world::{ALICE, BOB, CAROL, EXTENSIONS, Input, VP8, World, codec, sends_simulcast, takes};
use crate::{LinkId, Links, Output, PeerId, Source, TrackId};

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

/// Something that changes which layers are wanted, or what the publisher knows of it.
#[derive(Debug, Clone)]
enum Event {
    /// One of two viewers looks, at so large a picture; 0: at none.
    Look(bool, usize),
    Pause(bool),
    Leave(bool),
    /// Another worker wants so many layers.
    Want(u8, u8),
    /// These workers have a part of the room.
    Links(u8),
    /// The publisher has another connection, which begins with the smallest layer.
    Reconnect,
    /// The publisher shares anew on the same connection; what was off stays off until it is told.
    Republish,
    Wait(u64),
}

fn events() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (any::<bool>(), 0..4_usize).prop_map(|(bob, size)| Event::Look(bob, size)),
        1 => any::<bool>().prop_map(Event::Pause),
        1 => any::<bool>().prop_map(Event::Leave),
        3 => (0..2_u8, 0..4_u8).prop_map(|(link, layers)| Event::Want(link, layers)),
        1 => (0..4_u8).prop_map(Event::Links),
        1 => Just(Event::Reconnect),
        1 => Just(Event::Republish),
        3 => (0..12_000_u64).prop_map(Event::Wait),
    ]
}

/// A publisher who does what it is told, and what everybody wants of it.
struct Wanted {
    world: World,
    camera: Camera,
    track: TrackId,
    /// What is on at the publisher.
    on: [bool; 3],
    viewers: [usize; 2],
    workers: [u8; 2],
    links: u8,
}

impl Wanted {
    fn new() -> Self {
        let (mut world, track, camera) = meeting(&[BOB, CAROL]);
        world.outputs();
        Self { world, camera, track, on: [true, false, false], viewers: [0; 2], workers: [0; 2], links: 0 }
    }

    fn happen(&mut self, event: &Event) {
        let viewer = |bob: bool| if bob { (0, BOB) } else { (1, CAROL) };
        match *event {
            Event::Look(bob, size) => {
                let (index, peer) = viewer(bob);
                let tile = [(0, 0), (320, 180), (640, 360), (1_280, 720)][size];
                self.world.wish_sized(peer, "v", (size > 0).then_some(self.track), tile);
                self.viewers[index] = size;
            }
            Event::Pause(bob) => {
                let (index, peer) = viewer(bob);
                self.world.pause(peer, "v", Some(self.track));
                self.viewers[index] = 0;
            }
            Event::Leave(bob) => {
                let (index, peer) = viewer(bob);
                self.world.router.handle_leave(self.world.now, peer);
                self.world.router.handle_join(self.world.now, peer);
                self.world.slots(peer, vec![takes("v", codec(CodecName::Vp8, 100), SLOT + peer.0 * 2)]);
                self.viewers[index] = 0;
            }
            Event::Want(link, layers) => {
                let (now, sink) = (self.world.now, &mut self.world.sink);
                self.world.router.handle_remote_want(now, self.track, LinkId(link), layers, sink);
                if self.links >> link & 1 == 1 {
                    self.workers[usize::from(link)] = layers;
                }
            }
            Event::Links(links) => {
                let both = [0, 1].into_iter().filter(|link| links >> link & 1 == 1);
                let all = both.fold(Links::EMPTY, |all, link| all.with(Links::only(LinkId(link))));
                self.world.router.handle_links(self.world.now, all, &mut self.world.sink);
                self.links = links;
                (0..2).filter(|link| links >> link & 1 == 0).for_each(|link| self.workers[link] = 0);
            }
            Event::Reconnect => {
                self.on = [true, false, false];
                self.world.router.handle_reconnect(self.world.now, ALICE);
                self.world.publish(ALICE, Source::Camera, sends_simulcast("0", codec(CodecName::Vp8, VP8)));
            }
            Event::Republish => {
                self.world.router.handle_unpublish(self.world.now, self.track);
                self.world.publish(ALICE, Source::Camera, sends_simulcast("0", codec(CodecName::Vp8, VP8)));
                // The others hear of it and want it anew.
                self.workers = [0; 2];
            }
            Event::Wait(ms) => self.world.wait(Duration::from_millis(ms)),
        }
        self.film();
    }

    /// A tenth of a second, after which the publisher does what it is told.
    fn film(&mut self) {
        (self.camera.on, self.camera.key) = (self.on, [true; 3]);
        self.camera.film(&mut self.world, 4);
        if let Some(told) = told(&mut self.world).last() {
            self.on = [told[0], told[1], told[2]];
        }
    }

    /// How many layers somebody needs; the smallest is always on.
    fn needed(&self) -> usize {
        let elsewhere = self.workers.iter().map(|layers| usize::from(*layers));
        self.viewers.iter().copied().chain(elsewhere).max().unwrap_or(0).max(1)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever happens in which order.
    #[test]
    fn a_layer_that_somebody_wants_is_on_and_in_the_end_no_other(events in proptest::collection::vec(events(), 1..25)) {
        let mut wanted = Wanted::new();
        for event in &events {
            wanted.happen(event);
            let needed = wanted.needed();
            prop_assert!(wanted.on[..needed].iter().all(|on| *on), "{needed} wanted after {event:?}: {:?}", wanted.on);
        }
        wanted.world.wait(Duration::from_secs(1));
        wanted.film();
        wanted.world.wait(Duration::from_secs(11));
        wanted.film();
        let needed = wanted.needed();
        prop_assert_eq!(wanted.on, [true, needed > 1, needed > 2]);
    }
}

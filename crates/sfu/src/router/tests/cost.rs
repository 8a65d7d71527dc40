use rtp::parameters::CodecName;

use super::world::{ALICE, BOB, Input, Recorder, VP8, World, codec, sends, takes, vp8};
use crate::{Config, PeerId, Relayed, Sink, Source};

/// Takes packets and forgets them.
struct Nowhere(u32);

impl Sink for Nowhere {
    fn send_rtp(&mut self, _to: PeerId, _index: u64, _header: &[u8], _head: &[u8], _payload: &[u8]) {
        self.0 += 1;
    }

    fn send_rtcp(&mut self, _to: PeerId, _compound: &[u8]) {}
}

#[test]
fn a_forwarded_packet_allocates_nothing() {
    forward(Config::default());
}

#[test]
fn where_what_came_before_is_kept_a_forwarded_packet_allocates_nothing_either() {
    forward(Config { replays: true, ..Config::default() });
}

fn forward(config: Config) {
    let subscribers: Vec<PeerId> = (10..30).map(PeerId).collect();
    let mut world = World::with(config, &subscribers);
    world.router.handle_join(world.now, ALICE);
    let track = world.publish(ALICE, Source::Camera, sends("0", codec(CodecName::Vp8, VP8), 1_000));
    for peer in &subscribers {
        world.slots(*peer, vec![takes("v", codec(CodecName::Vp8, 100), peer.0 * 100)]);
        world.wish(*peer, "v", Some(track));
    }
    let packets: Vec<Vec<u8>> = (0..4_000_u16)
        .map(|number| {
            let payload = [vp8(number, 0, 0, number % 500 == 0, true), vec![0xee; 500]].concat();
            let timestamp = u32::from(number) * 3_000;
            let elements = &[];
            Input { payload_type: VP8, number, timestamp, marker: true, ssrc: 1_000, payload: &payload, elements }
                .bytes()
        })
        .collect();
    let mut sink = Nowhere(0);
    let mut feed = |packets: &[Vec<u8>], world: &mut World| {
        for packet in packets {
            world.wait(std::time::Duration::from_millis(33));
            world.sink = Recorder::default();
            world.router.handle_rtp(world.now, ALICE, packet, &mut sink);
        }
    };
    let (warm_up, steady) = packets.split_at(3_000);
    feed(warm_up, &mut world);
    world.settle();
    let now = world.now;
    let mut sink = Nowhere(0);
    let counted = allocation_counter::measure(|| {
        for (packet, step) in steady.iter().zip(1..) {
            let now = now + std::time::Duration::from_millis(33) * step;
            world.router.handle_rtp(now, ALICE, packet, &mut sink);
        }
    });
    assert_eq!(sink.0, 20_000, "all were forwarded");
    assert_eq!(counted.count_total, 0);
}

#[test]
fn a_packet_that_crosses_to_another_worker_allocates_nothing_there() {
    let mut world = World::new(&[BOB]);
    world.router.handle_remote_join(world.now, ALICE);
    let track = world.publish(ALICE, Source::Camera, sends("0", codec(CodecName::Vp8, VP8), 1_000));
    world.slots(BOB, vec![takes("v", codec(CodecName::Vp8, 100), 100)]);
    world.wish(BOB, "v", Some(track));
    let packets = (0..4_000_u16).map(|number| {
        let payload = [vp8(number, 0, 0, number % 500 == 0, true), vec![0xee; 500]].concat();
        let timestamp = u32::from(number) * 3_000;
        Input { payload_type: VP8, number, timestamp, marker: true, ssrc: 1_000, payload: &payload, elements: &[] }
            .bytes()
    });
    let packets: Vec<Vec<u8>> = packets.collect();
    let (warm_up, steady) = packets.split_at(3_000);
    for packet in warm_up {
        world.wait(std::time::Duration::from_millis(33));
        world.sink = Recorder::default();
        let relayed = Relayed::Packet { layer: 0, bytes: packet };
        world.router.handle_relayed(world.now, track, relayed, &mut world.sink);
    }
    world.settle();
    let (now, mut sink) = (world.now, Nowhere(0));
    let counted = allocation_counter::measure(|| {
        for (packet, step) in steady.iter().zip(1..) {
            let now = now + std::time::Duration::from_millis(33) * step;
            let relayed = Relayed::Packet { layer: 0, bytes: packet };
            world.router.handle_relayed(now, track, relayed, &mut sink);
        }
    });
    assert_eq!((sink.0, counted.count_total), (1_000, 0));
}

/// Of the 60 kB that the whole server may spend on somebody who gets nothing. The codecs are those of the negotiation, which has one copy of
/// them.
#[test]
fn a_subscriber_that_gets_nothing_costs_less_than_twelve_kilobytes_whatever_codecs_its_ten_slots_have() {
    let mut world = World::new(&[ALICE]);
    let codecs: std::sync::Arc<[_]> = (0..12).map(|n| codec(CodecName::Vp8, 100 + n)).collect();
    let mids = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    let slot = |(mid, n): (&&str, u32)| rtp::parameters::SendParameters {
        codecs: std::sync::Arc::clone(&codecs),
        ..takes(mid, codec(CodecName::Vp8, 100), n * 2)
    };
    let slots: Vec<_> = mids.iter().zip(1..).map(slot).collect();
    let (router, now) = (&mut world.router, world.now);
    let mut join = |peer| {
        router.handle_join(now, peer);
        router.handle_slots(now, peer, slots.clone());
        router.handle_timeout(now, &mut Nowhere(0));
    };
    // What the router keeps for all of them, and places for more than one of them.
    [PeerId(7), PeerId(8)].into_iter().for_each(&mut join);
    let counted = allocation_counter::measure(|| join(PeerId(9)));
    let total = counted.bytes_current + size_of::<crate::peer::Peer>() as i64;
    assert!(total < 12 * 1024, "{total} bytes for ten slots");
}

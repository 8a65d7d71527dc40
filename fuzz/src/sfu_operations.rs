//! A room of four who publish VP8, VP9 with two spatial layers, AV1 with dependency descriptors and H.264, three of them as simulcast, and
//! watch each other over paths that lose, repeat and reorder: whatever is wished, switched, lost, paused, asked for again or malformed,
//! every slot is one valid stream, no index is used twice, and in the end everybody sees what they wish to see.

mod oracle;
mod source;

use std::time::{Duration, Instant};

use arbitrary::{Arbitrary, Unstructured};
use rtp::Header;
use rtp::parameters::{CodecName, Kind, Mid};
use rtp::rtcp::{Packet, Writer};
use sfu::{Config, Output, PeerId, Priority, Router, SlotState, Source, TrackId, Wish};

use oracle::Oracle;
use source::{Camera, codec, slot, write};

/// One thing that happens.
#[derive(Debug, Arbitrary)]
enum Operation {
    /// A publisher makes a picture in all its layers; each packet meets the next bit pair of `fates`.
    Picture {
        publisher: u8,
        packets: u8,
        fates: u64,
    },
    /// Many pictures on a good path.
    Pictures {
        count: u8,
    },
    Voice {
        publisher: u8,
        level: u8,
    },
    Wait {
        ms: u8,
    },
    Wish {
        peer: u8,
        slot: bool,
        publisher: u8,
        nothing: bool,
        width_px: u16,
        pinned: bool,
        paused: bool,
    },
    /// A subscriber lacks packets.
    Nack {
        peer: u8,
        slot: bool,
        back: u8,
        mask: u16,
    },
    PictureLoss {
        peer: u8,
        slot: bool,
    },
    Estimate {
        peer: u8,
        kbps: u16,
    },
    Report {
        peer: u8,
        slot: bool,
        lost: u8,
    },
    SenderReport {
        publisher: u8,
        layer: u8,
        ntp: u64,
        skew: u16,
    },
    Rejoin {
        peer: u8,
    },
    Restart {
        publisher: u8,
    },
    Block {
        publisher: u8,
        blocked: bool,
    },
    Layer {
        publisher: u8,
        layer: u8,
        on: bool,
    },
    /// The slots change their order.
    Negotiate {
        peer: u8,
        swapped: bool,
    },
    Garbage {
        peer: u8,
        rtcp: bool,
        bytes: Vec<u8>,
    },
}

/// Runs what the bytes say: in a meeting, and where who comes later gets what came since the latest key picture.
pub fn run(data: &[u8]) {
    [false, true].into_iter().for_each(|replays| run_with(replays, data));
}

fn run_with(replays: bool, data: &[u8]) {
    let mut world = World::new(replays);
    let mut input = Unstructured::new(data);
    for _ in 0..OPERATIONS_MAX {
        let Ok(operation) = Operation::arbitrary(&mut input) else { break };
        if input.is_empty() {
            break;
        }
        world.perform(operation);
        world.settle();
    }
    world.oracle.check();
    world.expect_pictures();
    world.expect_no_holes();
    world.oracle.check();
}

struct World {
    router: Router,
    now: Instant,
    start: Instant,
    oracle: Oracle,
    cameras: Vec<Camera>,
    /// Whether a publisher is muted.
    blocked: [bool; PEERS],
    wishes: [[Option<Wish>; 2]; PEERS],
    states: [[Option<SlotState>; 2]; PEERS],
    /// A packet that is overtaken by the next ones.
    held: Vec<(PeerId, Vec<u8>)>,
    voice_number: [u16; PEERS],
}

impl World {
    #[expect(clippy::disallowed_methods, reason = "an epoch for a clock that is stepped by hand")]
    fn new(replays: bool) -> Self {
        let start = Instant::now();
        let config = Config { layer_linger: Duration::from_secs(1), replays, ..Config::default() };
        let mut world = Self {
            router: Router::new(config, [3; 32], start),
            now: start,
            start,
            oracle: Oracle::default(),
            cameras: (0..PEERS as u8).map(|peer| Camera::new(peer, 0)).collect(),
            blocked: [false; PEERS],
            wishes: std::array::from_fn(|_| [None, None]),
            states: [[None; 2]; PEERS],
            held: Vec::new(),
            voice_number: [0; PEERS],
        };
        (0..PEERS).for_each(|peer| world.join(peer));
        world
    }

    fn join(&mut self, peer: usize) {
        let id = peer_id(peer);
        self.router.handle_join(self.now, id);
        self.negotiate(peer, false);
        let camera = TrackId { peer: id, source: Source::Camera };
        self.router.handle_publish(self.now, camera, self.cameras[peer].parameters());
        let mut voice = self.cameras[peer].parameters();
        voice.mid = Mid::new("1").expect("a token");
        voice.kind = Kind::Audio;
        voice.codecs = [codec(CodecName::Opus)].into();
        voice.rids.clear();
        voice.ssrcs = vec![rtp::parameters::AnnouncedSsrc { media: voice_ssrc(peer), rtx: None }];
        self.router.handle_publish(self.now, TrackId { peer: id, source: Source::Microphone }, voice);
    }

    fn negotiate(&mut self, peer: usize, swapped: bool) {
        let mut slots = vec![
            slot(SLOTS[0], Kind::Video, slot_ssrc(peer, 0)),
            slot(SLOTS[1], Kind::Video, slot_ssrc(peer, 1)),
            slot("a", Kind::Audio, slot_ssrc(peer, 2)),
        ];
        for slot in &slots {
            self.oracle.expect_slot(slot.ssrc, slot.kind);
        }
        if swapped {
            slots.rotate_left(1);
        }
        self.router.handle_slots(self.now, peer_id(peer), slots);
    }

    fn perform(&mut self, operation: Operation) {
        match operation {
            Operation::Picture { publisher, packets, fates } => self.picture(index(publisher), 1 + packets % 3, fates),
            Operation::Pictures { count } => self.pictures(u32::from(count % 16)),
            Operation::Voice { publisher, level } => self.voice(index(publisher), level),
            Operation::Wait { ms } => self.wait(Duration::from_millis(u64::from(ms))),
            Operation::Wish { peer, slot, publisher, nothing, width_px, pinned, paused } => {
                let track = (!nothing).then_some(TrackId { peer: peer_id(index(publisher)), source: Source::Camera });
                let priority = if pinned { Priority::Pinned } else { Priority::Normal };
                let at = Mid::new(SLOTS[usize::from(slot)]).expect("a token");
                let wish =
                    Wish { mid: at, track, width_px: width_px.into(), height_px: 0, layer_max: None, priority, paused };
                self.router.handle_wish(self.now, peer_id(index(peer)), wish.clone());
                self.wishes[index(peer)][usize::from(slot)] = Some(wish);
            }
            Operation::Nack { peer, slot, back, mask } => self.nack(index(peer), slot, back, mask),
            Operation::PictureLoss { peer, slot } => {
                let ssrc = slot_ssrc(index(peer), usize::from(slot));
                self.control(index(peer), |writer| writer.picture_loss_indication(9, ssrc));
            }
            Operation::Estimate { peer, kbps } => {
                self.control(index(peer), |writer| writer.remb(9, u64::from(kbps) * 1_000, &[]));
            }
            Operation::Report { peer, slot, lost } => {
                let ssrc = slot_ssrc(index(peer), usize::from(slot));
                let block = rtp::rtcp::ReportBlock { ssrc, fraction_lost: lost, ..Default::default() };
                self.control(index(peer), |writer| writer.receiver_report(9, &[block]));
            }
            Operation::SenderReport { publisher, layer, ntp, skew } => {
                self.sender_report(index(publisher), layer, ntp, skew);
            }
            Operation::Rejoin { peer } => {
                self.router.handle_leave(self.now, peer_id(index(peer)));
                self.settle();
                // A peer that comes back is another one to its subscribers; its slots begin anew under other SSRCs.
                let generation = self.cameras[index(peer)].generation.wrapping_add(1);
                self.cameras[index(peer)] = Camera::new(index(peer) as u8, generation);
                self.oracle.leave(peer_id(index(peer)));
                self.blocked[index(peer)] = false;
                self.wishes[index(peer)] = [None, None];
                self.held.retain(|(from, _)| *from != peer_id(index(peer)));
                self.join(index(peer));
            }
            Operation::Restart { publisher } => {
                let generation = self.cameras[index(publisher)].generation.wrapping_add(1);
                self.cameras[index(publisher)] = Camera::new(publisher % PEERS as u8, generation);
                let track = TrackId { peer: peer_id(index(publisher)), source: Source::Camera };
                self.router.handle_publish(self.now, track, self.cameras[index(publisher)].parameters());
                // Nobody could tell what the encoder before sent, and comes again, from a stream of its own: its SSRC is in no description.
                self.held.retain(|(from, _)| *from != track.peer);
            }
            Operation::Block { publisher, blocked } => {
                self.blocked[index(publisher)] = blocked;
                let track = TrackId { peer: peer_id(index(publisher)), source: Source::Camera };
                self.router.handle_block(self.now, track, blocked);
            }
            Operation::Layer { publisher, layer, on } => {
                let layers = &mut self.cameras[index(publisher)].layers;
                let count = layers.len();
                layers[usize::from(layer) % count].on = on;
            }
            Operation::Negotiate { peer, swapped } => self.negotiate(index(peer), swapped),
            Operation::Garbage { peer, rtcp: true, bytes } => {
                self.router.handle_rtcp(self.now, peer_id(index(peer)), &bytes, &mut self.oracle);
            }
            Operation::Garbage { peer, rtcp: false, mut bytes } => {
                // Strangers' streams only: garbage inside a stream is the publisher's own picture.
                if let Some(ssrc) = bytes.get_mut(8..12) {
                    ssrc.copy_from_slice(&[0xff, 0xff, 0xff, 0xff]);
                }
                bytes.truncate(12);
                self.router.handle_rtp(self.now, peer_id(index(peer)), &bytes, &mut self.oracle);
            }
        }
    }

    /// One picture in all layers that are on.
    fn picture(&mut self, publisher: usize, packets: u8, mut fates: u64) {
        let time_ms = self.millis();
        for layer in 0..self.cameras[publisher].layers.len() {
            if !self.cameras[publisher].layers[layer].on {
                continue;
            }
            for packet in self.cameras[publisher].picture(layer, time_ms, packets) {
                let fate = fates & 7;
                fates >>= 3;
                match fate {
                    1 => {}
                    2 => self.held.push((peer_id(publisher), packet)),
                    3 => {
                        self.deliver(publisher, &packet);
                        self.deliver(publisher, &packet);
                    }
                    _ => self.deliver(publisher, &packet),
                }
            }
        }
        for (from, packet) in std::mem::take(&mut self.held) {
            if fates & 1 == 0 {
                self.router.handle_rtp(self.now, from, &packet, &mut self.oracle);
            } else if self.held.len() < 32 {
                self.held.push((from, packet));
            }
            fates >>= 1;
        }
        self.wait(Duration::from_millis(5));
    }

    /// So many pictures of everybody at 30 a second on a good path.
    fn pictures(&mut self, count: u32) {
        for _ in 0..count {
            for publisher in 0..PEERS {
                self.picture(publisher, 2, 0);
            }
            self.wait(Duration::from_millis(13));
        }
    }

    fn deliver(&mut self, from: usize, packet: &[u8]) {
        self.router.handle_rtp(self.now, peer_id(from), packet, &mut self.oracle);
    }

    fn voice(&mut self, from: usize, level: u8) {
        self.voice_number[from] = self.voice_number[from].wrapping_add(1);
        let number = self.voice_number[from];
        let timestamp = u32::from(number).wrapping_mul(960);
        let header =
            Header { payload_type: 111, marker: false, sequence_number: number, timestamp, ssrc: voice_ssrc(from) };
        let packet = write(&header, &[rtp::Element { id: 4, data: &[level & 0x7f] }], b"sound");
        self.deliver(from, &packet);
    }

    fn nack(&mut self, peer: usize, slot: bool, back: u8, mask: u16) {
        let ssrc = slot_ssrc(peer, usize::from(slot));
        let Some(latest) = self.oracle.latest(peer_id(peer), ssrc) else { return };
        let first = latest.wrapping_sub(u16::from(back));
        let lost: Vec<u16> = (0..16).filter(|bit| mask >> bit & 1 == 1).map(|bit| first.wrapping_add(bit)).collect();
        self.control(peer, |writer| writer.nack(9, ssrc, &lost));
    }

    fn sender_report(&mut self, publisher: usize, layer: u8, ntp: u64, skew: u16) {
        let time_ms = self.millis();
        let layers = &self.cameras[publisher].layers;
        let ssrc = layers[usize::from(layer) % layers.len()].ssrc;
        let timestamp = time_ms.wrapping_mul(90).wrapping_add(u32::from(skew));
        let info = rtp::rtcp::SenderInfo { ssrc, ntp, timestamp, packets: 1, octets: 1 };
        self.control(publisher, |writer| writer.sender_report(&info, &[]));
    }

    fn control(&mut self, from: usize, build: impl FnOnce(&mut Writer<'_>)) {
        let mut bytes = Vec::new();
        build(&mut Writer::new(&mut bytes));
        self.router.handle_rtcp(self.now, peer_id(from), &bytes, &mut self.oracle);
    }

    fn wait(&mut self, span: Duration) {
        let end = self.now + span;
        for _ in 0..WAKE_UPS_MAX {
            let Some(due) = self.router.poll_timeout().filter(|due| *due <= end) else {
                self.now = end;
                return;
            };
            self.now = self.now.max(due);
            self.router.handle_timeout(self.now, &mut self.oracle);
            self.answer();
        }
        panic!("the router is never done");
    }

    fn settle(&mut self) {
        self.wait(Duration::ZERO);
        while let Some(output) = self.router.poll_output() {
            if let Output::Slots { peer, slots } = output {
                for report in slots {
                    let at = SLOTS.iter().position(|at| *at == report.mid.as_str());
                    if let (Some(at), Some(peer)) = (at, peer.0.checked_sub(1)) {
                        self.states[peer as usize][at] = Some(report.state);
                    }
                }
            }
        }
    }

    /// The publishers do what they are asked for.
    fn answer(&mut self) {
        for (to, compound) in std::mem::take(&mut self.oracle.control) {
            let camera = &mut self.cameras[to.0 as usize - 1];
            for packet in rtp::rtcp::read(&compound).flatten() {
                if let Packet::PictureLossIndication(loss) = packet {
                    let layers = camera.layers.iter_mut().filter(|layer| layer.ssrc == loss.media_ssrc);
                    layers.for_each(|layer| layer.key_wanted = true);
                } else if let Packet::Nack(nack) = packet {
                    let Some(layer) = camera.layers.iter().find(|layer| layer.ssrc == nack.media_ssrc) else {
                        continue;
                    };
                    let lost: Vec<u16> = nack.lost().collect();
                    let number = |bytes: &Vec<u8>| u16::from_be_bytes([bytes[2], bytes[3]]);
                    let again = layer.sent.iter().filter(|bytes| lost.contains(&number(bytes)));
                    self.held.extend(again.take(8).map(|bytes| (to, bytes.clone())));
                }
            }
        }
    }

    /// On good paths everybody sees what they wish to see.
    fn expect_pictures(&mut self) {
        self.cameras.iter_mut().flat_map(|camera| &mut camera.layers).for_each(|layer| layer.on = true);
        for peer in 0..PEERS {
            self.control(peer, |writer| writer.remb(9, 40_000_000, &[]));
        }
        self.pictures(90);
        let before = self.counts();
        self.pictures(15);
        self.settle();
        let after = self.counts();
        for peer in 0..PEERS {
            for at in 0..2 {
                let Some(wish) = &self.wishes[peer][at] else { continue };
                let Some(track) = wish.track.filter(|_| !wish.paused) else { continue };
                let is_blocked = self.blocked[track.peer.0 as usize - 1];
                if is_blocked || self.states[peer][at] == Some(SlotState::NoBandwidth) {
                    continue;
                }
                let got = after[peer][at] - before[peer][at];
                assert!(got > 0, "slot {at} of {peer} stands still, wishing {wish:?}: {:?}", self.states[peer][at]);
            }
        }
    }

    /// Where nothing is lost, and some of the layers do not fit, what is left out leaves no trace.
    fn expect_no_holes(&mut self) {
        for bps in [60_000, 150_000, 400_000, 40_000_000] {
            for peer in 0..PEERS {
                self.control(peer, |writer| writer.remb(9, bps, &[]));
            }
            self.pictures(30);
            let drops =
                |world: &mut Self, peer| world.router.look_at(world.now, peer_id(peer)).map(|it| it.queue_drops);
            let before: [_; PEERS] = std::array::from_fn(|peer| drops(self, peer));
            let highest: [[_; 2]; PEERS] = std::array::from_fn(|peer| {
                std::array::from_fn(|at| self.oracle.highest(peer_id(peer), slot_ssrc(peer, at)))
            });
            self.pictures(20);
            for peer in 0..PEERS {
                if drops(self, peer) != before[peer] {
                    continue;
                }
                for (at, after) in highest[peer].into_iter().enumerate() {
                    let Some(after) = after else { continue };
                    let holes = self.oracle.holes(peer_id(peer), slot_ssrc(peer, at), after);
                    assert!(holes.is_empty(), "{holes:?} are missing in slot {at} of {peer} at {bps} bit/s");
                    // They may as well have been lost on the way to the subscriber: what comes again is looked at like all the rest.
                    self.nack(peer, at == 1, 15, u16::MAX);
                }
            }
        }
    }

    fn counts(&self) -> [[usize; 2]; PEERS] {
        std::array::from_fn(|peer| std::array::from_fn(|at| self.oracle.count(peer_id(peer), slot_ssrc(peer, at))))
    }

    fn millis(&self) -> u32 {
        self.now.duration_since(self.start).as_millis() as u32
    }
}

fn index(peer: u8) -> usize {
    usize::from(peer) % PEERS
}

fn peer_id(index: usize) -> PeerId {
    PeerId(index as u32 + 1)
}

fn slot_ssrc(peer: usize, slot: usize) -> u32 {
    0x7000_0000 + (peer * 16 + slot * 2) as u32
}

fn voice_ssrc(peer: usize) -> u32 {
    0x6000_0000 + peer as u32 * 2
}

const PEERS: usize = 4;

/// The video slots of everybody.
const SLOTS: [&str; 2] = ["v", "w"];

/// Enough to get anywhere, few enough to try thousands a second.
const OPERATIONS_MAX: usize = 200;

/// A router that wants to be woken up more often within one wait is stuck.
const WAKE_UPS_MAX: usize = 10_000;

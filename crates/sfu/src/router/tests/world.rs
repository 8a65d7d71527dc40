//! A room with publishers and subscribers on a clock of its own.

use std::time::{Duration, Instant};

use rtp::parameters::{
    AnnouncedSsrc, Codec, CodecName, ExtensionIds, Feedback, Kind, Mid, ReceiveParameters, Rid, SendParameters,
};
use rtp::rtcp::Writer;
use rtp::{Element, Header, Packet};

use crate::tests::epoch;
use crate::{Config, Links, Output, PeerId, Priority, Relayed, Router, Sink, Source, TrackId, Wish};

pub(crate) const ALICE: PeerId = PeerId(1);
pub(crate) const BOB: PeerId = PeerId(2);
pub(crate) const CAROL: PeerId = PeerId(3);

pub(crate) const VP8: u8 = 96;
pub(crate) const VP8_RTX: u8 = 97;
pub(crate) const OPUS: u8 = 111;

pub(crate) const EXTENSIONS: ExtensionIds = ExtensionIds::ALL;

/// The SSRCs of [`World::call`]: of Alice's camera and of Bob's slot `v`.
pub(crate) const CAMERA: u32 = 1_000;
pub(crate) const SLOT: u32 = 5_000;

/// A packet as the sink got it.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) to: PeerId,
    pub(crate) index: u64,
    pub(crate) bytes: Vec<u8>,
}

#[derive(Debug, Default)]
pub(crate) struct Recorder {
    pub(crate) rtp: Vec<Sent>,
    pub(crate) rtcp: Vec<(PeerId, Vec<u8>)>,
    pub(crate) relayed: Vec<Crossing>,
}

/// Something for a link, with its bytes.
#[derive(Debug, Clone)]
pub(crate) struct Crossing {
    pub(crate) to: Links,
    pub(crate) track: TrackId,
    relayed: Relayed<'static>,
    bytes: Vec<u8>,
}

impl Crossing {
    pub(crate) fn relayed(&self) -> Relayed<'_> {
        self.relayed.joined(&self.bytes)
    }
}

impl Sink for Recorder {
    fn send_rtp(&mut self, to: PeerId, index: u64, header: &[u8], head: &[u8], payload: &[u8]) {
        self.rtp.push(Sent { to, index, bytes: [header, head, payload].concat() });
    }

    fn send_rtcp(&mut self, to: PeerId, compound: &[u8]) {
        self.rtcp.push((to, compound.to_vec()));
    }

    fn relay(&mut self, to: Links, track: TrackId, relayed: Relayed<'_>) {
        let (relayed, bytes) = relayed.parted();
        self.relayed.push(Crossing { to, track, relayed, bytes: bytes.to_vec() });
    }
}

impl Sent {
    pub(crate) fn packet(&self) -> Packet<'_> {
        Packet::parse(&self.bytes).unwrap()
    }
}

/// A packet to be published.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Input<'a> {
    pub(crate) payload_type: u8,
    pub(crate) number: u16,
    pub(crate) timestamp: u32,
    pub(crate) marker: bool,
    pub(crate) ssrc: u32,
    pub(crate) payload: &'a [u8],
    pub(crate) elements: &'a [Element<'a>],
}

impl Input<'_> {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let header = Header {
            payload_type: self.payload_type,
            marker: self.marker,
            sequence_number: self.number,
            timestamp: self.timestamp,
            ssrc: self.ssrc,
        };
        let mut buffer = [0; 400];
        let length = header.write(&mut buffer, self.elements).unwrap();
        [&buffer[..length], self.payload].concat()
    }
}

pub(crate) struct World {
    pub(crate) router: Router,
    pub(crate) now: Instant,
    pub(crate) sink: Recorder,
}

impl World {
    pub(crate) fn new(peers: &[PeerId]) -> Self {
        Self::with(Config::default(), peers)
    }

    pub(crate) fn with(config: Config, peers: &[PeerId]) -> Self {
        let now = epoch();
        let mut router = Router::new(config, [7; 32], now);
        peers.iter().for_each(|peer| router.handle_join(now, *peer));
        Self { router, now, sink: Recorder::default() }
    }

    /// Alice publishes VP8, Bob has put it into his slot, in a tile of this size.
    pub(crate) fn call(size: (u32, u32)) -> (Self, TrackId) {
        let mut world = Self::new(&[ALICE, BOB]);
        world.slots(BOB, vec![takes("v", codec(CodecName::Vp8, 100), SLOT)]);
        let track = world.publish(ALICE, Source::Camera, sends("0", codec(CodecName::Vp8, VP8), CAMERA));
        world.wish_sized(BOB, "v", Some(track), size);
        (world, track)
    }

    /// Lets time pass, doing what becomes due.
    pub(crate) fn wait(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some(due) = self.router.poll_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.router.handle_timeout(self.now, &mut self.sink);
        }
        self.now = end;
    }

    /// Does what is due at once.
    pub(crate) fn settle(&mut self) {
        self.wait(Duration::ZERO);
    }

    pub(crate) fn publish(&mut self, peer: PeerId, source: Source, parameters: ReceiveParameters) -> TrackId {
        let track = TrackId { peer, source };
        self.router.handle_publish(self.now, track, parameters);
        self.settle();
        track
    }

    pub(crate) fn slots(&mut self, peer: PeerId, slots: Vec<SendParameters>) {
        self.router.handle_slots(self.now, peer, slots);
        self.settle();
    }

    pub(crate) fn wish(&mut self, peer: PeerId, at: &str, track: Option<TrackId>) {
        self.wish_sized(peer, at, track, (0, 0));
    }

    pub(crate) fn wish_sized(&mut self, peer: PeerId, at: &str, track: Option<TrackId>, size: (u32, u32)) {
        let (width_px, height_px) = size;
        let wish = Wish {
            mid: mid(at),
            track,
            width_px,
            height_px,
            layer_max: None,
            priority: Priority::Normal,
            paused: false,
        };
        self.router.handle_wish(self.now, peer, wish);
        self.settle();
    }

    pub(crate) fn pause(&mut self, peer: PeerId, at: &str, track: Option<TrackId>) {
        let wish = Wish {
            mid: mid(at),
            track,
            width_px: 0,
            height_px: 0,
            layer_max: None,
            priority: Priority::Normal,
            paused: true,
        };
        self.router.handle_wish(self.now, peer, wish);
        self.settle();
    }

    pub(crate) fn rtp(&mut self, from: PeerId, input: &Input<'_>) {
        self.router.handle_rtp(self.now, from, &input.bytes(), &mut self.sink);
        self.settle();
    }

    pub(crate) fn rtcp(&mut self, from: PeerId, write: impl FnOnce(&mut Writer<'_>)) {
        let mut bytes = Vec::new();
        write(&mut Writer::new(&mut bytes));
        self.router.handle_rtcp(self.now, from, &bytes, &mut self.sink);
        self.settle();
    }

    /// What a peer got since the last look.
    pub(crate) fn got(&mut self, peer: PeerId) -> Vec<Sent> {
        let (own, others) = std::mem::take(&mut self.sink.rtp).into_iter().partition(|sent| sent.to == peer);
        self.sink.rtp = others;
        own
    }

    /// The RTCP packets that a peer got since the last look.
    pub(crate) fn got_rtcp(&mut self, peer: PeerId) -> Vec<Vec<u8>> {
        let (own, others): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.sink.rtcp).into_iter().partition(|(to, _)| *to == peer);
        self.sink.rtcp = others;
        own.into_iter().map(|(_, bytes)| bytes).collect()
    }

    /// How many key frames were asked of a peer since the last look.
    pub(crate) fn asked_for_key_frames(&mut self, peer: PeerId) -> usize {
        let compounds = self.got_rtcp(peer);
        let packets = compounds.iter().flat_map(|compound| rtp::rtcp::read(compound));
        packets.filter(|packet| matches!(packet, Ok(rtp::rtcp::Packet::PictureLossIndication(_)))).count()
    }

    pub(crate) fn outputs(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.router.poll_output()).collect()
    }
}

pub(crate) fn mid(text: &str) -> Mid {
    Mid::new(text).unwrap()
}

pub(crate) fn codec(name: CodecName, payload_type: u8) -> Codec {
    let is_audio = name.kind() == Kind::Audio;
    let feedback = Feedback { nack: !is_audio, pli: !is_audio, fir: false, transport_cc: true, remb: false };
    Codec {
        name,
        payload_type,
        rtx_payload_type: (!is_audio).then_some(payload_type + 1),
        clock_rate_hz: if is_audio { 48_000 } else { 90_000 },
        channels: if is_audio { 2 } else { 1 },
        fmtp: String::new(),
        feedback,
    }
}

pub(crate) fn sends(at: &str, codec: Codec, ssrc: u32) -> ReceiveParameters {
    let rtx = codec.rtx_payload_type.map(|_| ssrc + 1);
    ReceiveParameters {
        mid: mid(at),
        kind: codec.name.kind(),
        codecs: [codec].into(),
        extensions: EXTENSIONS,
        rids: Vec::new(),
        ssrcs: vec![AnnouncedSsrc { media: ssrc, rtx }],
        encrypted: false,
    }
}

pub(crate) fn sends_simulcast(at: &str, codec: Codec) -> ReceiveParameters {
    let rids = ["q", "h", "f"].into_iter().filter_map(Rid::new).collect();
    ReceiveParameters { rids, ssrcs: Vec::new(), ..sends(at, codec, 0) }
}

pub(crate) fn takes(at: &str, codec: Codec, ssrc: u32) -> SendParameters {
    SendParameters {
        mid: mid(at),
        kind: codec.name.kind(),
        codecs: [codec].into(),
        extensions: EXTENSIONS,
        ssrc,
        rtx_ssrc: ssrc + 1,
    }
}

/// A VP8 payload: descriptor with all fields, one byte of payload header, and some more.
pub(crate) fn vp8(picture: u16, base: u8, temporal: u8, key: bool, start: bool) -> Vec<u8> {
    let [high, low] = (picture | 0x8000).to_be_bytes();
    let sync = if temporal > 0 { 0x20 } else { 0 };
    let first = 0x80 | if start { 0x10 } else { 0 };
    vec![first, 0xf0, high, low, base, temporal << 6 | sync, u8::from(!key), 0xaa, 0xbb, 0xcc]
}

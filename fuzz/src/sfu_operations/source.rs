//! Publishers as the router sees them: encoders with layers, whose packets tell what they are so that the other end can be checked.

use rtp::parameters::{
    AnnouncedSsrc, Codec, CodecName, ExtensionIds, Feedback, Kind, Mid, ReceiveParameters, Rid, SendParameters,
};
use rtp::{Element, Header};

/// What stands at the end of each payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) codec: CodecName,
    pub(super) publisher: u8,
    pub(super) layer: u8,
    /// How often the publisher has begun anew.
    pub(super) generation: u8,
    /// Counts the frames of the layer, all its spatial layers together.
    pub(super) frame: u16,
    /// Which packet of the frame, of how many.
    pub(super) packet: u8,
    pub(super) packets: u8,
    pub(super) key: bool,
    pub(super) temporal: u8,
    pub(super) spatial: u8,
    /// How many frames back those are that this one needs; 0 is none.
    pub(super) references: [u8; 3],
}

/// What is published, one kind for each publisher.
pub(super) const CODECS: [CodecName; 4] = [CodecName::Vp8, CodecName::Vp9, CodecName::Av1, CodecName::H264];

/// Everything that a publisher has.
#[derive(Debug)]
pub(super) struct Camera {
    pub(super) codec: CodecName,
    pub(super) publisher: u8,
    pub(super) generation: u8,
    pub(super) layers: Vec<Encoder>,
}

/// One layer of simulcast.
#[derive(Debug)]
pub(super) struct Encoder {
    pub(super) ssrc: u32,
    pub(super) on: bool,
    pub(super) key_wanted: bool,
    number: u16,
    frame: u16,
    picture: u16,
    base: u8,
    key_index: u8,
    /// Pictures since the last key picture.
    since_key: u16,
    timestamp_offset: u32,
    /// The latest packets, to be sent again.
    pub(super) sent: Vec<Vec<u8>>,
}

pub(super) const EXTENSIONS: ExtensionIds = ExtensionIds::ALL;

impl Camera {
    pub(super) fn new(publisher: u8, generation: u8) -> Self {
        let codec = CODECS[usize::from(publisher) % CODECS.len()];
        let count = if codec == CodecName::Vp9 { 1 } else { 3 };
        let encoder = |layer: u32| {
            let seed = u32::from(publisher) * 1_000 + u32::from(generation) * 77 + layer * 13;
            Encoder {
                ssrc: 0x1000_0000 + u32::from(publisher) * 0x1_0000 + u32::from(generation) * 0x100 + layer * 2,
                on: true,
                key_wanted: true,
                number: (seed * 31_337 % 65_536) as u16,
                frame: (seed * 7_919 % 65_536) as u16,
                picture: (seed * 104_729 % 32_768) as u16,
                base: (seed % 256) as u8,
                key_index: (seed % 32) as u8,
                since_key: 0,
                timestamp_offset: seed.wrapping_mul(2_654_435_761),
                sent: Vec::new(),
            }
        };
        Self { codec, publisher, generation, layers: (0..count).map(encoder).collect() }
    }

    pub(super) fn parameters(&self) -> ReceiveParameters {
        let rids =
            if self.layers.len() > 1 { ["q", "h", "f"].into_iter().filter_map(Rid::new).collect() } else { Vec::new() };
        let one = self.layers.first().filter(|_| self.layers.len() == 1);
        let announced = one.map(|encoder| AnnouncedSsrc { media: encoder.ssrc, rtx: Some(encoder.ssrc + 1) });
        ReceiveParameters {
            mid: Mid::new("0").expect("a token"),
            kind: Kind::Video,
            codecs: [codec(self.codec)].into(),
            extensions: EXTENSIONS,
            rids,
            ssrcs: announced.into_iter().collect(),
            encrypted: false,
        }
    }

    /// The packets of one picture of a layer at this time, `packets` for each frame.
    pub(super) fn picture(&mut self, layer: usize, time_ms: u32, packets: u8) -> Vec<Vec<u8>> {
        let (codec, publisher, generation) = (self.codec, self.publisher, self.generation);
        let simulcast = self.layers.len() > 1;
        let encoder = &mut self.layers[layer];
        let key = std::mem::take(&mut encoder.key_wanted);
        encoder.since_key = if key { 0 } else { encoder.since_key + 1 };
        encoder.picture = (encoder.picture + 1) & 0x7fff;
        encoder.key_index = (encoder.key_index + u8::from(key)) & 0x1f;
        let spatials: u8 = if codec == CodecName::Vp9 { 2 } else { 1 };
        let temporal = if has_temporal_layers(codec) { step_of(encoder.since_key).temporal } else { 0 };
        encoder.base = encoder.base.wrapping_add(u8::from(temporal == 0));
        let mut all = Vec::new();
        for spatial in 0..spatials {
            encoder.frame = encoder.frame.wrapping_add(1);
            for packet in 0..packets {
                let stamp = Stamp {
                    codec,
                    publisher,
                    layer: layer as u8,
                    generation,
                    frame: encoder.frame,
                    packet,
                    packets,
                    key: key && spatial == 0,
                    temporal,
                    spatial,
                    references: references(codec, encoder.since_key, spatial, key),
                };
                let is_last = packet + 1 == packets && spatial + 1 == spatials;
                let bytes = encoder.packet(&stamp, time_ms.wrapping_mul(90), is_last, simulcast);
                all.push(bytes);
            }
        }
        all
    }
}

impl Encoder {
    fn packet(&mut self, stamp: &Stamp, time: u32, marker: bool, simulcast: bool) -> Vec<u8> {
        self.number = self.number.wrapping_add(1);
        let payload = [self.descriptor(stamp), stamp.bytes().to_vec()].concat();
        let descriptor =
            if stamp.codec == CodecName::Av1 { dependency_descriptor(stamp, self.since_key) } else { Vec::new() };
        let mut elements = vec![Element { id: 1, data: b"0" }];
        let rid = ["q", "h", "f"][usize::from(stamp.layer)];
        if simulcast {
            elements.push(Element { id: 2, data: rid.as_bytes() });
        }
        if !descriptor.is_empty() {
            elements.push(Element { id: 7, data: &descriptor });
        }
        let header = Header {
            payload_type: payload_type(stamp.codec),
            marker,
            sequence_number: self.number,
            timestamp: self.timestamp_offset.wrapping_add(time),
            ssrc: self.ssrc,
        };
        let bytes = write(&header, &elements, &payload);
        self.sent.push(bytes.clone());
        if self.sent.len() > 64 {
            self.sent.remove(0);
        }
        bytes
    }

    /// Refers to lower temporal layers only: the sync bit of VP8 (RFC 7741 §4.2), and what encoders of VP9 call a switching up point.
    fn is_sync(&self, stamp: &Stamp) -> bool {
        let lower = |back: u8| back == 0 || step_of(self.since_key - u16::from(back)).temporal < stamp.temporal;
        !stamp.key && stamp.temporal > 0 && step_of(self.since_key).back.into_iter().all(lower)
    }

    fn descriptor(&self, stamp: &Stamp) -> Vec<u8> {
        let [high, low] = (self.picture | 0x8000).to_be_bytes();
        let begins = stamp.packet == 0;
        let ends = stamp.packet + 1 == stamp.packets;
        match stamp.codec {
            CodecName::Vp8 => {
                let layers = stamp.temporal << 6 | u8::from(self.is_sync(stamp)) << 5 | self.key_index;
                let start = if begins { 0x10 } else { 0 };
                vec![0x80 | start, 0xf0, high, low, self.base, layers, u8::from(!stamp.key)]
            }
            CodecName::Vp9 => {
                let inter = if stamp.references.iter().any(|back| *back > 1) { 0x40 } else { 0 };
                let first = 0x80 | 0x20 | inter | if begins { 0x08 } else { 0 } | if ends { 0x04 } else { 0 };
                let up = u8::from(self.is_sync(stamp)) << 4;
                let layer = stamp.temporal << 5 | up | stamp.spatial << 1 | u8::from(stamp.spatial > 0);
                vec![first, high, low, layer, self.base]
            }
            CodecName::Av1 => vec![0x10 | if stamp.key && begins { 0x08 } else { 0 }],
            CodecName::H264 if stamp.key && begins => vec![0x67],
            CodecName::H264 if stamp.key => vec![0x65],
            CodecName::H264
            | CodecName::H265
            | CodecName::Opus
            | CodecName::Red
            | CodecName::Pcmu
            | CodecName::Pcma => vec![0x41],
        }
    }
}

/// One picture of the pattern of temporal layers, which has eight.
#[derive(Debug, Clone, Copy)]
struct Step {
    temporal: u8,
    /// How many pictures back those are that it refers to.
    back: [u8; 2],
    /// Which template of the dependency descriptor it is.
    template: u8,
}

/// Three temporal layers, each of which goes on from its own last picture. Only the first half of the pattern goes on from the lowest layer
/// alone, so that there a viewer can climb, and nowhere else.
const PATTERN: [Step; 8] = [
    Step { temporal: 0, back: [4, 0], template: 1 },
    Step { temporal: 2, back: [1, 0], template: 5 },
    Step { temporal: 1, back: [2, 0], template: 3 },
    Step { temporal: 2, back: [1, 2], template: 6 },
    Step { temporal: 0, back: [4, 0], template: 2 },
    Step { temporal: 2, back: [1, 2], template: 6 },
    Step { temporal: 1, back: [2, 4], template: 4 },
    Step { temporal: 2, back: [1, 2], template: 6 },
];

/// The templates of [`PATTERN`] (A.8.3 of the AV1 RTP payload format), the first for key frames: their temporal layer, what they are to the
/// three decode targets (0 not present, 2 switch, 3 required), and how many frames back their references are. A frame is a switch where all
/// that follows can be decoded if it can itself, which does not say that it can.
const TEMPLATES: [(u8, [u32; 3], &[u32]); 7] = [
    (0, [2, 2, 2], &[]),
    (0, [2, 2, 2], &[4]),
    (0, [2, 3, 3], &[4]),
    (1, [0, 2, 3], &[2]),
    (1, [0, 2, 3], &[2, 4]),
    (2, [0, 0, 2], &[1]),
    (2, [0, 0, 2], &[1, 2]),
];

fn step_of(since_key: u16) -> Step {
    PATTERN[usize::from(since_key) % PATTERN.len()]
}

fn has_temporal_layers(codec: CodecName) -> bool {
    matches!(codec, CodecName::Vp8 | CodecName::Vp9 | CodecName::Av1)
}

/// How many frames back those are that a frame refers to.
fn references(codec: CodecName, since_key: u16, spatial: u8, key: bool) -> [u8; 3] {
    let [one, other] = if has_temporal_layers(codec) { step_of(since_key).back } else { [1, 0] };
    match (codec, spatial) {
        (CodecName::Vp9, 0) if !key => [one * 2, other * 2, 0],
        // The upper spatial layer begins anew where a viewer can go on from there, and also where none can, as what follows does not.
        (CodecName::Vp9, 1) if key || matches!(since_key % 16, 8 | 13) => [1, 0, 0],
        (CodecName::Vp9, _) if !key => [1, one * 2, other * 2],
        _ if key => [0; 3],
        _ => [one, other, 0],
    }
}

/// One spatial and three temporal layers (L1T3).
fn dependency_descriptor(stamp: &Stamp, since_key: u16) -> Vec<u8> {
    let template = if stamp.key { 0 } else { step_of(since_key).template };
    let mut bits: Vec<(u32, u8)> = vec![
        (u32::from(stamp.packet == 0), 1),
        (u32::from(stamp.packet + 1 == stamp.packets), 1),
        (template.into(), 6),
        (u32::from(stamp.frame), 16),
    ];
    if stamp.key && stamp.packet == 0 {
        // A structure and nothing else; template ids from 0, three decode targets.
        bits.extend([(0b10000, 5), (0, 6), (2, 5)]);
        let following = TEMPLATES.iter().skip(1).map(|(temporal, ..)| temporal);
        let steps = TEMPLATES.iter().zip(following).map(|((temporal, ..), next)| (u32::from(next - temporal), 2));
        // In the same layer, in the next temporal one; 3 is the end.
        bits.extend(steps.chain([(3, 2)]));
        bits.extend(TEMPLATES.iter().flat_map(|(_, indications, _)| indications.map(|indication| (indication, 2))));
        for (.., back) in TEMPLATES {
            bits.extend(back.iter().flat_map(|back| [(1, 1), (back - 1, 4)]).chain([(0, 1)]));
        }
        // No chains (ns of 4 values), no resolutions.
        bits.extend([(0, 2), (0, 1)]);
    }
    let mut bytes = Vec::new();
    let (mut byte, mut filled) = (0_u8, 0);
    for (value, width) in bits {
        for bit in (0..width).rev() {
            byte = byte << 1 | (value >> bit & 1) as u8;
            filled += 1;
            if filled == 8 {
                bytes.push(byte);
                (byte, filled) = (0, 0);
            }
        }
    }
    if filled > 0 {
        bytes.push(byte << (8 - filled));
    }
    bytes
}

impl Stamp {
    fn bytes(&self) -> [u8; STAMP_BYTES] {
        let codec = CODECS.iter().position(|codec| *codec == self.codec).unwrap_or(0) as u8;
        let [high, low] = self.frame.to_be_bytes();
        let flags = u8::from(self.key) | self.temporal << 1 | self.spatial << 4;
        let [one, other, third] = self.references;
        [
            codec,
            self.publisher,
            self.layer,
            self.generation,
            high,
            low,
            self.packet,
            self.packets,
            flags,
            one,
            other,
            third,
            MAGIC,
        ]
    }

    pub(super) fn read(payload: &[u8]) -> Option<Self> {
        let (_, bytes) = payload.split_last_chunk::<STAMP_BYTES>()?;
        let [codec, publisher, layer, generation, high, low, packet, packets, flags, one, other, third, magic] = *bytes;
        (magic == MAGIC).then_some(Self {
            codec: CODECS[usize::from(codec) % CODECS.len()],
            publisher,
            layer,
            generation,
            frame: u16::from_be_bytes([high, low]),
            packet,
            packets,
            key: flags & 1 != 0,
            temporal: flags >> 1 & 7,
            spatial: flags >> 4,
            references: [one, other, third],
        })
    }
}

pub(super) fn write(header: &Header, elements: &[Element<'_>], payload: &[u8]) -> Vec<u8> {
    let mut buffer = [0; 300];
    let length = header.write(&mut buffer, elements).expect("the elements are small");
    [&buffer[..length], payload].concat()
}

pub(super) fn payload_type(name: CodecName) -> u8 {
    match name {
        CodecName::Vp8 => 96,
        CodecName::Vp9 => 98,
        CodecName::Av1 => 100,
        CodecName::H264 => 102,
        CodecName::H265 => 104,
        CodecName::Opus | CodecName::Red | CodecName::Pcmu | CodecName::Pcma => 111,
    }
}

pub(super) fn codec(name: CodecName) -> Codec {
    let is_audio = name.kind() == Kind::Audio;
    Codec {
        name,
        payload_type: payload_type(name),
        rtx_payload_type: (!is_audio).then(|| payload_type(name) + 1),
        clock_rate_hz: if is_audio { 48_000 } else { 90_000 },
        channels: if is_audio { 2 } else { 1 },
        fmtp: String::new(),
        feedback: Feedback { nack: true, pli: !is_audio, fir: false, transport_cc: true, remb: false },
    }
}

/// A slot that takes everything of its kind.
pub(super) fn slot(at: &str, kind: Kind, ssrc: u32) -> SendParameters {
    let codecs = match kind {
        Kind::Audio => vec![codec(CodecName::Opus)],
        Kind::Video => CODECS.into_iter().map(codec).collect(),
    };
    SendParameters {
        mid: Mid::new(at).expect("a token"),
        kind,
        codecs: codecs.into(),
        extensions: EXTENSIONS,
        ssrc,
        rtx_ssrc: ssrc + 1,
    }
}

const STAMP_BYTES: usize = 13;
const MAGIC: u8 = 0xd7;

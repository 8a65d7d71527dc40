//! What a subscriber gets, looked at as its decoder does: one continuous stream that begins with a key frame and goes on with frames
//! whose references were all there.

use std::collections::{BTreeMap, BTreeSet};

use rtp::extension::dependency_descriptor::{Descriptor, Indication, Structure};
use rtp::parameters::{CodecName, Kind};
use rtp::payload::{PictureId, vp8, vp9};
use rtp::{Extensions, Packet};
use sfu::{PeerId, Sink};

use super::source::{EXTENSIONS, Stamp, payload_type};

/// All subscribers.
#[derive(Debug, Default)]
pub(super) struct Oracle {
    streams: BTreeMap<(PeerId, u32), Received>,
    /// What slots there ever were: their kind by SSRC, and the SSRC of retransmissions.
    slots: BTreeMap<u32, Kind>,
    /// RTCP to peers, for the publishers to follow.
    pub(super) control: Vec<(PeerId, Vec<u8>)>,
}

/// One SSRC at one subscriber.
#[derive(Debug, Default)]
struct Received {
    /// By index, media as it was sent first or again.
    packets: BTreeMap<u64, Vec<u8>>,
    /// Indices that were used: each only once, or the cipher is broken.
    used: BTreeSet<u64>,
}

/// Where the decoder is.
#[derive(Debug, Default)]
struct Decoder {
    begun: bool,
    /// The stream that was entered, and which of its frames are there, with their outgoing numbers.
    frames: BTreeMap<u16, Option<u16>>,
    last: Option<(Stamp, Numbers)>,
    /// The highest timestamp, though frames may be missing.
    timestamp: Option<u32>,
    /// What explains the dependency descriptors.
    structure: Option<Box<Structure>>,
}

/// The numbers of a packet that the router rewrites.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Numbers {
    index: u64,
    timestamp: u32,
    marker: bool,
    picture: Option<u16>,
    base: Option<u8>,
    key_index: Option<u8>,
    number: Option<u16>,
}

impl Sink for Oracle {
    fn send_rtp(&mut self, to: PeerId, index: u64, header: &[u8], head: &[u8], payload: &[u8]) {
        let bytes = [header, head, payload].concat();
        let packet = Packet::parse(&bytes).expect("what goes out can be read");
        assert_eq!(packet.sequence_number(), index as u16, "the index is that of the packet");
        let ssrc = packet.ssrc();
        let is_media = self.slots.contains_key(&ssrc);
        assert!(is_media || self.slots.contains_key(&ssrc.wrapping_sub(1)), "the SSRC {ssrc} was never negotiated");
        let received = self.streams.entry((to, ssrc)).or_default();
        assert!(received.used.insert(index), "index {index} of {ssrc} was used twice");
        if is_media {
            received.packets.insert(index, bytes);
        } else if let Some((number, again)) = original(&packet, header.len()) {
            self.streams.entry((to, ssrc.wrapping_sub(1))).or_default().take_again(number, again);
        }
    }

    fn send_rtcp(&mut self, to: PeerId, compound: &[u8]) {
        for packet in rtp::rtcp::read(compound) {
            packet.expect("what goes out can be read");
        }
        self.control.push((to, compound.to_vec()));
    }
}

impl Received {
    /// What is sent again is what was sent; what was not sent before, as it waited too long, is a packet like any other.
    fn take_again(&mut self, number: u16, again: Vec<u8>) {
        let Some((highest, _)) = self.packets.last_key_value() else { return };
        let back = u64::from((*highest as u16).wrapping_sub(number));
        // One that is ahead has waited for its turn, and is looked at when it comes.
        let Some(index) = highest.checked_sub(back).filter(|_| back < 1 << 15) else { return };
        let Some(first) = self.packets.get(&index) else {
            self.packets.insert(index, again);
            return;
        };
        let (first, again) = (Packet::parse(first).expect("read before"), Packet::parse(&again).expect("as long"));
        let numbers = |packet: &Packet<'_>| {
            let codec = Stamp::read(packet.payload()).expect("what goes out was published").codec;
            Numbers::read(index, packet, codec)
        };
        assert_eq!(numbers(&first), numbers(&again), "what is sent again has the numbers that it had");
        assert_eq!(first.payload(), again.payload(), "what is sent again is what was sent");
        assert_eq!(first.payload_type(), again.payload_type(), "a retransmission names the codec of what it repeats");
    }
}

/// The packet inside a retransmission (RFC 4588 §4), with its number; `None` of padding and of what only says that nothing comes.
fn original(packet: &Packet<'_>, header_bytes: usize) -> Option<(u16, Vec<u8>)> {
    let (number, payload) = packet.payload().split_first_chunk::<2>().filter(|(_, payload)| !payload.is_empty())?;
    let mut bytes = [packet.bytes().get(..header_bytes)?, payload].concat();
    bytes[1] -= 1;
    bytes[2..4].copy_from_slice(number);
    bytes[8..12].copy_from_slice(&packet.ssrc().wrapping_sub(1).to_be_bytes());
    Some((u16::from_be_bytes(*number), bytes))
}

impl Oracle {
    pub(super) fn expect_slot(&mut self, ssrc: u32, kind: Kind) {
        self.slots.insert(ssrc, kind);
    }

    /// A peer leaves: who comes back under its name has other keys, so that indices may be used again.
    pub(super) fn leave(&mut self, peer: PeerId) {
        self.check();
        self.streams.retain(|(to, _), _| *to != peer);
    }

    /// The lower bits of the latest numbers that a subscriber got, to be asked for again.
    pub(super) fn latest(&self, to: PeerId, ssrc: u32) -> Option<u16> {
        let received = self.streams.get(&(to, ssrc))?;
        received.packets.last_key_value().map(|(index, _)| *index as u16)
    }

    /// How many media packets a subscriber got in one slot.
    pub(super) fn count(&self, to: PeerId, ssrc: u32) -> usize {
        self.streams.get(&(to, ssrc)).map_or(0, |received| received.packets.len())
    }

    /// The highest index that a subscriber got in one slot.
    pub(super) fn highest(&self, to: PeerId, ssrc: u32) -> Option<u64> {
        Some(*self.streams.get(&(to, ssrc))?.packets.last_key_value()?.0)
    }

    /// Indices behind `after` that are missing although nothing was lost. Where a key frame begins what waited before it may be left out.
    pub(super) fn holes(&self, to: PeerId, ssrc: u32, after: u64) -> Vec<u64> {
        let Some(received) = self.streams.get(&(to, ssrc)) else { return Vec::new() };
        let packets = received.packets.range(after..);
        let following = packets.clone().skip(1);
        let holes = packets.zip(following).filter(|((before, _), (index, bytes))| {
            let packet = Packet::parse(bytes).expect("read before");
            let stamp = Stamp::read(packet.payload()).expect("what goes out was published");
            **before + 1 != **index && !(stamp.key && stamp.packet == 0)
        });
        holes.map(|((before, _), _)| before + 1).collect()
    }

    /// Looks at everything that was received.
    pub(super) fn check(&self) {
        for ((_, ssrc), received) in &self.streams {
            match self.slots.get(ssrc) {
                Some(Kind::Video) => check_video(received),
                Some(Kind::Audio) => check_audio(received),
                None => {}
            }
        }
    }
}

/// Timestamps of sound go on.
fn check_audio(received: &Received) {
    let mut before: Option<u32> = None;
    for bytes in received.packets.values() {
        let packet = Packet::parse(bytes).expect("read before");
        let step = before.map_or(1, |before| packet.timestamp().wrapping_sub(before));
        assert!(step > 0 && step < 1 << 31, "sound goes back in time");
        before = Some(packet.timestamp());
    }
}

fn check_video(received: &Received) {
    let mut decoder = Decoder::default();
    for (index, bytes) in &received.packets {
        let packet = Packet::parse(bytes).expect("read before");
        let stamp = Stamp::read(packet.payload()).expect("what goes out was published");
        assert_eq!(packet.payload_type(), payload_type(stamp.codec));
        decoder.check_targets(&packet, &stamp);
        decoder.take(stamp, Numbers::read(*index, &packet, stamp.codec));
    }
}

impl Decoder {
    /// What a dependency descriptor says of the active decode targets is true: the frame belongs to one of them.
    fn check_targets(&mut self, packet: &Packet<'_>, stamp: &Stamp) {
        let Some(data) = Extensions::read(packet, &EXTENSIONS).dependency_descriptor else { return };
        let Ok(descriptor) = Descriptor::parse(data, &mut self.structure) else { return };
        let Some(active) = descriptor.active_decode_targets else { return };
        let is_wanted = |target: u8| descriptor.indications.of(target) != Indication::NotPresent;
        assert!((0..32).any(|target| active >> target & 1 == 1 && is_wanted(target)), "{stamp:?} is not active");
    }

    fn take(&mut self, stamp: Stamp, numbers: Numbers) {
        let is_key_start = stamp.key && stamp.packet == 0;
        let timestamp = self.timestamp.unwrap_or_else(|| numbers.timestamp.wrapping_sub(1));
        let step = numbers.timestamp.wrapping_sub(timestamp);
        assert!(step < 1 << 31, "time goes back at {stamp:?}");
        self.timestamp = Some(numbers.timestamp);
        match self.last {
            Some((before, last)) if last.index + 1 == numbers.index => {
                if before.stream() == stamp.stream() && before.frame == stamp.frame {
                    check_same_frame(&before, &last, &stamp, &numbers);
                } else {
                    self.check_next_frame((&before, &last), (&stamp, &numbers), step);
                }
            }
            // Something is missing: nothing is decoded until a key frame.
            Some(_) | None if !is_key_start => {
                assert!(self.begun, "begins at {stamp:?}");
                self.last = None;
                self.frames.clear();
                return;
            }
            Some(_) | None => self.frames.clear(),
        }
        self.begun = true;
        if is_key_start {
            self.frames.clear();
        }
        if stamp.packet + 1 == stamp.packets {
            self.frames.insert(stamp.frame, numbers.number);
        }
        self.last = Some((stamp, numbers));
    }

    /// The first packet of a frame right behind the last one of another.
    fn check_next_frame(&self, (before, last): (&Stamp, &Numbers), (stamp, numbers): (&Stamp, &Numbers), step: u32) {
        assert_eq!(stamp.packet, 0, "a frame without its start: {stamp:?} behind {before:?}");
        let was_whole = before.packet + 1 == before.packets;
        let is_entry = before.stream() != stamp.stream() || !was_whole;
        assert!(was_whole || stamp.key, "{before:?} was cut off by {stamp:?}");
        assert!(!is_entry || stamp.key, "another stream begins without a key frame: {stamp:?} behind {before:?}");
        let same_picture = !is_entry && stamp.spatial > 0;
        assert_eq!(step == 0, same_picture, "timestamps are those of pictures: {stamp:?} behind {before:?}");
        // A stream that is left may be left within a picture, between its spatial layers as well, where a mute stops it and a key picture goes
        // on; and an upper layer may come in where it refers to nothing but the lower one.
        let is_entry_anew = stamp.key && before.codec == CodecName::Vp9 && before.spatial == 0;
        let is_wider = same_picture && stamp.references.iter().all(|back| *back < 2);
        assert!(
            is_entry || is_entry_anew || is_wider || last.marker != same_picture,
            "the marker ends pictures: {before:?} before {stamp:?}"
        );
        for back in stamp.references.into_iter().filter(|back| *back > 0) {
            let reference = stamp.frame.wrapping_sub(u16::from(back));
            let number = self.frames.get(&reference);
            assert!(number.is_some(), "{stamp:?} cannot be decoded");
            if let (Some(Some(reference)), Some(number)) = (number, numbers.number) {
                assert_eq!(number.wrapping_sub(*reference), u16::from(back), "frame numbers tell distances");
            }
        }
        if let (Some(picture), Some(last)) = (numbers.picture, last.picture.filter(|_| numbers.is_like(last))) {
            let step = picture.wrapping_sub(last) & 0x7fff;
            let is_next = step == u16::from(!same_picture);
            // Pictures of VP9 refer to others by the difference of their ids: those that are left out keep theirs.
            let is_apart = !is_entry && stamp.codec == CodecName::Vp9;
            let expected = if is_apart && !stamp.key { step == stamp.pictures_since(before) } else { is_next };
            assert!(expected || (is_apart && stamp.key), "PictureIDs are continuous at {stamp:?}: {step} more");
        }
        if let (Some(base), Some(before)) = (numbers.base, last.base.filter(|_| numbers.is_like(last))) {
            let is_base = stamp.temporal == 0 && !same_picture;
            assert_eq!(base, before.wrapping_add(u8::from(is_base)), "TL0PICIDX counts the lowest layer at {stamp:?}");
        }
        if let (Some(key), Some(before)) = (numbers.key_index, last.key_index.filter(|_| numbers.is_like(last))) {
            assert_eq!(key, (before + u8::from(stamp.key)) & 0x1f, "KEYIDX counts key frames at {stamp:?}");
        }
        if let (Some(number), Some(before)) = (numbers.number, last.number) {
            let step = number.wrapping_sub(before);
            assert!(step > 0 && step < 1 << 15, "frame numbers grow at {stamp:?}");
        }
    }
}

fn check_same_frame(before: &Stamp, last: &Numbers, stamp: &Stamp, numbers: &Numbers) {
    assert_eq!(stamp.packet, before.packet + 1, "packets of a frame are in order");
    assert!(!last.marker, "the marker stands at the end");
    let shared = |numbers: &Numbers| (numbers.timestamp, numbers.picture, numbers.base, numbers.number);
    assert_eq!(shared(last), shared(numbers), "a frame has one set of numbers: {stamp:?}");
}

impl Numbers {
    fn read(index: u64, packet: &Packet<'_>, codec: CodecName) -> Self {
        let mut numbers = Self {
            index,
            timestamp: packet.timestamp(),
            marker: packet.marker(),
            picture: None,
            base: None,
            key_index: None,
            number: None,
        };
        if codec == CodecName::Vp8 {
            let descriptor = vp8::Descriptor::parse(packet.payload()).expect("the descriptor is whole");
            numbers.picture = descriptor.picture_id.map(PictureId::value);
            numbers.base = descriptor.tl0_picture_index;
            numbers.key_index = descriptor.key_index;
        } else if codec == CodecName::Vp9 {
            let descriptor = vp9::Descriptor::parse(packet.payload()).expect("the descriptor is whole");
            numbers.picture = descriptor.picture_id.map(PictureId::value);
            numbers.base = descriptor.tl0_picture_index;
        }
        let descriptor = Extensions::read(packet, &EXTENSIONS).dependency_descriptor;
        numbers.number = descriptor.and_then(|data| Some(u16::from_be_bytes([*data.get(1)?, *data.get(2)?])));
        numbers
    }

    /// Of the same codec.
    fn is_like(&self, other: &Self) -> bool {
        self.picture.is_some() == other.picture.is_some() && self.key_index.is_some() == other.key_index.is_some()
    }
}

impl Stamp {
    fn stream(&self) -> (u8, u8, u8) {
        (self.publisher, self.layer, self.generation)
    }

    /// How many pictures of two spatial layers before this one another of its stream was made.
    fn pictures_since(&self, before: &Self) -> u16 {
        let first = |stamp: &Self| stamp.frame.wrapping_sub(stamp.spatial.into());
        first(self).wrapping_sub(first(before)) / 2
    }
}

//! Synthetic pictures: VP8 to whoever looks at descriptors, and with a stamp that tells the truth to the simulator.

use std::time::Duration;

use rtp::payload::PictureId;
use rtp::payload::vp8::Descriptor;

/// What a packet of a picture truly is. A member who decodes only what it should never sees a reference that it does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    /// Who was filmed.
    pub(super) publisher: u32,
    /// 0 is the smallest.
    pub(super) layer: u8,
    /// Counts the frames of the layer.
    pub(super) frame: u32,
    /// The frame that it refers to; of no meaning in a key frame.
    pub(super) reference: u32,
    pub(super) key: bool,
    /// Since the beginning of the run.
    pub(super) captured: Duration,
}

/// A frame to be cut into packets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Picture {
    pub(super) stamp: Stamp,
    pub(super) picture_id: u16,
    pub(super) tl0_picture_index: u8,
    pub(super) key_index: u8,
    pub(super) temporal: u8,
    pub(super) bytes: usize,
}

impl Stamp {
    const BYTES: usize = 22;

    fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..4].copy_from_slice(&self.publisher.to_be_bytes());
        bytes[4] = self.layer;
        bytes[5] = u8::from(self.key);
        bytes[6..10].copy_from_slice(&self.frame.to_be_bytes());
        bytes[10..14].copy_from_slice(&self.reference.to_be_bytes());
        bytes[14..22].copy_from_slice(&(self.captured.as_micros() as u64).to_be_bytes());
        bytes
    }

    /// Reads the stamp of a packet whose descriptor is this.
    pub(super) fn read(descriptor: &Descriptor, payload: &[u8]) -> Option<Self> {
        let at = descriptor.length + if descriptor.is_start_of_frame() { FRAME_HEADER_BYTES } else { 0 };
        let bytes = payload.get(at..)?.first_chunk::<{ Self::BYTES }>()?;
        let word = |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let micros = (u64::from(word(14)) << 32) | u64::from(word(18));
        Some(Self {
            publisher: word(0),
            layer: bytes[4],
            key: bytes[5] == 1,
            frame: word(6),
            reference: word(10),
            captured: Duration::from_micros(micros),
        })
    }
}

impl Picture {
    /// The payloads of its packets, equal in size but for rounding.
    pub(super) fn payloads(&self) -> Vec<Vec<u8>> {
        let count = self.bytes.div_ceil(PAYLOAD_BYTES_MAX).max(1);
        let share = (self.bytes / count).max(Stamp::BYTES + FRAME_HEADER_BYTES);
        (0..count).map(|index| self.payload(index == 0, share)).collect()
    }

    fn payload(&self, first: bool, bytes: usize) -> Vec<u8> {
        let mut payload = self.descriptor(first);
        let end = payload.len() + bytes;
        if first {
            // RFC 6386 §9.1: the lowest bit is 0 in a key frame; then start code and size follow.
            payload.push(u8::from(!self.stamp.key));
            payload.extend_from_slice(&[0, 0]);
            let [width, height] = SIZES[usize::from(self.stamp.layer)];
            if self.stamp.key {
                payload.extend_from_slice(&[0x9d, 0x01, 0x2a]);
                payload.extend_from_slice(&width.to_le_bytes());
                payload.extend_from_slice(&height.to_le_bytes());
            } else {
                payload.extend_from_slice(&[0; 7]);
            }
        }
        payload.extend_from_slice(&self.stamp.to_bytes());
        payload.resize(end, 0);
        payload
    }

    /// RFC 7741 §4.2 with picture id, index of the lowest temporal layer, temporal id and key index.
    fn descriptor(&self, first: bool) -> Vec<u8> {
        let non_reference = if self.temporal > 0 { 0x20 } else { 0 };
        let start = if first { 0x10 } else { 0 };
        let [high, low] = PictureId::Long(self.picture_id & 0x7fff).value().to_be_bytes();
        let sync = if self.temporal > 0 { 0x20 } else { 0 };
        vec![
            0x80 | non_reference | start,
            0xf0,
            0x80 | high,
            low,
            self.tl0_picture_index,
            (self.temporal << 6) | sync | (self.key_index & 0x1f),
        ]
    }
}

/// Encrypts a payload, descriptor and all: whoever looks at the bytes learns nothing. Members have the key.
pub(super) fn encrypt(payload: &mut Vec<u8>) {
    payload.iter_mut().for_each(|byte| *byte ^= KEY);
    payload.insert(0, ENCRYPTED);
}

/// The payload if it was encrypted.
pub(super) fn decrypt(payload: &[u8]) -> Option<Vec<u8>> {
    let (_, rest) = payload.split_first().filter(|(first, _)| **first == ENCRYPTED)?;
    Some(rest.iter().map(|byte| byte ^ KEY).collect())
}

/// No descriptor of these pictures begins like this.
const ENCRYPTED: u8 = 0xff;

/// Enough where nobody tries.
const KEY: u8 = 0x5a;

/// RFC 6386 §9.1.
const FRAME_HEADER_BYTES: usize = 10;

/// As browsers cut.
const PAYLOAD_BYTES_MAX: usize = 1_100;

/// Width and height of the layers.
pub(super) const SIZES: [[u16; 2]; 3] = [[320, 180], [640, 360], [1280, 720]];

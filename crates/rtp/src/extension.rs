//! The contents of header extensions, and [`Extensions`]: those of one packet, found in one pass.

pub mod dependency_descriptor;

use crate::parameters::ExtensionIds;
use crate::{Element, Packet};

/// What a packet says in its header extensions. What is of the wrong length is absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extensions<'a> {
    /// Which media description the stream belongs to (RFC 9143); the bytes of a [`crate::parameters::Mid`].
    pub mid: Option<&'a [u8]>,
    /// Which layer of simulcast the stream is (RFC 8852).
    pub rid: Option<&'a [u8]>,
    /// Which layer of simulcast the stream repairs (RFC 8852).
    pub repaired_rid: Option<&'a [u8]>,
    /// How loud it is.
    pub audio_level: Option<AudioLevel>,
    /// When it was sent.
    pub abs_send_time: Option<AbsSendTime>,
    /// The number of the packet in its connection.
    pub transport_sequence: Option<u16>,
    /// To be read with [`dependency_descriptor::Descriptor::parse`].
    pub dependency_descriptor: Option<&'a [u8]>,
    /// How the picture is to be turned.
    pub video_orientation: Option<VideoOrientation>,
    /// How long the receiver may wait.
    pub playout_delay: Option<PlayoutDelay>,
    /// When the frame was taken, passed through as it is.
    pub abs_capture_time: Option<&'a [u8]>,
}

/// RFC 6464 §3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AudioLevel {
    /// Whether the encoder takes it for speech.
    pub voice: bool,
    /// 0, as loud as it gets, to -127, silence, in dBov.
    pub level_dbov: i8,
}

/// `http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time`: seconds in 24 bits, 18 of them behind the point; starts over
/// every 64 s.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AbsSendTime(u32);

/// `urn:3gpp:video-orientation` (3GPP TS 26.114 §7.4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VideoOrientation {
    /// Taken by the camera at the back.
    pub back_camera: bool,
    /// Mirrored.
    pub flipped: bool,
    /// Clockwise quarter turns to be made before it is shown, 0 to 3.
    pub quarter_turns: u8,
}

/// `http://www.webrtc.org/experiments/rtp-hdrext/playout-delay`: from capture to the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlayoutDelay {
    /// At least, in units of 10 ms, below 4096.
    pub min_10ms: u16,
    /// At most, in units of 10 ms, below 4096.
    pub max_10ms: u16,
}

impl<'a> Extensions<'a> {
    /// Reads what is at these ids. Of elements with one id the first counts.
    #[must_use]
    pub fn read(packet: &Packet<'a>, ids: &ExtensionIds) -> Self {
        let mut found = Self::default();
        for element in packet.elements() {
            found.take(element, ids);
        }
        found
    }

    fn take(&mut self, element: Element<'a>, ids: &ExtensionIds) {
        let Element { id, data } = element;
        let id = Some(id);
        if id == ids.transport_cc {
            self.transport_sequence = self.transport_sequence.or(data.first_chunk().copied().map(u16::from_be_bytes));
        } else if id == ids.audio_level {
            self.audio_level = self.audio_level.or(AudioLevel::parse(data));
        } else if id == ids.abs_send_time {
            self.abs_send_time = self.abs_send_time.or(AbsSendTime::parse(data));
        } else if id == ids.mid {
            self.mid = self.mid.or(Some(data));
        } else if id == ids.rid {
            self.rid = self.rid.or(Some(data));
        } else if id == ids.repaired_rid {
            self.repaired_rid = self.repaired_rid.or(Some(data));
        } else if id == ids.dependency_descriptor {
            self.dependency_descriptor = self.dependency_descriptor.or(Some(data));
        } else if id == ids.video_orientation {
            self.video_orientation = self.video_orientation.or(VideoOrientation::parse(data));
        } else if id == ids.playout_delay {
            self.playout_delay = self.playout_delay.or(PlayoutDelay::parse(data));
        } else if id == ids.abs_capture_time {
            self.abs_capture_time = self.abs_capture_time.or(Some(data));
        }
    }
}

impl AudioLevel {
    /// One byte; the two-byte form may be followed by padding.
    #[must_use]
    pub fn parse(data: &[u8]) -> Option<Self> {
        let byte = *data.first()?;
        Some(Self { voice: byte & 0x80 != 0, level_dbov: (byte & 0x7f).cast_signed().wrapping_neg() })
    }

    /// As it is sent. What is louder than 0 or softer than -127 is sent as those.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 1] {
        [(u8::from(self.voice) << 7) | self.level_dbov.min(0).unsigned_abs().min(127)]
    }
}

impl AbsSendTime {
    /// From an instant on a clock of the sender.
    #[must_use]
    pub fn from_micros(micros: u64) -> Self {
        let units = u128::from(micros).saturating_mul(1 << 18) / 1_000_000;
        let [.., high, middle, low] = units.to_be_bytes();
        Self(u32::from_be_bytes([0, high, middle, low]))
    }

    /// Three bytes.
    #[must_use]
    pub fn parse(data: &[u8]) -> Option<Self> {
        let [high, middle, low] = *data.first_chunk()?;
        Some(Self(u32::from_be_bytes([0, high, middle, low])))
    }

    /// As it is sent.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 3] {
        let [_, high, middle, low] = self.0.to_be_bytes();
        [high, middle, low]
    }

    /// From `earlier` to this one in microseconds, below zero when it is the other way round; less than 32 s.
    #[must_use]
    pub fn micros_since(self, earlier: Self) -> i64 {
        let difference = (self.0.wrapping_sub(earlier.0) << 8).cast_signed() >> 8;
        i64::from(difference).saturating_mul(1_000_000) >> 18
    }
}

impl VideoOrientation {
    /// One byte.
    #[must_use]
    pub fn parse(data: &[u8]) -> Option<Self> {
        let byte = *data.first()?;
        Some(Self { back_camera: byte & 8 != 0, flipped: byte & 4 != 0, quarter_turns: byte & 3 })
    }

    /// As it is sent.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 1] {
        [(u8::from(self.back_camera) << 3) | (u8::from(self.flipped) << 2) | (self.quarter_turns & 3)]
    }
}

impl PlayoutDelay {
    /// Three bytes: two numbers of twelve bits.
    #[must_use]
    pub fn parse(data: &[u8]) -> Option<Self> {
        let [a, b, c] = *data.first_chunk()?;
        let (a, b, c) = (u16::from(a), u16::from(b), u16::from(c));
        Some(Self { min_10ms: a << 4 | b >> 4, max_10ms: (b & 0x0f) << 8 | c })
    }

    /// As it is sent. Numbers that do not fit are sent as the largest that do.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 3] {
        let both = u32::from(self.min_10ms.min(0xfff)) << 12 | u32::from(self.max_10ms.min(0xfff));
        let [_, a, b, c] = both.to_be_bytes();
        [a, b, c]
    }
}

#[cfg(test)]
mod tests;

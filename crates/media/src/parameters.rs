//! What a decoder must know before the first frame.

use bytes::Bytes;

use crate::{Codec, Kind};

/// How to decode a track. They come before its first frame, and again when they change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters {
    /// How the track is encoded.
    pub codec: Codec,
    /// The codec's own record (see the table of the crate); empty where the codec has none or nobody told.
    pub decoder_configuration: Bytes,
    /// Size or sampling.
    pub shape: Shape,
}

/// What people want to know of a track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Of pictures, in pixels as they are shown. 0 by 0 where it stands in the frames alone.
    Video {
        /// From left to right.
        width: u32,
        /// From top to bottom.
        height: u32,
    },
    /// Of sounds.
    Audio {
        /// Samples per second of one channel.
        sample_rate_hz: u32,
        /// 1 is mono, 2 is stereo.
        channels: u8,
    },
}

impl Parameters {
    /// Of pictures or of sounds.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.codec.kind()
    }
}

//! Fragmented MP4 (ISO/IEC 14496-12 with the constraints of CMAF, ISO/IEC 23000-19): an initialization section that says what the tracks are, and
//! fragments that can each be written alone. For HLS and for recordings.
//!
//! H.264, H.265, AV1, VP8 and VP9; AAC, MP3 and Opus. The tracks share the fragments. Times are those of the frames: the tracks stay together because nothing is
//! moved.

mod boxes;
mod fragment;
mod index;
mod init;
mod sample_entry;

pub use fragment::{Sample, fragment};
pub use index::{INDEX_BYTES, INDEX_POINTS_MAX, index, reserve_index};
pub use init::init;

use media::{Kind, Parameters};

use crate::sampling::Sampling;

/// What the HTTP header says of both (RFC 4337).
pub const CONTENT_TYPE: &str = "video/mp4";

/// Number and clock of a track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Track {
    kind: Kind,
    timescale_hz: u32,
}

impl Track {
    /// The track of these parameters. Of each kind a file has one at most.
    #[must_use]
    pub fn of(parameters: &Parameters) -> Self {
        let kind = parameters.kind();
        let sampling = Sampling::of(parameters).map_or(48_000, |sampling| sampling.rate_hz);
        let timescale_hz = if kind == Kind::Video { VIDEO_TIMESCALE_HZ } else { sampling };
        Self { kind, timescale_hz }
    }

    /// Of pictures or of sounds.
    #[must_use]
    pub fn kind(self) -> Kind {
        self.kind
    }

    fn id(self) -> u32 {
        match self.kind {
            Kind::Video => 1,
            Kind::Audio => 2,
        }
    }
}

/// The clock that divides by all usual rates of pictures.
const VIDEO_TIMESCALE_HZ: u32 = 90_000;

#[cfg(test)]
mod tests;

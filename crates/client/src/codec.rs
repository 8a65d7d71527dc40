//! The codecs that this client can send from files and write into files.

use str0m::RtcConfig;

/// A codec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// RFC 7587.
    Opus,
    /// RFC 7741.
    Vp8,
    /// RFC 9628.
    Vp9,
    /// RFC 6184.
    H264,
    /// The AV1 RTP payload format of AOMedia.
    Av1,
}

impl Codec {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Opus, Self::Vp8, Self::Vp9, Self::H264, Self::Av1];

    /// Whether it carries pictures.
    #[must_use]
    pub fn is_video(self) -> bool {
        self != Self::Opus
    }

    pub(crate) fn enable(self, config: RtcConfig) -> RtcConfig {
        match self {
            Self::Opus => config.enable_opus(true, false),
            Self::Vp8 => config.enable_vp8(true),
            Self::Vp9 => config.enable_vp9(true),
            Self::H264 => config.enable_h264(true),
            Self::Av1 => config.enable_av1(true),
        }
    }

    pub(crate) fn of_engine(self) -> str0m::format::Codec {
        match self {
            Self::Opus => str0m::format::Codec::Opus,
            Self::Vp8 => str0m::format::Codec::Vp8,
            Self::Vp9 => str0m::format::Codec::Vp9,
            Self::H264 => str0m::format::Codec::H264,
            Self::Av1 => str0m::format::Codec::Av1,
        }
    }

    pub(crate) fn from_engine(codec: str0m::format::Codec) -> Option<Self> {
        Self::ALL.into_iter().find(|own| own.of_engine() == codec)
    }
}

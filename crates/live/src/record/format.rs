//! Which kind of file carries which codecs.

use media::{Codec, Parameters};

/// What the operator wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// What plays in most players with these codecs.
    Auto,
    /// MP4 in fragments; VP8, which has no place there, goes to Matroska.
    Mp4,
    /// WebM if its codecs allow it, else Matroska.
    Matroska,
    /// FLV.
    Flv,
}

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// MP4 in fragments.
    Mp4,
    /// WebM.
    WebM,
    /// Matroska.
    Matroska,
    /// FLV.
    Flv,
}

impl Format {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::Mp4, Self::WebM, Self::Matroska, Self::Flv];

    /// The kind of file for these tracks.
    #[must_use]
    pub fn choose(wanted: Wanted, video: Option<&Parameters>, audio: Option<&Parameters>) -> Self {
        let (video, audio) = (video.map(|track| track.codec), audio.map(|track| track.codec));
        let is_web_video = matches!(video, None | Some(Codec::Vp8 | Codec::Vp9 | Codec::Av1));
        let is_web_audio = matches!(audio, None | Some(Codec::Opus));
        let matroska = if is_web_video && is_web_audio { Self::WebM } else { Self::Matroska };
        match wanted {
            Wanted::Flv => Self::Flv,
            Wanted::Matroska => matroska,
            Wanted::Mp4 if video != Some(Codec::Vp8) => Self::Mp4,
            Wanted::Auto if matroska != Self::WebM && video != Some(Codec::Vp8) => Self::Mp4,
            Wanted::Mp4 | Wanted::Auto => matroska,
        }
    }

    /// What the names of its files end with.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Mp4 => "mp4",
            Self::WebM => "webm",
            Self::Matroska => "mkv",
            Self::Flv => "flv",
        }
    }

    /// The format of files with this extension.
    #[must_use]
    pub fn of_extension(extension: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.extension() == extension)
    }

    /// What the HTTP header says of its files.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Mp4 => "video/mp4",
            Self::WebM => "video/webm",
            Self::Matroska => "video/x-matroska",
            Self::Flv => "video/x-flv",
        }
    }

    /// How long the part of a file is that begins with these bytes, and whether what was written up to its end plays: all but the head of an MP4 fragment, which needs its data.
    /// `None` for what is no beginning of a part. [`PART_HEAD_BYTES`] bytes are enough, fewer are at the end of the file alone.
    #[must_use]
    pub fn part(self, head: &[u8]) -> Option<(u64, bool)> {
        match self {
            Self::Mp4 => {
                let (length, rest) = head.split_first_chunk::<4>()?;
                let name = rest.first_chunk::<4>()?;
                let length = u64::from(u32::from_be_bytes(*length));
                (length >= 8).then_some((length, name != b"moof"))
            }
            Self::Flv if head.starts_with(b"FLV") => Some((13, true)),
            Self::Flv => match head {
                [8 | 9 | 18, a, b, c, ..] => Some((11 + 4 + u64::from(u32::from_be_bytes([0, *a, *b, *c])), true)),
                _ => None,
            },
            Self::WebM | Self::Matroska => crate::matroska::element_bytes(head).map(|bytes| (bytes, true)),
        }
    }
}

/// What [`Format::part`] has to see of a part.
pub const PART_HEAD_BYTES: usize = 12;

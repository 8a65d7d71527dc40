//! HTTP Live Streaming (RFC 8216) with low latency (draft-pantos-hls-rfc8216bis) as a core: frames come in, playlists and the files they name go out.
//!
//! ```text
//! handle_parameters, handle_frame ─▶ Cutter ─▶ Window ─▶ media_playlist, multivariant_playlist, file
//! ```
//! A [`Stream`] keeps the frames of the last segments, cut at key frames and cut again into parts. Nothing is written until somebody asks for it: a
//! playlist, a segment as a transport stream, a part as a fragment of MP4. Both containers come from the same frames, so their segments have the same
//! numbers and durations. What is asked for too early is answered by [`Answer::Wait`]: ask again when [`Stream::revision`] has changed.
//!
//! A publisher with layers of simulcast has a stream for each of them in its [`Variants`], cut alike.
//!
//! How long a segment can be is a promise for the life of a playlist (EXT-X-TARGETDURATION), and only the publisher knows how far apart its key frames
//! are: so there is no playlist before the first segment is complete. If a key frame fails to come in time later, the segment is cut without one.

mod codecs;
mod cutter;
mod file;
mod playlist;
mod reload;
mod segment;

mod stream;
mod variants;
mod window;
mod writing;

pub use file::{File, Tag};
pub use reload::{Reload, ReloadError};
pub use stream::{Answer, Completed, Epoch, Stream};
pub use variants::Variants;

use media::MediaTime;

/// In what segments are put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Container {
    /// MPEG-2 transport streams: what every player knows.
    TransportStream,
    /// Fragmented MP4, with parts for low latency.
    Mp4,
}

/// How streams are cut, and how much of them is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// Segments end at the first key frame after nine tenths of it.
    pub segment_target: MediaTime,
    /// How much the playlist lists at least; as much is kept of what has left it.
    pub window: MediaTime,
    /// Bytes that are kept of a stream; what is older goes, whatever the playlist says.
    pub window_bytes_max: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            segment_target: MediaTime::from_millis(2000),
            window: MediaTime::from_millis(30_000),
            window_bytes_max: 128 << 20,
        }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HlsError {
    /// There is no such file, or it is too old to be kept.
    #[error("there is no such segment, or it is gone")]
    NotFound,
    /// Transport streams cannot carry this stream.
    #[error("a transport stream cannot carry {0}")]
    Codec(media::Codec),
    /// What a player asks for is too far ahead.
    #[error(transparent)]
    Reload(#[from] ReloadError),
}

impl HlsError {
    /// What it is called in answers to programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::Codec(_) => "not-acceptable",
            Self::Reload(_) => "bad-query",
        }
    }

    /// The HTTP status.
    #[must_use]
    pub fn code(self) -> u16 {
        match self {
            Self::NotFound => 404,
            Self::Codec(_) => 406,
            Self::Reload(_) => 400,
        }
    }
}

/// The length of a part. Half a second is the longest that still gives a second and a half of latency.
const PART_TARGET: MediaTime = MediaTime::from_millis(500);
/// A publisher without key frames is cut after so long.
const SEGMENT_MAX: MediaTime = MediaTime::from_millis(10_000);
/// Segments that are kept at most: a publisher who changes its parameters with every frame makes one of each.
const SEGMENTS_MAX: usize = 512;

#[cfg(test)]
mod tests;

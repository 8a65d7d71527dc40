//! Playlists of HTTP Live Streaming (RFC 8216) with the tags of its second edition for low latency (draft-pantos-hls-rfc8216bis): what stands in
//! them as types, and their text. The types keep no rules among segments: who fills them does (`hls`), and `rules` says whether a text keeps them.

mod media_playlist;
mod multivariant;
mod rendition_report;
pub mod rules;
mod segment;

pub use media_playlist::{LowLatency, MediaPlaylist};
pub use multivariant::{MultivariantPlaylist, Variant};
pub use rendition_report::RenditionReport;
pub use segment::{Part, Segment};

use std::fmt;

use media::MediaTime;

/// What the HTTP header says of playlists (RFC 8216 §4).
pub const CONTENT_TYPE: &str = "application/vnd.apple.mpegurl";

/// A duration as a decimal-floating-point (RFC 8216 §4.2), exact to the microsecond, so that sums and comparisons of what a reader sees are those that we made.
struct Seconds(MediaTime);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.micros().max(0);
        write!(f, "{}.{:06}", micros / 1_000_000, micros % 1_000_000)
    }
}

/// A quoted-string (RFC 8216 §4.2), which has no way to write line breaks and double quotes: they are left out.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for allowed in self.0.split(['"', '\r', '\n']) {
            f.write_str(allowed)?;
        }
        f.write_str("\"")
    }
}

#[cfg(test)]
mod tests;

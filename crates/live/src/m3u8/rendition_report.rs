//! How far another rendition of the stream is.

use std::fmt;

use super::Quoted;

/// Another rendition, as the playlist of this one tells of it (EXT-X-RENDITION-REPORT, rfc8216bis §4.4.5.4): a player that changes to it asks at once for
/// what comes next there. Its text, its `Display`, stands behind that of a media playlist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenditionReport {
    /// Where its media playlist is, relative to the one that tells of it.
    pub uri: String,
    /// The number of its last segment, or of the one in the making if that has parts.
    pub last_msn: u64,
    /// The last part of that segment, counted from 0.
    pub last_part: u64,
}

impl fmt::Display for RenditionReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (uri, msn, part) = (Quoted(&self.uri), self.last_msn, self.last_part);
        writeln!(f, "#EXT-X-RENDITION-REPORT:URI={uri},LAST-MSN={msn},LAST-PART={part}")
    }
}

//! A media playlist: the segments of one rendition.

use std::fmt::{self, Display as _};

use media::MediaTime;

use super::{Part, Quoted, Seconds, Segment};

/// A media playlist (RFC 8216 §4.3.3). Its text is its `Display`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaPlaylist {
    /// No segment is longer, once rounded to whole seconds (EXT-X-TARGETDURATION).
    pub target_duration_s: u64,
    /// The number of the first segment (EXT-X-MEDIA-SEQUENCE), whether it is listed or skipped.
    pub media_sequence: u64,
    /// How many discontinuities have left the playlist (EXT-X-DISCONTINUITY-SEQUENCE).
    pub discontinuity_sequence: u64,
    /// Whether every segment begins with a key frame (EXT-X-INDEPENDENT-SEGMENTS).
    pub is_independent: bool,
    /// What players of low latency want to know; none: the playlist has no parts.
    pub low_latency: Option<LowLatency>,
    /// How many segments at the beginning a delta update leaves out (EXT-X-SKIP); 0: the whole playlist.
    pub skipped_segments: usize,
    /// The segments that are complete, the oldest first.
    pub segments: Vec<Segment>,
    /// What there is of the segment that is being made: all but its duration and its URI. It is there only with a first part.
    pub open_segment: Option<Segment>,
    /// Where the next part will be (EXT-X-PRELOAD-HINT).
    pub preload_hint: Option<String>,
    /// Whether nothing follows (EXT-X-ENDLIST).
    pub is_ended: bool,
}

/// What a playlist with parts promises (rfc8216bis §4.4.3.7 and §4.4.3.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LowLatency {
    /// No part is longer.
    pub part_target: MediaTime,
    /// How far from the end of the playlist a player of parts should stay.
    pub part_hold_back: MediaTime,
    /// How far from the end every other player should stay.
    pub hold_back: MediaTime,
    /// Segments that end at least so long before the end of the playlist may be left out of a delta update.
    pub can_skip_until: MediaTime,
}

impl MediaPlaylist {
    /// The lowest version of the protocol that has all the tags that are used (RFC 8216 §7, rfc8216bis §8).
    #[must_use]
    pub fn version(&self) -> u8 {
        let has_map = self.segments.iter().chain(&self.open_segment).any(|segment| segment.map_uri.is_some());
        if self.skipped_segments > 0 {
            9
        } else if has_map || self.low_latency.is_some() {
            6
        } else {
            3
        }
    }

    fn write_header(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "#EXTM3U\n#EXT-X-VERSION:{}", self.version())?;
        if self.is_independent {
            writeln!(f, "#EXT-X-INDEPENDENT-SEGMENTS")?;
        }
        writeln!(f, "#EXT-X-TARGETDURATION:{}", self.target_duration_s)?;
        if let Some(low_latency) = &self.low_latency {
            low_latency.fmt(f)?;
        }
        writeln!(f, "#EXT-X-MEDIA-SEQUENCE:{}", self.media_sequence)?;
        if self.discontinuity_sequence > 0 {
            writeln!(f, "#EXT-X-DISCONTINUITY-SEQUENCE:{}", self.discontinuity_sequence)?;
        }
        if self.skipped_segments > 0 {
            writeln!(f, "#EXT-X-SKIP:SKIPPED-SEGMENTS={}", self.skipped_segments)?;
        }
        Ok(())
    }
}

impl fmt::Display for MediaPlaylist {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_header(f)?;
        self.segments.iter().try_for_each(|segment| segment.fmt(f))?;
        if let Some(open) = &self.open_segment {
            open.write_start(f)?;
        }
        if let Some(uri) = &self.preload_hint {
            writeln!(f, "#EXT-X-PRELOAD-HINT:TYPE=PART,URI={}", Quoted(uri))?;
        }
        if self.is_ended {
            writeln!(f, "#EXT-X-ENDLIST")?;
        }
        Ok(())
    }
}

impl fmt::Display for LowLatency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "#EXT-X-PART-INF:PART-TARGET={}", Seconds(self.part_target))?;
        writeln!(
            f,
            "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL={},HOLD-BACK={},PART-HOLD-BACK={}",
            Seconds(self.can_skip_until),
            Seconds(self.hold_back),
            Seconds(self.part_hold_back)
        )
    }
}

impl MediaPlaylist {
    /// The parts of the segment that is being made.
    #[must_use]
    pub fn open_parts(&self) -> &[Part] {
        self.open_segment.as_ref().map_or(&[], |open| &open.parts)
    }
}

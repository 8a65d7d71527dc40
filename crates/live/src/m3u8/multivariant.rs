//! A multivariant playlist: in which renditions a stream is to be had.

use std::fmt;

use super::Quoted;

/// A multivariant playlist (RFC 8216 §4.3.4, "master playlist"). Its text is its `Display`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MultivariantPlaylist {
    /// Whether all segments of all variants begin with a key frame (EXT-X-INDEPENDENT-SEGMENTS).
    pub is_independent: bool,
    /// What there is to choose from.
    pub variants: Vec<Variant>,
}

/// One rendition of the stream (EXT-X-STREAM-INF).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// Where its media playlist is.
    pub uri: String,
    /// Bits per second of its heaviest segment.
    pub bandwidth_bps: u64,
    /// Bits per second over all of it.
    pub average_bandwidth_bps: u64,
    /// What a player must decode, as RFC 6381 writes it, with commas; empty: unknown.
    pub codecs: String,
    /// Width and height of its pictures.
    pub resolution: Option<(u32, u32)>,
    /// Pictures in a thousand seconds.
    pub frame_rate_millis: Option<u64>,
}

impl fmt::Display for MultivariantPlaylist {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "#EXTM3U")?;
        if self.is_independent {
            writeln!(f, "#EXT-X-VERSION:6\n#EXT-X-INDEPENDENT-SEGMENTS")?;
        }
        self.variants.iter().try_for_each(|variant| variant.fmt(f))
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (peak, average) = (self.bandwidth_bps, self.average_bandwidth_bps);
        write!(f, "#EXT-X-STREAM-INF:BANDWIDTH={peak},AVERAGE-BANDWIDTH={average}")?;
        if !self.codecs.is_empty() {
            write!(f, ",CODECS={}", Quoted(&self.codecs))?;
        }
        if let Some((width, height)) = self.resolution {
            write!(f, ",RESOLUTION={width}x{height}")?;
        }
        if let Some(millis) = self.frame_rate_millis {
            write!(f, ",FRAME-RATE={}.{:03}", millis / 1000, millis % 1000)?;
        }
        writeln!(f, "\n{}", self.uri)
    }
}

//! VP9 (VP9 Bitstream & Decoding Process Specification): what a key frame says, and the record in which FLV and MP4 keep it.

use crate::reader::BitReader;
use crate::{ParseError, Shape};

/// What the uncompressed header of a key frame says (§6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyFrame {
    /// 0 to 3.
    pub profile: u8,
    /// 8, 10 or 12.
    pub bit_depth: u8,
    /// One sample of colour for two pixels, from left to right and from top to bottom.
    pub subsampling: (bool, bool),
    /// Whether all values of a byte are used.
    pub is_full_range: bool,
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

impl KeyFrame {
    /// Reads the beginning of a frame; `None` of a frame that is no key frame.
    ///
    /// # Errors
    /// When it is no frame of VP9, or ends too early.
    pub fn parse(frame: &[u8]) -> Result<Option<Self>, ParseError> {
        let bits = &mut BitReader::new(frame);
        let marker = bits.bits(2)?;
        if marker != FRAME_MARKER {
            return Err(ParseError::Value { field: "the frame marker", value: marker });
        }
        let (low, high) = (bits.byte(1)?, bits.byte(1)?);
        let profile = high << 1 | low;
        if profile == 3 {
            bits.flag()?; // reserved
        }
        let shows_another = bits.flag()?;
        if shows_another || bits.flag()? {
            return Ok(None);
        }
        bits.skip(2)?; // show_frame, error_resilient_mode
        let sync = bits.bits(24)?;
        if sync != SYNC_CODE {
            return Err(ParseError::Value { field: "the sync code of a key frame", value: sync });
        }
        let bit_depth = match profile {
            0 | 1 => 8,
            _ if bits.flag()? => 12,
            _ => 10,
        };
        let is_rgb = bits.bits(3)? == RGB;
        let is_full_range = is_rgb || bits.flag()?;
        let may_tell = profile % 2 == 1;
        let subsampling = match (may_tell, is_rgb) {
            (true, false) => (bits.flag()?, bits.flag()?),
            (_, true) => (false, false),
            (false, false) => (true, true),
        };
        if may_tell {
            bits.flag()?; // reserved
        }
        let (width, height) = (bits.bits(16)? + 1, bits.bits(16)? + 1);
        Ok(Some(Self { profile, bit_depth, subsampling, is_full_range, width, height }))
    }

    /// A VPCodecConfigurationRecord (VP Codec ISO Media File Format Binding §2.2) without version and flags. Of colours it says what nobody else does.
    #[must_use]
    pub fn record(&self) -> [u8; 8] {
        let chroma = match self.subsampling {
            (true, true) => 1,
            (true, false) => 2,
            (false, _) => 3,
        };
        let unspecified = 2;
        let bits = self.bit_depth << 4 | chroma << 1 | u8::from(self.is_full_range);
        [self.profile, self.level(), bits, unspecified, unspecified, unspecified, 0, 0]
    }

    /// Ten times the lowest level whose pictures are as large (Annex A); how many there are in a second does not stand in a frame.
    fn level(&self) -> u8 {
        let pixels = u64::from(self.width) * u64::from(self.height);
        LEVELS.iter().find(|(_, most)| pixels <= *most).map_or(62, |(level, _)| *level)
    }

    /// The size, as parameters of a track have it.
    #[must_use]
    pub fn shape(&self) -> Shape {
        Shape::Video { width: self.width, height: self.height }
    }
}

/// Puts the frames of one instant behind each other, and behind them the index that tells them apart (Annex B).
/// At most eight; where there is one it stays as it is.
#[must_use]
pub fn superframe(frames: &[&[u8]]) -> Vec<u8> {
    let mut out = frames.concat();
    let &[_, _, ..] = frames else { return out };
    let largest = frames.iter().map(|frame| frame.len()).max().unwrap_or_default();
    let bytes = (1..4).find(|bytes| largest >> (8 * bytes) == 0).unwrap_or(4);
    // Below eight and below four.
    let head = 0xc0 | u8::try_from((bytes - 1) << 3 | (frames.len() - 1) & 7).unwrap_or_default();
    out.push(head);
    for frame in frames {
        out.extend(frame.len().to_le_bytes().iter().take(bytes));
    }
    out.push(head);
    out
}

const FRAME_MARKER: u32 = 2;
const SYNC_CODE: u32 = 0x49_8342;
/// `color_space`.
const RGB: u32 = 7;
/// Ten times the level, and the pixels of a picture at most.
const LEVELS: [(u8, u64); 9] = [
    (10, 36_864),
    (11, 73_728),
    (20, 122_880),
    (21, 245_760),
    (30, 552_960),
    (31, 983_040),
    (40, 2_228_224),
    (50, 8_912_896),
    (60, 35_651_584),
];

#[cfg(test)]
mod tests;

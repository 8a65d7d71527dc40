//! H.265 (ITU-T H.265): what its sequence parameter set says, and the record in which FLV and MP4 keep parameter sets.

mod record;

use crate::h264::shown;
use crate::nal::unescaped;
use crate::reader::{BitReader, Reader};
use crate::{ParseError, Shape};

/// What a sequence parameter set says (§7.3.2.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sps {
    /// `general_profile_idc`: 1 is Main, 2 Main 10.
    pub profile: u8,
    /// `general_level_idc`: thirty times the level.
    pub level: u8,
    /// Pixels that are shown from left to right.
    pub width: u32,
    /// Pixels that are shown from top to bottom.
    pub height: u32,
    /// `chroma_format_idc`: 1 is 4:2:0.
    chroma_format: u8,
    /// `bit_depth_luma_minus8`
    luma_depth: u8,
    /// `bit_depth_chroma_minus8`
    chroma_depth: u8,
}

/// An HEVCDecoderConfigurationRecord (ISO/IEC 14496-15 §8.3.3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecoderConfiguration<'a> {
    /// Bytes of the length in front of each NAL unit: 1, 2 or 4.
    pub length_bytes: usize,
    /// Video parameter sets.
    pub vps: Vec<&'a [u8]>,
    /// Sequence parameter sets.
    pub sps: Vec<&'a [u8]>,
    /// Picture parameter sets.
    pub pps: Vec<&'a [u8]>,
    /// Supplemental enhancement information that is good for the whole stream.
    pub sei: Vec<&'a [u8]>,
}

impl Sps {
    /// Reads a whole NAL unit, its header included.
    ///
    /// # Errors
    /// When it is no sequence parameter set, or ends too early.
    pub fn parse(unit: &[u8]) -> Result<Self, ParseError> {
        let payload = unescaped(unit.get(..unit.len().min(SPS_BYTES_READ)).unwrap_or_default());
        let mut bits = BitReader::new(&payload);
        let kind = bits.bits(16)? >> 9 & 0x3f;
        if kind != u32::from(SPS_UNIT) {
            return Err(ParseError::Value { field: "the type of a sequence parameter set", value: kind });
        }
        bits.skip(4)?; // sps_video_parameter_set_id
        let sub_layers = bits.bits(3)?; // sps_max_sub_layers_minus1
        bits.skip(1)?; // sps_temporal_id_nesting_flag
        let (profile, level) = profile_tier_level(&mut bits, sub_layers)?;
        bits.unsigned()?; // sps_seq_parameter_set_id
        let chroma = bits.unsigned()?;
        let (across, down) = match chroma {
            3 if bits.flag()? => (1, 1),
            0 | 3 => (1, 1),
            1 => (2, 2),
            2 => (2, 1),
            value => return Err(ParseError::Value { field: "chroma_format_idc", value }),
        };
        let (width, height) = (side(bits.unsigned()?)?, side(bits.unsigned()?)?);
        let mut window = [0; 4];
        if bits.flag()? {
            for edge in &mut window {
                *edge = bits.unsigned()?;
            }
        }
        let [left, right, top, bottom] = window;
        let (luma_depth, chroma_depth) = (depth(bits.unsigned()?)?, depth(bits.unsigned()?)?);
        Ok(Self {
            profile,
            level,
            width: shown(width, left, right, across)?,
            height: shown(height, top, bottom, down)?,
            chroma_format: u8::try_from(chroma).unwrap_or(u8::MAX) & 3,
            luma_depth,
            chroma_depth,
        })
    }

    /// The size, as parameters of a track have it.
    #[must_use]
    pub fn shape(&self) -> Shape {
        Shape::Video { width: self.width, height: self.height }
    }
}

impl<'a> DecoderConfiguration<'a> {
    /// Reads a record. Units that are neither parameter sets nor SEI are left out.
    ///
    /// # Errors
    /// When it is none, or has no sequence parameter set.
    pub fn parse(record: &'a [u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::new(record);
        let version = reader.u8()?;
        // Encoders of the time before the standard was finished write 0.
        if version > 1 {
            return Err(ParseError::Value { field: "configurationVersion", value: version.into() });
        }
        reader.take(FIXED_BYTES)?;
        let length_bytes = usize::from(reader.u8()? & 3) + 1;
        if length_bytes == 3 {
            return Err(ParseError::Value { field: "lengthSizeMinusOne", value: 2 });
        }
        let mut found = Self { length_bytes, vps: Vec::new(), sps: Vec::new(), pps: Vec::new(), sei: Vec::new() };
        for _ in 0..reader.u8()? {
            let kind = reader.u8()? & 0x3f;
            for _ in 0..reader.u16()? {
                let length = reader.u16()?;
                let unit = reader.take(length.into())?;
                match kind {
                    VPS_UNIT => found.vps.push(unit),
                    SPS_UNIT => found.sps.push(unit),
                    PPS_UNIT => found.pps.push(unit),
                    PREFIX_SEI_UNIT | SUFFIX_SEI_UNIT => found.sei.push(unit),
                    _ => {}
                }
            }
        }
        if found.sps.is_empty() { Err(ParseError::Missing("sequence parameter set")) } else { Ok(found) }
    }

    /// All sets, in the order in which decoders want them, and the SEI behind.
    pub fn parameter_sets(&self) -> impl Iterator<Item = &'a [u8]> {
        [&self.vps, &self.sps, &self.pps, &self.sei].into_iter().flatten().copied()
    }
}

/// §7.3.3: `general_profile_idc` and `general_level_idc`, and where it ends.
fn profile_tier_level(bits: &mut BitReader<'_>, sub_layers: u32) -> Result<(u8, u8), ParseError> {
    bits.skip(3)?; // general_profile_space, general_tier_flag
    let profile = bits.byte(5)?;
    bits.skip(32 + 48)?; // compatibility and constraint flags
    let level = bits.byte(8)?;
    let mut skipped = 0;
    for _ in 0..sub_layers {
        skipped += if bits.flag()? { 88 } else { 0 };
        skipped += if bits.flag()? { 8 } else { 0 };
    }
    if sub_layers > 0 {
        // The flags are filled up to those of eight layers.
        bits.skip(usize::try_from(8_u32.saturating_sub(sub_layers)).unwrap_or_default() * 2)?;
    }
    bits.skip(skipped)?;
    Ok((profile, level))
}

/// Bits of a sample beyond eight.
fn depth(more: u32) -> Result<u8, ParseError> {
    u8::try_from(more)
        .ok()
        .filter(|more| *more < 8)
        .ok_or(ParseError::Value { field: "the depth of samples", value: more })
}

fn side(pixels: u32) -> Result<u32, ParseError> {
    let possible = (1..=SIDE_PIXELS_MAX).contains(&pixels);
    if possible { Ok(pixels) } else { Err(ParseError::Value { field: "the size in pixels", value: pixels }) }
}

/// `nal_unit_type` of what a record holds (Table 7-1).
const VPS_UNIT: u8 = 32;
const SPS_UNIT: u8 = 33;
const PPS_UNIT: u8 = 34;
const PREFIX_SEI_UNIT: u8 = 39;
const SUFFIX_SEI_UNIT: u8 = 40;
/// Between the version and `lengthSizeMinusOne`: profile, level, chroma, depth, frame rate.
const FIXED_BYTES: usize = 20;
/// The size stands in the first bytes; what describes the display may follow at length.
const SPS_BYTES_READ: usize = 1024;
/// Twice what the highest level knows.
const SIDE_PIXELS_MAX: u32 = 16_384;

#[cfg(test)]
mod tests;

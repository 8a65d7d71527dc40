//! AV1 (AV1 Bitstream & Decoding Process Specification): the OBUs of a temporal unit, what a sequence header says, and the record in which FLV and
//! MP4 keep it.

use crate::reader::BitReader;
use crate::{ParseError, Shape};

/// An open bitstream unit without its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Obu<'a> {
    /// The first byte of its header; whether a length follows stands in it, and is no part of what it is.
    head: u8,
    /// Of the layers, where there are some.
    extension: Option<u8>,
    /// What it has.
    pub payload: &'a [u8],
}

impl<'a> Obu<'a> {
    /// `obu_type` of a sequence header.
    pub const SEQUENCE_HEADER: u8 = 1;
    /// `obu_type` of what stands in front of each temporal unit.
    pub const TEMPORAL_DELIMITER: u8 = 2;
    /// `obu_type` of a list of tiles, which streams do not have.
    pub const TILE_LIST: u8 = 8;
    /// `obu_type` of what fills a stream.
    pub const PADDING: u8 = 15;

    /// Reads the first of several (§5.3). One that does not tell its length goes to the end.
    ///
    /// # Errors
    /// When it ends before it should, or its length is none.
    pub fn parse(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), ParseError> {
        let (&head, rest) = bytes.split_first().ok_or(ParseError::Truncated)?;
        if head & FORBIDDEN != 0 {
            return Err(ParseError::Value { field: "the forbidden bit of an OBU", value: 1 });
        }
        let (extension, rest) = if head & HAS_EXTENSION == 0 {
            (None, rest)
        } else {
            let (&extension, rest) = rest.split_first().ok_or(ParseError::Truncated)?;
            (Some(extension), rest)
        };
        let (payload, rest) = if head & HAS_SIZE == 0 {
            (rest, &[][..])
        } else {
            let (size, rest) = read_leb128(rest)?;
            rest.split_at_checked(size).ok_or(ParseError::Truncated)?
        };
        Ok((Self { head: head & !HAS_SIZE, extension, payload }, rest))
    }

    /// What it is.
    #[must_use]
    pub fn obu_type(&self) -> u8 {
        self.head >> 3 & 0x0f
    }

    /// Whether it is part of what packets, FLV and MP4 carry: each of them tells in its own way where a temporal unit begins (AV1 RTP payload format §5).
    #[must_use]
    pub fn is_carried(&self) -> bool {
        !matches!(self.obu_type(), Self::TEMPORAL_DELIMITER | Self::TILE_LIST | Self::PADDING)
    }

    /// Appends it with its length.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.push(self.head | HAS_SIZE);
        out.extend(self.extension);
        write_leb128(self.payload.len(), out);
        out.extend_from_slice(self.payload);
    }

    /// Appends it without its length, for packets that tell it in another way.
    pub fn write_without_size(&self, out: &mut Vec<u8>) {
        out.push(self.head);
        out.extend(self.extension);
        out.extend_from_slice(self.payload);
    }
}

/// The OBUs of a temporal unit. The first that is broken is the last.
#[derive(Debug, Clone)]
pub struct Obus<'a>(&'a [u8]);

impl<'a> Obus<'a> {
    /// Of a temporal unit in the low-overhead format (§5.2).
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }
}

impl<'a> Iterator for Obus<'a> {
    type Item = Result<Obu<'a>, ParseError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let parsed = Obu::parse(self.0);
        self.0 = parsed.map_or(&[], |(_, rest)| rest);
        Some(parsed.map(|(obu, _)| obu))
    }
}

/// What a sequence header says (§5.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SequenceHeader {
    /// `seq_profile`: 0 is Main.
    pub profile: u8,
    /// `seq_level_idx` of the first operating point.
    pub level: u8,
    /// `seq_tier` of it.
    pub is_high_tier: bool,
    /// Pixels from left to right, at most.
    pub width: u32,
    /// Pixels from top to bottom, at most.
    pub height: u32,
    /// How colours are told.
    pub colour: Colour,
}

/// Bits and planes of a picture (§5.5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour {
    /// 8, 10 or 12.
    pub bit_depth: u8,
    /// Shades of grey.
    pub is_monochrome: bool,
    /// One sample of colour for two pixels, from left to right and from top to bottom.
    pub subsampling: (bool, bool),
    /// `chroma_sample_position`.
    pub sample_position: u8,
}

impl SequenceHeader {
    /// Reads the payload of its OBU.
    ///
    /// # Errors
    /// When it ends too early.
    pub fn parse(payload: &[u8]) -> Result<Self, ParseError> {
        let bits = &mut BitReader::new(payload);
        let profile = bits.byte(3)?;
        bits.flag()?; // still_picture
        let is_reduced = bits.flag()?;
        let (level, is_high_tier) = if is_reduced { (bits.byte(5)?, false) } else { read_operating_points(bits)? };
        let (width_bits, height_bits) = (bits.bits(4)? + 1, bits.bits(4)? + 1);
        let (width, height) = (bits.bits(width_bits)? + 1, bits.bits(height_bits)? + 1);
        if !is_reduced && bits.flag()? {
            bits.skip(7)?; // lengths of frame ids
        }
        bits.skip(3)?; // superblocks of 128, filter intra, intra edges
        if !is_reduced {
            skip_inter_tools(bits)?;
        }
        bits.skip(3)?; // superres, cdef, restoration
        let colour = Colour::read(bits, profile)?;
        Ok(Self { profile, level, is_high_tier, width, height, colour })
    }

    /// The sequence header among the OBUs of a temporal unit or a record, and what it says.
    #[must_use]
    pub fn find(obus: Obus<'_>) -> Option<(Obu<'_>, Self)> {
        let obu = obus.flatten().find(|obu| obu.obu_type() == Obu::SEQUENCE_HEADER)?;
        Some((obu, Self::parse(obu.payload).ok()?))
    }

    /// An AV1CodecConfigurationRecord (AV1 Codec ISO Media File Format Binding §2.3) around `obu`, from which this was read.
    #[must_use]
    pub fn record(&self, obu: Obu<'_>) -> Vec<u8> {
        let Colour { bit_depth, is_monochrome, subsampling: (across, down), sample_position } = self.colour;
        let flags = [self.is_high_tier, bit_depth > 8, bit_depth > 10, is_monochrome, across, down];
        let flags = flags.into_iter().fold(0_u8, |all, flag| all << 1 | u8::from(flag));
        // A marker and the version; no delay of the first picture.
        let mut record = vec![0x81, self.profile << 5 | self.level, flags << 2 | sample_position, 0];
        obu.write(&mut record);
        record
    }

    /// The size, as parameters of a track have it.
    #[must_use]
    pub fn shape(&self) -> Shape {
        Shape::Video { width: self.width, height: self.height }
    }
}

/// The OBUs of a record: the sequence header, and what else a decoder needs first.
#[must_use]
pub fn record_obus(record: &[u8]) -> Obus<'_> {
    Obus::new(record.get(RECORD_HEAD_BYTES..).unwrap_or_default())
}

impl Colour {
    fn read(bits: &mut BitReader<'_>, profile: u8) -> Result<Self, ParseError> {
        let is_high = bits.flag()?;
        let bit_depth = match (is_high, profile) {
            (false, _) => 8,
            (true, 2) if bits.flag()? => 12,
            (true, _) => 10,
        };
        let is_monochrome = profile != 1 && bits.flag()?;
        let description = if bits.flag()? { bits.bits(24)? } else { UNSPECIFIED };
        if is_monochrome {
            bits.flag()?; // color_range
            return Ok(Self { bit_depth, is_monochrome, subsampling: (true, true), sample_position: 0 });
        }
        if description == SRGB {
            return Ok(Self { bit_depth, is_monochrome, subsampling: (false, false), sample_position: 0 });
        }
        bits.flag()?; // color_range
        let subsampling = match (profile, bit_depth) {
            (0, _) => (true, true),
            (1, _) => (false, false),
            (_, 12) => {
                let across = bits.flag()?;
                (across, across && bits.flag()?)
            }
            _ => (true, false),
        };
        let sample_position = if subsampling == (true, true) { bits.byte(2)? } else { 0 };
        Ok(Self { bit_depth, is_monochrome, subsampling, sample_position })
    }
}

/// Up to the last operating point; level and tier of the first.
fn read_operating_points(bits: &mut BitReader<'_>) -> Result<(u8, bool), ParseError> {
    let mut delay_bits = None;
    if bits.flag()? {
        bits.skip(64)?; // num_units_in_display_tick, time_scale
        if bits.flag()? {
            bits.unsigned()?; // num_ticks_per_picture_minus_1
        }
        if bits.flag()? {
            delay_bits = Some(bits.bits(5)? + 1);
            bits.skip(42)?; // a tick of decoding, lengths of two other times
        }
    }
    let has_display_delay = bits.flag()?;
    let count = bits.bits(5)? + 1;
    let mut first = None;
    for _ in 0..count {
        bits.skip(12)?; // operating_point_idc
        let level = bits.byte(5)?;
        let is_high_tier = level > 7 && bits.flag()?;
        first.get_or_insert((level, is_high_tier));
        if let Some(delay_bits) = delay_bits
            && bits.flag()?
        {
            // Delays of decoder and encoder, and whether they are low: below 65 bits.
            bits.skip(usize::try_from(2 * delay_bits + 1).unwrap_or_default())?;
        }
        if has_display_delay && bits.flag()? {
            bits.skip(4)?;
        }
    }
    first.ok_or(ParseError::Missing("operating point"))
}

fn skip_inter_tools(bits: &mut BitReader<'_>) -> Result<(), ParseError> {
    bits.skip(4)?; // interintra and masked compounds, warped motion, dual filter
    let has_order_hint = bits.flag()?;
    if has_order_hint {
        bits.skip(2)?; // joint compounds, motion fields of references
    }
    let may_be_screen = bits.flag()? || bits.flag()?;
    if may_be_screen && !bits.flag()? {
        bits.flag()?; // seq_force_integer_mv
    }
    if has_order_hint {
        bits.skip(3)?; // order_hint_bits_minus_1
    }
    Ok(())
}

/// Reads a number of seven bits in each byte, the lowest first (§4.10.5), and what stands behind it.
///
/// # Errors
/// When it ends too early, or has more than 32 bits.
pub fn read_leb128(bytes: &[u8]) -> Result<(usize, &[u8]), ParseError> {
    let mut value = 0_u64;
    for (at, &byte) in bytes.iter().enumerate().take(LEB128_BYTES_MAX) {
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            let value = u32::try_from(value).ok().and_then(|value| usize::try_from(value).ok());
            let value = value.ok_or(ParseError::Value { field: "a length of 32 bits", value: u32::MAX })?;
            return Ok((value, bytes.get(at + 1..).unwrap_or_default()));
        }
    }
    Err(ParseError::Truncated)
}

/// Appends a number as [`read_leb128`] reads it.
pub fn write_leb128(value: usize, out: &mut Vec<u8>) {
    let mut rest = value;
    while rest >= 0x80 {
        out.push(0x80 | rest.to_le_bytes()[0]);
        rest >>= 7;
    }
    out.push(rest.to_le_bytes()[0]);
}

const FORBIDDEN: u8 = 0x80;
const HAS_EXTENSION: u8 = 0x04;
const HAS_SIZE: u8 = 0x02;
const LEB128_BYTES_MAX: usize = 8;
const RECORD_HEAD_BYTES: usize = 4;
/// Primaries, transfer and matrix that are not told.
const UNSPECIFIED: u32 = 0x02_02_02;
/// BT.709 primaries, the transfer of sRGB, red, green and blue as they are.
const SRGB: u32 = 0x01_0d_00;

#[cfg(test)]
mod tests;

//! H.264 (ITU-T H.264): what its parameter sets say, and the record in which FLV and MP4 keep them.

use crate::nal::unescaped;
use crate::reader::{BitReader, Reader};
use crate::{ParseError, Shape};

/// What a sequence parameter set says (§7.3.2.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sps {
    /// `profile_idc`: 66 is Baseline, 77 Main, 100 High.
    pub profile: u8,
    /// `constraint_set0_flag` and those after it.
    pub constraints: u8,
    /// `level_idc`: ten times the level.
    pub level: u8,
    /// Pixels that are shown from left to right.
    pub width: u32,
    /// Pixels that are shown from top to bottom.
    pub height: u32,
}

/// An AVCDecoderConfigurationRecord (ISO/IEC 14496-15 §5.3.3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecoderConfiguration<'a> {
    /// Bytes of the length in front of each NAL unit: 1, 2 or 4.
    pub length_bytes: usize,
    /// Sequence parameter sets, at least one.
    pub sps: Vec<&'a [u8]>,
    /// Picture parameter sets.
    pub pps: Vec<&'a [u8]>,
}

impl Sps {
    /// Reads a whole NAL unit, its header included.
    ///
    /// # Errors
    /// When it is no sequence parameter set, or ends too early.
    pub fn parse(unit: &[u8]) -> Result<Self, ParseError> {
        let payload = unescaped(unit.get(..unit.len().min(SPS_BYTES_READ)).unwrap_or_default());
        let mut bits = BitReader::new(&payload);
        let kind = bits.bits(8)? & 0x1f;
        if kind != SPS_UNIT {
            return Err(ParseError::Value { field: "the type of a sequence parameter set", value: kind });
        }
        let (profile, constraints, level) = (bits.byte(8)?, bits.byte(8)?, bits.byte(8)?);
        bits.unsigned()?; // seq_parameter_set_id
        let chroma = if has_chroma_format(profile) { Chroma::parse(&mut bits)? } else { Chroma::YUV_420 };
        bits.unsigned()?; // log2_max_frame_num_minus4
        skip_picture_order(&mut bits)?;
        bits.unsigned()?; // max_num_ref_frames
        bits.flag()?; // gaps_in_frame_num_value_allowed_flag
        let width = macroblocks(bits.unsigned()?)?;
        let height_units = macroblocks(bits.unsigned()?)?;
        let frames_only = bits.flag()?;
        if !frames_only {
            bits.flag()?; // mb_adaptive_frame_field_flag
        }
        let fields = if frames_only { 1 } else { 2 };
        bits.flag()?; // direct_8x8_inference_flag
        let mut cropped = [0; 4];
        if bits.flag()? {
            for edge in &mut cropped {
                *edge = bits.unsigned()?;
            }
        }
        let [left, right, top, bottom] = cropped;
        let width = shown(width, left, right, chroma.width)?;
        let height = shown(height_units * fields, top, bottom, chroma.height * fields)?;
        Ok(Self { profile, constraints, level, width, height })
    }

    /// The size, as parameters of a track have it.
    #[must_use]
    pub fn shape(&self) -> Shape {
        Shape::Video { width: self.width, height: self.height }
    }
}

impl<'a> DecoderConfiguration<'a> {
    /// Reads a record. What stands behind the parameter sets is left alone.
    ///
    /// # Errors
    /// When it is none, or has no sequence parameter set.
    pub fn parse(record: &'a [u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::new(record);
        let version = reader.u8()?;
        if version != 1 {
            return Err(ParseError::Value { field: "configurationVersion", value: version.into() });
        }
        reader.take(3)?; // profile, compatibility, level: the sets say it, too
        let length_bytes = usize::from(reader.u8()? & 3) + 1;
        if length_bytes == 3 {
            return Err(ParseError::Value { field: "lengthSizeMinusOne", value: 2 });
        }
        let count = reader.u8()? & 0x1f;
        let sps = sets(&mut reader, count)?;
        if sps.is_empty() {
            return Err(ParseError::Missing("sequence parameter set"));
        }
        let count = reader.u8()?;
        let pps = sets(&mut reader, count)?;
        Ok(Self { length_bytes, sps, pps })
    }

    /// All sets, in the order in which decoders want them.
    pub fn parameter_sets(&self) -> impl Iterator<Item = &'a [u8]> {
        self.sps.iter().chain(&self.pps).copied()
    }

    /// Makes the record, with lengths of 4 bytes. `None` when there is no sequence parameter set, or when they are more or longer than
    /// a record can hold.
    #[must_use]
    pub fn record(&self) -> Option<Vec<u8>> {
        let first = self.sps.first()?;
        let sps = Sps::parse(first).ok()?;
        let count = u8::try_from(self.sps.len()).ok().filter(|&count| count <= 0x1f)?;
        let mut record = vec![1];
        record.extend_from_slice(first.get(1..4)?);
        record.extend_from_slice(&[0xff, 0xe0 | count]);
        append(&mut record, &self.sps)?;
        record.push(u8::try_from(self.pps.len()).ok()?);
        append(&mut record, &self.pps)?;
        if has_chroma_format(sps.profile) {
            let (chroma, luma_depth, chroma_depth) = chroma_fields(first).ok()?;
            record.extend_from_slice(&[0xfc | chroma, 0xf8 | luma_depth, 0xf8 | chroma_depth, 0]);
        }
        Some(record)
    }
}

/// So many parameter sets, each after its length.
fn sets<'a>(reader: &mut Reader<'a>, count: u8) -> Result<Vec<&'a [u8]>, ParseError> {
    let set = |_| {
        let length = reader.u16()?;
        reader.take(length.into())
    };
    (0..count).map(set).collect()
}

fn append(record: &mut Vec<u8>, sets: &[&[u8]]) -> Option<()> {
    for set in sets {
        record.extend_from_slice(&u16::try_from(set.len()).ok()?.to_be_bytes());
        record.extend_from_slice(set);
    }
    Some(())
}

/// How many luma samples one unit of cropping is (Table 6-1, §7.4.2.1.1).
#[derive(Debug, Clone, Copy)]
struct Chroma {
    width: u32,
    height: u32,
}

impl Chroma {
    const YUV_420: Self = Self { width: 2, height: 2 };

    fn parse(bits: &mut BitReader<'_>) -> Result<Self, ParseError> {
        let format = bits.unsigned()?;
        let separate_planes = format == 3 && bits.flag()?;
        bits.unsigned()?; // bit_depth_luma_minus8
        bits.unsigned()?; // bit_depth_chroma_minus8
        bits.flag()?; // qpprime_y_zero_transform_bypass_flag
        if bits.flag()? {
            let lists = if format == 3 { 12 } else { 8 };
            for list in 0..lists {
                if bits.flag()? {
                    skip_scaling_list(bits, if list < 6 { 16 } else { 64 })?;
                }
            }
        }
        match format {
            _ if separate_planes => Ok(Self { width: 1, height: 1 }),
            0 | 3 => Ok(Self { width: 1, height: 1 }),
            1 => Ok(Self::YUV_420),
            2 => Ok(Self { width: 2, height: 1 }),
            _ => Err(ParseError::Value { field: "chroma_format_idc", value: format }),
        }
    }
}

/// `chroma_format_idc`, `bit_depth_luma_minus8` and `bit_depth_chroma_minus8`, as the end of the record has them.
fn chroma_fields(sps: &[u8]) -> Result<(u8, u8, u8), ParseError> {
    let payload = unescaped(sps);
    let mut bits = BitReader::new(&payload);
    bits.skip(32)?;
    bits.unsigned()?; // seq_parameter_set_id
    let format = bits.unsigned()?;
    if format == 3 {
        bits.flag()?;
    }
    let field =
        |field, value| u8::try_from(value).ok().filter(|&bits| bits < 8).ok_or(ParseError::Value { field, value });
    let luma = field("bit_depth_luma_minus8", bits.unsigned()?)?;
    let chroma = field("bit_depth_chroma_minus8", bits.unsigned()?)?;
    Ok((field("chroma_format_idc", format)? & 3, luma, chroma))
}

/// §7.3.2.1.1.1: the values do not matter here, only where they end.
fn skip_scaling_list(bits: &mut BitReader<'_>, size: u32) -> Result<(), ParseError> {
    let (mut last, mut next) = (8_i64, 8_i64);
    for _ in 0..size {
        if next != 0 {
            next = (last + bits.signed()?).rem_euclid(256);
        }
        last = if next == 0 { last } else { next };
    }
    Ok(())
}

/// `pic_order_cnt_type` and what depends on it.
fn skip_picture_order(bits: &mut BitReader<'_>) -> Result<(), ParseError> {
    match bits.unsigned()? {
        0 => {
            bits.unsigned()?; // log2_max_pic_order_cnt_lsb_minus4
        }
        1 => {
            bits.flag()?; // delta_pic_order_always_zero_flag
            bits.signed()?; // offset_for_non_ref_pic
            bits.signed()?; // offset_for_top_to_bottom_field
            let count = bits.unsigned()?;
            if count > 255 {
                return Err(ParseError::Value { field: "num_ref_frames_in_pic_order_cnt_cycle", value: count });
            }
            for _ in 0..count {
                bits.signed()?; // offset_for_ref_frame
            }
        }
        2 => {}
        value => return Err(ParseError::Value { field: "pic_order_cnt_type", value }),
    }
    Ok(())
}

/// The profiles whose parameter sets say how colours are sampled (§7.3.2.1.1).
fn has_chroma_format(profile: u8) -> bool {
    matches!(profile, 100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135)
}

/// Pixels of so many macroblocks, less one as the field has it.
fn macroblocks(minus_one: u32) -> Result<u32, ParseError> {
    let count = minus_one.checked_add(1).filter(|&count| count <= SIDE_MACROBLOCKS_MAX);
    let count = count.ok_or(ParseError::Value { field: "the size in macroblocks", value: minus_one })?;
    Ok(count * 16)
}

/// What cropping leaves.
pub(crate) fn shown(coded: u32, before: u32, after: u32, unit: u32) -> Result<u32, ParseError> {
    let cropped = before.checked_add(after).and_then(|units| units.checked_mul(unit));
    let left = cropped.and_then(|cropped| coded.checked_sub(cropped)).filter(|&left| left > 0);
    left.ok_or(ParseError::Value { field: "the cropping", value: before.saturating_add(after) })
}

/// `nal_unit_type` 7 (Table 7-1).
const SPS_UNIT: u32 = 7;
/// The size stands in the first bytes; what describes the display may follow at length.
const SPS_BYTES_READ: usize = 1024;
/// Pictures of 16384 pixels, twice what the highest level knows.
const SIDE_MACROBLOCKS_MAX: u32 = 1024;

#[cfg(test)]
pub(crate) mod tests;

//! NAL units as FLV and MP4 store them (ISO/IEC 14496-15): each after its length, and the parameter sets in a record of their own.

use media::ParseError;

/// The NAL units of a frame, each after a length of four bytes.
pub(crate) struct NalUnits<'a> {
    rest: &'a [u8],
}

impl<'a> NalUnits<'a> {
    pub(crate) fn new(frame: &'a [u8]) -> Self {
        Self { rest: frame }
    }
}

impl<'a> Iterator for NalUnits<'a> {
    type Item = Result<&'a [u8], ParseError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let unit = take_prefixed::<4>(&mut self.rest);
        if unit.is_err() {
            self.rest = &[];
        }
        Some(unit)
    }
}

/// The sets of an AVCDecoderConfigurationRecord (§5.3.3.1), in its order.
pub(crate) fn h264_parameter_sets(record: &[u8]) -> Result<Vec<&[u8]>, ParseError> {
    let (_, mut rest) = record.split_at_checked(5).ok_or(ParseError::Truncated)?;
    let mut sets = Vec::new();
    for mask in [0x1f, 0xff] {
        for _ in 0..take_byte(&mut rest)? & mask {
            sets.push(take_prefixed::<2>(&mut rest)?);
        }
    }
    Ok(sets)
}

/// The sets of an HEVCDecoderConfigurationRecord (§8.3.3.1), in its order.
pub(crate) fn h265_parameter_sets(record: &[u8]) -> Result<Vec<&[u8]>, ParseError> {
    let (_, mut rest) = record.split_at_checked(22).ok_or(ParseError::Truncated)?;
    let mut sets = Vec::new();
    for _ in 0..take_byte(&mut rest)? {
        let _kind = take_byte(&mut rest)?;
        let count = u16::from_be_bytes([take_byte(&mut rest)?, take_byte(&mut rest)?]);
        for _ in 0..count {
            sets.push(take_prefixed::<2>(&mut rest)?);
        }
    }
    Ok(sets)
}

fn take_byte(rest: &mut &[u8]) -> Result<u8, ParseError> {
    let (&byte, after) = rest.split_first().ok_or(ParseError::Truncated)?;
    *rest = after;
    Ok(byte)
}

/// Takes what stands after a length of `N` bytes.
fn take_prefixed<'a, const N: usize>(rest: &mut &'a [u8]) -> Result<&'a [u8], ParseError> {
    let (prefix, after) = rest.split_first_chunk::<N>().ok_or(ParseError::Truncated)?;
    let length = prefix.iter().fold(0, |length, &byte| (length << 8) | usize::from(byte));
    let (unit, after) = after.split_at_checked(length).ok_or(ParseError::Truncated)?;
    *rest = after;
    Ok(unit)
}

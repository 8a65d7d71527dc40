//! Bits of a byte string, the highest of each byte first.

use crate::ParseError;

/// Reads fields that are not whole bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BitReader<'a> {
    bytes: &'a [u8],
    /// Of the next bit.
    position: usize,
}

impl<'a> BitReader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    /// Bits read so far.
    pub(crate) fn position(&self) -> usize {
        self.position
    }

    pub(crate) fn flag(&mut self) -> Result<bool, ParseError> {
        let byte = self.bytes.get(self.position / 8).ok_or(ParseError::Truncated)?;
        let mask = 0x80_u8.checked_shr((self.position % 8) as u32).unwrap_or(0);
        self.position = self.position.saturating_add(1);
        Ok(byte & mask != 0)
    }

    /// At most 32 bits.
    pub(crate) fn bits(&mut self, count: u32) -> Result<u32, ParseError> {
        let mut value = 0_u32;
        for _ in 0..count {
            value = value << 1 | u32::from(self.flag()?);
        }
        Ok(value)
    }

    /// A number below `limit`, which is not 0, in the shortest code: `ns(n)` of the AV1 specification §4.10.7.
    pub(crate) fn below(&mut self, limit: u32) -> Result<u32, ParseError> {
        let width = u32::BITS.saturating_sub(limit.leading_zeros());
        let short = 1_u32.wrapping_shl(width).wrapping_sub(limit);
        let value = self.bits(width.saturating_sub(1))?;
        if value < short {
            return Ok(value);
        }
        Ok((value << 1 | u32::from(self.flag()?)).saturating_sub(short))
    }
}

/// Writes fields that are not whole bytes into a buffer.
#[derive(Debug)]
pub(crate) struct BitWriter<'b> {
    bytes: &'b mut [u8],
    position: usize,
}

impl<'b> BitWriter<'b> {
    pub(crate) fn new(bytes: &'b mut [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    /// The lowest `count` bits of `value`; `None` when the buffer is full.
    pub(crate) fn bits(&mut self, value: u32, count: u32) -> Option<()> {
        for index in (0..count).rev() {
            let byte = self.bytes.get_mut(self.position / 8)?;
            let mask = 0x80_u8.checked_shr((self.position % 8) as u32)?;
            if value.checked_shr(index)? & 1 == 0 {
                *byte &= !mask;
            } else {
                *byte |= mask;
            }
            self.position = self.position.checked_add(1)?;
        }
        Some(())
    }

    /// The next `count` bits of `source`.
    pub(crate) fn copy(&mut self, source: &mut BitReader<'_>, count: usize) -> Option<()> {
        for _ in 0..count {
            self.bits(u32::from(source.flag().ok()?), 1)?;
        }
        Some(())
    }

    /// Fills the last byte with zeros and says how many bytes there are.
    pub(crate) fn finish(mut self) -> Option<usize> {
        while !self.position.is_multiple_of(8) {
            self.bits(0, 1)?;
        }
        Some(self.position / 8)
    }
}

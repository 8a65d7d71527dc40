//! Readers that cannot read beyond the end: of whole bytes, and of bits.

use crate::ParseError;

/// What is left of some bytes. Numbers are big-endian.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], ParseError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(ParseError::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, ParseError> {
        let (&first, rest) = self.0.split_first().ok_or(ParseError::Truncated)?;
        self.0 = rest;
        Ok(first)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, ParseError> {
        Ok(u16::from_be_bytes([self.u8()?, self.u8()?]))
    }
}

/// Bits, the highest of each byte first.
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

    pub(crate) fn flag(&mut self) -> Result<bool, ParseError> {
        let byte = self.bytes.get(self.position / 8).ok_or(ParseError::Truncated)?;
        let mask = 0x80_u8 >> (self.position % 8);
        self.position += 1;
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

    /// At most 8 bits.
    pub(crate) fn byte(&mut self, count: u32) -> Result<u8, ParseError> {
        Ok(self.bits(count)?.to_be_bytes()[3])
    }

    /// Passes over bits.
    pub(crate) fn skip(&mut self, count: usize) -> Result<(), ParseError> {
        let position = self.position.saturating_add(count);
        if position > self.bytes.len().saturating_mul(8) {
            return Err(ParseError::Truncated);
        }
        self.position = position;
        Ok(())
    }

    /// Exp-Golomb, unsigned: `ue(v)` of ITU-T H.264 §9.1.
    pub(crate) fn unsigned(&mut self) -> Result<u32, ParseError> {
        let mut zeros = 0;
        while !self.flag()? {
            zeros += 1;
            if zeros == u32::BITS {
                return Err(ParseError::Value { field: "an Exp-Golomb code", value: zeros });
            }
        }
        let rest = u64::from(self.bits(zeros)?);
        // Below 2^32, since there are at most 31 zeros.
        Ok(u32::try_from((1_u64 << zeros) - 1 + rest).unwrap_or(u32::MAX))
    }

    /// Exp-Golomb, signed: `se(v)` of ITU-T H.264 §9.1.1.
    pub(crate) fn signed(&mut self) -> Result<i64, ParseError> {
        let code = i64::from(self.unsigned()?);
        Ok(if code % 2 == 0 { -(code / 2) } else { (code + 1) / 2 })
    }
}

#[cfg(test)]
mod tests;

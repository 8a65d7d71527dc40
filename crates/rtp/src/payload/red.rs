//! Redundant audio (RFC 2198).

use crate::ParseError;
use crate::reader::Reader;

/// One block of a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block<'a> {
    /// Of what is inside.
    pub payload_type: u8,
    /// How much older than the packet it is, in units of the timestamp; 0 for the primary block.
    pub timestamp_offset: u16,
    /// What is inside.
    pub data: &'a [u8],
}

/// The blocks of a payload, the oldest first, the primary one last.
#[derive(Debug, Clone, Copy)]
pub struct Blocks<'a> {
    headers: Reader<'a>,
    data: Reader<'a>,
    done: bool,
}

impl<'a> Blocks<'a> {
    /// Reads the headers.
    ///
    /// # Errors
    /// When the payload ends before its blocks do, or there are more than [`BLOCKS_MAX`].
    pub fn parse(payload: &'a [u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::new(payload);
        let mut data_bytes = 0_usize;
        for _ in 0..BLOCKS_MAX {
            if reader.u8()? & MORE == 0 {
                let data = reader;
                reader.take(data_bytes)?;
                return Ok(Self { headers: Reader::new(payload), data, done: false });
            }
            let [_, high, low] = reader.array()?;
            data_bytes = data_bytes.saturating_add(usize::from(u16::from_be_bytes([high & 0x03, low])));
        }
        Err(ParseError::TooMany { what: "redundant blocks", limit: BLOCKS_MAX })
    }

    /// The primary block: what the packet would be without redundancy.
    #[must_use]
    pub fn primary(self) -> Option<Block<'a>> {
        self.last()
    }
}

impl<'a> Iterator for Blocks<'a> {
    type Item = Block<'a>;

    fn next(&mut self) -> Option<Block<'a>> {
        if self.done {
            return None;
        }
        let head = self.headers.u8().ok()?;
        let payload_type = head & !MORE;
        if head & MORE == 0 {
            self.done = true;
            return Some(Block { payload_type, timestamp_offset: 0, data: self.data.rest() });
        }
        // Fourteen bits of offset, ten of length.
        let rest = self.headers.u24().ok()?;
        let [.., high, low] = (rest >> 10).to_be_bytes();
        let data = self.data.take((rest & 0x3ff) as usize).ok()?;
        Some(Block { payload_type, timestamp_offset: u16::from_be_bytes([high, low]), data })
    }
}

/// RFC 2198 §3: another header follows.
const MORE: u8 = 0x80;

/// Browsers send one or two; more than nine older blocks do not fit into a packet of sound.
pub const BLOCKS_MAX: usize = 10;

#[cfg(test)]
mod tests;

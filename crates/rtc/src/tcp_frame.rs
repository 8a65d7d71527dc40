//! Datagrams in a byte stream (RFC 4571, as ICE-TCP uses it, RFC 6544): two bytes of length, then the datagram.

use std::ops::Range;

/// Cuts a stream into datagrams. Keeps what is incomplete, at most one frame.
#[derive(Debug, Default)]
pub struct Deframer {
    /// The beginning of a frame, header included; empty between frames.
    partial: Vec<u8>,
}

/// A frame is longer than any datagram that is expected: the stream is to be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a frame of {bytes} bytes, where {max} are allowed", max = FRAME_BYTES_MAX)]
pub struct FrameTooLong {
    /// As announced by its header.
    pub bytes: usize,
}

impl Deframer {
    /// Takes bytes as they came from the stream and calls `each` with every datagram that is complete, in order. The datagram may be
    /// written to: packets are decrypted in place.
    ///
    /// # Errors
    /// When a frame is announced that is longer than [`FRAME_BYTES_MAX`]. The datagrams before it have been handed out.
    pub fn handle_bytes(&mut self, mut bytes: &mut [u8], mut each: impl FnMut(&mut [u8])) -> Result<(), FrameTooLong> {
        while !self.partial.is_empty() && !bytes.is_empty() {
            let (head, rest) = bytes.split_at_mut(self.missing()?.min(bytes.len()));
            self.partial.extend_from_slice(head);
            bytes = rest;
            if self.missing()? == 0 {
                each(self.partial.get_mut(HEADER_BYTES..).unwrap_or_default());
                self.partial.clear();
            }
        }
        while let Some(range) = frame(bytes)? {
            let end = range.end;
            each(bytes.get_mut(range).unwrap_or_default());
            bytes = bytes.get_mut(end..).unwrap_or_default();
        }
        self.partial.extend_from_slice(bytes);
        Ok(())
    }

    /// How many bytes the header, and then the frame, is short of.
    fn missing(&self) -> Result<usize, FrameTooLong> {
        let needed = HEADER_BYTES + announced(&self.partial)?.unwrap_or(0);
        Ok(needed.saturating_sub(self.partial.len()))
    }
}

/// The header to be put before a datagram; `None` when it is too long for a frame.
#[must_use]
pub fn header(datagram_bytes: usize) -> Option<[u8; 2]> {
    u16::try_from(datagram_bytes).ok().map(u16::to_be_bytes)
}

/// Where the first datagram stands, when it is complete.
fn frame(bytes: &[u8]) -> Result<Option<Range<usize>>, FrameTooLong> {
    let Some(length) = announced(bytes)? else { return Ok(None) };
    let end = HEADER_BYTES + length;
    Ok((end <= bytes.len()).then_some(HEADER_BYTES..end))
}

/// The length that a frame's header announces.
fn announced(bytes: &[u8]) -> Result<Option<usize>, FrameTooLong> {
    let Some(header) = bytes.first_chunk::<HEADER_BYTES>() else { return Ok(None) };
    let length = usize::from(u16::from_be_bytes(*header));
    if length > FRAME_BYTES_MAX { Err(FrameTooLong { bytes: length }) } else { Ok(Some(length)) }
}

/// No client sends datagrams longer than its link takes; 1500 bytes and room for an odd one.
pub const FRAME_BYTES_MAX: usize = 2048;
/// RFC 4571 §2.
const HEADER_BYTES: usize = 2;

#[cfg(test)]
mod tests;

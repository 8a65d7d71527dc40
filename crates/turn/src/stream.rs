//! Frames in the byte stream of TCP and TLS clients (RFC 8489 §6.2.2, RFC 8656 §12.5).

use std::ops::Range;

use thiserror::Error;

/// Splits a byte stream into STUN messages and ChannelData messages.
///
/// ```
/// let mut splitter = turn::stream::Splitter::new();
/// splitter.push(&[0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
/// while let Some(frame) = splitter.next_frame()? {
///     assert_eq!(splitter.bytes(frame).len(), 20);
/// }
/// # Ok::<(), turn::stream::StreamError>(())
/// ```
#[derive(Debug, Default)]
pub struct Splitter {
    /// Bytes that have come; at most one frame and one `push` long, as frames are taken out after every push.
    buffer: Vec<u8>,
    /// Where in `buffer` the next frame starts.
    start: usize,
    /// Whether a STUN message has come. ChannelData before it can belong to no allocation.
    greeted: bool,
}

impl Splitter {
    /// The start of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends bytes of the stream. Take the frames out before the next push.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.start);
        self.start = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole frame without its padding, to be read with [`Self::bytes`] before the next push; none until more
    /// bytes have come.
    ///
    /// # Errors
    /// The stream is not STUN, and every later call says so too: close the connection.
    pub fn next_frame(&mut self) -> Result<Option<Range<usize>>, StreamError> {
        let rest = self.buffer.get(self.start..).unwrap_or_default();
        let Some(length) = frame_length(rest)? else { return Ok(None) };
        match length.kind {
            FrameKind::Stun => self.greeted = true,
            FrameKind::Channel if !self.greeted => return Err(StreamError::ChannelFirst),
            FrameKind::Channel => {}
        }
        if rest.len() < length.padded {
            return Ok(None);
        }
        let frame = self.start..self.start + length.message;
        self.start += length.padded;
        Ok(Some(frame))
    }

    /// The bytes of a frame.
    pub fn bytes(&self, frame: Range<usize>) -> &[u8] {
        self.buffer.get(frame).unwrap_or_default()
    }

    /// How many bytes wait for the rest of their frame.
    pub fn pending(&self) -> usize {
        self.buffer.len() - self.start
    }
}

/// Why a stream cannot be TURN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum StreamError {
    /// The next byte starts neither.
    #[error("the bytes are neither a STUN message nor ChannelData")]
    NotStun,
    /// ChannelData came first, although no channel can be bound yet.
    #[error("ChannelData before any STUN message")]
    ChannelFirst,
    /// A STUN message of an impossible length.
    #[error("a STUN message of {bytes} bytes: its length must be a multiple of four up to {max}", max = FRAME_BYTES_MAX)]
    Length {
        /// As announced, with its header.
        bytes: usize,
    },
}

/// The longest frame: a 16-bit length and the STUN header in front of it.
pub const FRAME_BYTES_MAX: usize = 20 + 0xFFFC;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FrameKind {
    Stun,
    Channel,
}

struct FrameLength {
    kind: FrameKind,
    /// Bytes of the message.
    message: usize,
    /// Bytes until the next frame.
    padded: usize,
}

/// How long the frame at the start of `bytes` is; none while that cannot be told.
fn frame_length(bytes: &[u8]) -> Result<Option<FrameLength>, StreamError> {
    let Some(&[first, _, high, low]) = bytes.first_chunk::<4>() else {
        return match bytes.first() {
            None | Some(0x00..=0x03 | 0x40..=0x7F) => Ok(None),
            Some(_) => Err(StreamError::NotStun),
        };
    };
    let length = usize::from(u16::from_be_bytes([high, low]));
    // RFC 7983 §7, as far as it concerns STUN and TURN.
    match first {
        0x00..=0x03 => {
            // Each byte is judged as it comes, so that the verdict does not depend on how the stream is cut.
            if !length.is_multiple_of(4) {
                return Err(StreamError::Length { bytes: 20 + length });
            }
            let cookie = bytes.get(4..bytes.len().min(8)).unwrap_or_default();
            if !MAGIC_COOKIE.starts_with(cookie) {
                return Err(StreamError::NotStun);
            }
            Ok(Some(FrameLength { kind: FrameKind::Stun, message: 20 + length, padded: 20 + length }))
        }
        0x40..=0x7F => {
            let padded = 4 + length.next_multiple_of(4);
            Ok(Some(FrameLength { kind: FrameKind::Channel, message: 4 + length, padded }))
        }
        0x04..=0x3F | 0x80..=0xFF => Err(StreamError::NotStun),
    }
}

/// RFC 8489 §5.
const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xA4, 0x42];

#[cfg(test)]
mod tests;

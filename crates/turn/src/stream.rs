//! Frames in the byte stream of TCP and TLS clients (RFC 8489 §6.2.2, RFC 8656 §12.5).

use thiserror::Error;

/// Splits a byte stream into STUN messages and ChannelData messages.
///
/// ```
/// let mut splitter = turn::stream::Splitter::new();
/// let binding = [0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
/// let mut lengths = Vec::new();
/// splitter.handle_bytes(&[&binding[..], &binding].concat(), |frame| lengths.push(frame.len()))?;
/// assert_eq!(lengths, [20, 20]);
/// # Ok::<(), turn::stream::StreamError>(())
/// ```
#[derive(Debug, Default)]
pub struct Splitter {
    /// The beginning of a frame whose rest has not come.
    partial: Vec<u8>,
    /// Whether a STUN message has come. ChannelData before it can belong to no allocation.
    greeted: bool,
    /// What was wrong; nothing that follows can be understood.
    refused: Option<StreamError>,
}

impl Splitter {
    /// The start of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes bytes as they came, and calls `each` with every frame that is whole, without its padding, in order.
    ///
    /// # Errors
    /// The stream is not STUN, and every later call says so too: close the connection. The frames before that have been handed out.
    pub fn handle_bytes(&mut self, bytes: &[u8], each: impl FnMut(&[u8])) -> Result<(), StreamError> {
        if let Some(error) = self.refused {
            return Err(error);
        }
        self.split(bytes, each).inspect_err(|&error| self.refused = Some(error))
    }

    /// How many bytes wait for the rest of their frame.
    pub fn pending(&self) -> usize {
        self.partial.len()
    }

    fn split(&mut self, mut bytes: &[u8], mut each: impl FnMut(&[u8])) -> Result<(), StreamError> {
        while !self.partial.is_empty() && !bytes.is_empty() {
            let wanted = measure(&self.partial, &mut self.greeted)?.map_or(HEADER_BYTES, |length| length.padded);
            let (head, rest) = bytes.split_at((wanted - self.partial.len()).min(bytes.len()));
            self.partial.extend_from_slice(head);
            bytes = rest;
            if let Some(length) = measure(&self.partial, &mut self.greeted)?
                && self.partial.len() == length.padded
            {
                each(self.partial.get(..length.message).unwrap_or_default());
                self.partial.clear();
                self.partial.shrink_to(IDLE_BYTES);
            }
        }
        while let Some(length) = measure(bytes, &mut self.greeted)?
            && let Some((frame, rest)) = bytes.split_at_checked(length.padded)
        {
            each(frame.get(..length.message).unwrap_or_default());
            bytes = rest;
        }
        self.partial.extend_from_slice(bytes);
        Ok(())
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

#[derive(Debug, Clone, Copy)]
struct FrameLength {
    kind: FrameKind,
    /// Bytes of the message.
    message: usize,
    /// Bytes until the next frame.
    padded: usize,
}

/// How long the frame at the start of `bytes` is, if it may stand there; none while that cannot be told.
fn measure(bytes: &[u8], greeted: &mut bool) -> Result<Option<FrameLength>, StreamError> {
    let Some(length) = frame_length(bytes)? else { return Ok(None) };
    match length.kind {
        FrameKind::Stun => *greeted = true,
        FrameKind::Channel if !*greeted => return Err(StreamError::ChannelFirst),
        FrameKind::Channel => {}
    }
    Ok(Some(length))
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

/// Both kinds of frames tell their length in their first four bytes.
const HEADER_BYTES: usize = 4;

/// Memory that a quiet stream keeps for the next frame that comes in pieces.
const IDLE_BYTES: usize = 2048;

/// RFC 8489 §5.
const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xA4, 0x42];

#[cfg(test)]
mod tests;

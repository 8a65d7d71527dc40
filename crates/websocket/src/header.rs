//! The header of a frame (RFC 6455 §5.2).
//!
//! ```text
//!  0        1        2 ..            +0, +2 or +8      +4
//! |F RSV op|M length|longer length, if there is one|mask|payload
//! ```

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

/// The header of a client's frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    /// The message ends with this frame.
    pub(crate) is_final: bool,
    pub(crate) opcode: Opcode,
    pub(crate) payload_bytes: u64,
    pub(crate) mask: [u8; 4],
}

/// A client must not send such a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

impl Opcode {
    fn of(bits: u8) -> Option<Self> {
        match bits {
            0x0 => Some(Self::Continuation),
            0x1 => Some(Self::Text),
            0x2 => Some(Self::Binary),
            0x8 => Some(Self::Close),
            0x9 => Some(Self::Ping),
            0xa => Some(Self::Pong),
            _ => None,
        }
    }

    fn bits(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xa,
        }
    }

    /// Control frames may come between the parts of a message (RFC 6455 §5.5).
    pub(crate) fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

impl Header {
    /// Reads the header of a client's frame from the beginning of `bytes`, and how long it is; `None` when it goes on behind their end.
    ///
    /// # Errors
    /// [`Malformed`]: nobody can have meant that, so nothing that follows can be trusted.
    pub(crate) fn read(bytes: &[u8]) -> Result<Option<(Self, usize)>, Malformed> {
        let [first, second, rest @ ..] = bytes else { return Ok(None) };
        let opcode = Opcode::of(first & OPCODE_BITS).ok_or(Malformed)?;
        let is_final = first & FINAL_BIT != 0;
        let short = second & LENGTH_BITS;
        // No extension was agreed on that could give the reserved bits a meaning (§5.2), and clients mask (§5.1).
        if first & RESERVED_BITS != 0 || second & MASK_BIT == 0 {
            return Err(Malformed);
        }
        if opcode.is_control() && (!is_final || usize::from(short) > CONTROL_BYTES_MAX) {
            return Err(Malformed);
        }
        let (payload_bytes, rest) = match short {
            LENGTH_IN_TWO => {
                let Some((length, rest)) = rest.split_first_chunk() else { return Ok(None) };
                (u64::from(u16::from_be_bytes(*length)), rest)
            }
            LENGTH_IN_EIGHT => {
                let Some((length, rest)) = rest.split_first_chunk() else { return Ok(None) };
                (u64::from_be_bytes(*length), rest)
            }
            short => (u64::from(short), rest),
        };
        let Some((mask, rest)) = rest.split_first_chunk() else { return Ok(None) };
        Ok(Some((Self { is_final, opcode, payload_bytes, mask: *mask }, bytes.len() - rest.len())))
    }

    /// Writes the header of a whole message of ours, which is not masked (§5.1); gives back how long it is.
    pub(crate) fn write(opcode: Opcode, payload_bytes: usize, into: &mut [u8; OURS_BYTES_MAX]) -> usize {
        let [first, second, rest @ ..] = into;
        *first = FINAL_BIT | opcode.bits();
        if let Ok(short @ ..LENGTH_IN_TWO) = u8::try_from(payload_bytes) {
            *second = short;
            return 2;
        }
        if let Ok(length) = u16::try_from(payload_bytes) {
            *second = LENGTH_IN_TWO;
            for (place, byte) in rest.iter_mut().zip(length.to_be_bytes()) {
                *place = byte;
            }
            return 4;
        }
        *second = LENGTH_IN_EIGHT;
        *rest = (payload_bytes as u64).to_be_bytes();
        OURS_BYTES_MAX
    }
}

/// The longest header of ours.
pub(crate) const OURS_BYTES_MAX: usize = 10;

/// The longest header of a client, with its mask.
pub(crate) const THEIRS_BYTES_MAX: usize = 14;

/// RFC 6455 §5.5.
pub(crate) const CONTROL_BYTES_MAX: usize = 125;

const FINAL_BIT: u8 = 0x80;
const RESERVED_BITS: u8 = 0x70;
const OPCODE_BITS: u8 = 0x0f;
const MASK_BIT: u8 = 0x80;
const LENGTH_BITS: u8 = 0x7f;
const LENGTH_IN_TWO: u8 = 126;
const LENGTH_IN_EIGHT: u8 = 127;

#[cfg(test)]
mod tests;

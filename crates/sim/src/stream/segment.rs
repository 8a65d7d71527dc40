//! One piece of a stream on its way.

/// Bytes of header that count against a link's rate beyond those of a datagram.
const EXTRA_HEADER_BYTES: usize = 12;

/// A numbered piece of a stream. Pieces are counted one by one, not byte by byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    flag: Flag,
    /// Its place in the stream; 0 opens it.
    number: u64,
    /// The place of the first piece that the sender has not received.
    acknowledges: u64,
    bytes: Vec<u8>,
}

/// What a segment is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flag {
    /// Opens a direction. Numbered.
    Open,
    /// Carries bytes. Numbered.
    Data,
    /// Closes a direction. Numbered.
    Finish,
    /// Acknowledges only.
    Acknowledge,
    /// Says that the connection is not known.
    Reset,
}

impl Segment {
    /// A segment that says only that all before `number` has arrived.
    pub fn acknowledgement(number: u64) -> Self {
        Self::numbered(Flag::Acknowledge, 0, number, Vec::new())
    }

    pub(crate) fn reset() -> Self {
        Self::numbered(Flag::Reset, 0, 0, Vec::new())
    }

    pub(crate) fn numbered(flag: Flag, number: u64, acknowledges: u64, bytes: Vec<u8>) -> Self {
        Self { flag, number, acknowledges, bytes }
    }

    pub(crate) fn flag(&self) -> Flag {
        self.flag
    }

    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    pub(crate) fn acknowledges(&self) -> u64 {
        self.acknowledges
    }

    pub(crate) fn is_numbered(&self) -> bool {
        matches!(self.flag, Flag::Open | Flag::Data | Flag::Finish)
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    pub(crate) fn size_bytes(&self) -> usize {
        EXTRA_HEADER_BYTES + self.bytes.len()
    }
}

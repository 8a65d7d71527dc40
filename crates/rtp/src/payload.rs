//! Payload formats, as far as a forwarder must know them: where frames start and end, which are key frames, which layer they
//! belong to, and the numbers that must go on without a gap when layers are switched.

pub mod av1;
pub mod h264;
pub mod h265;
pub mod red;
pub mod units;
pub mod vp8;
pub mod vp9;

/// The number that VP8 and VP9 give each picture: of seven or fifteen bits (RFC 7741 §4.2, RFC 9628 §4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureId {
    /// Wraps at 128.
    Short(u8),
    /// Wraps at 32,768.
    Long(u16),
}

impl PictureId {
    /// The number.
    #[must_use]
    pub fn value(self) -> u16 {
        match self {
            Self::Short(value) => u16::from(value),
            Self::Long(value) => value,
        }
    }

    /// Another number in the same number of bits.
    #[must_use]
    pub fn with_value(self, value: u16) -> Self {
        match self {
            Self::Short(_) => Self::Short(value.to_be_bytes()[1] & 0x7f),
            Self::Long(_) => Self::Long(value & 0x7fff),
        }
    }

    /// The first byte tells by its highest bit whether a second one follows.
    pub(crate) fn read(reader: &mut crate::reader::Reader<'_>) -> Result<Self, crate::ParseError> {
        let first = reader.u8()?;
        if first & 0x80 == 0 {
            return Ok(Self::Short(first));
        }
        Ok(Self::Long(u16::from_be_bytes([first & 0x7f, reader.u8()?])))
    }

    /// As it stands in a descriptor.
    pub(crate) fn write(self, output: &mut Head) {
        match self {
            Self::Short(value) => output.push(value & 0x7f),
            Self::Long(value) => {
                let [high, low] = value.to_be_bytes();
                output.push(high | 0x80);
                output.push(low);
            }
        }
    }
}

/// The rewritten start of a payload: it replaces the first [`Head::replaced`] bytes, the rest is sent as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    bytes: [u8; HEAD_BYTES_MAX],
    length: u8,
    /// How many bytes at the start of the payload it stands for.
    pub replaced: usize,
}

impl Head {
    pub(crate) fn new(replaced: usize) -> Self {
        Self { bytes: [0; HEAD_BYTES_MAX], length: 0, replaced }
    }

    /// What is sent in their place.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or_default()
    }

    /// The heads written here have at most [`HEAD_BYTES_MAX`] bytes, so none is lost.
    pub(crate) fn push(&mut self, byte: u8) {
        debug_assert!(usize::from(self.length) < HEAD_BYTES_MAX, "a head is longer than its format allows");
        if let Some(free) = self.bytes.get_mut(usize::from(self.length)) {
            *free = byte;
            self.length = self.length.saturating_add(1);
        }
    }
}

/// A whole VP8 descriptor: two bytes of flags, a picture id of two, TL0PICIDX, and TID with KEYIDX.
pub const HEAD_BYTES_MAX: usize = 6;

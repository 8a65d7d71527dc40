//! One picture or one piece of sound, encoded.

use bytes::Bytes;

use crate::{Codec, Kind, MediaTime};

/// What the decoder takes in one go. Clones share the data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// How it is encoded; what stands in `data` follows from it (see the table of the crate).
    pub codec: Codec,
    /// When it is shown or heard.
    pub pts: MediaTime,
    /// When it is decoded: before `pts` where pictures refer to later ones. Never goes back within a track.
    pub dts: MediaTime,
    /// Whether a decoder can begin here. True for every piece of sound.
    pub is_key: bool,
    /// The encoded data.
    pub data: Bytes,
}

impl Frame {
    /// Picture or sound.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.codec.kind()
    }
}

//! What is told of a stream.

use std::fmt;

use live::StreamName;
use sha2::{Digest as _, Sha256};

use super::Audience;
use super::rate::{Bytes, Kbps};

/// A short name of a stream, the same whenever the stream is on air.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StreamId(u64);

/// What flows in a stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    /// Who is there.
    pub(crate) audience: Audience,
    /// Of all who are or were there since the stream began.
    pub(crate) bytes: Bytes,
    /// The same per second.
    pub(crate) kbps: Kbps,
}

impl StreamId {
    /// That of this stream.
    pub(crate) fn of(name: &StreamName) -> Self {
        Self::of_text(&name.to_string())
    }

    /// That of anything else which has a name.
    pub(crate) fn of_text(text: &str) -> Self {
        let digest = Sha256::digest(text.as_bytes());
        Self(digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "vid-{:016x}", self.0)
    }
}

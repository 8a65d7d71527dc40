//! Why a connection cannot go on.

use crate::flv::FlvError;

/// What the other side did wrong. The connection ends.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RtmpError {
    /// The first byte is the version.
    #[error("version {0} of RTMP is not supported, only 3 is")]
    Version(u8),
    /// The connection was not made in time.
    #[error("nothing was published or played in time")]
    TimedOut,
    /// A chunk continues a message that was never begun.
    #[error("a chunk continues nothing on chunk stream {0}")]
    NoMessage(u32),
    /// More chunk streams than are kept.
    #[error("more than {0} chunk streams")]
    ChunkStreams(usize),
    /// A message that is too long.
    #[error("a message of {bytes} bytes, the most is {limit}")]
    MessageTooLong {
        /// How long it would be.
        bytes: usize,
        /// How long it may be.
        limit: usize,
    },
    /// Messages that are begun and not ended.
    #[error("more than {0} bytes of unfinished messages")]
    Unfinished(usize),
    /// A chunk size of 0, or with the highest bit set (§5.4.1).
    #[error("{0} is no chunk size")]
    ChunkSize(u32),
    /// A protocol message that is too short for its fields.
    #[error("a message of type {0} is too short")]
    Truncated(u8),
    /// Data that is no AMF0.
    #[error("the command is not AMF0: {0}")]
    Amf(#[from] super::amf0::AmfError),
    /// A frame that nobody could play.
    #[error(transparent)]
    Flv(#[from] FlvError),
    /// The server said no, with the code and the description it gave.
    #[error("the server refused: {code}: {description}")]
    Refused {
        /// As `NetStream.Publish.BadName`.
        code: String,
        /// In the server's words.
        description: String,
    },
    /// The client goes on talking while it waits for leave.
    #[error("more than {0} bytes before the answer to what was asked")]
    Impatient(usize),
    /// The client asks for more streams than anybody needs.
    #[error("more than {0} streams on one connection")]
    Streams(usize),
}

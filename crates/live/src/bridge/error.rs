//! What cannot be carried over.

use media::Codec;

/// Why a track or a frame cannot go over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BridgeError {
    /// The codec has no way over.
    #[error("{0} is not carried between RTP and frames")]
    Codec(Codec),
    /// The record of the codec or the frame is broken.
    #[error(transparent)]
    Frame(#[from] media::ParseError),
    /// A frame of a track whose parameters nobody told.
    #[error("a frame came before the parameters of its track")]
    NoParameters,
}

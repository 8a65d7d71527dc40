//! What cannot be transcoded.

use media::Codec;

/// Why a track or a frame cannot be transcoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TranscodeError {
    /// There is no way from the one codec to the other.
    #[error("there is no way from {from} to {to}")]
    NoWay {
        /// How the sound is encoded.
        from: Codec,
        /// How it should be.
        to: Codec,
    },
    /// The record of the track is broken.
    #[error(transparent)]
    Parameters(#[from] media::ParseError),
    /// The decoder does not understand the frame. The next one may be good again.
    #[error("the sound cannot be decoded: {0}")]
    Decode(String),
    /// The encoder or the resampler refuses: this sampling is none of theirs.
    #[error("the sound cannot be encoded: {0}")]
    Encode(String),
}

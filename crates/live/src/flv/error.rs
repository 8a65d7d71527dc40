//! Why the body of a tag cannot be played.

use media::ParseError;

/// What is wrong with a tag. Its sender is always the one at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FlvError {
    /// A codec this server does not carry.
    #[error("video codec {0} is not supported; H.264, or with Enhanced RTMP H.265, AV1, VP8 or VP9, is")]
    VideoCodec(u8),
    /// A codec this server does not carry.
    #[error("audio codec {0} is not supported; AAC and MP3, or with Enhanced RTMP Opus, are")]
    AudioCodec(u8),
    /// A codec this server does not carry.
    #[error("the codec with the FourCC {} is not supported", .0.escape_ascii())]
    FourCc([u8; 4]),
    /// Not what the codec's specification says.
    #[error("the tag is malformed: {0}")]
    Malformed(#[from] ParseError),
    /// Frames of H.264, H.265 or AAC before the record that says how to decode them.
    #[error("a frame came before its decoder configuration")]
    NoConfiguration,
    /// FLV begins with its three letters.
    #[error("this is no FLV")]
    Signature,
    /// More than is kept.
    #[error("a tag of {bytes} bytes, the most is {limit}")]
    TooLong {
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        limit: usize,
    },
}

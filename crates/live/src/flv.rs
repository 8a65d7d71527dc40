//! FLV: the tags that HTTP-FLV sends, whose bodies are the messages of RTMP. Adobe's FLV specification 10.1, and Enhanced RTMP v1 and v2 for the
//! codecs that it does not know.
//!
//! Not here: several tracks of one kind in one stream (the Multitrack packets of Enhanced RTMP v2), which are passed over.

mod error;
mod packet;
mod reader;
mod tag;
mod writer;

pub use error::FlvError;
pub use packet::{Packet, Packets};
pub use reader::BodyReader;
pub use tag::{Tag, TagKind, TagReader, header, tag};
pub use writer::{frame_body, parameters_body};

pub(crate) use tag::{FILE_HEADER_BYTES as HEADER_BYTES, TAG_BYTES_MAX, timestamp_ms};

/// FourCCs of Enhanced RTMP, and what they are here.
pub(crate) const FOURCCS: [(&[u8; 4], media::Codec); 8] = [
    (b"avc1", media::Codec::H264),
    (b"hvc1", media::Codec::H265),
    (b"av01", media::Codec::Av1),
    (b"vp08", media::Codec::Vp8),
    (b"vp09", media::Codec::Vp9),
    (b"Opus", media::Codec::Opus),
    (b"mp4a", media::Codec::Aac),
    (b".mp3", media::Codec::Mp3),
];

/// In front of the record of VP8 and VP9: the version and the flags of the box that has it in MP4, as encoders send them.
pub(crate) const VP_VERSION: [u8; 4] = [1, 0, 0, 0];

/// Packet types of Enhanced RTMP; audio and video share those that are used here.
pub(crate) mod packet_type {
    pub(crate) const SEQUENCE_START: u8 = 0;
    pub(crate) const CODED_FRAMES: u8 = 1;
    pub(crate) const SEQUENCE_END: u8 = 2;
    /// Video without a composition time.
    pub(crate) const CODED_FRAMES_X: u8 = 3;
    /// Further bytes in front of the packet.
    pub(crate) const MOD_EX: u8 = 7;
}

#[cfg(test)]
mod tests;

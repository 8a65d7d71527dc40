//! What a frame is: encoded pictures and sounds with their times, and what a decoder must know before the first of them. Every protocol of
//! live streams reads into these types and writes from them, so that none knows another. No sockets, no clock; nothing is decoded, and no bytes whatever
//! make it panic.
//!
//! ```
//! use bytes::Bytes;
//! use media::{Codec, Frame, Kind, MediaTime};
//!
//! let frame = Frame { codec: Codec::Opus, pts: MediaTime::from_millis(20), dts: MediaTime::from_millis(20), is_key: true, data: Bytes::new() };
//! assert_eq!(frame.kind(), Kind::Audio);
//! assert_eq!(frame.dts.ticks(48_000), 960);
//! ```
//!
//! | codec | `Frame::data` | `Parameters::decoder_configuration` |
//! |---|---|---|
//! | H.264 | one access unit, NAL units after lengths of 4 bytes | AVCDecoderConfigurationRecord (ISO/IEC 14496-15 §5.3.3) |
//! | H.265 | the same | HEVCDecoderConfigurationRecord (§8.3.3) |
//! | AV1 | one temporal unit without its delimiter | AV1CodecConfigurationRecord (`av1C`) |
//! | VP8, VP9 | one frame | VPCodecConfigurationRecord (`vpcC`) without version and flags, may be empty |
//! | AAC | one raw frame without ADTS | AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2) |
//! | MP3 | one frame with its header | empty |
//! | Opus | one packet | the identification header (RFC 7845 §5.1), may be empty |
//!
//! Not here: containers and protocols (`live`), packets (`rtp`), encoders and decoders.

#![deny(missing_docs)]
#![cfg_attr(not(test), deny(clippy::indexing_slicing))]

pub mod aac;
pub mod av1;
mod codec;
mod error;
mod frame;
pub mod h264;
pub mod h265;
pub mod nal;
mod parameters;
mod reader;
mod time;
pub mod vp9;

pub use codec::{Codec, Kind};
pub use error::ParseError;
pub use frame::Frame;
pub use parameters::{Parameters, Shape};
pub use time::MediaTime;

//! Sound from the codec of one world into that of the other: AAC to Opus for WebRTC viewers, Opus and G.711 to AAC for everybody else. Pictures are
//! never decoded. No clock, no thread: frames come in, frames go out, each with the time of what it lets hear. It costs some 0.1 ms a frame, so it
//! belongs on a thread of its own.
//!
//! ```
//! use bytes::Bytes;
//! use media::{Codec, Frame, MediaTime, Parameters, Shape};
//! use transcode::Transcoder;
//!
//! let shape = Shape::Audio { sample_rate_hz: 48_000, channels: 2 };
//! let opus = Parameters { codec: Codec::Opus, decoder_configuration: Bytes::new(), shape };
//! let mut transcoder = Transcoder::new(&opus, Codec::Aac)?;
//! assert_eq!(transcoder.parameters().codec, Codec::Aac);
//! let silence = Frame { codec: Codec::Opus, pts: MediaTime::ZERO, dts: MediaTime::ZERO, is_key: true, data: Bytes::from_static(&[0xfc, 0xff, 0xfe]) };
//! let mut frames = Vec::new();
//! transcoder.handle_frame(&silence, &mut |frame| frames.push(frame))?;
//! # Ok::<(), transcode::TranscodeError>(())
//! ```

#![deny(missing_docs)]
#![cfg_attr(not(test), deny(clippy::indexing_slicing))]

mod decoder;
mod encoder;
mod error;
mod g711;
mod level;
mod resampler;
mod transcoder;

pub use error::TranscodeError;
pub use transcoder::Transcoder;

/// All sound is this in the middle: interleaved samples of two channels, 48,000 a second.
const SAMPLE_RATE_HZ: u32 = 48_000;
const CHANNELS: usize = 2;

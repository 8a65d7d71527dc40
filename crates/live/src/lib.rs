//! Streams for audiences: one publisher, many viewers, and the protocols between them, each a state machine or a reader and a writer around
//! [`media::Frame`]. No socket, no clock, no thread: bytes and times come in, bytes and frames go out.
//!
//! ```
//! use live::StreamAddress;
//!
//! let address = StreamAddress::parse("/live/lesson?token=abc")?;
//! assert_eq!((address.name.app(), address.name.stream()), ("live", "lesson"));
//! assert_eq!(address.parameter("token").as_deref(), Some("abc"));
//! # Ok::<(), live::NameError>(())
//! ```

#![deny(missing_docs)]
#![cfg_attr(not(test), deny(clippy::indexing_slicing))]

pub mod bridge;
pub mod flv;
pub mod hls;
pub mod hub;
pub mod m3u8;
pub mod matroska;
pub mod mp4;
mod opus;
pub mod record;
pub mod rtmp;
mod sampling;
mod sound_clock;
mod stream_name;
#[cfg(test)]
mod testing;
pub mod ts;

pub use sampling::Sampling;
pub use stream_name::{NameError, StreamAddress, StreamName};

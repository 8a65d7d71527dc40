//! Recordings: what a viewer of a stream gets, as files that play wherever the writing stopped. Nothing is transcoded.
//!
//! ```text
//! frames ─▶ Recorder ─▶ Begin · Append · Append · … · Fill · End        a file
//!                       Begin · Append · …                              the next one, from a key frame on
//! ```
//! Each `Append` is whole: a fragment of MP4, a cluster of Matroska, tags of FLV. What was written before stays playable whatever becomes of the rest; what is
//! filled in at the end (`Fill`) is an index, which makes seeking quick and without which the file plays as well.
//!
//! The times of a file begin at 0, with the first picture or the first sound, whichever is earlier; what is between pictures and sounds stays between them.
//! One input, then drain [`Recorder::poll_output`].

mod format;
mod recorder;
mod seek_points;
mod writer;

pub use format::{Format, PART_HEAD_BYTES, Wanted};
pub use recorder::{Config, Output, Recorder};
pub use seek_points::SeekPoint;

use bytes::Bytes;

/// Bytes that take the place of others in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fill {
    /// From the beginning of the file.
    pub offset: u64,
    /// What stands there then.
    pub bytes: Bytes,
}

#[cfg(test)]
mod reading;

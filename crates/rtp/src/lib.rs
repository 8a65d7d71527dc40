//! RTP and RTCP (RFC 3550): packets, header extensions, feedback, payload descriptors, and what a negotiation says about a stream.
//! No sockets, no clock, no state of a call. Reading borrows and allocates nothing; no bytes whatever make it panic.
//!
//! ```
//! # fn run(bytes: &[u8]) -> Result<(), rtp::ParseError> {
//! let packet = rtp::Packet::parse(bytes)?;
//! let place = rtp::sequence::SequenceUnwrapper::default().unwrap(packet.sequence_number());
//! # Ok(()) }
//! ```
//!
//! Not here: jitter buffers, decoding, encryption (SRTP is in `rtc`), decisions about who gets which packet (`sfu`).

#![deny(missing_docs)]
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

mod error;
pub mod packet;
pub mod parameters;
mod reader;
pub mod rtcp;
pub mod sequence;

pub use error::ParseError;
pub use packet::{Element, Header, Packet};

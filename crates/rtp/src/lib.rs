//! RTP and RTCP (RFC 3550): packets, header extensions, feedback, payload descriptors, and what a negotiation says about a stream.
//! No sockets, no clock, no state of a call. Reading borrows and allocates nothing; no bytes whatever make it panic.
//!
//! ```
//! # fn run(bytes: &[u8], ids: &rtp::parameters::ExtensionIds) -> Result<(), rtp::ParseError> {
//! let packet = rtp::Packet::parse(bytes)?;
//! let extensions = rtp::Extensions::read(&packet, ids);
//! if let Some(frame) = rtp::payload::vp8::Descriptor::parse(packet.payload()).ok() {
//!     let _ = (packet.sequence_number(), extensions.transport_sequence, frame.is_key_frame());
//! }
//! # Ok(()) }
//! ```
//!
//! Not here: jitter buffers, decoding, encryption (SRTP is in `rtc`), decisions about who gets which packet (`sfu`).

#![deny(missing_docs)]
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

mod bits;
mod error;
pub mod extension;
pub mod packet;
pub mod parameters;
pub mod payload;
mod reader;
pub mod rtcp;
pub mod sequence;

pub use error::ParseError;
pub use extension::Extensions;
pub use packet::{Element, Header, Packet};

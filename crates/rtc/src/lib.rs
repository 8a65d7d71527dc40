//! One WebRTC endpoint in the role of a server: ICE-lite, DTLS, SRTP, SDP answers, data channels. No sockets, no clock.
//!
//! **One input, then drain [`Peer::poll_output`] until it is `None`, then the next input.**
//!
//! What comes out depends on what goes in and on the seed, which must be secret: the keys of a handshake follow from it, too. Only the
//! nonces of signatures and the tags of associations (SCTP) come from the operating system.

#![deny(missing_docs)]

pub mod candidate;
pub mod config;
pub mod credentials;
pub mod data;
pub mod demux;
mod dtls;
pub mod error;
pub mod ice;
pub mod path;
pub mod peer;
pub mod sdp;
pub mod session;
pub mod srtp;
pub mod tcp_frame;
#[cfg(test)]
mod testing;

pub use candidate::{Candidate, Transport};
pub use config::{Certificate, Config};
pub use credentials::IceCredentials;
pub use path::Path;
pub use peer::{Output, Peer, Received};

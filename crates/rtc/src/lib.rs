//! One WebRTC endpoint in the role of a server: ICE-lite, DTLS, SRTP, SDP answers, data channels. No sockets, no clock.

#![deny(missing_docs)]

pub mod candidate;
pub mod sdp;
pub mod session;

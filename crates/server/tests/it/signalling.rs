//! Signalling over real WebSockets.

mod apprtc;
mod client;
mod crowd;
mod ends;
mod srs;

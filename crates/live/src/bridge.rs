//! Between frames and RTP: what came over RTMP goes to WebRTC viewers, what came over WebRTC to everybody else.

mod assembler;
mod clock;
mod error;
mod packetizer;

pub use assembler::{Assembler, Output};
pub use clock::{Alignment, TrackClock};
pub use error::BridgeError;
pub use packetizer::Packetizer;

#[cfg(test)]
mod tests;

//! Signalling over real WebSockets.

mod client;
mod crowd;
mod ends;

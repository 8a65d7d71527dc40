//! What strangers may send, tried by the million: one module per target, each a plain function of bytes that panics when a
//! promise is broken. `cargo xtask fuzz` looks for new inputs; the tests replay those that were found.
//!
//! A new target is a module here, a line in [`TARGETS`], a two-line file in `fuzz_targets/`, a `[[bin]]` in `Cargo.toml` and
//! a folder in `corpus/` with at least one real message.

pub mod dtls;
pub mod frame_bridge;
pub mod live_flv;
pub mod live_hls;
pub mod live_recording;
pub mod live_rtmp;
pub mod media_parameters;
mod mp4_boxes;
mod published;
pub mod room_dialects;
pub mod room_frames;
pub mod room_operations;
pub mod rtc_datagram;
pub mod rtcp;
pub mod rtp_packet;
pub mod sctp;
pub mod sdp_offer;
pub mod sfu_operations;
pub mod turn_client;
pub mod turn_operations;
pub mod turn_stream;
mod watched_hub;
pub mod websocket;

/// A fuzz target.
pub type Target = fn(&[u8]);

/// Every target under the name of its corpus.
pub const TARGETS: &[(&str, Target)] = &[
    ("dtls", dtls::run),
    ("frame_bridge", frame_bridge::run),
    ("live_flv", live_flv::run),
    ("live_hls", live_hls::run),
    ("live_recording", live_recording::run),
    ("live_rtmp", live_rtmp::run),
    ("media_parameters", media_parameters::run),
    ("room_dialects", room_dialects::run),
    ("room_frames", room_frames::run),
    ("room_operations", room_operations::run),
    ("rtc_datagram", rtc_datagram::run),
    ("rtcp", rtcp::run),
    ("rtp_packet", rtp_packet::run),
    ("sctp", sctp::run),
    ("sdp_offer", sdp_offer::run),
    ("sfu_operations", sfu_operations::run),
    ("turn_client", turn_client::run),
    ("turn_operations", turn_operations::run),
    ("turn_stream", turn_stream::run),
    ("websocket", websocket::run),
];

//! RTMP (Adobe's specification 1.0, Enhanced RTMP v1 and v2): the handshake, the chunk stream, commands in AMF0, and the session of a server and of a client as
//! state machines. One input, then drain `poll_output` until `None`, then the next input.
//!
//! ```text
//! bytes ─▶ Handshake ─▶ ChunkReader ─▶ Message ─▶ ServerSession ─▶ Output (bytes to send, requests, packets)
//! ```
//! What viewers get does not pass through their sessions: [`message`] writes a message once, and all viewers share its bytes.

pub mod amf0;
mod chunk;
mod client;
mod command;
mod error;
mod handshake;
mod media;
mod session;
mod url;

pub use chunk::{ChunkReader, Message, PLAY_STREAM, for_stream, message};
pub use client::{ClientOutput, ClientSession, Purpose, data_frame};
pub use error::RtmpError;
pub use session::{Output, Refusal, ServerSession};
pub use url::{Endpoint, Url, UrlError};

/// Numbers of message types (RTMP 1.0 §5.4, §7.1).
pub(crate) mod kind {
    pub(crate) const SET_CHUNK_SIZE: u8 = 1;
    pub(crate) const ABORT: u8 = 2;
    pub(crate) const ACKNOWLEDGEMENT: u8 = 3;
    pub(crate) const USER_CONTROL: u8 = 4;
    pub(crate) const WINDOW_ACKNOWLEDGEMENT_SIZE: u8 = 5;
    pub(crate) const SET_PEER_BANDWIDTH: u8 = 6;
    pub(crate) const AUDIO: u8 = 8;
    pub(crate) const VIDEO: u8 = 9;
    pub(crate) const DATA_AMF3: u8 = 15;
    pub(crate) const COMMAND_AMF3: u8 = 17;
    pub(crate) const DATA: u8 = 18;
    pub(crate) const COMMAND: u8 = 20;
    pub(crate) const AGGREGATE: u8 = 22;
}

//! WebSockets (RFC 6455), the server's side, for connections that live for hours and say little.
//!
//! ```text
//! bytes after the handshake ─▶ Reader ─▶ Message      Frame ─▶ Writer ─▶ bytes
//! ```
//! Nothing is kept between messages: a message is read into memory of its own, which its receiver takes along, and a frame is written
//! from the text as it is. So a member who once got a large roster and sent a large offer costs no more than one who is silent. Every state
//! is in the reader and the writer, and none in their futures, which may be dropped and asked for again at any time.

mod header;
mod reader;
mod writer;

pub use self::reader::{Broken, Memory, Message, Reader};
pub use self::writer::{Frame, Writer};

#[cfg(test)]
mod tests;

//! Frames to a client.

use std::io::{self, IoSlice};

use bytes::Bytes;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use super::header::{CONTROL_BYTES_MAX, Header, OURS_BYTES_MAX, Opcode};

/// A frame on its way to a client.
#[derive(Debug)]
pub struct Frame {
    header: [u8; OURS_BYTES_MAX],
    header_bytes: usize,
    payload: Bytes,
    /// What the client has of both.
    written: usize,
}

/// The writing side of a WebSocket.
pub struct Writer<W> {
    io: W,
    /// The frame of which some is not written yet.
    open: Option<Frame>,
}

impl Frame {
    /// A whole message.
    pub fn text(text: String) -> Self {
        Self::new(Opcode::Text, text)
    }

    /// A whole message of bytes, which others may share.
    pub fn binary(payload: Bytes) -> Self {
        Self::new(Opcode::Binary, payload)
    }

    /// Something to be answered.
    pub fn ping() -> Self {
        Self::new(Opcode::Ping, Bytes::new())
    }

    /// The answer to a ping, with its bytes.
    pub fn pong(payload: Vec<u8>) -> Self {
        Self::new(Opcode::Pong, payload)
    }

    /// The end, with a status code of RFC 6455 §7.4 and as much of the reason as fits.
    pub fn close(code: Option<u16>, reason: &str) -> Self {
        let mut payload = Vec::new();
        if let Some(code) = code {
            payload.extend_from_slice(&code.to_be_bytes());
            let end = reason.floor_char_boundary(CONTROL_BYTES_MAX - payload.len());
            payload.extend_from_slice(reason.get(..end).unwrap_or_default().as_bytes());
        }
        Self::new(Opcode::Close, payload)
    }

    fn new(opcode: Opcode, payload: impl Into<Bytes>) -> Self {
        let payload = payload.into();
        let mut header = [0; OURS_BYTES_MAX];
        let header_bytes = Header::write(opcode, payload.len(), &mut header);
        Self { header, header_bytes, payload, written: 0 }
    }

    /// What is not written yet.
    fn rest(&self) -> [&[u8]; 2] {
        let header = self.header.get(..self.header_bytes).unwrap_or_default();
        let from_payload = self.written.saturating_sub(header.len());
        [
            header.get(self.written.min(header.len())..).unwrap_or_default(),
            self.payload.get(from_payload..).unwrap_or_default(),
        ]
    }
}

impl<W: AsyncWrite + Unpin> Writer<W> {
    pub fn new(io: W) -> Self {
        Self { io, open: None }
    }

    /// Writes a frame. When the future is dropped before it is ready, the rest of the frame goes out before the next one.
    ///
    /// # Errors
    /// The connection is lost.
    pub async fn send(&mut self, frame: Frame) -> io::Result<()> {
        self.finish().await?;
        self.open = Some(frame);
        self.finish().await
    }

    async fn finish(&mut self) -> io::Result<()> {
        while let Some(frame) = &mut self.open {
            let [header, payload] = frame.rest();
            if header.is_empty() && payload.is_empty() {
                self.io.flush().await?;
                self.open = None;
                continue;
            }
            let written = self.io.write_vectored(&[IoSlice::new(header), IoSlice::new(payload)]).await?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            frame.written += written;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

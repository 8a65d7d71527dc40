//! How messages stand in the bytes of a connection.

use std::time::Duration;

use rtc::tcp_frame::Deframer;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::time::timeout;
use turn::stream::Splitter;

use crate::worker::chunk::Chunk;
use crate::worker::error::StreamError;

/// Cuts a stream into messages.
pub(crate) enum Framing {
    /// STUN messages and ChannelData tell their own length (RFC 8656 §12.5).
    Stun(Splitter),
    /// A length before each datagram.
    Rfc4571(Deframer),
}

impl Framing {
    pub(crate) fn stun() -> Self {
        Self::Stun(Splitter::new())
    }

    pub(crate) fn rfc4571() -> Self {
        Self::Rfc4571(Deframer::default())
    }

    /// Waits for the first messages, of which the connection has given the bytes `read` already.
    pub(crate) async fn first(
        &mut self,
        io: &mut (impl AsyncRead + Unpin),
        mut read: Vec<u8>,
        patience: Duration,
    ) -> Result<Chunk, StreamError> {
        let mut chunk = Chunk::default();
        let reading = async {
            self.cut(&mut read, &mut chunk)?;
            read.resize(FIRST_READ_BYTES, 0);
            while chunk.is_empty() {
                match io.read(&mut read).await? {
                    0 => return Err(StreamError::Closed),
                    length => self.cut(read.get_mut(..length).unwrap_or_default(), &mut chunk)?,
                }
            }
            Ok(chunk)
        };
        timeout(patience, reading).await.unwrap_or(Err(StreamError::NoFirstMessage(patience)))
    }

    /// Puts the whole messages that `bytes` complete into `chunk`.
    ///
    /// # Errors
    /// [`StreamError::Framing`] and [`StreamError::Frame`]; the messages before are in `chunk`.
    pub(crate) fn cut(&mut self, bytes: &mut [u8], chunk: &mut Chunk) -> Result<(), StreamError> {
        match self {
            Self::Stun(splitter) => splitter.handle_bytes(bytes, |frame| chunk.push(&[frame]))?,
            Self::Rfc4571(deframer) => deframer.handle_bytes(bytes, |datagram| chunk.push(&[datagram]))?,
        }
        Ok(())
    }
}

/// A check, and what else may come with it.
const FIRST_READ_BYTES: usize = 2048;

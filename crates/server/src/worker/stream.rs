//! One TCP or TLS connection: its bytes become messages for the worker, the worker's answers become bytes.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use rtc::tcp_frame::Deframer;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};
use turn::stream::Splitter;
use turn::{ClientAddr, Transport};

use super::chunk::Chunk;
use super::command::{Bell, Command};
use super::error::{Stopped, StreamError};
use super::stream_queue::StreamQueue;
use super::streams::{StreamId, StreamKind};

/// The task's end of a connection.
pub(crate) struct Stream {
    pub(crate) client: ClientAddr,
    pub(crate) id: StreamId,
    pub(crate) kind: StreamKind,
    pub(crate) queue: Arc<StreamQueue>,
    pub(crate) inbox: mpsc::Sender<Command>,
    pub(crate) bell: Arc<Bell>,
    /// Until when the first whole message must have come.
    pub(crate) first_message: Duration,
}

impl Stream {
    /// Serves until one side closes or breaks the rules. `first` are messages that were read already. `Ok`: the client closed.
    pub(crate) async fn serve<S>(self, io: S, framing: Framing, first: Option<Chunk>) -> Result<(), StreamError>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin,
    {
        self.open().await?;
        let (reader, writer) = tokio::io::split(io);
        let mut writing = pin!(self.write(writer));
        let result = tokio::select! {
            result = self.read(reader, framing, first) => result,
            result = &mut writing => return result.and(Err(StreamError::Closed)),
            () = self.queue.ended() => {
                // The client may have stopped reading, and then the writing would never end.
                let _ = timeout(LAST_WORDS, writing).await;
                return Err(StreamError::Closed);
            }
        };
        // The client has said all. It may still wait for the answers to that.
        if result.is_ok() {
            self.send(Command::Gone { client: self.client, id: self.id }).await?;
            let _ = timeout(LAST_WORDS, writing).await;
        }
        result
    }

    async fn open(&self) -> Result<(), StreamError> {
        let (accepted, answer) = oneshot::channel();
        let queue = Arc::clone(&self.queue);
        let (client, id, kind) = (self.client, self.id, self.kind);
        self.send(Command::Open { client, id, kind, queue, accepted }).await?;
        answer.await.map_err(|_| Stopped)?.map_err(|_| StreamError::TooMany)
    }

    /// Reads until the end of the stream. Waiting for room in the worker's inbox slows the client down and loses nothing.
    async fn read<S>(
        &self,
        mut reader: ReadHalf<S>,
        mut framing: Framing,
        first: Option<Chunk>,
    ) -> Result<(), StreamError>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin,
    {
        let mut buffer = vec![0; READ_BYTES];
        let mut first_message = pin!(sleep(self.first_message));
        let mut greeted = first.is_some();
        if let Some(chunk) = first {
            self.send(Command::Frames { client: self.client, id: self.id, chunk }).await?;
        }
        loop {
            let read = tokio::select! {
                read = reader.read(&mut buffer) => read?,
                () = &mut first_message, if !greeted => {
                    return Err(StreamError::NoFirstMessage(self.first_message));
                }
            };
            if read == 0 {
                return Ok(());
            }
            let mut chunk = self.queue.spare();
            let framed = framing.cut(buffer.get_mut(..read).unwrap_or_default(), &mut chunk);
            if !chunk.is_empty() {
                greeted = true;
                self.send(Command::Frames { client: self.client, id: self.id, chunk }).await?;
            }
            framed?;
        }
    }

    /// Writes what the worker queues until it says that this was all.
    async fn write<S>(&self, mut writer: WriteHalf<S>) -> Result<(), StreamError>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin,
    {
        let mut messages = Chunk::default();
        while let Some(next) = self.queue.next(messages).await {
            messages = next;
            match self.client.transport {
                Transport::Tls => {
                    // A record can be read when its last byte has come. One for each message keeps a packet from waiting for those
                    // behind it on a slow line, and suits clients that expect a message in a record.
                    for message in messages.messages() {
                        writer.write_all(message).await?;
                    }
                }
                Transport::Udp | Transport::Tcp => writer.write_all(messages.bytes()).await?,
            }
            // TLS may keep bytes back until it is told.
            writer.flush().await?;
        }
        writer.shutdown().await?;
        Ok(())
    }

    async fn send(&self, command: Command) -> Result<(), StreamError> {
        self.inbox.send(command).await.map_err(|_| Stopped)?;
        self.bell.ring();
        Ok(())
    }
}

/// How messages stand in the bytes of a connection.
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

    /// Waits for the first messages.
    pub(crate) async fn first(
        &mut self,
        io: &mut (impl AsyncRead + Unpin),
        patience: Duration,
    ) -> Result<Chunk, StreamError> {
        let mut chunk = Chunk::default();
        let mut buffer = vec![0; FIRST_READ_BYTES];
        let reading = async {
            while chunk.is_empty() {
                match io.read(&mut buffer).await? {
                    0 => return Err(StreamError::Closed),
                    read => self.cut(buffer.get_mut(..read).unwrap_or_default(), &mut chunk)?,
                }
            }
            Ok(chunk)
        };
        timeout(patience, reading).await.unwrap_or(Err(StreamError::NoFirstMessage(patience)))
    }

    /// Puts the whole messages that `bytes` complete into `chunk`.
    fn cut(&mut self, bytes: &mut [u8], chunk: &mut Chunk) -> Result<(), StreamError> {
        match self {
            Self::Stun(splitter) => {
                splitter.push(bytes);
                while let Some(frame) = splitter.next_frame()? {
                    chunk.push(&[splitter.bytes(frame)]);
                }
            }
            Self::Rfc4571(deframer) => deframer.handle_bytes(bytes, |datagram| chunk.push(&[datagram]))?,
        }
        Ok(())
    }
}

impl Drop for Stream {
    /// The connection is over, however the task ended.
    fn drop(&mut self) {
        self.queue.finish();
        let gone = Command::Gone { client: self.client, id: self.id };
        if self.inbox.try_send(gone).is_ok() {
            self.bell.ring();
        }
        // With the inbox full, the worker finds the finished queue when it looks for idle connections.
    }
}

/// Bytes per read: a full TLS record.
const READ_BYTES: usize = 16 * 1024;

/// A check, and what else may come with it.
const FIRST_READ_BYTES: usize = 2048;

/// How long answers to a client's last messages may take to leave.
const LAST_WORDS: Duration = Duration::from_secs(1);

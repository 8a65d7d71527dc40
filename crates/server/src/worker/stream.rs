//! One TCP or TLS connection of a client, which the worker reads and writes by itself.

mod framing;
mod pipe;

use std::io;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use rustls::ServerConnection;
use tokio::sync::oneshot;
use turn::ClientAddr;

use super::chunk::Chunk;
use super::error::StreamError;
use super::stream_queue::StreamQueue;

pub(crate) use self::framing::Framing;
pub(crate) use self::pipe::{ReadBuffers, Rest};

use self::pipe::Pipe;

/// One connection in the life of the process; the same 5-tuple may come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StreamId(pub(crate) u64);

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StreamKind {
    /// STUN and TURN.
    Turn,
    /// A peer connection (ICE-TCP, RFC 6544), by its number when a check has shown which.
    Media(Option<u32>),
}

/// A connection on its way to a worker.
pub(crate) struct Newcomer {
    pub(crate) client: ClientAddr,
    pub(crate) id: StreamId,
    pub(crate) kind: StreamKind,
    pub(crate) socket: TcpStream,
    /// After its handshake.
    pub(crate) tls: Option<Box<ServerConnection>>,
    pub(crate) framing: Framing,
    /// Messages that were read already.
    pub(crate) first: Chunk,
    /// Relayed bytes that may wait for the client.
    pub(crate) queue_bytes: usize,
    /// Until when the first whole message must have come.
    pub(crate) first_message: Duration,
    /// Told why the connection is over. `Ok`: the client closed.
    pub(crate) ended: oneshot::Sender<Result<(), StreamError>>,
}

/// A connection on its way from one worker to another, which has the allocation that a message of it names.
pub(crate) struct Handover {
    pub(super) stream: Box<Stream>,
    /// That message, and what came behind it.
    pub(super) first: Chunk,
}

impl std::fmt::Debug for Handover {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Handover({:?})", self.stream.id)
    }
}

/// A connection that is served.
pub(crate) struct Stream {
    pub(crate) client: ClientAddr,
    pub(crate) id: StreamId,
    pub(crate) kind: StreamKind,
    /// When the client was last heard.
    pub(crate) heard: Instant,
    pub(super) queue: StreamQueue,
    pub(super) pipe: Pipe,
    framing: Framing,
    /// Whether another worker had it before.
    pub(super) has_changed_worker: bool,
    /// Whether a whole message has come.
    pub(super) is_greeted: bool,
    pub(super) first_message: Duration,
    /// When it is over, unless something happens before: without a first message, or with last words that the client does not take.
    pub(super) due: Option<Instant>,
    /// The client has closed its half: there is an end to be read.
    pub(super) hangs_up: bool,
    /// What went wrong while writing.
    pub(super) broken: Option<io::Error>,
    /// Why it is over, once only last words are left to be written.
    pub(super) ending: Option<Result<(), StreamError>>,
    ended: oneshot::Sender<Result<(), StreamError>>,
    /// Whether it waits for its turn to be read, and to be written.
    pub(super) is_ready: bool,
    pub(super) is_to_flush: bool,
}

impl Stream {
    /// The connection, and the messages that have come.
    pub(super) fn new(now: Instant, newcomer: Newcomer) -> (Self, Chunk) {
        let Newcomer { client, id, kind, socket, tls, framing, first, queue_bytes, first_message, ended } = newcomer;
        let is_greeted = !first.is_empty();
        let stream = Self {
            client,
            id,
            kind,
            heard: now,
            queue: StreamQueue::new(queue_bytes),
            pipe: Pipe::new(socket, tls),
            framing,
            has_changed_worker: false,
            is_greeted,
            first_message,
            due: (!is_greeted).then(|| now + first_message),
            hangs_up: false,
            broken: None,
            ending: None,
            ended,
            is_ready: false,
            is_to_flush: false,
        };
        (stream, first)
    }

    /// Reads once; whole messages are put into `chunk`.
    ///
    /// # Errors
    /// Why the connection is over; the messages before that are in `chunk`.
    pub(super) fn receive(&mut self, buffers: &mut ReadBuffers, chunk: &mut Chunk) -> Result<Rest, StreamError> {
        if let Some(error) = self.broken.take() {
            return Err(error.into());
        }
        let framing = &mut self.framing;
        let rest = self.pipe.read(buffers, |bytes| framing.cut(bytes, chunk))?;
        // A socket is reported once: its end would not be reported again.
        Ok(if self.hangs_up && rest == Rest::Nothing { Rest::More } else { rest })
    }

    /// Whether whoever handed it over has lost interest.
    pub(super) fn is_given_up(&self) -> bool {
        self.ended.is_closed()
    }

    /// Closes it, and tells why.
    pub(super) fn close(mut self) {
        self.pipe.finish();
        let result = self.ending.unwrap_or(Err(StreamError::Closed));
        // Nobody may wait for it.
        let _ = self.ended.send(result);
    }
}

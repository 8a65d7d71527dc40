//! What the rest of the server sends to the worker.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::oneshot;
use turn::credentials::Credentials;
use turn::{ClientAddr, ConfigError};

use super::stats::Stats;
use super::stream_queue::StreamQueue;
use super::streams::StreamId;

/// As many connections are open as the settings allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooManyStreams;

/// One wish. Each owns its data: nothing is shared with the worker but the queues of answers.
pub(super) enum Command {
    /// A TCP or TLS connection begins; its answers go to `queue`.
    Open {
        client: ClientAddr,
        id: StreamId,
        queue: Arc<StreamQueue>,
        accepted: oneshot::Sender<Result<(), TooManyStreams>>,
    },
    /// Messages that arrived on a connection.
    Frames { client: ClientAddr, id: StreamId, chunk: Chunk },
    /// The connection is over.
    Gone { client: ClientAddr, id: StreamId },
    /// Replace users and secrets.
    Credentials(Credentials, oneshot::Sender<Result<(), ConfigError>>),
    /// Tell what was counted.
    Stats(oneshot::Sender<Stats>),
    /// End.
    Stop,
}

/// Whole messages of one connection side by side, in memory that is used again.
#[derive(Default)]
pub(super) struct Chunk {
    /// The messages, without the padding between them.
    bytes: Vec<u8>,
    /// Where each ends.
    ends: Vec<usize>,
}

impl Chunk {
    /// Adds a message.
    pub(super) fn push(&mut self, message: &[u8]) {
        self.bytes.extend_from_slice(message);
        self.ends.push(self.bytes.len());
    }

    /// The messages in order.
    pub(super) fn messages(&self) -> impl Iterator<Item = &[u8]> {
        let starts = [0].into_iter().chain(self.ends.iter().copied());
        starts.zip(&self.ends).filter_map(|(start, &end)| self.bytes.get(start..end))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Forgets the messages and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// How much memory it keeps.
    pub(super) fn capacity_bytes(&self) -> usize {
        self.bytes.capacity() + self.ends.capacity() * size_of::<usize>()
    }
}

/// Wakes the worker, with one system call for many commands.
pub(super) struct Bell {
    waker: mio::Waker,
    /// Rung and not yet answered.
    rung: AtomicBool,
}

impl Bell {
    pub(super) fn new(waker: mio::Waker) -> Self {
        Self { waker, rung: AtomicBool::new(false) }
    }

    /// To be called after a command was put into the inbox.
    pub(super) fn ring(&self) {
        if !self.rung.swap(true, Ordering::AcqRel)
            && let Err(error) = self.waker.wake()
        {
            tracing::warn!(%error, "cannot wake the relay thread");
        }
    }

    /// To be called by the worker before it looks into the inbox: whoever rings from here on wakes it again.
    pub(super) fn answer(&self) {
        self.rung.swap(false, Ordering::AcqRel);
    }
}

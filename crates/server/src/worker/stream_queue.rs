//! What the worker has to say to one TCP or TLS client, until the connection takes it.
//!
//! The queue is bounded by bytes, so that a burst (a key frame of video) fits whatever the size of its packets. Messages lie side by
//! side: whatever gathered during one write goes out with the next.

use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::chunk::Chunk;

/// The queue has no room for this message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full;

/// A queue of bytes between the worker (one producer) and the task that writes to the connection (one consumer).
pub(crate) struct StreamQueue {
    /// The producer and the consumer touch it for the time of a copy or a swap, never across a wait.
    state: Mutex<State>,
    /// Wakes the consumer.
    filled: Notify,
    /// Tells the task that the queue has ended, even while a write is stuck.
    ended: Notify,
    /// Bound on bytes that relayed data may fill, those being written included.
    data_bytes_max: usize,
}

#[derive(Default)]
struct State {
    /// Whole messages, in order.
    messages: Chunk,
    /// Bytes that the consumer has taken and not yet written.
    writing_bytes: usize,
    /// One side is done with this connection.
    finished: bool,
    /// Memory that the reading task may fill again.
    spare: Option<Chunk>,
}

impl StreamQueue {
    pub(crate) fn new(data_bytes_max: usize) -> Self {
        Self { state: Mutex::default(), filled: Notify::new(), ended: Notify::new(), data_bytes_max }
    }

    /// Queues relayed data, given in parts.
    ///
    /// # Errors
    /// [`Full`]: nothing was queued.
    pub(crate) fn push_data(&self, parts: &[&[u8]]) -> Result<(), Full> {
        self.push(parts, self.data_bytes_max)
    }

    /// Queues a STUN message of ours, for which room is kept that data cannot take.
    ///
    /// # Errors
    /// [`Full`]: nothing was queued; the client has long stopped reading.
    pub(crate) fn push_control(&self, message: &[u8]) -> Result<(), Full> {
        self.push(&[message], self.data_bytes_max + CONTROL_BYTES_MAX)
    }

    /// Ends the queue from either side: the consumer writes what is queued, further messages are refused.
    pub(crate) fn finish(&self) {
        self.state().finished = true;
        self.wake();
        self.ended.notify_one();
    }

    /// Waits until the queue has ended. For one waiter.
    pub(crate) async fn ended(&self) {
        while !self.is_finished() {
            self.ended.notified().await;
        }
    }

    /// Whether either side has ended it.
    pub(crate) fn is_finished(&self) -> bool {
        self.state().finished
    }

    /// Wakes the consumer; the producer calls it once after a series of messages.
    pub(crate) fn wake(&self) {
        self.filled.notify_one();
    }

    /// Waits for something to write and swaps it for `written`, whose messages have been written and whose memory is used again.
    /// `None`: finished and empty.
    pub(crate) async fn next(&self, mut written: Chunk) -> Option<Chunk> {
        written.clear(IDLE_BYTES);
        self.state().writing_bytes = 0;
        loop {
            {
                let mut state = self.state();
                if !state.messages.is_empty() {
                    mem::swap(&mut state.messages, &mut written);
                    state.writing_bytes = written.bytes().len();
                    return Some(written);
                }
                if state.finished {
                    return None;
                }
            }
            self.filled.notified().await;
        }
    }

    /// Takes back a chunk that was read from the connection and handled.
    pub(crate) fn give_back(&self, mut chunk: Chunk) {
        chunk.clear(IDLE_BYTES);
        self.state().spare = Some(chunk);
    }

    /// Memory for the next chunk: what was given back, or fresh.
    pub(crate) fn spare(&self) -> Chunk {
        self.state().spare.take().unwrap_or_default()
    }

    fn push(&self, parts: &[&[u8]], bytes_max: usize) -> Result<(), Full> {
        let mut state = self.state();
        let more: usize = parts.iter().map(|part| part.len()).sum();
        if state.finished || state.messages.bytes().len() + state.writing_bytes + more > bytes_max {
            return Err(Full);
        }
        state.messages.push(parts);
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves the bytes whole: each critical section is one append or one swap.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Room for STUN messages on top of what data may fill: a hundred answers to a client that reads slowly.
const CONTROL_BYTES_MAX: usize = 64 * 1024;

/// Memory that a quiet connection keeps for its next burst.
const IDLE_BYTES: usize = 16 * 1024;

#[cfg(test)]
mod tests;

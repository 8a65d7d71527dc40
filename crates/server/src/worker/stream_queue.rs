//! What the worker has to say to one TCP or TLS client, until the connection takes it.
//!
//! The queue is bounded by bytes, so that a burst (a key frame of video) fits whatever the size of its packets. Messages lie side by
//! side: whatever gathered while the connection was full goes out together.

use std::mem;

use super::chunk::Chunk;

/// The queue has no room for this message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full;

/// A queue of whole messages, which leave as bytes or one by one.
pub(crate) struct StreamQueue {
    /// Messages that came since those in `leaving` began to leave.
    waiting: Chunk,
    /// Messages on their way out.
    leaving: Chunk,
    /// How many bytes of `leaving` have left.
    left_bytes: usize,
    /// How many messages of `leaving` have left, where they leave one by one.
    left_messages: usize,
    /// Bound on bytes that relayed data may fill.
    data_bytes_max: usize,
}

impl StreamQueue {
    pub(crate) fn new(data_bytes_max: usize) -> Self {
        Self { waiting: Chunk::default(), leaving: Chunk::default(), left_bytes: 0, left_messages: 0, data_bytes_max }
    }

    /// Queues relayed data, given in parts.
    ///
    /// # Errors
    /// [`Full`]: nothing was queued.
    pub(crate) fn push_data(&mut self, parts: &[&[u8]]) -> Result<(), Full> {
        self.push(parts, self.data_bytes_max)
    }

    /// Queues a STUN message of ours, for which room is kept that data cannot take.
    ///
    /// # Errors
    /// [`Full`]: nothing was queued; the client has long stopped reading.
    pub(crate) fn push_control(&mut self, message: &[u8]) -> Result<(), Full> {
        self.push(&[message], self.data_bytes_max + CONTROL_BYTES_MAX)
    }

    /// The bytes that are next, in one piece; empty when there are none.
    pub(crate) fn bytes(&mut self) -> &[u8] {
        self.turn_over();
        self.leaving.bytes().get(self.left_bytes..).unwrap_or_default()
    }

    /// So many of [`Self::bytes`] have left.
    pub(crate) fn advance(&mut self, bytes: usize) {
        self.left_bytes += bytes;
        self.turn_over();
    }

    /// Takes the message that is next. For a connection of which [`Self::bytes`] is never asked.
    pub(crate) fn next_message(&mut self) -> Option<&[u8]> {
        self.turn_over();
        let position = self.left_messages;
        let message = (position < self.leaving.len()).then(|| &*self.leaving.message_mut(position))?;
        self.left_messages += 1;
        self.left_bytes += message.len();
        Some(message)
    }

    fn push(&mut self, parts: &[&[u8]], bytes_max: usize) -> Result<(), Full> {
        let more: usize = parts.iter().map(|part| part.len()).sum();
        let leaving = self.leaving.bytes().len() - self.left_bytes;
        if self.waiting.bytes().len() + leaving + more > bytes_max {
            return Err(Full);
        }
        self.waiting.push(parts);
        Ok(())
    }

    /// What waits begins to leave when all before it has left.
    fn turn_over(&mut self) {
        if self.left_bytes == self.leaving.bytes().len() {
            (self.left_bytes, self.left_messages) = (0, 0);
            self.leaving.clear(IDLE_BYTES);
            mem::swap(&mut self.waiting, &mut self.leaving);
        }
    }
}

/// Room for STUN messages on top of what data may fill: a hundred answers to a client that reads slowly.
const CONTROL_BYTES_MAX: usize = 64 * 1024;

/// Memory that a quiet connection keeps for its next burst.
const IDLE_BYTES: usize = 16 * 1024;

#[cfg(test)]
mod tests;

//! What goes wrong with data channels.

use thiserror::Error;

/// A message that is not sent.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SendError {
    /// It was never opened, or is closed.
    #[error("there is no such data channel")]
    UnknownChannel,
    /// It is being closed.
    #[error("the data channel is being closed")]
    Closing,
    /// Longer than the client takes.
    #[error("the message has {bytes} bytes, more than {max}")]
    TooLong {
        /// Of the message.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// The client takes messages more slowly than they are sent.
    #[error("{bytes} bytes wait to be sent already, of {max}")]
    BufferFull {
        /// That wait.
        bytes: usize,
        /// The limit.
        max: usize,
    },
}

/// Why an association has ended.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LostReason {
    /// The client ended it, or does not keep to the protocol.
    #[error("the SCTP association has ended: {0}")]
    Association(String),
    /// The client has opened too many channels.
    #[error("more than {max} data channels")]
    TooManyChannels {
        /// The limit.
        max: usize,
    },
}

//! What the members' programs say to each other over data channels of the media server (RFC 8831).

use std::sync::Arc;

/// A way for data, to and from one member. Each is a data channel that the client opens, known by its label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// Every message arrives, in order.
    Reliable,
    /// A message arrives soon or not at all.
    Lossy,
}

impl Lane {
    /// What its channel is called.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Reliable => "data",
            Self::Lossy => "data-lossy",
        }
    }

    /// The one whose channel is called so.
    #[must_use]
    pub fn of_label(label: &str) -> Option<Self> {
        [Self::Reliable, Self::Lossy].into_iter().find(|lane| lane.label() == label)
    }
}

/// One message, which many may get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataMessage {
    /// A JSON object.
    Text(Arc<str>),
    /// From a member: the length of a uid (one byte), the uid of the receiver (none: everybody), the payload. To a member the same with the
    /// uid of the sender.
    Binary(Arc<[u8]>),
}

impl DataMessage {
    /// Its length on the channel.
    #[must_use]
    pub fn len_bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }
}

/// Why a message was not taken from a member, or a channel closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataRefusal {
    /// The channel was closed: nothing is known by its label.
    UnknownLabel,
    /// The channel was closed: there is one of its label already.
    Taken,
    /// The channel was closed: messages may get lost on it, or arrive in another order.
    Unreliable,
    /// The channel was closed: the member takes what is sent to it too slowly.
    Slow,
    /// A message was dropped: the member sends too much.
    TooMuch,
    /// A message was dropped: the server has more to do than it can.
    Busy,
    /// A message was dropped: it says that it is text and is none.
    NotText,
}

/// The longest message of a channel, head and all: `a=max-message-size` (RFC 8841 section 6.1) of our answers.
pub const DATA_MESSAGE_BYTES_MAX: usize = 64 * 1024;

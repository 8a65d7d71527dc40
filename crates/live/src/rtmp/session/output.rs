//! What a session puts out.

use bytes::Bytes;
use media::{Frame, Parameters};

use crate::StreamAddress;

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Goes to the client.
    Send(Bytes),
    /// The client wants to publish: answer by `accept_publish` or `refuse`.
    Publish(StreamAddress),
    /// The client wants to play: answer by `accept_play` or `refuse`.
    Play(StreamAddress),
    /// How the frames after it are decoded.
    Parameters(Parameters),
    /// A picture or a piece of sound.
    Frame(Frame),
    /// `onMetaData` and its values, in AMF0.
    Metadata(Bytes),
    /// The client publishes no longer.
    Unpublish,
    /// The client stops playing for a while, or goes on.
    Pause(bool),
    /// The client plays no longer.
    Stop,
}

/// Why a client may not do what it asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The stream has a publisher.
    Taken,
    /// No token, or one that is not for this.
    Denied,
    /// Nobody publishes it.
    NotFound,
    /// A limit of the server.
    Full,
    /// Somebody else says no, for reasons of their own.
    Rejected,
}

impl Refusal {
    /// The one table from refusals to codes.
    pub(crate) fn code(self, publishes: bool) -> &'static str {
        match (self, publishes) {
            (Self::Taken, _) | (Self::NotFound, true) => "NetStream.Publish.BadName",
            (Self::Denied, true) => "NetStream.Publish.Denied",
            (Self::Rejected, true) => "NetStream.Publish.Rejected",
            (Self::Full, true) => "NetStream.Publish.Failed",
            (Self::NotFound, false) => "NetStream.Play.StreamNotFound",
            (Self::Denied | Self::Full | Self::Rejected, false) => "NetStream.Play.Failed",
        }
    }
}

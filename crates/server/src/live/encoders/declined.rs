//! Why an encoder has no seat in a room, or has one no longer.

use room::Refusal;

/// Why not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Declined {
    /// The rooms take no more connections.
    #[error(transparent)]
    Connection(#[from] Refusal),
    /// The room says no: its number for that, and its words.
    #[error("{message}")]
    Room { code: u64, message: String },
    /// The room has a lobby.
    #[error("the room has a lobby, and nobody has let the encoder in so far")]
    Lobby,
    /// A moderator has sent it away.
    #[error("a moderator has removed the encoder from the room")]
    Removed,
    /// The room is over.
    #[error("the meeting has ended")]
    Over,
    /// Its media goes another way.
    #[error("media goes from member to member in this room")]
    TurnedAway,
    /// The rooms have closed the connection.
    #[error("the session is over")]
    Gone,
    /// The rooms or the media server have too much to do.
    #[error("no answer came in time")]
    Late,
}

impl Declined {
    /// The one table to the status of HTTP and the code in the problem.
    pub(crate) fn code(&self) -> (u16, &'static str) {
        match self {
            Self::Connection(refusal) => (refusal.http_status(), "too-many-connections"),
            Self::Lobby => (403, "lobby"),
            Self::Removed => (403, "removed"),
            Self::Over | Self::Gone => (404, "no-session"),
            Self::TurnedAway => (409, "wrong-mode"),
            Self::Late => (503, "busy"),
            // By the table of docs/signalling.md.
            Self::Room { code, .. } => match code {
                1 => (503, "room-full"),
                100 => (401, "token-refused"),
                101 => (409, "uid-in-use"),
                103 => (429, "too-many-requests"),
                104 => (400, "too-large"),
                105 => (403, "locked"),
                106 => (403, "banned"),
                107 => (403, "denied"),
                108 => (409, "members-without-media"),
                109 => (503, "too-many-rooms"),
                110 => (403, "not-granted"),
                111 => (409, "wrong-mode"),
                112 => (422, "unanswerable-offer"),
                113 => (503, "media-unavailable"),
                _ => (400, "bad-name"),
            },
        }
    }
}

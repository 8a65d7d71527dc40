//! What the hub asks its shell to do.

use crate::{
    ConnId,
    event::RoomEvent,
    media::MediaRequest,
    show::{Part, Show},
};

/// One thing to do, in this order for one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send a text frame: always one JSON object.
    Send {
        /// To whom.
        conn: ConnId,
        /// The frame.
        text: String,
    },
    /// Send a ping frame and report the pong by [`Hub::handle_pong`](crate::Hub::handle_pong).
    Ping {
        /// To whom.
        conn: ConnId,
    },
    /// Send a close frame after what was sent before, and drop the connection. The hub has forgotten it already.
    Close {
        /// Whom.
        conn: ConnId,
        /// The status code of RFC 6455 section 7.4.
        code: u16,
        /// The reason in the close frame.
        reason: &'static str,
    },
    /// Tell the media server. Comes only from a hub whose [`Config::media`](crate::Config::media) is set.
    Media(MediaRequest),
    /// What audiences see of a part of a room, when it has changed. Comes only from a hub whose [`Config::media`](crate::Config::media) is set.
    Show {
        /// The room's id, as text.
        room: String,
        /// Which part.
        part: Part,
        /// `None`: nothing any more.
        show: Option<Show>,
    },
    /// Tell the operator. Comes only from a hub whose [`Config::events`](crate::Config::events) is set.
    Event(RoomEvent),
}

/// What the connection was for is done (RFC 6455 section 7.4.1).
pub(crate) const CLOSE_NORMAL: u16 = 1000;
/// The server stops (RFC 6455 section 7.4.1), or the peer is gone without a close frame.
pub(crate) const CLOSE_GOING_AWAY: u16 = 1001;
/// A frame of a type that cannot be accepted.
pub(crate) const CLOSE_UNSUPPORTED_DATA: u16 = 1003;
/// Data within a message that is not what it should be.
pub(crate) const CLOSE_INVALID_DATA: u16 = 1007;
/// A message that violates the policy.
pub(crate) const CLOSE_POLICY_VIOLATION: u16 = 1008;
/// A message that is too big to process.
pub(crate) const CLOSE_MESSAGE_TOO_BIG: u16 = 1009;
/// The member went on with another connection (private use, RFC 6455 section 7.4.2).
pub(crate) const CLOSE_RESUMED_ELSEWHERE: u16 = 4001;

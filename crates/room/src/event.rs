//! What happens in rooms, for whom it concerns outside: the operator's webhooks.

use serde::Serialize;

use crate::media::Source;

/// Something has happened in a room. Comes out as [`Output::Event`](crate::Output::Event) when
/// [`Config::events`](crate::Config::events) is set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RoomEvent {
    /// When, in milliseconds since the Unix epoch.
    pub at: u64,
    /// The room, as text.
    pub room_id: String,
    /// What.
    #[serde(flatten)]
    pub kind: RoomEventKind,
}

/// What has happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum RoomEventKind {
    /// The first member has come, or the API has made the room.
    RoomStarted,
    /// The last member has gone, or the room was ended.
    RoomEnded,
    /// Somebody has taken a seat.
    MemberJoined {
        /// Who.
        member: EventMember,
    },
    /// A seat is given up. A member that is reconnecting still has one.
    MemberLeft {
        /// Who.
        member: EventMember,
    },
    /// A member sends tracks that it did not send before.
    TracksPublished {
        /// Who.
        member: EventMember,
        /// Which.
        sources: Vec<Source>,
    },
    /// A member does not send tracks that it sent before.
    TracksUnpublished {
        /// Who.
        member: EventMember,
        /// Which.
        sources: Vec<Source>,
    },
}

/// A member, as it was when it happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EventMember {
    /// The uid, as text.
    pub uid: String,
    /// What the member is called.
    pub name: String,
    /// Its role.
    pub role: String,
}

//! What a program of the operator may ask about rooms, and do to them (the HTTP API).

use serde::{Deserialize, Serialize};

use crate::{
    media::{MediaPeerId, MediaRoomId, Source},
    show::StreamPolicy,
    take::RecordingPolicy,
    topology::Topology,
};

/// A request about one room or all of them. Who asks, and whether it may, is the shell's affair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Manage {
    /// The rooms, in the order of their ids.
    List {
        /// Only those behind this one.
        after: Option<String>,
        /// At most so many.
        limit: usize,
    },
    /// One room with its members.
    Inspect {
        /// Which.
        room: String,
    },
    /// One room with its members, and under which numbers the media server has them.
    Seats {
        /// Which.
        room: String,
    },
    /// Makes a room that lasts without members for a while.
    Create {
        /// Its id; the hub draws one if it is left out.
        room: Option<String>,
        /// How it is to be; what is left out is as in every room.
        policy: PolicyChange,
    },
    /// Changes how a room is.
    Change {
        /// Which.
        room: String,
        /// What is left out stays.
        policy: PolicyChange,
    },
    /// Takes a member's seat.
    Remove {
        /// Where.
        room: String,
        /// Whose.
        uid: String,
        /// For the rest of the room's life.
        ban: bool,
    },
    /// Mutes as a moderator does.
    Mute {
        /// Where.
        room: String,
        /// Whom; everybody who is no moderator if it is left out.
        uid: Option<String>,
        /// What.
        source: Source,
    },
    /// Tells the members' programs something.
    Data {
        /// Where.
        room: String,
        /// Whom; everybody if it is left out.
        uid: Option<String>,
        /// 1 to 64 bytes.
        topic: String,
        /// A JSON text.
        data: String,
    },
    /// Begins to record a room, or ends that.
    Record {
        /// Which.
        room: String,
        /// Begins.
        on: bool,
    },
    /// Shows audiences the picture of a member, as a moderator does.
    Show {
        /// Where.
        room: String,
        /// Whose, and its camera or its screen; `None`: that of whoever speaks.
        shot: Option<ShotReport>,
    },
    /// Ends a room, with whoever is in it.
    End {
        /// Which.
        room: String,
    },
}

/// How a room is to be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicyChange {
    /// What people call it; empty for nothing.
    #[serde(default)]
    pub name: Option<String>,
    /// Which way its media takes.
    #[serde(default)]
    pub topology: Option<Topology>,
    /// Most members; 0 for the server's limit, which stays the upper bound.
    #[serde(default)]
    pub members_max: Option<u32>,
    /// Whether who joins waits to be let in.
    #[serde(default)]
    pub lobby: Option<bool>,
    /// Whether nobody may join.
    #[serde(default)]
    pub locked: Option<bool>,
    /// Who may watch it without being a member.
    #[serde(default)]
    pub stream: Option<StreamPolicy>,
    /// Whether it may be recorded.
    #[serde(default)]
    pub recording: Option<RecordingPolicy>,
    /// How long it lasts without members.
    #[serde(default)]
    pub keep_seconds: Option<u32>,
}

/// What came of a [`Manage`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Managed {
    /// Of a list.
    Rooms(RoomList),
    /// Of everything that leaves a room to look at.
    Room(RoomReport),
    /// Of a question for seats.
    Seats(RoomSeats),
    /// Of an end.
    Ended,
}

/// Some rooms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RoomList {
    /// In the order of their ids.
    pub rooms: Vec<RoomSummary>,
    /// What to ask for next; `None` at the end.
    pub next: Option<String>,
}

/// A room in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RoomSummary {
    /// Its id, as text.
    pub room_id: String,
    /// What people call it; empty for nothing.
    pub name: String,
    /// Which way its media takes at the moment: `p2p` or `sfu`.
    pub mode: &'static str,
    /// How many are in it.
    pub members: usize,
    /// How many wait.
    pub waiting: usize,
    /// Since when it is, in milliseconds since the Unix epoch.
    pub started_at: u64,
}

/// Everything about a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RoomReport {
    /// Its id, as text.
    pub room_id: String,
    /// What people call it; empty for nothing.
    pub name: String,
    /// What decides on the way of its media.
    pub topology: Topology,
    /// Which way that is at the moment: `p2p` or `sfu`.
    pub mode: &'static str,
    /// Most members; 0 is no limit.
    pub members_max: u32,
    /// Whether who joins waits to be let in.
    pub lobby: bool,
    /// Whether nobody may join.
    pub locked: bool,
    /// Who may watch it without being a member.
    pub stream: StreamPolicy,
    /// How many do.
    pub viewers: u32,
    /// Whose picture a moderator shows them; `None`: that of whoever speaks.
    pub shown: Option<ShotReport>,
    /// Whether it may be recorded.
    pub recording: RecordingPolicy,
    /// Since when it is, in milliseconds since the Unix epoch; `None` while it is not.
    pub recorded_since: Option<u64>,
    /// How long it lasts without members; `None` for a room that ends with its last one.
    pub keep_seconds: Option<u32>,
    /// Since when it is, in milliseconds since the Unix epoch.
    pub started_at: u64,
    /// In the order in which they came.
    pub members: Vec<MemberReport>,
    /// In the order in which they came.
    pub waiting: Vec<WaiterReport>,
}

/// A picture of a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShotReport {
    /// Whose.
    pub uid: String,
    /// Its camera or its screen.
    #[serde(default = "camera")]
    pub source: Source,
}

fn camera() -> Source {
    Source::Camera
}

/// A room, and under which numbers the media server has it and its members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomSeats {
    /// The room.
    pub report: RoomReport,
    /// Its number; `None` while its media goes from member to member.
    pub media_room: Option<MediaRoomId>,
    /// The numbers of `report.members`, in their order.
    pub seats: Vec<Option<MediaPeerId>>,
}

/// A member of a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MemberReport {
    /// Its uid, as text.
    pub uid: String,
    /// What it is called.
    pub name: String,
    /// Its role.
    pub role: String,
    /// The version of the protocol that it speaks.
    pub v: u8,
    /// `online` or `reconnecting`.
    pub connection: &'static str,
    /// Whether media flows between it and the media server.
    pub media: bool,
    /// What it publishes through the media server.
    pub tracks: Vec<Source>,
    /// What a moderator has muted.
    pub muted: Vec<Source>,
}

/// Somebody in the lobby.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WaiterReport {
    /// The uid, as text.
    pub uid: String,
    /// What it is called.
    pub name: String,
}

/// Why a [`Manage`] changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManageError {
    /// There is no such room.
    #[error("there is no such room")]
    NoRoom,
    /// There is no such member.
    #[error("there is no such member in the room")]
    NoMember,
    /// There is a room of this id.
    #[error("there is a room of this id")]
    RoomExists,
    /// The members' programs cannot do it.
    #[error("a member's program cannot do that")]
    Incapable,
    /// The member is reconnecting, and no more is kept for it.
    #[error("the member is reconnecting, and no more is kept for it")]
    AbsentFull,
    /// There are more than two members, who cannot be peer to peer.
    #[error("more than two members cannot be peer to peer")]
    TooManyMembers,
    /// There is no media server.
    #[error("this server has no media server")]
    NoMedia,
    /// The room may not be recorded.
    #[error("rooms are not recorded here, or this one is not to be")]
    NotRecordable,
    /// The server has as many rooms as it may have.
    #[error("the server has as many rooms as it may have")]
    TooManyRooms,
    /// The server is about to stop.
    #[error("this server is draining and opens no new rooms")]
    Draining,
    /// A value is not one that is possible.
    #[error("the value of \"{field}\" is not valid")]
    Invalid {
        /// Its key.
        field: &'static str,
    },
}

/// Longest time that a room lasts without members: a week.
pub const KEEP_SECONDS_MAX: u32 = 7 * 24 * 60 * 60;
/// How long a room of the API lasts without members when nothing is said.
pub const KEEP_SECONDS: u32 = 60 * 60;

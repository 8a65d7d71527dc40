//! Frames to clients.

mod media;
mod order;

use serde::Serialize;
use serde_json::{Value, value::RawValue};

use crate::{
    Config,
    error::Error,
    id::{RoomId, Uid},
    media::Source,
    member::{MediaState, Member},
    policy::Grants,
    topology::{Plane, Turn},
};

pub(crate) use self::{
    media::{AnswerMessage, Layer, Quality, Slot, Speaker, Track},
    order::{Door, Line},
};

/// One frame from the server. The order of the fields is the order on the wire.
#[derive(Debug, Serialize)]
#[serde(tag = "cmd", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub(crate) enum Reply<'a> {
    Joined(Box<Joined<'a>>),
    RespJoin {
        remote_uid: &'a Uid,
        uid: &'a Uid,
    },
    NewPeer {
        #[serde(flatten)]
        about: About<'a>,
        #[serde(flatten, skip_serializing_if = "Option::is_none")]
        profile: Option<Profile<'a>>,
    },
    PeerLeave {
        #[serde(flatten)]
        about: About<'a>,
    },
    #[serde(rename_all = "camelCase")]
    PeerState {
        room_id: &'a RoomId,
        remote_uid: &'a Uid,
        connection: &'static str,
        state: MediaState,
    },
    Chat {
        room_id: &'a RoomId,
        uid: &'a Uid,
        name: &'a str,
        text: &'a str,
        private: bool,
        /// Milliseconds since the Unix epoch.
        at: u64,
    },
    /// Arbitrary data of the members' programs.
    Data {
        room_id: &'a RoomId,
        uid: &'a Uid,
        topic: &'a str,
        data: &'a RawValue,
    },
    React {
        room_id: &'a RoomId,
        uid: &'a Uid,
        remote_uid: &'a Uid,
        reaction: &'a str,
    },
    Mode {
        room_id: &'a RoomId,
        mode: &'static str,
        remote_uid: &'static str,
        uid: &'static str,
        reason: Turn,
    },
    /// Of the media server.
    Answer {
        room_id: &'a RoomId,
        uid: &'static str,
        remote_uid: &'a Uid,
        msg: String,
    },
    Tracks {
        room_id: &'a RoomId,
        remote_uid: &'a Uid,
        uid: &'a Uid,
        tracks: Vec<Track<'a>>,
    },
    Slots {
        room_id: &'a RoomId,
        slots: Vec<Slot<'a>>,
    },
    Layers {
        room_id: &'a RoomId,
        source: Source,
        layers: Vec<Layer<'a>>,
    },
    Speakers {
        room_id: &'a RoomId,
        speakers: &'a [Speaker],
    },
    Quality {
        room_id: &'a RoomId,
        members: &'a [Quality],
    },
    Waiting {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a str>,
        room_id: &'a RoomId,
        uid: &'a Uid,
    },
    Room {
        room_id: &'a RoomId,
        #[serde(flatten)]
        door: Door<'a>,
    },
    Role {
        room_id: &'a RoomId,
        remote_uid: &'a Uid,
        uid: &'a Uid,
        role: &'a str,
        /// For the one concerned.
        #[serde(skip_serializing_if = "Option::is_none")]
        grants: Option<&'a Grants>,
    },
    Moderated {
        room_id: &'a RoomId,
        action: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        source: Option<Source>,
        /// The moderator.
        uid: &'a Uid,
        message: &'static str,
    },
    Pong {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a str>,
    },
    Ok {
        id: &'a str,
    },
    Error {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a str>,
        code: u16,
        reason: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        room_id: Option<&'a RoomId>,
        #[serde(skip_serializing_if = "Option::is_none")]
        remote_uid: Option<&'a Uid>,
        /// Of the data channel that it is about.
        #[serde(skip_serializing_if = "Option::is_none")]
        label: Option<&'a str>,
        message: String,
    },
    Closing {
        reason: &'static str,
        retry_after_ms: u32,
    },
}

/// Whom a frame is about. `uid` says it again for clients that read that key.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct About<'a> {
    /// For v2 receivers.
    #[serde(skip_serializing_if = "Option::is_none")]
    room_id: Option<&'a RoomId>,
    remote_uid: &'a Uid,
    uid: &'a Uid,
}

/// What v2 receivers learn about a newcomer.
#[derive(Debug, Serialize)]
pub(crate) struct Profile<'a> {
    name: &'a str,
    role: &'a str,
    v: u8,
    caps: &'a [String],
    /// Left out for a member of dialect A, who has no way to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<MediaState>,
    /// In a room whose media goes through the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    tracks: Option<Vec<Track<'a>>>,
}

/// The answer to a v2 `join`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Joined<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<&'a str>,
    pub(crate) room_id: &'a RoomId,
    #[serde(rename = "self")]
    pub(crate) own: Own<'a>,
    pub(crate) roster: Vec<Peer<'a>>,
    pub(crate) ice_servers: Value,
    pub(crate) resume: &'a str,
    pub(crate) resumed: bool,
    pub(crate) mode: &'static str,
    /// Where there is a media server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) media_uid: Option<&'static str>,
    pub(crate) room: Door<'a>,
    /// For how long there has been a meeting; none before the second member has come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) elapsed_ms: Option<u64>,
    pub(crate) history: Vec<&'a Line>,
    pub(crate) features: Vec<&'static str>,
    pub(crate) limits: Bounds,
    pub(crate) heartbeat_seconds: u64,
}

/// The joiner as the server sees it.
#[derive(Debug, Serialize)]
pub(crate) struct Own<'a> {
    uid: &'a Uid,
    name: &'a str,
    role: &'a str,
    grants: &'a Grants,
    state: MediaState,
}

/// One of the others.
#[derive(Debug, Serialize)]
pub(crate) struct Peer<'a> {
    uid: &'a Uid,
    #[serde(flatten)]
    profile: Profile<'a>,
    connection: &'static str,
}

/// What a client must keep to. 0 means no limit.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Bounds {
    members: u32,
    frame_bytes: u32,
    messages_per_second: u32,
    chat_bytes: u32,
    resume_seconds: u64,
}

/// What a receiver hears on its data channel.
#[derive(Debug, Serialize)]
pub(crate) struct ChannelData<'a> {
    pub(crate) uid: &'a Uid,
    pub(crate) topic: &'a str,
    pub(crate) data: &'a RawValue,
}

impl ChannelData<'_> {
    pub(crate) fn text(&self) -> String {
        serde_json::to_string(self).expect("every value has a JSON form and every key is a string")
    }
}

impl Reply<'_> {
    pub(crate) fn text(&self) -> String {
        serde_json::to_string(self).expect("every value has a JSON form and every key is a string")
    }
}

impl<'a> Reply<'a> {
    pub(crate) fn new_peer(newcomer: &'a Member, to: &'a Member, plane: &Plane) -> Self {
        Self::NewPeer { about: About::new(&newcomer.uid, to), profile: to.v2().then(|| Profile::of(newcomer, plane)) }
    }

    pub(crate) fn peer_leave(gone: &'a Uid, to: &'a Member) -> Self {
        Self::PeerLeave { about: About::new(gone, to) }
    }

    pub(crate) fn error(error: &Error, about: ErrorContext<'a>) -> Self {
        let (code, reason) = error.code();
        let ErrorContext { id, room, remote, label } = about;
        Self::Error { id, code, reason, room_id: room, remote_uid: remote, label, message: error.to_string() }
    }
}

/// What an error is about, as far as it is known.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ErrorContext<'a> {
    pub(crate) id: Option<&'a str>,
    pub(crate) room: Option<&'a RoomId>,
    pub(crate) remote: Option<&'a Uid>,
    /// Of a data channel.
    pub(crate) label: Option<&'a str>,
}

impl<'a> About<'a> {
    fn new(uid: &'a Uid, to: &'a Member) -> Self {
        Self { room_id: to.v2().then_some(&to.room), remote_uid: uid, uid }
    }
}

impl<'a> Profile<'a> {
    fn of(member: &'a Member, plane: &Plane) -> Self {
        let tracks = || member.media.as_ref().map_or(&[][..], |seat| &seat.tracks);
        Self {
            name: &member.name,
            role: &member.role,
            v: member.version(),
            caps: &member.caps,
            state: member.v2().then_some(member.state),
            tracks: plane.through_server().then(|| Track::list(tracks())),
        }
    }
}

impl<'a> Own<'a> {
    pub(crate) fn new(member: &'a Member) -> Self {
        Self { uid: &member.uid, name: &member.name, role: &member.role, grants: &member.grants, state: member.state }
    }
}

impl<'a> Peer<'a> {
    pub(crate) fn new(member: &'a Member, plane: &Plane) -> Self {
        Self { uid: &member.uid, profile: Profile::of(member, plane), connection: member.connection() }
    }
}

impl Bounds {
    /// `members` is the room's own limit.
    pub(crate) fn new(config: &Config, members: u32) -> Self {
        let limits = &config.limits;
        Self {
            members,
            frame_bytes: limits.frame_bytes,
            messages_per_second: limits.messages_per_second,
            chat_bytes: limits.chat_bytes,
            resume_seconds: config.resume_grace.as_secs(),
        }
    }
}

/// What this server has beyond the messages of dialect A.
pub(crate) fn features(media: bool, recording: bool) -> Vec<&'static str> {
    let mut features = vec!["resume", "peer-state", "chat", "history", "data", "react", "moderate", "lobby"];
    if media {
        features.extend(["media", "data-channels", "stream"]);
    }
    if recording {
        features.push("recording");
    }
    features
}

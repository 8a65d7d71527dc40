//! Somebody in a room.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::{
    ConnId, Output,
    config::Limits,
    id::{RoomId, Uid},
    policy::Grants,
    resume::{Absence, Ticket},
};

/// A seat in a room and who sits there.
#[derive(Debug)]
pub(crate) struct Member {
    /// Unique in the room.
    pub(crate) uid: Uid,
    /// The room, written as this member wrote it.
    pub(crate) room: RoomId,
    pub(crate) name: String,
    pub(crate) role: String,
    pub(crate) grants: Grants,
    pub(crate) caps: Vec<String>,
    pub(crate) state: MediaState,
    pub(crate) link: Link,
    /// How a v2 member comes back; a member that speaks dialect A has none.
    pub(crate) ticket: Option<Ticket>,
}

/// How a member is reached.
#[derive(Debug)]
pub(crate) enum Link {
    Online(ConnId),
    Reconnecting(Absence),
}

/// What a member publishes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct MediaState {
    pub(crate) audio: bool,
    pub(crate) video: bool,
    pub(crate) screen: bool,
}

impl Member {
    pub(crate) fn v2(&self) -> bool {
        self.ticket.is_some()
    }

    /// The version on the wire.
    pub(crate) fn version(&self) -> u8 {
        if self.v2() { 2 } else { 1 }
    }

    pub(crate) fn conn(&self) -> Option<ConnId> {
        match &self.link {
            Link::Online(conn) => Some(*conn),
            Link::Reconnecting(_) => None,
        }
    }

    /// The state of the link on the wire.
    pub(crate) fn connection(&self) -> &'static str {
        match &self.link {
            Link::Online(_) => "online",
            Link::Reconnecting(_) => "reconnecting",
        }
    }

    /// Sends a frame, or keeps it for when the member is back.
    pub(crate) fn tell(&mut self, text: String, limits: &Limits, outputs: &mut VecDeque<Output>) {
        match &mut self.link {
            Link::Online(conn) => outputs.push_back(Output::Send { conn: *conn, text }),
            Link::Reconnecting(absence) => absence.keep(text, limits),
        }
    }

    pub(crate) fn overflowed(&self) -> bool {
        matches!(&self.link, Link::Reconnecting(absence) if absence.overflowed())
    }
}

//! The signalling of SRS's demos: who is in a room, and who publishes. Media goes by streams that have the names of room and participant, and so nobody offers
//! anything here, and these rooms are others than those of the rest of this crate.

mod reply;
mod request;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    ConnId,
    address::Source,
    id::{RoomId, Uid},
};

pub(crate) use self::{
    reply::{Notice, Reply},
    request::{Action, Request},
};

/// The rooms, and who is in which.
#[derive(Debug, Default)]
pub(crate) struct Rooms {
    /// Bounded, with all other rooms, by `limits.rooms`.
    rooms: BTreeMap<RoomId, Room>,
    /// The room of each participant, who has one.
    places: BTreeMap<ConnId, RoomId>,
}

/// A room exists from its first participant to its last.
#[derive(Debug)]
pub(crate) struct Room {
    /// Whose budget of rooms this one is in.
    pub(crate) opener: Source,
    /// In the order in which they came. Bounded by [`PARTICIPANTS_MAX`] and `limits.members`.
    pub(crate) participants: Vec<Participant>,
}

/// Somebody in a room.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Participant {
    #[serde(skip)]
    pub(crate) conn: ConnId,
    pub(crate) display: Uid,
    pub(crate) publishing: bool,
}

impl Room {
    pub(crate) fn participant(&self, conn: ConnId) -> Option<&Participant> {
        self.participants.iter().find(|participant| participant.conn == conn)
    }
}

impl Rooms {
    pub(crate) fn len(&self) -> usize {
        self.rooms.len()
    }

    pub(crate) fn room(&self, id: &RoomId) -> Option<&Room> {
        self.rooms.get(id)
    }

    /// Where this connection is.
    pub(crate) fn place(&self, conn: ConnId) -> Option<&RoomId> {
        self.places.get(&conn)
    }

    /// Seats a participant in a room that is made for it if there is none; true when it is.
    pub(crate) fn seat(&mut self, id: &RoomId, opener: Source, participant: Participant) -> bool {
        self.places.insert(participant.conn, id.clone());
        let is_new = !self.rooms.contains_key(id);
        let room = self.rooms.entry(id.clone()).or_insert_with(|| Room { opener, participants: Vec::new() });
        room.participants.push(participant);
        is_new
    }

    /// Takes a participant out; gives back where it was, who it was, and the opener of a room that is gone with it.
    pub(crate) fn unseat(&mut self, conn: ConnId) -> Option<(RoomId, Participant, Option<Source>)> {
        let id = self.places.remove(&conn)?;
        let room = self.rooms.get_mut(&id)?;
        let index = room.participants.iter().position(|participant| participant.conn == conn)?;
        let participant = room.participants.remove(index);
        let opener = room.participants.is_empty().then_some(room.opener);
        if opener.is_some() {
            self.rooms.remove(&id);
        }
        Some((id, participant, opener))
    }

    /// The participant publishes from here on.
    pub(crate) fn publish(&mut self, id: &RoomId, conn: ConnId) {
        let room = self.rooms.get_mut(id);
        if let Some(participant) = room.and_then(|room| room.participants.iter_mut().find(|it| it.conn == conn)) {
            participant.publishing = true;
        }
    }
}

/// As many as a page of the demos can show, and each event tells each of them of all.
pub(crate) const PARTICIPANTS_MAX: usize = 100;
/// Longest `tid`, as JSON. A longer one does not come back.
pub(crate) const TID_BYTES_MAX: usize = 128;

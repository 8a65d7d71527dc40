//! Recording a room: who begins and ends it, and who agrees to be in it.

use crate::{
    ConnId, Hub,
    error::Error,
    id::{RoomId, Uid},
    message::Request,
    room::Room,
    take::{RecordingPolicy, Take},
    topology::Turn,
};

impl Hub {
    /// `record`.
    pub(super) fn record(&mut self, conn: ConnId, request: &Request<'_>) -> Result<(), Error> {
        let (room_id, own) = self.seat_of(conn, request)?;
        let member = self.rooms.get(&room_id).and_then(|room| room.member(&own)).ok_or(Error::NotJoined)?;
        member.grants.demand_record()?;
        let name = member.name.clone();
        if request.on()? { self.begin_take(&room_id, own, name) } else { self.end_take(&room_id) }
    }

    /// `consent`.
    pub(super) fn consent(&mut self, conn: ConnId, request: &Request<'_>) -> Result<(), Error> {
        let (room_id, own) = self.seat_of(conn, request)?;
        let agrees = request.on()?;
        let room = self.rooms.get_mut(&room_id).ok_or(Error::NotJoined)?;
        let take = room.take.as_mut().ok_or(Error::NotRecording)?;
        if take.agree(&own, agrees) {
            self.review_shows(&room_id);
            self.tell_door_to(&room_id, &own);
        }
        Ok(())
    }

    /// The room is recorded from here on, as far as its members agree. Nothing changes where it is already.
    pub(super) fn begin_take(&mut self, room_id: &RoomId, by: Uid, name: String) -> Result<(), Error> {
        let room = self.rooms.get(room_id).ok_or(Error::NotJoined)?;
        if room.take.is_some() {
            return Ok(());
        }
        let asks = match self.recording_policy(room) {
            RecordingPolicy::Off => return Err(Error::NotRecordable),
            RecordingPolicy::On => false,
            RecordingPolicy::Consent => true,
        };
        if room.members().is_empty() {
            return Err(Error::NotRecordable);
        }
        self.check_shows(room_id, room.policy.topology, room.members())?;
        let take = Take::new((self.now, self.unix_ms()), by, name, asks);
        let Some(room) = self.rooms.get_mut(room_id) else { return Err(Error::NotJoined) };
        room.take = Some(take);
        self.turn_to_server(room_id, Turn::Recording);
        self.reconsider(room_id);
        self.review_shows(room_id);
        self.tell_door(room_id);
        Ok(())
    }

    /// The room is recorded no longer. Nothing changes where it is not.
    pub(super) fn end_take(&mut self, room_id: &RoomId) -> Result<(), Error> {
        let room = self.rooms.get_mut(room_id).ok_or(Error::NotJoined)?;
        if room.take.take().is_some() {
            self.review_shows(room_id);
            self.reconsider(room_id);
            self.tell_door(room_id);
        }
        Ok(())
    }

    /// What holds for the room.
    pub(super) fn recording_policy(&self, room: &Room) -> RecordingPolicy {
        let Some(server) = self.config.recording else { return RecordingPolicy::Off };
        room.policy.recording.unwrap_or(server)
    }
}

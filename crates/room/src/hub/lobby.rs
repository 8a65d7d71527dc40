//! The door of a room: who may come in, who waits, who is let in.

use crate::{
    ConnId, Hub, Output,
    address::Source,
    error::Error,
    id::{RoomId, Uid},
    message::{Join, Request},
    policy::Pass,
    reply::{Door, ErrorContext, Reply},
    resume,
    room::{Displaced, Room, WAITERS_MAX, Waiter},
};

/// What the door says to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entrance {
    Enter,
    Wait,
}

/// What somebody who joins has in the room already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seated {
    /// Nothing.
    Not,
    /// A seat under another uid.
    Other,
    /// The seat itself.
    Same,
}

impl Hub {
    /// Whether somebody may come in, or waits.
    pub(super) fn check_door(
        &self,
        join: &Join,
        uid: &Uid,
        pass: &Pass,
        address: Source,
        has: Seated,
    ) -> Result<Entrance, Error> {
        let Some(room) = self.rooms.get(&join.room) else { return Ok(Entrance::Enter) };
        if room.is_banned(uid, pass.token, address) {
            return Err(Error::Banned);
        }
        if has == Seated::Same {
            return Ok(Entrance::Enter);
        }
        if room.policy.locked && !pass.grants.may_moderate() {
            return Err(Error::Locked);
        }
        if !room.policy.lobby || pass.grants.may_admit() {
            return Ok(Entrance::Enter);
        }
        match has {
            // Whom nobody has let in under this name is not in under it.
            Seated::Other => Err(Error::UidMismatch),
            Seated::Not | Seated::Same if join.v2 => Ok(Entrance::Wait),
            Seated::Not | Seated::Same => Err(Error::LobbyVersion),
        }
    }

    /// Lets somebody wait. The same `join` again is answered again.
    pub(super) fn wait_in_lobby(
        &mut self,
        conn: ConnId,
        join: Join,
        uid: Uid,
        pass: Pass,
        id: Option<&str>,
    ) -> Result<(), Error> {
        let room_id = join.room.clone();
        let source = self.connections.get(&conn).ok_or(Error::NotJoined)?.source;
        let Some(room) = self.rooms.get_mut(&room_id) else { return Err(Error::NotJoined) };
        if room.waiter(&uid).is_some_and(|other| other.conn != conn && !same_claim(&other.join, &join)) {
            return Err(Error::UidInUse);
        }
        // The token has done its work.
        let join = Join { token: None, ..join };
        let Displaced { former, crowded_out } = room.wait(Waiter { conn, source, uid: uid.clone(), join, pass })?;
        for former in former {
            self.stop_waiting(former.conn, &room_id);
        }
        if let Some(waiter) = crowded_out {
            self.send_away(&room_id, &waiter, &Error::LobbyFull { waiting: WAITERS_MAX });
        }
        if let Some(connection) = self.connections.get_mut(&conn) {
            connection.waiting.push(room_id.clone());
        }
        self.send(conn, &Reply::Waiting { id, room_id: &room_id, uid: &uid });
        self.tell_waiting(&room_id);
        Ok(())
    }

    /// `leave` of somebody who waits.
    pub(super) fn leave_lobby(&mut self, conn: ConnId, request: &Request<'_>) -> Result<(), Error> {
        let named = request.room()?;
        let waiting = self.connections.get(&conn).map_or(&[][..], |connection| &connection.waiting);
        let room_id = match (named, waiting) {
            (Some(room), _) => room,
            (None, [room]) => room.clone(),
            (None, _) => return Ok(()),
        };
        self.leave_lobby_of(conn, &room_id);
        Ok(())
    }

    /// The connection waits no longer, for this room.
    pub(super) fn leave_lobby_of(&mut self, conn: ConnId, room_id: &RoomId) {
        let Some(room) = self.rooms.get_mut(room_id) else { return };
        if room.take_waiter(|waiter| waiter.conn == conn).is_some() {
            self.stop_waiting(conn, room_id);
            self.tell_waiting(room_id);
        }
    }

    /// Lets in who waits under this uid, or everybody for whom there is a seat.
    pub(super) fn admit(&mut self, room_id: &RoomId, uid: Option<&Uid>) -> Result<(), Error> {
        let Some(uid) = uid else {
            let waiting = self.rooms.get(room_id).map_or(&[][..], Room::waiters);
            let waiting: Vec<Uid> = waiting.iter().map(|waiter| waiter.uid.clone()).collect();
            for uid in waiting {
                // One who does not fit waits on: the next may.
                let _ = self.let_in(room_id, &uid);
            }
            self.tell_waiting(room_id);
            return Ok(());
        };
        self.let_in(room_id, uid)?;
        self.tell_waiting(room_id);
        Ok(())
    }

    /// Sends away who waits under this uid, or everybody who waits.
    pub(super) fn deny(&mut self, room_id: &RoomId, uid: Option<&Uid>) -> Result<(), Error> {
        let mut denied = 0;
        while let Some(waiter) = self
            .rooms
            .get_mut(room_id)
            .and_then(|room| room.take_waiter(|waiter| uid.is_none_or(|uid| waiter.uid == *uid)))
        {
            self.send_away(room_id, &waiter, &Error::Denied);
            denied += 1;
        }
        if uid.is_some() && denied == 0 {
            return Err(Error::PeerNotFound);
        }
        self.tell_waiting(room_id);
        Ok(())
    }

    /// Tells everybody how the door stands.
    pub(super) fn tell_door(&mut self, room_id: &RoomId) {
        let Some(room) = self.rooms.get(room_id) else { return };
        room.tell_online(&mut self.outputs, |to| {
            Some(Reply::Room { room_id: &to.room, door: Door::new(room, to) }.text())
        });
    }

    /// Tells one member how the door stands.
    pub(super) fn tell_door_to(&mut self, room_id: &RoomId, uid: &Uid) {
        let Some(room) = self.rooms.get(room_id) else { return };
        let Some(to) = room.member(uid) else { return };
        let text = Reply::Room { room_id: &to.room, door: Door::new(room, to) }.text();
        to.tell_if_online(text, &mut self.outputs);
    }

    /// Tells who may let in who waits.
    fn tell_waiting(&mut self, room_id: &RoomId) {
        let Some(room) = self.rooms.get(room_id) else { return };
        room.tell_online(&mut self.outputs, |to| {
            let reply = Reply::Room { room_id: &to.room, door: Door::new(room, to) };
            to.grants.may_admit().then(|| reply.text())
        });
    }

    fn let_in(&mut self, room_id: &RoomId, uid: &Uid) -> Result<(), Error> {
        let room = self.rooms.get(room_id).ok_or(Error::NotJoined)?;
        let waiter = room.waiter(uid).ok_or(Error::PeerNotFound)?;
        if room.member(uid).is_some() {
            return Err(Error::UidInUse);
        }
        let turn = self.check_plane(Some(room), &waiter.join, 0)?;
        let taken = self.rooms.get_mut(room_id).and_then(|room| room.take_waiter(|waiter| waiter.uid == *uid));
        let Waiter { conn, source: _, uid, join, pass } = taken.ok_or(Error::PeerNotFound)?;
        self.stop_waiting(conn, room_id);
        self.take_seat(conn, join, uid, pass, turn, None);
        Ok(())
    }

    fn send_away(&mut self, room_id: &RoomId, waiter: &Waiter, error: &Error) {
        self.stop_waiting(waiter.conn, room_id);
        let context = ErrorContext { room: Some(&waiter.join.room), ..ErrorContext::default() };
        self.counts.errors += 1;
        let text = Reply::error(error, context).text();
        self.outputs.push_back(Output::Send { conn: waiter.conn, text });
    }

    fn stop_waiting(&mut self, conn: ConnId, room_id: &RoomId) {
        if let Some(connection) = self.connections.get_mut(&conn) {
            connection.waiting.retain(|room| room != room_id);
        }
    }
}

/// Whether both joins show the same secret, so that they are of one client.
fn same_claim(one: &Join, other: &Join) -> bool {
    let (Some(one), Some(other)) = (&one.resume, &other.resume) else { return false };
    one.len() >= resume::CLAIM_BYTES_MIN && resume::same(one, other)
}

//! Ways out of a room: leaving, losing the connection, and not coming back.

use std::time::{Duration, Instant};

use crate::{
    ConnId, Hub, Output,
    absence::{Absence, Kept},
    error::Error,
    event::RoomEventKind,
    id::{RoomId, Uid},
    media::Source,
    member::Link,
    message::Request,
    reply::Reply,
    schedule::Timer,
};

use super::manage::event_member;

impl Hub {
    /// `leave`. Who is not in the room has left it already; only a false name is an error.
    pub(super) fn leave(&mut self, conn: ConnId, request: &Request<'_>) -> Result<(), Error> {
        match self.seat_of(conn, request) {
            Ok((room, uid)) if self.is_resumable(&room, &uid) && request.may_return() => {
                self.part(conn, &room, &uid);
            }
            Ok((room, uid)) => self.unseat(&room, &uid),
            Err(Error::NotJoined) => self.leave_lobby(conn, request)?,
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// The connection is gone: members that speak v2 may come back, the others have left.
    pub(super) fn disconnect(&mut self, now: Instant, conn: ConnId) {
        let Some(connection) = self.connections.remove(&conn) else { return };
        self.schedule.cancel(connection.ping_at, Timer::Ping(conn));
        self.forget_client(conn);
        self.leave_srs_room(conn);
        for room_id in &connection.waiting {
            self.leave_lobby_of(conn, room_id);
        }
        for room_id in &connection.rooms {
            let Some(member) = self.rooms.get(room_id).and_then(|room| room.member_of(conn)) else { continue };
            let uid = member.uid.clone();
            if self.is_resumable(room_id, &uid) {
                self.suspend(room_id, &uid, now + self.config.resume_grace);
            } else {
                self.unseat(room_id, &uid);
            }
        }
        self.addresses.close_connection(connection.source);
    }

    /// Takes a member's seat away and tells the others; the last one out closes the room.
    pub(super) fn unseat(&mut self, room_id: &RoomId, uid: &Uid) {
        self.give_up(room_id, uid);
        if self.rooms.get(room_id).is_some_and(|room| room.members().is_empty() && room.idle_until.is_none()) {
            self.rest_or_close(room_id);
        }
    }

    /// Takes a member's seat away for the one that the caller gives next, so the room stays also when it was the only
    /// one.
    pub(super) fn give_up(&mut self, room_id: &RoomId, uid: &Uid) {
        if !self.vacate(room_id, uid) {
            return;
        }
        let Some(room) = self.rooms.get_mut(room_id) else { return };
        let left = Kept::Left(uid.clone());
        room.tell_others(uid, &left, &self.config.limits, &mut self.outputs, |to| {
            Some(Reply::peer_leave(uid, to).text())
        });
        if !room.members().is_empty() {
            self.ensure_host(room_id);
            self.reconsider(room_id);
        }
    }

    /// The goodbye at the end of the server's life.
    pub(super) fn tell_shutdown(&mut self) {
        for (&conn, connection) in &self.connections {
            if connection.v2 {
                let reply = Reply::Closing { reason: "shutdown", retry_after_ms: RETRY_AFTER_MS };
                self.outputs.push_back(Output::Send { conn, text: reply.text() });
                continue;
            }
            // Dialect A has one word for the end of a call.
            for room in connection.rooms.iter().filter_map(|room| self.rooms.get(room)) {
                let Some(own) = room.member_of(conn) else { continue };
                for peer in room.members().iter().filter(|peer| peer.uid != own.uid) {
                    let text = Reply::peer_leave(&peer.uid, own).text();
                    self.outputs.push_back(Output::Send { conn, text });
                }
            }
        }
    }

    /// Whether a member can come back to its seat. Of an encoder nothing is left when it goes.
    fn is_resumable(&self, room_id: &RoomId, uid: &Uid) -> bool {
        let member = self.rooms.get(room_id).and_then(|room| room.member(uid));
        member.is_some_and(|member| member.v2() && !member.is_encoder()) && !self.config.resume_grace.is_zero()
    }

    /// A page is closed or loaded again, nobody knows which: the seat is kept for as long as a page takes to load.
    fn part(&mut self, conn: ConnId, room_id: &RoomId, uid: &Uid) {
        if let Some(connection) = self.connections.get_mut(&conn) {
            connection.rooms.retain(|room| room != room_id);
        }
        self.suspend(room_id, uid, self.now + RELOAD_GRACE.min(self.config.resume_grace));
    }

    fn suspend(&mut self, room_id: &RoomId, uid: &Uid, until: Instant) {
        let Some(room) = self.rooms.get_mut(room_id) else { return };
        let Some(member) = room.member_mut(uid) else { return };
        member.link = Link::Reconnecting(Absence::new(until));
        self.schedule.set(until, Timer::Grace(room_id.clone(), uid.clone()));
        self.tell_state(room_id, uid);
    }

    /// Ends a room, with whoever is in it or waits for it. They have been told.
    pub(super) fn end_room(&mut self, room_id: &RoomId) {
        while let Some(uid) = self.rooms.get(room_id).and_then(|room| room.members().first()).map(|it| it.uid.clone()) {
            self.vacate(room_id, &uid);
        }
        self.close_room(room_id);
    }

    /// Takes a member's seat away; false when there was none.
    fn vacate(&mut self, room_id: &RoomId, uid: &Uid) -> bool {
        let Some(room) = self.rooms.get_mut(room_id) else { return false };
        let media_room = room.plane.media_room();
        let Some(member) = room.unseat(uid) else { return false };
        match &member.link {
            Link::Online(conn) => {
                if let Some(connection) = self.connections.get_mut(conn) {
                    connection.rooms.retain(|room| room != room_id);
                }
            }
            Link::Reconnecting(absence) => {
                self.schedule.cancel(absence.until, Timer::Grace(room_id.clone(), uid.clone()));
            }
        }
        if let (Some(media_room), Some(seat)) = (media_room, &member.media) {
            self.close_media(media_room, seat);
        }
        let sources: Vec<Source> =
            member.media.iter().flat_map(|seat| seat.tracks.iter().map(|track| track.source)).collect();
        if !sources.is_empty() {
            self.note(room_id, RoomEventKind::TracksUnpublished { member: event_member(&member), sources });
        }
        self.note(room_id, RoomEventKind::MemberLeft { member: event_member(&member) });
        if let Some(take) = self.rooms.get_mut(room_id).and_then(|room| room.take.as_mut()) {
            take.dismiss(uid);
        }
        self.review_shows(room_id);
        true
    }

    /// Forgets a room without members, and sends away who waits for it.
    pub(super) fn close_room(&mut self, room_id: &RoomId) {
        // A room that is not there has no recording either.
        let _ = self.end_take(room_id);
        self.reset_plane(room_id);
        self.wake(room_id);
        // Nobody is left to hear of it, and nobody fails to wait.
        let _ = self.deny(room_id, None);
        let Some(room) = self.rooms.remove(room_id) else { return };
        if let Some(opener) = room.opener {
            self.addresses.close_room(opener);
        }
        self.note(room_id, RoomEventKind::RoomEnded);
    }
}

/// For a page to be loaded again. Whoever closed it is seen as reconnecting for as long.
const RELOAD_GRACE: Duration = Duration::from_secs(8);
/// When clients should come back: a restart takes about this long.
const RETRY_AFTER_MS: u32 = 2000;

//! The signalling of SRS's demos.

use std::time::{Duration, Instant};

use crate::{
    ConnId, Hub, Output,
    connection::Pace,
    error::Error,
    id::{RoomId, Uid},
    limit::{Rate, admits},
    message::Join,
    output::{CLOSE_INVALID_DATA, CLOSE_POLICY_VIOLATION},
    policy,
    srs::{Action, Notice, PARTICIPANTS_MAX, Participant, Reply, Request},
};

impl Hub {
    /// A text frame of a connection that speaks this dialect, which has been counted.
    pub(super) fn handle_srs_text(&mut self, now: Instant, conn: ConnId, text: &str, pace: Pace) {
        let request = match Request::parse(text) {
            Ok(request) => request,
            Err(malformed) => return self.fault(now, conn, &malformed.into(), CLOSE_INVALID_DATA),
        };
        if let Some(connection) = self.connections.get_mut(&conn) {
            connection.forgive_faults();
        }
        let done = if pace == Pace::Fine { self.obey_srs(conn, &request) } else { Err(Error::TooManyMessages) };
        match done {
            Ok(()) => {}
            // What is only too much is dropped; what is wrong ends the connection, as it does at SRS: its pages know no errors.
            Err(error @ Error::TooManyMessages) => {
                self.refuse_srs(conn, &request, &error);
                if pace == Pace::Flood {
                    self.close(now, conn, CLOSE_POLICY_VIOLATION, "too many messages");
                }
            }
            Err(error) => {
                self.refuse_srs(conn, &request, &error);
                self.close(now, conn, CLOSE_POLICY_VIOLATION, error.code().1);
            }
        }
    }

    /// The connection is gone, or in another room.
    pub(super) fn leave_srs_room(&mut self, conn: ConnId) {
        let Some((room, gone, opener)) = self.srs_rooms.unseat(conn) else { return };
        if let Some(opener) = opener {
            self.addresses.close_room(opener);
        }
        self.notify_srs(&room, &gone, Notice { event: "leave", param: None, data: None });
    }

    fn refuse_srs(&mut self, conn: ConnId, request: &Request<'_>, error: &Error) {
        self.counts.errors += 1;
        self.outputs.push_back(Output::Send { conn, text: Reply::error(request.tid, error).text() });
    }

    fn obey_srs(&mut self, conn: ConnId, request: &Request<'_>) -> Result<(), Error> {
        let (room, display) = (request.room()?, request.display()?);
        match request.action()? {
            Action::Join => return self.join_srs_room(conn, request, room, display),
            Action::Publish => {
                self.check_srs_place(conn, &room, &display)?;
                self.srs_rooms.publish(&room, conn);
                self.tell_srs_room(conn, &room, Notice { event: "publish", param: None, data: None });
            }
            Action::Control { call: param, data } => {
                self.check_srs_place(conn, &room, &display)?;
                self.tell_srs_room(conn, &room, Notice { event: "control", param, data });
            }
            Action::Leave => {
                self.check_srs_place(conn, &room, &display)?;
                self.leave_srs_room(conn);
            }
        }
        self.outputs.push_back(Output::Send { conn, text: Reply::Done { tid: request.tid, msg: () }.text() });
        Ok(())
    }

    fn join_srs_room(&mut self, conn: ConnId, request: &Request<'_>, room: RoomId, display: Uid) -> Result<(), Error> {
        let Some(connection) = self.connections.get(&conn) else { return Err(Error::NotJoined) };
        let (source, limits) = (connection.source, &self.config.limits);
        let rate = Rate::new(limits.joins_per_minute, MINUTE, limits.joins_burst);
        if !self.addresses.take_join(self.now, source, rate) {
            return Err(Error::TooManyJoins);
        }
        self.admit_to_srs_room(conn, &room, &display)?;
        self.check_srs_seat(conn, &room, &display)?;
        self.leave_srs_room(conn);
        if self.srs_rooms.seat(&room, source, Participant { conn, display, publishing: false }) {
            self.addresses.open_room(self.now, source);
        }
        let Some(seated) = self.srs_rooms.room(&room) else { return Err(Error::NotJoined) };
        let own = seated.participant(conn).ok_or(Error::NotJoined)?;
        let text = Reply::joined(request.tid, &room, own, &seated.participants).text();
        self.outputs.push_back(Output::Send { conn, text });
        self.tell_srs_room(conn, &room, Notice { event: "join", param: None, data: None });
        Ok(())
    }

    /// The same rules as for a member that speaks dialect A.
    fn admit_to_srs_room(&self, conn: ConnId, room: &RoomId, display: &Uid) -> Result<(), Error> {
        let Some(connection) = self.connections.get(&conn) else { return Err(Error::NotJoined) };
        let join = Join {
            room: room.clone(),
            uid: Some(display.clone()),
            v2: false,
            token: None,
            name: None,
            caps: Vec::new(),
            state: None,
            resume: None,
        };
        let unix_now = self.unix_time(self.now);
        policy::admit(&self.config, &join, connection.token.as_deref(), connection.compat, unix_now).map(drop)
    }

    /// Whether there is a seat under this name, for a connection that gives up the one that it has.
    fn check_srs_seat(&self, conn: ConnId, id: &RoomId, display: &Uid) -> Result<(), Error> {
        let Some(connection) = self.connections.get(&conn) else { return Err(Error::NotJoined) };
        let limits = &self.config.limits;
        let Some(room) = self.srs_rooms.room(id) else {
            if self.draining {
                return Err(Error::Draining);
            }
            if !admits(limits.rooms, self.rooms.len() + self.srs_rooms.len()) {
                return Err(Error::TooManyRooms { limit: limits.rooms });
            }
            if !self.addresses.admits_room(connection.source, limits) {
                return Err(Error::TooManyRooms { limit: limits.rooms_per_address });
            }
            return Ok(());
        };
        let mut others = room.participants.iter().filter(|participant| participant.conn != conn);
        let count = others.clone().count();
        if others.any(|participant| participant.display == *display) {
            return Err(Error::UidInUse);
        }
        if count >= PARTICIPANTS_MAX || !admits(limits.members, count) {
            return Err(Error::RoomFull { members: u32::try_from(count).unwrap_or(u32::MAX) });
        }
        Ok(())
    }

    /// Whether the connection is in this room under this name; and it pays for all who hear of all.
    fn check_srs_place(&mut self, conn: ConnId, id: &RoomId, display: &Uid) -> Result<(), Error> {
        let room = self.srs_rooms.place(conn).filter(|place| *place == id).and_then(|place| self.srs_rooms.room(place));
        let room = room.ok_or(Error::NotJoined)?;
        let own = room.participant(conn).ok_or(Error::NotJoined)?;
        if own.display != *display {
            return Err(Error::UidMismatch);
        }
        let count = room.participants.len();
        let Some(connection) = self.connections.get_mut(&conn) else { return Err(Error::NotJoined) };
        let paid = connection.take_messages(self.now, count * count / ENTRIES_PER_MESSAGE, &self.config.limits);
        if paid { Ok(()) } else { Err(Error::TooManyMessages) }
    }

    fn tell_srs_room(&mut self, conn: ConnId, id: &RoomId, notice: Notice<'_>) {
        let peer = self.srs_rooms.room(id).and_then(|room| room.participant(conn)).cloned();
        if let Some(peer) = peer {
            self.notify_srs(id, &peer, notice);
        }
    }

    /// Tells all others of `peer`.
    fn notify_srs(&mut self, id: &RoomId, peer: &Participant, notice: Notice<'_>) {
        let Some(room) = self.srs_rooms.room(id) else { return };
        for own in room.participants.iter().filter(|own| own.conn != peer.conn) {
            let text = Reply::notify(notice, id, own, peer, &room.participants).text();
            self.outputs.push_back(Output::Send { conn: own.conn, text });
        }
    }
}

/// An event tells everybody of everybody: so many names cost its sender as much as one more message.
const ENTRIES_PER_MESSAGE: usize = 100;
const MINUTE: Duration = Duration::from_secs(60);

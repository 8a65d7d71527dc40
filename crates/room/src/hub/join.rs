//! Ways into a room: joining, joining again, and coming back.

use std::{
    collections::BTreeSet,
    mem,
    time::{Duration, Instant},
};

use rand_chacha::rand_core::Rng as _;

use crate::{
    ConnId, Hub, Output,
    absence::Kept,
    address::Source,
    error::Error,
    event::RoomEventKind,
    id::{MEDIA_UID, RoomId, Uid},
    limit::{Rate, admits},
    member::{Link, MediaState, Member},
    message::{Join, Request},
    output::CLOSE_RESUMED_ELSEWHERE,
    policy::{self, HOST, Pass},
    reply::{Bounds, Door, Joined, Own, Peer, Reply, features},
    resume::Ticket,
    room::{Room, RoomPolicy},
    schedule::Timer,
    topology::Turn,
};

use super::{
    lobby::{Entrance, Seated},
    manage::event_member,
};

impl Hub {
    /// `join`. One that is refused changes nothing.
    pub(super) fn join(
        &mut self,
        now: Instant,
        conn: ConnId,
        request: &Request<'_>,
        id: Option<&str>,
    ) -> Result<(), Error> {
        let Some(connection) = self.connections.get(&conn) else { return Ok(()) };
        let join = request.join(connection.v2, &self.config.limits)?;
        if let Some(uid) = self.resumable(conn, &join) {
            self.resume(now, conn, &join, &uid, id);
            return Ok(());
        }
        let rate = Rate::new(self.config.limits.joins_per_minute, MINUTE, self.config.limits.joins_burst);
        if !self.addresses.take_join(now, connection.source, rate) {
            return Err(Error::TooManyJoins);
        }
        let source = connection.source;
        let (token, unix_now) = (connection.token.as_deref(), self.unix_time(now));
        let pass = policy::admit(&self.config, &join, token, connection.compat, unix_now)?;
        let own = self.rooms.get(&join.room).and_then(|room| room.member_of(conn)).map(|member| member.uid.clone());
        let uid = pass.uid.clone().or_else(|| join.uid.clone()).or_else(|| own.clone());
        let uid = uid.unwrap_or_else(|| self.draw_uid());
        if own.as_ref() == Some(&uid) {
            self.join_again(conn, &join.room, &uid, pass, id);
            return Ok(());
        }
        if uid.is_reserved() {
            return Err(Error::UidInUse);
        }
        let unknowing = self.unknowing(&join, &uid);
        let (moving, renewing) = (own.is_some(), unknowing.is_some());
        let turn = self.check_seat(conn, &join, &uid, moving, renewing)?;
        let has = match (renewing, moving) {
            (true, _) => Seated::Same,
            (false, true) => Seated::Other,
            (false, false) => Seated::Not,
        };
        if self.check_door(&join, &uid, &pass, source, has)? == Entrance::Wait {
            return self.wait_in_lobby(conn, join, uid, pass, id);
        }
        self.leave_lobby_of(conn, &join.room);
        self.leave_former(conn, &join, own.as_ref(), &uid);
        if let Some(former) = unknowing {
            self.give_up(&join.room, &uid);
            former.into_iter().for_each(|old| self.take_over(now, old, &join.room));
        }
        self.take_seat(conn, join, uid, pass, turn, id);
        Ok(())
    }

    /// Whether there is a seat for this uid in this room for this connection. `moving`: it gives one up there.
    /// `renewing`: the uid's own seat is given up for it.
    /// Says how the room must turn for it.
    fn check_seat(
        &self,
        conn: ConnId,
        join: &Join,
        uid: &Uid,
        moving: bool,
        renewing: bool,
    ) -> Result<Option<Turn>, Error> {
        let limits = &self.config.limits;
        let Some(connection) = self.connections.get(&conn) else { return Err(Error::NotJoined) };
        let room = self.rooms.get(&join.room);
        if room.is_some_and(|room| !renewing && room.member(uid).is_some()) {
            return Err(Error::UidInUse);
        }
        let turn = self.check_plane(room, join, usize::from(moving) + usize::from(renewing))?;
        if room.is_none() && self.draining {
            return Err(Error::Draining);
        }
        if room.is_none() && !admits(limits.rooms, self.rooms.len() + self.srs_rooms.len()) {
            return Err(Error::TooManyRooms { limit: limits.rooms });
        }
        if room.is_none() && !self.addresses.admits_room(connection.source, limits) {
            return Err(Error::TooManyRooms { limit: limits.rooms_per_address });
        }
        let waits_here = room.is_some_and(|room| room.waits(conn));
        let rooms = connection.rooms.len() + connection.waiting.len();
        if join.v2 && !moving && !waits_here && !admits(limits.rooms_per_connection, rooms) {
            return Err(Error::TooManyRooms { limit: limits.rooms_per_connection });
        }
        Ok(turn)
    }

    /// Gives up the seats that the new one replaces: in dialect A every one, in v2 one in the same room.
    fn leave_former(&mut self, conn: ConnId, join: &Join, own: Option<&Uid>, uid: &Uid) {
        if let Some(own) = own {
            self.give_up(&join.room, own);
            if let Some(room) = self.rooms.get_mut(&join.room) {
                room.standings.rename(own, uid);
            }
        }
        if !join.v2 {
            self.leave_all(conn);
        }
    }

    /// Gives up every seat of a connection.
    pub(super) fn leave_all(&mut self, conn: ConnId) {
        let rooms = self.connections.get(&conn).map_or_else(Vec::new, |connection| connection.rooms.clone());
        for room_id in rooms {
            let own = self.rooms.get(&room_id).and_then(|room| room.member_of(conn)).map(|member| member.uid.clone());
            if let Some(own) = own {
                self.unseat(&room_id, &own);
            }
        }
    }

    /// Seats a member for whom everything has been checked.
    pub(super) fn take_seat(
        &mut self,
        conn: ConnId,
        join: Join,
        uid: Uid,
        pass: Pass,
        turn: Option<Turn>,
        id: Option<&str>,
    ) {
        let at = self.unix_ms();
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        let Join { room: room_id, v2, name, caps, state, resume, .. } = join;
        connection.rooms.push(room_id.clone());
        let address = connection.source;
        if !self.rooms.contains_key(&room_id) {
            self.open_room(&room_id, Some(address), RoomPolicy::default());
        }
        self.wake(&room_id);
        if let Some(turn) = turn {
            self.turn_to_server(&room_id, turn);
        }
        let standing = self.rooms.get_mut(&room_id).map(|room| room.standings.take(&uid, pass.token));
        let mut member = Member {
            uid: uid.clone(),
            room: room_id.clone(),
            name: pass.name.or(name).unwrap_or_default(),
            role: pass.role,
            state: pass.grants.mask(state.unwrap_or_default()).stamped(MediaState::default(), at),
            grants: pass.grants,
            caps,
            link: Link::Online(conn),
            ticket: v2.then(|| Ticket::new(&mut self.rng, resume)),
            token: pass.token,
            address,
            muted: BTreeSet::new(),
            made_host: None,
            media: self.media_seat(&room_id, &uid),
        };
        member.stand(standing.unwrap_or_default());
        let may_host = v2 && !member.is_encoder();
        if may_host && self.rooms.get(&room_id).is_some_and(|room| self.needs_host(room)) {
            HOST.clone_into(&mut member.role);
            member.grants.promote();
        }
        let Some(room) = self.rooms.get_mut(&room_id) else { return };
        let plane = room.plane;
        room.tell_others(&uid, &Kept::Came(uid.clone()), &self.config.limits, &mut self.outputs, |to| {
            Some(Reply::new_peer(&member, to, &plane).text())
        });
        let joined = event_member(&member);
        room.seat(member);
        if room.members().len() > 1 {
            room.meeting_since.get_or_insert(at);
        }
        self.note(&room_id, RoomEventKind::MemberJoined { member: joined });
        self.reconsider(&room_id);
        self.greet(conn, &room_id, &uid, false, id);
        self.tell_standing(&room_id, &uid);
    }

    /// Makes a room, which is in the budget of `opener`, if of anybody's.
    pub(super) fn open_room(&mut self, room_id: &RoomId, opener: Option<Source>, policy: RoomPolicy) {
        if let Some(opener) = opener {
            self.addresses.open_room(self.now, opener);
        }
        self.rooms.insert(room_id.clone(), Room::new(opener, policy, self.unix_ms()));
        self.note(room_id, RoomEventKind::RoomStarted);
    }

    /// The same member joins the same room on the same connection: it hears again what it heard, nobody else anything.
    fn join_again(&mut self, conn: ConnId, room_id: &RoomId, uid: &Uid, pass: Pass, id: Option<&str>) {
        let tokens_decide = !self.config.auth_keys.is_empty();
        let Some(member) = self.rooms.get_mut(room_id).and_then(|room| room.member_mut(uid)) else { return };
        if tokens_decide {
            // A newer token may grant more or less.
            member.role = pass.role;
            member.grants = pass.grants;
            // What moderators have decided holds for that one, too.
            let standing = member.standing();
            member.stand(standing);
        }
        if let Some(ticket) = &mut member.ticket {
            let shown = ticket.current().to_owned();
            ticket.rotate(&mut self.rng, &shown);
        }
        self.greet(conn, room_id, uid, false, id);
        self.repeat_media(room_id, uid);
    }

    /// Who this connection comes back as, if its resume token is that of a member.
    fn resumable(&self, conn: ConnId, join: &Join) -> Option<Uid> {
        let room = self.rooms.get(&join.room)?;
        let member = room.member_with_ticket(join.resume.as_deref()?)?;
        let connection = self.connections.get(&conn)?;
        let named = join.uid.as_ref().is_none_or(|uid| *uid == member.uid);
        // Whoever has another seat in the room leaves it first.
        let seated = room.member_of(conn).is_some_and(|own| own.uid != member.uid);
        let back = member.conn() == Some(conn);
        let fits = back || admits(self.config.limits.rooms_per_connection, connection.rooms.len());
        (named && !seated && fits).then(|| member.uid.clone())
    }

    /// The connection of the seat that this uid has without knowing, as the first `joined` was lost: the seat was taken
    /// with the claim that is shown again. `Some(None)` while it is reconnecting.
    fn unknowing(&self, join: &Join, uid: &Uid) -> Option<Option<ConnId>> {
        let member = self.rooms.get(&join.room)?.member(uid)?;
        let shown = join.resume.as_deref()?;
        member.ticket.as_ref()?.claimed_with(shown).then(|| member.conn())
    }

    /// A member comes back, on a new connection. The old one may be lost, or believed to be alive.
    fn resume(&mut self, now: Instant, conn: ConnId, join: &Join, uid: &Uid, id: Option<&str>) {
        let (room_id, at) = (&join.room, self.unix_ms());
        let address = self.connections.get(&conn).map(|connection| connection.source);
        let Some(member) = self.rooms.get_mut(room_id).and_then(|room| room.member_mut(uid)) else { return };
        if let (Some(ticket), Some(shown)) = (&mut member.ticket, &join.resume) {
            ticket.rotate(&mut self.rng, shown);
        }
        if let Some(state) = join.state {
            let mut state = member.grants.mask(state).stamped(member.state, at);
            member.muted.iter().for_each(|source| state.turn_off(*source));
            member.state = state;
        }
        member.address = address.unwrap_or(member.address);
        let former = mem::replace(&mut member.link, Link::Online(conn));
        let moved = !matches!(former, Link::Online(same) if same == conn);
        if moved && let Some(connection) = self.connections.get_mut(&conn) {
            connection.rooms.push(room_id.clone());
        }
        self.counts.resumed += 1;
        self.greet(conn, room_id, uid, true, id);
        match former {
            Link::Reconnecting(absence) => {
                self.schedule.cancel(absence.until, Timer::Grace(room_id.clone(), uid.clone()));
                self.outputs.extend(absence.into_queue().map(|text| Output::Send { conn, text }));
            }
            Link::Online(old) if old != conn => self.take_over(now, old, room_id),
            Link::Online(_) => {}
        }
        self.repeat_media(room_id, uid);
        self.tell_state(room_id, uid);
    }

    /// The connection that a member had before is done with, unless it is in other rooms too.
    fn take_over(&mut self, now: Instant, old: ConnId, room_id: &RoomId) {
        let Some(connection) = self.connections.get_mut(&old) else { return };
        connection.rooms.retain(|room| room != room_id);
        if connection.rooms.is_empty() {
            self.close(now, old, CLOSE_RESUMED_ELSEWHERE, "resumed on another connection");
        }
    }

    /// Tells a member where it is and who is there.
    fn greet(&mut self, conn: ConnId, room_id: &RoomId, uid: &Uid, resumed: bool, id: Option<&str>) {
        let (Some(room), Some(connection)) = (self.rooms.get(room_id), self.connections.get(&conn)) else { return };
        let Some(member) = room.member(uid) else { return };
        let others = || room.members().iter().filter(|other| other.uid != *uid);
        let Some(ticket) = &member.ticket else {
            for other in others() {
                let reply = Reply::RespJoin { remote_uid: &other.uid, uid: &other.uid };
                self.outputs.push_back(Output::Send { conn, text: reply.text() });
            }
            return;
        };
        let joined = Reply::Joined(Box::new(Joined {
            id,
            room_id: &member.room,
            own: Own::new(member),
            roster: others().map(|other| Peer::new(other, &room.plane)).collect(),
            ice_servers: connection.ice_servers.mint(room_id.as_str(), self.unix_time(self.now)),
            resume: ticket.current(),
            resumed,
            mode: room.plane.mode(),
            media_uid: self.config.media.then_some(MEDIA_UID),
            room: Door::new(room, member),
            elapsed_ms: room.meeting_since.map(|since| self.unix_ms().saturating_sub(since)),
            history: if resumed { Vec::new() } else { room.history.lines() },
            features: features(self.config.media, self.config.recording.is_some()),
            limits: Bounds::new(&self.config, self.capacity(room)),
            heartbeat_seconds: self.config.heartbeat.as_secs(),
        }));
        self.outputs.push_back(Output::Send { conn, text: joined.text() });
    }

    /// A uid for who brings none.
    pub(super) fn draw_uid(&mut self) -> Uid {
        let text: String = (0..DRAWN_UID_BYTES)
            .map(|_| char::from_digit(self.rng.next_u32() % 36, 36).expect("the remainder is a digit of base 36"))
            .collect();
        Uid::new(&text).expect("ten letters and digits are a uid")
    }
}

/// Length of a uid that the server makes: 51 bits, as the course clients have.
const DRAWN_UID_BYTES: usize = 10;
const MINUTE: Duration = Duration::from_secs(60);

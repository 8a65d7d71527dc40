//! All rooms and connections, and the inputs from the shell.

mod apprtc;
mod crowd;
mod data;
mod departure;
mod forward;
mod heartbeat;
mod join;
mod lobby;
mod manage;
mod media;
mod moderation;
mod plane;
mod show;
mod srs;
mod take;
mod talk;

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};

use crate::{
    Config, ConnId, Opened, Output, Refusal, Stats,
    address::{AddressBook, Source},
    apprtc::{Clients, Frame},
    connection::{Connection, Dialect, Pace},
    error::{Error, Malformed},
    event::RoomEventKind,
    id::{RoomId, Uid},
    limit::{admits, fits},
    media::{MediaEvent, MediaPeerId, MediaRoomId},
    message::{Command, Request},
    output::{
        CLOSE_GOING_AWAY, CLOSE_INVALID_DATA, CLOSE_MESSAGE_TOO_BIG, CLOSE_POLICY_VIOLATION, CLOSE_UNSUPPORTED_DATA,
    },
    reply::{ErrorContext, Reply},
    room::Room,
    schedule::{Schedule, Timer},
    srs::{Reply as SrsReply, Rooms as SrsRooms},
};

/// The rooms of one server and the connections to them.
///
/// One input (`handle_…`), then [`poll_output`](Self::poll_output) until `None`, then the next input.
#[derive(Debug)]
pub struct Hub {
    config: Config,
    /// The instant of the last input.
    now: Instant,
    started: Instant,
    /// The time since the Unix epoch at `started`.
    started_unix: Duration,
    rng: ChaCha20Rng,
    /// Bounded by `limits.connections`.
    connections: BTreeMap<ConnId, Connection>,
    /// Rooms with members, and those that are kept without. Bounded by `limits.rooms`.
    rooms: BTreeMap<RoomId, Room>,
    /// The rooms that the media server knows.
    media_rooms: BTreeMap<MediaRoomId, RoomId>,
    /// Whose places at the media server are whose. At most one for a member.
    media_peers: BTreeMap<MediaPeerId, (RoomId, Uid)>,
    /// The last number that the media server was given for a room, a peer or an offer.
    media_numbers: u64,
    /// Who is in a room by way of AppRTC's protocol.
    apprtc: Clients,
    /// The rooms of SRS's demo signalling, which are others.
    srs_rooms: SrsRooms,
    addresses: AddressBook,
    schedule: Schedule,
    /// Empty before every input; one input adds at most a few frames per connection.
    outputs: VecDeque<Output>,
    /// The counters; what can be counted at any time is filled in by `stats`.
    counts: Stats,
    shutting_down: bool,
    /// No new rooms.
    draining: bool,
}

impl Hub {
    /// A hub without rooms. `seed` must be unguessable: resume tokens come from it. `unix_time` is the time since the
    /// Unix epoch at `now`, by which tokens are judged and chat messages stamped.
    pub fn new(config: Config, seed: [u8; 32], now: Instant, unix_time: Duration) -> Self {
        Self {
            config,
            now,
            started: now,
            started_unix: unix_time,
            rng: ChaCha20Rng::from_seed(seed),
            connections: BTreeMap::new(),
            rooms: BTreeMap::new(),
            media_rooms: BTreeMap::new(),
            media_peers: BTreeMap::new(),
            media_numbers: 0,
            apprtc: Clients::default(),
            srs_rooms: SrsRooms::default(),
            addresses: AddressBook::default(),
            schedule: Schedule::default(),
            outputs: VecDeque::new(),
            counts: Stats::default(),
            shutting_down: false,
            draining: false,
        }
    }

    /// From here on no room begins, or again. Those that there are go on and may be joined.
    pub fn set_draining(&mut self, draining: bool) {
        self.draining = draining;
    }

    /// A client asks for a connection.
    ///
    /// # Errors
    /// When it may not have one; the shell answers with [`Refusal::http_status`] and reports nothing more of it.
    pub fn handle_open(&mut self, now: Instant, conn: ConnId, opened: Opened) -> Result<(), Refusal> {
        self.begin(now);
        debug_assert!(!self.connections.contains_key(&conn), "a number is used once");
        let admitted = self.admit_connection(now, &opened);
        if admitted.is_err() {
            self.counts.refused += 1;
            return admitted;
        }
        let connection = Connection::new(now, opened, self.config.heartbeat);
        self.schedule.set(connection.ping_at, Timer::Ping(conn));
        self.connections.insert(conn, connection);
        Ok(())
    }

    /// A text frame has come.
    pub fn handle_text(&mut self, now: Instant, conn: ConnId, text: &str) {
        self.begin(now);
        if !fits(self.config.limits.frame_bytes, text.len()) {
            return self.handle_oversized(now, conn);
        }
        let Some(pace) = self.hear(now, conn, text.len()) else { return };
        if self.dialect(conn) == Dialect::Srs {
            return self.handle_srs_text(now, conn, text, pace);
        }
        let request = match Request::parse(text) {
            Ok(request) => request,
            Err(malformed) => return self.fault(now, conn, &malformed.into(), CLOSE_INVALID_DATA),
        };
        if let Some(connection) = self.connections.get_mut(&conn) {
            connection.forgive_faults();
        }
        if request.wants_v2() && self.dialect(conn) == Dialect::Rooms {
            self.speak_v2(conn);
        }
        let id = match self.request_id(conn, &request) {
            Ok(id) => id,
            Err(error) => return self.refuse(conn, &error, ErrorContext::default()),
        };
        let done = if pace == Pace::Fine {
            self.dispatch(now, conn, &request, id.as_deref())
        } else {
            Err(Error::TooManyMessages)
        };
        if let Err(error) = done {
            let (room, remote) = (request.room().ok().flatten(), request.remote().ok().flatten());
            let context = ErrorContext { id: id.as_deref(), room: room.as_ref(), remote: remote.as_ref(), label: None };
            self.refuse(conn, &error, context);
            if self.dialect(conn) == Dialect::Collider && error.ends_socket() {
                self.close(now, conn, CLOSE_POLICY_VIOLATION, error.code().1);
            }
        }
        if pace == Pace::Flood {
            self.close(now, conn, CLOSE_POLICY_VIOLATION, "too many messages");
        }
    }

    /// A binary frame has come, which nobody should send.
    pub fn handle_binary(&mut self, now: Instant, conn: ConnId) {
        self.begin(now);
        if self.hear(now, conn, 0).is_some() {
            self.fault(now, conn, &Malformed::Binary.into(), CLOSE_UNSUPPORTED_DATA);
        }
    }

    /// A frame has come that is longer than `limits.frame_bytes`; its content is gone.
    pub fn handle_oversized(&mut self, now: Instant, conn: ConnId) {
        self.begin(now);
        let error = Error::TooLarge { field: "frame", limit_bytes: self.config.limits.frame_bytes };
        if self.hear(now, conn, 0).is_some() {
            self.fault(now, conn, &error, CLOSE_MESSAGE_TOO_BIG);
        }
    }

    /// A pong has come.
    pub fn handle_pong(&mut self, now: Instant, conn: ConnId) {
        self.begin(now);
        self.hear_pong(conn);
    }

    /// The connection is gone, with or without a close frame. Says nothing new about one that the hub has closed.
    pub fn handle_close(&mut self, now: Instant, conn: ConnId) {
        self.begin(now);
        self.disconnect(now, conn);
    }

    /// The media server has something to tell.
    pub fn handle_media(&mut self, now: Instant, event: MediaEvent) {
        self.begin(now);
        self.hear_media(event);
    }

    /// The server stops: everybody is told and every connection closed.
    pub fn handle_shutdown(&mut self, now: Instant) {
        self.begin(now);
        self.shutting_down = true;
        self.tell_shutdown();
        while let Some((room, mut gone)) = self.rooms.pop_first() {
            if let Some(media_room) = gone.plane.media_room() {
                let seats: Vec<_> = gone.members_mut().filter_map(|member| member.media.take()).collect();
                seats.iter().for_each(|seat| self.close_media(media_room, seat));
            }
            self.note(&room, RoomEventKind::RoomEnded);
        }
        while let Some((&conn, _)) = self.connections.first_key_value() {
            self.close(now, conn, CLOSE_GOING_AWAY, "the server stops");
        }
        self.schedule = Schedule::default();
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.next_output()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due. O(1).
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.schedule.next()
    }

    /// Does everything that is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.begin(now);
        while let Some(timer) = self.schedule.pop_due(now) {
            match timer {
                Timer::Ping(conn) => self.heartbeat(now, conn),
                Timer::Grace(room, uid) => self.unseat(&room, &uid),
                Timer::Settle(room) => self.settle(&room),
                Timer::Drain(room) => self.drain_media(&room),
                Timer::Stage(room) => self.turn_stage(&room),
                Timer::Idle(room) => self.expire(&room),
                Timer::Register(seat) => self.expire_client(now, seat),
            }
        }
    }

    /// What there is and what has been.
    pub fn stats(&self) -> Stats {
        let members = || self.rooms.values().flat_map(Room::members);
        Stats {
            connections: self.connections.len(),
            rooms: self.rooms.len(),
            members: members().count(),
            reconnecting: members().filter(|member| member.conn().is_none()).count(),
            ..self.counts
        }
    }

    /// The settings, which do not change.
    pub fn config(&self) -> &Config {
        &self.config
    }

    fn admit_connection(&mut self, now: Instant, opened: &Opened) -> Result<(), Refusal> {
        if self.shutting_down {
            return Err(Refusal::ShuttingDown);
        }
        if !admits(self.config.limits.connections, self.connections.len()) {
            return Err(Refusal::ServerFull);
        }
        let source = Source::new(opened.address);
        let admitted = self.addresses.open_connection(now, source, &self.config.limits);
        if admitted { Ok(()) } else { Err(Refusal::AddressFull) }
    }

    fn dispatch(&mut self, now: Instant, conn: ConnId, request: &Request<'_>, id: Option<&str>) -> Result<(), Error> {
        let v2 = self.connections.get(&conn).is_some_and(|connection| connection.v2);
        if self.is_socket_of_client(conn, request, v2) {
            return self.hear_socket(conn, request);
        }
        match request.command {
            Command::Join => return self.join(now, conn, request, id),
            Command::Leave => self.leave(conn, request)?,
            Command::Offer => return self.offer(conn, request, id),
            Command::Forward => self.forward(conn, request)?,
            Command::Subscribe if v2 => self.subscribe(conn, request)?,
            Command::State if v2 => self.change_state(conn, request)?,
            Command::Chat if v2 => self.chat(conn, request)?,
            Command::Data if v2 => self.data(conn, request)?,
            Command::React if v2 => self.react(conn, request)?,
            Command::Moderate if v2 => self.moderate(conn, request)?,
            Command::Record if v2 => self.record(conn, request)?,
            Command::Consent if v2 => self.consent(conn, request)?,
            Command::Ping => {
                self.send(conn, &Reply::Pong { id });
                return Ok(());
            }
            // Only v2 requests have an id to answer; in dialect A, v2's own commands are unknown too.
            Command::Subscribe
            | Command::State
            | Command::Chat
            | Command::Data
            | Command::React
            | Command::Moderate
            | Command::Register
            | Command::Send
            | Command::Record
            | Command::Consent
            | Command::Unknown => {
                return if id.is_some() { Err(Error::UnknownCommand) } else { Ok(()) };
            }
        }
        if let Some(id) = id {
            self.send(conn, &Reply::Ok { id });
        }
        Ok(())
    }

    /// From here on the connection speaks v2. A seat that it took in dialect A cannot be resumed, so it is given up.
    fn speak_v2(&mut self, conn: ConnId) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        if !connection.v2 {
            connection.v2 = true;
            self.leave_all(conn);
        }
    }

    /// The id that the answer must carry. In dialect A `id` is a key like any other.
    fn request_id(&self, conn: ConnId, request: &Request<'_>) -> Result<Option<String>, Error> {
        let v2 = self.connections.get(&conn).is_some_and(|connection| connection.v2);
        if v2 { request.id() } else { Ok(None) }
    }

    /// Takes note of a sign of life and of a message; `None` if there is no such connection.
    fn hear(&mut self, now: Instant, conn: ConnId, bytes: usize) -> Option<Pace> {
        self.counts.frames += 1;
        let connection = self.connections.get_mut(&conn)?;
        connection.pings_unanswered = 0;
        Some(connection.pace(now, bytes, &self.config.limits))
    }

    /// Answers a frame that cannot be read, and closes after too many.
    fn fault(&mut self, now: Instant, conn: ConnId, error: &Error, close_code: u16) {
        self.refuse(conn, error, ErrorContext::default());
        let limits = &self.config.limits;
        if self.connections.get_mut(&conn).is_some_and(|connection| connection.fault(limits)) {
            self.close(now, conn, close_code, "too many faulty frames");
        }
    }

    fn refuse(&mut self, conn: ConnId, error: &Error, context: ErrorContext<'_>) {
        self.counts.errors += 1;
        // What it has said may have cost it the connection.
        let Some(connection) = self.connections.get(&conn) else { return };
        let text = match connection.dialect {
            Dialect::Rooms => Reply::error(error, context).text(),
            Dialect::Collider => Frame::error(&error.to_string()).text(),
            Dialect::Srs => SrsReply::error(None, error).text(),
        };
        self.outputs.push_back(Output::Send { conn, text });
    }

    fn dialect(&self, conn: ConnId) -> Dialect {
        self.connections.get(&conn).map(|connection| connection.dialect).unwrap_or_default()
    }

    fn send(&mut self, conn: ConnId, reply: &Reply<'_>) {
        self.outputs.push_back(Output::Send { conn, text: reply.text() });
    }

    /// Closes a connection from this side, and forgets it. A client of AppRTC loses its socket.
    fn close(&mut self, now: Instant, conn: ConnId, code: u16, reason: &'static str) {
        if let Some(client) = self.apprtc.client(conn) {
            let socket = client.socket;
            self.disconnect(now, conn);
            let Some(socket) = socket else { return };
            return self.close(now, socket, code, reason);
        }
        self.outputs.push_back(Output::Close { conn, code, reason });
        self.disconnect(now, conn);
    }

    /// The room that a request is about: the one it names, else the only one the connection is in.
    fn room_of(&self, conn: ConnId, request: &Request<'_>) -> Result<RoomId, Error> {
        let rooms = self.connections.get(&conn).map_or(&[][..], |connection| &connection.rooms);
        match (request.room()?, rooms) {
            (Some(room), _) if rooms.contains(&room) => Ok(room),
            (None, [room]) => Ok(room.clone()),
            _ => Err(Error::NotJoined),
        }
    }

    /// The room that a request is about and the sender's uid there, which the message must not contradict.
    fn seat_of(&self, conn: ConnId, request: &Request<'_>) -> Result<(RoomId, Uid), Error> {
        let room = self.room_of(conn, request)?;
        let member = self.rooms.get(&room).and_then(|room| room.member_of(conn)).ok_or(Error::NotJoined)?;
        let uid = member.uid.clone();
        if request.uid()?.is_some_and(|claimed| claimed != uid) {
            return Err(Error::UidMismatch);
        }
        Ok((room, uid))
    }

    /// The time of the last input in milliseconds since the Unix epoch.
    fn unix_ms(&self) -> u64 {
        u64::try_from(self.unix_time(self.now).as_millis()).unwrap_or(u64::MAX)
    }

    fn unix_time(&self, now: Instant) -> Duration {
        self.started_unix + now.saturating_duration_since(self.started)
    }

    /// The beginning of every input. The other half of the contract: outputs are drained between inputs.
    fn begin(&mut self, now: Instant) {
        debug_assert!(self.outputs.is_empty(), "drain poll_output before the next input");
        self.now = now;
    }
}

#[cfg(test)]
mod tests;

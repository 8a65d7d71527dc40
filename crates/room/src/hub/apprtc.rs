//! Clients of AppRTC: their ways in and out, and between them and the member that each of them is to the room.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use rand_chacha::rand_core::Rng as _;
use serde::Deserialize;
use serde_json::{json, value::RawValue};

use crate::{
    ConnId, Hub, Opened, Output,
    apprtc::{Client, ClientId, Frame, Joined, Kind, Mailbox, Reason, Refused, from_room, to_room},
    connection::{Connection, Dialect, Pace},
    error::Error,
    id::{RoomId, Uid},
    limit::fits,
    message::{Command, Request},
    output::CLOSE_POLICY_VIOLATION,
    schedule::Timer,
    token,
};

impl Hub {
    /// A client of AppRTC wants to join. `conn` is a number as those of connections are; it has no socket.
    ///
    /// # Errors
    /// When it gets no seat; then nothing has changed.
    pub fn handle_apprtc_join(
        &mut self,
        now: Instant,
        conn: ConnId,
        opened: Opened,
        room: &str,
    ) -> Result<Joined, Refused> {
        self.begin(now);
        let room = RoomId::new(room).ok_or(Error::Field { field: "roomId" })?;
        let admitted = self.admit_connection(now, &opened);
        if let Err(refusal) = admitted {
            self.counts.refused += 1;
            return Err(refusal.into());
        }
        let uid = self.named_by_token(&opened, now).unwrap_or_else(|| self.draw_uid());
        self.connections.insert(conn, Connection::new(now, opened, self.config.heartbeat));
        let join = json!({ "cmd": "join", "roomId": room, "uid": uid }).to_string();
        if let Err(error) = self.speak(conn, &join) {
            self.counts.errors += 1;
            self.disconnect(now, conn);
            return Err(error.into());
        }
        let id = self.draw_client_id();
        let register_by = now + REGISTER_MAX;
        self.schedule.set(register_by, Timer::Register(conn));
        let client = Client {
            id: id.clone(),
            room: room.clone(),
            uid,
            socket: None,
            register_by: Some(register_by),
            peer: None,
            said: Mailbox::default(),
            unheard: Mailbox::default(),
            ended: false,
        };
        self.apprtc.seat(conn, client);
        self.pass_on_to_clients();
        let messages = self.apprtc.client_mut(conn).map(|client| client.unheard.take()).unwrap_or_default();
        let is_initiator = self.rooms.get(&room).is_some_and(|room| room.members().len() == 1);
        Ok(Joined { client: id.into(), is_initiator, messages: messages.into() })
    }

    /// A client says something to the other one in the room, over HTTP.
    ///
    /// # Errors
    /// When there is no such client, or it says too much.
    pub fn handle_apprtc_message(&mut self, now: Instant, room: &str, client: &str, text: &str) -> Result<(), Refused> {
        self.begin(now);
        let seat = self.seat_of_client(room, client)?;
        if self.apprtc.client(seat).is_some_and(|client| client.socket.is_none()) {
            self.expect_socket(seat);
        }
        self.say_as_client(seat, text).map_err(|error| {
            self.counts.errors += 1;
            error.into()
        })
    }

    /// A client leaves.
    ///
    /// # Errors
    /// When there is no such client.
    pub fn handle_apprtc_leave(&mut self, now: Instant, room: &str, client: &str) -> Result<(), Refused> {
        self.begin(now);
        let seat = self.seat_of_client(room, client)?;
        self.disconnect(now, seat);
        Ok(())
    }

    /// Whether this is said by a client of AppRTC: only a connection that is in no room can become its socket.
    pub(super) fn is_socket_of_client(&self, conn: ConnId, request: &Request<'_>, v2: bool) -> bool {
        let Some(connection) = self.connections.get(&conn) else { return false };
        let asks = matches!(request.command, Command::Register | Command::Send);
        let may = self.config.apprtc && !v2 && connection.rooms.is_empty();
        connection.dialect == Dialect::Collider || (asks && may)
    }

    /// A frame at the socket of a client, or at one that wants to be it.
    pub(super) fn hear_socket(&mut self, conn: ConnId, request: &Request<'_>) -> Result<(), Error> {
        if let Some(connection) = self.connections.get_mut(&conn) {
            connection.dialect = Dialect::Collider;
        }
        match (request.command, self.apprtc.registered(conn)) {
            (Command::Register, None) => self.register(conn, request),
            (Command::Register, Some(_)) => Err(Error::AlreadyRegistered),
            (Command::Send, Some(seat)) => {
                let message = request.message()?;
                self.say_as_client(seat, &message)
            }
            (Command::Send, None) => Err(Error::UnknownClient),
            (_, _) => Err(Error::UnknownCommand),
        }
    }

    /// `register`: what is said to the client goes to this connection from here on.
    fn register(&mut self, conn: ConnId, request: &Request<'_>) -> Result<(), Error> {
        let (room, client) = request.registration()?;
        let seat = self.apprtc.find(&room, &client).ok_or(Error::UnknownClient)?;
        let Some(client) = self.apprtc.client_mut(seat) else { return Err(Error::UnknownClient) };
        if client.socket.is_some() {
            return Err(Error::AlreadyRegistered);
        }
        if let Some(at) = client.register_by.take() {
            self.schedule.cancel(at, Timer::Register(seat));
        }
        for message in client.unheard.take() {
            self.outputs.push_back(Output::Send { conn, text: Frame::message(&message).text() });
        }
        self.apprtc.attach(conn, seat);
        Ok(())
    }

    /// A connection is gone, and with it a client's socket, or its seat.
    pub(super) fn forget_client(&mut self, conn: ConnId) {
        if let Some(client) = self.apprtc.client_mut(conn) {
            if let Some(at) = client.register_by.take() {
                self.schedule.cancel(at, Timer::Register(conn));
            }
            self.apprtc.end(conn);
        } else if let Some(seat) = self.apprtc.detach(conn) {
            self.expect_socket(seat);
        }
    }

    /// The client's time to register is over.
    pub(super) fn expire_client(&mut self, now: Instant, seat: ConnId) {
        if let Some(client) = self.apprtc.client_mut(seat) {
            client.register_by = None;
            self.disconnect(now, seat);
        }
    }

    /// The next output that is for somebody outside. What is said to the seats of AppRTC's clients is for their sockets.
    pub(super) fn next_output(&mut self) -> Option<Output> {
        while let Some(output) = self.outputs.pop_front() {
            if let Output::Send { conn, text } = &output
                && self.apprtc.is_seat(*conn)
            {
                self.hear_as_client(*conn, text);
            } else {
                return Some(output);
            }
        }
        self.apprtc.forget_ended();
        None
    }

    /// Translates all that is said to seats, so that who has joined finds what it was told.
    fn pass_on_to_clients(&mut self) {
        let mut others = VecDeque::new();
        while let Some(output) = self.next_output() {
            others.push_back(output);
        }
        self.outputs = others;
    }

    /// A member has something to say, in the words of dialect A.
    fn speak(&mut self, seat: ConnId, text: &str) -> Result<(), Error> {
        self.dispatch(self.now, seat, &Request::parse(text)?, None)
    }

    /// The room says something to a member that is a client of AppRTC.
    fn hear_as_client(&mut self, seat: ConnId, text: &str) {
        if self.apprtc.has_ended(seat) {
            return;
        }
        let Ok(said) = serde_json::from_str::<Said<'_>>(text) else { return };
        match said.cmd {
            "new-peer" | "resp-join" => self.meet(seat, said.remote.and_then(|raw| Uid::parse(raw, "remoteUid").ok())),
            "peer-leave" => self.part_from_peer(seat),
            "offer" | "answer" | "candidate" => {
                let Some(message) = said.msg else { return };
                let message = serde_json::from_str(message.get()).unwrap_or_else(|_| message.get().to_owned());
                self.tell_client(seat, from_room(said.cmd, message));
            }
            _ => {}
        }
    }

    /// There is another one in the room: it hears what the client has said until here.
    fn meet(&mut self, seat: ConnId, peer: Option<Uid>) {
        let (Some(client), Some(peer)) = (self.apprtc.client_mut(seat), peer) else { return };
        client.peer = Some(peer.clone());
        for message in client.said.take() {
            // The newcomer may have gone again, and with it the need.
            let _ = self.say_to(seat, &peer, &message);
        }
    }

    fn part_from_peer(&mut self, seat: ConnId) {
        let Some(client) = self.apprtc.client_mut(seat) else { return };
        client.peer = None;
        client.said = Mailbox::default();
        self.tell_client(seat, BYE.to_owned());
    }

    fn tell_client(&mut self, seat: ConnId, message: String) {
        let Some(client) = self.apprtc.client_mut(seat) else { return };
        if let Some(conn) = client.socket {
            self.outputs.push_back(Output::Send { conn, text: Frame::message(&message).text() });
        } else if client.unheard.put(message).is_err() {
            // Whoever fills a mailbox in ten seconds loses what it says beyond that, and nobody else anything.
            self.counts.errors += 1;
        }
    }

    /// A client says something, by whatever way. It is counted as its seat's.
    fn say_as_client(&mut self, seat: ConnId, text: &str) -> Result<(), Error> {
        if !fits(self.config.limits.frame_bytes, text.len()) {
            return Err(Error::TooLarge { field: "msg", limit_bytes: self.config.limits.frame_bytes });
        }
        match self.hear(self.now, seat, text.len()) {
            Some(Pace::Fine) => {}
            Some(Pace::TooFast) => return Err(Error::TooManyMessages),
            Some(Pace::Flood) => {
                self.close(self.now, seat, CLOSE_POLICY_VIOLATION, "too many messages");
                return Err(Error::TooManyMessages);
            }
            None => return Err(Error::NotJoined),
        }
        if self.connections.get(&seat).is_none_or(|connection| connection.rooms.is_empty()) {
            return Err(Error::NotJoined);
        }
        let Some(client) = self.apprtc.client_mut(seat) else { return Err(Error::NotJoined) };
        let peer = client.peer.clone();
        match (Kind::of(text), peer) {
            // Who says goodbye is gone for the others; its `leave` finds nothing more to do.
            (Kind::Bye, _) => {
                client.peer = None;
                client.said = Mailbox::default();
                self.leave_all(seat);
                Ok(())
            }
            (_, Some(peer)) => self.say_to(seat, &peer, text),
            (_, None) => client.said.put(text.to_owned()),
        }
    }

    fn say_to(&mut self, seat: ConnId, peer: &Uid, text: &str) -> Result<(), Error> {
        let Some(client) = self.apprtc.client(seat) else { return Err(Error::NotJoined) };
        let room = self.rooms.get(&client.room).ok_or(Error::NotJoined)?;
        let receiver = room.member(peer).ok_or(Error::PeerNotFound)?;
        let kind = Kind::of(text);
        let spoken = match receiver.conn() {
            Some(conn) if self.apprtc.is_seat(conn) => Some(text.into()),
            _ => to_room(text, kind),
        };
        let Some(msg) = spoken else { return Ok(()) };
        let frame =
            json!({ "cmd": kind.command(), "roomId": client.room, "uid": client.uid, "remoteUid": peer, "msg": msg });
        self.speak(seat, &frame.to_string())
    }

    /// Gives the client time to register.
    fn expect_socket(&mut self, seat: ConnId) {
        let Some(client) = self.apprtc.client_mut(seat) else { return };
        let until = self.now + REGISTER_MAX;
        if let Some(at) = client.register_by.replace(until) {
            self.schedule.cancel(at, Timer::Register(seat));
        }
        self.schedule.set(until, Timer::Register(seat));
    }

    fn seat_of_client(&self, room: &str, client: &str) -> Result<ConnId, Reason> {
        let room = RoomId::new(room).ok_or(Error::Field { field: "roomId" })?;
        match self.apprtc.find(&room, client) {
            Some(seat) => Ok(seat),
            None if self.rooms.contains_key(&room) => Err(Reason::UnknownClient),
            None => Err(Reason::UnknownRoom),
        }
    }

    /// The uid that a client's token gives it. Whether the token lets in is seen when it joins.
    fn named_by_token(&self, opened: &Opened, now: Instant) -> Option<Uid> {
        let claims = token::verify(&self.config.auth_keys, opened.token.as_deref()?, self.unix_time(now)).ok()?;
        Uid::new(&claims.uid?)
    }

    fn draw_client_id(&mut self) -> ClientId {
        (0..CLIENT_ID_DIGITS)
            .map(|_| char::from_digit(self.rng.next_u32() % 10, 10).expect("the remainder is a digit"))
            .collect::<String>()
            .into()
    }
}

/// What a room says to a member, as far as it matters here.
#[derive(Deserialize)]
struct Said<'a> {
    cmd: &'a str,
    #[serde(borrow, rename = "remoteUid")]
    remote: Option<&'a RawValue>,
    #[serde(borrow)]
    msg: Option<&'a RawValue>,
}

/// How long a client may be without a socket: after it has joined or spoken, and after its socket is lost.
pub(crate) const REGISTER_MAX: Duration = Duration::from_secs(10);
/// AppRTC's own have eight; these cannot be guessed (53 bits), for they are all that a client shows.
const CLIENT_ID_DIGITS: usize = 16;
/// The other one has gone.
const BYE: &str = r#"{"type":"bye"}"#;

//! The clients of AppRTC that have a seat.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Instant,
};

use crate::{
    ConnId,
    error::Error,
    id::{RoomId, Uid},
};

/// What a client names itself by. Nobody else learns it, and so nobody else can speak for it.
pub(crate) type ClientId = Box<str>;

/// Everybody who has joined in this way.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    /// By the number of the seat. Bounded by `limits.connections`.
    seats: BTreeMap<ConnId, Client>,
    /// The seats by their clients' names.
    names: BTreeMap<ClientId, ConnId>,
    /// The seats by the sockets that have registered for them.
    sockets: BTreeMap<ConnId, ConnId>,
    /// The seats that are given up. Empty before every input.
    ended: Vec<ConnId>,
}

/// A seat and who sits there.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) id: ClientId,
    pub(crate) room: RoomId,
    /// Under which the other members know it.
    pub(crate) uid: Uid,
    /// Where it listens.
    pub(crate) socket: Option<ConnId>,
    /// Until when its socket has to register, while there is none.
    pub(crate) register_by: Option<Instant>,
    /// The other one in the room.
    pub(crate) peer: Option<Uid>,
    /// What it said while it was alone.
    pub(crate) said: Mailbox,
    /// What it has not heard for want of a socket.
    pub(crate) unheard: Mailbox,
    /// The seat is given up, and stays known until everything is said that was to be said to it.
    pub(crate) ended: bool,
}

impl Clients {
    pub(crate) fn seat(&mut self, seat: ConnId, client: Client) {
        self.names.insert(client.id.clone(), seat);
        self.seats.insert(seat, client);
    }

    /// Whether what is said to this connection is said to a client of AppRTC.
    pub(crate) fn is_seat(&self, conn: ConnId) -> bool {
        self.seats.contains_key(&conn)
    }

    pub(crate) fn client(&self, seat: ConnId) -> Option<&Client> {
        self.seats.get(&seat)
    }

    pub(crate) fn client_mut(&mut self, seat: ConnId) -> Option<&mut Client> {
        self.seats.get_mut(&seat)
    }

    /// The seat of this client in this room.
    pub(crate) fn find(&self, room: &RoomId, id: &str) -> Option<ConnId> {
        let seat = *self.names.get(id)?;
        self.seats.get(&seat).filter(|client| client.room == *room).map(|_| seat)
    }

    /// The seat that a socket has registered for.
    pub(crate) fn registered(&self, socket: ConnId) -> Option<ConnId> {
        self.sockets.get(&socket).copied()
    }

    /// The client listens there from here on.
    pub(crate) fn attach(&mut self, socket: ConnId, seat: ConnId) {
        if let Some(client) = self.seats.get_mut(&seat) {
            client.socket = Some(socket);
            self.sockets.insert(socket, seat);
        }
    }

    /// The socket is gone; gives back the seat that it had registered for.
    pub(crate) fn detach(&mut self, socket: ConnId) -> Option<ConnId> {
        let seat = self.sockets.remove(&socket)?;
        if let Some(client) = self.seats.get_mut(&seat) {
            client.socket = None;
        }
        Some(seat)
    }

    /// The seat is given up: nobody finds it any more, and nothing comes out of it.
    pub(crate) fn end(&mut self, seat: ConnId) {
        let Some(client) = self.seats.get_mut(&seat) else { return };
        if let Some(socket) = client.socket.take() {
            self.sockets.remove(&socket);
        }
        self.names.remove(&client.id);
        client.said = Mailbox::default();
        client.unheard = Mailbox::default();
        client.ended = true;
        self.ended.push(seat);
    }

    pub(crate) fn has_ended(&self, seat: ConnId) -> bool {
        self.seats.get(&seat).is_some_and(|client| client.ended)
    }

    /// Everything is said.
    pub(crate) fn forget_ended(&mut self) {
        for seat in self.ended.drain(..) {
            self.seats.remove(&seat);
        }
    }
}

/// Messages that wait for somebody, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    /// Bounded by [`MESSAGES_MAX`] and [`MESSAGES_BYTES_MAX`].
    messages: VecDeque<String>,
    bytes: usize,
}

impl Mailbox {
    /// # Errors
    /// When no more is kept.
    pub(crate) fn put(&mut self, message: String) -> Result<(), Error> {
        let bytes = self.bytes + message.len();
        if self.messages.len() >= MESSAGES_MAX || bytes > MESSAGES_BYTES_MAX {
            return Err(Error::MailboxFull);
        }
        self.bytes = bytes;
        self.messages.push_back(message);
        Ok(())
    }

    /// Takes everything out.
    pub(crate) fn take(&mut self) -> VecDeque<String> {
        self.bytes = 0;
        std::mem::take(&mut self.messages)
    }
}

/// Messages that wait for one client: what may be written to a socket at once. AppRTC's own server keeps twice as many.
pub(crate) const MESSAGES_MAX: usize = 512;
/// Their bytes: a description and the candidates of several calls.
pub(crate) const MESSAGES_BYTES_MAX: usize = 256 * 1024;

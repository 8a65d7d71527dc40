//! The protocol of AppRTC, as an adapter: a client of it has a seat in an ordinary room, as a member that speaks dialect A, and what the room says to that
//! member becomes what AppRTC's server and its collider say to their clients. So every rule of rooms holds for it.
//!
//! The seat is a connection of the hub's own, without a socket; the socket that registers for it is another one.

pub(crate) mod client;
mod frame;
mod message;

use crate::{Refusal, error::Error};

pub(crate) use self::{
    client::{Client, ClientId, Clients, Mailbox},
    frame::Frame,
    message::{Kind, from_room, to_room},
};

/// What somebody learns who has joined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// Names the client in what it asks from here on. Whoever knows it speaks for the client.
    pub client: String,
    /// Nobody else is in the room: this one makes the offer.
    pub is_initiator: bool,
    /// What the other one has said already.
    pub messages: Vec<String>,
}

/// Why a client does not get what it asks for.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Refused(#[from] Reason);

/// The kinds of it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Reason {
    #[error(transparent)]
    Connection(#[from] Refusal),
    #[error("There is no such room.")]
    UnknownRoom,
    #[error("There is no such client in the room.")]
    UnknownClient,
    #[error(transparent)]
    Room(#[from] Error),
}

impl Refused {
    /// AppRTC's word for it: the `result` of its answers.
    pub fn result(&self) -> &'static str {
        match &self.0 {
            Reason::UnknownRoom => "UNKNOWN_ROOM",
            Reason::UnknownClient | Reason::Room(Error::NotJoined) => "UNKNOWN_CLIENT",
            Reason::Room(Error::RoomFull { .. } | Error::MediaNeeded) => "FULL",
            Reason::Room(Error::UidInUse) => "DUPLICATE_CLIENT",
            Reason::Room(Error::Field { .. } | Error::Malformed(_) | Error::TooLarge { .. }) => "INVALID_REQUEST",
            Reason::Connection(_) | Reason::Room(_) => "ERROR",
        }
    }

    /// The number and the short name that `docs/signalling.md` has for it, where it comes from the rules of rooms.
    pub fn code(&self) -> Option<(u16, &'static str)> {
        match &self.0 {
            Reason::Room(error) => Some(error.code()),
            Reason::Connection(_) | Reason::UnknownRoom | Reason::UnknownClient => None,
        }
    }

    /// No connection is to be had at all, which HTTP has statuses for.
    pub fn refusal(&self) -> Option<Refusal> {
        match self.0 {
            Reason::Connection(refusal) => Some(refusal),
            Reason::UnknownRoom | Reason::UnknownClient | Reason::Room(_) => None,
        }
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Reason::from(refusal).into()
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Reason::from(error).into()
    }
}

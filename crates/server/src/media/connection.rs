//! One peer connection of a member.

use room::media::Source;
use rtc::session::Media;
use turn::ClientAddr;

use super::outbox::Outbox;
use super::timers::Due;
use crate::worker::Tuple;

/// A peer connection, by its place among the worker's connections.
#[derive(Debug)]
pub(crate) struct Connection {
    /// Whose it is: the member's number.
    pub(crate) member: u32,
    /// What the client calls it.
    pub(crate) name: String,
    pub(crate) peer: rtc::Peer,
    /// What was negotiated last.
    pub(crate) terms: Terms,
    /// On which of its ways it is found again.
    pub(crate) ways: Vec<Way>,
    /// What leaves at the end of this wake-up.
    pub(crate) outbox: Option<Outbox>,
    pub(crate) due: Due,
    /// Whether the handshake is over.
    pub(crate) connected: bool,
}

/// What a negotiation has fixed.
#[derive(Debug, Default)]
pub(crate) struct Terms {
    /// What each media description became.
    pub(crate) media: Vec<Media>,
    /// What the sending ones carry, by their `mid`.
    pub(crate) sources: Vec<(String, Source)>,
}

/// A way by which datagrams come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Over UDP. With `via`, they arrive at that worker's socket.
    Datagrams { tuple: Tuple, via: Option<u8> },
    /// Over TCP.
    Stream(ClientAddr),
}

impl Connection {
    pub(crate) fn new(member: u32, name: String, peer: rtc::Peer) -> Self {
        Self {
            member,
            name,
            peer,
            terms: Terms::default(),
            ways: Vec::new(),
            outbox: None,
            due: Due::default(),
            connected: false,
        }
    }

    /// Notes a way; gives back the one that has to be forgotten for it.
    pub(crate) fn note_way(&mut self, way: Way) -> Option<Way> {
        let oldest = if self.ways.len() >= WAYS_MAX { Some(self.ways.remove(0)) } else { None };
        self.ways.push(way);
        oldest
    }
}

/// As many as the ICE agent knows.
const WAYS_MAX: usize = rtc::ice::PATHS_MAX;

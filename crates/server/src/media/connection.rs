//! One peer connection of a member.

use std::net::IpAddr;
use std::time::Instant;

use room::media::OfferedTrack;
use rtc::Output;
use rtc::session::Media;
use turn::ClientAddr;

use super::echo::Echo;
use super::lanes::{Lanes, News};
use super::outbox::Outbox;
use super::path_of;
use super::timers::Due;
use super::weighing::Weight;
use crate::headcount::Place;
use crate::worker::Tuple;

/// A peer connection, by its place among the worker's connections.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) holder: Holder,
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
    /// Of a member's connection, until the handshake is over: its place among those that are not connected yet.
    pub(crate) half_open: Option<Place>,
    /// A member's data channels, from its first one on.
    pub(crate) lanes: Option<Box<Lanes>>,
    /// What has come and gone.
    pub(crate) weight: Weight,
    /// Since when a viewer of a live stream waits for its first packet.
    pub(crate) joining: Option<Instant>,
    /// So many of the next media packets are lost, since a test wants it.
    pub(crate) to_lose: u32,
}

/// Whose a connection is.
#[derive(Debug)]
pub(crate) enum Holder {
    /// The member's number.
    Member(u32),
    /// Nobody's: somebody checks the network.
    Check(Echo),
}

/// What a negotiation has fixed.
#[derive(Debug, Default)]
pub(crate) struct Terms {
    /// What each media description became.
    pub(crate) media: Vec<Media>,
    /// What the sending ones carry, by their `mid`.
    pub(crate) sources: Vec<OfferedTrack>,
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
    pub(crate) fn new(holder: Holder, name: String, peer: rtc::Peer) -> Self {
        Self {
            holder,
            name,
            peer,
            terms: Terms::default(),
            ways: Vec::new(),
            outbox: None,
            due: Due::default(),
            connected: false,
            half_open: None,
            lanes: None,
            weight: Weight::default(),
            joining: None,
            to_lose: 0,
        }
    }

    /// The number of its member.
    pub(crate) fn member(&self) -> Option<u32> {
        match self.holder {
            Holder::Member(seat) => Some(seat),
            Holder::Check(_) => None,
        }
    }

    /// When it ends, whatever happens.
    pub(crate) fn ends_at(&self) -> Option<Instant> {
        match &self.holder {
            Holder::Member(_) => None,
            Holder::Check(echo) => Some(echo.ends_at()),
        }
    }

    /// When it wants to be looked at.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        [self.peer.poll_timeout(), self.ends_at()].into_iter().flatten().min()
    }

    /// Does what happens on a data channel: what the check page wants at once, and what members say by way of the rooms.
    pub(crate) fn hear_data(&mut self, now: Instant, output: Output) -> Option<News> {
        let Holder::Check(echo) = &mut self.holder else { return self.hear_member_data(now, output) };
        match output {
            Output::DataOpened { channel, label, .. } => {
                if !echo.open(channel, &label) {
                    self.peer.close_data(now, channel);
                }
            }
            Output::Data { channel, kind, bytes } => {
                // Who takes more slowly than it asks loses answers here, as on the way.
                let is_behind = self.peer.data_buffered_bytes() >= ECHO_BUFFERED_BYTES_MAX;
                if let Some((kind, bytes)) = echo.answer(now, channel, kind, bytes).filter(|_| !is_behind) {
                    // It may be longer than the client takes.
                    let _ = self.peer.send_data(now, channel, kind, &bytes);
                }
            }
            Output::DataClosed { channel } => echo.close(channel),
            Output::Transmit { .. } | Output::Connected { .. } | Output::Disconnected { .. } => {}
        }
        None
    }

    /// Protects what has gathered and is still plain: it is about to leave.
    pub(crate) fn protect_gathered(&mut self) {
        if let Some(outbox) = &mut self.outbox {
            outbox.finish(&self.peer);
        }
    }

    /// Notes a way by which a check was accepted; gives back one that has to be forgotten for it: one that the peer has forgotten, too, and
    /// never the one that media takes.
    pub(crate) fn note_way(&mut self, way: Way) -> Option<Way> {
        if let Holder::Check(echo) = &mut self.holder {
            echo.settle_at(path_of(way).remote.ip());
        }
        if self.ways.contains(&way) {
            return None;
        }
        let mut oldest = None;
        if self.ways.len() >= WAYS_MAX {
            let in_use = self.peer.path();
            let known = |way: &Way| self.peer.knows(&path_of(*way));
            let index = self.ways.iter().position(|way| !known(way));
            let index = index.or_else(|| self.ways.iter().position(|way| Some(path_of(*way)) != in_use));
            oldest = index.map(|index| self.ways.remove(index));
        }
        self.ways.push(way);
        oldest
    }

    /// Whether datagrams from that address are listened to.
    pub(crate) fn takes_from(&self, ip: IpAddr) -> bool {
        match &self.holder {
            Holder::Member(_) => true,
            Holder::Check(echo) => echo.takes_from(ip),
        }
    }
}

/// As many as the ICE agent knows.
const WAYS_MAX: usize = rtc::ice::PATHS_MAX;

/// With more waiting, a check loses answers: a long one in the air and some behind it.
const ECHO_BUFFERED_BYTES_MAX: usize = 192 * 1024;

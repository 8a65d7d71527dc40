//! One WebSocket connection, whoever is behind it.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    address::Source,
    config::Limits,
    ice::IceServers,
    id::RoomId,
    limit::{Bucket, Rate},
};

/// What the shell knows about a connection when it opens.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Where it comes from; limits are counted by it.
    pub address: IpAddr,
    /// `?token=` of the URL.
    pub token: Option<String>,
    /// What makes the `iceServers` of its `joined`.
    pub ice_servers: Arc<dyn IceServers>,
    /// It came in on the port for course clients.
    pub compat: bool,
    /// It speaks the signalling of SRS's demos.
    pub srs: bool,
}

impl Opened {
    /// A connection of which only the address is known.
    pub fn from_address(address: IpAddr) -> Self {
        Self { address, token: None, ice_servers: Arc::new(Value::Array(Vec::new())), compat: false, srs: false }
    }
}

/// An open connection.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) source: Source,
    pub(crate) token: Option<String>,
    pub(crate) ice_servers: Arc<dyn IceServers>,
    pub(crate) compat: bool,
    pub(crate) dialect: Dialect,
    pub(crate) v2: bool,
    /// The rooms in which it has a seat. One in dialect A, else bounded by `limits.rooms_per_connection`.
    pub(crate) rooms: Vec<RoomId>,
    /// The rooms in whose lobby it waits. Bounded with `rooms`.
    pub(crate) waiting: Vec<RoomId>,
    /// When the next ping is due.
    pub(crate) ping_at: Instant,
    /// Pings sent since the connection was last heard.
    pub(crate) pings_unanswered: u8,
    messages: Bucket,
    bytes: Bucket,
    /// Offers to the media server, each of which costs it much.
    offers: Bucket,
    /// Messages over the rate, less those within it.
    surplus: u32,
    /// Faulty frames in a row.
    faults: u32,
}

impl Connection {
    pub(crate) fn new(now: Instant, opened: Opened, heartbeat: Duration) -> Self {
        let Opened { address, token, ice_servers, compat, srs } = opened;
        Self {
            source: Source::new(address),
            token,
            ice_servers,
            compat,
            dialect: if srs { Dialect::Srs } else { Dialect::Rooms },
            v2: false,
            rooms: Vec::new(),
            waiting: Vec::new(),
            ping_at: now + heartbeat,
            pings_unanswered: 0,
            messages: Bucket::new(now),
            bytes: Bucket::new(now),
            offers: Bucket::new(now),
            surplus: 0,
            faults: 0,
        }
    }

    /// Counts a message and its bytes, and says what its sender's pace deserves.
    pub(crate) fn pace(&mut self, now: Instant, bytes: usize, limits: &Limits) -> Pace {
        let rate = Rate::new(limits.messages_per_second, SECOND, limits.messages_burst);
        let bytes_rate = Rate::new(limits.bytes_per_second, SECOND, limits.bytes_burst);
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        if self.messages.take(now, rate) && self.bytes.take_many(now, bytes, bytes_rate) {
            self.surplus = self.surplus.saturating_sub(1);
            return Pace::Fine;
        }
        self.surplus += 1;
        if self.surplus >= SURPLUS_MAX { Pace::Flood } else { Pace::TooFast }
    }

    /// Takes so many messages more out of the budget, or as many as there can ever be.
    pub(crate) fn take_messages(&mut self, now: Instant, count: usize, limits: &Limits) -> bool {
        let rate = Rate::new(limits.messages_per_second, SECOND, limits.messages_burst);
        let count = u32::try_from(count).unwrap_or(u32::MAX).min(limits.messages_burst.saturating_sub(1));
        count == 0 || self.messages.take_many(now, count, rate)
    }

    /// Takes an offer to the media server out of the budget.
    pub(crate) fn take_offer(&mut self, now: Instant, limits: &Limits) -> bool {
        self.offers.take(now, Rate::new(limits.offers_per_second, SECOND, limits.offers_burst))
    }

    /// Counts a faulty frame; true when it is one too many.
    pub(crate) fn fault(&mut self, limits: &Limits) -> bool {
        self.faults += 1;
        limits.faults != 0 && self.faults >= limits.faults
    }

    pub(crate) fn forgive_faults(&mut self) {
        self.faults = 0;
    }
}

/// What a connection speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Dialect A or v2.
    #[default]
    Rooms,
    /// That of AppRTC's collider: it has registered, or has tried to.
    Collider,
    /// That of SRS's demos.
    Srs,
}

/// How fast a connection sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    Fine,
    /// The message is dropped.
    TooFast,
    /// The connection is closed.
    Flood,
}

/// Messages over the rate, less those within it, that close a connection: a client that is told to slow down has
/// this long to do so, and one that does not costs no more than this.
pub(crate) const SURPLUS_MAX: u32 = 100;
const SECOND: Duration = Duration::from_secs(1);

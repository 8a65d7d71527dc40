//! Media on a worker: the peer connections, the rooms they are in, and their routers.
//!
//! ```text
//! datagram ─▶ rtc::Peer (ICE, DTLS, SRTP) ─packet─▶ sfu::Router ─packets─▶ outboxes ─▶ sockets
//! Offer, Subscribe … ─▶ request ─▶ rtc::Peer, sfu::Router ─▶ Answered, Published, Slots … ─▶ rooms
//! ```
//! A member has a seat (its number is its name in the router) and one connection, or two while one replaces the other. What goes wrong
//! with a connection ends that connection.

mod backlog;
mod check;
mod connection;
mod data;
mod departure;
mod echo;
mod event;
mod feed;
mod lanes;
mod link;
mod look;
mod member;
mod outbox;
mod places;
mod post;
mod reach;
mod request;
mod restart;
mod settings;
mod slab;
mod stats;
mod switchboard;
mod tap;
mod timers;
mod ufrag;
mod weighing;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use room::media::{MediaEvent, MediaPeerId, MediaRoomId};
use rtc::error::DisconnectReason;
use rtc::{Output, Path, Received, Transport};
use sfu::{Links, PeerId, Router};

pub use self::check::CheckRefusal;
pub(crate) use self::check::CheckRequest;
pub(crate) use self::connection::Way;
pub use self::event::EventSinks;
pub(crate) use self::event::{stream_peer, stream_room, told};
pub(crate) use self::feed::{FedPacket, Feed};
pub(crate) use self::link::{Crossing, News, Note};
pub(crate) use self::look::{LookRequest, RoomRequest};
pub use self::look::{MemberLook, RoomLook, Viewers};
pub use self::post::PostStats;
pub use self::reach::Reach;
pub use self::settings::MediaSettings;
pub use self::stats::MediaStats;
pub(crate) use self::stats::StreamStats;
pub(crate) use self::switchboard::Switchboard;
pub(crate) use self::tap::{Batch, Place, Tap, TappedPacket, VIDEO_CLOCK_HZ, View, clock_rate_hz};
pub(crate) use self::ufrag::Name;
pub(crate) use self::weighing::Weighed;
#[cfg(test)]
pub(crate) use self::weighing::Weight;

use self::connection::Connection;
use self::event::Events;
use self::link::Notes;
use self::member::Member;
use self::post::{Counter, Post, transmit};
use self::request::{HALF_OPEN_MAX, HALF_OPEN_PER_ADDRESS_MAX};
use self::slab::Slab;
use self::timers::{Due, Key, Timers};
use crate::headcount::Headcount;
use crate::worker::{Denied, Item, Owner, Plane, StreamError, Tuple, Ways};

/// The media of one worker.
pub(crate) struct Media {
    /// The worker's number.
    worker: u8,
    /// How many there are.
    workers: u8,
    /// What the peers share.
    config: Arc<rtc::Config>,
    connections: Slab<Connection>,
    /// Those of them that belong to a check of the network.
    checks: usize,
    /// Those of members that are not connected yet.
    half_open: Headcount,
    /// The offer that is being answered.
    answering: Option<(MediaPeerId, u64)>,
    members: Slab<Member>,
    /// Those of them who are guests.
    guests: usize,
    members_by_id: BTreeMap<MediaPeerId, u32>,
    rooms: Slab<Room>,
    rooms_by_id: BTreeMap<MediaRoomId, u32>,
    timers: Timers,
    events: Events,
    notes: Notes,
    post: Post,
    counters: MediaStats,
    data_buffered_bytes: usize,
}

/// A room's part on this worker.
struct Room {
    id: MediaRoomId,
    router: Router,
    /// Who is in it, by number.
    members: Vec<u32>,
    /// Who publishes in it and is connected to another worker, by number.
    guests: Vec<u32>,
    /// The other workers that have a part of it.
    links: Links,
    due: Due,
}

impl Media {
    pub(crate) fn new((worker, workers): (u8, u8), config: Arc<rtc::Config>, events: EventSinks) -> Self {
        Self {
            worker,
            workers,
            config,
            connections: Slab::default(),
            checks: 0,
            half_open: Headcount::new(HALF_OPEN_MAX, HALF_OPEN_PER_ADDRESS_MAX),
            answering: None,
            members: Slab::default(),
            guests: 0,
            members_by_id: BTreeMap::new(),
            rooms: Slab::default(),
            rooms_by_id: BTreeMap::new(),
            timers: Timers::default(),
            events: Events::new(events),
            notes: Notes::default(),
            post: Post::default(),
            counters: MediaStats::default(),
            data_buffered_bytes: 0,
        }
    }

    /// Clients reach us there, from the next connection on.
    pub(crate) fn set_candidates(&mut self, candidates: Vec<rtc::Candidate>) {
        match self.config.with_candidates(candidates) {
            Ok(config) => self.config = Arc::new(config),
            Err(error) => tracing::warn!(%error, "the addresses of the media server stay as they were"),
        }
    }

    /// The connection for which a datagram is an ICE check, be it ours or another worker's.
    pub(crate) fn checked(datagram: &[u8]) -> Option<Name> {
        // A Binding request is 0x0001; everything else is told apart by this alone.
        if !datagram.starts_with(&[0x00, 0x01]) {
            return None;
        }
        Name::of(rtc::demux::ice_ufrag(datagram)?)
    }

    /// A datagram for a connection of ours.
    pub(crate) fn hear(&mut self, now: Instant, key: u32, way: Way, datagram: &mut [u8], ways: &mut Ways) {
        let Some(connection) = self.connections.get_mut(key) else {
            self.counters.strays += 1;
            return;
        };
        let path = path_of(way);
        if !connection.takes_from(path.remote.ip()) {
            self.counters.strays += 1;
            return;
        }
        let bytes = datagram.len();
        // Whatever a datagram does to the engines behind this, it ends this connection and nothing else.
        let Ok(received) = catch_unwind(AssertUnwindSafe(|| connection.peer.handle_datagram(now, path, datagram)))
        else {
            self.counters.failures += 1;
            return self.handle_disconnected(now, key, DisconnectReason::Internal, ways);
        };
        match received {
            Received::Check => {
                self.claim(now, key, way, ways);
                self.settle(now, key, ways);
            }
            Received::Nothing => self.settle(now, key, ways),
            Received::Rtp(range) => {
                let bytes = crate::worker::as_count(bytes);
                connection.weight.received_bytes += bytes;
                self.counters.rtp_received += 1;
                self.counters.rtp_received_bytes += bytes;
                let packet = datagram.get(range).unwrap_or_default();
                self.route(key, ways, |router, from, sink| router.handle_rtp(now, from, packet, sink));
            }
            Received::Rtcp(range) => {
                self.counters.rtcp_received += 1;
                let compound = datagram.get(range).unwrap_or_default();
                self.route(key, ways, |router, from, sink| router.handle_rtcp(now, from, compound, sink));
            }
        }
    }

    /// A TCP connection is over.
    pub(crate) fn hear_gone(&mut self, now: Instant, key: u32, way: Way, ways: &mut Ways) {
        if let Some(connection) = self.connections.get_mut(key) {
            connection.peer.handle_path_closed(now, &path_of(way));
            connection.ways.retain(|known| *known != way);
            self.settle(now, key, ways);
        }
    }

    /// Whether the connection of that number is there; one that is not may have had a TCP connection.
    pub(crate) fn has_connection(&self, key: u32) -> bool {
        self.connections.get(key).is_some()
    }

    /// When [`Self::handle_timeout`] wants to be called.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.timers.earliest()
    }

    /// Does what is due.
    pub(crate) fn handle_timeout(&mut self, now: Instant, ways: &mut Ways) {
        for _ in 0..TIMEOUTS_PER_WAKE {
            let Some((at, key)) = self.timers.pop_due(now) else { return };
            match key {
                Key::Connection(key) => {
                    let Some(connection) = self.connections.get_mut(key) else { continue };
                    if !connection.due.take(at) {
                        continue;
                    }
                    if connection.ends_at().is_some_and(|end| end <= now) {
                        self.close_connection(now, key, ways);
                        continue;
                    }
                    if connection.peer.poll_timeout().is_some_and(|due| due <= now) {
                        let timeout = AssertUnwindSafe(|| connection.peer.handle_timeout(now));
                        if catch_unwind(timeout).is_err() {
                            self.counters.failures += 1;
                            self.handle_disconnected(now, key, DisconnectReason::Internal, ways);
                            continue;
                        }
                    }
                    self.settle(now, key, ways);
                }
                Key::Room(key) => {
                    if self.rooms.get_mut(key).is_some_and(|room| room.due.take(at)) {
                        self.with_router(key, ways, |router, sink| router.handle_timeout(now, sink));
                        self.settle_room(key);
                    }
                }
            }
        }
    }

    /// How many members have a seat.
    fn seats(&self) -> usize {
        self.members.len().saturating_sub(self.guests)
    }

    /// Whether a picture has begun of which more is about to come.
    pub(crate) fn is_gathering(&self) -> bool {
        self.post.is_gathering()
    }

    /// Gives a packet of the connection's member to the router of its room.
    fn route(&mut self, key: u32, ways: &mut Ways, input: impl FnOnce(&mut Router, PeerId, &mut Counter<'_>)) {
        let Some(seat) = self.connections.get(key).and_then(Connection::member) else { return };
        let room = self.members.get(seat).filter(|member| member.current == Some(key)).map(|member| member.room);
        let Some(room) = room else {
            self.counters.strays += 1;
            return;
        };
        self.with_router(room, ways, |router, sink| input(router, PeerId(seat), sink));
        self.settle_room(room);
    }

    /// Lets a router do something, with the way out for its packets.
    fn with_router(&mut self, room: u32, ways: &mut Ways, act: impl FnOnce(&mut Router, &mut Counter<'_>)) {
        let Some(room) = self.rooms.get_mut(room) else { return };
        let mut counter = Counter {
            post: &mut self.post,
            members: &self.members,
            connections: &mut self.connections,
            egress: &mut ways.egress,
            mesh: &mut ways.mesh,
        };
        act(&mut room.router, &mut counter);
    }

    /// A check was accepted: what comes by its way is this connection's, unless another uses it. Said again with every check, so that an
    /// entry that was lost on any worker is made again.
    fn claim(&mut self, now: Instant, key: u32, way: Way, ways: &mut Ways) {
        match way {
            Way::Datagrams { tuple, via } => {
                match ways.tuples.peek(tuple, Plane::Media) {
                    Some(Owner::Peer(other)) if other != key => {
                        if !self.gives_way(other, key, tuple) {
                            return ways.count_denied(Denied::Taken);
                        }
                        ways.tuples.remove(tuple, Plane::Media, Owner::Peer(other));
                    }
                    _ => {}
                }
                if let Err(denied) = ways.tuples.claim(now, tuple, Plane::Media, Owner::Peer(key)) {
                    return ways.count_denied(denied);
                }
                if let Some(worker) = via {
                    ways.remember(worker, tuple, Plane::Media);
                    // Beside it there are ways that only wait.
                    let in_use = self.connections.get(key).and_then(|connection| connection.peer.path());
                    if in_use == Some(path_of(way)) {
                        ways.mesh.post(worker, Item::Steer(tuple), &[]);
                    }
                }
            }
            Way::Stream(client) => ways.egress.streams.dedicate(&client, key),
        }
        if let Some(oldest) = self.connections.get_mut(key).and_then(|connection| connection.note_way(way)) {
            forget_way(key, oldest, ways);
        }
    }

    /// Whether the connection that owns `tuple` leaves it to `key`: it is gone, has not been heard there for long, or is the same member's.
    /// Else a forged source address would cut off whoever is there.
    fn gives_way(&self, owner: u32, key: u32, tuple: Tuple) -> bool {
        let Some(owner) = self.connections.get(owner) else { return true };
        let same = |new: &Connection| new.member().is_some() && new.member() == owner.member();
        !owner.peer.knows(&datagram_path(tuple)) || self.connections.get(key).is_some_and(same)
    }

    /// Whether a connection of ours owns `tuple` and is heard there.
    pub(crate) fn holds(&self, tuple: Tuple, ways: &Ways) -> bool {
        let Some(Owner::Peer(key)) = ways.tuples.peek(tuple, Plane::Media) else { return false };
        self.connections.get(key).is_some_and(|connection| connection.peer.knows(&datagram_path(tuple)))
    }

    /// Does what a peer wants done after an input.
    fn settle(&mut self, now: Instant, key: u32, ways: &mut Ways) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        let (mut connected, mut ended) = (false, None);
        while let Some(output) = connection.peer.poll_output() {
            match output {
                Output::Transmit { path, datagram } => transmit(path, &datagram, &mut ways.egress),
                Output::Connected { .. } => connected = true,
                Output::Disconnected { reason } => ended = Some(reason),
                data @ (Output::DataOpened { .. } | Output::Data { .. } | Output::DataClosed { .. }) => {
                    let member = connection.member().and_then(|seat| self.members.get(seat));
                    if let (Some(member), Some(news)) = (member, connection.hear_data(now, data)) {
                        data::tell(news, member.id, &mut self.events, &mut self.counters.data);
                    }
                }
            }
        }
        let due = connection.poll_timeout();
        self.timers.schedule(Key::Connection(key), &mut connection.due, due);
        if connected {
            connection.connected = true;
            connection.half_open = None;
        }
        self.weigh_data(key);
        if connected {
            self.take_over(now, key, ways);
        }
        if let Some(reason) = ended {
            self.counters.disconnects += 1;
            self.handle_disconnected(now, key, reason, ways);
        }
    }

    /// Tells the rooms what a router has to say, and notes when it wants to be woken.
    fn settle_room(&mut self, key: u32) {
        let Some(room) = self.rooms.get_mut(key) else { return };
        let mut republished = Vec::new();
        while let Some(output) = room.router.poll_output() {
            match output {
                sfu::Output::Wanted { track, layers } => {
                    let wanted = self.members.get(track.peer.0).and_then(|guest| Some((guest.home?, guest.id)));
                    if let Some((home, peer)) = wanted {
                        self.notes.push(home, room.id, News::Wanted { peer, source: track.source, layers });
                    }
                }
                sfu::Output::Speakers { speakers } => {
                    let named =
                        speakers.into_iter().filter_map(|(peer, level)| Some((self.members.get(peer.0)?.id, level)));
                    if room.leads(self.worker) {
                        self.events.send(MediaEvent::Speakers { room: room.id, speakers: named.collect() });
                    }
                }
                output @ (sfu::Output::Published { .. }
                | sfu::Output::Unpublished { .. }
                | sfu::Output::Slots { .. }
                | sfu::Output::Layers { .. }
                | sfu::Output::Quality { .. }) => {
                    event::tell(output, room.id, &mut self.members, &mut self.events, &mut republished);
                }
            }
        }
        self.timers.schedule(Key::Room(key), &mut room.due, room.router.poll_timeout());
        for seat in republished {
            if let Some(member) = self.members.get(seat) {
                self.events.send(MediaEvent::Published { peer: member.id, tracks: member.described.clone() });
            }
        }
    }

    /// The only connection of a member is over, or the one that was to replace it.
    fn handle_disconnected(&mut self, now: Instant, key: u32, reason: DisconnectReason, ways: &mut Ways) {
        let Some(seat) = self.remove_connection(key, ways) else { return };
        let Some(member) = self.members.get_mut(seat) else { return };
        if member.next == Some(key) {
            member.next = None;
        }
        if member.current == Some(key) {
            member.current = None;
            self.leave_router(now, seat, ways);
        }
        let Some(member) = self.members.get(seat) else { return };
        if member.connections().next().is_none() {
            let reason = reason.to_string();
            self.events.send(MediaEvent::Disconnected { peer: member.id, reason });
        }
    }

    /// Forgets a connection and the ways to it; gives back whose it was.
    fn remove_connection(&mut self, key: u32, ways: &mut Ways) -> Option<u32> {
        let mut connection = self.connections.remove(key)?;
        self.post.flush_one(&mut connection, &mut ways.egress);
        if connection.ends_at().is_some() {
            self.checks = self.checks.saturating_sub(1);
        }
        let member = connection.member();
        if let Some(lanes) = &connection.lanes {
            self.forget_lanes(member, lanes);
        }
        for way in connection.ways {
            forget_way(key, way, ways);
        }
        member
    }

    /// Says goodbye on a connection and forgets it.
    fn close_connection(&mut self, now: Instant, key: u32, ways: &mut Ways) {
        if let Some(connection) = self.connections.get_mut(key) {
            self.post.flush_one(connection, &mut ways.egress);
            connection.peer.close(now);
            while let Some(output) = connection.peer.poll_output() {
                if let Output::Transmit { path, datagram } = output {
                    transmit(path, &datagram, &mut ways.egress);
                }
            }
        }
        self.remove_connection(key, ways);
    }
}

/// The same in the words of the peer.
fn path_of(way: Way) -> Path {
    match way {
        Way::Datagrams { tuple, .. } => datagram_path(tuple),
        Way::Stream(client) => Path { transport: Transport::Tcp, local: client.local, remote: client.remote },
    }
}

fn datagram_path(tuple: Tuple) -> Path {
    Path { transport: Transport::Udp, local: tuple.local, remote: tuple.remote }
}

fn forget_way(key: u32, way: Way, ways: &mut Ways) {
    match way {
        Way::Datagrams { tuple, via } => {
            ways.tuples.remove(tuple, Plane::Media, Owner::Peer(key));
            if let Some(worker) = via {
                ways.mesh.post(worker, Item::Forget(tuple, Plane::Media), &[]);
            }
        }
        Way::Stream(client) => {
            ways.egress.streams.remove(&client, None, Err(StreamError::Closed));
        }
    }
}

/// Deadlines per wake-up, before sockets and commands get their turn again.
const TIMEOUTS_PER_WAKE: usize = 4096;

#[cfg(test)]
mod tests;

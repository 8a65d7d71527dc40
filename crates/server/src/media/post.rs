//! The way out for media: packets gather in outboxes, and each outbox leaves at the end of the wake-up.

use std::ops::AddAssign;

use rtc::{Path, Transport};
use sfu::{Links, PeerId, Relayed, TrackId};

use super::connection::Connection;
use super::link::Crossing;
use super::member::Member;
use super::outbox::Outbox;
use super::slab::Slab;
use super::tap::Taps;
use crate::clock;
use crate::latency::Latency;
use crate::worker::{Egress, Item, Mesh};

/// Outboxes in use and in reserve, and what is counted about them.
#[derive(Debug, Default)]
pub(crate) struct Post {
    /// Connections with an outbox.
    dirty: Vec<u32>,
    /// Empty outboxes, so that only connections with something to send have one.
    spare: Vec<Outbox>,
    /// RTCP on its way to be protected.
    scratch: Vec<u8>,
    /// The newest packet of a picture was not its last.
    is_gathering: bool,
    /// What is received within the server.
    pub(super) taps: Taps,
    pub(crate) counters: PostStats,
    /// From the offer of a viewer of a live stream to its first packet.
    pub(crate) joins: Latency,
}

/// What left, and what could not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PostStats {
    /// RTP packets for subscribers.
    pub rtp_sent: u64,
    /// Their bytes, before they were protected.
    pub rtp_sent_bytes: u64,
    /// RTP packets that left with others in one system call.
    pub rtp_sent_in_trains: u64,
    /// RTCP packets.
    pub rtcp_sent: u64,
    /// System calls' worth of datagrams: fewer than packets where several left at once.
    pub runs_sent: u64,
    /// RTP packets and what goes with them, to other workers where members of the room are.
    pub relayed_out: u64,
    /// Bytes of padding that made packets equal.
    pub padding_bytes: u64,
    /// Packets for members without a connection.
    pub unconnected: u64,
    /// Packets for connections without a path.
    pub pathless: u64,
}

impl AddAssign for PostStats {
    fn add_assign(&mut self, other: Self) {
        let Self {
            rtp_sent,
            rtp_sent_bytes,
            rtp_sent_in_trains,
            rtcp_sent,
            runs_sent,
            relayed_out,
            padding_bytes,
            unconnected,
            pathless,
        } = other;
        self.rtp_sent += rtp_sent;
        self.rtp_sent_bytes += rtp_sent_bytes;
        self.rtp_sent_in_trains += rtp_sent_in_trains;
        self.rtcp_sent += rtcp_sent;
        self.runs_sent += runs_sent;
        self.relayed_out += relayed_out;
        self.padding_bytes += padding_bytes;
        self.unconnected += unconnected;
        self.pathless += pathless;
    }
}

impl Post {
    /// Whether a picture has begun of which more is about to come.
    pub(crate) fn is_gathering(&self) -> bool {
        self.is_gathering
    }

    /// The connections for which something has gathered, to be sent and [put back](Self::put_back).
    pub(crate) fn take_gathered(&mut self) -> Vec<u32> {
        self.is_gathering = false;
        std::mem::take(&mut self.dirty)
    }

    /// Keeps the memory of a list whose connections are served.
    pub(crate) fn put_back(&mut self, mut gathered: Vec<u32>) {
        gathered.clear();
        if self.dirty.is_empty() {
            self.dirty = gathered;
        }
    }

    /// Sends what has gathered for one connection.
    pub(crate) fn flush_one(&mut self, connection: &mut Connection, egress: &mut Egress) {
        if let Some(mut outbox) = connection.outbox.take() {
            send(&mut outbox, &connection.peer, egress, &mut self.counters);
            self.give_back(outbox);
        }
    }

    /// Counts what was for a member without a connection, unless it was taken otherwise.
    fn count_unconnected(&mut self, is_taken: bool) {
        self.counters.unconnected += u64::from(!is_taken);
    }

    fn give_back(&mut self, outbox: Outbox) {
        if self.spare.len() < SPARES_MAX {
            self.spare.push(outbox);
        }
    }
}

/// The router's sink: it encrypts into the outbox of the member's connection.
pub(crate) struct Counter<'a> {
    pub(crate) post: &'a mut Post,
    pub(crate) members: &'a Slab<Member>,
    pub(crate) connections: &'a mut Slab<Connection>,
    pub(crate) egress: &'a mut Egress,
    pub(crate) mesh: &'a mut Mesh,
}

impl Counter<'_> {
    /// The member's connection with an outbox that has room; `None` when it has none.
    fn open(&mut self, to: PeerId, bytes: usize) -> Option<(&mut Connection, &mut Post)> {
        let key = self.members.get(to.0).and_then(|member| member.current)?;
        let connection = self.connections.get_mut(key)?;
        match &mut connection.outbox {
            None => {
                connection.outbox = Some(self.post.spare.pop().unwrap_or_default());
                self.post.dirty.push(key);
            }
            Some(outbox) if !outbox.has_room(bytes) => {
                send(outbox, &connection.peer, self.egress, &mut self.post.counters);
            }
            Some(_) => {}
        }
        Some((connection, self.post))
    }
}

impl sfu::Sink for Counter<'_> {
    fn send_rtp(&mut self, to: PeerId, index: u64, header: &[u8], head: &[u8], payload: &[u8]) {
        let bytes = header.len() + head.len() + payload.len();
        let segments_max = self.egress.sockets.segments_max();
        let Some((connection, post)) = self.open(to, bytes) else {
            let is_taken = self.post.taps.push_rtp(to.0, index, [header, head, payload]);
            return self.post.count_unconnected(is_taken);
        };
        if connection.to_lose > 0 {
            connection.to_lose -= 1;
            return;
        }
        if let Some(outbox) = &mut connection.outbox {
            outbox.push_rtp(&connection.peer, index, [header, head, payload], segments_max);
            match header.get(1).is_some_and(|second| second & MARKER_BIT != 0) {
                true => post.is_gathering = false,
                false if bytes >= PICTURE_BYTES_MIN => post.is_gathering = true,
                false => {}
            }
            let bytes = u64::try_from(bytes).unwrap_or_default();
            connection.weight.sent_bytes += bytes;
            if let Some(since) = connection.joining.take() {
                post.joins.count(clock::now().saturating_duration_since(since));
            }
            post.counters.rtp_sent += 1;
            post.counters.rtp_sent_bytes += bytes;
        }
    }

    fn send_rtcp(&mut self, to: PeerId, compound: &[u8]) {
        if let Some((peer, home)) = self.members.get(to.0).and_then(|member| Some((member.id, member.home?))) {
            return self.mesh.post(home.0, Item::Crossing(Crossing::Asked { peer }), compound);
        }
        if self.members.get(to.0).is_some_and(|member| !member.fed.is_empty()) {
            // Nobody is behind it who could send something again, or a key frame.
            return;
        }
        let Some((connection, post)) = self.open(to, compound.len()) else {
            let is_taken = self.post.taps.push_rtcp(to.0, compound);
            return self.post.count_unconnected(is_taken);
        };
        post.scratch.clear();
        post.scratch.extend_from_slice(compound);
        if let Err(error) = connection.peer.protect_rtcp(&mut post.scratch) {
            return tracing::debug!(%error, "a report cannot be protected");
        }
        if let Some(outbox) = &mut connection.outbox {
            outbox.push_datagram(&connection.peer, &post.scratch);
            post.counters.rtcp_sent += 1;
        }
    }

    fn relay(&mut self, to: Links, track: TrackId, relayed: Relayed<'_>) {
        let Some(member) = self.members.get(track.peer.0) else { return };
        let (relayed, bytes) = relayed.parted();
        let item = Item::Crossing(Crossing::Relayed { peer: member.id, source: track.source, relayed });
        for link in to {
            self.mesh.post(link.0, item, bytes);
            self.post.counters.relayed_out += 1;
        }
    }
}

/// Sends an outbox and empties it.
fn send(outbox: &mut Outbox, peer: &rtc::Peer, egress: &mut Egress, counters: &mut PostStats) {
    outbox.finish(peer);
    counters.padding_bytes += outbox.padding_bytes();
    match peer.path() {
        Some(path) => {
            for (run, bytes) in outbox.runs() {
                counters.runs_sent += 1;
                if run.segments > 1 && path.transport == Transport::Udp {
                    counters.rtp_sent_in_trains += crate::worker::as_count(run.segments);
                }
                send_run(path, run.segment_bytes, bytes, egress);
            }
        }
        None => counters.pathless += outbox.runs().map(|(run, _)| crate::worker::as_count(run.segments)).sum::<u64>(),
    }
    outbox.clear();
}

fn send_run(path: Path, segment_bytes: usize, bytes: &[u8], egress: &mut Egress) {
    match path.transport {
        Transport::Udp => egress.send_run(path.local, path.remote, segment_bytes, bytes),
        Transport::Tcp => {
            for datagram in bytes.chunks(segment_bytes.max(1)) {
                egress.send_frame(path.local, path.remote, datagram);
            }
        }
    }
}

/// Sends a datagram of the peer itself.
pub(crate) fn transmit(path: Path, datagram: &[u8], egress: &mut Egress) {
    match path.transport {
        Transport::Udp => egress.send_single(path.local, path.remote, datagram),
        Transport::Tcp => egress.send_frame(path.local, path.remote, datagram),
    }
}

/// The M bit (RFC 3550 §5.1): of video, the last packet of a picture.
const MARKER_BIT: u8 = 0x80;

/// Packets of sound are shorter; packets of a picture are as large as they can be but for the last.
const PICTURE_BYTES_MIN: usize = 800;

/// Outboxes in reserve: of a room this large everybody gets a frame at once. Each grows to what it once held, 64 KiB at most.
const SPARES_MAX: usize = 256;

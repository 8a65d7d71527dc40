//! What a worker counts about media.

use std::ops::AddAssign;

use super::post::PostStats;
use crate::worker::as_count;

/// Counters since the start; gauges are `connections`, `members`, `rooms`, `tracks` and `live_slots`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MediaStats {
    /// Peer connections.
    pub connections: u64,
    /// Members with a seat.
    pub members: u64,
    /// Rooms.
    pub rooms: u64,
    /// Published tracks.
    pub tracks: u64,
    /// Slots with a track whose packets are forwarded.
    pub live_slots: u64,
    /// Offers that were answered.
    pub offers_answered: u64,
    /// Offers that were refused.
    pub offers_refused: u64,
    /// Connections that ended by themselves: silence, a failed handshake, the client's goodbye.
    pub disconnects: u64,
    /// Connections that ended over a fault of our own.
    pub failures: u64,
    /// Times that all calls of a worker ended over a fault of our own.
    pub restarts: u64,
    /// RTP packets that arrived and were authentic.
    pub rtp_received: u64,
    /// Their bytes, as they arrived.
    pub rtp_received_bytes: u64,
    /// RTP packets and what goes with them, from other workers to members here.
    pub relayed_in: u64,
    /// RTCP packets that arrived and were authentic.
    pub rtcp_received: u64,
    /// Datagrams for connections that are gone, and media on connections that are not in use.
    pub strays: u64,
    /// Retransmissions and padding to subscribers, of rooms that are open.
    pub resent: u64,
    /// Packets that publishers were asked to send again, of rooms that are open.
    pub nacked: u64,
    /// Key frames asked of publishers, of rooms that are open.
    pub key_frame_requests: u64,
    /// RTP and RTCP packets that no router could read, of rooms that are open.
    pub malformed: u64,
    /// Packets beyond what a member may send, of rooms that are open.
    pub excess: u64,
    /// Events for the rooms that nobody took.
    pub events_dropped: u64,
    /// On data channels.
    pub data: DataStats,
    /// What left.
    pub post: PostStats,
}

/// What a worker counts about the data channels of members; `buffered_bytes` is a gauge.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DataStats {
    /// Messages that members have said.
    pub received: u64,
    /// Their bytes.
    pub received_bytes: u64,
    /// Messages that were dropped, and channels that were closed as soon as they were opened.
    pub refused: u64,
    /// Messages to members, once for each.
    pub sent: u64,
    /// Those that a member did not get: it was behind, or its channel closed.
    pub dropped: u64,
    /// Channels that were closed because too much waited for the member.
    pub slow: u64,
    /// What waits to be sent or acknowledged.
    pub buffered_bytes: u64,
}

impl AddAssign for DataStats {
    fn add_assign(&mut self, other: Self) {
        let Self { received, received_bytes, refused, sent, dropped, slow, buffered_bytes } = other;
        self.received += received;
        self.received_bytes += received_bytes;
        self.refused += refused;
        self.sent += sent;
        self.dropped += dropped;
        self.slow += slow;
        self.buffered_bytes += buffered_bytes;
    }
}

impl MediaStats {
    /// Adds what a router has counted.
    pub(crate) fn add_router(&mut self, router: &sfu::Stats) {
        self.tracks += as_count(router.tracks);
        self.live_slots += as_count(router.live_slots);
        self.resent += router.resent_packets;
        self.nacked += router.nacked_packets;
        self.key_frame_requests += router.key_frame_requests;
        self.malformed += router.malformed_packets + router.malformed_rtcp;
        self.excess += router.excess_packets;
    }
}

impl AddAssign for MediaStats {
    fn add_assign(&mut self, other: Self) {
        let Self {
            connections,
            members,
            rooms,
            tracks,
            live_slots,
            offers_answered,
            offers_refused,
            disconnects,
            failures,
            restarts,
            rtp_received,
            rtp_received_bytes,
            relayed_in,
            rtcp_received,
            strays,
            resent,
            nacked,
            key_frame_requests,
            malformed,
            excess,
            events_dropped,
            data,
            post,
        } = other;
        self.connections += connections;
        self.members += members;
        self.rooms += rooms;
        self.tracks += tracks;
        self.live_slots += live_slots;
        self.offers_answered += offers_answered;
        self.offers_refused += offers_refused;
        self.disconnects += disconnects;
        self.failures += failures;
        self.restarts += restarts;
        self.rtp_received += rtp_received;
        self.rtp_received_bytes += rtp_received_bytes;
        self.relayed_in += relayed_in;
        self.rtcp_received += rtcp_received;
        self.strays += strays;
        self.resent += resent;
        self.nacked += nacked;
        self.key_frame_requests += key_frame_requests;
        self.malformed += malformed;
        self.excess += excess;
        self.events_dropped += events_dropped;
        self.data += data;
        self.post += post;
    }
}

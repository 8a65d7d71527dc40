//! What a worker counts about media.

use std::ops::AddAssign;
use std::time::Instant;

use sfu::{Freezes, PeerId, TrackId};

use super::Media;
use super::event::{is_stream_peer, is_stream_room, routed};
use super::post::PostStats;
use crate::latency::Latency;
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
    /// Retransmissions and padding to subscribers.
    pub resent: u64,
    /// Packets that publishers were asked to send again.
    pub nacked: u64,
    /// Key frames asked of publishers.
    pub key_frame_requests: u64,
    /// RTP and RTCP packets that no router could read.
    pub malformed: u64,
    /// Packets beyond what a member may send.
    pub excess: u64,
    /// Events for the rooms that nobody took.
    pub events_dropped: u64,
    /// On data channels.
    pub data: DataStats,
    /// What left.
    pub post: PostStats,
    /// Of live streams alone.
    pub streams: StreamStats,
}

/// What a worker counts about live streams: viewers over WebRTC, and publishers of any protocol whom those view.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StreamStats {
    /// Retransmissions and padding to viewers.
    pub resent: u64,
    /// Packets that viewers lacked and asked for again.
    pub asked: u64,
    /// Packets that publishers were asked to send again.
    pub nacked: u64,
    /// Pictures that viewers could not decode, by their own word.
    pub undecoded: u64,
    /// Pictures of viewers that stood still while their publishers were sending.
    pub freezes: Freezes,
    /// Viewers who were led up from the latest key picture.
    pub replays: u64,
    /// From a viewer's offer to its first packet.
    pub(crate) joins: Latency,
    /// How old the latest key picture is of each stream that is published to this worker: of this moment.
    pub(crate) key_picture_ages: Latency,
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

impl Media {
    /// What was counted, and what there is.
    pub(crate) fn stats(&self, now: Instant) -> MediaStats {
        let mut stats = self.counters;
        stats.connections = as_count(self.connections.len());
        stats.members = as_count(self.seats());
        stats.rooms = as_count(self.rooms.len());
        stats.events_dropped = self.events.dropped();
        stats.post = self.post.counters;
        stats.data.buffered_bytes = as_count(self.data_buffered_bytes);
        for room in self.rooms.values() {
            let router = room.router.stats();
            stats.tracks += as_count(router.tracks);
            stats.live_slots += as_count(router.live_slots);
            stats.count_router(&router, is_stream_room(room.id));
        }
        stats.streams.joins = self.post.joins;
        stats.streams.key_picture_ages = self.key_picture_ages(now);
        stats
    }

    /// Of the streams that somebody publishes by a connection here.
    fn key_picture_ages(&self, now: Instant) -> Latency {
        let mut ages = Latency::default();
        for (_, &seat) in self.members_by_id.iter().filter(|(id, _)| is_stream_peer(**id)) {
            let Some(member) = self.members.get(seat).filter(|member| member.current.is_some()) else { continue };
            let Some(room) = self.rooms.get(member.room) else { continue };
            let track = |source| TrackId { peer: PeerId(seat), source };
            let age = |source| room.router.since_key_picture(now, track(routed(source)));
            if let Some(age) = member.published.iter().filter_map(|source| age(*source)).min() {
                ages.count(age);
            }
        }
        ages
    }
}

impl AddAssign for StreamStats {
    fn add_assign(&mut self, other: Self) {
        let Self { resent, asked, nacked, undecoded, freezes, replays, joins, key_picture_ages } = other;
        self.resent += resent;
        self.asked += asked;
        self.nacked += nacked;
        self.undecoded += undecoded;
        self.freezes += freezes;
        self.replays += replays;
        self.joins += joins;
        self.key_picture_ages += key_picture_ages;
    }
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
    /// Adds what a router has counted since it began.
    pub(crate) fn count_router(&mut self, router: &sfu::Stats, is_stream: bool) {
        self.resent += router.resent_packets;
        self.nacked += router.nacked_packets;
        self.key_frame_requests += router.key_frame_requests;
        self.malformed += router.malformed_packets + router.malformed_rtcp;
        self.excess += router.excess_packets;
        if is_stream {
            self.streams.resent += router.resent_packets;
            self.streams.asked += router.asked_packets;
            self.streams.nacked += router.nacked_packets;
            self.streams.undecoded += router.undecoded_pictures;
            self.streams.freezes += router.freezes;
            self.streams.replays += router.replays;
        }
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
            streams,
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
        self.streams += streams;
    }
}

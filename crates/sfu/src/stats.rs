//! Counters of one router.

use crate::freeze::Freezes;

/// What a router has done since it began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Peers in the room.
    pub peers: usize,
    /// Published tracks.
    pub tracks: usize,
    /// Slots with a track whose packets are forwarded.
    pub live_slots: usize,
    /// What packets kept for retransmission occupy.
    pub cache_bytes: usize,
    /// RTP packets from publishers, retransmissions included.
    pub received_packets: u64,
    /// Their bytes, headers included.
    pub received_bytes: u64,
    /// RTP packets that came from the routers of other workers.
    pub relayed_packets: u64,
    /// RTP packets to subscribers, retransmissions and padding included.
    pub sent_packets: u64,
    /// Their bytes, headers included.
    pub sent_bytes: u64,
    /// Retransmissions and padding among the sent packets.
    pub resent_packets: u64,
    /// RTP packets that were dropped because they are malformed.
    pub malformed_packets: u64,
    /// RTP packets of streams that nothing names.
    pub unknown_streams: u64,
    /// RTP and RTCP packets beyond what a peer may send.
    pub excess_packets: u64,
    /// RTP packets that had arrived before.
    pub duplicate_packets: u64,
    /// Packets that publishers were asked to send again.
    pub nacked_packets: u64,
    /// Key frames asked of publishers.
    pub key_frame_requests: u64,
    /// Packets that subscribers lacked and asked for again.
    pub asked_packets: u64,
    /// Pictures that subscribers could not decode, by their own word (PLI and FIR).
    pub undecoded_pictures: u64,
    /// Pictures of subscribers that stood still while their publishers were sending.
    pub freezes: Freezes,
    /// Subscribers who came in the middle and were led up from the latest key picture.
    pub replays: u64,
    /// RTCP packets that were dropped because they are malformed.
    pub malformed_rtcp: u64,
}

//! What can be asked about a meeting.

use sfu::{PeerId, SlotState};

use super::member::Heard;
use super::screen::Seen;
use super::{Meeting, MemberId, wire};

impl Meeting {
    /// Who is there.
    pub fn members(&self) -> Vec<MemberId> {
        self.seats.keys().copied().map(MemberId).collect()
    }

    /// What somebody sees in a slot.
    pub fn seen(&self, viewer: MemberId, slot: usize) -> Seen {
        self.seats.get(&viewer.0).and_then(|seat| seat.member.seen(slot)).cloned().unwrap_or_default()
    }

    /// The slots in which somebody watches others.
    pub fn watched(&self, viewer: MemberId) -> Vec<usize> {
        self.seats.get(&viewer.0).map(|seat| seat.watched.keys().copied().collect()).unwrap_or_default()
    }

    /// What somebody hears, slot by slot.
    pub fn heard(&self, viewer: MemberId) -> Vec<Heard> {
        self.seats.get(&viewer.0).map(|seat| seat.member.heard().to_vec()).unwrap_or_default()
    }

    /// Bytes of RTP that reached somebody.
    pub fn received_bytes(&self, viewer: MemberId) -> u64 {
        self.seats.get(&viewer.0).map_or(0, |seat| seat.member.received_bytes)
    }

    /// What the server says about a video slot.
    pub fn slot_state(&self, viewer: MemberId, slot: usize) -> Option<SlotState> {
        self.slots.get(&(viewer.0, wire::video_mid(slot))).copied()
    }

    /// What the server believes the path to somebody carries.
    pub fn estimate_bps(&self, viewer: MemberId) -> Option<u64> {
        let seat = self.seats.get(&viewer.0)?;
        self.parts.get(&seat.worker)?.router.estimate_bps(PeerId(viewer.0))
    }

    /// What a member believes its path to the server carries.
    pub fn uplink_bps(&self, member: MemberId) -> u64 {
        self.seats.get(&member.0).map_or(0, |seat| seat.member.uplink_bps())
    }

    /// Packets that reached members so far.
    pub fn delivered(&self) -> u64 {
        self.delivered
    }

    /// Who is shown as speaking, the loudest first.
    pub fn speakers(&self) -> &[MemberId] {
        &self.speakers
    }

    /// Packets that somebody's camera and microphone have sent so far on the present connection.
    pub fn sent_packets(&self, member: MemberId) -> u64 {
        self.seats.get(&member.0).map_or(0, |seat| seat.member.sent_packets())
    }

    /// Which layers of its camera somebody was told to send, the smallest first.
    pub fn layers_on(&self, member: MemberId) -> Vec<bool> {
        self.seats.get(&member.0).map(|seat| seat.member.layers_on()).unwrap_or_default()
    }
}

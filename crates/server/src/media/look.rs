//! Somebody looks at a room: its members on this worker, put together when asked.

use std::time::Instant;

use room::media::{MediaPeerId, MediaRoomId, Source};
use rtc::Path;
use rtp::parameters::Rid;
use sfu::{PeerId, PeerSnapshot, TrackId};
use tokio::sync::oneshot;

use super::Media;
use super::event::{routed, told};
use super::weighing::Weighed;

/// A wish to see something of what is here.
#[derive(Debug)]
pub(crate) enum LookRequest {
    /// Some members of a room.
    Room(RoomRequest),
    /// How much has come from and gone to whoever publishes and views live streams.
    Streams(oneshot::Sender<Weighed>),
}

/// A wish to see some members of a room.
#[derive(Debug)]
pub(crate) struct RoomRequest {
    pub(crate) room: MediaRoomId,
    /// Whoever asks bounds them: this is done between two packets.
    pub(crate) members: Vec<MediaPeerId>,
    pub(crate) answer: oneshot::Sender<RoomLook>,
}

/// What a worker sees of a room.
#[derive(Debug, Clone, Default)]
pub struct RoomLook {
    /// Those of the members who were asked for whose connection is here.
    pub members: Vec<MemberLook>,
    /// Who here watches what they publish, wherever they are connected.
    pub viewers: Vec<Viewers>,
}

/// A member's connection.
#[derive(Debug, Clone)]
pub struct MemberLook {
    /// Whose.
    pub member: MediaPeerId,
    /// Whether its handshake is over.
    pub connected: bool,
    /// The way that it takes.
    pub path: Option<Path>,
    /// Packets from it that were none, forged, or sent twice.
    pub refused_packets: u64,
    /// Its media, from the end of the handshake on.
    pub media: Option<PeerSnapshot>,
    /// Whose tracks are in the slots of `media`, in their order.
    pub watched: Vec<Option<(MediaPeerId, Source)>>,
}

/// How many slots show one layer of a track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewers {
    /// Who publishes it.
    pub member: MediaPeerId,
    /// From where.
    pub source: Source,
    /// Which layer.
    pub rid: Option<Rid>,
    /// How many.
    pub slots: usize,
}

impl LookRequest {
    /// Where there is no media there is nothing to see.
    pub(crate) fn answer_nothing(self) {
        match self {
            Self::Room(request) => drop(request.answer.send(RoomLook::default())),
            Self::Streams(answer) => drop(answer.send(Weighed::new())),
        }
    }
}

impl Media {
    /// Answers what is seen.
    pub(crate) fn handle_look(&mut self, now: Instant, request: LookRequest) {
        match request {
            LookRequest::Room(request) => self.look_at_room(now, request),
            // Who has asked may have lost patience.
            LookRequest::Streams(answer) => drop(answer.send(self.weigh_streams())),
        }
    }

    fn look_at_room(&mut self, now: Instant, request: RoomRequest) {
        let mut look = RoomLook::default();
        if let Some(&room) = self.rooms_by_id.get(&request.room) {
            for &id in &request.members {
                look.members.extend(self.look_at_member(now, room, id));
                self.count_viewers(room, id, &mut look.viewers);
            }
        }
        // Who has asked may have lost patience.
        let _ = request.answer.send(look);
    }

    fn look_at_member(&mut self, now: Instant, room: u32, id: MediaPeerId) -> Option<MemberLook> {
        let seat = *self.members_by_id.get(&id)?;
        let member = self.members.get(seat).filter(|member| member.room == room)?;
        let connection = member.connections().find_map(|key| self.connections.get(key))?;
        let refused = connection.peer.stats();
        let refused_packets = [refused.malformed, refused.replays, refused.not_authentic].map(u64::from).iter().sum();
        let media = self.rooms.get_mut(room)?.router.look_at(now, PeerId(seat));
        let slots = media.iter().flat_map(|media| &media.slots);
        let owner = |track: TrackId| Some((self.members.get(track.peer.0)?.id, told(track.source)));
        let watched = slots.map(|slot| slot.track.and_then(owner)).collect();
        Some(MemberLook {
            member: id,
            connected: connection.connected,
            path: connection.peer.path(),
            refused_packets,
            media,
            watched,
        })
    }

    fn count_viewers(&self, room: u32, id: MediaPeerId, viewers: &mut Vec<Viewers>) {
        let (Some(&seat), Some(room)) = (self.members_by_id.get(&id), self.rooms.get(room)) else { return };
        for source in Source::ALL {
            let layers = room.router.viewers(TrackId { peer: PeerId(seat), source: routed(source) });
            let watched = layers.into_iter().filter(|(_, slots)| *slots > 0);
            viewers.extend(watched.map(|(rid, slots)| Viewers { member: id, source, rid, slots }));
        }
    }
}

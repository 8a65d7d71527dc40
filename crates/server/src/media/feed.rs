//! Members without a connection: what they publish is made by this server, and comes as plain packets.

use std::time::Instant;

use room::media::{MediaEvent, MediaPeerId, MediaRoomId, Source};
use rtp::parameters::ReceiveParameters;
use sfu::PeerId;

use super::Media;
use super::request::track;
use crate::worker::Ways;

/// What a member of this kind does.
#[derive(Debug)]
pub(crate) enum Feed {
    /// Publishes these tracks, and no others any more. The first time it takes a seat.
    Publish { room: MediaRoomId, peer: MediaPeerId, tracks: Vec<(Source, ReceiveParameters)> },
    /// Sends.
    Packets { peer: MediaPeerId, packets: Vec<FedPacket> },
    /// Is gone.
    Leave { peer: MediaPeerId },
}

/// One plain packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FedPacket {
    Rtp(Vec<u8>),
    Rtcp(Vec<u8>),
}

impl Media {
    /// Does what a member without a connection does.
    pub(crate) fn handle_feed(&mut self, now: Instant, feed: Feed, ways: &mut Ways) {
        match feed {
            Feed::Publish { room, peer, tracks } => self.publish_fed(now, room, peer, tracks),
            Feed::Packets { peer, packets } => {
                let Some(&seat) = self.members_by_id.get(&peer) else { return };
                let Some(member) = self.members.get(seat).filter(|member| !member.fed.is_empty()) else { return };
                let room = member.room;
                self.with_router(room, ways, |router, sink| {
                    for packet in &packets {
                        match packet {
                            FedPacket::Rtp(packet) => router.handle_rtp(now, PeerId(seat), packet, sink),
                            FedPacket::Rtcp(compound) => router.handle_rtcp(now, PeerId(seat), compound, sink),
                        }
                    }
                });
                self.settle_room(room);
            }
            Feed::Leave { peer } => self.handle_close(now, peer, ways),
        }
    }

    fn publish_fed(
        &mut self,
        now: Instant,
        room: MediaRoomId,
        peer: MediaPeerId,
        tracks: Vec<(Source, ReceiveParameters)>,
    ) {
        let Ok(seat) = self.seat(now, room, peer) else {
            tracing::warn!(%peer, "a worker has no seat for what is fed to it");
            let reason = "the media server has no seat for it".to_owned();
            return self.events.send(MediaEvent::Disconnected { peer, reason });
        };
        let Some(member) = self.members.get_mut(seat) else { return };
        let Some(room) = self.rooms.get_mut(member.room) else { return };
        if !std::mem::replace(&mut member.joined, true) {
            room.router.handle_fed_join(now, PeerId(seat));
        }
        let published: Vec<Source> = tracks.iter().map(|(source, _)| *source).collect();
        let before = std::mem::replace(&mut member.published, published.clone());
        let gone: Vec<Source> = before.into_iter().filter(|source| !published.contains(source)).collect();
        for source in &gone {
            room.router.handle_unpublish(now, track(seat, *source));
        }
        for (source, parameters) in &tracks {
            room.router.handle_publish(now, track(seat, *source), parameters.clone());
        }
        for source in &member.blocked {
            room.router.handle_block(now, track(seat, *source), true);
        }
        member.fed = tracks;
        for source in gone {
            self.tell_unpublished(seat, source);
        }
        self.tell_published(seat);
        self.settle_room_of(seat);
    }
}

//! Which way the media of a room takes, and when that changes.

use std::time::Duration;

use crate::{
    Hub, Output,
    error::Error,
    id::{MEDIA_UID, RoomId, Uid},
    limit::admits,
    media::{MediaPeerId, MediaRequest, MediaRoomId},
    member::{Link, Member, can_media, is_encoder},
    message::Join,
    reply::Reply,
    room::Room,
    schedule::Timer,
    seat::MediaSeat,
    topology::{PEERS_MAX, Plane, Topology, Turn},
};

impl Hub {
    /// Whether there is a seat for one more, when `leaving` members give theirs up for it; and how the room must turn
    /// for that.
    pub(super) fn check_plane(&self, room: Option<&Room>, join: &Join, leaving: usize) -> Result<Option<Turn>, Error> {
        let (limit, topology) = (self.members_max(room), self.topology(room));
        let can_media = join.v2 && can_media(&join.caps);
        let count = room.map_or(0, |room| room.members().len()) - leaving;
        let full = |members| Err(Error::RoomFull { members });
        let through_server = room.is_some_and(|room| room.plane.through_server());
        if through_server || topology == Topology::Sfu {
            if !can_media {
                return Err(Error::MediaNeeded);
            }
            return if admits(limit, count) { Ok((!through_server).then_some(Turn::Policy)) } else { full(limit) };
        }
        if is_encoder(&join.caps) {
            self.check_encoder(room, can_media, topology)?;
            return if admits(limit, count) { Ok(Some(Turn::Encoder)) } else { full(limit) };
        }
        let peers = if limit == 0 { PEERS_MAX } else { limit.min(PEERS_MAX) };
        if admits(peers, count) {
            return Ok(None);
        }
        let able = topology == Topology::Auto && can_media && room.is_some_and(all_can_media);
        if !able {
            return full(peers);
        }
        if admits(limit, count) { Ok(Some(Turn::ThirdMember)) } else { full(limit) }
    }

    /// Whether a room whose media goes from member to member can turn for an encoder.
    fn check_encoder(&self, room: Option<&Room>, can_media: bool, topology: Topology) -> Result<(), Error> {
        if !self.config.media {
            return Err(Error::NoMedia);
        }
        if topology == Topology::P2p {
            return Err(Error::NotThroughServer);
        }
        if !can_media {
            return Err(Error::MediaNeeded);
        }
        if room.is_none_or(all_can_media) { Ok(()) } else { Err(Error::MembersWithoutMedia) }
    }

    /// How many members the room may have; 0 is no limit.
    pub(super) fn capacity(&self, room: &Room) -> u32 {
        let limit = self.members_max(Some(room));
        match self.topology(Some(room)) {
            Topology::P2p if limit == 0 => PEERS_MAX,
            Topology::P2p => limit.min(PEERS_MAX),
            Topology::Auto | Topology::Sfu => limit,
        }
    }

    /// The media of the room goes through the server from here on. The old members are told.
    pub(super) fn turn_to_server(&mut self, room_id: &RoomId, turn: Turn) {
        let Some(room) = self.rooms.get_mut(room_id) else { return };
        let media_room = match room.plane {
            Plane::Server { .. } => return,
            Plane::Members => {
                self.media_numbers += 1;
                MediaRoomId(self.media_numbers)
            }
            Plane::Draining { room, until } => {
                self.schedule.cancel(until, Timer::Drain(room_id.clone()));
                room
            }
        };
        self.media_rooms.insert(media_room, room_id.clone());
        let grace_until = (!room.members().is_empty()).then_some(self.now + TURN_GRACE);
        room.plane = Plane::Server { room: media_room, grace_until, settle_at: None };
        for member in room.members_mut().filter(|member| member.media.is_none()) {
            self.media_numbers += 1;
            let peer = MediaPeerId(self.media_numbers);
            self.media_peers.insert(peer, (room_id.clone(), member.uid.clone()));
            member.media = Some(MediaSeat::new(peer));
        }
        self.tell_mode(room_id, turn);
        self.review_shows(room_id);
    }

    /// The media of the room goes from member to member again. The connections to the server stay for a while.
    pub(super) fn turn_to_members(&mut self, room_id: &RoomId, turn: Turn) {
        let Some(room) = self.rooms.get_mut(room_id) else { return };
        let Plane::Server { room: media_room, settle_at, .. } = room.plane else { return };
        if let Some(at) = settle_at {
            self.schedule.cancel(at, Timer::Settle(room_id.clone()));
        }
        let until = self.now + TURN_GRACE;
        room.plane = Plane::Draining { room: media_room, until };
        self.schedule.set(until, Timer::Drain(room_id.clone()));
        self.tell_mode(room_id, turn);
        self.review_shows(room_id);
    }

    /// A place at the media server for somebody who takes a seat.
    pub(super) fn media_seat(&mut self, room_id: &RoomId, uid: &Uid) -> Option<MediaSeat> {
        self.rooms.get(room_id).filter(|room| room.plane.through_server())?;
        self.media_numbers += 1;
        let peer = MediaPeerId(self.media_numbers);
        self.media_peers.insert(peer, (room_id.clone(), uid.clone()));
        Some(MediaSeat::new(peer))
    }

    /// The number of members has changed: a room that has become small turns soon, one that has grown does not.
    pub(super) fn reconsider(&mut self, room_id: &RoomId) {
        let Some(room) = self.rooms.get(room_id) else { return };
        let small = room.members().len() <= PEERS_MAX as usize && self.topology(Some(room)) == Topology::Auto;
        let Some(room) = self.rooms.get_mut(room_id) else { return };
        let Plane::Server { settle_at, .. } = &mut room.plane else { return };
        let timer = Timer::Settle(room_id.clone());
        match (small, *settle_at) {
            (true, None) => {
                *settle_at = Some(self.now + SETTLE);
                self.schedule.set(self.now + SETTLE, timer);
            }
            (false, Some(at)) => {
                *settle_at = None;
                self.schedule.cancel(at, timer);
            }
            (true, Some(_)) | (false, None) => {}
        }
    }

    /// The room has been small for long enough. While somebody is reconnecting, its media still comes through the
    /// server, and the other way could not be negotiated.
    pub(super) fn settle(&mut self, room_id: &RoomId) {
        let Some(room) = self.rooms.get_mut(room_id) else { return };
        if let Plane::Server { settle_at, .. } = &mut room.plane {
            *settle_at = None;
        }
        if room.members().iter().any(|member| matches!(member.link, Link::Reconnecting(_))) {
            return self.reconsider(room_id);
        }
        self.turn_to_members(room_id, Turn::TwoLeft);
    }

    /// The connections to the media server are not needed any more.
    pub(super) fn drain_media(&mut self, room_id: &RoomId) {
        let Some(room) = self.rooms.get_mut(room_id) else { return };
        let Plane::Draining { room: media_room, .. } = room.plane else { return };
        room.plane = Plane::Members;
        let mut seats = Vec::new();
        for member in room.members_mut() {
            let Some(mut seat) = member.media.take() else { continue };
            // What the media server has not answered will not be answered any more.
            for offer in seat.take_offers() {
                self.counts.errors += 1;
                member.refuse_offer(&offer, &Error::NotThroughServer, &self.config.limits, &mut self.outputs);
            }
            seats.push(seat);
        }
        for seat in seats {
            self.close_media(media_room, &seat);
        }
        self.media_rooms.remove(&media_room);
    }

    /// Gives up a place at the media server.
    pub(super) fn close_media(&mut self, room: MediaRoomId, seat: &MediaSeat) {
        self.media_peers.remove(&seat.peer);
        if seat.known() {
            self.outputs.push_back(Output::Media(MediaRequest::Close { room, peer: seat.peer }));
        }
    }

    /// Forgets everything of a room without members that has to do with media.
    pub(super) fn reset_plane(&mut self, room_id: &RoomId) {
        let Some(room) = self.rooms.get_mut(room_id) else { return };
        match std::mem::replace(&mut room.plane, Plane::Members) {
            Plane::Members => {}
            Plane::Server { room, settle_at, .. } => {
                self.media_rooms.remove(&room);
                if let Some(at) = settle_at {
                    self.schedule.cancel(at, Timer::Settle(room_id.clone()));
                }
            }
            Plane::Draining { room, until } => {
                self.media_rooms.remove(&room);
                self.schedule.cancel(until, Timer::Drain(room_id.clone()));
            }
        }
        self.review_shows(room_id);
    }

    fn tell_mode(&mut self, room_id: &RoomId, turn: Turn) {
        let Some(room) = self.rooms.get(room_id) else { return };
        let mode = room.plane.mode();
        room.tell_online(&mut self.outputs, |to| {
            let room_id = &to.room;
            Some(Reply::Mode { room_id, mode, remote_uid: MEDIA_UID, uid: MEDIA_UID, reason: turn }.text())
        });
    }

    fn members_max(&self, room: Option<&Room>) -> u32 {
        let server = self.config.limits.members;
        match room.and_then(|room| room.policy.members_max) {
            Some(own) if server == 0 => own,
            Some(own) => own.min(server),
            None => server,
        }
    }

    pub(super) fn topology(&self, room: Option<&Room>) -> Topology {
        if !self.config.media {
            return Topology::P2p;
        }
        let own = room.and_then(|room| room.policy.topology).unwrap_or(self.config.topology);
        let needs_server = room.is_some_and(|room| room.is_shown() || room.has_encoder());
        if own == Topology::Auto && needs_server { Topology::Sfu } else { own }
    }
}

fn all_can_media(room: &Room) -> bool {
    room.members().iter().all(Member::can_media)
}

/// How long a room through the server stays as small as two before it turns: a page that is loaded again leaves and joins.
pub(crate) const SETTLE: Duration = Duration::from_secs(5);
/// How long the former way stays open after a turn, so that no picture stops before the next one flows.
pub(crate) const TURN_GRACE: Duration = Duration::from_secs(15);

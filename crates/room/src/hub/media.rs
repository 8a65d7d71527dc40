//! Between the members and the media server: offers and wishes to it, answers and news from it.

use std::{collections::BTreeSet, mem, time::Instant};

use crate::{
    ConnId, Hub, Output,
    error::Error,
    event::RoomEventKind,
    id::{MEDIA_UID, RoomId, Uid},
    media::{
        MediaEvent, MediaPeerId, MediaRefusal, MediaRequest, MediaRoomId, SlotReason, SlotReport, SlotState, SlotWish,
        Source, TrackDescription,
    },
    message::Request,
    output::CLOSE_NORMAL,
    policy::SUBSCRIBE,
    reply::{AnswerMessage, Layer, Quality, Reply, Slot, Speaker, Track},
    room::Room,
    seat::{OFFERS_MAX, PendingOffer},
    topology::Plane,
};

use super::manage::event_member;

impl Hub {
    /// An offer to the media server. Its answer, or its refusal, answers the request.
    pub(super) fn offer_to_media(
        &mut self,
        conn: ConnId,
        room_id: &RoomId,
        own: &Uid,
        request: &Request<'_>,
        id: Option<&str>,
    ) -> Result<(), Error> {
        let Some(room) = self.rooms.get_mut(room_id) else { return Err(Error::NotJoined) };
        let Plane::Server { room: media_room, .. } = room.plane else {
            return Err(if self.config.media { Error::NotThroughServer } else { Error::NoMedia });
        };
        let member = room.member_mut(own).ok_or(Error::NotJoined)?;
        member.grants.demand_media()?;
        let seat = member.media.as_mut().ok_or(Error::NotThroughServer)?;
        let connection = self.connections.get_mut(&conn).ok_or(Error::NotJoined)?;
        if !connection.take_offer(self.now, &self.config.limits) {
            return Err(Error::TooFrequentOffers);
        }
        let client = connection.source.address();
        let mut offer = request.media_offer()?;
        let (known, peer) = (seat.known(), seat.peer);
        self.media_numbers += 1;
        let pending = PendingOffer { request: self.media_numbers, id: id.map(str::to_owned), mark: offer.offer.take() };
        if !seat.offer(pending, &offer.connection) {
            return Err(Error::TooManyOffers { offers: OFFERS_MAX });
        }
        self.outputs.push_back(Output::Media(MediaRequest::Offer {
            room: media_room,
            peer,
            client,
            request: self.media_numbers,
            connection: mem::take(&mut offer.connection),
            sdp: mem::take(&mut offer.sdp),
            tracks: offer.into_tracks(),
            may_publish: member.grants.sources(),
            may_subscribe: member.grants.may_subscribe(),
        }));
        if !known {
            let silenced = member.silenced();
            self.block_first(media_room, peer, silenced);
        }
        Ok(())
    }

    /// An encoder on that connection sends without an offer: its packets are made where the media server is. Says where it has its place
    /// there, from which [`MediaRequest::Close`] takes it; `None` when no encoder sits at that connection whose room's media goes through
    /// the server.
    pub fn handle_place(&mut self, now: Instant, conn: ConnId) -> Option<(MediaRoomId, MediaPeerId)> {
        self.begin(now);
        let [room_id] = &self.connections.get(&conn)?.rooms[..] else { return None };
        let room = self.rooms.get_mut(room_id)?;
        let Plane::Server { room: media_room, .. } = room.plane else { return None };
        let uid = room.member_of(conn).filter(|member| member.is_encoder())?.uid.clone();
        let member = room.member_mut(&uid)?;
        let silenced = member.silenced();
        let seat = member.media.as_mut()?;
        let (known, peer) = (seat.known(), seat.peer);
        seat.place();
        if !known {
            self.block_first(media_room, peer, silenced);
        }
        Some((media_room, peer))
    }

    /// What was muted before the media server knew of the member.
    fn block_first(&mut self, room: MediaRoomId, peer: MediaPeerId, silenced: BTreeSet<Source>) {
        let blocks = silenced.into_iter().map(|source| MediaRequest::Block { room, peer, source, blocked: true });
        self.outputs.extend(blocks.map(Output::Media));
    }

    /// `subscribe`: what a member wants in its slots. Members come and go while it is on its way: a wish for one who is
    /// not there empties the slot and is told so, and the others hold.
    pub(super) fn subscribe(&mut self, conn: ConnId, request: &Request<'_>) -> Result<(), Error> {
        let (room_id, own) = self.seat_of(conn, request)?;
        let room = self.rooms.get(&room_id).ok_or(Error::NotJoined)?;
        let member = room.member(&own).ok_or(Error::NotJoined)?;
        member.grants.demand(SUBSCRIBE)?;
        let wishes = request.wishes()?;
        let Plane::Server { room: media_room, .. } = room.plane else { return Err(Error::NotThroughServer) };
        let seat = member.media.as_ref().filter(|seat| seat.known()).ok_or(Error::NotOffered)?;
        let (peer, mut unfilled) = (seat.peer, Vec::new());
        let slots = wishes.into_iter().map(|wish| {
            let track = wish.track.as_ref().and_then(|(uid, source)| Some((peer_of(room, uid)?, *source)));
            if wish.track.is_some() && track.is_none() {
                unfilled.push(without_track(&wish.mid));
            }
            let (width_px, height_px) = (wish.width_px, wish.height_px);
            SlotWish {
                mid: wish.mid,
                track,
                width_px,
                height_px,
                layer_max: None,
                priority: wish.priority,
                paused: wish.paused,
            }
        });
        let slots = slots.collect();
        self.outputs.push_back(Output::Media(MediaRequest::Subscribe { room: media_room, peer, slots }));
        if !unfilled.is_empty() {
            self.tell_slots(peer, &unfilled);
        }
        Ok(())
    }

    /// What comes from a source of a member passes no longer, or passes again.
    pub(super) fn block(&mut self, room_id: &RoomId, uid: &Uid, source: Source, blocked: bool) {
        let Some(room) = self.rooms.get(room_id) else { return };
        let Some(media_room) = room.plane.media_room() else { return };
        let Some(seat) = room.member(uid).and_then(|member| member.media.as_ref()) else { return };
        if seat.known() {
            let request = MediaRequest::Block { room: media_room, peer: seat.peer, source, blocked };
            self.outputs.push_back(Output::Media(request));
        }
    }

    /// Says again what a member must know that missed it.
    pub(super) fn repeat_media(&mut self, room_id: &RoomId, uid: &Uid) {
        let Some(room) = self.rooms.get(room_id) else { return };
        let Some(member) = room.member(uid) else { return };
        let Some(seat) = &member.media else { return };
        let slots: Vec<Slot<'_>> = seat.slots().map(|report| Slot::new(report, room)).collect();
        if !slots.is_empty() {
            let text = Reply::Slots { room_id: &member.room, slots }.text();
            member.tell_if_online(text, &mut self.outputs);
        }
        for (&source, layers) in &seat.layers {
            let text = Reply::Layers { room_id: &member.room, source, layers: Layer::list(layers) }.text();
            member.tell_if_online(text, &mut self.outputs);
        }
    }

    /// Does what an event of the media server asks for.
    pub(super) fn hear_media(&mut self, event: MediaEvent) {
        match event {
            MediaEvent::Answered { peer, request, sdp } => self.answer(peer, request, &sdp),
            MediaEvent::Refused { peer, request, reason } => self.refuse_offer(peer, request, reason),
            MediaEvent::Connected { peer } => self.connect_media(peer, true),
            MediaEvent::Disconnected { peer, reason: _ } => self.connect_media(peer, false),
            MediaEvent::Published { peer, tracks } => self.publish(peer, tracks),
            MediaEvent::Slots { peer, slots } => self.tell_slots(peer, &slots),
            MediaEvent::Layers { peer, source, layers } => {
                let Some((room_id, uid)) = self.seated(peer) else { return };
                let Some(member) = self.rooms.get_mut(&room_id).and_then(|room| room.member_mut(&uid)) else { return };
                let text = Reply::Layers { room_id: &member.room, source, layers: Layer::list(&layers) }.text();
                member.tell_if_online(text, &mut self.outputs);
                if let Some(seat) = &mut member.media {
                    seat.layers.insert(source, layers);
                }
            }
            MediaEvent::Lanes { peer, lanes } => self.note_lanes(peer, lanes),
            MediaEvent::Data { peer, lane, message } => self.hear_data(peer, lane, &message),
            MediaEvent::DataRefused { peer, label, refusal } => self.refuse_data(peer, &label, refusal),
            MediaEvent::Speakers { room, speakers } => self.tell_speakers(room, &speakers),
            MediaEvent::Quality { room, members } => {
                let Some(room) = self.media_rooms.get(&room).and_then(|room_id| self.rooms.get(room_id)) else {
                    return;
                };
                let named = members.into_iter().filter_map(|(peer, level, reason)| {
                    Some(Quality { remote_uid: room.member_at(peer)?.uid.clone(), level, reason })
                });
                let named: Vec<Quality> = named.collect();
                if !named.is_empty() {
                    room.tell_online(&mut self.outputs, |to| {
                        Some(Reply::Quality { room_id: &to.room, members: &named }.text())
                    });
                }
            }
        }
    }

    fn publish(&mut self, peer: MediaPeerId, tracks: Vec<TrackDescription>) {
        let Some((room_id, uid)) = self.seated(peer) else { return };
        let Some(room) = self.rooms.get_mut(&room_id) else { return };
        let Some(member) = room.member_mut(&uid) else { return };
        let about = event_member(member);
        let Some(seat) = member.media.as_mut().filter(|seat| seat.tracks != tracks) else { return };
        let former = mem::replace(&mut seat.tracks, tracks.clone());
        room.tell_online(&mut self.outputs, |to| {
            let reply = Reply::Tracks { room_id: &to.room, remote_uid: &uid, uid: &uid, tracks: Track::list(&tracks) };
            (to.uid != uid).then(|| reply.text())
        });
        let gone = missing(&former, &tracks);
        if !gone.is_empty() {
            self.note(&room_id, RoomEventKind::TracksUnpublished { member: about.clone(), sources: gone });
        }
        let fresh = missing(&tracks, &former);
        if !fresh.is_empty() {
            self.note(&room_id, RoomEventKind::TracksPublished { member: about, sources: fresh });
        }
        self.review_shows(&room_id);
    }

    fn answer(&mut self, peer: MediaPeerId, request: u64, sdp: &str) {
        let Some((room_id, uid)) = self.seated(peer) else { return };
        let Some(member) = self.rooms.get_mut(&room_id).and_then(|room| room.member_mut(&uid)) else { return };
        let Some(offer) = member.media.as_mut().and_then(|seat| seat.take_offer(request)) else { return };
        let limits = &self.config.limits;
        if let Some(id) = &offer.id {
            member.tell_answer(Reply::Ok { id }.text(), limits, &mut self.outputs);
        }
        let msg = AnswerMessage::text(sdp, offer.mark.as_deref());
        let text = Reply::Answer { room_id: &member.room, uid: MEDIA_UID, remote_uid: &member.uid, msg }.text();
        member.tell_answer(text, limits, &mut self.outputs);
    }

    fn refuse_offer(&mut self, peer: MediaPeerId, request: u64, reason: MediaRefusal) {
        let Some((room_id, uid)) = self.seated(peer) else { return };
        let Some(member) = self.rooms.get_mut(&room_id).and_then(|room| room.member_mut(&uid)) else { return };
        let Some(offer) = member.media.as_mut().and_then(|seat| seat.take_offer(request)) else { return };
        self.counts.errors += 1;
        let error = match reason {
            MediaRefusal::BadOffer(reason) => Error::BadOffer { reason },
            MediaRefusal::Full => Error::MediaFull,
            MediaRefusal::Unavailable => Error::NoMedia,
        };
        member.refuse_offer(&offer, &error, &self.config.limits, &mut self.outputs);
    }

    fn connect_media(&mut self, peer: MediaPeerId, connected: bool) {
        let Some((room_id, uid)) = self.seated(peer) else { return };
        let Some(member) = self.rooms.get_mut(&room_id).and_then(|room| room.member_mut(&uid)) else { return };
        let encoder = member.conn().filter(|_| member.is_encoder());
        if let Some(seat) = member.media.as_mut() {
            if connected {
                seat.connected = true;
            } else {
                seat.disconnect();
            }
        }
        // Media is all that it is there for.
        if let (false, Some(conn)) = (connected, encoder) {
            self.close(self.now, conn, CLOSE_NORMAL, "its media has ended");
        }
    }

    fn tell_slots(&mut self, peer: MediaPeerId, slots: &[SlotReport]) {
        let Some((room_id, uid)) = self.seated(peer) else { return };
        let Some(room) = self.rooms.get_mut(&room_id) else { return };
        if let Some(seat) = room.member_mut(&uid).and_then(|member| member.media.as_mut()) {
            seat.report(slots);
        }
        let Some(member) = room.member(&uid) else { return };
        let slots = slots.iter().map(|report| Slot::new(report, room)).collect();
        member.tell_if_online(Reply::Slots { room_id: &member.room, slots }.text(), &mut self.outputs);
    }

    fn tell_speakers(&mut self, media_room: MediaRoomId, speakers: &[(MediaPeerId, i8)]) {
        let Some(room) = self.media_rooms.get(&media_room).and_then(|room_id| self.rooms.get(room_id)) else { return };
        let named = speakers
            .iter()
            .filter_map(|&(peer, level)| Some(Speaker { remote_uid: room.member_at(peer)?.uid.clone(), level }));
        let named: Vec<Speaker> = named.collect();
        room.tell_online(&mut self.outputs, |to| Some(Reply::Speakers { room_id: &to.room, speakers: &named }.text()));
        let voices = named.into_iter().map(|speaker| speaker.remote_uid).collect();
        self.hear_voices(media_room, voices);
    }

    /// Whose place at the media server this is; `None` when it is given up.
    pub(super) fn seated(&self, peer: MediaPeerId) -> Option<(RoomId, Uid)> {
        self.media_peers.get(&peer).cloned()
    }
}

fn peer_of(room: &Room, uid: &Uid) -> Option<MediaPeerId> {
    room.member(uid)?.media.as_ref().map(|seat| seat.peer)
}

/// What is said of a slot whose wished member is not there.
fn without_track(mid: &str) -> SlotReport {
    SlotReport {
        mid: mid.to_owned(),
        track: None,
        state: SlotState::Waiting,
        reason: Some(SlotReason::NoTrack),
        layer: None,
        temporal: None,
    }
}

/// The sources of `from` that are not in `within`.
fn missing(from: &[TrackDescription], within: &[TrackDescription]) -> Vec<Source> {
    let sources = from.iter().map(|track| track.source);
    sources.filter(|source| within.iter().all(|track| track.source != *source)).collect()
}

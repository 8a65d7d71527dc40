//! What the rooms ask of a worker: offers, wishes, moderation, the end.

use std::sync::Arc;
use std::time::Instant;

use room::media::{MediaEvent, MediaPeerId, MediaRefusal, MediaRequest, MediaRoomId, OfferedTrack, SlotWish, Source};
use rtc::session::{Allow, Publish};
use rtp::parameters::{Kind, Mid, ReceiveParameters, SendParameters};
use sfu::{Links, PeerId, Router, TrackId, Wish};

use super::connection::{Connection, Holder, Terms};
use super::event::{is_stream_peer, is_stream_room, priority, routed};
use super::member::Member;
use super::timers::Due;
use super::ufrag::Name;
use super::{Media, Room};
use crate::address::ClientNetwork;
use crate::config::Limit;
use crate::worker::Ways;

/// An offer, taken out of its request.
struct Offer {
    request: u64,
    client: ClientNetwork,
    connection: String,
    sdp: String,
    sources: Vec<OfferedTrack>,
    allow: Allow,
}

impl Media {
    /// Does what the rooms ask.
    pub(crate) fn handle_request(&mut self, now: Instant, request: MediaRequest, ways: &mut Ways) {
        match request {
            MediaRequest::Offer {
                room,
                peer,
                client,
                request,
                connection,
                sdp,
                tracks,
                may_publish,
                may_subscribe,
            } => {
                let sources: Vec<_> =
                    only_first(tracks.into_iter().filter(|track| may_publish.contains(&track.source)));
                let mids = sources.iter().filter_map(|track| Mid::new(&track.mid)).collect();
                let allow = Allow {
                    publish: Publish::Only(mids),
                    subscribe: may_subscribe,
                    // Whoever is in the room hears data; who may say something, the rooms decide message by message.
                    data: true,
                    codecs: Allow::everything().codecs,
                };
                let offer = Offer { request, client: client.into(), connection, sdp, sources, allow };
                self.handle_offer(now, room, peer, offer, ways);
            }
            MediaRequest::Subscribe { room, peer, slots } => {
                // Without a seat there is nothing to be seen.
                let Ok(seat) = self.seat(now, room, peer) else { return };
                for wish in &slots {
                    self.handle_wish(now, seat, wish);
                }
                self.settle_room_of(seat);
            }
            MediaRequest::Block { room, peer, source, blocked } => {
                let Ok(seat) = self.seat(now, room, peer) else { return };
                self.handle_block(now, seat, source, blocked);
            }
            MediaRequest::Data { room: _, to, lane, message } => self.handle_data(now, &to, lane, &message, ways),
            MediaRequest::Lose { peer, packets, .. } => self.handle_lose(peer, packets),
            MediaRequest::Close { peer, .. } => self.handle_close(now, peer, ways),
        }
    }

    /// Whoever has no connection loses nothing.
    fn handle_lose(&mut self, id: MediaPeerId, packets: u32) {
        let member = self.members_by_id.get(&id).and_then(|seat| self.members.get(*seat));
        let connection = member.and_then(|member| member.current).and_then(|key| self.connections.get_mut(key));
        if let Some(connection) = connection {
            connection.to_lose = packets;
        }
    }

    /// The connection of `key` is connected: it takes the place of the one before.
    pub(super) fn take_over(&mut self, now: Instant, key: u32, ways: &mut Ways) {
        let Some(seat) = self.connections.get(key).and_then(Connection::member) else { return };
        let Some(member) = self.members.get_mut(seat) else { return };
        let replaced = member.current.filter(|&current| current != key);
        member.current = Some(key);
        member.next = member.next.filter(|&next| next != key);
        let (id, joined, room) = (member.id, std::mem::replace(&mut member.joined, true), member.room);
        if let Some(room) = self.rooms.get_mut(room) {
            if joined {
                room.router.handle_reconnect(now, PeerId(seat));
            } else {
                room.router.handle_join(now, PeerId(seat));
            }
        }
        self.events.send(MediaEvent::Connected { peer: id });
        self.apply(now, key);
        if let Some(replaced) = replaced {
            self.close_connection(now, replaced, ways);
        }
    }

    /// The router forgets a member that has no connection (any more).
    pub(super) fn leave_router(&mut self, now: Instant, seat: u32, ways: &mut Ways) {
        let Some(member) = self.members.get_mut(seat) else { return };
        let (room, joined) = (member.room, std::mem::take(&mut member.joined));
        let published = std::mem::take(&mut member.published);
        for source in published {
            self.tell_unpublished(seat, source);
        }
        if joined {
            self.with_router(room, ways, |router, _| router.handle_leave(now, PeerId(seat)));
            self.settle_room(room);
        }
    }

    fn handle_offer(&mut self, now: Instant, room: MediaRoomId, id: MediaPeerId, offer: Offer, ways: &mut Ways) {
        let request = offer.request;
        self.answering = Some((id, request));
        let answered = self.try_offer(now, room, id, offer, ways);
        self.answering = None;
        if let Err(reason) = answered {
            self.counters.offers_refused += 1;
            self.events.send(MediaEvent::Refused { peer: id, request, reason });
        }
    }

    fn try_offer(
        &mut self,
        now: Instant,
        room: MediaRoomId,
        id: MediaPeerId,
        offer: Offer,
        ways: &mut Ways,
    ) -> Result<(), MediaRefusal> {
        let seat = self.seat(now, room, id)?;
        let known = self
            .members
            .get(seat)
            .into_iter()
            .flat_map(Member::connections)
            .find(|&key| self.connections.get(key).is_some_and(|connection| connection.name == offer.connection));
        let key = match known {
            Some(key) => key,
            None => self.connect(now, seat, offer.client, offer.connection)?,
        };
        let connection = self.connections.get_mut(key).ok_or(MediaRefusal::Unavailable)?;
        let answer = match connection.peer.handle_offer(now, &offer.sdp, &offer.allow) {
            Ok(answer) => answer,
            Err(error) => {
                if known.is_none() {
                    self.connections.remove(key);
                }
                return Err(MediaRefusal::BadOffer(error.to_string()));
            }
        };
        connection.terms = Terms { media: answer.media, sources: offer.sources };
        let connected = connection.connected;
        self.counters.offers_answered += 1;
        self.events.send(MediaEvent::Answered { peer: id, request: offer.request, sdp: answer.sdp });
        if known.is_none() {
            self.install(now, seat, key, ways);
        }
        self.settle(now, key, ways);
        if connected {
            self.apply(now, key);
        }
        Ok(())
    }

    /// The member's number; a new one gets a seat, in a room that may be new as well.
    pub(super) fn seat(&mut self, now: Instant, room: MediaRoomId, id: MediaPeerId) -> Result<u32, MediaRefusal> {
        if let Some(&seat) = self.members_by_id.get(&id) {
            if self.members.get(seat).is_some_and(|member| member.home.is_none()) {
                return Ok(seat);
            }
            self.remove_guest(now, seat);
        }
        if self.seats() >= MEMBERS_MAX {
            return Err(MediaRefusal::Full);
        }
        let key = match self.rooms_by_id.get(&room) {
            Some(&key) => key,
            None => self.open_room(now, room)?,
        };
        let seat = self.members.insert(Member::new(id, key));
        self.members_by_id.insert(id, seat);
        if let Some(room) = self.rooms.get_mut(key) {
            room.members.push(seat);
        }
        // Somebody may have wished for it before it came.
        self.retell_wishes(now, key, id);
        Ok(seat)
    }

    fn open_room(&mut self, now: Instant, id: MediaRoomId) -> Result<u32, MediaRefusal> {
        let config = sfu::Config { replays: is_stream_room(id), ..sfu::Config::default() };
        let router = Router::new(config, random()?, now);
        let key = self.rooms.insert(Room {
            id,
            router,
            members: Vec::new(),
            guests: Vec::new(),
            links: Links::EMPTY,
            due: Due::default(),
        });
        self.rooms_by_id.insert(id, key);
        self.open_links(id);
        Ok(key)
    }

    /// A new connection of a member, not yet negotiated.
    fn connect(&mut self, now: Instant, seat: u32, client: ClientNetwork, name: String) -> Result<u32, MediaRefusal> {
        let place = self.half_open.enter(client).map_err(|_| MediaRefusal::Full)?;
        let peer = self.peer(now)?;
        let is_stream = self.members.get(seat).is_some_and(|member| is_stream_peer(member.id));
        let joining = is_stream.then_some(now);
        let connection = Connection::new(Holder::Member(seat), name, peer);
        Ok(self.connections.insert(Connection { joining, half_open: Some(place), ..connection }))
    }

    /// A peer that bears the next number of a connection.
    pub(super) fn peer(&self, now: Instant) -> Result<rtc::Peer, MediaRefusal> {
        let place = Name { worker: self.worker, connection: self.connections.next_key() };
        let credentials = place.credentials(random()?).ok_or(MediaRefusal::Full)?;
        Ok(rtc::Peer::new(Arc::clone(&self.config), credentials, random()?, now))
    }

    /// Notes a connection that was answered. One that waited to take over is given up for it.
    fn install(&mut self, now: Instant, seat: u32, key: u32, ways: &mut Ways) {
        let Some(member) = self.members.get_mut(seat) else { return };
        let given_up = match member.current {
            // Not connected yet, it had nothing to be kept for.
            Some(current) if self.connections.get(current).is_none_or(|connection| !connection.connected) => {
                member.current.replace(key)
            }
            Some(_) => member.next.replace(key),
            None => {
                member.current = Some(key);
                member.next.take()
            }
        };
        if let Some(given_up) = given_up {
            self.close_connection(now, given_up, ways);
        }
    }

    /// Tells the router what the connection in use has negotiated.
    fn apply(&mut self, now: Instant, key: u32) {
        let Some(connection) = self.connections.get(key) else { return };
        let Some(seat) = connection.member() else { return };
        let Some(member) = self.members.get_mut(seat).filter(|member| member.current == Some(key)) else { return };
        let Some(room) = self.rooms.get_mut(member.room) else { return };
        let (slots, tracks) = split(&connection.terms);
        // The wishes of a connection that was replaced went with it.
        member.wishes.retain(|mid, _| slots.iter().any(|slot| slot.mid.as_str() == mid));
        room.router.handle_slots(now, PeerId(seat), slots);
        let gone = member.published.iter().filter(|source| tracks.iter().all(|(still, _)| still != *source));
        let gone: Vec<Source> = gone.copied().collect();
        for &source in &gone {
            room.router.handle_unpublish(now, track(seat, source));
        }
        member.published = tracks.iter().map(|(source, _)| *source).collect();
        for (source, parameters) in tracks {
            room.router.handle_publish(now, track(seat, source), parameters);
        }
        for &source in &member.blocked {
            room.router.handle_block(now, track(seat, source), true);
        }
        let wishes: Vec<SlotWish> = member.wishes.values().cloned().collect();
        for wish in &wishes {
            self.tell_wish(now, seat, wish);
        }
        for source in gone {
            self.tell_unpublished(seat, source);
        }
        self.tell_published(seat);
        self.settle_room_of(seat);
    }

    pub(super) fn handle_wish(&mut self, now: Instant, seat: u32, wish: &SlotWish) {
        let noted = self.members.get_mut(seat).is_some_and(|member| member.note_wish(wish));
        if noted {
            self.tell_wish(now, seat, wish);
        }
    }

    /// Passes a wish on to the router, where it names its track by number; one who is not there yet is no track so far.
    fn tell_wish(&mut self, now: Instant, seat: u32, wish: &SlotWish) {
        let Some(member) = self.members.get(seat).filter(|member| member.joined) else { return };
        let (Some(mid), Some(room)) = (Mid::new(&wish.mid), self.rooms.get_mut(member.room)) else { return };
        let wished = wish.track.and_then(|(id, source)| Some((*self.members_by_id.get(&id)?, source)));
        let same_room = |seat: u32| self.members.get(seat).is_some_and(|other| other.room == member.room);
        let wish = Wish {
            mid,
            track: wished.filter(|(seat, _)| same_room(*seat)).map(|(seat, source)| track(seat, source)),
            width_px: wish.width_px,
            height_px: wish.height_px,
            layer_max: wish.layer_max,
            priority: priority(wish.priority),
            paused: wish.paused,
        };
        room.router.handle_wish(now, PeerId(seat), wish);
    }

    /// Says all wishes for `id` again, whose number has changed.
    pub(super) fn retell_wishes(&mut self, now: Instant, room: u32, id: MediaPeerId) {
        let names = |wish: &SlotWish| wish.track.is_some_and(|(wished, _)| wished == id);
        let seats = self.rooms.get(room).map(|room| room.members.clone()).unwrap_or_default();
        for seat in seats {
            let member = self.members.get(seat);
            let wishes = member.map(|member| member.wishes.values().filter(|wish| names(wish)).cloned().collect());
            let wishes: Vec<SlotWish> = wishes.unwrap_or_default();
            for wish in &wishes {
                self.tell_wish(now, seat, wish);
            }
        }
    }

    fn handle_block(&mut self, now: Instant, seat: u32, source: Source, blocked: bool) {
        let Some(member) = self.members.get_mut(seat) else { return };
        member.blocked.retain(|known| *known != source);
        if blocked {
            member.blocked.push(source);
        }
        if let Some(room) = self.rooms.get_mut(member.room) {
            room.router.handle_block(now, track(seat, source), blocked);
        }
        self.tell_published(seat);
        self.settle_room_of(seat);
    }

    pub(super) fn handle_close(&mut self, now: Instant, id: MediaPeerId, ways: &mut Ways) {
        let seat = self.members_by_id.get(&id).copied();
        let is_ours = |seat: &u32| self.members.get(*seat).is_some_and(|member| member.home.is_none());
        let Some(seat) = seat.filter(is_ours) else { return };
        self.members_by_id.remove(&id);
        self.leave_router(now, seat, ways);
        let Some(member) = self.members.remove(seat) else { return };
        for key in member.connections() {
            self.close_connection(now, key, ways);
        }
        let Some(room) = self.rooms.get_mut(member.room) else { return };
        room.members.retain(|other| *other != seat);
        if room.members.is_empty() {
            self.close_room(member.room);
        } else {
            // Its number may become somebody else's: nobody's wish may show that one by mistake.
            self.retell_wishes(now, member.room, id);
            self.settle_room(member.room);
        }
    }

    pub(super) fn settle_room_of(&mut self, seat: u32) {
        if let Some(room) = self.members.get(seat).map(|member| member.room) {
            self.settle_room(room);
        }
    }
}

pub(super) fn track(seat: u32, source: Source) -> TrackId {
    TrackId { peer: PeerId(seat), source: routed(source) }
}

/// The slots, and the tracks by their sources. A sending media description without a source is not taken in, nor is one
/// whose source is of the other kind: its packets would fill slots that cannot play them.
pub(super) fn split(terms: &Terms) -> (Vec<SendParameters>, Vec<(Source, ReceiveParameters)>) {
    let slots = terms.media.iter().filter_map(|media| media.send().cloned()).collect();
    let tracks = terms.media.iter().filter_map(|media| media.receive()).filter_map(|receive| {
        let offered = terms.sources.iter().find(|track| track.mid == receive.mid.as_str())?;
        let parameters = || ReceiveParameters { encrypted: offered.encrypted, ..receive.clone() };
        (receive.kind == kind(offered.source)).then(|| (offered.source, parameters()))
    });
    (slots, tracks.collect())
}

/// What a source sends.
fn kind(source: Source) -> Kind {
    match source {
        Source::Microphone | Source::ScreenAudio => Kind::Audio,
        Source::Camera | Source::Screen => Kind::Video,
    }
}

/// A source is sent by one media description: the first that names it.
fn only_first(tracks: impl Iterator<Item = OfferedTrack>) -> Vec<OfferedTrack> {
    let mut sources: Vec<OfferedTrack> = Vec::new();
    for track in tracks {
        if sources.iter().all(|known| known.source != track.source) {
            sources.push(track);
        }
    }
    sources
}

fn random() -> Result<[u8; 32], MediaRefusal> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| MediaRefusal::Unavailable)?;
    Ok(bytes)
}

/// Members of one worker: what its memory and a core can serve at the very most.
const MEMBERS_MAX: usize = 20_000;

/// Connections of members of one worker that are not connected yet, each with some 20 kB and 30 s to live: those of a large room that comes
/// at once.
pub(super) const HALF_OPEN_MAX: Limit = Limit(2_000);

/// Those of one address (IPv6: one /64 network), which may be a school's: nobody takes all places from everybody else.
pub(super) const HALF_OPEN_PER_ADDRESS_MAX: Limit = Limit(500);

#[cfg(test)]
mod tests;

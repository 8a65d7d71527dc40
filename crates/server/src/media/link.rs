//! A room on several workers. It has a part wherever members of it are connected; the parts tell each other what their members publish,
//! and what of it is wanted.
//!
//! ```text
//!   worker of the publisher                          another worker with members of the room
//!   member ─▶ router ──packets somebody wants──▶ mesh ──▶ guest of its router ─▶ members there
//!                ▲                                              │
//!                └── wanted layers, lost packets, key frames ◀── mesh
//! ```
//! Packets are decrypted once, at the publisher's worker, cross once for each worker that wants them, and are encrypted there. The mesh may
//! lose them; it never loses a [`Note`], unless the other worker has stood still for so long that the two begin anew.
//!
//! A part that opens says so to all workers. Where there is a part it answers, and both tell each other all they have; each says its goodbye
//! when its last member has gone. Who begins anew forgets first what it knew of the other, so that it does not matter what was under way.

use std::time::Instant;

use room::media::{MediaPeerId, MediaRoomId};
use rtp::parameters::ReceiveParameters;
use sfu::{LinkId, Links, PeerId, Relayed, Source, TrackId};

use super::event::is_stream_room;
use super::member::Member;
use super::request::split;
use super::{Media, Room};
use crate::worker::Ways;

/// What the part of a room on one worker tells that on another.
#[derive(Debug)]
pub(crate) struct Note {
    pub(crate) room: MediaRoomId,
    pub(crate) news: News,
}

/// What there is to tell.
#[derive(Debug)]
pub(crate) enum News {
    /// The part has just been opened, and knows nothing.
    Opened,
    /// There is a part here, too. All that it has follows.
    Present,
    /// The part is closed.
    Closed,
    /// What a member of this part publishes.
    Published { peer: MediaPeerId, track: Box<Publication> },
    /// What it publishes no more.
    Unpublished { peer: MediaPeerId, source: Source },
    /// How many layers of a member of the other part are wanted here, from the smallest on.
    Wanted { peer: MediaPeerId, source: Source, layers: u8 },
}

/// What is to be known of a track.
#[derive(Debug, Clone)]
pub(crate) struct Publication {
    source: Source,
    parameters: ReceiveParameters,
    blocked: bool,
    /// It comes from within this server, and cannot be asked for a key picture.
    is_fed: bool,
}

/// What crosses from worker to worker with the packets, and may get lost like them. Its bytes go beside it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Crossing {
    /// Of a member of the sender's. The bytes are those of a packet, or none.
    Relayed { peer: MediaPeerId, source: Source, relayed: Relayed<'static> },
    /// For a member of the receiver's: the bytes are RTCP.
    Asked { peer: MediaPeerId },
}

/// Notes on their way out, gathered until the end of the wake-up.
#[derive(Debug, Default)]
pub(super) struct Notes {
    waiting: Vec<(LinkId, Note)>,
}

impl Notes {
    pub(super) fn push(&mut self, to: LinkId, room: MediaRoomId, news: News) {
        self.waiting.push((to, Note { room, news }));
    }
}

impl Room {
    /// Whether this part speaks for the room where all know the same: the one on the lowest worker does.
    pub(super) fn leads(&self, worker: u8) -> bool {
        let mut links = self.links;
        links.next().is_none_or(|lowest| worker < lowest.0)
    }
}

impl Media {
    /// What another worker's part of a room tells.
    pub(crate) fn hear_note(&mut self, now: Instant, from: u8, note: Note, ways: &mut Ways) {
        let from = LinkId(from);
        let Some(&key) = self.rooms_by_id.get(&note.room) else { return };
        match note.news {
            News::Opened => {
                self.forget_link(now, key, from, ways);
                self.notes.push(from, note.room, News::Present);
                self.begin_link(now, key, from, ways);
            }
            News::Present => {
                self.forget_link(now, key, from, ways);
                self.begin_link(now, key, from, ways);
            }
            News::Closed => self.forget_link(now, key, from, ways),
            // What was under way before the two began anew.
            _ if !self.rooms.get(key).is_some_and(|room| room.links.contains(from)) => {}
            News::Published { peer, track } => self.take_in_guest(now, key, from, peer, *track),
            News::Unpublished { peer, source } => self.lose_track(now, key, (peer, source)),
            News::Wanted { peer, source, layers } => {
                let Some(&seat) = self.members_by_id.get(&peer) else { return };
                let track = TrackId { peer: PeerId(seat), source };
                self.with_router(key, ways, |router, sink| {
                    router.handle_remote_want(now, track, from, layers, sink);
                });
            }
        }
        self.settle_room(key);
    }

    /// What another worker's part of a room relays, or asks of a member here.
    pub(crate) fn hear_crossing(&mut self, now: Instant, from: u8, crossing: Crossing, bytes: &[u8], ways: &mut Ways) {
        let (Crossing::Relayed { peer, .. } | Crossing::Asked { peer }) = crossing;
        let known = self.members_by_id.get(&peer).and_then(|&seat| Some((seat, self.members.get(seat)?)));
        let Some((seat, home, room)) = known.map(|(seat, member)| (seat, member.home, member.room)) else { return };
        let link = LinkId(from);
        match crossing {
            Crossing::Relayed { source, relayed, .. } if home == Some(link) => {
                let track = TrackId { peer: PeerId(seat), source };
                self.counters.relayed_in += 1;
                self.with_router(room, ways, |router, sink| {
                    router.handle_relayed(now, track, relayed.joined(bytes), sink);
                });
            }
            Crossing::Asked { .. } if home.is_none() => {
                self.with_router(room, ways, |router, sink| {
                    router.handle_remote_rtcp(now, PeerId(seat), link, bytes, sink);
                });
            }
            Crossing::Relayed { .. } | Crossing::Asked { .. } => return,
        }
        self.settle_room(room);
    }

    /// Hands the notes to the mesh. With workers that have ended, or stood still for too long, everything begins anew.
    pub(super) fn send_notes(&mut self, now: Instant, ways: &mut Ways) {
        for link in ways.mesh.take_lost() {
            let rooms: Vec<(u32, MediaRoomId)> = self.rooms_by_id.iter().map(|(id, key)| (*key, *id)).collect();
            for (key, id) in rooms {
                self.forget_link(now, key, link, ways);
                self.settle_room(key);
                self.notes.push(link, id, News::Opened);
            }
        }
        for (to, note) in self.notes.waiting.drain(..) {
            ways.mesh.tell(to.0, note);
        }
    }

    /// A part of the room has opened here: the other workers are told.
    pub(super) fn open_links(&mut self, room: MediaRoomId) {
        for link in (0..self.workers).filter(|worker| *worker != self.worker).map(LinkId) {
            self.notes.push(link, room, News::Opened);
        }
    }

    /// The part of the room here closes, with all that it had of others.
    pub(super) fn close_room(&mut self, key: u32) {
        let Some(room) = self.rooms.remove(key) else { return };
        // What it has done still counts.
        self.counters.count_router(&room.router.stats(), is_stream_room(room.id));
        self.rooms_by_id.remove(&room.id);
        for guest in room.guests {
            if let Some(guest) = self.members.remove(guest) {
                self.guests = self.guests.saturating_sub(1);
                self.members_by_id.remove(&guest.id);
            }
        }
        for link in room.links {
            self.notes.push(link, room.id, News::Closed);
        }
    }

    /// Tells the other parts of its room what a member publishes.
    pub(super) fn tell_published(&mut self, seat: u32) {
        let Some(room) = self.members.get(seat).and_then(|member| self.rooms.get(member.room)) else { return };
        for link in room.links {
            self.tell_tracks(link, seat);
        }
    }

    /// Tells the other parts of its room what a member publishes no more.
    pub(super) fn tell_unpublished(&mut self, seat: u32, source: room::media::Source) {
        let Some(member) = self.members.get(seat) else { return };
        let Some(room) = self.rooms.get(member.room) else { return };
        let source = super::event::routed(source);
        for link in room.links {
            self.notes.push(link, room.id, News::Unpublished { peer: member.id, source });
        }
    }

    fn tell_tracks(&mut self, to: LinkId, seat: u32) {
        let Some(member) = self.members.get(seat).filter(|member| member.joined) else { return };
        let Some(room) = self.rooms.get(member.room) else { return };
        let connection = member.current.and_then(|key| self.connections.get(key));
        let tracks = connection.map_or_else(|| member.fed.clone(), |connection| split(&connection.terms).1);
        for (source, parameters) in tracks.into_iter().filter(|(source, _)| member.published.contains(source)) {
            let blocked = member.blocked.contains(&source);
            let (source, is_fed) = (super::event::routed(source), !member.fed.is_empty());
            let track = Box::new(Publication { source, parameters, blocked, is_fed });
            self.notes.push(to, room.id, News::Published { peer: member.id, track });
        }
    }

    /// There is a part on that worker: it is told everything.
    fn begin_link(&mut self, now: Instant, key: u32, link: LinkId, ways: &mut Ways) {
        let Some(room) = self.rooms.get_mut(key) else { return };
        room.links = room.links.with(Links::only(link));
        let (links, members) = (room.links, room.members.clone());
        for seat in members {
            self.tell_tracks(link, seat);
        }
        self.with_router(key, ways, |router, sink| router.handle_links(now, links, sink));
    }

    /// There is none any more, or it begins anew.
    fn forget_link(&mut self, now: Instant, key: u32, link: LinkId, ways: &mut Ways) {
        let Some(room) = self.rooms.get_mut(key) else { return };
        room.links = room.links.without(Links::only(link));
        let (links, guests) = (room.links, room.guests.clone());
        for seat in guests {
            if self.members.get(seat).is_some_and(|guest| guest.home == Some(link)) {
                self.remove_guest(now, seat);
            }
        }
        self.with_router(key, ways, |router, sink| router.handle_links(now, links, sink));
    }

    /// A member of another part publishes.
    fn take_in_guest(&mut self, now: Instant, key: u32, home: LinkId, peer: MediaPeerId, track: Publication) {
        let Publication { source, parameters, blocked, is_fed } = track;
        let known = self.members_by_id.get(&peer).copied();
        if known.is_some_and(|seat| self.members.get(seat).is_none_or(|member| member.home != Some(home))) {
            return;
        }
        let seat = known.unwrap_or_else(|| {
            let seat = self.members.insert(Member::guest(peer, key, home));
            self.members_by_id.insert(peer, seat);
            seat
        });
        let (Some(member), Some(room)) = (self.members.get_mut(seat), self.rooms.get_mut(key)) else { return };
        let told = super::event::told(source);
        if !member.published.contains(&told) {
            member.published.push(told);
        }
        if known.is_none() {
            self.guests += 1;
            room.guests.push(seat);
            room.router.handle_remote_join(now, PeerId(seat));
            if is_fed {
                room.router.handle_fed_join(now, PeerId(seat));
            }
        }
        let track = TrackId { peer: PeerId(seat), source };
        room.router.handle_publish(now, track, parameters);
        room.router.handle_block(now, track, blocked);
        if known.is_none() {
            // Somebody may have wished for it before it was known.
            self.retell_wishes(now, key, peer);
        }
    }

    fn lose_track(&mut self, now: Instant, key: u32, (peer, source): (MediaPeerId, Source)) {
        let Some(&seat) = self.members_by_id.get(&peer) else { return };
        let Some(guest) = self.members.get_mut(seat).filter(|member| member.home.is_some()) else { return };
        let told = super::event::told(source);
        guest.published.retain(|known| *known != told);
        if guest.published.is_empty() {
            return self.remove_guest(now, seat);
        }
        if let Some(room) = self.rooms.get_mut(key) {
            room.router.handle_unpublish(now, TrackId { peer: PeerId(seat), source });
        }
    }

    pub(super) fn remove_guest(&mut self, now: Instant, seat: u32) {
        let Some(guest) = self.members.remove(seat) else { return };
        self.guests = self.guests.saturating_sub(1);
        self.members_by_id.remove(&guest.id);
        if let Some(room) = self.rooms.get_mut(guest.room) {
            room.guests.retain(|other| *other != seat);
            room.router.handle_leave(now, PeerId(seat));
        }
        // Its number may become somebody else's: nobody's wish may show that one by mistake.
        self.retell_wishes(now, guest.room, guest.id);
    }
}

//! A meeting on several workers: parts open and close, tell each other what is published and what of it is wanted, and relay it, by the
//! rules of the server ([0013](../../../../docs/decisions/0013-rooms-over-workers.md)).

use std::time::{Duration, Instant};

use sfu::{LinkId, Links, PeerId, Router, Source, TrackId};

use super::load::Load;
use super::part::{Carried, Part};
use super::{Meeting, SIGNALLING, wire};

/// What crosses from one worker to another.
#[derive(Debug)]
pub(super) enum Crossing {
    /// Never lost.
    News(News),
    /// Of a member of the sender's.
    Relayed { track: TrackId, carried: Carried },
    /// RTCP for a member of the receiver's.
    Asked { publisher: PeerId, compound: Vec<u8> },
}

/// What parts tell each other.
#[derive(Debug)]
pub(super) enum News {
    /// The part has just been opened, and knows nothing.
    Opened,
    /// There is a part here, too. All that it has follows.
    Present,
    /// The part is closed.
    Closed,
    /// A member of this part publishes what it has.
    Published { peer: PeerId },
    /// It publishes no more.
    Gone { peer: PeerId },
    /// How many layers of a member of the other part are wanted here.
    Wanted { track: TrackId, layers: u8 },
}

impl Meeting {
    /// Of what crosses between workers, so much is lost from here on, as when they are behind.
    pub fn lose_crossings(&mut self, share: f64) {
        self.mesh_loss = share;
    }

    /// Something fails on a worker: all its connections are over, it begins anew, and its members are told, who come back.
    pub fn fail_worker(&mut self, worker: u8) {
        let now = self.clock.now();
        let Some(part) = self.parts.remove(&worker) else { return };
        for link in part.links {
            self.tell(now, worker, link.0, News::Closed);
        }
        let members: Vec<u32> =
            self.seats.iter().filter(|(_, seat)| seat.worker == worker).map(|(id, _)| *id).collect();
        for whose in members {
            self.flights.push(now + SIGNALLING, Load::Lost { whose });
        }
        self.settle();
    }

    /// The part where somebody is connected.
    pub(super) fn part_of(&mut self, member: u32) -> Option<&mut Part> {
        let worker = self.seats.get(&member)?.worker;
        self.parts.get_mut(&worker)
    }

    pub(super) fn is_guest(&self, worker: u8, peer: PeerId) -> bool {
        self.parts.get(&worker).is_some_and(|part| part.guests.contains_key(&peer))
    }

    /// Somebody makes a new connection after the one before was lost, and wishes for what it wished for.
    pub(super) fn connect_again(&mut self, id: u32) {
        let Some(seat) = self.seats.get(&id) else { return };
        let (attendee, connection) = (seat.attendee, seat.connection + 1);
        let mut member = self.member(id, connection, attendee);
        let Some(seat) = self.seats.get_mut(&id) else { return };
        member.set_speaking(self.clock.now(), seat.member.is_speaking());
        (seat.member, seat.connection) = (member, connection);
        let watched = seat.watched.clone();
        self.connect(id);
        for (slot, wish) in watched {
            if let Some(seat) = self.seats.get_mut(&id) {
                seat.member.expect(self.clock.now(), slot);
            }
            self.wish(id, slot, wish);
        }
    }

    /// A member's connection is there: it publishes and offers its slots.
    pub(super) fn connect(&mut self, id: u32) {
        let now = self.clock.now();
        let Some(seat) = self.seats.get(&id) else { return };
        let (worker, attendee) = (seat.worker, seat.attendee);
        self.open(now, worker);
        let Some(part) = self.parts.get_mut(&worker) else { return };
        let peer = PeerId(id);
        part.router.handle_join(now, peer);
        for (source, parameters) in wire::published(&attendee) {
            part.router.handle_publish(now, TrackId { peer, source }, parameters);
        }
        part.router.handle_slots(now, peer, wire::slots(attendee.audio_slots, attendee.video_slots));
        for link in part.links {
            self.tell(now, worker, link.0, News::Published { peer });
        }
    }

    /// A member's connection is over.
    pub(super) fn disconnect(&mut self, worker: u8, id: u32) {
        let now = self.clock.now();
        let Some(part) = self.parts.get_mut(&worker) else { return };
        part.router.handle_leave(now, PeerId(id));
        let links = part.links;
        for link in links {
            self.tell(now, worker, link.0, News::Gone { peer: PeerId(id) });
        }
        if !self.seats.values().any(|seat| seat.worker == worker) {
            self.parts.remove(&worker);
            for link in links {
                self.tell(now, worker, link.0, News::Closed);
            }
        }
    }

    fn open(&mut self, now: Instant, worker: u8) {
        if self.parts.contains_key(&worker) {
            return;
        }
        let label = if self.opened == 0 { "router".to_owned() } else { format!("router {}", self.opened) };
        self.opened += 1;
        let router = Router::new(sfu::Config::default(), self.seed.generator(&label).bytes(), now);
        self.parts.insert(worker, Part::new(router));
        for other in (0..self.workers).filter(|other| *other != worker) {
            self.tell(now, worker, other, News::Opened);
        }
    }

    fn tell(&mut self, now: Instant, from: u8, to: u8, news: News) {
        self.flights.push(now + MESH_DELAY, Load::Crossing { from, to, crossing: Crossing::News(news) });
    }

    /// What a router wants of a track goes to the worker of its publisher.
    pub(super) fn want(&mut self, now: Instant, worker: u8, track: TrackId, layers: u8) {
        let home = self.parts.get(&worker).and_then(|part| part.guests.get(&track.peer)).copied();
        if let Some(home) = home {
            self.tell(now, worker, home, News::Wanted { track, layers });
        }
    }

    /// What a router asks of a guest goes to the guest's worker.
    pub(super) fn ask(&mut self, now: Instant, worker: u8, publisher: PeerId, compound: Vec<u8>) {
        let home = self.parts.get(&worker).and_then(|part| part.guests.get(&publisher)).copied();
        let Some(to) = home.filter(|_| !self.mesh_dice.chance(self.mesh_loss)) else { return };
        let crossing = Crossing::Asked { publisher, compound };
        self.flights.push(now + MESH_DELAY, Load::Crossing { from: worker, to, crossing });
    }

    pub(super) fn relay(&mut self, now: Instant, from: u8, links: Links, track: TrackId, carried: &Carried) {
        for link in links {
            if !self.mesh_dice.chance(self.mesh_loss) {
                let crossing = Crossing::Relayed { track, carried: carried.clone() };
                self.flights.push(now + MESH_DELAY, Load::Crossing { from, to: link.0, crossing });
            }
        }
    }

    /// Something has crossed.
    pub(super) fn hear(&mut self, from: u8, to: u8, crossing: Crossing) {
        let now = self.clock.now();
        let link = LinkId(from);
        let Some(part) = self.parts.get_mut(&to) else { return };
        match crossing {
            Crossing::News(news) => self.hear_news(now, from, to, news),
            Crossing::Relayed { track, carried } if part.guests.get(&track.peer) == Some(&from) => {
                part.router.handle_relayed(now, track, carried.relayed(), &mut part.outbox);
            }
            Crossing::Asked { publisher, compound } if !part.guests.contains_key(&publisher) => {
                part.router.handle_remote_rtcp(now, publisher, link, &compound, &mut part.outbox);
            }
            Crossing::Relayed { .. } | Crossing::Asked { .. } => {}
        }
    }

    fn hear_news(&mut self, now: Instant, from: u8, to: u8, news: News) {
        let link = LinkId(from);
        let is_linked = self.parts.get(&to).is_some_and(|part| part.links.contains(link));
        match news {
            News::Opened => {
                self.forget_link(now, to, link);
                self.tell(now, to, from, News::Present);
                self.begin_link(now, to, link);
            }
            News::Present => {
                self.forget_link(now, to, link);
                self.begin_link(now, to, link);
            }
            News::Closed => self.forget_link(now, to, link),
            _ if !is_linked => {}
            News::Published { peer } => self.take_in_guest(now, to, from, peer),
            News::Gone { peer } => {
                let Some(part) = self.parts.get_mut(&to) else { return };
                if part.guests.get(&peer) == Some(&from) {
                    part.guests.remove(&peer);
                    part.router.handle_leave(now, peer);
                }
            }
            News::Wanted { track, layers } => {
                let Some(part) = self.parts.get_mut(&to) else { return };
                part.router.handle_remote_want(now, track, link, layers, &mut part.outbox);
            }
        }
    }

    fn take_in_guest(&mut self, now: Instant, worker: u8, home: u8, peer: PeerId) {
        let Some(attendee) = self.seats.get(&peer.0).map(|seat| seat.attendee) else { return };
        let tracks: Vec<(Source, _)> = wire::published(&attendee);
        let Some(part) = self.parts.get_mut(&worker).filter(|_| !tracks.is_empty()) else { return };
        if part.guests.insert(peer, home).is_none() {
            part.router.handle_remote_join(now, peer);
        }
        for (source, parameters) in tracks {
            part.router.handle_publish(now, TrackId { peer, source }, parameters);
        }
    }

    /// There is a part on that worker: it is told everything.
    fn begin_link(&mut self, now: Instant, worker: u8, link: LinkId) {
        let Some(part) = self.parts.get_mut(&worker) else { return };
        part.links = part.links.with(Links::only(link));
        let links = part.links;
        part.router.handle_links(now, links, &mut part.outbox);
        let members: Vec<u32> =
            self.seats.iter().filter(|(_, seat)| seat.worker == worker).map(|(id, _)| *id).collect();
        for id in members {
            self.tell(now, worker, link.0, News::Published { peer: PeerId(id) });
        }
    }

    /// There is none any more, or it begins anew.
    fn forget_link(&mut self, now: Instant, worker: u8, link: LinkId) {
        let Some(part) = self.parts.get_mut(&worker) else { return };
        part.links = part.links.without(Links::only(link));
        let gone: Vec<PeerId> =
            part.guests.iter().filter(|(_, home)| **home == link.0).map(|(guest, _)| *guest).collect();
        for guest in gone {
            part.guests.remove(&guest);
            part.router.handle_leave(now, guest);
        }
        part.router.handle_links(now, part.links, &mut part.outbox);
    }
}

/// From one worker's queue into the other's hands.
const MESH_DELAY: Duration = Duration::from_micros(300);

//! A meeting on the real router, or on one for each worker: cameras, microphones and screens over simulated links, in plain RTP.
//!
//! What the shell adds (DTLS, SRTP, ICE) is left out, so that a run costs little more than the router.

mod camera;
mod load;
mod look;
mod member;
mod mesh;
mod microphone;
mod part;
mod picture;
mod screen;
mod uplink;
mod wire;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use sfu::{Output, PeerId, Priority, SlotState, Source, TrackId, Wish};

pub use self::camera::Film;
pub use self::member::Heard;
pub use self::screen::Seen;

use self::load::Load;
use self::member::{Equipment, Member};
use self::part::Part;
use self::uplink::TICK;
use crate::clock::Clock;
use crate::link::{Link, LinkConfig};
use crate::schedule::Schedule;
use crate::seed::{Generator, Seed};

/// IPv4, UDP and the tag of SRTP.
const OVERHEAD_BYTES: usize = 20 + 8 + 16;

/// What the WebSocket takes.
const SIGNALLING: Duration = Duration::from_millis(50);

/// One member of a meeting; never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberId(u32);

/// Somebody who is to join.
#[derive(Clone, Copy, Debug)]
pub struct Attendee {
    /// Publishes a camera.
    pub camera: Option<Film>,
    /// Publishes a microphone.
    pub microphone: bool,
    /// Pictures it can show at once.
    pub video_slots: usize,
    /// Voices it can play at once, chosen by the server.
    pub audio_slots: usize,
    /// Towards the server.
    pub uplink: LinkConfig,
    /// From the server.
    pub downlink: LinkConfig,
}

/// One simulated room.
#[derive(Debug)]
pub struct Meeting {
    clock: Clock,
    begun: Instant,
    seed: Seed,
    /// The parts of the room, by worker: where somebody is connected.
    parts: BTreeMap<u8, Part>,
    /// How many workers there are.
    workers: u8,
    /// How many parts have been opened so far.
    opened: u64,
    seats: BTreeMap<u32, Seat>,
    /// Downlinks, which members may share.
    downlinks: Vec<Link>,
    /// What is under way; bounded by the links' queues.
    flights: Schedule<Load>,
    next_tick: Instant,
    next_member: u32,
    /// What the router last said about a slot: viewer and mid.
    slots: BTreeMap<(u32, String), SlotState>,
    /// Who is shown as speaking, the loudest first.
    speakers: Vec<MemberId>,
    /// Of what crosses from worker to worker but the news, so much is lost.
    mesh_loss: f64,
    mesh_dice: Generator,
    delivered: u64,
}

#[derive(Debug)]
struct Seat {
    attendee: Attendee,
    /// Where it is connected.
    worker: u8,
    /// Which of its connections this is: what is under way on one that was lost is lost.
    connection: u32,
    member: Member,
    uplink: Link,
    downlink: usize,
    /// Whom it watches in each slot, and how large.
    watched: BTreeMap<usize, (MemberId, u32, u32)>,
}

impl Default for Attendee {
    /// With camera and microphone on a good connection, with room for nine pictures and three voices.
    fn default() -> Self {
        Self {
            camera: Some(Film::Simulcast),
            microphone: true,
            video_slots: 9,
            audio_slots: 3,
            uplink: LinkConfig::default(),
            downlink: LinkConfig::default(),
        }
    }
}

impl Attendee {
    /// Watches and listens only.
    pub fn viewer() -> Self {
        Self { camera: None, microphone: false, ..Self::default() }
    }

    /// With this link both ways.
    pub fn on(self, link: LinkConfig) -> Self {
        Self { uplink: link, downlink: link, ..self }
    }
}

impl Meeting {
    /// An empty room.
    pub fn new(seed: Seed) -> Self {
        Self::on_workers(seed, 1)
    }

    /// An empty room of a server with so many workers.
    pub fn on_workers(seed: Seed, workers: u8) -> Self {
        let clock = Clock::new();
        let begun = clock.now();
        Self {
            clock,
            begun,
            seed,
            parts: BTreeMap::new(),
            workers,
            opened: 0,
            seats: BTreeMap::new(),
            downlinks: Vec::new(),
            flights: Schedule::new(),
            next_tick: begun + TICK,
            next_member: 0,
            slots: BTreeMap::new(),
            speakers: Vec::new(),
            mesh_loss: 0.0,
            mesh_dice: seed.generator("mesh"),
            delivered: 0,
        }
    }

    /// Somebody joins, publishes what it has, and offers its slots.
    pub fn join(&mut self, attendee: Attendee) -> MemberId {
        self.join_at(0, attendee)
    }

    /// The same, connected to this worker.
    pub fn join_at(&mut self, worker: u8, attendee: Attendee) -> MemberId {
        let id = self.next_member;
        self.next_member += 1;
        let member = self.member(id, 0, attendee);
        let uplink = Link::new(attendee.uplink, self.seed.generator(&format!("uplink {id}")));
        let downlink = self.downlinks.len();
        self.downlinks.push(Link::new(attendee.downlink, self.seed.generator(&format!("downlink {id}"))));
        let worker = worker.min(self.workers.saturating_sub(1));
        let seat = Seat { attendee, worker, connection: 0, member, uplink, downlink, watched: BTreeMap::new() };
        self.seats.insert(id, seat);
        self.connect(id);
        self.settle();
        MemberId(id)
    }

    /// What somebody brings along to a connection.
    fn member(&self, id: u32, connection: u32, attendee: Attendee) -> Member {
        let equipment = Equipment {
            camera: attendee.camera,
            microphone: attendee.microphone,
            video_slots: attendee.video_slots,
            audio_slots: attendee.audio_slots,
            connection,
        };
        let mut member = Member::new(self.clock.now(), self.begun, id, self.seed, equipment);
        member.set_round_trip(attendee.uplink.delay + attendee.downlink.delay);
        member
    }

    /// Somebody leaves.
    pub fn leave(&mut self, member: MemberId) {
        let Some(seat) = self.seats.remove(&member.0) else { return };
        self.speakers.retain(|speaker| *speaker != member);
        self.slots.retain(|(viewer, _), _| *viewer != member.0);
        self.disconnect(seat.worker, member.0);
        self.settle();
    }

    /// Somebody loses its connection and comes back as a new member: it watches whom it watched, and is watched by who watched it.
    pub fn reconnect(&mut self, member: MemberId) -> MemberId {
        let Some(seat) = self.seats.get(&member.0) else { return member };
        let (worker, attendee, watched) = (seat.worker, seat.attendee, seat.watched.clone());
        self.leave(member);
        let again = self.join_at(worker, attendee);
        for (slot, (whom, width_px, height_px)) in watched {
            self.watch(again, slot, whom, width_px, height_px);
        }
        let viewers: Vec<(MemberId, usize, u32, u32)> = self
            .seats
            .iter()
            .flat_map(|(viewer, seat)| seat.watched.iter().map(|(slot, watched)| (MemberId(*viewer), *slot, *watched)))
            .filter(|(.., (whom, ..))| *whom == member)
            .map(|(viewer, slot, (_, width_px, height_px))| (viewer, slot, width_px, height_px))
            .collect();
        for (viewer, slot, width_px, height_px) in viewers {
            self.watch(viewer, slot, again, width_px, height_px);
        }
        again
    }

    /// Puts somebody's camera into a slot, in a tile of this size.
    pub fn watch(&mut self, viewer: MemberId, slot: usize, whom: MemberId, width_px: u32, height_px: u32) {
        let now = self.clock.now();
        if let Some(seat) = self.seats.get_mut(&viewer.0) {
            seat.watched.insert(slot, (whom, width_px, height_px));
            seat.member.expect(now, slot);
        }
        self.wish(viewer.0, slot, (whom, width_px, height_px));
        self.settle();
    }

    fn wish(&mut self, viewer: u32, slot: usize, (whom, width_px, height_px): (MemberId, u32, u32)) {
        let now = self.clock.now();
        let track = Some(TrackId { peer: PeerId(whom.0), source: Source::Camera });
        let mid = wire::mid(&wire::video_mid(slot));
        let wish = Wish { mid, track, width_px, height_px, layer_max: None, priority: Priority::Normal, paused: false };
        if let Some(part) = self.part_of(viewer) {
            part.router.handle_wish(now, PeerId(viewer), wish);
        }
    }

    /// Everybody watches everybody else, as far as the slots reach, in tiles of this size.
    pub fn watch_each_other(&mut self, width_px: u32, height_px: u32) {
        let cameras: Vec<u32> =
            self.seats.iter().filter(|(_, seat)| seat.attendee.camera.is_some()).map(|(member, _)| *member).collect();
        for viewer in self.members() {
            let slots = self.seats.get(&viewer.0).map_or(0, |seat| seat.attendee.video_slots);
            let after = cameras.iter().filter(|camera| **camera > viewer.0);
            let before = cameras.iter().filter(|camera| **camera < viewer.0);
            let others: Vec<u32> = after.chain(before).take(slots).copied().collect();
            for (slot, other) in others.into_iter().enumerate() {
                self.watch(viewer, slot, MemberId(other), width_px, height_px);
            }
        }
    }

    /// Somebody begins or ceases to speak.
    pub fn set_speaking(&mut self, member: MemberId, speaking: bool) {
        let now = self.clock.now();
        if let Some(seat) = self.seats.get_mut(&member.0) {
            seat.member.set_speaking(now, speaking);
        }
    }

    /// Changes somebody's link from the server.
    pub fn set_downlink(&mut self, member: MemberId, link: LinkConfig) {
        let downlink = self.seats.get(&member.0).map(|seat| seat.downlink);
        if let Some(downlink) = downlink.and_then(|downlink| self.downlinks.get_mut(downlink)) {
            downlink.set_config(link);
        }
    }

    /// Changes somebody's link towards the server.
    pub fn set_uplink(&mut self, member: MemberId, link: LinkConfig) {
        if let Some(seat) = self.seats.get_mut(&member.0) {
            seat.uplink.set_config(link);
        }
    }

    /// From here on the second one is behind the downlink of the first.
    pub fn share_downlink(&mut self, first: MemberId, second: MemberId) {
        let shared = self.seats.get(&first.0).map(|seat| seat.downlink);
        if let (Some(shared), Some(seat)) = (shared, self.seats.get_mut(&second.0)) {
            seat.downlink = shared;
        }
    }

    /// Lets time pass.
    pub fn run_for(&mut self, duration: Duration) {
        let end = self.clock.now() + duration;
        loop {
            let flight = self.flights.next_at();
            let timer = self.parts.values().filter_map(|part| part.router.poll_timeout()).min();
            let next = [flight, timer, Some(self.next_tick)].into_iter().flatten().min().unwrap_or(end);
            if next > end {
                break;
            }
            self.clock.advance(next);
            if timer.is_some_and(|at| at <= next) {
                let now = self.clock.now();
                for part in self.parts.values_mut() {
                    part.router.handle_timeout(now, &mut part.outbox);
                }
                self.settle();
            } else if flight.is_some_and(|at| at <= next) {
                self.land();
            } else {
                self.tick();
            }
        }
        self.clock.advance(end);
    }

    /// Lets time pass until something holds, at most so long; how long it took.
    pub fn run_until(&mut self, limit: Duration, holds: impl Fn(&Self) -> bool) -> Option<Duration> {
        let begun = self.clock.now();
        while !holds(self) {
            if self.clock.now() - begun >= limit {
                return None;
            }
            self.run_for(Duration::from_millis(20));
        }
        Some(self.clock.now() - begun)
    }

    /// From here on freezes, delays and gaps count anew.
    pub fn forget_the_past(&mut self) {
        self.seats.values_mut().for_each(|seat| seat.member.forget_the_past());
    }

    /// The present.
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Time since the beginning.
    pub fn elapsed(&self) -> Duration {
        self.clock.elapsed()
    }

    fn tick(&mut self) {
        let now = self.clock.now();
        self.next_tick = now + TICK;
        for (id, seat) in &mut self.seats {
            seat.member.handle_tick(now);
            let connection = seat.connection;
            let (uplink, flights) = (&mut seat.uplink, &mut self.flights);
            seat.member.poll_datagrams(|is_rtcp, datagram| {
                for at in uplink.transmit(now, datagram.len() + OVERHEAD_BYTES).into_iter().flatten() {
                    let load = Load::ToServer { from: *id, connection, is_rtcp, datagram: datagram.clone() };
                    flights.push(at, load);
                }
            });
        }
    }

    fn land(&mut self) {
        let now = self.clock.now();
        let Some(load) = self.flights.pop_due(now) else { return };
        let is_current = |seats: &BTreeMap<u32, Seat>, member: u32, connection: u32| {
            seats.get(&member).is_some_and(|seat| seat.connection == connection)
        };
        match load {
            Load::ToServer { from, connection, is_rtcp, datagram } if is_current(&self.seats, from, connection) => {
                let Some(part) = self.part_of(from) else { return };
                if is_rtcp {
                    part.router.handle_rtcp(now, PeerId(from), &datagram, &mut part.outbox);
                } else {
                    part.router.handle_rtp(now, PeerId(from), &datagram, &mut part.outbox);
                }
            }
            Load::ToMember { to, connection, is_rtcp, datagram } if is_current(&self.seats, to, connection) => {
                self.delivered += 1;
                let Some(seat) = self.seats.get_mut(&to) else { return };
                if is_rtcp {
                    seat.member.handle_rtcp(now, &datagram);
                } else {
                    seat.member.handle_rtp(now, &datagram);
                }
                return;
            }
            Load::Layers { to, connection, layers } if is_current(&self.seats, to, connection) => {
                if let Some(seat) = self.seats.get_mut(&to) {
                    seat.member.set_layers(&layers);
                }
                return;
            }
            Load::Lost { whose } => self.connect_again(whose),
            Load::Crossing { from, to, crossing } => self.hear(from, to, crossing),
            Load::ToServer { .. } | Load::ToMember { .. } | Load::Layers { .. } => return,
        }
        self.settle();
    }

    /// Takes what the routers have to say and to send.
    fn settle(&mut self) {
        let now = self.clock.now();
        for worker in self.parts.keys().copied().collect::<Vec<_>>() {
            while let Some(output) = self.parts.get_mut(&worker).and_then(|part| part.router.poll_output()) {
                self.handle_output(now, worker, output);
            }
            let Some(part) = self.parts.get_mut(&worker) else { continue };
            let (datagrams, relayed) = part.outbox.take();
            for (links, track, carried) in relayed {
                self.relay(now, worker, links, track, &carried);
            }
            for (to, is_rtcp, datagram) in datagrams {
                if self.is_guest(worker, to) {
                    self.ask(now, worker, to, datagram);
                } else {
                    self.deliver(now, to, is_rtcp, datagram);
                }
            }
        }
    }

    fn deliver(&mut self, now: Instant, to: PeerId, is_rtcp: bool, datagram: Vec<u8>) {
        let Some(seat) = self.seats.get(&to.0) else { return };
        let connection = seat.connection;
        let Some(downlink) = self.downlinks.get_mut(seat.downlink) else { return };
        for at in downlink.transmit(now, datagram.len() + OVERHEAD_BYTES).into_iter().flatten() {
            self.flights.push(at, Load::ToMember { to: to.0, connection, is_rtcp, datagram: datagram.clone() });
        }
    }

    fn handle_output(&mut self, now: Instant, worker: u8, output: Output) {
        match output {
            Output::Slots { peer, slots } => {
                for report in slots {
                    let slot = (peer.0, report.mid.as_str().to_owned());
                    self.slots.insert(slot, report.state);
                }
            }
            Output::Layers { track, layers } => {
                let Some(connection) = self.seats.get(&track.peer.0).map(|seat| seat.connection) else { return };
                let layers = layers.into_iter().map(|(rid, on)| (rid.as_str().to_owned(), on)).collect();
                self.flights.push(now + SIGNALLING, Load::Layers { to: track.peer.0, connection, layers });
            }
            Output::Wanted { track, layers } => self.want(now, worker, track, layers),
            Output::Speakers { speakers } => {
                if self.parts.get(&worker).is_some_and(|part| part.leads(worker)) {
                    self.speakers = speakers.into_iter().map(|(peer, _)| MemberId(peer.0)).collect();
                }
            }
            Output::Published { .. } | Output::Unpublished { .. } | Output::Quality { .. } => {}
        }
    }
}

//! A meeting on the real router: cameras, microphones and screens over simulated links, in plain RTP.
//!
//! What the shell adds (DTLS, SRTP, ICE) is left out, so that a run costs little more than the router.

mod camera;
mod member;
mod microphone;
mod picture;
mod screen;
mod uplink;
mod wire;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use sfu::{Output, PeerId, Priority, Router, Sink, SlotState, Source, TrackId, Wish};

pub use self::camera::Film;
pub use self::member::Heard;
pub use self::screen::Seen;

use self::member::{Equipment, Member};
use self::uplink::TICK;
use crate::clock::Clock;
use crate::link::{Link, LinkConfig};
use crate::schedule::Schedule;
use crate::seed::Seed;

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
    router: Router,
    seats: BTreeMap<u32, Seat>,
    /// Downlinks, which members may share.
    downlinks: Vec<Link>,
    /// What is under way; bounded by the links' queues.
    flights: Schedule<Load>,
    next_tick: Instant,
    next_member: u32,
    /// What the router last said about a slot: viewer and mid.
    slots: BTreeMap<(u32, String), SlotState>,
    outbox: Outbox,
    delivered: u64,
}

#[derive(Debug)]
struct Seat {
    attendee: Attendee,
    member: Member,
    uplink: Link,
    downlink: usize,
    /// Whom it watches in each slot, and how large.
    watched: BTreeMap<usize, (MemberId, u32, u32)>,
}

/// Orders by time, then by order of sending.
#[derive(Debug)]
enum Load {
    ToServer {
        from: u32,
        is_rtcp: bool,
        datagram: Vec<u8>,
    },
    ToMember {
        to: u32,
        is_rtcp: bool,
        datagram: Vec<u8>,
    },
    /// Signalling: who wants which layer.
    Layers {
        to: u32,
        layers: Vec<(String, bool)>,
    },
}

/// What the router sends while it handles one input.
#[derive(Debug, Default)]
struct Outbox {
    datagrams: Vec<(PeerId, bool, Vec<u8>)>,
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
        let clock = Clock::new();
        let begun = clock.now();
        let router = Router::new(sfu::Config::default(), seed.generator("router").bytes(), begun);
        Self {
            clock,
            begun,
            seed,
            router,
            seats: BTreeMap::new(),
            downlinks: Vec::new(),
            flights: Schedule::new(),
            next_tick: begun + TICK,
            next_member: 0,
            slots: BTreeMap::new(),
            outbox: Outbox::default(),
            delivered: 0,
        }
    }

    /// Somebody joins, publishes what it has, and offers its slots.
    pub fn join(&mut self, attendee: Attendee) -> MemberId {
        let id = self.next_member;
        self.next_member += 1;
        let now = self.clock.now();
        let equipment = Equipment {
            camera: attendee.camera,
            microphone: attendee.microphone,
            video_slots: attendee.video_slots,
            audio_slots: attendee.audio_slots,
        };
        let mut member = Member::new(now, self.begun, id, self.seed, equipment);
        member.set_round_trip(attendee.uplink.delay + attendee.downlink.delay);
        let uplink = Link::new(attendee.uplink, self.seed.generator(&format!("uplink {id}")));
        let downlink = self.downlinks.len();
        self.downlinks.push(Link::new(attendee.downlink, self.seed.generator(&format!("downlink {id}"))));
        self.seats.insert(id, Seat { attendee, member, uplink, downlink, watched: BTreeMap::new() });
        let peer = PeerId(id);
        self.router.handle_join(now, peer);
        if attendee.microphone {
            self.router.handle_publish(now, TrackId { peer, source: Source::Microphone }, wire::microphone());
        }
        if let Some(film) = attendee.camera {
            self.router.handle_publish(now, TrackId { peer, source: Source::Camera }, wire::camera(film));
        }
        self.router.handle_slots(now, peer, wire::slots(attendee.audio_slots, attendee.video_slots));
        self.settle();
        MemberId(id)
    }

    /// Somebody leaves.
    pub fn leave(&mut self, member: MemberId) {
        self.seats.remove(&member.0);
        self.router.handle_leave(self.clock.now(), PeerId(member.0));
        self.slots.retain(|(viewer, _), _| *viewer != member.0);
        self.settle();
    }

    /// Somebody loses its connection and comes back as a new member: it watches whom it watched, and is watched by who watched it.
    pub fn reconnect(&mut self, member: MemberId) -> MemberId {
        let Some(seat) = self.seats.get(&member.0) else { return member };
        let (attendee, watched) = (seat.attendee, seat.watched.clone());
        self.leave(member);
        let again = self.join(attendee);
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
        let track = Some(TrackId { peer: PeerId(whom.0), source: Source::Camera });
        let mid = wire::mid(&wire::video_mid(slot));
        let wish = Wish { mid, track, width_px, height_px, priority: Priority::Normal, paused: false };
        self.router.handle_wish(now, PeerId(viewer.0), wish);
        self.settle();
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
            let timer = self.router.poll_timeout();
            let next = [flight, timer, Some(self.next_tick)].into_iter().flatten().min().unwrap_or(end);
            if next > end {
                break;
            }
            self.clock.advance(next);
            if timer.is_some_and(|at| at <= next) {
                self.router.handle_timeout(self.clock.now(), &mut self.outbox);
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
        self.router.estimate_bps(PeerId(viewer.0))
    }

    /// What a member believes its path to the server carries.
    pub fn uplink_bps(&self, member: MemberId) -> u64 {
        self.seats.get(&member.0).map_or(0, |seat| seat.member.uplink_bps())
    }

    /// Packets that reached members so far.
    pub fn delivered(&self) -> u64 {
        self.delivered
    }

    fn tick(&mut self) {
        let now = self.clock.now();
        self.next_tick = now + TICK;
        for (id, seat) in &mut self.seats {
            seat.member.handle_tick(now);
            let (uplink, flights) = (&mut seat.uplink, &mut self.flights);
            seat.member.poll_datagrams(|is_rtcp, datagram| {
                for at in uplink.transmit(now, datagram.len() + OVERHEAD_BYTES).into_iter().flatten() {
                    flights.push(at, Load::ToServer { from: *id, is_rtcp, datagram: datagram.clone() });
                }
            });
        }
    }

    fn land(&mut self) {
        let now = self.clock.now();
        let Some(load) = self.flights.pop_due(now) else { return };
        match load {
            Load::ToServer { from, is_rtcp, datagram } => {
                if is_rtcp {
                    self.router.handle_rtcp(now, PeerId(from), &datagram, &mut self.outbox);
                } else {
                    self.router.handle_rtp(now, PeerId(from), &datagram, &mut self.outbox);
                }
                self.settle();
            }
            Load::ToMember { to, is_rtcp, datagram } => {
                self.delivered += 1;
                let Some(seat) = self.seats.get_mut(&to) else { return };
                if is_rtcp {
                    seat.member.handle_rtcp(now, &datagram);
                } else {
                    seat.member.handle_rtp(now, &datagram);
                }
            }
            Load::Layers { to, layers } => {
                if let Some(seat) = self.seats.get_mut(&to) {
                    seat.member.set_layers(&layers);
                }
            }
        }
    }

    /// Takes what the router has to say and to send.
    fn settle(&mut self) {
        let now = self.clock.now();
        while let Some(output) = self.router.poll_output() {
            self.handle_output(now, output);
        }
        for (to, is_rtcp, datagram) in std::mem::take(&mut self.outbox.datagrams) {
            let Some(seat) = self.seats.get(&to.0) else { continue };
            let Some(downlink) = self.downlinks.get_mut(seat.downlink) else { continue };
            for at in downlink.transmit(now, datagram.len() + OVERHEAD_BYTES).into_iter().flatten() {
                self.flights.push(at, Load::ToMember { to: to.0, is_rtcp, datagram: datagram.clone() });
            }
        }
    }

    fn handle_output(&mut self, now: Instant, output: Output) {
        match output {
            Output::Slots { peer, slots } => {
                for report in slots {
                    let slot = (peer.0, report.mid.as_str().to_owned());
                    self.slots.insert(slot, report.state);
                }
            }
            Output::Layers { track, layers } => {
                let layers = layers.into_iter().map(|(rid, on)| (rid.as_str().to_owned(), on)).collect();
                self.flights.push(now + SIGNALLING, Load::Layers { to: track.peer.0, layers });
            }
            Output::Published { .. }
            | Output::Unpublished { .. }
            | Output::Wanted { .. }
            | Output::Speakers { .. }
            | Output::Quality { .. } => {}
        }
    }
}

impl Sink for Outbox {
    fn send_rtp(&mut self, to: PeerId, _index: u64, header: &[u8], head: &[u8], payload: &[u8]) {
        self.datagrams.push((to, false, [header, head, payload].concat()));
    }

    fn send_rtcp(&mut self, to: PeerId, compound: &[u8]) {
        self.datagrams.push((to, true, compound.to_vec()));
    }
}

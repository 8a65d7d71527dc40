//! What the router tells, in the words of the rooms; and the way there, or to the live streams.
//!
//! To media a stream is a room. By its number it is known that it is one: those of streams begin where those of rooms never end.

use std::collections::VecDeque;

use room::media::{self as words, MediaEvent, MediaPeerId, MediaRoomId};
use rtp::parameters::Kind;
use sfu::PeerId;
use tokio::sync::mpsc;

use super::member::Member;
use super::slab::Slab;

/// Where events go.
#[derive(Debug, Clone)]
pub struct EventSinks {
    /// Those about rooms.
    pub rooms: mpsc::Sender<MediaEvent>,
    /// Those about streams.
    pub streams: mpsc::Sender<MediaEvent>,
}

impl From<mpsc::Sender<MediaEvent>> for EventSinks {
    /// All of them go there.
    fn from(sender: mpsc::Sender<MediaEvent>) -> Self {
        Self { rooms: sender.clone(), streams: sender }
    }
}

/// The way of events to the rooms and to the streams. None waits for another: what finds a queue full waits here.
#[derive(Debug)]
pub(crate) struct Events {
    rooms: Way,
    streams: Way,
}

#[derive(Debug)]
struct Way {
    sender: mpsc::Sender<MediaEvent>,
    waiting: VecDeque<MediaEvent>,
    dropped: u64,
}

impl Events {
    pub(crate) fn new(sinks: EventSinks) -> Self {
        Self { rooms: Way::new(sinks.rooms), streams: Way::new(sinks.streams) }
    }

    /// The ways themselves, without what waits.
    pub(crate) fn sinks(&self) -> EventSinks {
        EventSinks { rooms: self.rooms.sender.clone(), streams: self.streams.sender.clone() }
    }

    pub(crate) fn send(&mut self, event: MediaEvent) {
        let way = if is_of_stream(&event) { &mut self.streams } else { &mut self.rooms };
        way.send(event);
    }

    /// Hands over as many as are taken. True: some still wait.
    pub(crate) fn flush(&mut self) -> bool {
        let (rooms, streams) = (self.rooms.flush(), self.streams.flush());
        rooms || streams
    }

    /// Events that wait, here and on the way, where more of them do.
    pub(crate) fn waiting(&self) -> usize {
        self.rooms.waiting().max(self.streams.waiting())
    }

    /// Events that nobody took in time.
    pub(crate) fn dropped(&self) -> u64 {
        self.rooms.dropped + self.streams.dropped
    }
}

impl Way {
    fn new(sender: mpsc::Sender<MediaEvent>) -> Self {
        Self { sender, waiting: VecDeque::new(), dropped: 0 }
    }

    fn send(&mut self, event: MediaEvent) {
        if self.waiting.len() >= WAITING_MAX {
            self.dropped += 1;
            return;
        }
        self.waiting.push_back(event);
    }

    fn flush(&mut self) -> bool {
        while let Some(event) = self.waiting.pop_front() {
            match self.sender.try_send(event) {
                Ok(()) => {}
                Err(mpsc::error::TrySendError::Full(event)) => {
                    self.waiting.push_front(event);
                    return true;
                }
                Err(mpsc::error::TrySendError::Closed(_)) => self.waiting.clear(),
            }
        }
        false
    }

    fn waiting(&self) -> usize {
        self.waiting.len() + self.sender.max_capacity().saturating_sub(self.sender.capacity())
    }
}

/// The number that media knows the n-th stream by.
pub(crate) fn stream_room(number: u64) -> MediaRoomId {
    MediaRoomId(FIRST_OF_STREAMS | number)
}

/// Whether a number is that of a stream.
pub(crate) fn is_stream_room(room: MediaRoomId) -> bool {
    room.0 & FIRST_OF_STREAMS != 0
}

/// Whether a number is that of one who publishes or views a live stream.
pub(crate) fn is_stream_peer(peer: MediaPeerId) -> bool {
    peer.0 & FIRST_OF_STREAMS != 0
}

/// The number that media knows the n-th publisher or viewer of streams by.
pub(crate) fn stream_peer(number: u64) -> MediaPeerId {
    MediaPeerId(FIRST_OF_STREAMS | number)
}

fn is_of_stream(event: &MediaEvent) -> bool {
    match event {
        MediaEvent::Answered { peer, .. }
        | MediaEvent::Refused { peer, .. }
        | MediaEvent::Connected { peer }
        | MediaEvent::Disconnected { peer, .. }
        | MediaEvent::Published { peer, .. }
        | MediaEvent::Slots { peer, .. }
        | MediaEvent::Layers { peer, .. }
        | MediaEvent::Lanes { peer, .. }
        | MediaEvent::Data { peer, .. }
        | MediaEvent::DataRefused { peer, .. } => peer.0 >= FIRST_OF_STREAMS,
        MediaEvent::Speakers { room, .. } | MediaEvent::Quality { room, .. } => room.0 >= FIRST_OF_STREAMS,
    }
}

/// Passes on what a router told. Members whose description has changed are noted in `republished`, once each.
pub(crate) fn tell(
    output: sfu::Output,
    room: MediaRoomId,
    members: &mut Slab<Member>,
    events: &mut Events,
    republished: &mut Vec<u32>,
) {
    let id = |members: &Slab<Member>, peer: PeerId| members.get(peer.0).map(|member| member.id);
    match output {
        sfu::Output::Published { track, description } => {
            republish(track, Some(&description), members, republished);
        }
        sfu::Output::Unpublished { track } => republish(track, None, members, republished),
        sfu::Output::Slots { peer, slots } => {
            let Some(peer) = id(members, peer) else { return };
            let slots = slots.into_iter().map(|slot| report(slot, members)).collect();
            events.send(MediaEvent::Slots { peer, slots });
        }
        sfu::Output::Layers { track, layers } => {
            let Some(peer) = id(members, track.peer) else { return };
            let layers = layers.into_iter().map(|(rid, on)| (rid.as_str().to_owned(), on)).collect();
            events.send(MediaEvent::Layers { peer, source: told(track.source), layers });
        }
        // These concern the other parts of the room as well.
        sfu::Output::Wanted { .. } | sfu::Output::Speakers { .. } => {}
        sfu::Output::Quality { members: judged } => {
            let judged = judged.into_iter();
            let judged = judged.filter_map(|(peer, level, why)| Some((id(members, peer)?, level, why.map(quality))));
            events.send(MediaEvent::Quality { room, members: judged.collect() });
        }
    }
}

fn republish(
    track: sfu::TrackId,
    described: Option<&sfu::TrackDescription>,
    members: &mut Slab<Member>,
    republished: &mut Vec<u32>,
) {
    let Some(member) = members.get_mut(track.peer.0) else { return };
    let source = told(track.source);
    let place = member.described.iter().position(|known| known.source == source);
    let described = described.map(|described| description(source, described));
    if place.and_then(|place| member.described.get(place)) == described.as_ref() {
        // Negotiated again and still the same: nobody has to hear of it.
        return;
    }
    member.described.retain(|known| known.source != source);
    member.described.extend(described);
    if !republished.contains(&track.peer.0) {
        republished.push(track.peer.0);
    }
}

fn report(slot: sfu::SlotReport, members: &Slab<Member>) -> words::SlotReport {
    let (state, reason) = state(slot.state);
    let track = slot.track.and_then(|track| Some((members.get(track.peer.0)?.id, told(track.source))));
    words::SlotReport {
        mid: slot.mid.as_str().to_owned(),
        track,
        state,
        reason,
        layer: slot.layer.map(|rid| rid.as_str().to_owned()),
        temporal: slot.temporal,
    }
}

/// The source in the words of the router.
pub(crate) fn routed(source: words::Source) -> sfu::Source {
    match source {
        words::Source::Microphone => sfu::Source::Microphone,
        words::Source::Camera => sfu::Source::Camera,
        words::Source::Screen => sfu::Source::Screen,
        words::Source::ScreenAudio => sfu::Source::ScreenAudio,
    }
}

/// The source in the words of the rooms.
pub(crate) fn told(source: sfu::Source) -> words::Source {
    match source {
        sfu::Source::Microphone => words::Source::Microphone,
        sfu::Source::Camera => words::Source::Camera,
        sfu::Source::Screen => words::Source::Screen,
        sfu::Source::ScreenAudio => words::Source::ScreenAudio,
    }
}

pub(crate) fn priority(priority: words::Priority) -> sfu::Priority {
    match priority {
        words::Priority::Normal => sfu::Priority::Normal,
        words::Priority::Speaker => sfu::Priority::Speaker,
        words::Priority::Pinned => sfu::Priority::Pinned,
    }
}

fn description(source: words::Source, track: &sfu::TrackDescription) -> words::TrackDescription {
    words::TrackDescription {
        source,
        video: track.kind == Kind::Video,
        codec: track.codec.as_str(),
        layers: track.rids.iter().map(|rid| rid.as_str().to_owned()).collect(),
        encrypted: track.encrypted,
    }
}

fn state(state: sfu::SlotState) -> (words::SlotState, Option<words::SlotReason>) {
    use words::{SlotReason, SlotState};
    match state {
        sfu::SlotState::Live => (SlotState::Live, None),
        sfu::SlotState::Waiting => (SlotState::Waiting, None),
        sfu::SlotState::NoBandwidth => (SlotState::Paused, Some(SlotReason::Bandwidth)),
        sfu::SlotState::Muted => (SlotState::Paused, Some(SlotReason::Muted)),
        sfu::SlotState::NoTrack => (SlotState::Waiting, Some(SlotReason::NoTrack)),
        sfu::SlotState::NoCodec => (SlotState::Waiting, Some(SlotReason::Codec)),
        sfu::SlotState::Wish => (SlotState::Paused, Some(SlotReason::Wish)),
    }
}

fn quality(reason: sfu::QualityReason) -> words::QualityReason {
    match reason {
        sfu::QualityReason::Loss => words::QualityReason::Loss,
        sfu::QualityReason::Delay => words::QualityReason::Delay,
        sfu::QualityReason::Bandwidth => words::QualityReason::Bandwidth,
    }
}

/// Rooms and their members are counted from 0 on; so many there will never have been.
const FIRST_OF_STREAMS: u64 = 1 << 63;
/// Events that wait for the rooms, or for the streams: with so many these have been standing still for long.
const WAITING_MAX: usize = 65_536;

//! What the router tells, in the words of the rooms; and the way there.

use std::collections::VecDeque;

use room::media::{self as words, MediaEvent, MediaRoomId};
use rtp::parameters::Kind;
use sfu::PeerId;
use tokio::sync::mpsc;

use super::member::Member;
use super::slab::Slab;

/// The way of events to the rooms. They never wait for each other: what finds the queue full waits here.
#[derive(Debug)]
pub(crate) struct Events {
    sender: mpsc::Sender<MediaEvent>,
    waiting: VecDeque<MediaEvent>,
    dropped: u64,
}

impl Events {
    pub(crate) fn new(sender: mpsc::Sender<MediaEvent>) -> Self {
        Self { sender, waiting: VecDeque::new(), dropped: 0 }
    }

    /// The way itself, without what waits.
    pub(crate) fn sender(&self) -> mpsc::Sender<MediaEvent> {
        self.sender.clone()
    }

    pub(crate) fn send(&mut self, event: MediaEvent) {
        if self.waiting.len() >= WAITING_MAX {
            self.dropped += 1;
            return;
        }
        self.waiting.push_back(event);
    }

    /// Hands over as many as the rooms take. True: some still wait.
    pub(crate) fn flush(&mut self) -> bool {
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

    /// Events that wait, here and on the way.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len() + self.sender.max_capacity().saturating_sub(self.sender.capacity())
    }

    /// Events that nobody took in time.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
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

/// Events that wait for the rooms: with so many the rooms have been standing still for long.
const WAITING_MAX: usize = 65_536;

//! What the signalling side is told.

use std::time::Instant;

use super::Router;
use crate::id::PeerId;
use crate::output::{Output, SlotReport, SlotState};
use crate::peer::Peer;
use crate::slab::Slab;
use crate::slot::{self, Slot};
use crate::track::Track;

/// What was told last.
#[derive(Debug, Default)]
pub(super) struct Told {
    speakers: Vec<PeerId>,
}

impl Told {
    pub(super) fn forget(&mut self, peer: PeerId) {
        self.speakers.retain(|speaker| *speaker != peer);
    }
}

impl Router {
    /// Tells what has changed in the slots.
    pub(super) fn report_slots(&mut self, now: Instant) {
        for (_, peer) in self.peers.iter_mut() {
            if !std::mem::take(&mut peer.slots_changed) {
                continue;
            }
            let slots = changed_slots(now, peer, &self.tracks);
            if !slots.is_empty() {
                self.outputs.push_back(Output::Slots { peer: peer.id, slots });
            }
        }
    }
}

fn changed_slots(now: Instant, peer: &mut Peer, tracks: &Slab<Track>) -> Vec<SlotReport> {
    let mut changed = Vec::new();
    for slot in &mut peer.slots {
        let track = slot.track.and_then(|track| tracks.get(track));
        let state = state_of(now, slot, track);
        let current = slot.forwarder.current().filter(|_| state == SlotState::Live);
        let layer = current.and_then(|current| track?.layers.iter().position(|layer| layer.id == current.stream));
        let highest = layer.and_then(|layer| track?.layers.get(layer)).map(|layer| layer.rates.highest().temporal);
        let temporal = current.and_then(|current| Some(current.level.temporal.min(highest?)));
        let temporal = temporal.filter(|_| highest.is_some_and(|highest| highest > 0));
        let known = slot::Told { track: track.map(|track| track.id), state, layer, temporal };
        let is_untouched = slot.reported.is_none() && slot.wish.is_none() && track.is_none();
        if is_untouched || slot.reported == Some(known) {
            continue;
        }
        slot.reported = Some(known);
        changed.push(SlotReport {
            mid: slot.parameters.mid.clone(),
            track: track.map(|track| track.id),
            state,
            layer: layer.and_then(|layer| track?.layers.get(layer)?.rid.clone()),
            temporal,
        });
    }
    changed
}

fn state_of(now: Instant, slot: &Slot, track: Option<&Track>) -> SlotState {
    if slot.wish.as_ref().is_some_and(|wish| wish.paused) {
        return SlotState::Wish;
    }
    let Some(track) = track else { return SlotState::NoTrack };
    if track.blocked {
        return SlotState::Muted;
    }
    if !slot.can_take(track) {
        return SlotState::NoCodec;
    }
    if slot.demand.is_starved() {
        return SlotState::NoBandwidth;
    }
    let current = slot.forwarder.current().and_then(|current| track.layer_of(current.stream));
    if current.is_some_and(|layer| !track.is_video() || layer.is_active(now)) {
        SlotState::Live
    } else {
        SlotState::Waiting
    }
}

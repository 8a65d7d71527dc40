//! What the signalling side is told.

use std::time::{Duration, Instant};

use super::{Router, tracks_of};
use crate::id::{PeerId, Source};
use crate::interest::wanted_layer;
use crate::layer::Layer;
use crate::output::{Output, SlotReport, SlotState};
use crate::peer::Peer;
use crate::quality::Measured;
use crate::slab::Slab;
use crate::slot::{self, Slot};
use crate::track::{LAYERS_MAX, Track};

/// What was told last, and when the next look is due.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Who speaks, the loudest first; at most [`SPEAKERS_MAX`].
    speakers: Vec<PeerId>,
    speakers_at: Option<Instant>,
    /// They are told next time even if they are the same.
    speakers_again: bool,
    quality_at: Option<Instant>,
}

impl Told {
    /// A peer has gone: if it was said to speak, it is said again who does.
    pub(super) fn forget(&mut self, peer: PeerId) {
        let before = self.speakers.len();
        self.speakers.retain(|speaker| *speaker != peer);
        self.speakers_again |= self.speakers.len() < before;
    }

    /// Whether something is to be said though nothing is published any more.
    pub(super) fn is_owing(&self) -> bool {
        self.speakers_again
    }

    /// Other workers have come or gone. Who of all speaks for the room may be another one, whose word is the last that was heard, and who
    /// has to have heard of the voices of all before it says anything.
    pub(super) fn handle_links(&mut self, now: Instant) {
        self.speakers_again = true;
        self.speakers_at = Some(now + SPEAKERS_INTERVAL);
    }
}

impl Router {
    /// Tells what a track is.
    pub(super) fn report_published(&mut self, now: Instant, key: usize) {
        let Some(track) = self.tracks.get_mut(key).filter(|track| !track.is_remote) else { return };
        let Some(description) = track.description() else { return };
        track.codec_changed = false;
        track.told = Some((now, description.clone()));
        self.outputs.push_back(Output::Published { track: track.id, description });
    }

    /// Tells of tracks that arrive in another codec than was told: seldom, however often the publisher changes its mind.
    pub(super) fn report_codecs(&mut self, now: Instant) {
        for key in 0..self.tracks.bound() {
            let Some(track) = self.tracks.get_mut(key).filter(|track| track.codec_changed) else { continue };
            if track.told.as_ref().is_some_and(|(told_at, _)| now < *told_at + CODEC_INTERVAL) {
                continue;
            }
            track.codec_changed = false;
            if track.told.as_ref().map(|(_, told)| told) != track.description().as_ref() {
                self.report_published(now, key);
            }
        }
    }

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

impl Router {
    /// Tells who speaks, if that has changed.
    pub(super) fn report_speakers(&mut self, now: Instant) {
        if self.told.speakers_at.is_some_and(|due| due > now) {
            return;
        }
        self.told.speakers_at = Some(now + SPEAKERS_INTERVAL);
        let voices = self.tracks.iter().filter(|(_, track)| track.id.source == Source::Microphone && !track.blocked);
        let audible = voices.filter(|(_, track)| track.loudness.was_audible_lately(now));
        let mut speakers: Vec<(PeerId, i8)> =
            audible.map(|(_, track)| (track.id.peer, track.loudness.level_dbov(now))).collect();
        // Small differences are no reason to change the order.
        let rank = |peer: PeerId| self.told.speakers.iter().position(|told| *told == peer).unwrap_or(usize::MAX);
        speakers.sort_by_key(|(peer, level)| (-(level / LEVEL_STEP), rank(*peer), *peer));
        speakers.truncate(SPEAKERS_MAX);
        let has_changed = !speakers.iter().map(|(peer, _)| *peer).eq(self.told.speakers.iter().copied());
        if std::mem::take(&mut self.told.speakers_again) || has_changed {
            self.told.speakers = speakers.iter().map(|(peer, _)| *peer).collect();
            self.outputs.push_back(Output::Speakers { speakers });
        }
    }

    /// Tells the publishers which layers are wanted. Before the first picture nobody knows how large they are.
    pub(super) fn report_layers(&mut self, now: Instant) {
        let linger = self.config.layer_linger;
        for (_, track) in self
            .tracks
            .iter_mut()
            .filter(|(_, track)| !track.is_remote && track.layers.iter().any(|layer| layer.rid.is_some()))
            .filter(|(_, track)| track.layers.iter().any(|layer| layer.tally.pictures > 0))
        {
            let here = largest_wanted(track, &self.peers);
            let elsewhere = track.remote_wants.most().checked_sub(1);
            let largest = track.layers.len().saturating_sub(1);
            let wanted = here.max(elsewhere);
            let wanted = if wanted.unwrap_or(0) == largest { Some(LAYERS_MAX) } else { wanted };
            let told = track.interest.update(now, wanted, linger);
            if let Some(told) = told {
                let named = track.layers.iter().enumerate();
                let layers = named.filter_map(|(index, layer)| Some((layer.rid.clone()?, index <= told))).collect();
                self.outputs.push_back(Output::Layers { track: track.id, layers });
            }
        }
    }

    /// Tells how much of the tracks on other workers is wanted here: more at once, less when it has lasted.
    pub(super) fn report_wants(&mut self, now: Instant) {
        self.wants_changed = false;
        for (_, track) in self.tracks.iter_mut().filter(|(_, track)| track.is_remote) {
            let wanted = largest_wanted(track, &self.peers).map(|layer| layer.saturating_add(1));
            let before = track.interest.told();
            let Some(told) = track.interest.update(now, wanted, WANT_LINGER) else { continue };
            for layer in track.layers.iter_mut().take(told).skip(before) {
                layer.resumes = true;
            }
            let layers = u8::try_from(told).unwrap_or(u8::MAX);
            self.outputs.push_back(Output::Wanted { track: track.id, layers });
        }
    }

    /// Tells how well everybody is connected, where that has changed.
    pub(super) fn report_quality(&mut self, now: Instant) {
        let due = *self.told.quality_at.get_or_insert(now + QUALITY_INTERVAL);
        if due > now {
            return;
        }
        self.told.quality_at = Some(now + QUALITY_INTERVAL);
        let mut members = Vec::new();
        for (_, peer) in self.peers.iter_mut().filter(|(_, peer)| !peer.is_remote && !peer.is_local) {
            let (mut excess, mut lost_256) = (false, peer.loss_256);
            for key in tracks_of(&self.track_keys, peer.id) {
                let Some(track) = self.tracks.get_mut(key) else { continue };
                excess |= std::mem::take(&mut track.exceeded);
                let flowing = track.layers.iter().filter(|layer| layer.is_active(now));
                lost_256 = flowing.map(Layer::fraction_lost).fold(lost_256, u8::max);
            }
            let measured = Measured {
                silence: now.saturating_duration_since(peer.heard_at),
                loss: f32::from(lost_256) / 256.0,
                round_trip: peer.round_trip.unwrap_or_default(),
                excess,
                starved: peer.is_starved,
                served: if peer.wanted_bps == 0 { 1.0 } else { peer.granted_bps as f32 / peer.wanted_bps as f32 },
            };
            let quality = measured.level();
            if quality != peer.quality {
                peer.quality = quality;
                members.push((peer.id, quality.0, quality.1));
            }
        }
        if !members.is_empty() {
            self.outputs.push_back(Output::Quality { members });
        }
    }
}

/// The largest layer that somebody here wants of a track, by its index; `None` when nobody looks or listens.
fn largest_wanted(track: &Track, peers: &Slab<Peer>) -> Option<usize> {
    let slots = track.subscribers.iter().filter_map(|here| peers.get(here.peer)?.slots.get(here.slot));
    let watching = slots.filter(|slot| slot.wish.as_ref().is_none_or(|wish| !wish.paused));
    // Of a blind track nobody gets more than the smallest layer.
    let layers = if track.is_blind { track.layers.get(..1).unwrap_or_default() } else { &track.layers };
    watching.map(|slot| wanted_layer(slot.wish.as_ref(), layers)).max()
}

fn changed_slots(now: Instant, peer: &mut Peer, tracks: &Slab<Track>) -> Vec<SlotReport> {
    let mut changed = Vec::new();
    for slot in &mut peer.slots {
        let track = slot.track.and_then(|track| tracks.get(track));
        let state = state_of(now, slot, track);
        let current = slot.forwarder.current().filter(|_| state == SlotState::Live);
        let layer = layer_of(slot, track, state);
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

/// Which layer of its track a slot gets.
pub(super) fn layer_of(slot: &Slot, track: Option<&Track>, state: SlotState) -> Option<usize> {
    let current = slot.forwarder.current().filter(|_| state == SlotState::Live)?;
    track?.layers.iter().position(|layer| layer.id == current.stream)
}

/// Whether media flows in a slot.
pub(super) fn state_of(now: Instant, slot: &Slot, track: Option<&Track>) -> SlotState {
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
    // A screen that does not change sends nothing, and is still to be seen.
    let stays = !track.is_video() || matches!(track.id.source, Source::Screen);
    let is_fresh = |layer: &Layer| layer.last_at.is_some_and(|last| now.saturating_duration_since(last) < STILL);
    if current.is_some_and(|layer| stays || is_fresh(layer)) { SlotState::Live } else { SlotState::Waiting }
}

/// Another codec of a track is told at most so often.
const CODEC_INTERVAL: Duration = Duration::from_secs(1);

/// A camera that sends nothing for longer is waited for.
const STILL: Duration = Duration::from_secs(2);

/// Speakers are told at most so often.
const SPEAKERS_INTERVAL: Duration = Duration::from_millis(350);

/// So long what nobody here wants any more still comes from another worker: a speaker who pauses is soon heard again.
const WANT_LINGER: Duration = Duration::from_secs(2);

/// Quality is told at most so often.
const QUALITY_INTERVAL: Duration = Duration::from_secs(3);

/// So many speakers are told: more at a time are noise.
const SPEAKERS_MAX: usize = 8;

/// Levels within so many dB are alike.
const LEVEL_STEP: i8 = 10;

//! Which track is in which slot.

use std::sync::Arc;
use std::time::Instant;

use rtp::parameters::{Kind, SendParameters};

use super::Router;
use crate::id::{Source, TrackId};
use crate::slot::{Format, Slot, Wish};
use crate::track::Subscription;

impl Router {
    /// The slots of a peer as negotiated.
    pub(super) fn replace_slots(&mut self, now: Instant, key: usize, parameters: Vec<SendParameters>) {
        let mut slots = Vec::with_capacity(parameters.len().min(SLOTS_MAX));
        for parameters in parameters.into_iter().take(SLOTS_MAX) {
            let Some(peer) = self.peers.get_mut(key) else { return };
            let is_same =
                |slot: &Slot| slot.parameters.mid == parameters.mid && slot.parameters.ssrc == parameters.ssrc;
            let known = peer.slots.iter().position(is_same).map(|index| peer.slots.swap_remove(index));
            let formats = formats(&slots, &parameters);
            slots.push(match known {
                Some(slot) => slot.with(parameters, formats),
                None => Slot::new(parameters, formats, self.random_number(), self.random_number()),
            });
        }
        for (_, track) in self.tracks.iter_mut() {
            track.subscribers.retain(|subscription| subscription.peer != key);
        }
        for (index, slot) in slots.iter().enumerate() {
            if let Some(track) = slot.track.and_then(|track| self.tracks.get_mut(track)) {
                track.subscribers.push(Subscription { peer: key, slot: index });
            }
        }
        let Some(peer) = self.peers.get_mut(key) else { return };
        peer.slots = slots;
        // What waits is named by the places that the slots had before.
        peer.outbound.pacer.clear();
        for slot in 0..peer.slots.len() {
            self.follow_wish(now, key, slot);
        }
        self.want_voices(now, key);
        self.allocate_soon(now, key);
    }

    /// A subscriber's wish for one of its slots.
    pub(super) fn take_wish(&mut self, now: Instant, key: usize, wish: Wish) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let Some(index) = peer.slots.iter().position(|slot| slot.parameters.mid == wish.mid) else { return };
        let Some(slot) = peer.slots.get_mut(index) else { return };
        slot.wish = Some(wish);
        self.wants_changed = true;
        self.follow_wish(now, key, index);
        self.want_voices(now, key);
        self.allocate_soon(now, key);
    }

    /// A track has come: into the slots that wait for it.
    pub(super) fn find_subscribers(&mut self, now: Instant, key: usize) {
        let Some(track) = self.tracks.get(key) else { return };
        let (id, is_audio) = (track.id, track.parameters.kind == Kind::Audio);
        for peer in 0..self.peers.bound() {
            let Some(subscriber) = self.peers.get(peer) else { continue };
            let waits = |slot: &Slot| slot.wish.as_ref().and_then(|wish| wish.track) == Some(id);
            for slot in 0..subscriber.slots.len() {
                let is_waiting = self.peers.get(peer).and_then(|peer| peer.slots.get(slot)).is_some_and(waits);
                if is_waiting {
                    self.follow_wish(now, peer, slot);
                }
            }
            if is_audio {
                self.want_voices(now, peer);
            }
        }
        self.allocate_subscribers(now, key);
    }

    /// A track goes: its slots are empty, automatic ones are filled anew.
    pub(super) fn lose_subscribers(&mut self, now: Instant, key: usize) {
        let Some(track) = self.tracks.get_mut(key) else { return };
        for subscription in std::mem::take(&mut track.subscribers) {
            let Some(peer) = self.peers.get_mut(subscription.peer) else { continue };
            if let Some(slot) = peer.slots.get_mut(subscription.slot) {
                empty(slot);
            }
            self.want_voices(now, subscription.peer);
            self.allocate_soon(now, subscription.peer);
        }
    }

    /// Moderation.
    pub(super) fn block(&mut self, now: Instant, key: usize, blocked: bool) {
        let Some(track) = self.tracks.get_mut(key) else { return };
        track.blocked = blocked;
        // Neither what was shown before nor what nobody was to see is for those who come later.
        track.layers.iter_mut().for_each(|layer| layer.cache.forget_start());
        track.loudness = crate::speaker::Loudness::default();
        self.allocate_subscribers(now, key);
    }

    /// Puts the wished track into a slot, or takes out what is not wished.
    fn follow_wish(&mut self, now: Instant, key: usize, index: usize) {
        let Some(slot) = self.peers.get(key).and_then(|peer| peer.slots.get(index)) else { return };
        if slot.is_automatic() {
            if !self.may_stay(key, index) {
                self.put(now, key, index, None);
            }
            return;
        }
        let wished: Option<TrackId> = slot.wish.as_ref().and_then(|wish| wish.track);
        let kind = slot.parameters.kind;
        let track = wished.and_then(|id| self.track_keys.get(&id).copied());
        let track = track.filter(|track| self.tracks.get(*track).is_some_and(|track| track.parameters.kind == kind));
        self.put(now, key, index, track);
        if let Some(track) = track {
            self.empty_automatic(now, key, track);
        }
    }

    /// Whether what was wished for in a slot may stay in it when the slot becomes automatic: a voice that no other slot has.
    fn may_stay(&self, key: usize, index: usize) -> bool {
        let Some(peer) = self.peers.get(key) else { return true };
        let Some(held) = peer.slots.get(index).and_then(|slot| slot.track) else { return true };
        let mut others = peer.slots.iter().enumerate().filter(|(other, _)| *other != index);
        let is_voice = self.tracks.get(held).is_some_and(|track| track.id.source == Source::Microphone);
        is_voice && others.all(|(_, slot)| slot.track != Some(held))
    }

    /// A track that was wished for is not heard a second time, in a slot of our choice.
    fn empty_automatic(&mut self, now: Instant, key: usize, track: usize) {
        let Some(peer) = self.peers.get(key) else { return };
        let doubled = |slot: &Slot| slot.is_automatic() && slot.track == Some(track);
        if let Some(index) = peer.slots.iter().position(doubled) {
            self.put(now, key, index, None);
        }
    }

    /// Changes what is in a slot.
    pub(super) fn put(&mut self, now: Instant, key: usize, index: usize, track: Option<usize>) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        peer.slots_changed = true;
        let Some(slot) = peer.slots.get_mut(index) else { return };
        if slot.track == track {
            return;
        }
        let here = Subscription { peer: key, slot: index };
        if let Some(before) = slot.track.and_then(|before| self.tracks.get_mut(before)) {
            before.subscribers.retain(|subscription| *subscription != here);
        }
        empty(slot);
        slot.track = track;
        self.wants_changed = true;
        if let Some(track) = track.and_then(|track| self.tracks.get_mut(track)) {
            track.subscribers.push(here);
        }
        self.allocate_soon(now, key);
    }

    fn allocate_soon(&mut self, now: Instant, key: usize) {
        if let Some(peer) = self.peers.get_mut(key) {
            peer.allocate_at = Some(now);
            peer.slots_changed = true;
        }
        self.tick_at.get_or_insert(now);
        self.wake_at(now);
    }
}

/// What is needed of the codecs of a slot, which those before it may have as well.
fn formats(slots: &[Slot], parameters: &SendParameters) -> Arc<[Format]> {
    let is_alike = |slot: &&Slot| Arc::ptr_eq(&slot.parameters.codecs, &parameters.codecs);
    let known = slots.iter().find(is_alike).map(|slot| Arc::clone(&slot.formats));
    known.unwrap_or_else(|| Format::all(&parameters.codecs))
}

fn empty(slot: &mut Slot) {
    slot.track = None;
    slot.codec = None;
    slot.forwarder.set_target(None);
    slot.freezes.pause();
    slot.replay = None;
    slot.demand.restart();
}

/// Slots of one peer; a negotiation has no more media descriptions.
pub(crate) const SLOTS_MAX: usize = 128;

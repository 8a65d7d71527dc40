//! Who gets which layer: the tracks' ladders, the subscriber's tiles and the estimate of its path come together.

use std::time::Instant;

use super::Router;
use super::adapt::share_bps;
use crate::allocator::{Budget, Tile, allocate};
use crate::forwarder::Target;
use crate::id::PeerId;
use crate::ladder::Ladder;
use crate::peer::Peer;
use crate::replay::Replay;
use crate::slab::Slab;
use crate::stats::Stats;
use crate::track::Track;

impl Router {
    /// What the path to a subscriber is believed to carry.
    #[must_use]
    pub fn estimate_bps(&self, peer: PeerId) -> Option<u64> {
        let peer = self.peers.get(*self.peer_keys.get(&peer)?)?;
        Some(peer.outbound.estimator.estimate_bps())
    }

    /// What flows has changed: everybody who gets the track is allocated anew.
    pub(super) fn allocate_subscribers(&mut self, now: Instant, key: usize) {
        let Some(track) = self.tracks.get_mut(key) else { return };
        track.ladder = Ladder::of(now, track.sight(), &mut track.layers);
        for subscription in &track.subscribers {
            if let Some(peer) = self.peers.get_mut(subscription.peer) {
                peer.allocate_at = Some(now);
            }
        }
        self.wake_at(now);
    }

    /// Spends one subscriber's estimate.
    pub(super) fn allocate_peer(&mut self, now: Instant, key: usize) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        peer.allocate_at = None;
        self.demands.clear();
        let (mut has_picture, mut spare_bps) = (false, 0_u64);
        for slot in &mut peer.slots {
            let track = slot.track.and_then(|track| self.tracks.get(track));
            let is_sendable = track.is_some_and(|track| !track.blocked && slot.can_take(track));
            let tile = slot.tile();
            has_picture |= is_sendable && !tile.paused && track.is_some_and(Track::is_video);
            if let Some(track) = track.filter(|_| is_sendable && !tile.paused) {
                spare_bps = spare_bps.saturating_add(track.spare_bps);
            }
            slot.demand.set_tile(Tile { paused: tile.paused || !is_sendable, ..tile });
            let layer_max = slot.wish.as_ref().and_then(|wish| wish.layer_max);
            slot.demand.set_rungs(match (track, layer_max) {
                (Some(track), Some(layer)) => track.ladder.rungs_up_to(layer),
                (Some(track), None) => track.ladder.rungs(),
                (None, _) => &[],
            });
            self.demands.push(slot.demand.clone());
        }
        if peer.is_estimated && !has_picture {
            peer.outbound.estimator.handle_pause();
        }
        peer.is_estimated = has_picture && !peer.is_local;
        let estimator = &peer.outbound.estimator;
        let estimate_bps = if peer.is_local { LOCAL_BPS } else { estimator.estimate_bps() };
        let budget = Budget { estimate_bps, condition: estimator.condition() };
        let allocation = allocate(now, budget, &mut self.demands);
        peer.allocated_bps = budget.estimate_bps;
        // A probe needs packets to be made of: without any it would be wasted, and with it the time until the next.
        let is_probable = !peer.is_local && peer.slots.iter().any(|slot| slot.padding_type().is_some());
        let tried_bps = allocation.wanted_bps.saturating_add(spare_bps);
        peer.outbound.estimator.set_wanted(if is_probable { tried_bps } else { 0 });
        peer.outbound.estimator.set_step(now, if peer.is_local { 0 } else { allocation.step_bps });
        (peer.wanted_bps, peer.granted_bps) = (allocation.wanted_bps, allocation.granted_bps);
        peer.is_starved = allocation.starved > 0;
        peer.allocate_at = allocation.again_at;
        for (slot, demand) in peer.slots.iter_mut().zip(self.demands.drain(..)) {
            slot.demand = demand;
        }
        peer.share_bps = share_bps(peer, &self.tracks);
        aim(now, peer, &mut self.tracks, &mut self.context.stats);
        peer.slots_changed = true;
    }
}

/// Tells the forwarders of a subscriber what was granted, and asks for key frames where they are needed.
fn aim(now: Instant, peer: &mut Peer, tracks: &mut Slab<Track>, stats: &mut Stats) {
    let (is_local, sharer) = (peer.is_local, peer.sharer());
    for (index, slot) in peer.slots.iter_mut().enumerate() {
        let track = slot.track.and_then(|track| tracks.get_mut(track));
        let Some(track) = track else {
            slot.forwarder.set_target(None);
            slot.replay = None;
            continue;
        };
        let flowed = slot.forwarder.target().is_some();
        let step = slot.demand.granted().and_then(|rung| track.ladder.step(rung));
        let target = step.and_then(|step| {
            let layer = track.layers.get(step.layer)?;
            Some(Target { stream: layer.id, level: step.level })
        });
        slot.forwarder.set_target(target);
        if track.blocked || slot.wish.as_ref().is_some_and(|wish| wish.paused) {
            slot.freezes.pause();
        }
        if target.is_none() {
            slot.replay = None;
        }
        if flowed && target.is_none() {
            // What waits of a picture that ends would only delay the sound.
            peer.outbound.pacer.discard(|waiting| usize::from(waiting.slot) == index);
        }
        let stream = target.filter(|_| track.is_video()).map(|target| target.stream);
        let Some((stream, layer)) = stream.and_then(|stream| Some((stream, track.layer_of(stream)?))) else { continue };
        // Who is in this process reads frames, of which each has its own time.
        if slot.replay.is_none() && slot.forwarder.is_idle() && !is_local {
            slot.replay = Replay::begin(now, layer).map(Box::new);
            if slot.replay.is_some() {
                peer.replays = true;
                stats.replays = stats.replays.wrapping_add(1);
            }
        }
        if let Some(replay) = slot.replay.as_deref().filter(|replay| replay.is_of(stream)) {
            if track.may_be_asked() && replay.is_long(now, layer) {
                track.want_key_frame(now, stream, sharer);
            }
            continue;
        }
        let forwarder = &slot.forwarder;
        if forwarder.awaited().is_some() || forwarder.awaits_width(layer.rates.highest().spatial) {
            track.want_key_frame(now, stream, sharer);
        }
    }
}

/// What passes within this process: more than anybody publishes.
const LOCAL_BPS: u64 = 100_000_000_000;

//! For whoever looks at a room: computed when asked, from what is counted anyway.

use std::time::{Duration, Instant};

use rtp::parameters::Rid;

use super::report::{layer_of, state_of};
use super::{Router, tracks_of};
use crate::frame::Level;
use crate::id::{PeerId, TrackId};
use crate::layer::Layer;
use crate::peer::Peer;
use crate::slab::Slab;
use crate::slot::Slot;
use crate::snapshot::{LayerSnapshot, PeerSnapshot, SlotSnapshot, TrackSnapshot};
use crate::track::Track;

impl Router {
    /// A peer that is connected here; `None` when there is none of that name, or it is connected to another worker.
    pub fn look_at(&mut self, now: Instant, peer: PeerId) -> Option<PeerSnapshot> {
        let seen = self.peers.get(*self.peer_keys.get(&peer)?).filter(|seen| !seen.is_remote)?;
        let mut loss_in_256 = 0;
        let mut tracks: Vec<TrackSnapshot> = Vec::new();
        for key in tracks_of(&self.track_keys, peer) {
            let Some(track) = self.tracks.get_mut(key) else { continue };
            let flowing = track.layers.iter().filter(|layer| layer.is_active(now));
            loss_in_256 = flowing.map(Layer::fraction_lost).fold(loss_in_256, u8::max);
            tracks.push(track_snapshot(now, track));
        }
        Some(PeerSnapshot { loss_in: share(loss_in_256), tracks, ..peer_snapshot(now, seen, &self.tracks) })
    }

    /// How long ago the latest key picture of a track came, in any layer; `None` before the first, and for sound.
    #[must_use]
    pub fn since_key_picture(&self, now: Instant, track: TrackId) -> Option<Duration> {
        let track =
            self.track_keys.get(&track).and_then(|key| self.tracks.get(*key)).filter(|track| track.is_video())?;
        let latest = track.layers.iter().filter_map(|layer| layer.key_picture_at).max()?;
        Some(now.saturating_duration_since(latest))
    }

    /// How many slots of peers that are connected here show a track, by the layer that they get.
    #[must_use]
    pub fn viewers(&self, track: TrackId) -> Vec<(Option<Rid>, usize)> {
        let Some(track) = self.track_keys.get(&track).and_then(|key| self.tracks.get(*key)) else { return Vec::new() };
        let slots = || track.subscribers.iter().filter_map(|here| self.peers.get(here.peer)?.slots.get(here.slot));
        let shows = |slot: &Slot, layer: &Layer| slot.forwarder.current().is_some_and(|now| now.stream == layer.id);
        let layers = track.layers.iter();
        layers.map(|layer| (layer.rid.clone(), slots().filter(|slot| shows(slot, layer)).count())).collect()
    }
}

fn peer_snapshot(now: Instant, peer: &Peer, tracks: &Slab<Track>) -> PeerSnapshot {
    let (tally, pacer) = (&peer.tally, &peer.outbound.pacer);
    PeerSnapshot {
        peer: peer.id,
        silence: now.saturating_duration_since(peer.heard_at),
        round_trip: peer.round_trip,
        loss_in: 0.0,
        loss_out: share(peer.loss_256),
        estimate_bps: peer.outbound.estimator.estimate_bps(),
        wanted_bps: peer.wanted_bps,
        granted_bps: peer.granted_bps,
        queued_bytes: pacer.waiting_bytes(),
        queue_drops: pacer.stats().dropped_full.saturating_add(pacer.stats().dropped_late),
        quality: peer.quality,
        received_packets: tally.received_packets,
        received_bytes: tally.received_bytes,
        sent_packets: tally.sent_packets,
        sent_bytes: tally.sent_bytes,
        resent_packets: tally.resent_packets,
        probe_bytes: tally.probe_bytes,
        tracks: Vec::new(),
        slots: peer.slots.iter().map(|slot| slot_snapshot(now, slot, tracks)).collect(),
    }
}

fn track_snapshot(now: Instant, track: &mut Track) -> TrackSnapshot {
    let kind = track.parameters.kind;
    TrackSnapshot {
        source: track.id.source,
        kind,
        codec: track.description().map(|description| description.codec),
        is_blocked: track.blocked,
        standstills: track.standstills.seen(kind, track.id.source),
        layers: track.layers.iter_mut().map(|layer| layer_snapshot(now, layer)).collect(),
    }
}

fn layer_snapshot(now: Instant, layer: &mut Layer) -> LayerSnapshot {
    let tally = layer.tally;
    LayerSnapshot {
        rid: layer.rid.clone(),
        is_active: layer.is_active(now),
        bitrate_bps: layer.rates.up_to_bps(now, Level::HIGHEST),
        size_px: layer.size_px,
        packets: tally.packets,
        bytes: tally.bytes,
        pictures: tally.pictures,
        key_frames: tally.key_frames,
        nacked_packets: tally.nacked_packets,
        key_frame_requests: tally.key_frame_requests,
    }
}

fn slot_snapshot(now: Instant, slot: &Slot, tracks: &Slab<Track>) -> SlotSnapshot {
    let track = slot.track.and_then(|track| tracks.get(track));
    let state = state_of(now, slot, track);
    let layer = layer_of(slot, track, state).and_then(|layer| track?.layers.get(layer)?.rid.clone());
    let (tally, tile) = (&slot.tally, slot.tile());
    SlotSnapshot {
        mid: slot.parameters.mid.clone(),
        kind: slot.parameters.kind,
        track: track.map(|track| track.id),
        state,
        layer,
        tile_px: (tile.width_px, tile.height_px),
        packets: tally.packets,
        bytes: tally.bytes,
        resent_packets: tally.resent_packets,
        nacked_packets: tally.nacked_packets,
        key_frame_requests: tally.key_frame_requests,
        loss: share(tally.lost_256),
        standstills: track.and_then(|track| slot.forwarder.standstills().seen(slot.parameters.kind, track.id.source)),
    }
}

fn share(parts_256: u8) -> f32 {
    f32::from(parts_256) / 256.0
}

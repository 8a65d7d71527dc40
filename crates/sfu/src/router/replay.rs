//! What came since the latest key picture, for a viewer who comes in the middle.

use std::time::Instant;

use super::Router;
use super::deadline::BUDGET;
use crate::cache::Kept;
use crate::forwarder::Input;
use crate::inbound::Inbound;
use crate::peer::{Outgoing, What};
use crate::replay::{Next, Pace};
use crate::sink::Sink;

impl Router {
    /// Goes on with the replays of a peer, as far as its path takes them.
    pub(super) fn replay(&mut self, now: Instant, key: usize, sink: &mut impl Sink) {
        let Some(slots) = self.peers.get(key).filter(|peer| peer.replays).map(|peer| peer.slots.len()) else { return };
        for slot in 0..slots {
            for _ in 0..BUDGET {
                let Some(peer) = self.peers.get_mut(key) else { return };
                let is_due =
                    peer.slots.get(slot).and_then(|slot| slot.replay.as_ref()).is_some_and(|it| it.due() <= now);
                if !is_due || !peer.outbound.pacer.has_room(now) || !self.replay_one(now, key, slot, sink) {
                    break;
                }
            }
        }
        if let Some(peer) = self.peers.get_mut(key) {
            peer.replays = peer.slots.iter().any(|slot| slot.replay.is_some());
        }
    }

    /// Sends the next packet. `false` when the replay of the slot is over.
    fn replay_one(&mut self, now: Instant, key: usize, index: usize, sink: &mut impl Sink) -> bool {
        let Some(peer) = self.peers.get_mut(key) else { return false };
        let Some(slot) = peer.slots.get_mut(index) else { return false };
        let Some(mut replay) = slot.replay.take() else { return false };
        let Some(track) = slot.track.and_then(|track| self.tracks.get(track)) else { return false };
        // Another stream may have begun under the same name, or in the same slot.
        let Some(layer) = track.layer_of(replay.stream()) else { return false };
        if slot.forwarder.current().is_some_and(|current| !replay.is_of(current.stream)) {
            return false;
        }
        let place = match replay.next(layer) {
            Next::Place(place) => place,
            Next::CaughtUp => return false,
            Next::Lost => {
                slot.forwarder.leave();
                peer.allocate_at = Some(now);
                return false;
            }
        };
        let Kept::Packet(cached) = layer.cache.kept(place) else { return false };
        let publisher = self.peer_keys.get(&track.id.peer).copied();
        let Some(ids) = publisher.and_then(|key| self.peers.get(key)).map(|peer| peer.extensions) else { return false };
        let Some(inbound) = Inbound::from_cached(&cached, &ids, &track.parameters) else { return true };
        let frame = replay.read(place, &inbound.payload);
        let Some(peer) = self.peers.get_mut(key) else { return false };
        let Some(slot) = peer.slots.get_mut(index) else { return false };
        if slot.codec_for(inbound.payload_type, track).is_none() {
            return false;
        }
        let input = Input {
            stream: replay.stream(),
            publisher: track.id.peer,
            place,
            timestamp: inbound.payload.timestamp,
            marker: inbound.payload.marker,
            frame: &frame,
            clock: layer.clock(),
            live: layer.live_timestamp(now, inbound.clock_rate_hz),
        };
        let Some(rewrite) = slot.forwarder.handle_packet(now, &input) else {
            slot.replay = Some(replay);
            return true;
        };
        if let Some(freeze) = slot.note_sent(now, &frame, track) {
            self.context.stats.freezes += freeze;
        }
        if rewrite.begins {
            slot.note_beginning();
            peer.report_at = now;
            peer.slots_changed = true;
        }
        self.context.template.clear();
        let outgoing =
            Outgoing { inbound: &inbound, rewrite: &rewrite, what: What::Media, dependencies: replay.dependencies() };
        peer.send(now, index, &outgoing, &mut self.context, sink);
        let bytes = inbound.payload.bytes.len();
        peer.outbound.pacer.handle_sent(now, bytes);
        let rate_bps = peer.outbound.replay_bps(replay.age(now));
        replay.handle_sent(now, &inbound.payload, Pace { rate_bps, clock_rate_hz: inbound.clock_rate_hz });
        if let Some(slot) = peer.slots.get_mut(index) {
            slot.replay = Some(replay);
        }
        true
    }
}

//! Packets that go out later than they came: again, because a subscriber lacks them, or to test its path, or after waiting for their turn.

use std::time::Instant;

use super::Router;
use crate::forwarder::{Input, Lookup, Rewrite, SentPacket};
use crate::frame;
use crate::inbound::Inbound;
use crate::pacer::{Class, Verdict};
use crate::peer::{Outgoing, Waiting, What};
use crate::sink::Sink;

impl Router {
    /// A subscriber lacks a packet of a slot.
    pub(super) fn resend(&mut self, now: Instant, key: usize, slot: usize, number: u16, sink: &mut impl Sink) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let Some(lookup) = peer.slots.get(slot).map(|slot| slot.forwarder.find(number)) else { return };
        match lookup {
            Lookup::Sent(packet) if !peer.slots.get(slot).is_some_and(|slot| slot.forwarder.is_current(&packet)) => {
                // Of before the latest key picture: the subscriber only has to know that it need not wait.
                if peer.outbound.may_resend(now, FILLER_BYTES) {
                    peer.send_filler(now, slot, number, &mut self.context, sink);
                }
            }
            Lookup::Sent(_) => {
                if !peer.outbound.may_resend(now, PACKET_BYTES) {
                    return;
                }
                let slot = u16::try_from(slot).unwrap_or(u16::MAX);
                let waiting = Waiting { slot, number, what: What::Retransmission };
                if peer.outbound.pacer.offer(now, Class::Retransmission, PACKET_BYTES, waiting) == Verdict::SendNow {
                    self.send_waiting(now, key, waiting, sink);
                } else if let Some(due) = peer.outbound.pacer.poll_timeout() {
                    self.wake_at(due);
                }
            }
            Lookup::Reserved(index) => self.fill(now, key, slot, index, sink),
            Lookup::Unknown => {}
        }
    }

    /// Sends what has waited for its turn. `false` when there is nothing that can be sent.
    pub(super) fn send_waiting(&mut self, now: Instant, key: usize, waiting: Waiting, sink: &mut impl Sink) -> bool {
        let slot = usize::from(waiting.slot);
        let Some(peer) = self.peers.get_mut(key) else { return false };
        let Some(place) = peer.slots.get(slot) else { return false };
        let Lookup::Sent(packet) = place.forwarder.find(waiting.number) else { return false };
        let Some(track) = place.track.and_then(|track| self.tracks.get(track)) else { return false };
        let Some(layer) = place.forwarder.stream_of(&packet).and_then(|stream| track.layer_of(stream)) else {
            return false;
        };
        let Some(cached) = layer.cache.packet(now, packet.place) else { return false };
        let publisher = self.peer_keys.get(&track.id.peer).copied();
        let Some(ids) = publisher.and_then(|key| self.peers.get(key)).map(|peer| peer.extensions) else { return false };
        let Some(inbound) = Inbound::from_cached(&cached, &ids, &track.parameters) else { return false };
        let Some(peer) = self.peers.get_mut(key) else { return false };
        let Some(place) = peer.slots.get(slot) else { return false };
        let numbers = frame::numbers(&inbound.payload);
        let Some(rewrite) = place.forwarder.rewrite_again(&packet, inbound.payload.timestamp, &numbers) else {
            return false;
        };
        self.context.template.clear();
        let dependencies = &layer.dependencies;
        let outgoing = Outgoing { inbound: &inbound, rewrite: &rewrite, what: waiting.what, dependencies };
        peer.send(now, slot, &outgoing, &mut self.context, sink)
    }

    /// A number that nothing went out under: what belongs there if it has come meanwhile, nothing while the publisher is asked for it, or
    /// else an empty packet, so that the subscriber does not wait for it.
    fn fill(&mut self, now: Instant, key: usize, slot: usize, index: u64, sink: &mut impl Sink) {
        if let Some((track, rewrite, at)) = self.catch_up(now, key, slot, index) {
            let publisher = self.tracks.get(track).and_then(|track| self.peer_keys.get(&track.id.peer).copied());
            let Some(ids) = publisher.and_then(|key| self.peers.get(key)).map(|peer| peer.extensions) else { return };
            let Some(track) = self.tracks.get(track) else { return };
            let Some(peer) = self.peers.get_mut(key) else { return };
            let current = peer.slots.get(slot).and_then(|slot| slot.forwarder.current());
            let layer = current.and_then(|current| track.layer_of(current.stream));
            let Some(layer) = layer else { return };
            let Some(cached) = layer.cache.packet(now, at) else { return };
            let Some(inbound) = Inbound::from_cached(&cached, &ids, &track.parameters) else { return };
            self.context.template.clear();
            let dependencies = &layer.dependencies;
            let outgoing = Outgoing { inbound: &inbound, rewrite: &rewrite, what: What::Media, dependencies };
            peer.send(now, slot, &outgoing, &mut self.context, sink);
            return;
        }
        if self.is_awaited(key, slot, index) {
            return;
        }
        #[expect(clippy::cast_possible_truncation, reason = "the lower 16 bits are the number")]
        let number = index as u16;
        if let Some(peer) = self.peers.get_mut(key).filter(|peer| peer.slots.get(slot).is_some())
            && peer.outbound.may_resend(now, FILLER_BYTES)
        {
            peer.send_filler(now, slot, number, &mut self.context, sink);
        }
    }

    /// Whether what belongs under a number of a slot is on its way from the publisher, as far as we know.
    fn is_awaited(&self, key: usize, slot: usize, index: u64) -> bool {
        let place = || {
            let slot = self.peers.get(key)?.slots.get(slot)?;
            let layer = self.tracks.get(slot.track?)?.layer_of(slot.forwarder.current()?.stream)?;
            Some(layer.missing.is_awaited(slot.forwarder.place_of(index)?))
        };
        place().unwrap_or(false)
    }

    /// Lets the forwarder number a packet that came in before it was looked at, as happens behind the late start of a key frame.
    fn catch_up(&mut self, now: Instant, key: usize, slot: usize, index: u64) -> Option<(usize, Rewrite, u64)> {
        let track_key = self.peers.get(key)?.slots.get(slot)?.track?;
        let track = self.tracks.get(track_key)?;
        let ids = self.peers.get(*self.peer_keys.get(&track.id.peer)?)?.extensions;
        let track = self.tracks.get_mut(track_key)?;
        let publisher = track.id.peer;
        let slot = self.peers.get_mut(key)?.slots.get_mut(slot)?;
        let current = slot.forwarder.current()?;
        let at = slot.forwarder.place_of(index)?;
        let layer = track.layers.iter_mut().find(|layer| layer.id == current.stream)?;
        let cached = layer.cache.packet(now, at)?;
        let inbound = Inbound::from_cached(&cached, &ids, &track.parameters)?;
        let (frame, _) = frame::read(&inbound.payload, None, &mut layer.dependencies);
        let input = Input {
            stream: current.stream,
            publisher,
            place: at,
            timestamp: inbound.payload.timestamp,
            marker: inbound.payload.marker,
            frame: &frame,
            clock: layer.clock(),
            live: None,
        };
        let rewrite = slot.forwarder.handle_packet(now, &input)?;
        Some((track_key, rewrite, at))
    }

    /// Tests a subscriber's path: with packets that it had already, which repair what it may have lost unnoticed, or with padding.
    pub(super) fn pad(&mut self, now: Instant, key: usize, bytes: usize, sink: &mut impl Sink) -> bool {
        let Some(peer) = self.peers.get_mut(key) else { return false };
        let Some(slot) = peer.slots.iter().position(|slot| slot.padding_type().is_some()) else { return false };
        let latest = peer.slots.get(slot).and_then(|slot| slot.forwarder.latest());
        if let Some(SentPacket { index, .. }) = latest.filter(|_| bytes >= REPEATED_BYTES_MIN) {
            #[expect(clippy::cast_possible_truncation, reason = "the lower 16 bits are the number")]
            let number = index as u16;
            let waiting = Waiting { slot: u16::try_from(slot).unwrap_or(u16::MAX), number, what: What::Padding };
            if self.send_waiting(now, key, waiting, sink) {
                return true;
            }
        }
        let Some(peer) = self.peers.get_mut(key) else { return false };
        peer.send_padding(now, slot, bytes, &mut self.context, sink)
    }
}

/// What a packet is taken for before it is looked up.
const PACKET_BYTES: usize = 1_200;

/// A probe is so many packets of at most the size it asks for: a smaller one is not made of repeated pictures.
const REPEATED_BYTES_MIN: usize = 1_000;

/// Header and number of a packet without payload.
const FILLER_BYTES: usize = 40;

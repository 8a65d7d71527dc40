//! RTP from a publisher: found, numbered, kept, and forwarded to everybody who wants it.

use std::time::Instant;

use rtp::parameters::Kind;
use rtp::sequence::is_newer_timestamp;
use rtp::{Extensions, Packet};

use super::{Router, name_stream, tracks_of};
use crate::forwarder::{Input, StreamId, Target};
use crate::frame::{self, Frame, Payload};
use crate::inbound::Inbound;
use crate::layer::{Arrival, Layer, Previous};
use crate::pacer::{Class, Verdict};
use crate::peer::{Outgoing, StreamPlace, Waiting, What};
use crate::red;
use crate::replay::Replay;
use crate::sink::Sink;
use crate::track::Track;

impl Router {
    /// The whole way of a packet.
    pub(super) fn receive(&mut self, now: Instant, from: usize, bytes: &[u8], sink: &mut impl Sink) {
        let stats = &mut self.context.stats;
        stats.received_packets = stats.received_packets.wrapping_add(1);
        stats.received_bytes = stats.received_bytes.wrapping_add(bytes.len() as u64);
        let Some(peer) = self.peers.get_mut(from) else { return };
        let Ok(packet) = Packet::parse(bytes) else {
            stats.malformed_packets = stats.malformed_packets.wrapping_add(1);
            return;
        };
        peer.heard_at = now;
        peer.tally.received_packets = peer.tally.received_packets.wrapping_add(1);
        peer.tally.received_bytes = peer.tally.received_bytes.wrapping_add(bytes.len() as u64);
        peer.heard_ssrc = packet.ssrc();
        let extensions = Extensions::read(&packet, &peer.extensions);
        let told_before = peer.feedback_due();
        match extensions.transport_sequence {
            Some(number) => peer.arrivals.handle_arrival(now, number, bytes.len()),
            None => {
                if let Some(incoming) = &mut peer.incoming {
                    incoming.handle_arrival(now, extensions.abs_send_time, bytes.len());
                }
            }
        }
        let due = peer.feedback_due().filter(|due| told_before != Some(*due));
        let known = peer.stream(packet.ssrc());
        if let Some(due) = due {
            self.wake_at(due);
        }
        let Some(place) = known.or_else(|| self.learn(now, from, &packet, &extensions)) else {
            let stats = &mut self.context.stats;
            stats.unknown_streams = stats.unknown_streams.wrapping_add(1);
            return;
        };
        if place.rtx && packet.payload().is_empty() {
            // Padding that probes the path. It has a number among the retransmissions only, and repeats nothing.
            return;
        }
        let Some(track) = self.tracks.get(place.track) else { return };
        let Some(inbound) = Inbound::read(&packet, extensions, &track.parameters) else {
            let stats = &mut self.context.stats;
            stats.malformed_packets = stats.malformed_packets.wrapping_add(1);
            return;
        };
        let was_audible = track.loudness.was_audible_lately(now);
        let Some((at, frame)) = self.take_in(now, from, place, &inbound, bytes) else { return };
        if !self.links.is_empty() {
            self.relay(now, place, (bytes, &frame, was_audible), sink);
        }
        self.forward(now, place, (&inbound, at, &frame), sink);
    }

    /// An SSRC that was not heard before.
    fn learn(
        &mut self,
        now: Instant,
        from: usize,
        packet: &Packet<'_>,
        extensions: &Extensions<'_>,
    ) -> Option<StreamPlace> {
        let place = self.resolve(from, packet.payload_type(), extensions)?;
        let peer = self.peers.get_mut(from)?;
        if !peer.beginnings.take(now, 1) || !peer.learn_stream(packet.ssrc(), place) {
            return None;
        }
        if !place.rtx {
            let id = name_stream(&mut self.next_stream);
            let layer = self.tracks.get_mut(place.track)?.layers.get_mut(place.layer)?;
            let before = layer.id;
            layer.restart(id, packet.ssrc());
            self.rename(place.track, before, id);
            self.allocate_subscribers(now, place.track);
        }
        Some(place)
    }

    /// A layer begins anew: who waits for it or has it goes on with the new stream.
    pub(super) fn rename(&mut self, key: usize, before: StreamId, id: StreamId) {
        let Some(track) = self.tracks.get(key) else { return };
        for subscription in &track.subscribers {
            let slot = self.peers.get_mut(subscription.peer).and_then(|peer| peer.slots.get_mut(subscription.slot));
            let Some(forwarder) = slot.map(|slot| &mut slot.forwarder) else { continue };
            if let Some(target) = forwarder.target().filter(|target| target.stream == before) {
                forwarder.set_target(Some(Target { stream: id, ..target }));
            }
        }
    }

    /// Finds track and layer by mid and rid (RFC 9143 §9.2, RFC 8852), or by the payload type where only one track has it.
    fn resolve(&self, from: usize, payload_type: u8, extensions: &Extensions<'_>) -> Option<StreamPlace> {
        let peer = self.peers.get(from)?;
        let mut own = tracks_of(&self.track_keys, peer.id).filter_map(|key| Some((key, self.tracks.get(key)?)));
        let (key, track) = if let Some(mid) = extensions.mid {
            own.find(|(_, track)| track.parameters.mid.as_str().as_bytes() == mid)?
        } else {
            let mut by_type = own.filter(|(_, track)| has_payload_type(track, payload_type));
            let first = by_type.next()?;
            if by_type.next().is_some() {
                return None;
            }
            first
        };
        let rtx = track.parameters.codecs.iter().any(|codec| codec.rtx_payload_type == Some(payload_type));
        let rid = if rtx { extensions.repaired_rid.or(extensions.rid) } else { extensions.rid };
        let layer = if track.layers.iter().any(|layer| layer.rid.is_some()) {
            let named = |layer: &Layer| layer.rid.as_ref().map(|rid| rid.as_str().as_bytes()) == rid;
            rid.and_then(|_| track.layers.iter().position(named))?
        } else {
            0
        };
        Some(StreamPlace { track: key, layer, rtx })
    }

    /// Numbers, counts and keeps a packet. `None` when it is not to be forwarded.
    pub(super) fn take_in(
        &mut self,
        now: Instant,
        from: usize,
        place: StreamPlace,
        inbound: &Inbound<'_>,
        bytes: &[u8],
    ) -> Option<(u64, Frame)> {
        let is_remote = self.peers.get(from)?.is_remote;
        let track = self.tracks.get_mut(place.track)?;
        if !is_remote && !track.allowance.take(now, bytes.len()) {
            track.exceeded = true;
            self.context.stats.excess_packets = self.context.stats.excess_packets.wrapping_add(1);
            return None;
        }
        let latest = crate::layer::latest(&track.layers);
        let was_active =
            latest.is_some_and(|latest| track.layers.get(place.layer).is_some_and(|layer| layer.is_active(latest)));
        let at = self.number(now, from, place, inbound)?;
        let track = self.tracks.get_mut(place.track)?;
        let layer = track.layers.get_mut(place.layer)?;
        if !layer.is_active(now) {
            layer.key_frames.handle_return();
        }
        let due = earlier(layer.missing.poll_timeout(), layer.key_frames.poll_timeout());
        if !inbound.repaired {
            layer.handle_reception(now, at, inbound.payload.timestamp, inbound.clock_rate_hz);
        }
        let frame = inspect(now, layer, at, inbound, bytes);
        track.standstills.handle_packet(now);
        if track.parameters.kind == Kind::Audio && !is_remote {
            match inbound.extensions.audio_level {
                Some(level) => track.loudness.handle_level(now, level),
                None => track.loudness.handle_unmeasured(now),
            }
        }
        let sight_changed = note_sight(track, &inbound.payload);
        let is_blocked = track.blocked;
        if track.payload_type != Some(inbound.payload_type) {
            track.payload_type = Some(inbound.payload_type);
            track.codec_changed = true;
        }
        if !was_active || sight_changed {
            self.allocate_subscribers(now, place.track);
        }
        if let Some(due) = due {
            self.wake_at(due);
        }
        (!is_blocked).then_some((at, frame))
    }

    /// The place of a packet in its stream, with what follows from it. `None` when it has come before, or begins what may not begin.
    fn number(&mut self, now: Instant, from: usize, place: StreamPlace, inbound: &Inbound<'_>) -> Option<u64> {
        let is_remote = self.peers.get(from)?.is_remote;
        let track = self.tracks.get_mut(place.track)?;
        let layer = track.layers.get_mut(place.layer)?;
        let highest_before = layer.highest();
        match layer.handle_number(inbound.number) {
            Arrival::Duplicate => {
                let stats = &mut self.context.stats;
                stats.duplicate_packets = stats.duplicate_packets.wrapping_add(1);
                None
            }
            Arrival::Newest(at) => {
                if inbound.nack || is_remote {
                    note_gap(now, layer, highest_before, at);
                }
                Some(at)
            }
            Arrival::Late(at) => {
                if let Some(sample) = layer.missing.handle_filled(now, at).filter(|_| !is_remote)
                    && let Some(peer) = self.peers.get_mut(from)
                {
                    peer.handle_round_trip(sample);
                }
                Some(at)
            }
            Arrival::Restart(_) if !self.peers.get_mut(from)?.beginnings.take(now, 1) => None,
            Arrival::Restart(at) => {
                let (ssrc, before) = (layer.ssrc?, layer.id);
                let id = name_stream(&mut self.next_stream);
                layer.restart_at(id, ssrc, inbound.number);
                self.rename(place.track, before, id);
                self.allocate_subscribers(now, place.track);
                Some(at)
            }
        }
    }

    /// The fan-out: each subscriber's forwarder decides and numbers, the packet itself is shared.
    pub(super) fn forward(
        &mut self,
        now: Instant,
        place: StreamPlace,
        (inbound, at, frame): (&Inbound<'_>, u64, &Frame),
        sink: &mut impl Sink,
    ) {
        let Some(track) = self.tracks.get(place.track) else { return };
        let Some(layer) = track.layers.get(place.layer) else { return };
        let input = Input {
            stream: layer.id,
            publisher: track.id.peer,
            place: at,
            timestamp: inbound.payload.timestamp,
            marker: inbound.payload.marker,
            frame,
            clock: layer.clock(),
            live: None,
        };
        let class = if track.is_video() { Class::Video } else { Class::Audio };
        self.context.template.clear();
        let mut due: Option<Instant> = None;
        for subscription in &track.subscribers {
            let Some(peer) = self.peers.get_mut(subscription.peer) else { continue };
            let is_watched = peer.is_watched();
            let Some(slot) = peer.slots.get_mut(subscription.slot) else { continue };
            if let Some(replay) = slot.replay.as_deref_mut().filter(|replay| replay.is_of(layer.id)) {
                // It gets there by itself, and goes on with a new key picture at once.
                if frame.key && frame.starts_picture && layer.cache.start() == Some(at) {
                    *replay = Replay::at(now, layer.id, at);
                    slot.forwarder.leave();
                }
                due = Some(now);
                continue;
            }
            let Some(codec) = slot.codec_for(inbound.payload_type, track) else { continue };
            if codec.unwraps && red::primary(inbound.payload.bytes).is_none() {
                continue;
            }
            let Some(rewrite) = slot.forwarder.handle_packet(now, &input) else { continue };
            if let Some(freeze) = slot.note_sent(now, frame, track).filter(|_| is_watched) {
                self.context.stats.freezes += freeze;
            }
            if rewrite.begins {
                slot.note_beginning();
                peer.report_at = now;
                peer.slots_changed = true;
                due = Some(now);
            }
            let slot = u16::try_from(subscription.slot).unwrap_or(u16::MAX);
            if rewrite.begins {
                // Nobody waits for pictures of before the key picture, least of all if there was no room for them.
                peer.outbound.pacer.discard(|waiting| waiting.slot == slot);
            }
            let waiting = Waiting {
                slot,
                #[expect(clippy::cast_possible_truncation, reason = "the lower 16 bits are the number")]
                number: rewrite.index as u16,
                what: What::Media,
            };
            let verdict = match peer.is_local {
                true => Verdict::SendNow,
                false => peer.outbound.pacer.offer(now, class, inbound.payload.bytes.len(), waiting),
            };
            match verdict {
                Verdict::SendNow => {
                    let outgoing =
                        Outgoing { inbound, rewrite: &rewrite, what: What::Media, dependencies: &layer.dependencies };
                    peer.send(now, subscription.slot, &outgoing, &mut self.context, sink);
                }
                Verdict::Queued => due = earlier(due, peer.outbound.pacer.poll_timeout()),
                Verdict::Dropped => {}
            }
        }
        if let Some(due) = due {
            self.wake_at(due);
        }
    }
}

/// What a packet is, entered into the books of its layer.
fn inspect(now: Instant, layer: &mut Layer, at: u64, inbound: &Inbound<'_>, bytes: &[u8]) -> Frame {
    layer.last_at = Some(now);
    if layer.previous.is_none_or(|previous| is_newer_timestamp(inbound.payload.timestamp, previous.timestamp)) {
        layer.handle_frame(now);
    }
    let tally = &mut layer.tally;
    tally.packets = tally.packets.wrapping_add(1);
    tally.bytes = tally.bytes.wrapping_add(bytes.len() as u64);
    if inbound.payload.bytes.is_empty() {
        // Padding to probe us: its number is closed up, also for those who come later.
        layer.cache.insert(now, at, bytes, inbound.repaired);
        return Frame::PADDING;
    }
    let (frame, size) = frame::read(&inbound.payload, layer.previous, &mut layer.dependencies);
    tally.pictures = tally.pictures.wrapping_add(u64::from(frame.starts_picture));
    if frame.key && frame.starts_picture {
        tally.key_frames = tally.key_frames.wrapping_add(1);
        layer.key_picture_at = Some(now);
        layer.key_frames.handle_key_frame();
        layer.cache.handle_key_picture(at);
        layer.size_px = size.or(layer.size_px);
    }
    if frame.is_blind && frame.starts_picture {
        layer.key_frames.handle_blind_picture();
    }
    layer.rates.handle_packet(now, frame.level, bytes.len());
    if layer.previous.is_none_or(|previous| previous.place < at) {
        layer.previous = Some(Previous { place: at, timestamp: inbound.payload.timestamp });
    }
    layer.cache.insert(now, at, bytes, inbound.repaired);
    frame
}

/// Whether it has changed that key frames of a track can be told.
fn note_sight(track: &mut Track, payload: &Payload<'_>) -> bool {
    let is_blind = payload.encrypted && payload.descriptor.is_none();
    let changed = track.is_video() && !payload.bytes.is_empty() && track.is_blind != is_blind;
    if changed {
        track.is_blind = is_blind;
    }
    changed
}

/// Remembers what was passed over, to ask for it.
fn note_gap(now: Instant, layer: &mut Layer, highest_before: Option<u64>, at: u64) {
    let Some(before) = highest_before else { return };
    let first = before.saturating_add(1);
    if first < at && layer.missing.handle_gap(now, first, at) {
        layer.key_frames.want(now);
    }
}

fn has_payload_type(track: &Track, payload_type: u8) -> bool {
    let is_one = |codec: &rtp::parameters::Codec| {
        codec.payload_type == payload_type || codec.rtx_payload_type == Some(payload_type)
    };
    track.parameters.codecs.iter().any(is_one)
}

fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    [one, other].into_iter().flatten().min()
}

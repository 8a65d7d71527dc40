//! A room on several workers: what goes to the others, what comes from them, and what they ask of the publishers here.

use std::time::{Duration, Instant};

use rtp::rtcp::{self, Nack};
use rtp::{Extensions, Packet};

use super::{Router, name_stream};
use crate::frame::Frame;
use crate::id::Source;
use crate::inbound::Inbound;
use crate::link::{Clock, LinkId, Links, Relayed};
use crate::peer::StreamPlace;
use crate::sink::Sink;
use crate::timeline::NtpTime;

impl Router {
    /// Other workers have come or gone.
    pub(super) fn follow_links(&mut self, now: Instant, links: Links, sink: &mut impl Sink) {
        let (gone, come) = (self.links.without(links), links.without(self.links));
        self.links = links;
        for key in 0..self.tracks.bound() {
            let Some(track) = self.tracks.get_mut(key).filter(|track| !track.is_remote) else { continue };
            track.remote_wants.forget(gone);
            track.backlogs.forget(gone);
            for layer in 0..track.layers.len() {
                self.relay_picture(key, layer, come, sink);
            }
        }
        self.told.handle_links(now);
        // The publishers may switch layers off.
        self.tick_at.get_or_insert(now);
        self.wake_at(now);
    }

    /// Another worker wants so many layers of a track.
    pub(super) fn note_remote_want(
        &mut self,
        now: Instant,
        key: usize,
        link: LinkId,
        layers: u8,
        sink: &mut impl Sink,
    ) {
        let Some(track) = self.tracks.get_mut(key).filter(|track| !track.is_remote) else { return };
        if !self.links.contains(link) {
            return;
        }
        let before = (0..track.layers.len()).filter(|layer| track.remote_wants.of_layer(*layer).contains(link)).count();
        track.remote_wants.set(link, layers);
        track.backlogs.shorten(link, usize::from(layers));
        for layer in before..usize::from(layers).min(track.layers.len()) {
            self.relay_clock(now, key, layer, Some(link), sink);
            self.begin_backlog(now, key, layer, link);
        }
        self.tick_at.get_or_insert(now);
        self.wake_at(now);
    }

    /// A packet of a publisher here, for all who want its layer elsewhere.
    pub(super) fn relay(
        &self,
        now: Instant,
        place: StreamPlace,
        (bytes, frame, was_audible): (&[u8], &Frame, bool),
        sink: &mut impl Sink,
    ) {
        if frame.key && frame.starts_picture {
            self.relay_picture(place.track, place.layer, self.links, sink);
        }
        let Some(track) = self.tracks.get(place.track) else { return };
        if !was_audible && track.id.source == Source::Microphone && track.loudness.is_audible(now) {
            sink.relay(self.links, track.id, Relayed::Level(track.loudness.level_dbov(now)));
        }
        let to = track.remote_wants.of_layer(place.layer).without(track.backlogs.of_layer(place.layer));
        if !to.is_empty() {
            sink.relay(to, track.id, Relayed::Packet { layer: number_of(place.layer), bytes });
        }
    }

    /// What the last sender report of a layer said, for one worker or all who want the layer.
    pub(super) fn relay_clock(
        &self,
        now: Instant,
        key: usize,
        layer: usize,
        link: Option<LinkId>,
        sink: &mut impl Sink,
    ) {
        let Some(track) = self.tracks.get(key) else { return };
        let to = link.map_or_else(|| track.remote_wants.of_layer(layer), Links::only);
        let report = track.layers.get(layer).and_then(|layer| layer.report(now));
        if let Some((clock, age)) = report.filter(|_| !to.is_empty()) {
            let clock = Clock { ntp: clock.ntp.0, timestamp: clock.timestamp, age };
            sink.relay(to, track.id, Relayed::Clock { layer: number_of(layer), clock });
        }
    }

    /// How loud the voices here are, for all other workers.
    pub(super) fn relay_levels(&self, now: Instant, sink: &mut impl Sink) {
        if self.links.is_empty() {
            return;
        }
        for (_, track) in self.tracks.iter() {
            let is_voice = track.id.source == Source::Microphone && !track.is_remote && !track.blocked;
            if is_voice && track.loudness.was_audible_lately(now) {
                sink.relay(self.links, track.id, Relayed::Level(track.loudness.level_dbov(now)));
            }
        }
    }

    fn relay_picture(&self, key: usize, layer: usize, to: Links, sink: &mut impl Sink) {
        let Some(track) = self.tracks.get(key) else { return };
        let size = track.layers.get(layer).and_then(|layer| layer.size_px);
        if let Some((width_px, height_px)) = size.filter(|_| !to.is_empty()) {
            sink.relay(to, track.id, Relayed::Picture { layer: number_of(layer), width_px, height_px });
        }
    }

    /// Something about a track of another worker.
    pub(super) fn receive_relayed(&mut self, now: Instant, key: usize, relayed: Relayed<'_>, sink: &mut impl Sink) {
        let Some(track) = self.tracks.get_mut(key).filter(|track| track.is_remote) else { return };
        match relayed {
            Relayed::Packet { layer, bytes } => {
                self.receive_relayed_packet(now, key, usize::from(layer), (bytes, false), sink);
            }
            Relayed::Past { layer, bytes } => {
                self.receive_relayed_packet(now, key, usize::from(layer), (bytes, true), sink);
            }
            Relayed::Clock { layer, clock } => self.take_clock(now, key, usize::from(layer), clock),
            Relayed::Picture { layer, width_px, height_px } => {
                if let Some(layer) = track.layers.get_mut(usize::from(layer)) {
                    layer.size_px = Some((width_px, height_px));
                }
            }
            Relayed::Level(level_dbov) => {
                let was_audible = track.loudness.was_audible_lately(now);
                track.loudness.handle_told(now, level_dbov);
                if !was_audible && track.loudness.is_audible(now) {
                    // Somebody begins to speak: the automatic slots do not wait for the next look.
                    self.tick_at = Some(now);
                    self.wake_at(now);
                }
            }
        }
    }

    fn receive_relayed_packet(
        &mut self,
        now: Instant,
        key: usize,
        layer: usize,
        (bytes, is_past): (&[u8], bool),
        sink: &mut impl Sink,
    ) {
        let stats = &mut self.context.stats;
        stats.relayed_packets = stats.relayed_packets.wrapping_add(1);
        let Some(track) = self.tracks.get(key) else { return };
        let Some(from) = self.peer_keys.get(&track.id.peer).copied() else { return };
        let (Some(peer), Ok(packet)) = (self.peers.get(from), Packet::parse(bytes)) else { return };
        let extensions = Extensions::read(&packet, &peer.extensions);
        let Some(inbound) = Inbound::read(&packet, extensions, &track.parameters) else { return };
        let Some(known) = track.layers.get(layer).map(|layer| layer.ssrc.filter(|_| !layer.resumes)) else { return };
        if inbound.repaired {
            if known.is_none() {
                return;
            }
        } else if known != Some(packet.ssrc()) {
            self.begin_anew(now, key, layer, packet.ssrc());
        }
        let place = StreamPlace { track: key, layer, rtx: inbound.repaired };
        if is_past && let Some(layer) = self.tracks.get_mut(key).and_then(|track| track.layers.get_mut(layer)) {
            layer.is_filling = true;
        }
        if let Some((at, frame)) = self.take_in(now, from, place, &inbound, bytes).filter(|_| !is_past) {
            self.end_filling(now, place, at);
            self.forward(now, place, (&inbound, at, &frame), sink);
        }
    }

    /// The newest packet of a layer has come: whoever waits is led up to it by what came before.
    fn end_filling(&mut self, now: Instant, place: StreamPlace, at: u64) {
        let layer = self.tracks.get_mut(place.track).and_then(|track| track.layers.get_mut(place.layer));
        let Some(layer) = layer.filter(|layer| layer.is_filling && layer.highest() == Some(at)) else { return };
        layer.is_filling = false;
        self.allocate_subscribers(now, place.track);
    }

    /// A layer of a track of another worker comes under another SSRC, or again after a while.
    fn begin_anew(&mut self, now: Instant, key: usize, layer: usize, ssrc: u32) {
        let id = name_stream(&mut self.next_stream);
        let Some(layer) = self.tracks.get_mut(key).and_then(|track| track.layers.get_mut(layer)) else { return };
        let before = layer.id;
        layer.restart(id, ssrc);
        self.rename(key, before, id);
        self.allocate_subscribers(now, key);
    }

    fn take_clock(&mut self, now: Instant, key: usize, layer: usize, clock: Clock) {
        let Some(track) = self.tracks.get_mut(key) else { return };
        let theirs = NtpTime(clock.ntp);
        let ours = self.clock.ntp(now.checked_sub(clock.age.min(CLOCK_AGE_MAX)).unwrap_or(now));
        if let Some(layer) = track.layers.get_mut(layer) {
            layer.handle_sender_report(now, theirs, clock.timestamp);
        }
        let publisher = self.peer_keys.get(&track.id.peer).copied();
        if let Some(peer) = publisher.and_then(|key| self.peers.get_mut(key)) {
            peer.handle_clock(theirs, ours);
        }
        if let Some(publisher) = publisher {
            self.note_clock(publisher);
        }
    }

    /// Lost packets and key frames for subscribers elsewhere; everything else is between the publisher and this worker.
    pub(super) fn receive_remote_control(
        &mut self,
        now: Instant,
        publisher: usize,
        link: LinkId,
        compound: &[u8],
        sink: &mut impl Sink,
    ) {
        for packet in rtcp::read(compound).flatten() {
            match packet {
                rtcp::Packet::PictureLossIndication(loss) => self.want_key_frame(now, publisher, loss.media_ssrc),
                rtcp::Packet::FullIntraRequest(request) => {
                    request.requests().for_each(|(ssrc, _)| self.want_key_frame(now, publisher, ssrc));
                }
                rtcp::Packet::Nack(nack) => self.relay_again(now, publisher, link, &nack, sink),
                rtcp::Packet::SenderReport(_)
                | rtcp::Packet::ReceiverReport(_)
                | rtcp::Packet::SourceDescription(_)
                | rtcp::Packet::Goodbye(_)
                | rtcp::Packet::Remb(_)
                | rtcp::Packet::TransportFeedback(_)
                | rtcp::Packet::CongestionFeedback(_)
                | rtcp::Packet::Other { .. } => {}
            }
        }
    }

    fn want_key_frame(&mut self, now: Instant, publisher: usize, ssrc: u32) {
        let place = self.peers.get(publisher).and_then(|peer| peer.stream(ssrc)).filter(|place| !place.rtx);
        let Some(place) = place else { return };
        let track = self.tracks.get_mut(place.track);
        let Some(layer) = track.and_then(|track| track.layers.get_mut(place.layer)) else { return };
        layer.key_frames.want(now);
        if let Some(due) = layer.key_frames.poll_timeout() {
            self.wake_at(due);
        }
    }

    /// What a link has lost. What the publisher itself still owes follows when it comes.
    fn relay_again(&self, now: Instant, publisher: usize, link: LinkId, nack: &Nack<'_>, sink: &mut impl Sink) {
        let place = self.peers.get(publisher).and_then(|peer| peer.stream(nack.media_ssrc)).filter(|place| !place.rtx);
        let Some((place, track)) = place.and_then(|place| Some((place, self.tracks.get(place.track)?))) else { return };
        let Some(layer) = track.layers.get(place.layer) else { return };
        if track.blocked || !track.remote_wants.of_layer(place.layer).contains(link) {
            return;
        }
        for number in nack.lost().take(NUMBERS_MAX) {
            if let Some(cached) = layer.place_of(number).and_then(|at| layer.cache.packet(now, at)) {
                let again = Relayed::Packet { layer: number_of(place.layer), bytes: cached.bytes };
                sink.relay(Links::only(link), track.id, again);
            }
        }
    }
}

/// The layer's index on a link; there are few layers.
pub(super) fn number_of(layer: usize) -> u8 {
    u8::try_from(layer).unwrap_or(u8::MAX)
}

/// Numbers of one NACK that are answered: as many as a router asks for in one.
const NUMBERS_MAX: usize = 64;

/// An older sender report says nothing about now.
const CLOCK_AGE_MAX: Duration = Duration::from_secs(60);

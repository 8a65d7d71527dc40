//! What is done when its time has come: pacing, probes, reports, requests to publishers, and the slow look at everything.

use std::time::{Duration, Instant};

use rtp::rtcp::{SenderInfo, Writer};

use super::{Router, tracks_of};
use crate::peer::REPORT_INTERVAL;
use crate::sink::Sink;
use crate::slot::Slot;
use crate::timeline::NtpTime;

impl Router {
    /// Everything that is due.
    pub(super) fn run_due(&mut self, now: Instant, sink: &mut impl Sink) {
        if self.voices_due.is_some_and(|due| due <= now) {
            self.assign_wanted(now);
        }
        if self.tick_at.is_some_and(|tick| tick <= now) {
            self.tick(now, sink);
        } else if std::mem::take(&mut self.wants_changed) {
            self.report_wants(now);
        }
        for key in 0..self.peers.bound() {
            if self.peers.get(key).is_some_and(|peer| peer.poll_timeout() <= now) {
                self.run_peer(now, key, sink);
            }
        }
        for key in 0..self.tracks.bound() {
            if self.tracks.get(key).and_then(crate::track::Track::poll_timeout).is_some_and(|due| due <= now) {
                self.ask_publisher(now, key, sink);
                self.relay_backlogs(now, key, sink);
            }
        }
        let peers = self.peers.iter().map(|(_, peer)| peer.poll_timeout());
        let tracks = self.tracks.iter().filter_map(|(_, track)| track.poll_timeout());
        self.wake = peers.chain(tracks).chain(self.tick_at).chain(self.voices_due).min();
    }

    fn run_peer(&mut self, now: Instant, key: usize, sink: &mut impl Sink) {
        if let Some(peer) = self.peers.get_mut(key) {
            if peer.outbound.estimator.poll_timeout().is_some_and(|due| due <= now) {
                peer.outbound.estimator.handle_timeout(now);
                peer.outbound.pacer.set_rate(now, peer.outbound.estimator.pace_bps());
            }
            if let Some(probe) = peer.outbound.estimator.poll_probe(now) {
                peer.outbound.prober.start(now, probe);
            }
        }
        if self.peers.get(key).and_then(|peer| peer.allocate_at).is_some_and(|due| due <= now) {
            self.allocate_peer(now, key);
        }
        for _ in 0..BUDGET {
            let Some(waiting) = self.peers.get_mut(key).and_then(|peer| peer.outbound.pacer.poll(now)) else { break };
            self.send_waiting(now, key, waiting, sink);
        }
        self.replay(now, key, sink);
        for _ in 0..BUDGET {
            let Some(bytes) = self.peers.get_mut(key).and_then(|peer| peer.outbound.prober.poll_padding(now)) else {
                break;
            };
            if !self.pad(now, key, bytes, sink) {
                // Nothing can be sent that the subscriber would throw away: the probe is off.
                if let Some(peer) = self.peers.get_mut(key) {
                    peer.outbound.prober = crate::prober::Prober::new();
                    peer.outbound.estimator.handle_probe_unsent(now);
                }
                break;
            }
        }
        self.tell_arrivals(now, key, sink);
        self.tell_allowance(now, key, sink);
        if self.peers.get(key).is_some_and(|peer| peer.report_at <= now) {
            self.report_to(now, key, sink);
        }
    }

    /// Feedback to a publisher, by which it adapts.
    fn tell_arrivals(&mut self, now: Instant, key: usize, sink: &mut impl Sink) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let (id, own_ssrc, media_ssrc) = (peer.id, peer.rtcp_ssrc(), peer.heard_ssrc);
        for _ in 0..BUDGET {
            self.scratch.clear();
            if !peer.arrivals.poll_feedback(now, own_ssrc, media_ssrc, &mut self.scratch) {
                break;
            }
            sink.send_rtcp(id, &self.scratch);
        }
    }

    /// Sender reports of the slots and receiver reports about the peer's own streams, in compounds that fit into a packet.
    fn report_to(&mut self, now: Instant, key: usize, sink: &mut impl Sink) {
        let ntp = self.clock.ntp(now);
        let Some(peer) = self.peers.get_mut(key) else { return };
        if peer.is_remote {
            peer.report_at = now + REPORT_INTERVAL;
            return;
        }
        let (id, own_ssrc) = (peer.id, peer.rtcp_ssrc());
        self.scratch.clear();
        for index in 0..peer.slots.len() {
            let Some(slot) = self.peers.get(key).and_then(|peer| peer.slots.get(index)) else { continue };
            let Some(info) = self.sender_info(now, ntp, slot) else { continue };
            Writer::new(&mut self.scratch).sender_report(&info, &[]);
            if self.scratch.len() > COMPOUND_BYTES {
                sink.send_rtcp(id, &self.scratch);
                self.scratch.clear();
            }
        }
        let mut blocks = [rtp::rtcp::ReportBlock::default(); BLOCKS_MAX];
        let mut count = 0_usize;
        for key in tracks_of(&self.track_keys, id) {
            let Some(track) = self.tracks.get_mut(key) else { continue };
            for block in track.layers.iter_mut().filter_map(|layer| layer.report_block(now)) {
                if let Some(free) = blocks.get_mut(count) {
                    *free = block;
                    count = count.saturating_add(1);
                }
            }
        }
        let lost = blocks.iter().take(count).map(|block| block.fraction_lost).max();
        if let (Some(lost), Some(peer)) = (lost, self.peers.get_mut(key))
            && let Some(incoming) = &mut peer.incoming
        {
            incoming.handle_loss(now, lost);
        }
        if count > 0 {
            Writer::new(&mut self.scratch).receiver_report(own_ssrc, blocks.get(..count).unwrap_or_default());
        }
        if !self.scratch.is_empty() {
            sink.send_rtcp(id, &self.scratch);
        }
        let Some(peer) = self.peers.get_mut(key) else { return };
        peer.report_at = now + REPORT_INTERVAL;
        peer.slots.iter_mut().for_each(|slot| slot.report_soon = false);
    }

    /// Which outgoing timestamp belongs to this moment: by the publisher's reports where it made some of all its streams, so that its
    /// sound and picture stay together, by arrival otherwise.
    fn sender_info(&self, now: Instant, ntp: NtpTime, slot: &Slot) -> Option<SenderInfo> {
        slot.forwarder.current()?;
        let rate_hz = slot.forwarder.rate_hz();
        let by_arrival = slot.forwarder.timestamp_at(now)?;
        let by_reports = slot.forwarder.clock().and_then(|(publisher, clock)| {
            let publisher = self.peers.get(*self.peer_keys.get(&publisher)?)?;
            let offset = publisher.clock_offset.filter(|_| publisher.is_told_whole)?;
            let sampled_at = NtpTime(clock.ntp.0.wrapping_add_signed(offset));
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "timestamps wrap around")]
            let elapsed = ntp.units_since(sampled_at, rate_hz) as u32;
            Some(clock.timestamp.wrapping_add(elapsed))
        });
        Some(SenderInfo {
            ssrc: slot.parameters.ssrc,
            ntp: ntp.0,
            timestamp: by_reports.unwrap_or(by_arrival),
            packets: slot.sent_packets,
            octets: slot.sent_octets,
        })
    }

    /// Asks the publisher of a track for lost packets and for key frames.
    fn ask_publisher(&mut self, now: Instant, key: usize, sink: &mut impl Sink) {
        let Some(track) = self.tracks.get_mut(key) else { return };
        let Some(peer) = self.peer_keys.get(&track.id.peer).and_then(|peer| self.peers.get(*peer)) else { return };
        let round_trip = peer.round_trip.unwrap_or(ROUND_TRIP_UNKNOWN);
        let own_ssrc = peer.rtcp_ssrc();
        let is_video = track.is_video();
        let may_ask_for_pictures = track.parameters.codecs.iter().any(|codec| codec.feedback.pli);
        let stats = &mut self.context.stats;
        self.scratch.clear();
        for layer in &mut track.layers {
            let Some(ssrc) = layer.ssrc else { continue };
            let mut numbers = [0; NUMBERS_MAX];
            let asked = layer.missing.poll(now, round_trip, &mut numbers);
            if asked.count > 0 {
                let numbers = numbers.get(..asked.count).unwrap_or_default();
                Writer::new(&mut self.scratch).nack(own_ssrc, ssrc, numbers);
                if !track.is_remote {
                    stats.nacked_packets = stats.nacked_packets.wrapping_add(asked.count as u64);
                }
                layer.tally.nacked_packets = layer.tally.nacked_packets.wrapping_add(asked.count as u64);
            }
            if asked.gave_up && !track.subscribers.is_empty() {
                layer.key_frames.want(now);
            }
            if !is_video {
                // Nobody gets a key frame of sound, whatever was asked for.
                layer.key_frames.handle_key_frame();
            }
            if layer.key_frames.poll(now) {
                if !track.is_remote {
                    stats.key_frame_requests = stats.key_frame_requests.wrapping_add(1);
                }
                layer.tally.key_frame_requests = layer.tally.key_frame_requests.wrapping_add(1);
                if may_ask_for_pictures {
                    Writer::new(&mut self.scratch).picture_loss_indication(own_ssrc, ssrc);
                } else {
                    layer.intra_requests = layer.intra_requests.wrapping_add(1);
                    Writer::new(&mut self.scratch).full_intra_request(own_ssrc, ssrc, layer.intra_requests);
                }
            }
        }
        if !self.scratch.is_empty() {
            sink.send_rtcp(track.id.peer, &self.scratch);
        }
    }

    /// The slow look at everything: what flows, who speaks, who is to get what.
    fn tick(&mut self, now: Instant, sink: &mut impl Sink) {
        self.tick_at = None;
        for (_, track) in self.tracks.iter_mut() {
            track.ladder = crate::ladder::Ladder::of(now, track.sight(), &mut track.layers);
        }
        self.assign_all(now);
        for key in 0..self.peers.bound() {
            self.allocate_peer(now, key);
        }
        self.limit_publishers(now);
        self.report_codecs(now);
        self.report_slots(now);
        self.report_speakers(now);
        self.report_layers(now);
        self.report_wants(now);
        self.relay_levels(now, sink);
        self.report_quality(now);
        if !self.track_keys.is_empty() || self.told.is_owing() {
            self.tick_at = Some(now + TICK);
        }
    }
}

/// How often everything is looked at.
const TICK: Duration = Duration::from_millis(100);

/// Packets for one peer per wake-up from each source.
pub(super) const BUDGET: usize = 64;

/// A compound is sent when it has grown beyond this; one more report still fits into a packet.
const COMPOUND_BYTES: usize = 1_100;

/// Four tracks of three layers are less than one report holds (RFC 3550 §6.4.1).
pub(super) const BLOCKS_MAX: usize = 12;

/// Numbers in one NACK.
const NUMBERS_MAX: usize = 64;

/// Of a publisher from whom nothing came back yet.
const ROUND_TRIP_UNKNOWN: Duration = Duration::from_millis(100);

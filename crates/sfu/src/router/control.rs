//! RTCP from a peer: it ends here. What concerns another peer is asked of it anew.

use std::time::Instant;

use rtp::rtcp::{self, Nack, ReportBlock, SenderInfo};

use super::{Router, tracks_of};
use crate::ladder::Sight;
use crate::sink::Sink;
use crate::timeline::{NtpTime, compact_span};
use crate::track::Track;

impl Router {
    /// All packets of a compound.
    pub(super) fn receive_control(&mut self, now: Instant, from: usize, compound: &[u8], sink: &mut impl Sink) {
        let Some(peer) = self.peers.get_mut(from) else { return };
        peer.heard_at = now;
        if !peer.reports.take(now, 1) {
            self.context.stats.excess_packets = self.context.stats.excess_packets.wrapping_add(1);
            return;
        }
        for packet in rtcp::read(compound).take(PACKETS_MAX) {
            let Ok(packet) = packet else {
                let stats = &mut self.context.stats;
                stats.malformed_rtcp = stats.malformed_rtcp.wrapping_add(1);
                continue;
            };
            if !self.may_work(now, from, steps(&packet)) {
                return;
            }
            match packet {
                rtcp::Packet::SenderReport(report) => {
                    self.take_sender_info(now, from, &report.info, sink);
                    report.blocks.for_each(|block| self.take_block(now, from, &block));
                }
                rtcp::Packet::ReceiverReport(report) => {
                    report.blocks.for_each(|block| self.take_block(now, from, &block));
                }
                rtcp::Packet::Nack(nack) => self.take_nack(now, from, &nack, sink),
                rtcp::Packet::PictureLossIndication(loss) => self.take_picture_loss(now, from, loss.media_ssrc),
                rtcp::Packet::FullIntraRequest(request) => {
                    request.requests().for_each(|(ssrc, _)| self.take_picture_loss(now, from, ssrc));
                }
                rtcp::Packet::Remb(remb) => {
                    if let Some(peer) = self.peers.get_mut(from) {
                        peer.outbound.estimator.handle_remb(now, remb.bitrate_bps);
                        self.follow_estimate(now, from);
                    }
                }
                rtcp::Packet::TransportFeedback(feedback) => {
                    if let Some(peer) = self.peers.get_mut(from) {
                        peer.outbound.estimator.handle_feedback(now, &feedback);
                        self.follow_estimate(now, from);
                    }
                }
                rtcp::Packet::SourceDescription(_)
                | rtcp::Packet::Goodbye(_)
                | rtcp::Packet::CongestionFeedback(_)
                | rtcp::Packet::Other { .. } => {}
            }
        }
    }

    /// Whether a peer may have so much done by another RTCP packet; it is counted then.
    fn may_work(&mut self, now: Instant, from: usize, steps: usize) -> bool {
        let may = self.peers.get_mut(from).is_some_and(|peer| peer.report_steps.take(now, steps));
        if !may {
            self.context.stats.excess_packets = self.context.stats.excess_packets.wrapping_add(1);
        }
        may
    }

    /// A publisher tells which timestamp belongs to which moment.
    fn take_sender_info(&mut self, now: Instant, from: usize, info: &SenderInfo, sink: &mut impl Sink) {
        let Some(peer) = self.peers.get_mut(from) else { return };
        let Some(place) = peer.stream(info.ssrc).filter(|place| !place.rtx) else { return };
        let theirs = NtpTime(info.ntp);
        peer.handle_clock(theirs, self.clock.ntp(now));
        let layer = self.tracks.get_mut(place.track).and_then(|track| track.layers.get_mut(place.layer));
        if let Some(layer) = layer {
            layer.handle_sender_report(now, theirs, info.timestamp);
        }
        self.note_clock(from);
        if !self.links.is_empty() {
            self.relay_clock(now, place.track, place.layer, None, sink);
        }
    }

    /// A publisher has told the clock of one more stream. Until it has of all that flow, they are reported by arrival: one by its clock beside
    /// one by arrival would be apart by what its encoders hold back, which can be half a second.
    pub(super) fn note_clock(&mut self, publisher: usize) {
        let Some(peer) = self.peers.get_mut(publisher) else { return };
        let own = tracks_of(&self.track_keys, peer.id).filter_map(|key| self.tracks.get(key));
        let mut heard = own.filter(|track| track.is_heard()).peekable();
        // A report may come before the first packet of whatever there is.
        peer.is_told_whole = peer.is_told_whole || (heard.peek().is_some() && heard.all(Track::is_told));
    }

    /// A subscriber tells how a slot's stream arrives.
    fn take_block(&mut self, now: Instant, from: usize, block: &ReportBlock) {
        let ours = self.clock.ntp(now).compact();
        let Some(peer) = self.peers.get_mut(from) else { return };
        let Some(slot) = peer.slots.iter_mut().find(|slot| slot.parameters.ssrc == block.ssrc) else { return };
        slot.acknowledged = true;
        slot.tally.lost_256 = block.fraction_lost;
        let lateness = peer.outbound.estimator.lateness();
        #[expect(clippy::cast_possible_truncation, reason = "the lower half without the cycles")]
        let highest = block.highest_sequence as u16;
        let is_late = slot.departures.as_ref().and_then(|departures| departures.is_late(now, highest, lateness));
        let sample = (block.last_sender_report != 0)
            .then(|| ours.wrapping_sub(block.last_sender_report).wrapping_sub(block.delay_since_last))
            .filter(|units| *units < 1 << 31)
            .map(compact_span);
        if let Some(sample) = sample {
            peer.handle_round_trip(sample);
        }
        peer.handle_loss(block.fraction_lost);
        if peer.is_estimated {
            peer.outbound.estimator.handle_report_block(now, block.fraction_lost, sample, is_late);
            self.follow_estimate(now, from);
        }
    }

    /// A subscriber lacks packets.
    fn take_nack(&mut self, now: Instant, from: usize, nack: &Nack<'_>, sink: &mut impl Sink) {
        let Some(peer) = self.peers.get_mut(from) else { return };
        let mut slots = peer.slots.iter_mut().enumerate();
        let Some((slot, asking)) = slots.find(|(_, slot)| slot.parameters.ssrc == nack.media_ssrc) else { return };
        let lost = nack.lost().take(NUMBERS_MAX);
        let count = lost.clone().count() as u64;
        asking.tally.nacked_packets = asking.tally.nacked_packets.wrapping_add(count);
        self.context.stats.asked_packets = self.context.stats.asked_packets.wrapping_add(count);
        for number in lost {
            self.resend(now, from, slot, number, sink);
        }
    }

    /// A subscriber cannot decode: its layer's publisher is asked for a key frame.
    fn take_picture_loss(&mut self, now: Instant, from: usize, ssrc: u32) {
        let Some(peer) = self.peers.get_mut(from) else { return };
        let sharer = peer.sharer();
        let Some(slot) = peer.slots.iter_mut().find(|slot| slot.parameters.ssrc == ssrc) else { return };
        slot.tally.key_frame_requests = slot.tally.key_frame_requests.wrapping_add(1);
        self.context.stats.undecoded_pictures = self.context.stats.undecoded_pictures.wrapping_add(1);
        let Some(target) = slot.forwarder.current().or(slot.forwarder.target()) else { return };
        let Some(track) = slot.track.and_then(|track| self.tracks.get_mut(track)) else { return };
        if track.sight() == Sight::Clear {
            slot.freezes.handle_picture_loss(now);
        }
        if let Some(due) = track.want_key_frame(now, target.stream, sharer) {
            self.wake_at(due);
        }
    }

    /// The estimate of a subscriber's path may have changed.
    fn follow_estimate(&mut self, now: Instant, key: usize) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let estimate = peer.outbound.estimator.estimate_bps();
        peer.outbound.pacer.set_rate(now, peer.outbound.estimator.pace_bps());
        if estimate.saturating_mul(100) < peer.allocated_bps.saturating_mul(SAG_PERCENT) {
            peer.allocate_at = Some(now);
        }
        let due = peer.poll_timeout();
        self.wake_at(due);
    }
}

/// What a packet makes us do: a few bytes of it can be about thousands of packets.
fn steps(packet: &rtcp::Packet<'_>) -> usize {
    let subjects = match packet {
        rtcp::Packet::SenderReport(report) => report.blocks.count(),
        rtcp::Packet::ReceiverReport(report) => report.blocks.count(),
        rtcp::Packet::Nack(nack) => nack.lost().take(NUMBERS_MAX).count(),
        rtcp::Packet::FullIntraRequest(request) => request.requests().count(),
        rtcp::Packet::TransportFeedback(feedback) => usize::from(feedback.status_count),
        rtcp::Packet::SourceDescription(_)
        | rtcp::Packet::Goodbye(_)
        | rtcp::Packet::PictureLossIndication(_)
        | rtcp::Packet::Remb(_)
        | rtcp::Packet::CongestionFeedback(_)
        | rtcp::Packet::Other { .. } => 0,
    };
    subjects.saturating_add(1)
}

/// Packets of one compound that are read: the largest has reports for a room and feedback.
const PACKETS_MAX: usize = 128;

/// Numbers of one NACK that are answered; who lacks more needs a key frame.
const NUMBERS_MAX: usize = 256;

/// When the estimate falls below this share of what it was at the last allocation, the next one does not wait.
const SAG_PERCENT: u64 = 90;

//! Packets on their way to a subscriber: headers filled in, books kept.

use std::time::Instant;

use rtp::Header;
use rtp::parameters::ExtensionIds;
use rtp::payload::Head;

use super::{Peer, What};
use crate::forwarder::Rewrite;
use crate::frame::{DependencyState, has_structure, write_head};
use crate::header::{Patch, Template, send_time_at};
use crate::inbound::Inbound;
use crate::red;
use crate::sink::Sink;
use crate::slot::Slot;
use crate::stats::Stats;
use crate::tally::PeerTally;

/// What all peers need to send.
#[derive(Debug)]
pub(crate) struct Context {
    /// When the router began.
    pub(crate) start: Instant,
    /// The header of the packet at hand.
    pub(crate) template: Template,
    pub(crate) stats: Stats,
}

/// A packet on its way to one subscriber.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outgoing<'a> {
    pub(crate) inbound: &'a Inbound<'a>,
    pub(crate) rewrite: &'a Rewrite,
    pub(crate) what: What,
    /// What explains its dependency descriptor.
    pub(crate) dependencies: &'a DependencyState,
}

impl Peer {
    /// Sends a packet of a slot under the numbers that its forwarder has given it. `false` when nothing can be sent: the subscriber has
    /// no payload type for it.
    pub(crate) fn send(
        &mut self,
        now: Instant,
        slot: usize,
        outgoing: &Outgoing<'_>,
        context: &mut Context,
        sink: &mut impl Sink,
    ) -> bool {
        let Outgoing { inbound, rewrite, what, dependencies: _ } = *outgoing;
        let Some(slot) = self.slots.get_mut(slot) else { return false };
        let Some((_, Some(codec))) = slot.codec else { return false };
        let unwrapped = if codec.unwraps { red::primary(inbound.payload.bytes) } else { Some(inbound.payload.bytes) };
        let Some(bytes) = unwrapped else { return false };
        let repeated = match (what, codec.rtx_payload_type) {
            (What::Media, _) => None,
            (What::Retransmission | What::Padding, Some(payload_type)) => Some(payload_type),
            (What::Retransmission | What::Padding, None) => return false,
        };
        let head = rewrite.picture.and_then(|picture| write_head(inbound.payload.codec, bytes, picture));
        let replaced = head.as_ref().map_or(0, |head| head.replaced);
        let head = head.as_ref().map_or(&[][..], Head::bytes);
        let payload = bytes.get(replaced..).unwrap_or_default();
        let ids = ids_of(slot, self.is_estimated);
        prepare(slot, &ids, outgoing, &mut context.template);
        let header = Header {
            payload_type: codec.payload_type,
            marker: rewrite.marker,
            sequence_number: low(rewrite.index),
            timestamp: rewrite.timestamp,
            ssrc: slot.parameters.ssrc,
        };
        let bytes = TYPICAL_HEADER_BYTES.saturating_add(payload.len());
        let transport = self.outbound.next_transport(now, &ids, bytes, what);
        let mut patch = Patch { header, transport, time: send_time_at(context.start, now), number: rewrite.number };
        let (index, original) = match repeated {
            None => (rewrite.index, None),
            Some(payload_type) => {
                let index = slot.next_rtx;
                slot.next_rtx = index.wrapping_add(1);
                patch.header.payload_type = payload_type;
                patch.header.ssrc = slot.parameters.rtx_ssrc;
                patch.header.sequence_number = low(index);
                (index, Some(low(rewrite.index)))
            }
        };
        let mut full_head = [0; FULL_HEAD_BYTES_MAX];
        let head = with_original(original, head, &mut full_head);
        let header = context.template.patch(&patch);
        sink.send_rtp(self.id, index, header, head, payload);
        let bytes = header.len().saturating_add(head.len()).saturating_add(payload.len());
        if repeated.is_none() && self.outbound.estimator.is_told_alone() {
            slot.departures.get_or_insert_default().note(now, low(rewrite.index));
        }
        count(slot, &mut self.tally, what, bytes, &mut context.stats);
        self.outbound.prober.handle_sent(bytes);
        true
    }

    /// Sends a packet with nothing of a picture in the place of one that never came in, so that the subscriber does not wait for it.
    pub(crate) fn send_filler(
        &mut self,
        now: Instant,
        slot: usize,
        number: u16,
        context: &mut Context,
        sink: &mut impl Sink,
    ) {
        let Some(slot) = self.slots.get_mut(slot) else { return };
        let Some((_, Some(codec))) = slot.codec else { return };
        let (Some(payload_type), Some(timestamp)) = (codec.rtx_payload_type, slot.forwarder.timestamp_at(now)) else {
            return;
        };
        let index = slot.next_rtx;
        slot.next_rtx = index.wrapping_add(1);
        let ids = ids_of(slot, self.is_estimated);
        context.template.build(&ids, &rtp::Extensions::default(), None, None);
        let transport = self.outbound.next_transport(now, &ids, TYPICAL_HEADER_BYTES, What::Retransmission);
        let ssrc = slot.parameters.rtx_ssrc;
        let header = Header { payload_type, marker: false, sequence_number: low(index), timestamp, ssrc };
        let patch = Patch { header, transport, time: send_time_at(context.start, now), number: None };
        let header = context.template.patch(&patch);
        let filling = if slot.parameters.extensions.transport_cc.is_none() { codec.filling() } else { &[] };
        sink.send_rtp(self.id, index, header, &number.to_be_bytes(), filling);
        count(slot, &mut self.tally, What::Retransmission, header.len(), &mut context.stats);
        context.template.clear();
    }

    /// Sends padding only, on the SSRC of retransmissions, to test the path.
    pub(crate) fn send_padding(
        &mut self,
        now: Instant,
        slot: usize,
        bytes: usize,
        context: &mut Context,
        sink: &mut impl Sink,
    ) -> bool {
        let Some(slot) = self.slots.get_mut(slot) else { return false };
        let Some(payload_type) = slot.padding_type() else { return false };
        let timestamp = slot.forwarder.timestamp_at(now).unwrap_or(0);
        let length = u8::try_from(bytes).unwrap_or(u8::MAX).max(1);
        let mut padding = [0; u8::MAX as usize];
        let padding = padding.get_mut(..usize::from(length)).unwrap_or_default();
        if let Some(last) = padding.last_mut() {
            *last = length;
        }
        let index = slot.next_rtx;
        slot.next_rtx = index.wrapping_add(1);
        context.template.build(&slot.parameters.extensions, &rtp::Extensions::default(), None, None);
        let total = TYPICAL_HEADER_BYTES.saturating_add(padding.len());
        let transport = self.outbound.next_transport(now, &slot.parameters.extensions, total, What::Padding);
        let ssrc = slot.parameters.rtx_ssrc;
        let header = Header { payload_type, marker: false, sequence_number: low(index), timestamp, ssrc };
        let patch = Patch { header, transport, time: send_time_at(context.start, now), number: None };
        context.template.set_padding(true);
        let header = context.template.patch(&patch);
        sink.send_rtp(self.id, index, header, &[], padding);
        let bytes = header.len().saturating_add(padding.len());
        count(slot, &mut self.tally, What::Padding, bytes, &mut context.stats);
        context.template.set_padding(false);
        context.template.clear();
        self.outbound.prober.handle_sent(total);
        true
    }
}

/// The ids of what is written into a slot's headers. What counts for the estimate of the path is left out where none is made: the
/// subscriber sends feedback ten or twenty times a second about what is numbered, and nothing about what is not.
fn ids_of(slot: &Slot, is_estimated: bool) -> ExtensionIds {
    let ids = slot.parameters.extensions;
    if is_estimated { ids } else { ExtensionIds { transport_cc: None, abs_send_time: None, ..ids } }
}

/// The template for these ids. Until the subscriber knows the SSRC, the mid is sent along.
fn prepare(slot: &mut Slot, ids: &ExtensionIds, outgoing: &Outgoing<'_>, template: &mut Template) {
    let targets = told_targets(slot, outgoing);
    if slot.acknowledged && template.is_for(ids, targets) {
        return;
    }
    let mut extensions = outgoing.inbound.extensions;
    let descriptor = extensions.dependency_descriptor.zip(targets);
    let rewritten = descriptor.and_then(|(data, mask)| outgoing.dependencies.write_active(data, mask));
    if let Some(rewritten) = &rewritten {
        extensions.dependency_descriptor = Some(rewritten.bytes());
    }
    let mid = (!slot.acknowledged).then(|| slot.parameters.mid.as_str().as_bytes());
    template.build(ids, &extensions, mid, targets);
}

/// The decode targets that the subscriber is to be told of. While it gets fewer than the publisher has, every packet says so: any may be
/// lost. When it gets all of them again, they say that until a key frame brings the structure, with which all are active.
fn told_targets(slot: &mut Slot, outgoing: &Outgoing<'_>) -> Option<u32> {
    let descriptor = outgoing.inbound.extensions.dependency_descriptor?;
    slot.parameters.extensions.dependency_descriptor?;
    let targets = outgoing.dependencies.active_targets(outgoing.rewrite.level?);
    if targets.is_cut {
        slot.is_cut = true;
    } else if has_structure(descriptor) && outgoing.what == What::Media {
        slot.is_cut = false;
    }
    slot.is_cut.then_some(targets.mask)
}

/// RFC 4588 §4: the original number stands before the payload.
fn with_original<'b>(original: Option<u16>, head: &'b [u8], buffer: &'b mut [u8; FULL_HEAD_BYTES_MAX]) -> &'b [u8] {
    let Some(original) = original else { return head };
    let (number, rest) = buffer.split_at_mut(2);
    number.copy_from_slice(&original.to_be_bytes());
    let length = head.len().min(rest.len());
    if let (Some(place), Some(head)) = (rest.get_mut(..length), head.get(..length)) {
        place.copy_from_slice(head);
    }
    buffer.get(..length.saturating_add(2)).unwrap_or_default()
}

fn count(slot: &mut Slot, peer: &mut PeerTally, what: What, bytes: usize, stats: &mut Stats) {
    let octets = bytes as u64;
    stats.sent_packets = stats.sent_packets.wrapping_add(1);
    stats.sent_bytes = stats.sent_bytes.wrapping_add(octets);
    peer.sent_packets = peer.sent_packets.wrapping_add(1);
    peer.sent_bytes = peer.sent_bytes.wrapping_add(octets);
    if what != What::Media {
        stats.resent_packets = stats.resent_packets.wrapping_add(1);
    }
    if what == What::Padding {
        peer.probe_bytes = peer.probe_bytes.wrapping_add(octets);
        return;
    }
    slot.tally.packets = slot.tally.packets.wrapping_add(1);
    slot.tally.bytes = slot.tally.bytes.wrapping_add(octets);
    if what == What::Media {
        slot.sent_packets = slot.sent_packets.wrapping_add(1);
        slot.sent_octets = slot.sent_octets.wrapping_add(u32::try_from(bytes).unwrap_or(0));
    } else {
        peer.resent_packets = peer.resent_packets.wrapping_add(1);
        slot.tally.resent_packets = slot.tally.resent_packets.wrapping_add(1);
    }
}

/// The 16 bits that go on the wire.
#[expect(clippy::cast_possible_truncation, reason = "the lower 16 bits are meant")]
fn low(index: u64) -> u16 {
    index as u16
}

/// For the books of the estimator, before the header is built.
const TYPICAL_HEADER_BYTES: usize = 32;

/// The original number and the longest payload descriptor.
const FULL_HEAD_BYTES_MAX: usize = 2 + rtp::payload::HEAD_BYTES_MAX;

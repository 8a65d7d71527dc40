//! Writing RTCP packets one behind the other into a buffer that the caller keeps.

use super::feedback::REMB_NAME;
use super::{
    FORMAT_APPLICATION, FORMAT_FIR, FORMAT_NACK, FORMAT_PLI, FORMAT_TRANSPORT_WIDE, PAYLOAD_SPECIFIC, RECEIVER_REPORT,
    ReportBlock, SENDER_REPORT, SenderInfo, TRANSPORT_LAYER, TransportFeedbackBuilder, VERSION,
};

/// Appends packets to a compound. Lists longer than their packet holds are cut: 31 report blocks, 255 streams of a REMB.
#[derive(Debug)]
pub struct Writer<'b> {
    output: &'b mut Vec<u8>,
}

impl<'b> Writer<'b> {
    /// Appends to what is already in `output`.
    #[must_use]
    pub fn new(output: &'b mut Vec<u8>) -> Self {
        Self { output }
    }

    /// RFC 3550 §6.4.1.
    pub fn sender_report(&mut self, info: &SenderInfo, blocks: &[ReportBlock]) {
        let blocks = blocks.get(..COUNT_MAX).unwrap_or(blocks);
        self.packet(SENDER_REPORT, blocks.len(), |output| {
            output.extend(info.ssrc.to_be_bytes());
            output.extend(info.ntp.to_be_bytes());
            output.extend(info.timestamp.to_be_bytes());
            output.extend(info.packets.to_be_bytes());
            output.extend(info.octets.to_be_bytes());
            put_blocks(output, blocks);
            0
        });
    }

    /// RFC 3550 §6.4.2.
    pub fn receiver_report(&mut self, ssrc: u32, blocks: &[ReportBlock]) {
        let blocks = blocks.get(..COUNT_MAX).unwrap_or(blocks);
        self.packet(RECEIVER_REPORT, blocks.len(), |output| {
            output.extend(ssrc.to_be_bytes());
            put_blocks(output, blocks);
            0
        });
    }

    /// RFC 4585 §6.2.1. `lost` is in ascending order (around the wrap, too); at most 255 pairs are written.
    pub fn nack(&mut self, sender_ssrc: u32, media_ssrc: u32, lost: &[u16]) {
        self.feedback(TRANSPORT_LAYER, FORMAT_NACK, sender_ssrc, media_ssrc, |output| {
            let mut rest = lost;
            for _ in 0..NACK_PAIRS_MAX {
                let Some((&first, behind)) = rest.split_first() else { break };
                let distance = |number: &u16| number.wrapping_sub(first).wrapping_sub(1);
                let covered = behind.iter().take_while(|number| distance(number) < 16).count();
                let (masked, after) = behind.split_at_checked(covered).unwrap_or((behind, &[]));
                let mask = masked.iter().fold(0_u16, |mask, number| mask | 1_u16.wrapping_shl(distance(number).into()));
                output.extend(first.to_be_bytes());
                output.extend(mask.to_be_bytes());
                rest = after;
            }
            0
        });
    }

    /// RFC 4585 §6.3.1.
    pub fn picture_loss_indication(&mut self, sender_ssrc: u32, media_ssrc: u32) {
        self.feedback(PAYLOAD_SPECIFIC, FORMAT_PLI, sender_ssrc, media_ssrc, |_| 0);
    }

    /// RFC 5104 §4.3.1, one request.
    pub fn full_intra_request(&mut self, sender_ssrc: u32, media_ssrc: u32, number: u8) {
        self.feedback(PAYLOAD_SPECIFIC, FORMAT_FIR, sender_ssrc, 0, |output| {
            output.extend(media_ssrc.to_be_bytes());
            output.extend([number, 0, 0, 0]);
            0
        });
    }

    /// `draft-alvestrand-rmcat-remb-03` §2.2. The rate is rounded down to 18 significant bits.
    pub fn remb(&mut self, sender_ssrc: u32, bitrate_bps: u64, ssrcs: &[u32]) {
        let ssrcs = ssrcs.get(..usize::from(u8::MAX)).unwrap_or(ssrcs);
        self.feedback(PAYLOAD_SPECIFIC, FORMAT_APPLICATION, sender_ssrc, 0, |output| {
            let exponent = u64::BITS.saturating_sub(bitrate_bps.leading_zeros()).saturating_sub(18);
            let mantissa = bitrate_bps.wrapping_shr(exponent);
            let rate = u64::from(exponent).wrapping_shl(18) | mantissa;
            let [.., high, middle, low] = rate.to_be_bytes();
            output.extend_from_slice(REMB_NAME);
            output.extend([u8::try_from(ssrcs.len()).unwrap_or(u8::MAX), high, middle, low]);
            output.extend(ssrcs.iter().flat_map(|ssrc| ssrc.to_be_bytes()));
            0
        });
    }

    /// `draft-holmer-rmcat-transport-wide-cc-extensions-01` §3.1. `feedback_count` goes up by one with each.
    pub fn transport_feedback(
        &mut self,
        sender_ssrc: u32,
        media_ssrc: u32,
        feedback_count: u8,
        feedback: &TransportFeedbackBuilder,
    ) {
        self.feedback(TRANSPORT_LAYER, FORMAT_TRANSPORT_WIDE, sender_ssrc, media_ssrc, |output| {
            feedback.write_body(feedback_count, output)
        });
    }

    fn feedback(
        &mut self,
        packet_type: u8,
        format: u8,
        sender_ssrc: u32,
        media_ssrc: u32,
        body: impl FnOnce(&mut Vec<u8>) -> u8,
    ) {
        self.packet(packet_type, usize::from(format), |output| {
            output.extend(sender_ssrc.to_be_bytes());
            output.extend(media_ssrc.to_be_bytes());
            body(output)
        });
    }

    /// The first word, and behind it what `body` appends: a multiple of four bytes, the last of which are the padding that it
    /// says there is.
    fn packet(&mut self, packet_type: u8, count: usize, body: impl FnOnce(&mut Vec<u8>) -> u8) {
        let start = self.output.len();
        self.output.extend([0, packet_type, 0, 0]);
        let padding = body(self.output);
        debug_assert_eq!(self.output.len().saturating_sub(start) % 4, 0, "RTCP packets are whole words");
        let words = self.output.len().saturating_sub(start).saturating_div(4).saturating_sub(1);
        let [high, low] = u16::try_from(words).unwrap_or(u16::MAX).to_be_bytes();
        let first = (VERSION << 6) | if padding == 0 { 0 } else { 0x20 } | (u8::try_from(count).unwrap_or(0) & 0x1f);
        if let Some(head) = self.output.get_mut(start..).and_then(|packet| packet.first_chunk_mut::<4>()) {
            *head = [first, packet_type, high, low];
        }
    }
}

fn put_blocks(output: &mut Vec<u8>, blocks: &[ReportBlock]) {
    for block in blocks {
        output.extend(block.ssrc.to_be_bytes());
        let [_, high, middle, low] = block.cumulative_lost.clamp(CUMULATIVE_MIN, CUMULATIVE_MAX).to_be_bytes();
        output.extend([block.fraction_lost, high, middle, low]);
        output.extend(block.highest_sequence.to_be_bytes());
        output.extend(block.jitter.to_be_bytes());
        output.extend(block.last_sender_report.to_be_bytes());
        output.extend(block.delay_since_last.to_be_bytes());
    }
}

/// The count of a packet has five bits.
const COUNT_MAX: usize = 31;

/// About a kilobyte of pairs; who misses more needs a key frame.
const NACK_PAIRS_MAX: usize = 255;

/// RFC 3550 §6.4.1: 24 bits with a sign.
const CUMULATIVE_MAX: i32 = 0x7f_ffff;
const CUMULATIVE_MIN: i32 = -0x80_0000;

#[cfg(test)]
mod tests;

//! RTCP (RFC 3550 §6) with the feedback of RFC 4585 and RFC 5104: a compound is read packet by packet, and written with [`Writer`].

mod congestion_feedback;
mod feedback;
mod report;
mod transport_feedback;
mod writer;

use crate::ParseError;
use crate::reader::Reader;

pub use congestion_feedback::{CongestionFeedback, Ecn, Metric, StreamReport, StreamReports};
pub use feedback::{FullIntraRequest, FullIntraRequests, LostNumbers, Nack, PictureLossIndication, Remb};
pub use report::{
    Chunk, Chunks, Goodbye, ReceiverReport, ReportBlock, ReportBlocks, SenderInfo, SenderReport, SourceDescription,
};
pub use transport_feedback::{
    PacketStatus, PacketStatuses, REFERENCE_CYCLE_US, STATUSES_MAX, TransportFeedback, TransportFeedbackBuilder,
};
pub use writer::Writer;

/// One packet of a compound.
#[derive(Debug, Clone, Copy)]
pub enum Packet<'a> {
    /// RFC 3550 §6.4.1.
    SenderReport(SenderReport<'a>),
    /// RFC 3550 §6.4.2.
    ReceiverReport(ReceiverReport<'a>),
    /// RFC 3550 §6.5.
    SourceDescription(SourceDescription<'a>),
    /// RFC 3550 §6.6.
    Goodbye(Goodbye<'a>),
    /// RFC 4585 §6.2.1.
    Nack(Nack<'a>),
    /// RFC 4585 §6.3.1.
    PictureLossIndication(PictureLossIndication),
    /// RFC 5104 §4.3.1.
    FullIntraRequest(FullIntraRequest<'a>),
    /// `draft-alvestrand-rmcat-remb-03`.
    Remb(Remb<'a>),
    /// `draft-holmer-rmcat-transport-wide-cc-extensions-01`.
    TransportFeedback(TransportFeedback<'a>),
    /// RFC 8888.
    CongestionFeedback(CongestionFeedback<'a>),
    /// Of a kind that is not read: extended reports (RFC 3611), APP, and what is to come.
    Other {
        /// The packet type.
        packet_type: u8,
        /// The five bits beside the version: a count or a format.
        count: u8,
    },
}

/// The packets of a compound in their order.
///
/// A packet that is wrong inside its own length is an error among the others; one whose length is wrong ends the compound.
#[derive(Debug, Clone, Copy)]
pub struct Compound<'a> {
    rest: Reader<'a>,
}

/// Reads the packets of a compound. Reduced-size compounds (RFC 5506) are as good as full ones.
#[must_use]
pub fn read(compound: &[u8]) -> Compound<'_> {
    Compound { rest: Reader::new(compound) }
}

impl<'a> Iterator for Compound<'a> {
    type Item = Result<Packet<'a>, ParseError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        match Frame::read(&mut self.rest) {
            Ok(frame) => Some(frame.packet()),
            Err(error) => {
                self.rest = Reader::new(&[]);
                Some(Err(error))
            }
        }
    }
}

/// A packet whose length is known, and nothing else.
struct Frame<'a> {
    count: u8,
    packet_type: u8,
    padded: bool,
    /// Behind the first four bytes, padding included.
    body: &'a [u8],
}

impl<'a> Frame<'a> {
    /// RFC 3550 §6.4.1, the first word.
    fn read(reader: &mut Reader<'a>) -> Result<Self, ParseError> {
        let [first, packet_type] = reader.array()?;
        let version = first >> 6;
        if version != VERSION {
            return Err(ParseError::Version(version));
        }
        let words = reader.u16()?;
        let body = reader.take(usize::from(words).saturating_mul(4))?;
        Ok(Self { count: first & 0x1f, packet_type, padded: first & 0x20 != 0, body })
    }

    fn packet(&self) -> Result<Packet<'a>, ParseError> {
        let body = self.body_without_padding()?;
        let count = self.count;
        match (self.packet_type, count) {
            (SENDER_REPORT, _) => SenderReport::read(count, body).map(Packet::SenderReport),
            (RECEIVER_REPORT, _) => ReceiverReport::read(count, body).map(Packet::ReceiverReport),
            (SOURCE_DESCRIPTION, _) => Ok(Packet::SourceDescription(SourceDescription::new(count, body))),
            (GOODBYE, _) => Goodbye::read(count, body).map(Packet::Goodbye),
            (TRANSPORT_LAYER, FORMAT_NACK) => Nack::read(body).map(Packet::Nack),
            (TRANSPORT_LAYER, FORMAT_CONGESTION) => CongestionFeedback::read(body).map(Packet::CongestionFeedback),
            (TRANSPORT_LAYER, FORMAT_TRANSPORT_WIDE) => TransportFeedback::read(body).map(Packet::TransportFeedback),
            (PAYLOAD_SPECIFIC, FORMAT_PLI) => PictureLossIndication::read(body).map(Packet::PictureLossIndication),
            (PAYLOAD_SPECIFIC, FORMAT_FIR) => FullIntraRequest::read(body).map(Packet::FullIntraRequest),
            (PAYLOAD_SPECIFIC, FORMAT_APPLICATION) if Remb::is_one(body) => Remb::read(body).map(Packet::Remb),
            (packet_type, count) => Ok(Packet::Other { packet_type, count }),
        }
    }

    fn body_without_padding(&self) -> Result<&'a [u8], ParseError> {
        if !self.padded {
            return Ok(self.body);
        }
        let available = self.body.len();
        let padding = *self.body.last().ok_or(ParseError::Truncated)?;
        let end = available.checked_sub(usize::from(padding)).filter(|_| padding != 0);
        end.and_then(|end| self.body.get(..end)).ok_or(ParseError::Padding { padding, available })
    }
}

/// RFC 3550 §6.4.1.
const VERSION: u8 = 2;

// RFC 3550 §12.1.
const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SOURCE_DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;

// RFC 4585 §6.1.
const TRANSPORT_LAYER: u8 = 205;
const PAYLOAD_SPECIFIC: u8 = 206;

// Formats of 205: RFC 4585 §6.2, RFC 8888 §6.1, and the draft on transport-wide feedback.
const FORMAT_NACK: u8 = 1;
const FORMAT_CONGESTION: u8 = 11;
const FORMAT_TRANSPORT_WIDE: u8 = 15;

// Formats of 206: RFC 4585 §6.3, RFC 5104 §4.3.
const FORMAT_PLI: u8 = 1;
const FORMAT_FIR: u8 = 4;
const FORMAT_APPLICATION: u8 = 15;

#[cfg(test)]
mod tests;

//! Congestion control feedback of RFC 8888: per stream which packets came, when, and with which ECN mark.

use crate::ParseError;
use crate::reader::Reader;

/// The arrivals of some streams.
#[derive(Debug, Clone, Copy)]
pub struct CongestionFeedback<'a> {
    /// Who received.
    pub sender_ssrc: u32,
    /// When the report was made: the middle 32 bits of an NTP timestamp.
    pub report_timestamp: u32,
    reports: &'a [u8],
}

/// The streams of a [`CongestionFeedback`].
#[derive(Debug, Clone, Copy)]
pub struct StreamReports<'a>(Reader<'a>);

/// The arrivals of one stream.
#[derive(Debug, Clone, Copy)]
pub struct StreamReport<'a> {
    /// The stream.
    pub ssrc: u32,
    /// The number of the first packet.
    pub begin_sequence: u16,
    metrics: &'a [[u8; 2]],
}

/// The mark with which a packet came (RFC 3168 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ecn {
    /// Not capable.
    NotEct,
    /// ECT(1): of L4S (RFC 9331).
    Ect1,
    /// ECT(0).
    Ect0,
    /// Congestion was met on the way.
    CongestionExperienced,
}

/// A packet that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Its mark.
    pub ecn: Ecn,
    /// How long before the report it came, in 1024ths of a second; `None` when that is not known or longer than eight seconds.
    pub offset: Option<u16>,
}

impl<'a> CongestionFeedback<'a> {
    pub(super) fn read(body: &'a [u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::new(body);
        let sender_ssrc = reader.u32()?;
        let (reports, timestamp) = reader.rest().split_last_chunk::<4>().ok_or(ParseError::Truncated)?;
        let mut streams = Reader::new(reports);
        while !streams.is_empty() {
            read_stream(&mut streams)?;
        }
        Ok(Self { sender_ssrc, report_timestamp: u32::from_be_bytes(*timestamp), reports })
    }

    /// What it says about each stream.
    #[must_use]
    pub fn streams(&self) -> StreamReports<'a> {
        StreamReports(Reader::new(self.reports))
    }
}

impl<'a> Iterator for StreamReports<'a> {
    type Item = StreamReport<'a>;

    fn next(&mut self) -> Option<StreamReport<'a>> {
        read_stream(&mut self.0).ok()
    }
}

impl<'a> StreamReport<'a> {
    /// Every packet with its number; `None` for one that did not come.
    pub fn packets(&self) -> impl Iterator<Item = (u16, Option<Metric>)> + use<'a> {
        let numbers = std::iter::successors(Some(self.begin_sequence), |number| Some(number.wrapping_add(1)));
        numbers.zip(self.metrics.iter().map(|bytes| Metric::from_bits(u16::from_be_bytes(*bytes))))
    }
}

impl Metric {
    /// RFC 8888 §3.1.
    fn from_bits(bits: u16) -> Option<Self> {
        let ecn = match bits >> 13 & 3 {
            0 => Ecn::NotEct,
            1 => Ecn::Ect1,
            2 => Ecn::Ect0,
            _ => Ecn::CongestionExperienced,
        };
        let offset = Some(bits & 0x1fff).filter(|offset| *offset < OFFSET_TOO_LONG);
        (bits & 0x8000 != 0).then_some(Self { ecn, offset })
    }
}

/// RFC 8888 §3.1: a number of metrics, padded to a multiple of four bytes.
fn read_stream<'a>(reader: &mut Reader<'a>) -> Result<StreamReport<'a>, ParseError> {
    let (ssrc, begin_sequence, count) = (reader.u32()?, reader.u16()?, reader.u16()?);
    if count > METRICS_MAX {
        return Err(ParseError::TooMany { what: "metrics", limit: usize::from(METRICS_MAX) });
    }
    let bytes = usize::from(count).saturating_mul(2);
    let (metrics, _) = reader.take(bytes)?.as_chunks();
    reader.take(bytes.next_multiple_of(4).saturating_sub(bytes))?;
    Ok(StreamReport { ssrc, begin_sequence, metrics })
}

/// RFC 8888 §3.1: the report is for no more packets of one stream.
const METRICS_MAX: u16 = 16_384;

/// RFC 8888 §3.1: from here on the offset is no number.
const OFFSET_TOO_LONG: u16 = 0x1ffe;

#[cfg(test)]
mod tests;

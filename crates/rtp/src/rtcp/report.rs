//! Reports, descriptions and goodbyes (RFC 3550 §6.4 to §6.6).

use crate::ParseError;
use crate::reader::Reader;

/// What a sender says about a stream it sends (RFC 3550 §6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SenderInfo {
    /// The stream.
    pub ssrc: u32,
    /// Wall clock of the report: seconds since 1900 in the upper half, their fraction in the lower.
    pub ntp: u64,
    /// The same instant on the clock of the stream.
    pub timestamp: u32,
    /// Packets sent, modulo 2^32.
    pub packets: u32,
    /// Payload bytes sent, modulo 2^32.
    pub octets: u32,
}

/// What a receiver says about a stream it receives (RFC 3550 §6.4.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReportBlock {
    /// The stream.
    pub ssrc: u32,
    /// Packets lost since the last report, in 256ths.
    pub fraction_lost: u8,
    /// Packets lost since the beginning, 24 bits; below zero with duplicates.
    pub cumulative_lost: i32,
    /// The highest sequence number, its cycles in the upper half.
    pub highest_sequence: u32,
    /// Interarrival jitter on the clock of the stream.
    pub jitter: u32,
    /// The middle 32 bits of the `ntp` of the last sender report; 0 when none came.
    pub last_sender_report: u32,
    /// Since that report came, in 65536ths of a second.
    pub delay_since_last: u32,
}

/// A sender report.
#[derive(Debug, Clone, Copy)]
pub struct SenderReport<'a> {
    /// About the sender's own stream.
    pub info: SenderInfo,
    /// About the streams it receives.
    pub blocks: ReportBlocks<'a>,
}

/// A receiver report.
#[derive(Debug, Clone, Copy)]
pub struct ReceiverReport<'a> {
    /// Who reports.
    pub ssrc: u32,
    /// About the streams it receives.
    pub blocks: ReportBlocks<'a>,
}

/// Report blocks in their order, at most 31.
#[derive(Debug, Clone, Copy)]
pub struct ReportBlocks<'a> {
    rest: &'a [[u8; BLOCK_BYTES]],
}

/// A source description.
#[derive(Debug, Clone, Copy)]
pub struct SourceDescription<'a> {
    count: u8,
    body: &'a [u8],
}

/// One source of a description and its canonical name, which is empty when there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk<'a> {
    /// The stream.
    pub ssrc: u32,
    /// CNAME: the same for all streams that share a clock.
    pub cname: &'a [u8],
}

/// The chunks of a description; one that is cut off is left out.
#[derive(Debug, Clone, Copy)]
pub struct Chunks<'a> {
    left: u8,
    rest: Reader<'a>,
}

/// Streams that end.
#[derive(Debug, Clone, Copy)]
pub struct Goodbye<'a> {
    sources: &'a [[u8; 4]],
}

impl<'a> SenderReport<'a> {
    pub(super) fn read(count: u8, body: &'a [u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::new(body);
        let info = SenderInfo {
            ssrc: reader.u32()?,
            ntp: reader.u64()?,
            timestamp: reader.u32()?,
            packets: reader.u32()?,
            octets: reader.u32()?,
        };
        Ok(Self { info, blocks: ReportBlocks::read(count, reader)? })
    }
}

impl<'a> ReceiverReport<'a> {
    pub(super) fn read(count: u8, body: &'a [u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::new(body);
        Ok(Self { ssrc: reader.u32()?, blocks: ReportBlocks::read(count, reader)? })
    }
}

impl<'a> ReportBlocks<'a> {
    fn read(count: u8, reader: Reader<'a>) -> Result<Self, ParseError> {
        let (all, _) = reader.rest().as_chunks();
        Ok(Self { rest: all.get(..usize::from(count)).ok_or(ParseError::Truncated)? })
    }
}

impl Iterator for ReportBlocks<'_> {
    type Item = ReportBlock;

    fn next(&mut self) -> Option<ReportBlock> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        ReportBlock::from_bytes(first).ok()
    }
}

impl ReportBlock {
    fn from_bytes(bytes: &[u8; BLOCK_BYTES]) -> Result<Self, ParseError> {
        let mut reader = Reader::new(bytes);
        let ssrc = reader.u32()?;
        let fraction_lost = reader.u8()?;
        // The sign is in the 24th bit: moved up to the 32nd and back with it.
        let cumulative_lost = (reader.u24()? << 8).cast_signed() >> 8;
        Ok(Self {
            ssrc,
            fraction_lost,
            cumulative_lost,
            highest_sequence: reader.u32()?,
            jitter: reader.u32()?,
            last_sender_report: reader.u32()?,
            delay_since_last: reader.u32()?,
        })
    }
}

impl<'a> SourceDescription<'a> {
    pub(super) fn new(count: u8, body: &'a [u8]) -> Self {
        Self { count, body }
    }

    /// Who is described.
    #[must_use]
    pub fn chunks(&self) -> Chunks<'a> {
        Chunks { left: self.count, rest: Reader::new(self.body) }
    }
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Chunk<'a>;

    fn next(&mut self) -> Option<Chunk<'a>> {
        self.left = self.left.checked_sub(1)?;
        self.read_chunk().ok()
    }
}

impl<'a> Chunks<'a> {
    /// RFC 3550 §6.5: items until a zero, then zeros to the next multiple of four.
    fn read_chunk(&mut self) -> Result<Chunk<'a>, ParseError> {
        let before = self.rest.rest().len();
        let mut chunk = Chunk { ssrc: self.rest.u32()?, cname: &[] };
        loop {
            let kind = self.rest.u8()?;
            if kind == ITEM_END {
                break;
            }
            let length = self.rest.u8()?;
            let text = self.rest.take(usize::from(length))?;
            if kind == ITEM_CNAME {
                chunk.cname = text;
            }
        }
        let used = before.saturating_sub(self.rest.rest().len());
        self.rest.take(used.next_multiple_of(4).saturating_sub(used))?;
        Ok(chunk)
    }
}

impl<'a> Goodbye<'a> {
    pub(super) fn read(count: u8, body: &'a [u8]) -> Result<Self, ParseError> {
        let (all, _) = body.as_chunks();
        Ok(Self { sources: all.get(..usize::from(count)).ok_or(ParseError::Truncated)? })
    }

    /// Which streams, at most 31.
    pub fn ssrcs(&self) -> impl Iterator<Item = u32> + use<'a> {
        self.sources.iter().map(|bytes| u32::from_be_bytes(*bytes))
    }
}

/// RFC 3550 §6.4.1.
const BLOCK_BYTES: usize = 24;

// RFC 3550 §6.5.
const ITEM_END: u8 = 0;
pub(super) const ITEM_CNAME: u8 = 1;

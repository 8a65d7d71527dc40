//! Transport-wide feedback (`draft-holmer-rmcat-transport-wide-cc-extensions-01` §3.1): when each packet of a connection arrived.

use crate::ParseError;
use crate::reader::Reader;

/// The arrival of a run of packets.
#[derive(Debug, Clone, Copy)]
pub struct TransportFeedback<'a> {
    /// Who received.
    pub sender_ssrc: u32,
    /// One of the streams that it is about. Browsers pass over feedback that names a stream which they do not send.
    pub media_ssrc: u32,
    /// The transport-wide number of the first packet.
    pub base_sequence_number: u16,
    /// How many packets this is about, 1 to [`STATUSES_MAX`].
    pub status_count: u16,
    /// What arrivals count from: 24 bits, signed, in units of 64 ms of the receiver's clock.
    pub reference_time: i32,
    /// Counts the feedback packets, modulo 256.
    pub feedback_count: u8,
    chunks: &'a [[u8; 2]],
    deltas: &'a [u8],
}

/// What became of one packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PacketStatus {
    /// Transport-wide.
    pub sequence_number: u16,
    /// When it came, in microseconds of the receiver's clock, of which only differences mean something; `None` when it did
    /// not. That clock starts over every twelve days ([`REFERENCE_CYCLE_US`]).
    pub arrival_us: Option<i64>,
}

/// The packets of a feedback in the order of their numbers.
#[derive(Debug, Clone)]
pub struct PacketStatuses<'a> {
    symbols: Symbols<'a>,
    deltas: Reader<'a>,
    sequence_number: u16,
    arrival_us: i64,
}

/// Puts arrivals together to a feedback packet. Arrivals come in ascending order of their numbers.
#[derive(Debug, Clone)]
pub struct TransportFeedbackBuilder {
    base_sequence_number: u16,
    /// What arrivals count from: a multiple of the unit of the reference time.
    origin_us: i64,
    /// When the last packet came, in ticks since the origin.
    last_ticks: i64,
    /// One per packet, gaps filled.
    symbols: Vec<u8>,
    deltas: Vec<u8>,
}

impl<'a> TransportFeedback<'a> {
    pub(super) fn read(body: &'a [u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::new(body);
        let (sender_ssrc, media_ssrc) = (reader.u32()?, reader.u32()?);
        let (base_sequence_number, status_count) = (reader.u16()?, reader.u16()?);
        let reference_time = (reader.u24()? << 8).cast_signed() >> 8;
        let feedback_count = reader.u8()?;
        if status_count > STATUSES_MAX {
            return Err(ParseError::TooMany { what: "statuses", limit: usize::from(STATUSES_MAX) });
        }
        let (words, _) = reader.rest().as_chunks();
        let mut symbols = Symbols::new(words, status_count);
        let delta_bytes = symbols.delta_bytes()?;
        let chunk_count = words.len().saturating_sub(symbols.chunks.len());
        let chunks = words.get(..chunk_count).ok_or(ParseError::Truncated)?;
        reader.take(chunk_count.saturating_mul(2))?;
        let deltas = reader.take(delta_bytes)?;
        Ok(Self {
            sender_ssrc,
            media_ssrc,
            base_sequence_number,
            status_count,
            reference_time,
            feedback_count,
            chunks,
            deltas,
        })
    }

    /// Every packet that this is about.
    #[must_use]
    pub fn packets(&self) -> PacketStatuses<'a> {
        PacketStatuses {
            symbols: Symbols::new(self.chunks, self.status_count),
            deltas: Reader::new(self.deltas),
            sequence_number: self.base_sequence_number,
            arrival_us: i64::from(self.reference_time).saturating_mul(REFERENCE_UNIT_US),
        }
    }
}

impl Iterator for PacketStatuses<'_> {
    type Item = PacketStatus;

    fn next(&mut self) -> Option<PacketStatus> {
        let symbol = self.symbols.next()?.ok()?;
        let ticks = match symbol {
            SMALL_DELTA => Some(i64::from(self.deltas.u8().ok()?)),
            LARGE_DELTA => Some(i64::from(self.deltas.u16().ok()?.cast_signed())),
            _ => None,
        };
        let arrival_us = ticks.map(|ticks| {
            self.arrival_us = self.arrival_us.saturating_add(ticks.saturating_mul(TICK_US));
            self.arrival_us
        });
        let sequence_number = self.sequence_number;
        self.sequence_number = sequence_number.wrapping_add(1);
        Some(PacketStatus { sequence_number, arrival_us })
    }
}

/// The symbols of the status chunks, as many as are announced.
#[derive(Debug, Clone)]
struct Symbols<'a> {
    chunks: std::slice::Iter<'a, [u8; 2]>,
    /// How many are still to come from all chunks.
    left: u16,
    run: Run,
}

/// What is left of one chunk.
#[derive(Debug, Clone, Copy)]
enum Run {
    /// The same symbol so many times.
    Same { symbol: u8, left: u16 },
    /// Symbols of `width` bits, the next one at the top of `bits`.
    Vector { bits: u16, width: u8, left: u16 },
}

impl<'a> Symbols<'a> {
    fn new(chunks: &'a [[u8; 2]], count: u16) -> Self {
        Self { chunks: chunks.iter(), left: count, run: Run::Same { symbol: NOT_RECEIVED, left: 0 } }
    }

    /// How many bytes the deltas of all of them have. A run is one step, however long it is.
    fn delta_bytes(&mut self) -> Result<usize, ParseError> {
        let mut bytes: usize = 0;
        while self.left > 0 {
            let run = self.next_run()?;
            match run {
                Run::Same { left: 0, .. } => {}
                Run::Same { symbol, left } => {
                    let taken = left.min(self.left);
                    self.left = self.left.saturating_sub(taken);
                    bytes = bytes.saturating_add(delta_length(known(symbol)?).saturating_mul(usize::from(taken)));
                }
                Run::Vector { left, .. } => {
                    self.run = run;
                    for symbol in self.by_ref().take(usize::from(left)) {
                        bytes = bytes.saturating_add(delta_length(symbol?));
                    }
                }
            }
        }
        Ok(bytes)
    }

    /// §3.1.3 and §3.1.4 of the draft.
    fn next_run(&mut self) -> Result<Run, ParseError> {
        let chunk = u16::from_be_bytes(*self.chunks.next().ok_or(ParseError::Truncated)?);
        let run_symbol = ((chunk >> 13) & 3) as u8;
        Ok(match chunk >> 14 {
            0 | 1 => Run::Same { symbol: run_symbol, left: chunk & 0x1fff },
            2 => Run::Vector { bits: chunk << 2, width: 1, left: 14 },
            _ => Run::Vector { bits: chunk << 2, width: 2, left: 7 },
        })
    }
}

impl Iterator for Symbols<'_> {
    type Item = Result<u8, ParseError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        // A run of no packets is odd, but there are only as many as there are chunks.
        while matches!(self.run, Run::Same { left: 0, .. } | Run::Vector { left: 0, .. }) {
            match self.next_run() {
                Ok(run) => self.run = run,
                Err(error) => return Some(Err(error)),
            }
        }
        let symbol = match &mut self.run {
            Run::Same { symbol, left } => {
                *left = left.saturating_sub(1);
                *symbol
            }
            Run::Vector { bits, width, left } => {
                *left = left.saturating_sub(1);
                let [top, _] = bits.to_be_bytes();
                let symbol = if *width == 1 { top >> 7 } else { top >> 6 };
                *bits = bits.checked_shl(u32::from(*width)).unwrap_or(0);
                symbol
            }
        };
        Some(known(symbol))
    }
}

impl TransportFeedbackBuilder {
    /// Starts with the number of the first packet that is to be reported, whether it came or not, and the time of the first
    /// arrival on the clock of which all arrivals are told.
    #[must_use]
    pub fn new(base_sequence_number: u16, first_arrival_us: i64) -> Self {
        let origin_us = first_arrival_us.div_euclid(REFERENCE_UNIT_US).saturating_mul(REFERENCE_UNIT_US);
        Self { base_sequence_number, origin_us, last_ticks: 0, symbols: Vec::new(), deltas: Vec::new() }
    }

    /// Adds a packet. `false` when it belongs into another feedback: its number is not behind the last one, its arrival is more
    /// than eight seconds from that of the last one, or this one is full.
    pub fn push(&mut self, sequence_number: u16, arrival_us: i64) -> bool {
        let index = usize::from(sequence_number.wrapping_sub(self.base_sequence_number));
        let ticks = arrival_us.saturating_sub(self.origin_us).div_euclid(TICK_US);
        let full = index >= BUILT_STATUSES_MAX || self.deltas.len() >= BUILT_DELTA_BYTES_MAX;
        let Ok(delta) = i16::try_from(ticks.saturating_sub(self.last_ticks)) else { return false };
        if full || index < self.symbols.len() {
            return false;
        }
        self.symbols.resize(index, NOT_RECEIVED);
        if let Ok(small) = u8::try_from(delta) {
            self.symbols.push(SMALL_DELTA);
            self.deltas.push(small);
        } else {
            self.symbols.push(LARGE_DELTA);
            self.deltas.extend(delta.to_be_bytes());
        }
        self.last_ticks = ticks;
        true
    }

    /// Whether there is nothing to report.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.symbols.is_empty()
    }

    /// Appends what stands behind the two SSRCs, padded to a multiple of four, and says how many bytes of padding there are.
    pub(super) fn write_body(&self, feedback_count: u8, output: &mut Vec<u8>) -> u8 {
        let start = output.len();
        let count = u16::try_from(self.symbols.len()).unwrap_or(u16::MAX);
        output.extend(self.base_sequence_number.to_be_bytes());
        output.extend(count.to_be_bytes());
        let reference_time = self.origin_us.div_euclid(REFERENCE_UNIT_US);
        let [.., high, middle, low] = reference_time.to_be_bytes();
        output.extend([high, middle, low, feedback_count]);
        self.write_chunks(output);
        output.extend_from_slice(&self.deltas);
        let used = output.len().saturating_sub(start);
        let padding = u8::try_from(used.next_multiple_of(4).saturating_sub(used)).unwrap_or(0);
        for left in (0..padding).rev() {
            output.push(if left == 0 { padding } else { 0 });
        }
        padding
    }

    /// A run where the same symbol fills more than a vector would hold, a vector of seven or fourteen otherwise.
    fn write_chunks(&self, output: &mut Vec<u8>) {
        let mut rest = &self.symbols[..];
        while let Some(&first) = rest.first() {
            let run = rest.iter().take(RUN_MAX).take_while(|symbol| **symbol == first).count();
            let narrow = rest.iter().take(14).all(|symbol| *symbol != LARGE_DELTA);
            let vector = if narrow { 14 } else { 7 };
            let (chunk, used) = if run >= vector || run == rest.len() {
                ((u16::from(first) << 13) | u16::try_from(run).unwrap_or(0), run)
            } else {
                let width = if narrow { 1 } else { 2 };
                let taken = rest.iter().copied().chain(std::iter::repeat(NOT_RECEIVED)).take(vector);
                let bits = taken.fold(0_u16, |bits, symbol| bits.wrapping_shl(width) | u16::from(symbol));
                (if narrow { 0x8000 } else { 0xc000 } | bits, vector.min(rest.len()))
            };
            output.extend(chunk.to_be_bytes());
            rest = rest.get(used..).unwrap_or_default();
        }
    }
}

fn known(symbol: u8) -> Result<u8, ParseError> {
    if symbol == RESERVED {
        return Err(ParseError::Value { field: "packet status", value: u32::from(symbol) });
    }
    Ok(symbol)
}

fn delta_length(symbol: u8) -> usize {
    match symbol {
        SMALL_DELTA => 1,
        LARGE_DELTA => 2,
        _ => 0,
    }
}

// §3.1.1: packet status symbols.
const NOT_RECEIVED: u8 = 0;
const SMALL_DELTA: u8 = 1;
const LARGE_DELTA: u8 = 2;
const RESERVED: u8 = 3;

/// §3.1.5: the unit of deltas.
const TICK_US: i64 = 250;

/// §3.1: the unit of the reference time.
const REFERENCE_UNIT_US: i64 = 64_000;

/// After so many microseconds the clock of the arrivals starts over: the reference time has 24 bits.
pub const REFERENCE_CYCLE_US: i64 = REFERENCE_UNIT_US << 24;

/// The most packets one feedback may be about. Browsers send one at least four times a second; two run-length chunks make
/// [`TransportFeedback::packets`] take so many steps, so who reads them counts them.
pub const STATUSES_MAX: u16 = 16_384;

/// The most packets a built feedback is about: its chunks fit into a datagram in the worst case (seven per chunk).
const BUILT_STATUSES_MAX: usize = 1_400;

/// Together with 400 bytes of chunks and the header it stays below 1,200 bytes.
const BUILT_DELTA_BYTES_MAX: usize = 700;

/// §3.1.3: thirteen bits.
const RUN_MAX: usize = 0x1fff;

#[cfg(test)]
mod tests;

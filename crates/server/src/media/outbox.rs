//! What leaves for one subscriber at the end of a wake-up: protected packets side by side, ready to be cut by the kernel (UDP GSO).
//!
//! ```text
//! bytes  | 1100 | 1100 | 1100 | 640 | 96 | 1100 | 1100 ...
//!        |<--------- run ---------->|    |<---- run -------
//! ```
//! The packets of a run have one size, only the last may be shorter: one system call sends them. The newest packet stays plain until
//! its successor comes, so that it can still be padded (RFC 3550 §5.1) to the size of its run where that costs little.

use std::ops::Range;

use rtc::Peer;
use rtc::error::ProtectError;

/// What protects packets: a peer.
pub(crate) trait Protector {
    /// What protection adds to a packet.
    fn tag_len(&self) -> usize;

    /// As [`Peer::protect_rtp`].
    fn protect_rtp(&self, index: u64, buffer: &mut [u8], plain_bytes: usize) -> Result<usize, ProtectError>;
}

impl Protector for Peer {
    fn tag_len(&self) -> usize {
        Self::tag_len(self)
    }

    fn protect_rtp(&self, index: u64, buffer: &mut [u8], plain_bytes: usize) -> Result<usize, ProtectError> {
        Self::protect_rtp(self, index, buffer, plain_bytes)
    }
}

/// Packets of one wake-up for one connection.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    bytes: Vec<u8>,
    /// Complete runs, in order.
    runs: Vec<Run>,
    /// The run that may still grow; its last packet may be the tail.
    open: Option<Run>,
    /// The newest packet, still plain.
    tail: Option<Tail>,
    /// Bytes of padding that were added since the outbox was emptied.
    padding_bytes: u64,
}

/// Datagrams that leave in one system call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    /// Where they stand.
    pub(crate) range: Range<usize>,
    /// The size of all but the last.
    pub(crate) segment_bytes: usize,
    /// How many there are.
    pub(crate) segments: usize,
}

/// A plain packet at the end of the bytes.
#[derive(Debug)]
struct Tail {
    start: usize,
    index: u64,
    /// May be padded: it is no short packet of sound, and has no padding yet.
    paddable: bool,
}

impl Outbox {
    /// Whether a packet of `plain_bytes` still fits; otherwise the outbox is to be sent first.
    pub(crate) fn has_room(&self, plain_bytes: usize) -> bool {
        self.bytes.len() + plain_bytes + ROOM_BYTES <= BYTES_MAX
    }

    /// Adds a plain packet, given in parts. `segments_max` datagrams may leave in one system call.
    pub(crate) fn push_rtp(&mut self, protector: &impl Protector, index: u64, parts: [&[u8]; 3], segments_max: usize) {
        let plain_bytes = parts.iter().map(|part| part.len()).sum::<usize>();
        self.seal_for(protector, plain_bytes + protector.tag_len(), segments_max);
        let start = self.bytes.len();
        for part in parts {
            self.bytes.extend_from_slice(part);
        }
        let has_padding = parts[0].first().is_none_or(|first| first & PADDING_BIT != 0);
        self.tail = Some(Tail { start, index, paddable: !has_padding && plain_bytes >= PADDED_BYTES_MIN });
    }

    /// Adds a datagram as it is.
    pub(crate) fn push_datagram(&mut self, protector: &impl Protector, datagram: &[u8]) {
        self.finish(protector);
        let start = self.bytes.len();
        self.bytes.extend_from_slice(datagram);
        let range = start..self.bytes.len();
        self.runs.push(Run { segment_bytes: range.len(), range, segments: 1 });
    }

    /// Protects what is still plain, and closes the last run.
    pub(crate) fn finish(&mut self, protector: &impl Protector) {
        self.seal(protector, None);
        self.close();
    }

    /// The runs and their bytes, after [`finish`](Self::finish).
    pub(crate) fn runs(&self) -> impl Iterator<Item = (&Run, &[u8])> {
        self.runs.iter().filter_map(|run| Some((run, self.bytes.get(run.range.clone())?)))
    }

    /// Bytes of padding in it.
    pub(crate) fn padding_bytes(&self) -> u64 {
        self.padding_bytes
    }

    /// Forgets everything but the memory.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.runs.clear();
        self.open = None;
        self.tail = None;
        self.padding_bytes = 0;
    }

    /// Protects the tail, padded where a successor of `next_bytes` can then follow in the same run.
    fn seal_for(&mut self, protector: &impl Protector, next_bytes: usize, segments_max: usize) {
        let Some(tail) = &self.tail else { return };
        let tail_bytes = self.bytes.len() - tail.start + protector.tag_len();
        let paddable = tail.paddable;
        // The first packet of a run may grow to the size of its successor, the others to that of their run.
        let wanted = match &self.open {
            None => tail_bytes.max(next_bytes),
            Some(run) => run.segment_bytes,
        };
        let more = wanted.saturating_sub(tail_bytes);
        let joins = next_bytes <= wanted && wanted <= SEGMENT_BYTES_MAX && self.open_segments() + 1 < segments_max;
        let pad = more <= PADDING_MAX && more * PADDING_SHARE <= tail_bytes && paddable;
        if joins && more > 0 && pad {
            self.seal(protector, Some(more));
        } else {
            self.seal(protector, None);
            if !joins || more > 0 {
                self.close();
            }
        }
    }

    /// Protects the tail, with `padding` bytes added, and takes it into the open run.
    fn seal(&mut self, protector: &impl Protector, padding: Option<usize>) {
        let Some(tail) = self.tail.take() else { return };
        if let Some(count) = padding.and_then(|padding| u8::try_from(padding).ok()).filter(|&count| count > 0) {
            if let Some(first) = self.bytes.get_mut(tail.start) {
                *first |= PADDING_BIT;
            }
            self.bytes.resize(self.bytes.len() + usize::from(count) - 1, 0);
            self.bytes.push(count);
            self.padding_bytes += u64::from(count);
        }
        let plain_bytes = self.bytes.len() - tail.start;
        self.bytes.resize(self.bytes.len() + protector.tag_len(), 0);
        let place = self.bytes.get_mut(tail.start..).unwrap_or_default();
        match protector.protect_rtp(tail.index, place, plain_bytes) {
            Ok(length) => {
                self.bytes.truncate(tail.start + length);
                self.take_in(tail.start, length);
            }
            Err(error) => {
                tracing::debug!(%error, "a packet cannot be protected");
                self.bytes.truncate(tail.start);
                self.close();
            }
        }
    }

    /// Takes the sealed packet at the end into the open run; [`seal_for`](Self::seal_for) saw to it that it fits.
    fn take_in(&mut self, start: usize, length: usize) {
        match &mut self.open {
            Some(run) if length <= run.segment_bytes => {
                run.range.end = start + length;
                run.segments += 1;
            }
            open => {
                self.runs.extend(open.take());
                *open = Some(Run { range: start..start + length, segment_bytes: length, segments: 1 });
            }
        }
    }

    fn open_segments(&self) -> usize {
        self.open.as_ref().map_or(0, |run| run.segments)
    }

    fn close(&mut self) {
        self.runs.extend(self.open.take());
    }
}

/// The P bit (RFC 3550 §5.1).
const PADDING_BIT: u8 = 0x20;

/// What one count byte can say.
const PADDING_MAX: usize = 255;

/// Padding may be one in so many bytes of a packet: a system call saved is worth that much of the line.
const PADDING_SHARE: usize = 16;

/// Sound gains nothing: its packets travel alone.
const PADDED_BYTES_MIN: usize = 400;

/// A larger segment could exceed the path, which the kernel refuses for a whole run; every IPv6 link takes 1280 bytes (RFC 8200 §5), of
/// which 48 are headers.
const SEGMENT_BYTES_MAX: usize = 1232;

/// No run may exceed what the length field of IP can say, its headers included; nor may the outbox, which is often one run.
const BYTES_MAX: usize = 65_000;

/// Tag and padding of the packets that are still plain.
const ROOM_BYTES: usize = 2 * (PADDING_MAX + 64);

#[cfg(test)]
mod tests;

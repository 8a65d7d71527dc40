//! What is only known at the end: how long the segment is, how long it lasts, and where one can begin (RFC 9559 §5.1.1, §5.1.2.10, §5.1.5).

use bytes::Bytes;
use media::{Kind, MediaTime};

use super::ebml::{binary, element, float, long_size, unsigned, write_id, write_size};
use super::{Header, id, track_number};
use crate::record::{Fill, SeekPoint};

/// Where things are in the header, from the beginning of the file.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// What is in the segment; the list of what is where comes first in it.
    pub(super) segment: usize,
    pub(super) info: usize,
    pub(super) duration: usize,
    pub(super) tracks: usize,
}

impl Header {
    /// The end of the file, which has `bytes` bytes so far: what is appended to it, and what is filled in. `points` are the clusters that begin with a
    /// key frame of `kind`.
    #[must_use]
    pub fn index(&self, bytes: u64, duration: MediaTime, kind: Kind, points: &[SeekPoint]) -> (Vec<u8>, Vec<Fill>) {
        let segment = place(self.places.segment);
        let mut cues = Vec::new();
        element(&mut cues, id::CUES, |out| {
            for point in points {
                element(out, id::CUE_POINT, |out| {
                    unsigned(out, id::CUE_TIME, u64::try_from(point.time.millis()).unwrap_or_default());
                    element(out, id::CUE_TRACK_POSITIONS, |out| {
                        unsigned(out, id::CUE_TRACK, track_number(kind).into());
                        unsigned(out, id::CUE_CLUSTER_POSITION, point.offset.saturating_sub(segment));
                    });
                });
            }
        });
        let end = bytes.saturating_add(place(cues.len()));
        let mut seek_head = Vec::with_capacity(SEEK_HEAD_BYTES);
        write_id(&mut seek_head, id::SEEK_HEAD);
        write_size(&mut seek_head, place(3 * SEEK_BYTES));
        let parts = [(id::INFO, place(self.places.info)), (id::TRACKS, place(self.places.tracks)), (id::CUES, bytes)];
        for (id, offset) in parts {
            write_seek(&mut seek_head, id, offset.saturating_sub(segment));
        }
        let mut lasts = Vec::with_capacity(DURATION_BYTES);
        // Ticks are milliseconds.
        #[expect(clippy::cast_precision_loss, reason = "a recording does not last 285 years")]
        float(&mut lasts, id::DURATION, duration.micros() as f64 / 1000.0);
        let size = Bytes::copy_from_slice(&long_size(end.saturating_sub(segment)));
        let fills = vec![
            Fill { offset: segment, bytes: seek_head.into() },
            Fill { offset: place(self.places.duration), bytes: lasts.into() },
            Fill { offset: segment.saturating_sub(8), bytes: size },
        ];
        (cues, fills)
    }
}

fn place(at: usize) -> u64 {
    u64::try_from(at).unwrap_or(u64::MAX)
}

/// Keeps a place for the list of what is where.
pub(super) fn reserve_seek_head(out: &mut Vec<u8>) {
    reserve(out, SEEK_HEAD_BYTES);
}

/// Keeps a place for the duration.
pub(super) fn reserve_duration(out: &mut Vec<u8>) {
    reserve(out, DURATION_BYTES);
}

fn reserve(out: &mut Vec<u8>, bytes: usize) {
    let zeros = [0; SEEK_HEAD_BYTES];
    binary(out, id::VOID, zeros.get(..bytes.saturating_sub(VOID_HEAD_BYTES)).unwrap_or_default());
}

fn write_seek(out: &mut Vec<u8>, id: u32, position: u64) {
    write_id(out, id::SEEK);
    write_size(out, u64::try_from(SEEK_BYTES - 3).unwrap_or_default());
    binary(out, id::SEEK_ID, &id.to_be_bytes());
    // Of a fixed length, as the place is.
    binary(out, id::SEEK_POSITION, &position.to_be_bytes());
}

/// An identifier of two bytes and a size, an identifier of four bytes, a position of eight.
const SEEK_BYTES: usize = 3 + 7 + 11;
const SEEK_HEAD_BYTES: usize = 4 + 1 + 3 * SEEK_BYTES;
/// Of `Duration` as a number of 64 bits.
const DURATION_BYTES: usize = 2 + 1 + 8;
/// Of an element that is to be passed over, with its size.
const VOID_HEAD_BYTES: usize = 2;

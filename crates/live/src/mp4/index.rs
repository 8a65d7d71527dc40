//! The index of a complete file of fragments (`sidx`, ISO/IEC 14496-12 §8.16.3): where one can begin, and by that how long the file lasts. It stands in front of the
//! fragments, in a place that is kept free for it while they are written.

use media::MediaTime;

use super::Track;
use super::boxes::{full, plain, u16, u32, u64, zeros};
use crate::record::SeekPoint;

/// Keeps the place: a box without meaning.
pub fn reserve_index(out: &mut Vec<u8>) {
    plain(out, *b"free", |out| zeros(out, INDEX_BYTES - BOX_HEAD_BYTES));
}

/// What takes the place kept by [`reserve_index`]: [`INDEX_BYTES`] bytes. `points` are the fragments in the file that begin with a key frame of `track`, the first
/// fragment among them, at most [`INDEX_POINTS_MAX`]; `end` is where the file ends.
#[must_use]
pub fn index(track: Track, points: &[SeekPoint], end: SeekPoint) -> Vec<u8> {
    let mut out = Vec::with_capacity(INDEX_BYTES);
    let points = points.get(..points.len().min(INDEX_POINTS_MAX)).unwrap_or_default();
    let rest = INDEX_BYTES - SIDX_BYTES - points.len() * POINT_BYTES;
    let ticks = |time: MediaTime| u64::try_from(time.ticks(track.timescale_hz)).unwrap_or_default();
    full(&mut out, *b"sidx", 1, 0, |out| {
        u32(out, track.id());
        u32(out, track.timescale_hz);
        u64(out, points.first().map_or(0, |first| ticks(first.time)));
        // From the end of this box to the first fragment.
        u64(out, u64::try_from(rest).unwrap_or_default());
        u16(out, 0);
        u16(out, u16::try_from(points.len()).unwrap_or_default());
        let ends = points.iter().skip(1).copied().chain([end]);
        for (point, next) in points.iter().zip(ends) {
            // The highest bit says that it is no index of indices.
            u32(out, u32::try_from(next.offset.saturating_sub(point.offset)).unwrap_or(u32::MAX) & 0x7fff_ffff);
            u32(out, u32::try_from(ticks(next.time).saturating_sub(ticks(point.time))).unwrap_or(u32::MAX));
            u32(out, STARTS_WITH_SAP_1);
        }
    });
    plain(&mut out, *b"free", |out| zeros(out, rest - BOX_HEAD_BYTES));
    out
}

/// Points that the place is large enough for.
pub const INDEX_POINTS_MAX: usize = 1024;
/// Bytes of the place.
pub const INDEX_BYTES: usize = SIDX_BYTES + INDEX_POINTS_MAX * POINT_BYTES + BOX_HEAD_BYTES;
/// Without points.
const SIDX_BYTES: usize = 40;
const POINT_BYTES: usize = 12;
const BOX_HEAD_BYTES: usize = 8;
/// Decoding can begin with the first picture, and no later one is shown before it (§8.16.3.3).
const STARTS_WITH_SAP_1: u32 = 0x9000_0000;

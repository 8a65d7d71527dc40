//! A stamp at the end of a payload: who sent it, as which packet, and when. It passes a media server unchanged, and tells
//! delivery and one-way delay where sender and receiver are one process.

/// What a stamped payload ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Differs between runs, so that packets of another one are not counted.
    pub run: u32,
    /// Which source of this run.
    pub source: u32,
    /// Counts the packets of the source.
    pub number: u32,
    /// When it was sent, on the [`crate::Clock`] of the process.
    pub sent_us: u64,
}

impl Stamp {
    /// Bytes at the end of a payload.
    pub const BYTES: usize = 24;

    /// Overwrites the end of `payload`, which is left alone when it is shorter than a stamp.
    pub fn write(&self, payload: &mut [u8]) {
        let Some(end) = payload.last_chunk_mut::<{ Self::BYTES }>() else { return };
        let words = [MAGIC, self.run, self.source, self.number];
        for (place, word) in end.chunks_exact_mut(4).zip(words) {
            place.copy_from_slice(&word.to_be_bytes());
        }
        end[16..].copy_from_slice(&self.sent_us.to_be_bytes());
    }

    /// Replaces the time in the stamp at the end of `payload`, if there is one.
    pub fn renew(payload: &mut [u8], sent_us: u64) {
        if let Some(stamp) = Self::read(payload) {
            Self { sent_us, ..stamp }.write(payload);
        }
    }

    /// The stamp at the end of `payload`, if there is one.
    #[must_use]
    pub fn read(payload: &[u8]) -> Option<Self> {
        let end = payload.last_chunk::<{ Self::BYTES }>()?;
        let word = |at: usize| u32::from_be_bytes([end[at], end[at + 1], end[at + 2], end[at + 3]]);
        let sent_us = u64::from(word(16)) << 32 | u64::from(word(20));
        (word(0) == MAGIC).then(|| Self { run: word(4), source: word(8), number: word(12), sent_us })
    }
}

/// Not likely at the end of anything else.
const MAGIC: u32 = 0x5041_524c;

#[cfg(test)]
mod tests;

//! The packets of one layer of a track, kept for retransmission: one copy however many subscribers there are.
//!
//! A ring of bytes and a ring of entries. Both start small and grow while they hold less than [`KEEP`] of the stream, up to named limits;
//! after that nothing is allocated.

use std::time::{Duration, Instant};

/// Packets of one incoming stream, by their place in it.
#[derive(Debug)]
pub(crate) struct PacketCache {
    limits: Limits,
    /// A ring; a packet never straddles its end.
    bytes: Vec<u8>,
    /// How many bytes were ever written, gaps at the end of the ring included. The next packet goes to this, modulo the length.
    written: u64,
    /// When the ring of bytes was last at its start.
    lapped_at: Option<Instant>,
    /// A ring indexed by the place modulo the length, which is a power of two.
    entries: Vec<Entry>,
}

/// How far a cache may grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) bytes_min: usize,
    pub(crate) bytes_max: usize,
    /// A power of two.
    pub(crate) packets_min: usize,
    /// A power of two.
    pub(crate) packets_max: usize,
}

/// A packet as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cached<'a> {
    /// The whole RTP packet.
    pub(crate) bytes: &'a [u8],
    /// It came as a retransmission (RFC 4588), whose payload starts with the original number.
    pub(crate) repaired: bool,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    place: u64,
    /// Where it starts, counted as `written` is.
    start: u64,
    length: u16,
    repaired: bool,
    arrived: Option<Instant>,
}

impl PacketCache {
    /// Empty; the first packet allocates.
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, bytes: Vec::new(), written: 0, lapped_at: None, entries: Vec::new() }
    }

    /// Keeps a packet under its place in the stream. One that is larger than the whole ring is not kept.
    pub(crate) fn insert(&mut self, now: Instant, place: u64, packet: &[u8], repaired: bool) {
        let Ok(length) = u16::try_from(packet.len()) else { return };
        if packet.len() > self.limits.bytes_min {
            return;
        }
        self.make_room(now, place, packet.len());
        let Some(start) = self.write(now, packet) else { return };
        if let Some(entry) = self.entry_mut(place) {
            *entry = Entry { place, start, length, repaired, arrived: Some(now) };
        }
    }

    /// The packet at that place, unless it is forgotten or older than [`KEEP_MAX`].
    pub(crate) fn packet(&self, now: Instant, place: u64) -> Option<Cached<'_>> {
        let entry = self.entries.get(self.index(place)?)?;
        let age = now.saturating_duration_since(entry.arrived?);
        if entry.place != place || age > KEEP_MAX {
            return None;
        }
        Some(Cached { bytes: self.slice(entry)?, repaired: entry.repaired })
    }

    /// Forgets all packets; the memory is kept.
    pub(crate) fn clear(&mut self) {
        self.entries.fill(Entry::NONE);
    }

    /// What it occupies.
    pub(crate) fn allocated_bytes(&self) -> usize {
        let entries = self.entries.capacity().saturating_mul(size_of::<Entry>());
        self.bytes.capacity().saturating_add(entries)
    }

    /// Grows what is too small for [`KEEP`] of the stream.
    fn make_room(&mut self, now: Instant, place: u64, length: usize) {
        if self.entries.is_empty() {
            self.entries = vec![Entry::NONE; self.limits.packets_min];
            self.bytes = vec![0; self.limits.bytes_min];
            self.lapped_at = Some(now);
        }
        let displaced = self.index(place).and_then(|index| self.entries.get(index)).and_then(|entry| entry.arrived);
        let is_young = |then: Instant| now.saturating_duration_since(then) < KEEP;
        if displaced.is_some_and(is_young) && self.entries.len() < self.limits.packets_max {
            self.grow_entries();
        }
        let is_at_the_end = self.position().saturating_add(length) > self.bytes.len();
        if is_at_the_end && self.lapped_at.is_some_and(is_young) && self.bytes.len() < self.limits.bytes_max {
            self.grow_bytes();
        }
    }

    fn grow_entries(&mut self) {
        let length = self.entries.len().saturating_mul(2).min(self.limits.packets_max);
        let old = std::mem::replace(&mut self.entries, vec![Entry::NONE; length]);
        for entry in old.into_iter().filter(|entry| entry.arrived.is_some()) {
            if let Some(slot) = self.entry_mut(entry.place) {
                *slot = entry;
            }
        }
    }

    /// Copies what there is to the start of a larger ring.
    fn grow_bytes(&mut self) {
        let length = self.bytes.len().saturating_mul(2).min(self.limits.bytes_max);
        let mut bytes = Vec::with_capacity(length);
        for index in 0..self.entries.len() {
            let Some(mut entry) = self.entries.get(index).copied() else { continue };
            match self.slice(&entry) {
                Some(packet) => {
                    entry.start = bytes.len() as u64;
                    bytes.extend_from_slice(packet);
                }
                None => entry = Entry::NONE,
            }
            if let Some(slot) = self.entries.get_mut(index) {
                *slot = entry;
            }
        }
        self.written = bytes.len() as u64;
        bytes.resize(length, 0);
        self.bytes = bytes;
    }

    fn write(&mut self, now: Instant, packet: &[u8]) -> Option<u64> {
        let left = self.bytes.len().checked_sub(self.position())?;
        if left < packet.len() {
            self.written = self.written.checked_add(left as u64)?;
            self.lapped_at = Some(now);
        }
        let position = self.position();
        let end = position.checked_add(packet.len())?;
        self.bytes.get_mut(position..end)?.copy_from_slice(packet);
        let start = self.written;
        self.written = start.checked_add(packet.len() as u64)?;
        Some(start)
    }

    /// The bytes of an entry unless they are overwritten.
    fn slice(&self, entry: &Entry) -> Option<&[u8]> {
        entry.arrived?;
        let length = self.bytes.len() as u64;
        if self.written > entry.start.checked_add(length)? {
            return None;
        }
        let position = usize::try_from(entry.start.checked_rem(length)?).ok()?;
        self.bytes.get(position..position.checked_add(usize::from(entry.length))?)
    }

    fn position(&self) -> usize {
        self.written.checked_rem(self.bytes.len() as u64).map_or(0, |position| usize::try_from(position).unwrap_or(0))
    }

    fn index(&self, place: u64) -> Option<usize> {
        usize::try_from(place.checked_rem(self.entries.len() as u64)?).ok()
    }

    fn entry_mut(&mut self, place: u64) -> Option<&mut Entry> {
        let index = self.index(place)?;
        self.entries.get_mut(index)
    }
}

impl Limits {
    /// Of a layer of video: two seconds of 4 Mbit/s.
    pub(crate) const VIDEO: Self =
        Self { bytes_min: 32_768, bytes_max: 1_048_576, packets_min: 64, packets_max: 1_024 };
    /// Of audio: more than a second of packets of 20 ms.
    pub(crate) const AUDIO: Self = Self { bytes_min: 8_192, bytes_max: 32_768, packets_min: 64, packets_max: 128 };
}

impl Entry {
    const NONE: Self = Self { place: 0, start: 0, length: 0, repaired: false, arrived: None };
}

/// How much of the stream is worth memory: several round trips of a bad path.
const KEEP: Duration = Duration::from_millis(1_500);

/// What is older is of no use to anybody: viewers have asked for a key frame.
const KEEP_MAX: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests;

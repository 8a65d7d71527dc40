//! The packets of one layer of a track, kept for retransmission and, where that is wished, for who comes later: one copy however many
//! subscribers there are.
//!
//! A ring of bytes and a ring of entries. Both start small and grow while they hold less than [`KEEP`] of the stream, or not all since the
//! latest key picture, up to named limits; after that nothing is allocated.

use std::time::{Duration, Instant};

/// Packets of one incoming stream, by their place in it.
#[derive(Debug)]
pub(crate) struct PacketCache {
    limits: Limits,
    /// How far it may grow to hold all since the latest key picture; `None` where nobody wants that.
    replay_limits: Option<Limits>,
    /// The place where the latest key picture begins, as long as everything since is here that came.
    start: Option<u64>,
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

/// What there is at a place between the latest key picture and the newest packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept<'a> {
    /// This packet.
    Packet(Cached<'a>),
    /// Nothing has come so far.
    Missing,
    /// What came is overwritten.
    Forgotten,
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
        let (bytes, entries) = (Vec::new(), Vec::new());
        Self { limits, replay_limits: None, start: None, bytes, written: 0, lapped_at: None, entries }
    }

    /// The same, which also holds what has come since the latest key picture, as far as these limits allow.
    pub(crate) fn replaying(self, limits: Limits) -> Self {
        Self { replay_limits: Some(limits), ..self }
    }

    /// A key picture begins at a place.
    pub(crate) fn handle_key_picture(&mut self, place: u64) {
        self.start = Some(self.start.map_or(place, |start| start.max(place)));
    }

    /// Whether it grows to hold all since the latest key picture.
    pub(crate) fn is_replaying(&self) -> bool {
        self.replay_limits.is_some()
    }

    /// Where the latest key picture begins, if everything since is here that came.
    pub(crate) fn start(&self) -> Option<u64> {
        self.start
    }

    /// How long ago a packet came, if it is still here.
    pub(crate) fn age(&self, now: Instant, place: u64) -> Option<Duration> {
        let entry = self.displaced(place).filter(|entry| entry.place == place)?;
        Some(now.saturating_duration_since(entry.arrived?))
    }

    /// What came so far is for nobody who comes later.
    pub(crate) fn forget_start(&mut self) {
        self.start = None;
    }

    /// What there is at a place behind the start, however old it is.
    pub(crate) fn kept(&self, place: u64) -> Kept<'_> {
        let Some(entry) = self.index(place).and_then(|index| self.entries.get(index)) else { return Kept::Forgotten };
        if entry.arrived.is_none() || entry.place < place {
            return Kept::Missing;
        }
        match self.slice(entry).filter(|_| entry.place == place) {
            Some(bytes) => Kept::Packet(Cached { bytes, repaired: entry.repaired }),
            None => Kept::Forgotten,
        }
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

    /// The packet at that place, unless it is forgotten or older than [`KEEP_MAX`]; where all since the start is held, one behind it may be
    /// as old as it is.
    pub(crate) fn packet(&self, now: Instant, place: u64) -> Option<Cached<'_>> {
        let entry = self.entries.get(self.index(place)?)?;
        let age = now.saturating_duration_since(entry.arrived?);
        if entry.place != place || (age > KEEP_MAX && !self.is_since_start(place)) {
            return None;
        }
        Some(Cached { bytes: self.slice(entry)?, repaired: entry.repaired })
    }

    /// Forgets all packets; the memory is kept.
    pub(crate) fn clear(&mut self) {
        self.start = None;
        self.entries.fill(Entry::NONE);
    }

    /// What it occupies.
    pub(crate) fn allocated_bytes(&self) -> usize {
        let entries = self.entries.capacity().saturating_mul(size_of::<Entry>());
        self.bytes.capacity().saturating_add(entries)
    }

    /// Grows what is too small for [`KEEP`] of the stream, or for all since the start. Where that needs more than may be, the start is given
    /// up.
    fn make_room(&mut self, now: Instant, place: u64, length: usize) {
        if self.entries.is_empty() {
            self.entries = vec![Entry::NONE; self.limits.packets_min];
            self.bytes = vec![0; self.limits.bytes_min];
            self.lapped_at = Some(now);
        }
        let is_young = |then: Instant| now.saturating_duration_since(then) < KEEP;
        let displaced = self.displaced(place).and_then(|entry| entry.arrived);
        let for_all = self.displaces_start(place) && self.entries.len() < self.replay_max(|limits| limits.packets_max);
        if for_all || (displaced.is_some_and(is_young) && self.entries.len() < self.limits.packets_max) {
            self.grow_entries();
        }
        let is_at_the_end = self.position().saturating_add(length) > self.bytes.len();
        let is_short = is_at_the_end && self.lapped_at.is_some_and(is_young);
        let for_all = self.overwrites_start(length) && self.bytes.len() < self.replay_max(|limits| limits.bytes_max);
        if for_all || (is_short && self.bytes.len() < self.limits.bytes_max) {
            self.grow_bytes(place);
        }
        if self.displaces_start(place) || self.overwrites_start(length) {
            self.start = None;
        }
    }

    fn replay_max(&self, of: fn(&Limits) -> usize) -> usize {
        self.replay_limits.as_ref().map_or(0, of)
    }

    /// The entry whose place in the ring another one takes.
    fn displaced(&self, place: u64) -> Option<&Entry> {
        self.entries.get(self.index(place)?).filter(|entry| entry.arrived.is_some())
    }

    /// Whether an entry for `place` takes the place of one since the start.
    fn displaces_start(&self, place: u64) -> bool {
        let displaced = self.displaced(place).filter(|entry| entry.place != place);
        self.start.is_some_and(|start| displaced.is_some_and(|entry| entry.place >= start))
    }

    /// Whether so many bytes more are written over the first packet since the start.
    fn overwrites_start(&self, length: usize) -> bool {
        let Some(first) = self.start.and_then(|start| self.displaced(start)) else { return false };
        let left = self.bytes.len().saturating_sub(self.position());
        let gap = if left < length { left } else { 0 };
        let end = self.written.saturating_add(gap.saturating_add(length) as u64);
        Some(first.place) == self.start && end > first.start.saturating_add(self.bytes.len() as u64)
    }

    fn grow_entries(&mut self) {
        let most = self.limits.packets_max.max(self.replay_max(|limits| limits.packets_max));
        let length = self.entries.len().saturating_mul(2).min(most);
        let old = std::mem::replace(&mut self.entries, vec![Entry::NONE; length]);
        for entry in old.into_iter().filter(|entry| entry.arrived.is_some()) {
            if let Some(slot) = self.entry_mut(entry.place) {
                *slot = entry;
            }
        }
    }

    /// Copies what there is to the start of a larger ring, the oldest first, as that is overwritten first.
    fn grow_bytes(&mut self, place: u64) {
        let most = self.limits.bytes_max.max(self.replay_max(|limits| limits.bytes_max));
        let length = self.bytes.len().saturating_mul(2).min(most);
        let mut bytes = Vec::with_capacity(length);
        let first = self.index(place).unwrap_or(0);
        for index in (first..self.entries.len()).chain(0..first) {
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

    fn is_since_start(&self, place: u64) -> bool {
        self.is_replaying() && self.start.is_some_and(|start| place >= start)
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
    /// Of a layer of video whose latest key picture is kept with all since: ten seconds of 6 Mbit/s.
    pub(crate) const REPLAY: Self =
        Self { bytes_min: 32_768, bytes_max: 8_388_608, packets_min: 64, packets_max: 8_192 };
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

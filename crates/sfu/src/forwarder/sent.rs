//! Which incoming packet went out under which number: eight bytes each, for the latest ones.

/// A packet that went out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SentPacket {
    /// Its unwrapped number in the outgoing stream.
    pub(crate) index: u64,
    /// Its place in the incoming stream.
    pub(crate) place: u64,
    /// What was subtracted from its PictureID.
    pub(super) picture_shift: u16,
    /// In which epoch.
    pub(super) epoch: u8,
    /// Whether it has the marker.
    pub(super) marker: bool,
}

/// What is known about an outgoing number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// A packet went out under it.
    Sent(SentPacket),
    /// It was left for a packet that has not come in yet; its unwrapped number.
    Reserved(u64),
    /// Too old, or of the future.
    Unknown,
}

/// The latest packets, a ring indexed by their number modulo its length.
#[derive(Debug, Default)]
pub(super) struct SentPackets {
    /// Empty until the first packet.
    ring: Vec<Compact>,
    length: usize,
}

#[derive(Debug, Clone, Copy)]
struct Compact {
    /// The lower bits of the place.
    place: u32,
    picture_shift: u16,
    epoch: u8,
    /// [`SENT`], [`MARKER`], and six bits of the place above its lower 32.
    flags: u8,
}

impl SentPackets {
    /// Remembers `length` packets, a power of two, or none.
    pub(super) fn new(length: usize) -> Self {
        Self { ring: Vec::new(), length }
    }

    /// A packet goes out; `next` is the number after the highest before it.
    pub(super) fn insert(&mut self, packet: SentPacket, next: u64) {
        if self.ring.is_empty() {
            self.ring = vec![Compact::RESERVED; self.length];
        }
        self.reserve(next, packet.index);
        let flags = SENT | if packet.marker { MARKER } else { 0 };
        #[expect(clippy::cast_possible_truncation, reason = "the lower bits are kept")]
        let compact =
            Compact { place: packet.place as u32, picture_shift: packet.picture_shift, epoch: packet.epoch, flags };
        if let Some(entry) = self.entry_mut(packet.index) {
            *entry = compact;
        }
    }

    /// Nothing went out yet under the numbers from `next` up to, not including, `end`.
    pub(super) fn reserve(&mut self, next: u64, end: u64) {
        let first = next.max(end.saturating_sub(self.length as u64));
        for index in first..end {
            if let Some(entry) = self.entry_mut(index) {
                *entry = Compact::RESERVED;
            }
        }
    }

    /// Whether a number below `next` is still waiting for its packet. Without a ring nothing is known, and nothing is late.
    pub(super) fn is_reserved(&self, index: u64, next: u64) -> bool {
        self.is_within(index, next) && self.entry(index).is_some_and(|entry| entry.flags & SENT == 0)
    }

    /// What is known about a 16-bit number, `next` being the one after the highest.
    pub(super) fn find(&self, number: u16, next: u64) -> Lookup {
        #[expect(clippy::cast_possible_truncation, reason = "the lower 16 bits are the number")]
        let back = (next as u16).wrapping_sub(number);
        let Some(index) = next.checked_sub(u64::from(back)).filter(|index| self.is_within(*index, next)) else {
            return Lookup::Unknown;
        };
        let Some(entry) = self.entry(index) else { return Lookup::Unknown };
        if entry.flags & SENT == 0 {
            return Lookup::Reserved(index);
        }
        Lookup::Sent(SentPacket {
            index,
            place: u64::from(entry.place),
            picture_shift: entry.picture_shift,
            epoch: entry.epoch,
            marker: entry.flags & MARKER != 0,
        })
    }

    fn is_within(&self, index: u64, next: u64) -> bool {
        index < next && next.saturating_sub(index) <= self.ring.len() as u64
    }

    fn entry(&self, index: u64) -> Option<&Compact> {
        let length = self.ring.len() as u64;
        self.ring.get(usize::try_from(index.checked_rem(length)?).ok()?)
    }

    fn entry_mut(&mut self, index: u64) -> Option<&mut Compact> {
        let length = self.ring.len() as u64;
        self.ring.get_mut(usize::try_from(index.checked_rem(length)?).ok()?)
    }
}

impl Compact {
    const RESERVED: Self = Self { place: 0, picture_shift: 0, epoch: 0, flags: 0 };
}

/// A packet went out.
const SENT: u8 = 1;

/// It had the marker.
const MARKER: u8 = 2;

#[cfg(test)]
mod tests;

//! Which of the latest packets have come.

/// A bit for each of the [`LENGTH`] places up to the highest.
#[derive(Debug, Clone)]
pub(super) struct Window {
    bits: [u64; WORDS],
    highest: u64,
}

impl Default for Window {
    fn default() -> Self {
        Self { bits: [0; WORDS], highest: 0 }
    }
}

impl Window {
    /// The first packet.
    pub(super) fn begin(&mut self, place: u64) {
        self.highest = place;
        self.set(place);
    }

    /// Whether the place had not been filled; what is behind the window counts as filled.
    pub(super) fn insert(&mut self, place: u64) -> bool {
        if place > self.highest {
            let steps = place.saturating_sub(self.highest);
            if steps >= LENGTH {
                self.bits = [0; WORDS];
            } else {
                (self.highest.saturating_add(1)..place).for_each(|skipped| self.clear(skipped));
            }
            self.highest = place;
            self.set(place);
            return true;
        }
        let is_behind = self.highest.saturating_sub(place) >= LENGTH;
        if is_behind || self.is_set(place) {
            return false;
        }
        self.set(place);
        true
    }

    fn is_set(&self, place: u64) -> bool {
        self.bits.get(word_of(place)).is_some_and(|word| word & bit_of(place) != 0)
    }

    fn set(&mut self, place: u64) {
        if let Some(word) = self.bits.get_mut(word_of(place)) {
            *word |= bit_of(place);
        }
    }

    fn clear(&mut self, place: u64) {
        if let Some(word) = self.bits.get_mut(word_of(place)) {
            *word &= !bit_of(place);
        }
    }
}

fn word_of(place: u64) -> usize {
    usize::try_from((place % LENGTH) / 64).unwrap_or(0)
}

fn bit_of(place: u64) -> u64 {
    1 << (place % 64)
}

const WORDS: usize = 16;

/// Places that are remembered: two seconds at 500 packets a second.
const LENGTH: u64 = 64 * WORDS as u64;

//! Which packets of one stream came already (RFC 3711 §3.3.2): a window of 64 × `WORDS` packets behind the newest.

/// The newest index, and one bit for each of the indices behind it.
#[derive(Debug, Clone)]
pub(crate) struct Window<const WORDS: usize> {
    newest: u64,
    /// A ring: the bit of an index is at the index modulo the window's size.
    seen: [u64; WORDS],
}

impl<const WORDS: usize> Window<WORDS> {
    const PACKETS: u64 = 64 * WORDS as u64;

    /// Of a stream whose first packet has this index.
    pub(crate) fn new(first: u64) -> Self {
        let mut window = Self { newest: first, seen: [0; WORDS] };
        window.mark(first);
        window
    }

    pub(crate) fn newest(&self) -> u64 {
        self.newest
    }

    /// Whether the index is neither seen nor too old to tell.
    pub(crate) fn is_fresh(&self, index: u64) -> bool {
        index > self.newest || (self.newest - index < Self::PACKETS && !self.is_marked(index))
    }

    /// Notes an index that is fresh.
    pub(crate) fn accept(&mut self, index: u64) {
        if index > self.newest {
            if index - self.newest >= Self::PACKETS {
                self.seen = [0; WORDS];
            } else {
                for skipped in self.newest + 1..index {
                    self.unmark(skipped);
                }
            }
            self.newest = index;
        }
        self.mark(index);
    }

    fn is_marked(&self, index: u64) -> bool {
        let (word, bit) = Self::place(index);
        self.seen.get(word).is_some_and(|word| word & bit != 0)
    }

    fn mark(&mut self, index: u64) {
        let (word, bit) = Self::place(index);
        if let Some(word) = self.seen.get_mut(word) {
            *word |= bit;
        }
    }

    fn unmark(&mut self, index: u64) {
        let (word, bit) = Self::place(index);
        if let Some(word) = self.seen.get_mut(word) {
            *word &= !bit;
        }
    }

    fn place(index: u64) -> (usize, u64) {
        let place = index % Self::PACKETS;
        ((place / 64) as usize, 1 << (place % 64))
    }
}

#[cfg(test)]
mod tests;

//! Messages of a stream side by side.

/// Whole messages side by side, in memory that is used again.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    /// The messages.
    bytes: Vec<u8>,
    /// Where each ends.
    ends: Vec<usize>,
}

impl Chunk {
    /// Adds a message, given in parts.
    pub(crate) fn push(&mut self, parts: &[&[u8]]) {
        for part in parts {
            self.bytes.extend_from_slice(part);
        }
        self.ends.push(self.bytes.len());
    }

    /// The messages in order.
    pub(crate) fn messages(&self) -> impl Iterator<Item = &[u8]> {
        let starts = [0].into_iter().chain(self.ends.iter().copied());
        starts.zip(&self.ends).filter_map(|(start, &end)| self.bytes.get(start..end))
    }

    /// The messages from `position` on, in memory of their own.
    pub(crate) fn from(&self, position: usize) -> Self {
        let mut rest = Self::default();
        self.messages().skip(position).for_each(|message| rest.push(&[message]));
        rest
    }

    /// How many messages there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The message at `position`, which may be decrypted in place; empty where there is none.
    pub(crate) fn message_mut(&mut self, position: usize) -> &mut [u8] {
        let end = self.ends.get(position).copied().unwrap_or_default();
        let start = position.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default();
        self.bytes.get_mut(start..end).unwrap_or_default()
    }

    /// The messages in one piece.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Forgets the messages, and keeps no more than `bytes_max` of memory for the next.
    pub(crate) fn clear(&mut self, bytes_max: usize) {
        self.bytes.clear();
        self.ends.clear();
        self.bytes.shrink_to(bytes_max);
        self.ends.shrink_to(bytes_max / MESSAGE_BYTES_MIN);
    }
}

/// ChannelData without a payload.
const MESSAGE_BYTES_MIN: usize = 4;

#[cfg(test)]
mod tests;

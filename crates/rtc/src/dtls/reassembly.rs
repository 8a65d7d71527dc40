//! Handshake messages out of their fragments, in their order (RFC 6347 §4.2.2, §4.2.3).

use std::ops::Range;

use super::wire::{Reader, put_u16, put_u24};

/// A whole message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) kind: u8,
    pub(super) sequence: u16,
    /// Of the records that brought it.
    pub(super) epoch: u16,
    pub(super) body: Vec<u8>,
}

impl Message {
    /// As the transcript has it: as though it had come in one piece.
    pub(super) fn whole(&self) -> Vec<u8> {
        let mut whole = Vec::with_capacity(MESSAGE_HEADER_BYTES + self.body.len());
        put_header(&mut whole, self.kind, self.sequence, self.body.len(), 0..self.body.len());
        whole.extend_from_slice(&self.body);
        whole
    }
}

/// The header of a fragment of a message of `length` bytes.
pub(super) fn put_header(out: &mut Vec<u8>, kind: u8, sequence: u16, length: usize, fragment: Range<usize>) {
    out.push(kind);
    put_u24(out, length);
    put_u16(out, sequence);
    put_u24(out, fragment.start);
    put_u24(out, fragment.len());
}

/// What a fragment belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrival {
    /// A message that is still wanted.
    Wanted,
    /// A message that was read already: the other end has not got the answer, or the network repeats.
    Repeated { sequence: u16 },
}

/// The messages announce more than [`PENDING_BYTES_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLarge;

/// Messages whose fragments have come in part.
#[derive(Debug, Default)]
pub(super) struct Reassembly {
    /// Of the message that is read next.
    next: u16,
    pending: Vec<Partial>,
}

#[derive(Debug)]
struct Partial {
    message: Message,
    /// What of the body is there: in order, and never adjacent.
    present: Vec<Range<usize>>,
}

impl Reassembly {
    /// The handshake content of a record: one fragment after the other. What cannot be read is dropped.
    pub(super) fn handle_content(
        &mut self,
        epoch: u16,
        content: &[u8],
        mut each: impl FnMut(Arrival),
    ) -> Result<(), TooLarge> {
        let mut reader = Reader::new(content);
        while let Some(fragment) = Fragment::read(&mut reader) {
            each(self.handle_fragment(epoch, &fragment)?);
        }
        Ok(())
    }

    /// The next message of the order, when all of it is there.
    pub(super) fn poll_message(&mut self) -> Option<Message> {
        let at = self.pending.iter().position(|partial| partial.message.sequence == self.next && partial.is_whole())?;
        self.next = self.next.checked_add(1)?;
        Some(self.pending.swap_remove(at).message)
    }

    fn handle_fragment(&mut self, epoch: u16, fragment: &Fragment<'_>) -> Result<Arrival, TooLarge> {
        if fragment.sequence < self.next {
            return Ok(Arrival::Repeated { sequence: fragment.sequence });
        }
        if fragment.sequence - self.next >= AHEAD_MAX {
            return Ok(Arrival::Wanted);
        }
        let known = self.pending.iter().position(|partial| partial.message.sequence == fragment.sequence);
        let at = match known {
            Some(at) => at,
            None => {
                let pending: usize = self.pending.iter().map(|partial| partial.message.body.len()).sum();
                if pending + fragment.length > PENDING_BYTES_MAX {
                    return Err(TooLarge);
                }
                let &Fragment { kind, sequence, length, .. } = fragment;
                let message = Message { kind, sequence, epoch, body: vec![0; length] };
                self.pending.push(Partial { message, present: Vec::new() });
                self.pending.len() - 1
            }
        };
        if let Some(partial) = self.pending.get_mut(at) {
            partial.handle_fragment(epoch, fragment);
        }
        Ok(Arrival::Wanted)
    }
}

impl Partial {
    fn is_whole(&self) -> bool {
        let length = self.message.body.len();
        length == 0 || self.present.first().is_some_and(|range| *range == (0..length))
    }

    /// A fragment that contradicts those before it is dropped.
    fn handle_fragment(&mut self, epoch: u16, fragment: &Fragment<'_>) {
        let message = &mut self.message;
        if message.kind != fragment.kind || message.body.len() != fragment.length || message.epoch != epoch {
            return;
        }
        let mut range = fragment.offset..fragment.offset + fragment.bytes.len();
        let Some(place) = message.body.get_mut(range.clone()) else { return };
        if self.present.len() >= FRAGMENTS_MAX || range.is_empty() {
            return;
        }
        place.copy_from_slice(fragment.bytes);
        self.present.retain(|known| {
            let touches = known.start <= range.end && range.start <= known.end;
            if touches {
                range = range.start.min(known.start)..range.end.max(known.end);
            }
            !touches
        });
        self.present.push(range);
    }
}

/// A fragment as it came.
struct Fragment<'a> {
    kind: u8,
    sequence: u16,
    /// Of the whole message.
    length: usize,
    offset: usize,
    bytes: &'a [u8],
}

impl<'a> Fragment<'a> {
    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let (kind, length, sequence) = (reader.u8()?, reader.u24()?, reader.u16()?);
        let (offset, bytes) = (reader.u24()?, reader.vector24()?);
        Some(Self { kind, sequence, length, offset, bytes })
    }
}

/// Type, length, sequence, offset and length of the fragment.
pub(super) const MESSAGE_HEADER_BYTES: usize = 12;
/// A flight has at most six messages.
const AHEAD_MAX: u16 = 8;
/// All messages that wait at the same time: a long chain of large certificates, and what follows it.
pub(super) const PENDING_BYTES_MAX: usize = 48 * 1024;
/// Gaps in one message.
const FRAGMENTS_MAX: usize = 64;

#[cfg(test)]
mod tests;

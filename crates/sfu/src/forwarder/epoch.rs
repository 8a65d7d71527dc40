//! From one key picture to the next change of streams: the shifts between incoming and outgoing numbers.

use super::StreamId;
use crate::frame::PictureNumbers;
use crate::id::PeerId;
use crate::timeline::SenderClock;

/// From one key picture to the next change of streams: incoming numbers minus outgoing ones.
#[derive(Debug, Clone, Copy)]
pub(super) struct Epoch {
    pub(super) ordinal: u8,
    pub(super) stream: StreamId,
    pub(super) publisher: PeerId,
    pub(super) clock: Option<SenderClock>,
    pub(super) timestamp_shift: u32,
    pub(super) base_shift: u8,
    pub(super) key_shift: u8,
    pub(super) number_shift: u16,
}

/// The latest epochs of one outgoing stream, at most [`EPOCHS_MAX`], the oldest first.
#[derive(Debug, Default)]
pub(super) struct Epochs {
    /// Empty until a stream begins: most slots are.
    list: Vec<Epoch>,
}

impl Epoch {
    pub(super) fn picture(&self, incoming: PictureNumbers, id_shift: u16) -> PictureNumbers {
        PictureNumbers {
            id: incoming.id.wrapping_sub(id_shift) & 0x7fff,
            base: incoming.base.wrapping_sub(self.base_shift),
            key: incoming.key.wrapping_sub(self.key_shift) & 0x1f,
        }
    }
}

impl Epochs {
    /// Another one begins.
    pub(super) fn push(&mut self, epoch: Epoch) {
        if self.list.len() >= EPOCHS_MAX {
            self.list.remove(0);
        }
        self.list.push(epoch);
    }

    /// The one of that number, unless it is forgotten.
    pub(super) fn find(&self, ordinal: u8) -> Option<&Epoch> {
        self.list.iter().rev().find(|epoch| epoch.ordinal == ordinal)
    }
}

/// Changes of streams that are remembered for retransmission: several a second happen only with speakers.
const EPOCHS_MAX: usize = 8;

//! Pictures that go out later than they came, and when they are to be shown.
//!
//! Who comes in the middle gets what came since the latest key picture faster than it was made. A player takes the differences between
//! timestamps for those between pictures, and waits for what comes later than that. So each of these pictures is stamped as if it were made
//! when it goes out: then nothing is late, nothing waits, and the timestamps run into those of the live stream.

use std::collections::VecDeque;

/// The latest pictures that were stamped anew, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Retimed {
    pictures: VecDeque<Picture>,
}

/// What is added to the timestamps of one picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Picture {
    /// In which epoch it went out.
    pub(super) epoch: u8,
    /// Its timestamp as it came.
    pub(super) incoming: u32,
    /// What is added, beyond the shift of the epoch.
    pub(super) delay: u32,
    /// The index of its first packet.
    pub(super) first: u64,
    /// The index of its latest packet.
    pub(super) last: u64,
}

impl Retimed {
    pub(super) fn is_empty(&self) -> bool {
        self.pictures.is_empty()
    }

    /// The newest, if it is this one; that it has another packet is noted.
    pub(super) fn extend_newest(&mut self, epoch: u8, incoming: u32, index: u64) -> Option<u32> {
        let newest = self.pictures.back_mut()?;
        if (newest.epoch, newest.incoming) != (epoch, incoming) {
            return None;
        }
        newest.last = newest.last.max(index);
        Some(newest.delay)
    }

    /// Whether the newest went out under this timestamp.
    pub(super) fn newest_is_at(&self, epoch_shift: u32, timestamp: u32) -> bool {
        let of = |picture: &Picture| picture.incoming.wrapping_sub(epoch_shift).wrapping_add(picture.delay);
        self.pictures.back().is_some_and(|newest| of(newest) == timestamp)
    }

    /// What was added to this picture.
    pub(super) fn delay_of(&self, epoch: u8, incoming: u32) -> Option<u32> {
        let is_it = |picture: &&Picture| (picture.epoch, picture.incoming) == (epoch, incoming);
        self.pictures.iter().rev().find(is_it).map(|picture| picture.delay)
    }

    /// The latest one before a packet of another picture.
    pub(super) fn before(&self, epoch: u8, index: u64) -> Option<Picture> {
        let is_before = |picture: &&Picture| picture.epoch == epoch && picture.first < index;
        self.pictures.iter().rev().find(is_before).copied()
    }

    /// A picture begins. Each has at least one packet, so there are no more than packets that can be found again.
    pub(super) fn push(&mut self, picture: Picture) {
        self.pictures.push_back(picture);
    }

    /// What went out before that index can no longer be asked for.
    pub(super) fn forget_before(&mut self, index: u64) {
        while self.pictures.front().is_some_and(|picture| picture.last < index) {
            self.pictures.pop_front();
        }
        if self.pictures.is_empty() {
            self.pictures = VecDeque::new();
        }
    }
}

//! Stretches of an incoming stream in which the same shift between incoming and outgoing numbers holds.

use std::collections::VecDeque;

use crate::frame::Level;

/// From a place on, what is subtracted from incoming numbers, and which level goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment {
    /// The first place.
    pub(super) from: u64,
    /// Incoming place minus outgoing index.
    pub(super) shift: u64,
    /// The same of PictureIDs.
    pub(super) picture_shift: u16,
    /// Frames that this level does not need are skipped.
    pub(super) level: Level,
}

/// The latest segments of the stream that goes out, at most [`SEGMENTS_MAX`], the oldest first.
#[derive(Debug, Default)]
pub(super) struct Segments {
    list: VecDeque<Segment>,
}

impl Segments {
    /// Another stream begins with this one.
    pub(super) fn restart(&mut self, first: Segment) {
        self.list.clear();
        self.list.push_back(first);
    }

    pub(super) fn newest(&self) -> Option<Segment> {
        self.list.back().copied()
    }

    /// The one in force at a place; `None` before the oldest.
    pub(super) fn find(&self, place: u64) -> Option<Segment> {
        self.list.iter().rev().find(|segment| segment.from <= place).copied()
    }

    /// The place that has this number; `None` before the oldest segment.
    pub(super) fn place_of(&self, index: u64) -> Option<u64> {
        let begins_before = |segment: &&Segment| segment.from.wrapping_sub(segment.shift) <= index;
        self.list.iter().rev().find(begins_before).map(|segment| index.wrapping_add(segment.shift))
    }

    pub(super) fn push(&mut self, segment: Segment) {
        if self.list.len() >= SEGMENTS_MAX {
            self.list.pop_front();
        }
        self.list.push_back(segment);
    }

    /// Instead of the newest if that begins at `place`, behind it otherwise.
    pub(super) fn push_or_replace(&mut self, segment: Segment, place: u64) {
        match self.list.back_mut() {
            Some(newest) if newest.from == place => *newest = segment,
            Some(_) | None => self.push(segment),
        }
    }
}

/// At 15 skipped frames a second they reach back four seconds.
const SEGMENTS_MAX: usize = 64;

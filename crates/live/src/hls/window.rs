//! The segments that are kept: those that the playlist lists, those that have left it, which players may still be getting, and the one in the making.

use std::collections::VecDeque;

use media::MediaTime;

use super::segment::Segment;
use super::{Config, SEGMENTS_MAX};

#[derive(Debug, Default)]
pub(super) struct Window {
    /// Complete segments, the oldest first; at most `SEGMENTS_MAX`.
    segments: VecDeque<Segment>,
    /// How many of them have left the playlist.
    unlisted: usize,
    /// How many discontinuities have left the playlist.
    pub(super) discontinuity_sequence: u64,
}

impl Window {
    /// Adds a complete segment, and lets go of what is too old.
    pub(super) fn push(&mut self, segment: Segment, config: &Config) {
        self.segments.push_back(segment);
        let total = |segments: &mut dyn Iterator<Item = &Segment>| {
            segments.fold(MediaTime::ZERO, |total, segment| total + segment.duration)
        };
        while self.listed().count() > LISTED_MIN && total(&mut self.listed().skip(1)) >= config.window {
            self.unlist();
        }
        while self.unlisted > 0 && total(&mut self.segments.iter().take(self.unlisted)) > config.window {
            self.drop_oldest();
        }
        while self.segments.len() > 1 && self.is_over(config) {
            self.drop_oldest();
        }
    }

    fn is_over(&self, config: &Config) -> bool {
        let bytes: usize = self.segments.iter().map(Segment::kept_bytes).sum();
        bytes > config.window_bytes_max || self.segments.len() > SEGMENTS_MAX
    }

    fn unlist(&mut self) {
        let leaves = self.segments.get(self.unlisted);
        self.discontinuity_sequence += u64::from(leaves.is_some_and(|segment| segment.is_discontinuous));
        self.unlisted += 1;
    }

    fn drop_oldest(&mut self) {
        if self.unlisted == 0 {
            self.unlist();
        }
        self.segments.pop_front();
        self.unlisted -= 1;
    }

    /// What the playlist lists, the oldest first.
    pub(super) fn listed(&self) -> impl ExactSizeIterator<Item = &Segment> + DoubleEndedIterator {
        self.segments.range(self.unlisted..)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// Everything that is kept, the oldest first.
    pub(super) fn kept(&self) -> impl Iterator<Item = &Segment> {
        self.segments.iter()
    }

    /// The segment of that number.
    pub(super) fn find(&self, number: u64) -> Option<&Segment> {
        let first = self.segments.front()?.number;
        self.segments.get(usize::try_from(number.checked_sub(first)?).ok()?)
    }

    /// The segment of that number.
    pub(super) fn find_mut(&mut self, number: u64) -> Option<&mut Segment> {
        let first = self.segments.front()?.number;
        self.segments.get_mut(usize::try_from(number.checked_sub(first)?).ok()?)
    }

    /// The segment which has that part.
    pub(super) fn find_by_part_mut(&mut self, part: u64) -> Option<&mut Segment> {
        let behind = self.segments.partition_point(|segment| segment.first_part <= part);
        self.segments.get_mut(behind.checked_sub(1)?)
    }
}

/// RFC 8216 §6.2.2 wants three target durations left, and no segment is much longer than the target.
const LISTED_MIN: usize = 4;

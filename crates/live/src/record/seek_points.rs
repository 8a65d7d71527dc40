//! Places in a file where players can begin, spread over all of it.

use media::MediaTime;

/// Where a key frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeekPoint {
    /// When it is shown, on the timeline of the file.
    pub time: MediaTime,
    /// Where what it is in begins, in bytes.
    pub offset: u64,
}

/// Some of the places, the first always among them.
#[derive(Debug)]
pub(super) struct SeekPoints {
    points: Vec<SeekPoint>,
    limit: usize,
    /// Of so many places one is kept.
    stride: usize,
    /// How many went by since the last that was kept.
    passed: usize,
}

impl SeekPoints {
    /// At most so many, which are two or more.
    pub(super) fn new(limit: usize) -> Self {
        Self { points: Vec::new(), limit: limit.max(2), stride: 1, passed: 0 }
    }

    pub(super) fn push(&mut self, point: SeekPoint) {
        self.passed += 1;
        if !self.points.is_empty() && self.passed < self.stride {
            return;
        }
        self.passed = 0;
        if self.points.len() == self.limit {
            // Half of them have to do, from here on as well.
            let mut keep = false;
            self.points.retain(|_| {
                keep = !keep;
                keep
            });
            self.stride *= 2;
        }
        self.points.push(point);
    }

    pub(super) fn as_slice(&self) -> &[SeekPoint] {
        &self.points
    }
}

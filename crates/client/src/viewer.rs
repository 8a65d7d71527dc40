//! What a person in front of the screen would notice: when the first frame stood, and when the picture froze.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Follows one video stream packet by packet. A frame is shown when all its packets, and all before it, have come; what does not
/// come in time is given up at the next key frame, as a decoder would.
#[derive(Debug, Clone, Default)]
pub struct Viewer {
    /// The next packet that must come.
    next: Option<u64>,
    /// Packets that came before their turn: whether each ends a frame.
    early: BTreeMap<u64, bool>,
    /// When the last frame was shown.
    last_shown: Option<Instant>,
    /// The mean time between frames, smoothed.
    interval: Option<Duration>,
    figures: Viewing,
}

/// What was noticed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Viewing {
    /// Frames shown.
    pub frames: u64,
    /// How often the picture stood still.
    pub freezes: u64,
    /// For how long in all.
    pub frozen: Duration,
    /// The longest time it stood still.
    pub longest_freeze: Duration,
    /// When the first frame was shown.
    pub first_frame: Option<Instant>,
}

impl Viewer {
    /// A packet came. `place` is its unwrapped sequence number, `end_of_frame` its marker, `key_frame` whether a key frame
    /// starts with it.
    pub fn packet(&mut self, now: Instant, place: u64, end_of_frame: bool, key_frame: bool) {
        if key_frame && self.next.is_none_or(|next| place >= next) {
            self.next = Some(place);
            self.early = self.early.split_off(&place);
        }
        let Some(next) = self.next else { return };
        if place < next {
            return;
        }
        self.early.insert(place, end_of_frame);
        if self.early.len() > EARLY_MAX {
            self.early.pop_first();
        }
        while let Some(ends) = self.next.and_then(|next| self.early.remove(&next)) {
            self.next = self.next.map(|next| next + 1);
            if ends {
                self.show(now);
            }
        }
    }

    /// What was noticed up to `now`; a picture that stands still at this moment counts.
    #[must_use]
    pub fn figures(&self, now: Instant) -> Viewing {
        let mut viewer = self.clone();
        if let Some(last) = self.last_shown {
            viewer.judge(now.saturating_duration_since(last));
        }
        viewer.figures
    }

    /// Forgets what was noticed, not where the stream is.
    pub fn reset(&mut self, now: Instant) {
        self.figures = Viewing { first_frame: self.figures.first_frame, ..Viewing::default() };
        self.last_shown = self.last_shown.map(|_| now);
    }

    fn show(&mut self, now: Instant) {
        self.figures.frames += 1;
        self.figures.first_frame.get_or_insert(now);
        if let Some(last) = self.last_shown.replace(now) {
            let interval = now.saturating_duration_since(last);
            self.judge(interval);
            self.interval = Some(self.interval.map_or(interval, |mean| (mean * 7 + interval) / 8));
        }
    }

    /// The measure that browsers take (`freezeCount` of the W3C's statistics): longer than three mean intervals, and than one
    /// and 150 ms.
    fn judge(&mut self, interval: Duration) {
        let Some(mean) = self.interval else { return };
        if interval > (mean * 3).max(mean + FREEZE_MIN) {
            self.figures.freezes += 1;
            self.figures.frozen += interval;
            self.figures.longest_freeze = self.figures.longest_freeze.max(interval);
        }
    }
}

/// See [`Viewer::judge`].
const FREEZE_MIN: Duration = Duration::from_millis(150);

/// Packets that wait for one before them: more than two seconds of a stream of 500 packets/s.
const EARLY_MAX: usize = 1024;

#[cfg(test)]
mod tests;

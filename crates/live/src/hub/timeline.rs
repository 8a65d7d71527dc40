//! Times that go on, whoever publishes and however its clock jumps: players see one stream that never goes back.

use std::time::{Duration, Instant};

use media::{Frame, Kind, MediaTime};

use super::rendition::PerRendition;
use super::{GRADES_MAX, Grade, Rendition};

/// Moves the times of a publisher onto the stream's own timeline, which begins at 0.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    /// What is added to the publisher's times; `None` before its first frame.
    offset: Option<MediaTime>,
    /// The moment of the publisher's time 0, if it is known.
    epoch: Option<Instant>,
    /// Of the last frame of each kind.
    audio: PerRendition<Option<MediaTime>>,
    video: Option<MediaTime>,
    /// Of the last picture of each layer.
    beside: [Option<MediaTime>; GRADES_MAX],
}

impl Timeline {
    /// Another publisher begins, whose times count from `epoch`.
    pub(super) fn begin(&mut self, epoch: Option<Instant>) {
        (self.offset, self.epoch) = (None, epoch);
    }

    /// The moment of time 0 as the last frame has it: another one after each jump of the publisher's clock.
    pub(super) fn origin(&self) -> Option<Instant> {
        let (epoch, offset) = (self.epoch?, self.offset?.micros());
        let span = Duration::from_micros(offset.unsigned_abs());
        if offset > 0 { epoch.checked_sub(span) } else { epoch.checked_add(span) }
    }

    /// The latest time given out.
    pub(super) fn latest(&self) -> MediaTime {
        self.latest_told().unwrap_or_default()
    }

    /// The frame at its time on the timeline; of which sound it is a part, if it is of one.
    pub(super) fn place(&mut self, frame: Frame, rendition: Option<Rendition>) -> Frame {
        let latest = self.latest_told();
        let moved = self.offset.map(|offset| frame.dts + offset).filter(|&moved| {
            let step = moved - latest.unwrap_or_default();
            (STEP_BACK_MAX..=STEP_MAX).contains(&step)
        });
        let dts = moved.unwrap_or_else(|| {
            let begin = latest.map_or(MediaTime::ZERO, |latest| latest + GAP);
            self.offset = Some(begin - frame.dts);
            begin
        });
        let last = match (frame.kind(), rendition) {
            (Kind::Video, _) => self.video,
            (Kind::Audio, Some(rendition)) => *self.audio.of(rendition),
            (Kind::Audio, None) => self.audio.common.max(self.audio.original),
        };
        // Within a track, times may stand still but not go back.
        let dts = dts.max(last.unwrap_or_default());
        match (frame.kind(), rendition) {
            (Kind::Video, _) => self.video = Some(dts),
            (Kind::Audio, Some(rendition)) => *self.audio.of_mut(rendition) = Some(dts),
            (Kind::Audio, None) => (self.audio.common, self.audio.original) = (Some(dts), Some(dts)),
        }
        Frame { pts: dts + (frame.pts - frame.dts), dts, ..frame }
    }

    /// A picture of a layer at its time on the timeline. What is far from the frames that make the timeline belongs to none of them.
    pub(super) fn place_beside(&mut self, grade: Grade, frame: Frame) -> Option<Frame> {
        let latest = self.latest_told()?;
        let dts = frame.dts + self.offset?;
        if !(STEP_BACK_MAX..=STEP_MAX).contains(&(dts - latest)) {
            return None;
        }
        let last = self.beside.get_mut(grade.index())?;
        let dts = dts.max(last.unwrap_or_default());
        *last = Some(dts);
        Some(Frame { pts: dts + (frame.pts - frame.dts), dts, ..frame })
    }

    /// The same as [`Self::latest`]; `None` before the first frame.
    fn latest_told(&self) -> Option<MediaTime> {
        self.video.max(self.audio.common).max(self.audio.original)
    }
}

/// Between the last frame of a publisher and the first of the next.
const GAP: MediaTime = MediaTime::from_millis(40);
/// A greater step forward is a clock that was set: nobody waits so long between two frames.
const STEP_MAX: MediaTime = MediaTime::from_millis(10_000);
/// A greater step back is a clock that was set: tracks are interleaved more closely.
const STEP_BACK_MAX: MediaTime = MediaTime::from_millis(-3000);

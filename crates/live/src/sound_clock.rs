//! When sounds begin. Protocols tell it in milliseconds, and a frame of AAC lasts 21.33: played as told, every frame would begin too early or too late.

use media::{Frame, MediaTime, Parameters};

use crate::Sampling;

/// Places frames one behind the other, and follows what the publisher tells slowly.
#[derive(Debug, Default)]
pub(crate) struct SoundClock {
    sampling: Option<Sampling>,
    /// When the next frame begins, if it follows the last.
    next: Option<MediaTime>,
}

impl SoundClock {
    pub(crate) fn new(parameters: &Parameters) -> Self {
        Self { sampling: Sampling::of(parameters), next: None }
    }

    /// The frame with the time at which it begins.
    pub(crate) fn place(&mut self, frame: &Frame) -> Frame {
        let Some(sampling) = self.sampling else { return frame.clone() };
        let told = frame.dts;
        let begins = match self.next {
            Some(next) if (told - next).micros().abs() <= JUMP.micros() => {
                next + MediaTime::from_micros((told - next).micros() / FOLLOW)
            }
            _ => told,
        };
        self.next = Some(begins + sampling.duration(frame));
        Frame { pts: begins, dts: begins, ..frame.clone() }
    }

    /// How long the frame lasts, if that is known.
    pub(crate) fn duration(&self, frame: &Frame) -> Option<MediaTime> {
        self.sampling.map(|sampling| sampling.duration(frame))
    }
}

/// Something is missing, rather than rounded: less than the ear needs to notice that picture and sound differ.
const JUMP: MediaTime = MediaTime::from_millis(30);
/// The part of the difference that is made up with each frame: a clock that is wrong by a thousandth is followed within 2 ms, and the rounding of milliseconds disappears.
const FOLLOW: i64 = 64;

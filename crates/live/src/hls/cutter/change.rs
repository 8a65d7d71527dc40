//! Another layer takes the place of one that went off: where its pictures begin, and what of the sound is before them.

use media::{Frame, Kind, MediaTime, Parameters};

use super::super::PART_TARGET;
use super::{Cut, Cutter, EARLY_MAX, INSTANT, slot};
use crate::mp4::Sample;

/// Other pictures follow: what comes before the first of them belongs to what was before.
#[derive(Debug)]
pub(super) struct Change {
    /// How they are decoded.
    pub(super) parameters: Parameters,
    /// The first of them. It waits for the second, since sounds of before come later than it.
    first: Option<Frame>,
    /// Sounds beside it; at most `EARLY_MAX`.
    sounds: Vec<Frame>,
}

impl Cutter {
    /// From the next picture on, pictures are others, and what follows begins anew: the last one of before stays until then. A hole in the pictures beside
    /// sounds that go on would stop players, who wait in it for a picture.
    pub(in crate::hls) fn change_pictures(&mut self, parameters: Parameters) {
        self.change = Some(Change { parameters, first: None, sounds: Vec::new() });
    }

    /// Whether a frame is the first of other pictures, or beside it: both wait for the second.
    pub(super) fn waits_for_change(&mut self, frame: &Frame) -> bool {
        let Some(change) = &mut self.change else { return false };
        match (frame.kind(), &change.first) {
            (Kind::Video, None) => change.first = Some(frame.clone()).filter(|first| first.is_key),
            (Kind::Audio, Some(first)) if first.dts <= frame.dts && change.sounds.len() < EARLY_MAX => {
                change.sounds.push(frame.clone());
            }
            (Kind::Video | Kind::Audio, _) => return false,
        }
        true
    }

    /// The second of other pictures has come: they begin with the first.
    pub(super) fn change_over(&mut self, cuts: &mut Vec<Cut>) {
        let Some(Change { parameters, first: Some(first), sounds }) = self.change.take() else { return };
        self.end_before(first.dts, cuts);
        self.set_tracks(parameters);
        self.take(&first, cuts);
        sounds.iter().for_each(|sound| self.take(sound, cuts));
    }

    /// The same before a picture at that time, where pictures change: the last one stays until then, if that is soon, while the sound goes on beside it.
    fn end_before(&mut self, next: MediaTime, cuts: &mut Vec<Cut>) {
        let stays = |frame: &mut Frame| (INSTANT..=PICTURE_STAYS).contains(&(next - frame.dts));
        let last = self.pending.get_mut(slot(Kind::Video)).and_then(|pending| pending.take_if(stays));
        if let Some(frame) = last.filter(|_| self.open.is_some()) {
            let beside = |sample: &mut Sample| sample.frame.kind() == Kind::Audio && sample.frame.dts > frame.dts;
            let part = self.open.as_mut().map(|open| &mut open.part.samples);
            let mut sounds: Vec<Sample> =
                part.map(|samples| samples.extract_if(.., beside).collect()).unwrap_or_default();
            let pending = self.pending.get_mut(slot(Kind::Audio)).and_then(Option::take);
            let [_, duration] = self.last_duration;
            sounds.extend(pending.map(|frame| Sample { frame, duration }));
            let duration = next - frame.dts;
            self.append(Sample { frame, duration });
            for sound in sounds {
                let from = sound.frame.dts;
                while let Some(at) = self.part_start().map(|start| start + PART_TARGET).filter(|&at| at <= from) {
                    if self.open.as_ref().is_some_and(|open| next - open.segment.start > self.segment_limit()) {
                        self.cut_at(at, cuts);
                    } else {
                        self.cut_part(at, cuts);
                    }
                }
                self.append(sound);
            }
            self.cut_segment(next, cuts);
        }
        self.end(cuts);
    }
}

/// How long the last picture before others stays at most.
const PICTURE_STAYS: MediaTime = MediaTime::from_millis(2000);

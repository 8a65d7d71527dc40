//! Another layer takes the place of one that went off: where its pictures begin, and what of the sound is before them.

use media::{Frame, Kind, MediaTime, Parameters};

use super::super::PART_TARGET;
use super::{Cut, Cutter, INSTANT, slot};
use crate::mp4::Sample;

/// Other pictures follow: what comes before the first of them belongs to what was before.
#[derive(Debug)]
pub(super) struct Change {
    /// How they are decoded.
    pub(super) parameters: Parameters,
    /// The first of them and what is from then on, until the sounds of before have come, which are later than pictures; at most [`HELD_MAX`].
    held: Vec<Frame>,
}

impl Change {
    /// Whether all of before has come: a second picture, and where there is `sound` one beside the first, unless it is too late.
    fn is_due(&self, sound: bool) -> bool {
        let of = |kind: Kind| self.held.iter().filter(move |frame| frame.kind() == kind);
        let (first, last) = (of(Kind::Video).next(), of(Kind::Video).skip(1).last());
        let span = first.zip(last).map(|(first, last)| last.dts - first.dts);
        let has_sound = !sound || of(Kind::Audio).next().is_some();
        self.held.len() >= HELD_MAX || span.is_some_and(|span| has_sound || span > SOUND_AWAITED)
    }
}

impl Cutter {
    /// From the next picture on, pictures are others, and what follows begins anew: the last one of before stays until then. A hole in the pictures beside
    /// sounds that go on would stop players, who wait in it for a picture.
    pub(in crate::hls) fn change_pictures(&mut self, parameters: Parameters) {
        self.change = Some(Change { parameters, held: Vec::new() });
    }

    /// Whether a frame is one of other pictures, or beside them: these wait.
    pub(super) fn waits_for_change(&mut self, frame: &Frame) -> bool {
        let Some(change) = &mut self.change else { return false };
        let is_held = match (frame.kind(), change.held.first()) {
            // Until a key frame nothing of them can be shown.
            (Kind::Video, None) => frame.is_key,
            (Kind::Video, Some(_)) => true,
            (Kind::Audio, Some(first)) if first.dts <= frame.dts => true,
            (Kind::Audio, _) => return false,
        };
        if is_held && change.held.len() < HELD_MAX {
            change.held.push(frame.clone());
        }
        true
    }

    /// All of before has come: other pictures begin with the first.
    pub(super) fn change_over(&mut self, cuts: &mut Vec<Cut>) {
        let sound = self.tracks.audio.is_some();
        let Some(Change { parameters, held }) = self.change.take_if(|change| change.is_due(sound)) else { return };
        let Some(first) = held.first() else { return };
        self.end_before(first.dts, cuts);
        self.set_tracks(parameters);
        held.iter().for_each(|frame| self.take(frame, cuts));
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
/// How far pictures may be ahead before a change of them does without the sounds of before.
const SOUND_AWAITED: MediaTime = MediaTime::from_millis(500);
/// Frames that wait for a change: two seconds of pictures and sounds.
const HELD_MAX: usize = 128;

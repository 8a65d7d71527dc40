//! Cuts frames into parts and segments.
//!
//! The pictures decide where, or the sounds if there are no pictures. A frame is cut off when it is known how long it lasts, which the next one tells.
//! Parts and segments follow each other without holes on the timeline of the stream; a sound may stand in the part before or behind its time, because
//! pictures and sounds arrive in no strict order, and players go by the times of the samples.

mod change;

use std::sync::Arc;

use media::{Frame, Kind, MediaTime, Parameters};

use self::change::Change;
use super::segment::{Part, Segment, Tracks};
use super::{Config, PART_TARGET, SEGMENT_MAX};
use crate::mp4::Sample;
use crate::sound_clock::SoundClock;

/// What was cut off.
#[derive(Debug)]
pub(super) enum Cut {
    /// A part of the segment in the making is complete.
    Part,
    /// The segment is complete.
    Segment(Box<Segment>),
}

#[derive(Debug)]
pub(super) struct Cutter {
    config: Config,
    tracks: Arc<Tracks>,
    sound_clock: SoundClock,
    /// The last frame of each track, whose duration is not known.
    pending: [Option<Frame>; 2],
    /// How long the frame before the last lasted, of each track.
    last_duration: [MediaTime; 2],
    open: Option<Open>,
    /// Sounds of a segment that has not begun; at most `EARLY_MAX`.
    early: Vec<Sample>,
    next_number: u64,
    next_part: u64,
    /// Whether the next segment does not go on from the one before.
    is_broken: bool,
    /// Whether a segment is to begin at the next key frame that says so nevertheless.
    breaks_soon: bool,
    /// Other pictures follow.
    change: Option<Change>,
    /// Discontinuities so far, the one that is due included.
    breaks: u64,
    /// Where the first segment began in another grade: it ends as if it had begun there here, too.
    joined_at: Option<MediaTime>,
    /// The target duration, once a segment has told it.
    target_duration_s: Option<u64>,
    /// Where the first frame of sound was, while pictures may still come.
    sound_alone_since: Option<MediaTime>,
}

/// The segment in the making, and its part in the making.
#[derive(Debug)]
struct Open {
    segment: Segment,
    part: Part,
    /// Of all frames of the segment so far.
    bytes: usize,
}

impl Open {
    /// Whether its first picture is a key frame.
    fn begins_with_key(&self) -> bool {
        let has_video = self.segment.tracks.video.is_some();
        self.segment.parts.first().unwrap_or(&self.part).is_independent(has_video)
    }
}

impl Cutter {
    pub(super) fn new(config: Config) -> Self {
        Self {
            config,
            tracks: Arc::default(),
            sound_clock: SoundClock::default(),
            pending: [None, None],
            last_duration: [FRAME_DURATION; 2],
            open: None,
            early: Vec::new(),
            next_number: 0,
            next_part: 0,
            is_broken: false,
            breaks_soon: false,
            change: None,
            breaks: 0,
            joined_at: None,
            target_duration_s: None,
            sound_alone_since: None,
        }
    }

    /// One that cuts another grade of the same stream, from the segment on that has that number and began there.
    pub(super) fn beside(
        config: Config,
        target_duration_s: u64,
        (number, start): (u64, MediaTime),
        breaks: u64,
    ) -> Self {
        Self {
            next_number: number,
            joined_at: Some(start),
            breaks,
            target_duration_s: Some(target_duration_s),
            ..Self::new(config)
        }
    }

    pub(super) fn tracks(&self) -> &Tracks {
        &self.tracks
    }

    pub(super) fn open(&self) -> Option<&Segment> {
        self.open.as_ref().map(|open| &open.segment)
    }

    pub(super) fn open_mut(&mut self) -> Option<&mut Segment> {
        self.open.as_mut().map(|open| &mut open.segment)
    }

    pub(super) fn target_duration_s(&self) -> Option<u64> {
        self.target_duration_s
    }

    pub(super) fn next_number(&self) -> u64 {
        self.next_number
    }

    /// How many discontinuities there were, the one that is due included.
    pub(super) fn breaks(&self) -> u64 {
        let is_counted = self.is_broken || self.breaks_soon;
        self.breaks + u64::from(self.change.is_some() && !is_counted)
    }

    /// Another grade has had more discontinuities: there is one here at the next key frame, though nothing is missing.
    pub(super) fn break_soon(&mut self) {
        if !self.breaks_soon && !self.is_broken {
            self.breaks_soon = true;
            self.breaks += 1;
        }
    }

    /// The number of the part in the making.
    pub(super) fn next_part(&self) -> u64 {
        self.next_part
    }

    /// Other parameters end the segment; the same again change nothing.
    pub(super) fn change_parameters(&mut self, parameters: Parameters, cuts: &mut Vec<Cut>) {
        let known = match parameters.kind() {
            Kind::Video => &self.tracks.video,
            Kind::Audio => &self.tracks.audio,
        };
        if known.as_ref() == Some(&parameters) {
            return;
        }
        self.end(cuts);
        self.set_tracks(parameters);
    }

    /// The time of the latest picture whose duration is not known yet.
    pub(super) fn newest_picture(&self) -> Option<MediaTime> {
        self.pending.get(slot(Kind::Video))?.as_ref().map(|frame| frame.dts)
    }

    fn set_tracks(&mut self, parameters: Parameters) {
        let (mut video, mut audio) = (self.tracks.video.clone(), self.tracks.audio.clone());
        match parameters.kind() {
            Kind::Video => video = Some(parameters),
            Kind::Audio => {
                self.sound_clock = SoundClock::new(&parameters);
                audio = Some(parameters);
            }
        }
        self.tracks = Arc::new(Tracks { number: self.tracks.number.wrapping_add(1), video, audio });
    }

    /// Completes what is in the making. What follows begins anew, with a key frame.
    pub(super) fn end(&mut self, cuts: &mut Vec<Cut>) {
        let pending = std::mem::take(&mut self.pending);
        for (frame, duration) in pending.into_iter().zip(self.last_duration) {
            if let Some(frame) = frame {
                self.place(Sample { frame, duration }, cuts);
            }
        }
        if let Some(open) = &self.open {
            let decisive = open.part.samples.iter().filter(|sample| sample.frame.kind() == self.decisive());
            let last = decisive.map(|sample| sample.frame.dts + sample.duration).max();
            self.cut_segment(last.unwrap_or(open.part.start), cuts);
        }
        self.early.clear();
        self.set_broken(self.next_number > 0 && self.joined_at.is_none());
        if let Some(change) = self.change.take() {
            self.set_tracks(change.parameters);
        }
    }

    fn set_broken(&mut self, is_broken: bool) {
        let was_due = self.is_broken || std::mem::take(&mut self.breaks_soon);
        self.breaks += u64::from(is_broken && !was_due);
        self.is_broken = is_broken || was_due;
    }

    pub(super) fn take(&mut self, frame: &Frame, cuts: &mut Vec<Cut>) {
        let kind = frame.kind();
        if self.waits_for_change(frame) {
            return self.change_over(cuts);
        }
        let is_known = self.tracks.iter().any(|track| track.codec == frame.codec);
        if !is_known || self.waits_for_pictures(frame) {
            return;
        }
        let (decisive, slot) = (slot(self.decisive()), slot(kind));
        if let Some(last) = self.pending.get(slot).and_then(Option::as_ref) {
            let step = frame.dts - last.dts;
            let is_broken = step < BACK_MAX || (step > self.jump() && kind == self.decisive());
            if is_broken {
                self.end(cuts);
            }
        }
        // Sounds come between the first picture and the second, with which the segment begins.
        let waits = |slot: usize| self.pending.get(slot).is_some_and(Option::is_some);
        let has_begun = self.open.is_some() || waits(decisive) || waits(slot);
        let can_begin = frame.is_key && kind == self.decisive();
        if !has_begun && !can_begin {
            return;
        }
        let frame = if kind == Kind::Audio { self.sound_clock.place(frame) } else { frame.clone() };
        let next_dts = frame.dts;
        let Some(last) = self.pending.get_mut(slot).and_then(|pending| pending.replace(frame)) else { return };
        let told = (next_dts - last.dts).max(MediaTime::ZERO);
        let own = self.sound_clock.duration(&last).filter(|_| kind == Kind::Audio);
        // A sound does not get longer because the next comes late.
        let duration = own.filter(|&own| told > own + SILENCE).unwrap_or(told);
        if let Some(place) = self.last_duration.get_mut(slot) {
            *place = duration;
        }
        self.place(Sample { frame: last, duration }, cuts);
    }

    /// At the beginning sounds wait for pictures, which come a moment later in most streams, and are left out meanwhile.
    fn waits_for_pictures(&mut self, frame: &Frame) -> bool {
        if self.tracks.video.is_some() || self.next_number > 0 || self.open.is_some() {
            return false;
        }
        let since = *self.sound_alone_since.get_or_insert(frame.dts);
        (frame.dts - since).micros().abs() < PICTURES_WAIT.micros()
    }

    /// The kind of frame that decides where to cut.
    fn decisive(&self) -> Kind {
        if self.tracks.video.is_some() { Kind::Video } else { Kind::Audio }
    }

    /// No segment is longer: it would round to more than the target duration.
    fn segment_limit(&self) -> MediaTime {
        let promised_ms = self.target_duration_s.and_then(|target_s| i64::try_from(target_s * 1000).ok());
        promised_ms.map_or(SEGMENT_MAX, |target_ms| MediaTime::from_millis(target_ms + ROUNDED_OFF_MS))
    }

    /// Times that go on by more than this do not go on: a frame that lasts so long would make a segment too long.
    fn jump(&self) -> MediaTime {
        self.segment_limit() - PART_TARGET
    }

    fn place(&mut self, sample: Sample, cuts: &mut Vec<Cut>) {
        let (start, end) = (sample.frame.dts, sample.frame.dts + sample.duration);
        if sample.frame.kind() != self.decisive() {
            self.cut_by_sound(end, cuts);
            self.append(sample);
            return;
        }
        if self.ends_segment(&sample) {
            self.cut_segment(start, cuts);
        } else if self
            .part_start()
            .is_some_and(|part_start| end - part_start > PART_TARGET && is_filled(start - part_start))
        {
            self.cut_part(start, cuts);
        }
        if self.open.is_none() {
            self.begin(start);
        }
        self.append(sample);
        // The frame reaches into the next part, because the part has too little without it.
        if let Some(part_start) = self.part_start().filter(|&part_start| end - part_start > PART_TARGET) {
            self.cut_part(part_start + PART_TARGET, cuts);
        }
    }

    /// Whether the segment ends before this sample, which is one that decides.
    fn ends_segment(&self, sample: &Sample) -> bool {
        let Some(open) = &self.open else { return false };
        let (start, end) = (sample.frame.dts, sample.frame.dts + sample.duration);
        let target = self.config.segment_target.micros();
        let begun = self.joined_at.map_or(open.segment.start, |joined| joined.min(open.segment.start));
        // A player can begin, or come from another variant, only where a key frame begins a segment.
        let is_due = (start - begun).micros() >= target - target / 10 || self.breaks_soon || !open.begins_with_key();
        let is_time = sample.frame.is_key && is_due && start > open.segment.start;
        let is_too_long = end - open.segment.start > self.segment_limit();
        is_time || ((is_too_long || open.bytes > self.config.window_bytes_max / 4) && start > open.segment.start)
    }

    fn part_start(&self) -> Option<MediaTime> {
        self.open.as_ref().map(|open| open.part.start)
    }

    /// When sounds go on and no picture comes, they decide: the last picture stays until the next one, however late.
    fn cut_by_sound(&mut self, end: MediaTime, cuts: &mut Vec<Cut>) {
        // A picture that waits for the next one is waited with: once it is cut off, there is a hole behind it.
        let late = if self.newest_picture().is_some() { PICTURE_AWAITED } else { PICTURE_LATE };
        let Some(at) = self.part_start().map(|start| start + PART_TARGET).filter(|&at| end - at > late) else {
            return;
        };
        let picture =
            self.pending.get_mut(slot(Kind::Video)).and_then(|pending| pending.take_if(|frame| frame.dts < at));
        if let Some(frame) = picture {
            let duration = at - frame.dts;
            self.append(Sample { frame, duration });
        }
        self.cut_at(at, cuts);
    }

    /// Cuts where no picture begins: the segment, if it would be too long with another part.
    fn cut_at(&mut self, at: MediaTime, cuts: &mut Vec<Cut>) {
        let is_too_long =
            self.open.as_ref().is_some_and(|open| at + PART_TARGET - open.segment.start > self.segment_limit());
        if is_too_long {
            self.cut_segment(at, cuts);
            self.begin(at);
        } else {
            self.cut_part(at, cuts);
        }
    }

    fn append(&mut self, sample: Sample) {
        let Some(open) = &mut self.open else {
            // The picture that the segment will begin with has come, and waits for the next.
            if self.early.len() < EARLY_MAX {
                self.early.push(sample);
            }
            return;
        };
        let bytes = sample.frame.data.len();
        let is_full =
            open.part.samples.len() >= PART_SAMPLES_MAX || open.bytes + bytes > self.config.window_bytes_max / 2;
        if is_full {
            return;
        }
        if open.part.samples.is_empty() && sample.frame.dts - open.part.start > PART_TARGET {
            // Nothing came for so long: the part begins with what came.
            open.part.start = sample.frame.dts;
        }
        open.bytes += bytes;
        open.part.samples.push(sample);
    }

    fn begin(&mut self, start: MediaTime) {
        let segment = Segment {
            number: self.next_number,
            start,
            duration: MediaTime::ZERO,
            is_discontinuous: std::mem::take(&mut self.is_broken) | std::mem::take(&mut self.breaks_soon),
            date_time: None,
            tracks: Arc::clone(&self.tracks),
            first_part: self.next_part,
            parts: Vec::new(),
            transport_stream: None,
        };
        self.open = Some(Open { segment, part: Part::new(start), bytes: 0 });
        for sound in std::mem::take(&mut self.early) {
            self.append(sound);
        }
    }

    /// Completes the part; an empty one begins later instead.
    fn cut_part(&mut self, at: MediaTime, cuts: &mut Vec<Cut>) {
        let Some(open) = &mut self.open else { return };
        let mut part = std::mem::replace(&mut open.part, Part::new(at));
        if part.samples.is_empty() {
            return;
        }
        // Where times contradict each other, the promises to the players hold.
        part.duration = (at - part.start).clamp(INSTANT, PART_TARGET);
        open.segment.parts.push(part);
        self.next_part += 1;
        cuts.push(Cut::Part);
    }

    fn cut_segment(&mut self, at: MediaTime, cuts: &mut Vec<Cut>) {
        self.cut_part(at, cuts);
        let Some(open) = self.open.take() else { return };
        let mut segment = open.segment;
        if segment.parts.is_empty() {
            self.is_broken |= segment.is_discontinuous;
            return;
        }
        let parts = segment.parts.iter().fold(MediaTime::ZERO, |sum, part| sum + part.duration);
        segment.duration = (at - segment.start).clamp(parts, self.segment_limit().max(parts));
        if self.target_duration_s.is_none() {
            let longest_us = segment.duration.max(self.config.segment_target).micros();
            self.target_duration_s = u64::try_from((longest_us + 500_000) / 1_000_000).ok();
        }
        self.next_number += 1;
        self.joined_at = None;
        cuts.push(Cut::Segment(Box::new(segment)));
    }
}

/// Whether a part has what each but the last of a segment must have (rfc8216bis §4.4.4.9).
fn is_filled(duration: MediaTime) -> bool {
    duration.micros() * 100 >= PART_TARGET.micros() * 85
}

/// Where the last frame of the track waits.
fn slot(kind: Kind) -> usize {
    usize::from(kind == Kind::Audio)
}

/// What a duration up to half a second more is rounded to is the target still.
const ROUNDED_OFF_MS: i64 = 450;
/// Durations are not zero.
const INSTANT: MediaTime = MediaTime::from_millis(1);
/// A track that goes back by more has begun anew.
const BACK_MAX: MediaTime = MediaTime::from_millis(-500);
/// Of a frame whose successor never comes, if it had no predecessor either: 25 pictures a second.
const FRAME_DURATION: MediaTime = MediaTime::from_millis(40);
/// Sounds further apart have silence between them.
const SILENCE: MediaTime = MediaTime::from_millis(60);
/// How long a stream may be without pictures before it is one of sounds alone.
const PICTURES_WAIT: MediaTime = MediaTime::from_millis(1000);
/// How far pictures may be behind sounds before sounds go on alone.
const PICTURE_LATE: MediaTime = MediaTime::from_millis(500);
/// The same while the last one could still be shown until the next: as long as a publisher takes to go over to another layer.
const PICTURE_AWAITED: MediaTime = MediaTime::from_millis(1200);
/// Sounds beside the first picture of a segment, until the second has come.
const EARLY_MAX: usize = 64;
/// Frames of a part: a publisher whose times stand still would make one without end.
const PART_SAMPLES_MAX: usize = 4096;

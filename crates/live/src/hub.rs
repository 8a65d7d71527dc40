//! One stream: what its publisher sends, kept as far back as viewers need it. Viewers hold a place in it, not a queue of their own: a viewer costs nothing
//! however slow it is, and one that is overtaken goes on at the latest key frame.
//!
//! ```text
//! publisher ─▶ Timeline ─▶ [ … │ key │ · │ · │ · │ key │ · │ · ]        what is kept; a new viewer begins at the latest key
//!                             ▲ a slow viewer's Cursor      ▲ a quick viewer's
//! ```
//! A stream without pictures begins anywhere: with the sound of the last second. Its sound may be there in two renditions, of which a viewer takes one: then it
//! begins at a key frame from which on that one is there.
//!
//! Pictures of smaller layers stand between the best ones, on the same timeline. Who has not asked for them does not get them.

mod grade;
mod item;
mod rendition;
mod timeline;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use media::{Frame, Kind, MediaTime, Parameters};

pub use grade::{GRADES_MAX, Grade, Grades, LAYERS_APART_MAX};
pub use item::{Content, Item};
pub use rendition::{PerRendition, Rendition};

use timeline::Timeline;

/// How much of a stream is kept. Each bound holds by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of frames.
    pub bytes: usize,
    /// Frames and sets of parameters.
    pub items: usize,
    /// From the first to the last.
    pub duration: MediaTime,
}

impl Default for Limits {
    fn default() -> Self {
        // Ten seconds between key frames at 20 Mbit/s, or thirty at 8.
        Self { bytes: 32 * 1024 * 1024, items: 16_384, duration: MediaTime::from_millis(30_000) }
    }
}

/// A stream.
#[derive(Debug)]
pub struct Hub {
    limits: Limits,
    timeline: Timeline,
    /// In the order of arrival; within `limits`.
    kept: VecDeque<Arc<Item>>,
    /// The number of the first that is kept. Numbers are never used twice.
    first: u64,
    /// Of all that is kept.
    bytes: usize,
    /// Where a new viewer begins, as long as that is kept.
    starts: PerRendition<Option<Start>>,
    metadata: Option<Bytes>,
    video: Option<Parameters>,
    /// Of the pictures of each smaller layer, by its grade.
    layers: [Option<Parameters>; GRADES_MAX],
    /// The same twice for a sound that is there once.
    audio: PerRendition<Option<Parameters>>,
    /// Pictures that came since the publisher began.
    pictures: u64,
}

/// A place at which decoders can begin.
#[derive(Debug)]
struct Start {
    at: u64,
    time: MediaTime,
    /// What must be known there.
    prelude: Vec<Arc<Item>>,
}

/// The place of a viewer in a stream.
#[derive(Debug, Clone, Default)]
pub struct Cursor {
    /// Of the sound.
    rendition: Rendition,
    /// What it gets beside the best pictures.
    beside: Grades,
    /// What it gets next; `None` before the beginning and after it was overtaken.
    next: Option<u64>,
    /// How often it was overtaken since it last had all there was.
    overtaken: u32,
    /// Where it was when it was overtaken, until it goes on.
    left_at: Option<u64>,
    /// What it was overtaken by and will not get, in all.
    skipped: u64,
    /// The time of what it got last.
    time: MediaTime,
    /// How long what it will not get is, in all.
    skipped_time: MediaTime,
}

/// A viewer that is overtaken again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the viewer is too slow for this stream")]
pub struct TooSlow;

impl Cursor {
    /// Before the beginning, for a viewer who takes this rendition of the sound.
    #[must_use]
    pub fn new(rendition: Rendition) -> Self {
        Self { rendition, ..Self::default() }
    }

    /// The viewer gets these beside the best pictures from here on.
    pub fn read_beside(&mut self, grades: Grades) {
        self.beside = grades;
    }

    fn takes(&self, item: &Item) -> bool {
        let is_seen = item.grade() == Grade::BEST || self.beside.contains(item.grade());
        is_seen && item.is_for(self.rendition)
    }

    /// Whether both get the same next, and have begun.
    #[must_use]
    pub fn is_at(&self, other: &Self) -> bool {
        let of = |cursor: &Self| (cursor.next, cursor.rendition, cursor.beside);
        self.next.is_some() && of(self) == of(other)
    }

    /// Which rendition of the sound the viewer takes.
    #[must_use]
    pub fn rendition(&self) -> Rendition {
        self.rendition
    }

    /// How many parts of the stream the viewer has missed.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// How long that was: from the last of what it got to where it went on.
    #[must_use]
    pub fn skipped_time(&self) -> MediaTime {
        self.skipped_time
    }
}

impl Hub {
    /// A stream that nobody has published yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            timeline: Timeline::default(),
            kept: VecDeque::new(),
            first: 0,
            bytes: 0,
            starts: PerRendition::default(),
            metadata: None,
            video: None,
            layers: Default::default(),
            audio: PerRendition::default(),
            pictures: 0,
        }
    }

    /// A publisher begins: the first, or the next. Its times go on where the last one's ended; what the last one said of its codecs no longer holds.
    pub fn begin(&mut self) {
        self.begin_from(None);
    }

    /// The same with a publisher whose times count from that moment, if it is known.
    pub fn begin_from(&mut self, epoch: Option<Instant>) {
        self.timeline.begin(epoch);
        self.starts = PerRendition::default();
        (self.metadata, self.video, self.audio) = (None, None, PerRendition::default());
        self.layers = Default::default();
        self.pictures = 0;
    }

    /// The publisher is gone: what is kept is of no use to who comes later.
    pub fn end(&mut self) {
        self.starts = PerRendition::default();
    }

    /// Keeps `onMetaData` for all who come, and passes it on.
    pub fn publish_metadata(&mut self, metadata: Bytes) {
        self.metadata = Some(metadata.clone());
        self.keep(Item::new(Content::Metadata(metadata), self.timeline.latest()));
    }

    /// Keeps parameters for all who come, and passes them on when they are new.
    pub fn publish_parameters(&mut self, parameters: Parameters) {
        self.keep_parameters(parameters, None);
    }

    /// The same of one rendition of the sound.
    pub fn publish_sound_parameters(&mut self, rendition: Rendition, parameters: Parameters) {
        self.keep_parameters(parameters, Some(rendition));
    }

    /// The same of the pictures of a layer, which may have been away: they are passed on also where they are those of before.
    pub fn publish_parameters_of(&mut self, grade: Grade, parameters: Parameters) {
        if let Some(known) = self.layers.get_mut(grade.index()) {
            *known = Some(parameters.clone());
            self.keep(Item::new(Content::Parameters(parameters), self.timeline.latest()).of_grade(grade));
        }
    }

    /// Passes a picture of a layer on. Where it stands, the best pictures and the sound say: before them it stands nowhere, and is left out.
    pub fn publish_picture_of(&mut self, grade: Grade, frame: Frame) {
        if let Some(frame) = self.timeline.place_beside(grade, frame) {
            let (time, origin) = (frame.dts, self.timeline.origin());
            self.keep(Item::new(Content::Frame(frame), time).counted_from(origin).of_grade(grade));
        }
    }

    /// Passes a frame on, at its time on the stream's own timeline.
    pub fn publish_frame(&mut self, frame: Frame) {
        self.keep_frame(frame, None);
    }

    /// The same of one rendition of the sound.
    pub fn publish_sound(&mut self, rendition: Rendition, frame: Frame) {
        self.keep_frame(frame, Some(rendition));
    }

    /// One rendition of the sound ends. Whoever takes it cannot begin before it is there again, as long as there is the other.
    pub fn withdraw(&mut self, rendition: Rendition) {
        *self.audio.of_mut(rendition) = None;
        self.close_starts();
    }

    /// Appends what the viewer has not got yet: all of it, or as much as has so many bytes. Nothing is appended when it has everything, or when
    /// there is no place to begin yet.
    ///
    /// # Errors
    /// When it was overtaken [`OVERTAKEN_MAX`] times without ever having had everything.
    pub fn read(&self, cursor: &mut Cursor, bytes_max: usize, to: &mut Vec<Arc<Item>>) -> Result<(), TooSlow> {
        if cursor.next.is_some_and(|next| next < self.first) {
            cursor.left_at = cursor.next.take();
            cursor.overtaken += 1;
            if cursor.overtaken > OVERTAKEN_MAX {
                return Err(TooSlow);
            }
        }
        let mut next = match (cursor.next, self.starts.of(cursor.rendition)) {
            (Some(next), _) => next,
            (None, Some(start)) => {
                to.extend(start.prelude.iter().filter(|item| cursor.takes(item)).cloned());
                let left_at = cursor.left_at.take();
                if left_at.is_some() {
                    cursor.skipped_time = cursor.skipped_time + (start.time - cursor.time).max(MediaTime::ZERO);
                }
                let left_at = left_at.unwrap_or(start.at);
                cursor.skipped = cursor.skipped.saturating_add(start.at.saturating_sub(left_at));
                start.at
            }
            (None, None) => return Ok(()),
        };
        let mut bytes = 0;
        let behind = usize::try_from(next.saturating_sub(self.first)).unwrap_or(usize::MAX);
        for item in self.kept.range(behind.min(self.kept.len())..) {
            if bytes >= bytes_max {
                cursor.next = Some(next);
                return Ok(());
            }
            if cursor.takes(item) {
                bytes = bytes.saturating_add(item.bytes());
                cursor.time = item.time();
                to.push(Arc::clone(item));
            }
            next = next.saturating_add(1);
        }
        (cursor.next, cursor.overtaken) = (Some(next), 0);
        Ok(())
    }

    /// Whether the viewer has begun and got everything.
    #[must_use]
    pub fn is_up_to_date(&self, cursor: &Cursor) -> bool {
        let end = self.first.saturating_add(u64::try_from(self.kept.len()).unwrap_or(u64::MAX));
        cursor.next == Some(end)
    }

    /// Whether a new viewer who takes this rendition of the sound would get something at once.
    #[must_use]
    pub fn can_begin(&self, rendition: Rendition) -> bool {
        self.starts.of(rendition).is_some()
    }

    /// How the pictures are encoded, if there are any.
    #[must_use]
    pub fn video(&self) -> Option<&Parameters> {
        self.video.as_ref()
    }

    /// How the sounds of this rendition are encoded, if there are any.
    #[must_use]
    pub fn audio(&self, rendition: Rendition) -> Option<&Parameters> {
        self.audio.of(rendition).as_ref()
    }

    /// How many pictures came since the publisher began.
    #[must_use]
    pub fn pictures(&self) -> u64 {
        self.pictures
    }

    fn keep_parameters(&mut self, parameters: Parameters, rendition: Option<Rendition>) {
        let is_new = match (parameters.kind(), rendition) {
            (Kind::Video, _) => replace(&mut self.video, &parameters),
            (Kind::Audio, Some(rendition)) => replace(self.audio.of_mut(rendition), &parameters),
            (Kind::Audio, None) => {
                let is_new = replace(&mut self.audio.common, &parameters);
                replace(&mut self.audio.original, &parameters) || is_new
            }
        };
        self.close_starts();
        if is_new {
            self.keep(Item::new(Content::Parameters(parameters), self.timeline.latest()).of_rendition(rendition));
        }
    }

    fn keep_frame(&mut self, frame: Frame, rendition: Option<Rendition>) {
        let frame = self.timeline.place(frame, rendition);
        let (time, is_key, kind) = (frame.dts, frame.is_key, frame.kind());
        self.pictures = self.pictures.saturating_add(u64::from(kind == Kind::Video));
        let item = Item::new(Content::Frame(frame), time).counted_from(self.timeline.origin()).of_rendition(rendition);
        for rendition in Rendition::ALL.into_iter().filter(|rendition| item.is_for(*rendition)) {
            let is_late = |start: &Start| time - start.time > BACKLOG;
            let begins = match kind {
                Kind::Video => is_key && !self.is_missing(rendition),
                Kind::Audio => self.video.is_none() && self.starts.of(rendition).as_ref().is_none_or(is_late),
            };
            if begins {
                let at = self.first.saturating_add(u64::try_from(self.kept.len()).unwrap_or(u64::MAX));
                let prelude = self.prelude(time, rendition);
                *self.starts.of_mut(rendition) = Some(Start { at, time, prelude });
            }
        }
        self.keep(item);
    }

    /// Whether there is sound, but not in this rendition.
    fn is_missing(&self, rendition: Rendition) -> bool {
        let is_there = self.audio.common.is_some() || self.audio.original.is_some();
        is_there && self.audio.of(rendition).is_none()
    }

    /// Whoever began where the sound is missing would not hear it for as long as it stays.
    fn close_starts(&mut self) {
        for rendition in Rendition::ALL {
            if self.is_missing(rendition) {
                *self.starts.of_mut(rendition) = None;
            }
        }
    }

    /// What a decoder must know at this time, with the time on it.
    fn prelude(&self, time: MediaTime, rendition: Rendition) -> Vec<Arc<Item>> {
        let metadata = self.metadata.clone().map(Content::Metadata);
        let parameters =
            [&self.video, self.audio.of(rendition)].into_iter().flatten().cloned().map(Content::Parameters);
        let of_layers = Grades::ALL.iter().zip(&self.layers).filter_map(|(grade, parameters)| {
            let content = Content::Parameters(parameters.clone()?);
            Some(Arc::new(Item::new(content, time).of_grade(grade)))
        });
        let items = metadata.into_iter().chain(parameters).map(|content| Arc::new(Item::new(content, time)));
        items.chain(of_layers).collect()
    }

    fn keep(&mut self, item: Item) {
        self.bytes = self.bytes.saturating_add(item.bytes());
        let newest = item.time();
        self.kept.push_back(Arc::new(item));
        while self.kept.front().is_some_and(|oldest| self.is_too_much(oldest, newest)) {
            let gone = self.kept.pop_front();
            self.bytes = self.bytes.saturating_sub(gone.map_or(0, |gone| gone.bytes()));
            self.first = self.first.saturating_add(1);
        }
        for rendition in Rendition::ALL {
            self.starts.of_mut(rendition).take_if(|start| start.at < self.first);
        }
    }

    /// Whether the oldest must go: what new viewers need stays to the limits, what is older only for a moment.
    fn is_too_much(&self, oldest: &Item, newest: MediaTime) -> bool {
        let starts = [&self.starts.common, &self.starts.original];
        let is_needed = starts.into_iter().flatten().any(|start| start.at <= self.first);
        let age = newest - oldest.time();
        self.bytes > self.limits.bytes
            || self.kept.len() > self.limits.items
            || age > self.limits.duration
            || (!is_needed && age > SLACK)
    }
}

/// Whether the parameters were others before.
fn replace(known: &mut Option<Parameters>, parameters: &Parameters) -> bool {
    let is_new = known.as_ref() != Some(parameters);
    if is_new {
        *known = Some(parameters.clone());
    }
    is_new
}

/// How often a viewer may be overtaken before it has everything at least once.
pub const OVERTAKEN_MAX: u32 = 8;
/// How long what nobody can begin with is kept for slow viewers.
const SLACK: MediaTime = MediaTime::from_millis(4000);
/// Where a new listener of a stream without pictures begins, at most.
const BACKLOG: MediaTime = MediaTime::from_millis(1000);

#[cfg(test)]
mod tests;

//! All variants of one publication: a [`Stream`] of its best pictures, and one beside it for each smaller layer of simulcast that somebody wants.
//!
//! Each has the sound in it. They are cut alike, since they have one timeline, and key frames of all layers are asked for together: a segment has the same
//! number in all of them, and as many discontinuities before it (RFC 8216 §6.2.4). A stream beside the best begins with a segment of that, once the
//! best one has a segment, which tells the target duration; what comes before that waits.

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use bytes::Bytes;
use media::{Frame, Kind, MediaTime, Parameters};

use super::{Answer, Config, Container, HlsError, Reload, Stream, Tag};
use crate::hub::{Grade, Grades};
use crate::m3u8::{MultivariantPlaylist, RenditionReport, Variant};

/// A publication with its variants.
#[derive(Debug)]
pub struct Variants {
    /// Of those beside the best.
    config: Config,
    best: Stream,
    /// As many as there are layers.
    beside: BTreeMap<Grade, Beside>,
    audio: Option<Parameters>,
    /// Frames for streams that cannot begin yet: at most [`HELD_MAX`] of at most [`HELD_BYTES_MAX`].
    held: VecDeque<(Grade, Frame)>,
    held_bytes: usize,
    /// Frames of the best have come since its last parameters.
    has_frames: bool,
    /// Grows with everything by which an answer may change, other than the streams' own revisions.
    changes: u64,
}

/// A layer that somebody wants.
#[derive(Debug)]
struct Beside {
    tag: Tag,
    parameters: Option<Parameters>,
    /// Once there is a key frame to begin with.
    stream: Option<Stream>,
    has_frames: bool,
    /// The revision of the best when somebody began to want it, or when that had its first segment after that.
    wanted_since: Option<u64>,
}

impl Variants {
    /// Nothing but the best so far. The streams beside it keep as much as `config` says.
    #[must_use]
    pub fn new(best: Stream, config: Config) -> Self {
        Self {
            config,
            best,
            beside: BTreeMap::new(),
            audio: None,
            held: VecDeque::new(),
            held_bytes: 0,
            has_frames: false,
            changes: 0,
        }
    }

    /// Somebody wants that layer as well; the names of its files have this tag. Nothing changes where it is wanted already.
    pub fn want(&mut self, grade: Grade, tag: Tag) {
        if grade != Grade::BEST {
            let beside = Beside { tag, parameters: None, stream: None, has_frames: false, wanted_since: None };
            self.beside.entry(grade).or_insert(beside);
        }
    }

    /// Nobody wants that layer any more.
    pub fn forget(&mut self, grade: Grade) {
        self.beside.remove(&grade);
        self.changes += 1;
    }

    /// The layers that somebody wants.
    #[must_use]
    pub fn wanted(&self) -> Grades {
        self.beside.keys().copied().collect()
    }

    /// Tells how pictures of a grade, or the sounds, are decoded: before their first frame, and when it changes. What follows begins anew.
    pub fn handle_parameters(&mut self, now: Instant, grade: Grade, parameters: &Parameters) {
        let is_shared = parameters.kind() == Kind::Audio;
        if is_shared {
            self.audio = Some(parameters.clone());
        }
        if is_shared || grade == Grade::BEST {
            begin_anew(&mut self.best, now, parameters, &mut self.has_frames);
        }
        for (&own, beside) in &mut self.beside {
            if is_shared || own == grade {
                beside.handle_parameters(now, parameters);
            }
        }
        if grade != Grade::BEST {
            // Pictures of before are decoded otherwise.
            self.held.retain(|(held, _)| *held != grade);
            self.held_bytes = self.held.iter().map(|(_, frame)| frame.data.len()).sum();
        }
        self.keep_step();
    }

    /// Takes a sound, or a picture of a grade.
    pub fn handle_frame(&mut self, now: Instant, grade: Grade, frame: &Frame) {
        let is_sound = frame.kind() == Kind::Audio;
        if is_sound || grade == Grade::BEST {
            self.has_frames = true;
            self.best.handle_frame(now, frame);
        }
        if !self.beside.is_empty() && (is_sound || grade != Grade::BEST) {
            self.hold(grade, frame);
        }
        self.release(now);
        self.keep_step();
    }

    /// Something is missing in all of them, or somebody else publishes: what follows begins anew.
    pub fn handle_break(&mut self, now: Instant) {
        self.best.handle_break(now);
        self.drop_held();
        for stream in self.beside.values_mut().filter_map(|beside| beside.stream.as_mut()) {
            stream.handle_break(now);
        }
        self.keep_step();
    }

    /// Nothing follows.
    pub fn handle_end(&mut self, now: Instant) {
        self.best.handle_end(now);
        self.drop_held();
        for stream in self.beside.values_mut().filter_map(|beside| beside.stream.as_mut()) {
            stream.handle_end(now);
        }
    }

    /// Changes whenever an answer may be another one than before.
    #[must_use]
    pub fn revision(&self) -> u64 {
        let beside = self.beside.values().filter_map(|beside| beside.stream.as_ref());
        beside.fold(self.best.revision() + self.changes, |sum, stream| sum + stream.revision())
    }

    /// The stream of the best pictures.
    #[must_use]
    pub fn best(&self) -> &Stream {
        &self.best
    }

    /// The stream of a grade, once it has begun.
    pub fn stream(&mut self, grade: Grade) -> Option<&mut Stream> {
        match self.beside.get_mut(&grade) {
            Some(beside) => beside.stream.as_mut(),
            None => (grade == Grade::BEST).then_some(&mut self.best),
        }
    }

    /// The stream whose files have this tag, and which grade it is.
    #[must_use]
    pub fn find(&self, tag: Tag) -> Option<Grade> {
        let named = |stream: Option<&Stream>| stream.is_some_and(|stream| stream.tag() == tag);
        let beside = self.beside.iter().find(|(_, beside)| named(beside.stream.as_ref()));
        beside.map(|(&grade, _)| grade).or_else(|| named(Some(&self.best)).then_some(Grade::BEST))
    }

    /// The multivariant playlist, the best first; `uri` says where the media playlist of a grade is. It waits for the first segment of each layer that
    /// is wanted, for some parts at most: a layer that is off has none. Pictures of one size are listed once, as a layer that is off shows those of another.
    ///
    /// # Errors
    /// A codec that the container cannot carry.
    pub fn multivariant_playlist(
        &mut self,
        container: Container,
        uri: impl Fn(Grade) -> String,
    ) -> Result<Answer<Bytes>, HlsError> {
        let Answer::Ready((best, mut is_independent)) = self.best.variant(container, uri(Grade::BEST))? else {
            return Ok(Answer::Wait);
        };
        let (revision, mut is_complete) = (self.best.revision(), true);
        let mut variants = vec![best];
        for (&grade, beside) in self.beside.iter_mut().rev() {
            let Some(stream) = beside.stream.as_ref().filter(|stream| stream.has_playlist()) else {
                let since = *beside.wanted_since.get_or_insert(revision);
                is_complete &= revision.saturating_sub(since) >= PATIENCE_PARTS;
                continue;
            };
            let Ok(Answer::Ready((variant, also))) = stream.variant(container, uri(grade)) else { continue };
            if is_another(&variants, &variant) {
                is_independent &= also;
                variants.push(variant);
            }
        }
        if !is_complete {
            return Ok(Answer::Wait);
        }
        Ok(Answer::Ready(Bytes::from(MultivariantPlaylist { is_independent, variants }.to_string())))
    }

    /// The media playlist of a grade, as [`Stream::media_playlist`] has it, and behind it how far the others are: a player that changes to one of them asks
    /// at once for what comes next there. `uri` says where the media playlist of a grade is, relative to this one.
    ///
    /// # Errors
    /// A segment too far ahead, or a codec that the container cannot carry.
    pub fn media_playlist(
        &mut self,
        (container, grade): (Container, Grade),
        reload: Reload,
        uri: impl Fn(Grade) -> String,
    ) -> Result<Answer<Bytes>, HlsError> {
        let Some(stream) = self.stream(grade) else { return Ok(Answer::Wait) };
        let answer = stream.media_playlist(container, reload)?;
        let has_reports = container == Container::Mp4 && !stream.is_ended();
        let Answer::Ready(playlist) = answer else { return Ok(Answer::Wait) };
        if !has_reports || self.beside.is_empty() {
            return Ok(Answer::Ready(playlist));
        }
        let beside = self.beside.iter().filter_map(|(&grade, beside)| Some((grade, beside.stream.as_ref()?)));
        let all = std::iter::once((Grade::BEST, &self.best)).chain(beside);
        let mut text = playlist.to_vec();
        for (other, stream) in all.filter(|&(other, _)| other != grade) {
            let Some((last_msn, last_part)) = stream.last_part() else { continue };
            text.extend_from_slice(RenditionReport { uri: uri(other), last_msn, last_part }.to_string().as_bytes());
        }
        Ok(Answer::Ready(Bytes::from(text)))
    }

    /// How many frames wait for the first segment of the best, and how many bytes those are.
    #[cfg(test)]
    pub(super) fn held(&self) -> (usize, usize) {
        (self.held.len(), self.held_bytes)
    }

    /// Keeps a frame until streams can begin with it.
    fn hold(&mut self, grade: Grade, frame: &Frame) {
        self.held_bytes += frame.data.len();
        self.held.push_back((grade, frame.clone()));
        // Sound is held for a layer that may never come: the oldest goes, and nobody misses it.
        while self.held.len() > HELD_MAX || self.held_bytes > HELD_BYTES_MAX {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some((_, frame)) = self.held.pop_front() {
            self.held_bytes = self.held_bytes.saturating_sub(frame.data.len());
        }
    }

    fn drop_held(&mut self) {
        self.held.clear();
        self.held_bytes = 0;
    }

    /// Gives what was held to the streams beside the best, once these can begin.
    fn release(&mut self, now: Instant) {
        if !self.best.has_playlist() {
            return;
        }
        while self.held.front().is_some_and(|(grade, frame)| self.is_decided(*grade, frame)) {
            let Some((grade, frame)) = self.held.pop_front() else { break };
            self.held_bytes = self.held_bytes.saturating_sub(frame.data.len());
            let is_sound = frame.kind() == Kind::Audio;
            for (&own, beside) in &mut self.beside {
                if is_sound || own == grade {
                    beside.handle_frame(now, &frame, (&self.best, &self.config, self.audio.as_ref()));
                }
            }
        }
    }

    /// Whether it is known if a layer that has not begun can begin with this frame: with a segment of the best alone, which may still be to come.
    fn is_decided(&self, grade: Grade, frame: &Frame) -> bool {
        let waits = self.beside.get(&grade).is_some_and(|beside| beside.stream.is_none());
        let can_begin = waits && frame.is_key && frame.kind() == Kind::Video;
        // Where no more pictures of the best come, the sound tells how late it is.
        let is_late = self.held.back().is_some_and(|(_, newest)| newest.dts - frame.dts > DECIDED_AFTER);
        !can_begin || is_late || self.best.is_past(frame.dts)
    }

    /// All have as many discontinuities.
    fn keep_step(&mut self) {
        for stream in self.beside.values().filter_map(|beside| beside.stream.as_ref()) {
            self.best.follow(stream);
        }
        for stream in self.beside.values_mut().filter_map(|beside| beside.stream.as_mut()) {
            stream.keep_step_with(&self.best);
        }
    }
}

impl Beside {
    fn handle_parameters(&mut self, now: Instant, parameters: &Parameters) {
        if parameters.kind() == Kind::Video {
            self.parameters = Some(parameters.clone());
        }
        if let Some(stream) = &mut self.stream {
            begin_anew(stream, now, parameters, &mut self.has_frames);
        }
    }

    /// Takes a frame; the first picture that needs no other begins the stream.
    fn handle_frame(
        &mut self,
        now: Instant,
        frame: &Frame,
        (best, config, audio): (&Stream, &Config, Option<&Parameters>),
    ) {
        if self.stream.is_none() && frame.is_key && frame.kind() == Kind::Video {
            self.stream = best.beside(*config, self.tag, frame.dts);
            for parameters in [self.parameters.as_ref(), audio].into_iter().flatten() {
                if let Some(stream) = &mut self.stream {
                    stream.handle_parameters(now, parameters.clone());
                }
            }
        }
        if let Some(stream) = &mut self.stream {
            self.has_frames = true;
            stream.handle_frame(now, frame);
        }
    }
}

/// What follows in a stream begins anew with these parameters; `has_frames` says whether anything went before, since it last began.
fn begin_anew(stream: &mut Stream, now: Instant, parameters: &Parameters, has_frames: &mut bool) {
    if *has_frames && parameters.kind() == Kind::Video && stream.has_video() {
        // Another layer of the same publisher, as a rule: its sound goes on, and the picture stays until the next comes.
        return stream.handle_other_pictures(parameters.clone());
    }
    if std::mem::take(has_frames) {
        stream.handle_break(now);
    }
    stream.handle_parameters(now, parameters.clone());
}

/// Whether a player can choose between this one and each of the others.
fn is_another(others: &[Variant], variant: &Variant) -> bool {
    variant.resolution.is_some() && others.iter().all(|other| other.resolution != variant.resolution)
}

/// How many parts and segments of the best a layer is waited for: it begins with the second or the third segment, where its first key frame was not in time.
const PATIENCE_PARTS: u64 = 14;
/// How long a picture of a layer that has not begun waits for those of the best.
const DECIDED_AFTER: MediaTime = MediaTime::from_millis(500);
/// Frames that wait for the first segment of the best: ten seconds of three layers and sound.
const HELD_MAX: usize = 2048;
/// Bytes of them.
const HELD_BYTES_MAX: usize = 16 << 20;

//! One stream of HLS.

use std::time::{Duration, Instant};

use bytes::Bytes;
use media::{Frame, MediaTime, Parameters};

use super::cutter::{Cut, Cutter};
use super::playlist::View;
use super::window::Window;
use super::writing::{self, TransportStream};
use super::{Config, Container, File, HlsError, PART_TARGET, Reload, ReloadError, Tag};
use crate::m3u8::Variant;

/// What a stream answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer<T> {
    /// This.
    Ready(T),
    /// Ask again when the revision has changed.
    Wait,
}

/// A moment on the clock of the machine, and the same moment since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Epoch {
    /// The moment.
    pub at: Instant,
    /// Since 1970.
    pub unix: Duration,
}

/// A segment that is complete. Its names are as in a URL, beside the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completed {
    /// The media sequence number.
    pub number: u64,
    /// How long it is.
    pub duration: MediaTime,
    /// The segment: as a transport stream where that carries it, else as MP4.
    pub path: String,
    /// The playlist that names it.
    pub playlist: String,
}

/// One publication of a stream. A publisher who comes back after the end is another one, with another tag.
#[derive(Debug)]
pub struct Stream {
    config: Config,
    tag: Tag,
    /// What the names of transport streams begin with.
    stem: String,
    epoch: Epoch,
    cutter: Cutter,
    pub(super) window: Window,
    transport_stream: TransportStream,
    /// Grows with each part.
    revision: u64,
    is_ended: bool,
    /// When the zero of the timeline was, since 1970.
    zero: Option<Duration>,
    /// The same of the grade that this one stands beside, from its next discontinuity on.
    shared_zero: Option<Duration>,
    /// The text of each playlist that was asked for, at which revision.
    texts: [Option<(u64, Bytes)>; 2],
    cuts: Vec<Cut>,
}

impl Stream {
    /// An empty stream. `stem` is the name of the stream as it stands in a URL.
    #[must_use]
    pub fn new(config: Config, tag: Tag, stem: String, epoch: Epoch) -> Self {
        Self {
            config,
            tag,
            stem,
            epoch,
            cutter: Cutter::new(config),
            window: Window::default(),
            transport_stream: TransportStream::default(),
            revision: 0,
            is_ended: false,
            zero: None,
            shared_zero: None,
            texts: [None, None],
            cuts: Vec::new(),
        }
    }

    /// Another grade of the same stream, whose first picture is at this time: with the numbers, the target duration and the dates of this one. `None` where
    /// no segment of this one begins there. Players take what has the same number for what was at the same time, and a beginning that differs by
    /// more than they overlook has them fetch it again and again.
    #[must_use]
    pub fn beside(&self, config: Config, tag: Tag, at: MediaTime) -> Option<Self> {
        let target_duration_s = self.target_duration_s()?;
        let mut discontinuities = self.window.discontinuity_sequence;
        let mut segments = self.window.listed().chain(self.cutter.open());
        let first = segments.find(|segment| {
            discontinuities += u64::from(segment.is_discontinuous);
            (segment.start - at).micros().abs() <= ALIGNED.micros()
        })?;
        let cutter = Cutter::beside(config, target_duration_s, (first.number, first.start), discontinuities);
        let mut beside = Self::new(config, tag, self.stem.clone(), self.epoch);
        beside.window.discontinuity_sequence = cutter.breaks();
        (beside.cutter, beside.zero) = (cutter, self.zero);
        Some(beside)
    }

    /// Whether it is known which segments of this one begin at about this time.
    #[must_use]
    pub fn is_past(&self, at: MediaTime) -> bool {
        self.cutter.newest_picture().is_some_and(|newest| newest - at > ALIGNED)
    }

    /// How many discontinuities there were, the one that is due included.
    #[must_use]
    pub fn discontinuities(&self) -> u64 {
        self.cutter.breaks()
    }

    /// Brings this one, which stands beside `other`, in step with it: what was at the same time has as many discontinuities before it, and the same date
    /// (RFC 8216 §6.2.4).
    pub fn keep_step_with(&mut self, other: &Self) {
        self.shared_zero = other.zero;
        self.follow(other);
    }

    /// The same for the one beside which others stand: their discontinuities are its own.
    pub fn follow(&mut self, beside: &Self) {
        if self.cutter.breaks() < beside.cutter.breaks() {
            self.cutter.break_soon();
        }
    }

    /// Whether it has pictures.
    #[must_use]
    pub fn has_video(&self) -> bool {
        self.cutter.tracks().video.is_some()
    }

    /// Whether there is a playlist.
    #[must_use]
    pub fn has_playlist(&self) -> bool {
        self.target_duration_s().is_some()
    }

    /// Tells how a track is decoded: before its first frame, and when it changes.
    pub fn handle_parameters(&mut self, now: Instant, parameters: Parameters) {
        let mut cuts = std::mem::take(&mut self.cuts);
        self.cutter.change_parameters(parameters, &mut cuts);
        self.keep(now, cuts);
    }

    /// Tells how pictures are decoded from the next one on, which begins anew. What comes until then belongs to what was before.
    pub fn handle_other_pictures(&mut self, parameters: Parameters) {
        self.cutter.change_pictures(parameters);
    }

    /// Takes a frame. Frames before the first key frame, and of tracks without parameters, are left out.
    pub fn handle_frame(&mut self, now: Instant, frame: &Frame) {
        let mut cuts = std::mem::take(&mut self.cuts);
        self.cutter.take(frame, &mut cuts);
        if !cuts.is_empty() {
            self.keep(now, cuts);
        } else {
            self.cuts = cuts;
        }
    }

    /// Something is missing in the stream, or somebody else publishes it: what follows begins anew.
    pub fn handle_break(&mut self, now: Instant) {
        let mut cuts = std::mem::take(&mut self.cuts);
        self.cutter.end(&mut cuts);
        self.keep(now, cuts);
    }

    /// Nothing follows.
    pub fn handle_end(&mut self, now: Instant) {
        self.handle_break(now);
        self.is_ended = true;
        self.revision += 1;
    }

    /// Changes whenever an answer may be another one than before.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The mark of its files.
    #[must_use]
    pub fn tag(&self) -> Tag {
        self.tag
    }

    /// The complete segments from that number on, as far as they are kept.
    pub fn completed(&self, from: u64) -> impl Iterator<Item = Completed> {
        let kept = self.window.kept().skip_while(move |segment| segment.number < from);
        kept.map(|segment| {
            let is_carried = writing::uncarried(&segment.tracks).is_none();
            let container = if is_carried { Container::TransportStream } else { Container::Mp4 };
            let (path, playlist) = match container {
                Container::TransportStream => {
                    let file = File::TransportStream(segment.number).name(self.tag);
                    (format!("{}-{file}", self.stem), format!("{}.m3u8", self.stem))
                }
                Container::Mp4 => {
                    let file = File::Mp4(segment.number).name(self.tag);
                    (format!("{}/{file}", self.stem), format!("{}/index.m3u8", self.stem))
                }
            };
            Completed { number: segment.number, duration: segment.duration, path, playlist }
        })
    }

    /// How long a request may wait (rfc8216bis §6.2.5.2).
    #[must_use]
    pub fn patience(&self) -> Duration {
        let target_s = self.cutter.target_duration_s();
        Duration::from_secs(target_s.map_or(FIRST_SEGMENT_PATIENCE_S, |target_s| target_s * 3))
    }

    /// The media playlist. It waits for what the player wants to see in it, and for the first segment.
    ///
    /// # Errors
    /// A segment too far ahead, or a codec that the container cannot carry.
    pub fn media_playlist(&mut self, container: Container, reload: Reload) -> Result<Answer<Bytes>, HlsError> {
        self.check_container(container)?;
        let Some(target_duration_s) = self.target_duration_s() else { return self.not_yet() };
        if container == Container::Mp4 && !self.is_there(reload)? {
            return Ok(Answer::Wait);
        }
        let skip = reload.skip && container == Container::Mp4;
        let slot = usize::from(container == Container::Mp4);
        let known = self.texts.get(slot).and_then(Option::as_ref).filter(|(revision, _)| *revision == self.revision);
        if let Some((_, text)) = known.filter(|_| !skip) {
            return Ok(Answer::Ready(text.clone()));
        }
        let text = Bytes::from(self.view(target_duration_s).media_playlist(container, skip).to_string());
        if let Some(place) = self.texts.get_mut(slot).filter(|_| !skip) {
            *place = Some((self.revision, text.clone()));
        }
        Ok(Answer::Ready(text))
    }

    /// Up to where the playlist with parts goes: the number of the last segment, or of the one in the making if that has parts, and the last part of it,
    /// counted from 0. `None` before the first segment.
    #[must_use]
    pub fn last_part(&self) -> Option<(u64, u64)> {
        let last = self.window.listed().last()?;
        let open = self.cutter.open().filter(|open| !open.parts.is_empty() && !self.is_ended);
        let newest = open.unwrap_or(last);
        Some((newest.number, (newest.parts.len() as u64).checked_sub(1)?))
    }

    /// Whether nothing follows.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.is_ended
    }

    /// What a multivariant playlist says of it, where it names the media playlist as `uri`, and whether all its segments begin with key frames. It waits
    /// for the first segment, which tells what the stream needs.
    ///
    /// # Errors
    /// A codec that the container cannot carry.
    pub fn variant(&self, container: Container, uri: String) -> Result<Answer<(Variant, bool)>, HlsError> {
        self.check_container(container)?;
        let Some(target_duration_s) = self.target_duration_s() else { return self.not_yet() };
        let view = self.view(target_duration_s);
        let is_independent = view.media_playlist(container, false).is_independent;
        Ok(Answer::Ready((view.variant(uri, self.cutter.tracks()), is_independent)))
    }

    /// A file that a playlist names, in pieces. The part that is hinted at is waited for.
    ///
    /// # Errors
    /// A file that is not kept, or never will be.
    pub fn file(&mut self, tag: Tag, file: File) -> Result<Answer<Vec<Bytes>>, HlsError> {
        if tag != self.tag {
            return Err(HlsError::NotFound);
        }
        let pieces = match file {
            File::TransportStream(number) => {
                self.transport_stream.segment(&mut self.window, number).map(|segment| vec![segment])?
            }
            File::Mp4(number) => writing::mp4_segment(self.window.find_mut(number).ok_or(HlsError::NotFound)?),
            File::Part(number) if number == self.cutter.next_part() && !self.is_ended => return Ok(Answer::Wait),
            File::Part(number) => vec![self.part(number).ok_or(HlsError::NotFound)?],
            File::Init(number) => vec![self.init(number).ok_or(HlsError::NotFound)?],
        };
        Ok(Answer::Ready(pieces))
    }

    fn part(&mut self, number: u64) -> Option<Bytes> {
        let open = self.cutter.open_mut().filter(|open| open.first_part <= number);
        open.or_else(|| self.window.find_by_part_mut(number)).and_then(|segment| writing::part(segment, number))
    }

    fn init(&self, number: u32) -> Option<Bytes> {
        let mut tracks = self.window.kept().chain(self.cutter.open()).map(|segment| &segment.tracks);
        tracks.find(|tracks| tracks.number == number).map(|tracks| writing::init(tracks))
    }

    /// Whether the container carries the tracks, and those of all segments that the playlist lists.
    fn check_container(&self, container: Container) -> Result<(), HlsError> {
        if container == Container::Mp4 {
            return Ok(());
        }
        let mut tracks = self.window.listed().map(|segment| &*segment.tracks).chain([self.cutter.tracks()]);
        tracks.find_map(writing::uncarried).map_or(Ok(()), |codec| Err(HlsError::Codec(codec)))
    }

    fn target_duration_s(&self) -> Option<u64> {
        self.cutter.target_duration_s().filter(|_| !self.window.is_empty())
    }

    /// There is no segment, and perhaps there never will be.
    fn not_yet<T>(&self) -> Result<Answer<T>, HlsError> {
        if self.is_ended { Err(HlsError::NotFound) } else { Ok(Answer::Wait) }
    }

    /// Whether the playlist has what the player waits for.
    fn is_there(&self, reload: Reload) -> Result<bool, HlsError> {
        let Some(msn) = reload.msn.filter(|_| !self.is_ended) else { return Ok(true) };
        let next = self.cutter.next_number();
        let open_parts = self.cutter.open().map_or(0, |open| open.parts.len() as u64);
        let too_far = HlsError::Reload(ReloadError::TooFar { msn, next });
        // The next segment is one more than the last; one more than that may be asked for.
        if msn > next + 1 {
            return Err(too_far);
        }
        let Some(part) = reload.part else { return Ok(msn < next) };
        if msn < next {
            // A part behind the last of its segment is the first of the next.
            let parts = self.window.find(msn).map_or(u64::MAX, |segment| segment.parts.len() as u64);
            return Ok(msn + 1 < next || part < parts || open_parts > 0);
        }
        if msn == next && part > open_parts + ADVANCE_PART_LIMIT {
            return Err(too_far);
        }
        Ok(msn == next && part < open_parts)
    }

    fn view(&self, target_duration_s: u64) -> View<'_> {
        View {
            tag: self.tag,
            stem: &self.stem,
            window: &self.window,
            open: self.cutter.open(),
            next_number: self.cutter.next_number(),
            next_part: self.cutter.next_part(),
            target_duration_s,
            is_ended: self.is_ended,
        }
    }

    fn keep(&mut self, now: Instant, mut cuts: Vec<Cut>) {
        for cut in cuts.drain(..) {
            self.revision += 1;
            if let Cut::Segment(mut segment) = cut {
                let end = segment.start + segment.duration;
                if segment.is_discontinuous && segment.date_time.is_none() {
                    self.zero = self.shared_zero;
                }
                segment.date_time = segment.date_time.or_else(|| self.date_time(now, segment.start, end));
                self.window.push(*segment, &self.config);
            }
        }
        self.cuts = cuts;
        self.date_open(now);
    }

    /// A segment whose first part is shown needs its date.
    fn date_open(&mut self, now: Instant) {
        let Some(open) = self.cutter.open().filter(|open| open.date_time.is_none()) else { return };
        let Some(last) = open.parts.last().filter(|_| !self.window.is_empty()) else { return };
        let (start, end, is_discontinuous) = (open.start, last.start + last.duration, open.is_discontinuous);
        if is_discontinuous {
            self.zero = self.shared_zero;
        }
        let date_time = self.date_time(now, start, end);
        if let Some(open) = self.cutter.open_mut() {
            open.date_time = date_time;
        }
    }

    /// When `start` was. Where the timeline is not tied to the clock, it is tied by this: `end` is about now.
    fn date_time(&mut self, now: Instant, start: MediaTime, end: MediaTime) -> Option<Duration> {
        let unix = self.epoch.unix + now.saturating_duration_since(self.epoch.at);
        let zero = match self.zero {
            Some(zero) => zero,
            // Before the zero of a timeline that runs for longer than since 1970 there is nothing to date.
            None => *self.zero.insert(unix.checked_sub(duration(end)?)?),
        };
        zero.checked_add(duration(start)?)
    }
}

fn duration(time: MediaTime) -> Option<Duration> {
    u64::try_from(time.micros()).ok().map(Duration::from_micros)
}

/// How many parts beyond the next a player may ask for: those of three seconds, since parts are shorter than one (rfc8216bis §6.2.5.2).
const ADVANCE_PART_LIMIT: u64 = 3_000_000 / PART_TARGET.micros() as u64;
/// What begins at the same time in two grades may be so far apart: pictures of layers that were taken one behind the other.
const ALIGNED: MediaTime = MediaTime::from_millis(100);
/// Before the first segment: the longest that is made, and a moment.
const FIRST_SEGMENT_PATIENCE_S: u64 = 12;

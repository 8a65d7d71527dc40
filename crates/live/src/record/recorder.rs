//! Frames in, files out.

use std::collections::VecDeque;

use bytes::Bytes;
use media::{Frame, Kind, MediaTime, Parameters};

use super::writer::Writer;
use super::{Fill, Format, Wanted};
use crate::mp4::Sample;
use crate::sound_clock::SoundClock;

/// How a stream is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// Which kind of file.
    pub format: Wanted,
    /// A file that lasts so long ends at the next key frame.
    pub file_duration_max: MediaTime,
    /// A file of so many bytes ends at the next key frame.
    pub file_bytes_max: Option<u64>,
}

/// What is to be done, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// A file begins.
    Begin {
        /// Its kind.
        format: Format,
        /// How its pictures are encoded.
        video: Option<Parameters>,
        /// How its sounds are encoded.
        audio: Option<Parameters>,
        /// The time of the stream that is its time 0.
        origin: MediaTime,
    },
    /// Bytes to write behind the others at once: what the file has then plays.
    Append {
        /// The bytes.
        bytes: Bytes,
        /// How long the file lasts with them.
        duration: MediaTime,
    },
    /// Bytes to write over others.
    Fill(Fill),
    /// The file is complete.
    End,
}

/// Records one stream.
#[derive(Debug)]
pub struct Recorder {
    config: Config,
    video: Option<Parameters>,
    audio: Option<Parameters>,
    sound_clock: SoundClock,
    /// The last frame of each track, whose duration is not known.
    pending: [Option<Frame>; 2],
    /// How long the frame before the last lasted, of each track.
    last_duration: [MediaTime; 2],
    /// What is written next, in order of arrival; at most [`FRAGMENT_BYTES_MAX`] and a frame, and [`FRAGMENT_SAMPLES_MAX`].
    fragment: Vec<Sample>,
    fragment_bytes: usize,
    file: Option<File>,
    /// Where the first sound was, while pictures may still come.
    sound_alone_since: Option<MediaTime>,
    outputs: VecDeque<Output>,
}

/// The file in the making.
#[derive(Debug)]
struct File {
    writer: Writer,
    /// What is its time 0.
    origin: MediaTime,
    duration: MediaTime,
}

impl Recorder {
    /// Nothing is written before there are frames.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            config,
            video: None,
            audio: None,
            sound_clock: SoundClock::default(),
            pending: [None, None],
            last_duration: [FRAME_DURATION; 2],
            fragment: Vec::new(),
            fragment_bytes: 0,
            file: None,
            sound_alone_since: None,
            outputs: VecDeque::new(),
        }
    }

    /// Takes the parameters of a track. Others than before end the file; the next one begins with the next key frame.
    pub fn handle_parameters(&mut self, parameters: &Parameters) {
        let known = match parameters.kind() {
            Kind::Video => &mut self.video,
            Kind::Audio => &mut self.audio,
        };
        if known.as_ref() == Some(parameters) {
            return;
        }
        let is_another = known.is_some();
        // A track more is no trouble as long as nothing is written.
        if is_another || self.file.is_some() {
            self.end_file();
        }
        match parameters.kind() {
            Kind::Video => {
                self.drop_sounds();
                self.video = Some(parameters.clone());
            }
            Kind::Audio => {
                self.sound_clock = SoundClock::new(parameters);
                self.audio = Some(parameters.clone());
            }
        }
    }

    /// Takes a frame. What comes before the first key frame is left out.
    pub fn handle_frame(&mut self, frame: &Frame) {
        let kind = frame.kind();
        let known = if kind == Kind::Video { &self.video } else { &self.audio };
        if known.as_ref().is_none_or(|known| known.codec != frame.codec) || self.waits_for_pictures(frame) {
            return;
        }
        let begins = frame.is_key && kind == self.decisive();
        if !begins && !self.has_begun() {
            return;
        }
        let frame = if kind == Kind::Audio { self.sound_clock.place(frame) } else { frame.clone() };
        let next_dts = frame.dts;
        let slot = slot(kind);
        let Some(last) = self.pending.get_mut(slot).and_then(|pending| pending.replace(frame)) else { return };
        let told = (next_dts - last.dts).max(MediaTime::ZERO);
        let own = self.sound_clock.duration(&last).filter(|_| kind == Kind::Audio);
        if let Some(place) = self.last_duration.get_mut(slot) {
            // The last sound does not get longer because there was silence before it.
            *place = own.unwrap_or(told);
        }
        self.place(Sample { frame: last, duration: told });
    }

    /// Something is missing from here on: what follows begins with a key frame, in the same file.
    pub fn handle_break(&mut self) {
        self.place_pending();
        self.write_fragment();
        if let Some(audio) = &self.audio {
            self.sound_clock = SoundClock::new(audio);
        }
    }

    /// The stream has ended, or the recording.
    pub fn handle_end(&mut self) {
        self.end_file();
    }

    /// What is to be done next.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Whether a frame of the kind that decides is there to go on from.
    fn has_begun(&self) -> bool {
        self.pending.get(slot(self.decisive())).is_some_and(Option::is_some)
    }

    /// The kind of frame at which files begin and end.
    fn decisive(&self) -> Kind {
        if self.video.is_some() { Kind::Video } else { Kind::Audio }
    }

    /// At the beginning sounds wait for pictures, which come a moment later in most streams, and are left out meanwhile.
    fn waits_for_pictures(&mut self, frame: &Frame) -> bool {
        if self.video.is_some() || self.file.is_some() {
            return false;
        }
        let since = *self.sound_alone_since.get_or_insert(frame.dts);
        (frame.dts - since).micros().abs() < PICTURES_WAIT.micros()
    }

    fn place(&mut self, sample: Sample) {
        let is_decisive = sample.frame.kind() == self.decisive();
        let age = self.fragment.first().map(|first| sample.frame.dts - first.frame.dts).unwrap_or_default();
        let begins = is_decisive && sample.frame.is_key;
        if begins && self.file.as_ref().is_some_and(|file| self.is_full(file, sample.frame.dts)) {
            self.write_fragment();
            self.complete();
        } else if self.can_write() && (age >= FRAGMENT_DURATION || (begins && age >= FRAGMENT_DURATION_MIN)) {
            self.write_fragment();
        }
        self.keep(sample);
        if self.fragment_bytes > FRAGMENT_BYTES_MAX || self.fragment.len() >= FRAGMENT_SAMPLES_MAX {
            self.write_fragment();
        }
    }

    /// Whether the first fragment of a file has what the file begins with: sounds overtake pictures of which there are few.
    fn can_write(&self) -> bool {
        self.file.is_some() || self.fragment.iter().any(|sample| sample.frame.kind() == self.decisive())
    }

    /// Whether what begins at this time belongs into another file.
    fn is_full(&self, file: &File, time: MediaTime) -> bool {
        let bytes = file.writer.bytes().saturating_add(u64::try_from(self.fragment_bytes).unwrap_or(u64::MAX));
        self.config.file_bytes_max.is_some_and(|limit| bytes >= limit)
            || time - file.origin >= self.config.file_duration_max
    }

    fn keep(&mut self, sample: Sample) {
        self.fragment_bytes = self.fragment_bytes.saturating_add(sample.frame.data.len());
        self.fragment.push(sample);
    }

    /// The last frames get the durations of those before.
    fn place_pending(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        for (frame, duration) in pending.into_iter().zip(self.last_duration) {
            if let Some(frame) = frame {
                self.keep(Sample { frame, duration });
            }
        }
    }

    fn write_fragment(&mut self) {
        let mut samples = std::mem::take(&mut self.fragment);
        self.fragment_bytes = 0;
        if samples.is_empty() {
            return;
        }
        // A frame waits for the next of its track, so the tracks are out of step.
        samples.sort_by_key(|sample| sample.frame.dts);
        let mut file = match self.file.take() {
            Some(file) => file,
            None => self.begin_file(&samples),
        };
        // Who comes so late that the file had begun without him has no place in it.
        samples.retain(|sample| sample.frame.dts >= file.origin);
        for sample in &mut samples {
            sample.frame.dts = sample.frame.dts - file.origin;
            sample.frame.pts = sample.frame.pts - file.origin;
            file.duration = file.duration.max(sample.frame.dts + sample.duration);
        }
        let bytes = file.writer.append(&samples);
        self.outputs.push_back(Output::Append { bytes, duration: file.duration });
        self.file = Some(file);
    }

    fn begin_file(&mut self, samples: &[Sample]) -> File {
        // Frames that wait for the next of their track belong to this file, too.
        let pending = self.pending.iter().flatten();
        let times = samples.iter().map(|sample| &sample.frame).chain(pending).map(|frame| frame.dts);
        let origin = times.min().unwrap_or_default();
        let (video, audio) = (self.video.clone(), self.audio.clone());
        let format = Format::choose(self.config.format, video.as_ref(), audio.as_ref());
        let (writer, head) = Writer::new(format, video.as_ref(), audio.as_ref());
        self.outputs.push_back(Output::Begin { format, video, audio, origin });
        self.outputs.push_back(Output::Append { bytes: head, duration: MediaTime::ZERO });
        File { writer, origin, duration: MediaTime::ZERO }
    }

    fn end_file(&mut self) {
        self.place_pending();
        self.write_fragment();
        self.complete();
    }

    fn complete(&mut self) {
        let Some(file) = self.file.take() else { return };
        let duration = file.duration;
        let (bytes, fills) = file.writer.finish(duration);
        if !bytes.is_empty() {
            self.outputs.push_back(Output::Append { bytes, duration });
        }
        self.outputs.extend(fills.into_iter().map(Output::Fill));
        self.outputs.push_back(Output::End);
    }

    /// Sounds that came before it was known that there are pictures.
    fn drop_sounds(&mut self) {
        self.pending = [None, None];
        self.fragment.clear();
        self.fragment_bytes = 0;
    }
}

/// Where the last frame of the track waits.
fn slot(kind: Kind) -> usize {
    usize::from(kind == Kind::Audio)
}

/// How much is lost when the server is killed: what was written is safe.
pub(super) const FRAGMENT_DURATION: MediaTime = MediaTime::from_millis(1000);
/// Fragments begin with key frames, by which players seek, unless those are closer together than this.
const FRAGMENT_DURATION_MIN: MediaTime = MediaTime::from_millis(500);
/// A fragment that is longer is written at once.
const FRAGMENT_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Of a publisher whose times stand still.
const FRAGMENT_SAMPLES_MAX: usize = 4096;
/// Of a frame whose successor never comes, if it had no predecessor either: 25 pictures a second.
const FRAME_DURATION: MediaTime = MediaTime::from_millis(40);
/// How long a stream may be without pictures before it is one of sounds alone.
const PICTURES_WAIT: MediaTime = MediaTime::from_millis(1000);

#[cfg(test)]
mod tests;

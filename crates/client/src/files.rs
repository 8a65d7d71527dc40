//! Media files: what `publish` reads and `play` writes. IVF holds VP8, VP9 and AV1, Ogg holds Opus, Annex B byte streams hold H.264.

mod annex_b;
mod ivf;
mod ogg;

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use str0m::media::{Frequency, MediaData};

use crate::{Codec, Error};

/// A frame to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// In units of `clock`.
    pub timestamp: u64,
    /// Units per second.
    pub clock: Frequency,
    /// As the packetizer of the codec takes it.
    pub data: Vec<u8>,
}

/// A file that is played in its own time, over and over if so wished.
#[derive(Debug)]
pub struct Playback {
    codec: Codec,
    clock: Frequency,
    frames: Vec<Entry>,
    /// The next frame.
    index: usize,
    repeat: bool,
    start: Instant,
    /// Units played before this round.
    before: u64,
}

/// A frame of a file and how long it lasts, in units of the codec's clock.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    data: Vec<u8>,
    length: u64,
}

impl Playback {
    /// Reads a file, whose kind its ending tells: `.ivf`, `.h264` or `.264`, `.ogg` or `.opus`.
    ///
    /// # Errors
    /// When it cannot be read, or is not what its ending says.
    pub fn open(path: &Path, frames_per_second: f64, repeat: bool, now: Instant) -> Result<Self, Error> {
        let fail = |reason: String| Error::File { path: path.display().to_string(), reason };
        let length = std::fs::metadata(path).map_err(|error| fail(error.to_string()))?.len();
        if length > FILE_BYTES_MAX {
            return Err(fail(format!("{length} bytes are more than {FILE_BYTES_MAX}")));
        }
        let bytes = std::fs::read(path).map_err(|error| fail(error.to_string()))?;
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let (codec, frames) = match ending {
            "ivf" => ivf::read(&bytes).map_err(fail)?,
            "h264" | "264" => (Codec::H264, annex_b::read(&bytes, frames_per_second)),
            "ogg" | "opus" => (Codec::Opus, ogg::read(&bytes).map_err(fail)?),
            _ => return Err(fail("the ending must be .ivf, .h264, .264, .ogg or .opus".into())),
        };
        if frames.is_empty() {
            return Err(fail("there is no frame in it".into()));
        }
        // Over and over it would never let go.
        if frames.iter().all(|frame| frame.length == 0) {
            return Err(fail("all its frames have the same time".into()));
        }
        let clock = if codec == Codec::Opus { Frequency::FORTY_EIGHT_KHZ } else { Frequency::NINETY_KHZ };
        Ok(Self { codec, clock, frames, index: 0, repeat, start: now, before: 0 })
    }

    /// Of the frames.
    #[must_use]
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// When the next frame is due; `None` at the end.
    #[must_use]
    pub fn next_at(&self) -> Option<Instant> {
        let rate = f64::from(self.clock.get());
        (self.index < self.frames.len()).then(|| self.start + Duration::from_secs_f64(self.before as f64 / rate))
    }

    /// The next frame, when it is due at `now`.
    pub fn next_frame(&mut self, now: Instant) -> Option<Frame> {
        if self.next_at().is_none_or(|at| at > now) {
            return None;
        }
        let entry = self.frames.get(self.index)?;
        let frame = Frame { timestamp: self.before, clock: self.clock, data: entry.data.clone() };
        self.before += entry.length;
        self.index += 1;
        if self.repeat && self.index == self.frames.len() {
            self.index = 0;
        }
        Some(frame)
    }
}

/// Writes what one slot receives, in the format that its codec has.
#[derive(Debug)]
pub struct Recording {
    path: PathBuf,
    file: BufWriter<File>,
    format: Format,
    /// Frames written.
    pub frames: u64,
}

#[derive(Debug)]
enum Format {
    Ivf { first: u64 },
    AnnexB,
    Ogg(ogg::Writer),
}

impl Recording {
    /// Starts a file named `stem` with the ending of the codec's format in `folder`, with `first` as its first frame.
    ///
    /// # Errors
    /// When it cannot be made, or there is no format for the codec.
    pub fn create(folder: &Path, stem: &str, first: &MediaData) -> Result<Self, Error> {
        let codec = first.params.spec().codec;
        let codec = Codec::from_engine(codec).ok_or_else(|| Error::Codec(format!("{codec:?}")))?;
        let ending = match codec {
            Codec::Vp8 | Codec::Vp9 | Codec::Av1 => "ivf",
            Codec::H264 => "h264",
            Codec::Opus => "ogg",
        };
        let path = folder.join(format!("{stem}.{ending}"));
        let fail = |error: std::io::Error| Error::File { path: path.display().to_string(), reason: error.to_string() };
        let mut file = BufWriter::new(File::create(&path).map_err(fail)?);
        let format = match codec {
            Codec::H264 => Format::AnnexB,
            Codec::Opus => Format::Ogg(ogg::Writer::new()),
            Codec::Vp8 | Codec::Vp9 | Codec::Av1 => {
                let size = rtp::payload::vp8::key_frame_size(&first.data).filter(|_| codec == Codec::Vp8);
                file.write_all(&ivf::header(codec, size.unwrap_or((0, 0)))).map_err(fail)?;
                Format::Ivf { first: first.time.numer() }
            }
        };
        Ok(Self { path, file, format, frames: 0 })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends a frame.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, data: &MediaData) -> Result<(), Error> {
        self.frames += 1;
        let written = match &mut self.format {
            Format::AnnexB => self.file.write_all(&data.data),
            Format::Ivf { first } => {
                let head = ivf::frame_header(data.data.len(), data.time.numer().saturating_sub(*first));
                self.file.write_all(&head).and_then(|()| self.file.write_all(&data.data))
            }
            Format::Ogg(writer) => self.file.write_all(&writer.packet(&data.data)),
        };
        written.map_err(|error| self.failure(&error))
    }

    /// Puts everything on the disk.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(&mut self) -> Result<(), Error> {
        self.file.flush().map_err(|error| self.failure(&error))
    }

    fn failure(&self, error: &std::io::Error) -> Error {
        Error::File { path: self.path.display().to_string(), reason: error.to_string() }
    }
}

/// Little-endian words of the formats, read without reaching beyond the end.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take(8)?.try_into().ok().map(u64::from_le_bytes)
    }
}

/// Gives each frame the time until the next one; the last lasts as long as the one before.
fn with_lengths(frames: Vec<(u64, Vec<u8>)>, alone: u64) -> Vec<Entry> {
    let times: VecDeque<u64> = frames.iter().map(|(at, _)| *at).collect();
    let step = |index: usize| Some(times.get(index + 1)?.saturating_sub(*times.get(index)?));
    let last = times.len().checked_sub(2).and_then(step).unwrap_or(alone);
    frames
        .into_iter()
        .enumerate()
        .map(|(index, (_, data))| Entry { data, length: step(index).unwrap_or(last) })
        .collect()
}

/// Files are read whole.
const FILE_BYTES_MAX: u64 = 1 << 30;

#[cfg(test)]
mod tests;

//! One file in the making, whatever its format.

use bytes::{BufMut as _, Bytes, BytesMut};
use media::{Kind, MediaTime, Parameters};

use super::seek_points::SeekPoints;
use super::{Fill, Format, SeekPoint};
use crate::flv::{self, TagKind};
use crate::matroska::{self, DocType};
use crate::mp4::{self, Sample, Track};
use crate::rtmp::amf0::Value;

/// Writes the bytes of a file.
#[derive(Debug)]
pub(super) struct Writer {
    container: Container,
    /// The track by which players seek.
    seek_kind: Kind,
    points: SeekPoints,
    /// Written so far.
    bytes: u64,
}

#[derive(Debug)]
enum Container {
    Mp4 { tracks: Vec<Track>, next_number: u32, index_offset: u64 },
    Matroska { header: matroska::Header, audio: Option<Parameters> },
    Flv,
}

impl Writer {
    /// A file with these tracks, and its first bytes.
    pub(super) fn new(format: Format, video: Option<&Parameters>, audio: Option<&Parameters>) -> (Self, Bytes) {
        let tracks: Vec<&Parameters> = video.into_iter().chain(audio).collect();
        let (container, head, points_max) = match format {
            Format::Mp4 => {
                let mut head = mp4::init(&tracks);
                let index_offset = length(head.len());
                mp4::reserve_index(&mut head);
                let tracks = tracks.iter().map(|parameters| Track::of(parameters)).collect();
                (Container::Mp4 { tracks, next_number: 1, index_offset }, Bytes::from(head), mp4::INDEX_POINTS_MAX)
            }
            Format::WebM | Format::Matroska => {
                let doc_type = if format == Format::WebM { DocType::WebM } else { DocType::Matroska };
                let header = matroska::Header::new(doc_type, &tracks);
                let head = Bytes::copy_from_slice(&header.bytes);
                (Container::Matroska { header, audio: audio.cloned() }, head, CUES_MAX)
            }
            Format::Flv => (Container::Flv, flv_head(&tracks, audio.is_some(), video.is_some()), 2),
        };
        let seek_kind = if video.is_some() { Kind::Video } else { Kind::Audio };
        let writer = Self { container, seek_kind, points: SeekPoints::new(points_max), bytes: length(head.len()) };
        (writer, head)
    }

    /// Bytes so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The samples in their order as bytes that are whole by themselves.
    pub(super) fn append(&mut self, samples: &[Sample]) -> Bytes {
        let mut of_kind = samples.iter().filter(|sample| sample.frame.kind() == self.seek_kind);
        let key = of_kind.next().filter(|sample| sample.frame.is_key).map(|key| key.frame.pts);
        // The first is one in any case: the index of MP4 leads from one to the next.
        if let Some(time) = key.or_else(|| self.points.as_slice().is_empty().then_some(MediaTime::ZERO)) {
            self.points.push(SeekPoint { time, offset: self.bytes });
        }
        let mut out = Vec::new();
        match &mut self.container {
            Container::Mp4 { tracks, next_number, .. } => {
                mp4::fragment(&mut out, *next_number, tracks, samples);
                *next_number = next_number.wrapping_add(1);
            }
            Container::Matroska { audio, .. } => {
                matroska::cluster(&mut out, audio.as_ref(), samples);
            }
            Container::Flv => {
                for Sample { frame, .. } in samples {
                    let kind = if frame.kind() == Kind::Video { TagKind::Video } else { TagKind::Audio };
                    out.extend_from_slice(&flv::tag(kind, frame.dts, &flv::frame_body(frame)));
                }
            }
        }
        self.bytes = self.bytes.saturating_add(length(out.len()));
        out.into()
    }

    /// What is appended to a file that lasts so long, and what is filled in.
    pub(super) fn finish(self, duration: MediaTime) -> (Bytes, Vec<Fill>) {
        let points = self.points.as_slice();
        match self.container {
            Container::Mp4 { tracks, index_offset, .. } => {
                let track = tracks.iter().find(|track| track.kind() == self.seek_kind);
                let end = SeekPoint { time: duration, offset: self.bytes };
                let bytes = track.map(|&track| mp4::index(track, points, end));
                (
                    Bytes::new(),
                    bytes.map(|bytes| Fill { offset: index_offset, bytes: bytes.into() }).into_iter().collect(),
                )
            }
            Container::Matroska { header, .. } => {
                let (cues, fills) = header.index(self.bytes, duration, self.seek_kind, points);
                (cues.into(), fills)
            }
            Container::Flv => (
                Bytes::new(),
                vec![Fill { offset: length(flv::HEADER_BYTES), bytes: flv_metadata(duration, self.bytes) }],
            ),
        }
    }
}

fn flv_head(tracks: &[&Parameters], has_audio: bool, has_video: bool) -> Bytes {
    let mut head = BytesMut::from(&*flv::header(has_audio, has_video));
    head.put(flv_metadata(MediaTime::ZERO, 0));
    for parameters in tracks {
        let kind = if parameters.kind() == Kind::Video { TagKind::Video } else { TagKind::Audio };
        if let Some(body) = flv::parameters_body(parameters) {
            head.put(flv::tag(kind, MediaTime::ZERO, &body));
        }
    }
    head.freeze()
}

/// `onMetaData` (FLV E.5), always of the same length.
fn flv_metadata(duration: MediaTime, bytes: u64) -> Bytes {
    #[expect(clippy::cast_precision_loss, reason = "numbers of AMF0 are no others")]
    let (duration_s, bytes) = (duration.micros() as f64 / 1e6, bytes as f64);
    let mut body = BytesMut::new();
    Value::String("onMetaData".to_owned()).write(&mut body);
    let values = [("duration", duration_s), ("filesize", bytes)];
    Value::Object(values.map(|(name, value)| (name.to_owned(), Value::Number(value))).into()).write(&mut body);
    flv::tag(TagKind::Script, MediaTime::ZERO, &body)
}

fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// Points in the index of a Matroska file.
const CUES_MAX: usize = 8192;

//! What a hub keeps, and how it looks on the wire.

use std::sync::OnceLock;
use std::time::Instant;

use bytes::Bytes;
use media::{Frame, Kind, MediaTime, Parameters};

use super::{Grade, Rendition};
use crate::flv::{self, TagKind};
use crate::rtmp;

/// A part of a stream. It is written once in each format, when somebody first needs it, and all viewers share the bytes.
#[derive(Debug)]
pub struct Item {
    content: Content,
    time: MediaTime,
    origin: Option<Instant>,
    /// Of which sound it is a part; `None` for what everybody takes.
    rendition: Option<Rendition>,
    /// Of which pictures it is a part; what all share is of the best.
    grade: Grade,
    flv: OnceLock<Bytes>,
    rtmp: OnceLock<Bytes>,
}

/// What is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// `onMetaData` and its values, in AMF0.
    Metadata(Bytes),
    /// How the frames after it are decoded.
    Parameters(Parameters),
    /// A picture or a piece of sound, with times of the stream's own timeline.
    Frame(Frame),
}

impl Item {
    pub(super) fn new(content: Content, time: MediaTime) -> Self {
        let (flv, rtmp) = (OnceLock::new(), OnceLock::new());
        Self { content, time, origin: None, rendition: None, grade: Grade::BEST, flv, rtmp }
    }

    pub(super) fn counted_from(self, origin: Option<Instant>) -> Self {
        Self { origin, ..self }
    }

    pub(super) fn of_rendition(self, rendition: Option<Rendition>) -> Self {
        Self { rendition, ..self }
    }

    pub(super) fn of_grade(self, grade: Grade) -> Self {
        Self { grade, ..self }
    }

    /// Which pictures it is of; what all share is of the best.
    #[must_use]
    pub fn grade(&self) -> Grade {
        self.grade
    }

    /// Whether a viewer who takes this rendition of the sound takes it.
    pub(super) fn is_for(&self, rendition: Rendition) -> bool {
        self.rendition.is_none_or(|own| own == rendition)
    }

    /// What is in it.
    #[must_use]
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// When it is decoded.
    #[must_use]
    pub fn time(&self) -> MediaTime {
        self.time
    }

    /// The moment of time 0, for a frame whose publisher's clock is known.
    #[must_use]
    pub fn origin(&self) -> Option<Instant> {
        self.origin
    }

    /// As a tag of FLV; empty for what FLV has no tag for.
    #[must_use]
    pub fn flv(&self) -> &Bytes {
        self.flv.get_or_init(|| match self.body() {
            Some((kind, body)) => flv::tag(kind, self.wire_time(), &body),
            None => Bytes::new(),
        })
    }

    /// As a message of RTMP on [`rtmp::PLAY_STREAM`]; empty for what RTMP has no message for.
    #[must_use]
    pub fn rtmp(&self) -> &Bytes {
        self.rtmp.get_or_init(|| match self.body() {
            Some((kind, body)) => {
                rtmp::message(kind.number(), flv::timestamp_ms(self.wire_time()), rtmp::PLAY_STREAM, &body)
            }
            None => Bytes::new(),
        })
    }

    /// What the limits count.
    pub(super) fn bytes(&self) -> usize {
        match &self.content {
            Content::Metadata(metadata) => metadata.len(),
            Content::Parameters(parameters) => parameters.decoder_configuration.len(),
            Content::Frame(frame) => frame.data.len(),
        }
    }

    /// Metadata is about the whole stream: players take it for a subtitle when it has a time.
    fn wire_time(&self) -> MediaTime {
        if matches!(self.content, Content::Metadata(_)) { MediaTime::ZERO } else { self.time }
    }

    fn body(&self) -> Option<(TagKind, Bytes)> {
        let tag_kind = |kind| match kind {
            Kind::Audio => TagKind::Audio,
            Kind::Video => TagKind::Video,
        };
        match &self.content {
            Content::Metadata(metadata) => Some((TagKind::Script, metadata.clone())),
            Content::Parameters(parameters) => {
                flv::parameters_body(parameters).map(|body| (tag_kind(parameters.kind()), body))
            }
            Content::Frame(frame) => Some((tag_kind(frame.kind()), flv::frame_body(frame))),
        }
    }
}

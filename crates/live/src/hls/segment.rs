//! Segments and parts: frames with what playlists say of them.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use media::{MediaTime, Parameters};

use crate::mp4::Sample;

/// The tracks of a segment. When they change there is a discontinuity and a new initialization section.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tracks {
    /// Of the initialization section.
    pub(super) number: u32,
    pub(super) video: Option<Parameters>,
    pub(super) audio: Option<Parameters>,
}

impl Tracks {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Parameters> {
        self.video.iter().chain(&self.audio)
    }
}

/// A segment, complete or in the making.
#[derive(Debug)]
pub(super) struct Segment {
    /// The media sequence number.
    pub(super) number: u64,
    /// When it begins on the timeline of the stream.
    pub(super) start: MediaTime,
    /// Until the next begins; zero while it is in the making.
    pub(super) duration: MediaTime,
    pub(super) is_discontinuous: bool,
    /// When it was made, since 1970.
    pub(super) date_time: Option<Duration>,
    pub(super) tracks: Arc<Tracks>,
    /// The number of its first part, counted through all segments.
    pub(super) first_part: u64,
    pub(super) parts: Vec<Part>,
    /// As a transport stream, once somebody has asked.
    pub(super) transport_stream: Option<Bytes>,
}

/// A part, complete or in the making.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) start: MediaTime,
    pub(super) duration: MediaTime,
    /// In the order in which they came.
    pub(super) samples: Vec<Sample>,
    /// As a fragment, once somebody has asked.
    pub(super) fragment: Option<Bytes>,
}

impl Part {
    pub(super) fn new(start: MediaTime) -> Self {
        Self { start, duration: MediaTime::ZERO, samples: Vec::new(), fragment: None }
    }

    /// Whether it begins with a key frame: of the pictures, where there are any in the stream.
    pub(super) fn is_independent(&self, has_video: bool) -> bool {
        let mut decisive = self.samples.iter().filter(|sample| !has_video || sample.frame.kind() == media::Kind::Video);
        decisive.next().is_some_and(|sample| sample.frame.is_key)
    }

    fn frame_bytes(&self) -> usize {
        self.samples.iter().map(|sample| sample.frame.data.len()).sum()
    }
}

impl Segment {
    /// Whether a decoder can begin here.
    pub(super) fn is_independent(&self) -> bool {
        let has_video = self.tracks.video.is_some();
        self.parts.first().is_some_and(|part| part.is_independent(has_video))
    }

    /// The bytes of its frames.
    pub(super) fn frame_bytes(&self) -> usize {
        self.parts.iter().map(Part::frame_bytes).sum()
    }

    /// The bytes of everything that is kept of it.
    pub(super) fn kept_bytes(&self) -> usize {
        let fragments = self.parts.iter().filter_map(|part| part.fragment.as_ref());
        self.frame_bytes() + fragments.chain(&self.transport_stream).map(Bytes::len).sum::<usize>()
    }

    pub(super) fn samples(&self) -> impl Iterator<Item = &Sample> {
        self.parts.iter().flat_map(|part| &part.samples)
    }
}

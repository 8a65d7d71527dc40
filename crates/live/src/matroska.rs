//! Matroska and WebM (RFC 9559): a header that says what the tracks are, and clusters that can each be written alone. For recordings.
//!
//! While it is written, the segment has no length and no index, which every reader takes for a live stream; at the end both are filled into the places that the
//! header keeps for them. WebM is Matroska with VP8, VP9 or AV1 and Opus, and nothing else.

mod codec;
mod ebml;
mod index;

pub(crate) use self::ebml::element_bytes;

use media::{Frame, Kind, MediaTime, Parameters, Shape};

use self::codec::{codec_delay, codec_id, codec_private};
use self::ebml::{binary, element, float, text, unsigned};
use self::index::Places;
use crate::mp4::Sample;

/// What the DocType of the header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocType {
    /// Codecs of WebM alone.
    WebM,
    /// Any codecs.
    Matroska,
}

/// What a file begins with: EBML, the beginning of the segment, places for its index and its duration, and the tracks.
#[derive(Debug)]
pub struct Header {
    /// As they stand in the file.
    pub bytes: Vec<u8>,
    places: Places,
}

impl Header {
    /// Of a file with these tracks, one of a kind at most.
    #[must_use]
    pub fn new(doc_type: DocType, tracks: &[&Parameters]) -> Self {
        let (mut out, mut places) = (Vec::with_capacity(HEADER_BYTES), Places::default());
        element(&mut out, id::EBML, |out| {
            unsigned(out, id::EBML_VERSION, 1);
            unsigned(out, id::EBML_READ_VERSION, 1);
            unsigned(out, id::EBML_MAX_ID_LENGTH, 4);
            unsigned(out, id::EBML_MAX_SIZE_LENGTH, 8);
            text(out, id::DOC_TYPE, if doc_type == DocType::WebM { "webm" } else { "matroska" });
            unsigned(out, id::DOC_TYPE_VERSION, 4);
            unsigned(out, id::DOC_TYPE_READ_VERSION, 2);
        });
        ebml::write_id(&mut out, id::SEGMENT);
        ebml::write_unknown_size(&mut out);
        places.segment = out.len();
        index::reserve_seek_head(&mut out);
        places.info = out.len();
        element(&mut out, id::INFO, |out| {
            unsigned(out, id::TIMESTAMP_SCALE, NANOSECONDS_PER_TICK);
            places.duration = out.len();
            index::reserve_duration(out);
            text(out, id::MUXING_APP, "Parlor");
            text(out, id::WRITING_APP, "Parlor");
        });
        places.tracks = out.len();
        element(&mut out, id::TRACKS, |out| {
            for parameters in tracks {
                write_track(out, parameters);
            }
        });
        Self { bytes: out, places }
    }
}

/// Writes a cluster behind what is in `out`: the samples in their order, with times not before zero. Of a cluster the times lie within half a minute.
pub fn cluster(out: &mut Vec<u8>, audio: Option<&Parameters>, samples: &[Sample]) {
    let starts = samples.iter().map(|sample| sample.frame.pts.min(sample.frame.dts));
    let start = starts.min().unwrap_or_default().max(MediaTime::ZERO);
    let delay = audio.map(codec_delay).unwrap_or_default();
    element(out, id::CLUSTER, |out| {
        unsigned(out, id::TIMESTAMP, u64::try_from(start.millis()).unwrap_or_default());
        for Sample { frame, .. } in samples {
            let shown = if frame.kind() == Kind::Audio { frame.pts + delay } else { frame.pts };
            write_block(out, frame, shown.millis().saturating_sub(start.millis()));
        }
    });
}

/// `behind` is in ticks, from the beginning of the cluster.
fn write_block(out: &mut Vec<u8>, frame: &Frame, behind: i64) {
    let behind = i16::try_from(behind).unwrap_or(if behind < 0 { i16::MIN } else { i16::MAX });
    let length = BLOCK_HEAD_BYTES.saturating_add(frame.data.len());
    ebml::write_id(out, id::SIMPLE_BLOCK);
    ebml::write_size(out, u64::try_from(length).unwrap_or(u64::MAX));
    // The number of the track is written as a size is.
    out.push(0x80 | track_number(frame.kind()));
    out.extend_from_slice(&behind.to_be_bytes());
    out.push(if frame.is_key { KEY_FRAME } else { 0 });
    out.extend_from_slice(&frame.data);
}

fn write_track(out: &mut Vec<u8>, parameters: &Parameters) {
    let number = u64::from(track_number(parameters.kind()));
    element(out, id::TRACK_ENTRY, |out| {
        unsigned(out, id::TRACK_NUMBER, number);
        unsigned(out, id::TRACK_UID, number);
        unsigned(out, id::TRACK_TYPE, if parameters.kind() == Kind::Video { 1 } else { 2 });
        unsigned(out, id::FLAG_LACING, 0);
        text(out, id::LANGUAGE, "und");
        text(out, id::CODEC_ID, codec_id(parameters.codec));
        if let Some(private) = codec_private(parameters) {
            binary(out, id::CODEC_PRIVATE, &private);
        }
        let delay = codec_delay(parameters);
        if delay > MediaTime::ZERO {
            unsigned(out, id::CODEC_DELAY, u64::try_from(delay.micros()).unwrap_or_default().saturating_mul(1000));
            unsigned(out, id::SEEK_PRE_ROLL, OPUS_SEEK_PRE_ROLL_NS);
        }
        match parameters.shape {
            Shape::Video { width, height } => element(out, id::VIDEO, |out| {
                // They must be told and not be 0; players go by the pictures.
                unsigned(out, id::PIXEL_WIDTH, width.max(1).into());
                unsigned(out, id::PIXEL_HEIGHT, height.max(1).into());
            }),
            Shape::Audio { sample_rate_hz, channels } => element(out, id::AUDIO, |out| {
                float(out, id::SAMPLING_FREQUENCY, f64::from(sample_rate_hz));
                unsigned(out, id::CHANNELS, channels.max(1).into());
            }),
        }
    });
}

fn track_number(kind: Kind) -> u8 {
    match kind {
        Kind::Video => 1,
        Kind::Audio => 2,
    }
}

/// The elements that are used (RFC 9559 §5.1, RFC 8794 §11).
mod id {
    pub(super) const EBML: u32 = 0x1a45_dfa3;
    pub(super) const EBML_VERSION: u32 = 0x4286;
    pub(super) const EBML_READ_VERSION: u32 = 0x42f7;
    pub(super) const EBML_MAX_ID_LENGTH: u32 = 0x42f2;
    pub(super) const EBML_MAX_SIZE_LENGTH: u32 = 0x42f3;
    pub(super) const DOC_TYPE: u32 = 0x4282;
    pub(super) const DOC_TYPE_VERSION: u32 = 0x4287;
    pub(super) const DOC_TYPE_READ_VERSION: u32 = 0x4285;
    pub(super) const VOID: u32 = 0xec;
    pub(super) const SEGMENT: u32 = 0x1853_8067;
    pub(super) const SEEK_HEAD: u32 = 0x114d_9b74;
    pub(super) const SEEK: u32 = 0x4dbb;
    pub(super) const SEEK_ID: u32 = 0x53ab;
    pub(super) const SEEK_POSITION: u32 = 0x53ac;
    pub(super) const INFO: u32 = 0x1549_a966;
    pub(super) const TIMESTAMP_SCALE: u32 = 0x002a_d7b1;
    pub(super) const DURATION: u32 = 0x4489;
    pub(super) const MUXING_APP: u32 = 0x4d80;
    pub(super) const WRITING_APP: u32 = 0x5741;
    pub(super) const TRACKS: u32 = 0x1654_ae6b;
    pub(super) const TRACK_ENTRY: u32 = 0xae;
    pub(super) const TRACK_NUMBER: u32 = 0xd7;
    pub(super) const TRACK_UID: u32 = 0x73c5;
    pub(super) const TRACK_TYPE: u32 = 0x83;
    pub(super) const FLAG_LACING: u32 = 0x9c;
    pub(super) const LANGUAGE: u32 = 0x0022_b59c;
    pub(super) const CODEC_ID: u32 = 0x86;
    pub(super) const CODEC_PRIVATE: u32 = 0x63a2;
    pub(super) const CODEC_DELAY: u32 = 0x56aa;
    pub(super) const SEEK_PRE_ROLL: u32 = 0x56bb;
    pub(super) const VIDEO: u32 = 0xe0;
    pub(super) const PIXEL_WIDTH: u32 = 0xb0;
    pub(super) const PIXEL_HEIGHT: u32 = 0xba;
    pub(super) const AUDIO: u32 = 0xe1;
    pub(super) const SAMPLING_FREQUENCY: u32 = 0xb5;
    pub(super) const CHANNELS: u32 = 0x9f;
    pub(super) const CLUSTER: u32 = 0x1f43_b675;
    pub(super) const TIMESTAMP: u32 = 0xe7;
    pub(super) const SIMPLE_BLOCK: u32 = 0xa3;
    pub(super) const CUES: u32 = 0x1c53_bb6b;
    pub(super) const CUE_POINT: u32 = 0xbb;
    pub(super) const CUE_TIME: u32 = 0xb3;
    pub(super) const CUE_TRACK_POSITIONS: u32 = 0xb7;
    pub(super) const CUE_TRACK: u32 = 0xf7;
    pub(super) const CUE_CLUSTER_POSITION: u32 = 0xf1;
}

/// A tick is a millisecond: a cluster's times have 16 bits, and RTMP tells no more.
const NANOSECONDS_PER_TICK: u64 = 1_000_000;
/// 80 ms until the decoder is right (RFC 7845 §4.6).
const OPUS_SEEK_PRE_ROLL_NS: u64 = 80_000_000;
/// In the flags of a block (§10.2).
const KEY_FRAME: u8 = 0x80;
/// Track, time and flags of a block.
const BLOCK_HEAD_BYTES: usize = 4;
/// With two tracks and their parameter sets there is room.
const HEADER_BYTES: usize = 1024;

#[cfg(test)]
mod tests;

//! One frame in the making.

use bytes::Bytes;
use media::nal::Units;
use media::{Codec, Shape, h264, h265};
use rtp::payload::units::{ACCESS_UNIT_BYTES_MAX, Collected, Syntax};
use rtp::payload::{av1, h264 as h264_payload, h265 as h265_payload, vp8, vp9};

use super::superframe::Superframe;
use super::temporal_unit::TemporalUnit;
use crate::bridge::BridgeError;

/// The payloads of one frame so far.
#[derive(Debug)]
pub(super) enum Picture {
    H264(Collected),
    H265(Collected),
    Vp8(Vec<u8>),
    Vp9(Superframe),
    Av1(TemporalUnit),
    Sound(Vec<u8>),
}

/// A payload that does not go on from the one before, is malformed, or one too many. The frame is lost.
#[derive(Debug)]
pub(super) struct Broken;

impl From<rtp::ParseError> for Broken {
    fn from(_: rtp::ParseError) -> Self {
        Self
    }
}

impl From<media::ParseError> for Broken {
    fn from(_: media::ParseError) -> Self {
        Self
    }
}

/// A frame that is whole.
#[derive(Debug)]
pub(super) struct Whole {
    pub(super) is_key: bool,
    pub(super) data: Vec<u8>,
    /// The record of the codec and the size, where the frame tells.
    pub(super) parameters: Option<(Bytes, Shape)>,
}

impl Picture {
    pub(super) fn new(codec: Codec) -> Result<Self, BridgeError> {
        match codec {
            Codec::H264 => Ok(Self::H264(Collected::new(Syntax::H264))),
            Codec::H265 => Ok(Self::H265(Collected::new(Syntax::H265))),
            Codec::Vp8 => Ok(Self::Vp8(Vec::new())),
            Codec::Vp9 => Ok(Self::Vp9(Superframe::default())),
            Codec::Av1 => Ok(Self::Av1(TemporalUnit::default())),
            Codec::Opus | Codec::Pcmu | Codec::Pcma => Ok(Self::Sound(Vec::new())),
            Codec::Aac | Codec::Mp3 => Err(BridgeError::Codec(codec)),
        }
    }

    /// Whether a key picture, or a sound, begins with this payload.
    pub(super) fn is_beginning(&self, payload: &[u8]) -> bool {
        match self {
            Self::H264(_) => h264_payload::inspect(payload).sequence_parameters,
            Self::H265(_) => h265_payload::inspect(payload).parameters,
            Self::Vp8(_) => vp8::Descriptor::parse(payload).is_ok_and(|head| head.is_start_of_frame()),
            Self::Vp9(_) => vp9::Descriptor::parse(payload).is_ok_and(|head| head.is_key_frame()),
            Self::Av1(_) => av1::AggregationHeader::parse(payload).is_some_and(|head| head.is_key_frame()),
            Self::Sound(_) => true,
        }
    }

    pub(super) fn add(&mut self, payload: &[u8]) -> Result<(), Broken> {
        match self {
            Self::H264(collected) | Self::H265(collected) => Ok(collected.add(payload)?),
            Self::Vp9(superframe) => superframe.add(payload),
            Self::Av1(unit) => unit.add(payload),
            Self::Vp8(data) => {
                let head = vp8::Descriptor::parse(payload)?;
                let part = payload.get(head.length..).ok_or(Broken)?;
                let is_too_long = data.len().saturating_add(part.len()) > ACCESS_UNIT_BYTES_MAX;
                if data.is_empty() != head.is_start_of_frame() || is_too_long {
                    return Err(Broken);
                }
                data.extend_from_slice(part);
                Ok(())
            }
            Self::Sound(data) => {
                data.clear();
                data.extend_from_slice(payload);
                Ok(())
            }
        }
    }

    pub(super) fn clear(&mut self) {
        match self {
            Self::H264(collected) | Self::H265(collected) => drop(collected.take()),
            Self::Vp9(superframe) => superframe.clear(),
            Self::Av1(unit) => unit.clear(),
            Self::Vp8(data) | Self::Sound(data) => data.clear(),
        }
    }

    /// `None` if nothing is there or its end is missing.
    pub(super) fn take(&mut self) -> Option<Whole> {
        match self {
            Self::H264(collected) => whole_h264(&collected.take()?),
            Self::H265(collected) => whole_h265(&collected.take()?),
            Self::Vp9(superframe) => superframe.take(),
            Self::Av1(unit) => unit.take(),
            Self::Vp8(data) => {
                let data = std::mem::take(data);
                // RFC 6386 §9.1: the first bit is 0 in key frames.
                let is_key = data.first()? & 1 == 0;
                let parameters = vp8::key_frame_size(&data)
                    .filter(|_| is_key)
                    .map(|(width, height)| (Bytes::new(), Shape::Video { width: width.into(), height: height.into() }));
                Some(Whole { is_key, data, parameters })
            }
            Self::Sound(data) => {
                let data = std::mem::take(data);
                (!data.is_empty()).then_some(Whole { is_key: true, data, parameters: None })
            }
        }
    }
}

fn whole_h264(collected: &[u8]) -> Option<Whole> {
    let (mut sps, mut pps, mut is_key, mut has_picture) = (Vec::new(), Vec::new(), false, false);
    let mut data = Vec::with_capacity(collected.len());
    for unit in Units::new(collected).flatten() {
        match Syntax::H264.unit_type(unit) {
            // The record has the sets, and whoever writes the frame puts them where its container wants them.
            Some(7) => sps.push(unit),
            Some(8) => pps.push(unit),
            // Delimiters and filling.
            None | Some(9..=12) => {}
            Some(unit_type) => {
                has_picture |= (1..=5).contains(&unit_type);
                is_key |= unit_type == 5;
                append(&mut data, unit)?;
            }
        }
    }
    let configuration = h264::DecoderConfiguration { length_bytes: 4, sps, pps };
    // A set that cannot be read is one that no decoder reads: the picture is lost with it.
    let shape = configuration.sps.first().map(|sps| h264::Sps::parse(sps)).transpose().ok()?.map(|sps| sps.shape());
    let parameters = configuration.record().map(Bytes::from).zip(shape);
    has_picture.then_some(Whole { is_key, data, parameters })
}

fn whole_h265(collected: &[u8]) -> Option<Whole> {
    let (mut vps, mut sps, mut pps) = (Vec::new(), Vec::new(), Vec::new());
    let (mut is_key, mut has_picture, mut data) = (false, false, Vec::with_capacity(collected.len()));
    for unit in Units::new(collected).flatten() {
        match Syntax::H265.unit_type(unit) {
            Some(32) => vps.push(unit),
            Some(33) => sps.push(unit),
            Some(34) => pps.push(unit),
            // Delimiters, ends and filling.
            None | Some(35..=38) => {}
            Some(unit_type) => {
                has_picture |= unit_type < 32;
                // Pictures at which a decoder can begin (ITU-T H.265, Table 7-1).
                is_key |= (16..=21).contains(&unit_type);
                append(&mut data, unit)?;
            }
        }
    }
    let configuration = h265::DecoderConfiguration { length_bytes: 4, vps, sps, pps, sei: Vec::new() };
    let shape = configuration.sps.first().map(|sps| h265::Sps::parse(sps)).transpose().ok()?.map(|sps| sps.shape());
    let parameters = configuration.record().map(Bytes::from).zip(shape);
    has_picture.then_some(Whole { is_key, data, parameters })
}

fn append(data: &mut Vec<u8>, unit: &[u8]) -> Option<()> {
    data.extend_from_slice(&u32::try_from(unit.len()).ok()?.to_be_bytes());
    data.extend_from_slice(unit);
    Some(())
}

//! From the bodies of tags, which are the messages of RTMP, to frames.

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use media::aac::AudioSpecificConfig;
use media::av1::{self, Obus, SequenceHeader};
use media::nal::Units;
use media::vp9::KeyFrame;
use media::{Codec, Frame, Kind, MediaTime, Parameters, ParseError, Shape, h264, h265};
use rtp::payload::vp8;

use super::packet_type::{CODED_FRAMES, CODED_FRAMES_X, MOD_EX, SEQUENCE_END, SEQUENCE_START};
use super::{FOURCCS, FlvError, Packets, VP_VERSION};

/// Reads the tags of one stream. It remembers what later tags depend on.
#[derive(Debug, Default)]
pub struct BodyReader {
    /// Of the pictures, once the record or a key frame that needs none came.
    video: Option<Video>,
    /// The codec whose record or first frame came.
    audio: Option<Audio>,
}

#[derive(Debug, Clone)]
struct Video {
    codec: Codec,
    /// Of codecs without NAL units, as it was told; may be empty.
    record: Bytes,
    /// Of the lengths in front of NAL units; 0 where there are none.
    length_bytes: usize,
    /// Whether the size was told, by the record or by a key frame.
    is_sized: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Audio {
    codec: Codec,
    shape: Shape,
}

/// What the first bytes of a video body say.
struct VideoHead {
    codec: Codec,
    is_key: bool,
    packet_type: u8,
    /// Whether a composition time follows.
    has_composition: bool,
}

impl BodyReader {
    /// Of a stream of which nothing is known.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the body of a video tag (FLV E.4.3.1, Enhanced RTMP v2 "Enhanced Video").
    ///
    /// # Errors
    /// When the codec is not carried, or the body is malformed.
    pub fn read_video(&mut self, dts: MediaTime, mut body: Bytes) -> Result<Packets, FlvError> {
        let Some(head) = video_head(&mut body)? else { return Ok(Packets::NOTHING) };
        match head.packet_type {
            SEQUENCE_START => self.video_parameters(head.codec, body).map(Packets::from),
            CODED_FRAMES | CODED_FRAMES_X => {
                let composition = if head.has_composition { signed_24(&mut body)? } else { 0 };
                if body.is_empty() {
                    return Ok(Packets::NOTHING);
                }
                let pts = dts + MediaTime::from_millis(composition.into());
                let data = self.video_data(head.codec, body)?;
                let parameters = if head.is_key { self.before_picture(head.codec, &data) } else { None };
                let frame = Frame { codec: head.codec, pts, dts, is_key: head.is_key, data };
                Ok(Packets { parameters, frame: Some(frame) })
            }
            _ => Ok(Packets::NOTHING),
        }
    }

    /// Reads the body of an audio tag (FLV E.4.2.1, Enhanced RTMP v2 "Enhanced Audio").
    ///
    /// # Errors
    /// When the codec is not carried, or the body is malformed.
    pub fn read_audio(&mut self, dts: MediaTime, mut body: Bytes) -> Result<Packets, FlvError> {
        if body.is_empty() {
            return Ok(Packets::NOTHING);
        }
        let first = u8_of(&mut body)?;
        let (codec, packet_type) = match first >> 4 {
            2 | 14 => (Codec::Mp3, CODED_FRAMES),
            9 => {
                let Some(packet_type) = extended_type(first & 0x0f, &mut body)? else { return Ok(Packets::NOTHING) };
                // Tracks and layouts of channels have their FourCC elsewhere, if any.
                if packet_type > SEQUENCE_END {
                    return Ok(Packets::NOTHING);
                }
                (fourcc(Kind::Audio, &mut body)?, packet_type)
            }
            10 => (Codec::Aac, u8_of(&mut body)?),
            other => return Err(FlvError::AudioCodec(other)),
        };
        match packet_type {
            SEQUENCE_START => self.audio_parameters(codec, body).map(Packets::from),
            CODED_FRAMES if !body.is_empty() => {
                let parameters = self.before_frame(codec, &body)?;
                Ok(Packets { parameters, frame: Some(Frame { codec, pts: dts, dts, is_key: true, data: body }) })
            }
            _ => Ok(Packets::NOTHING),
        }
    }

    fn video_parameters(&mut self, codec: Codec, record: Bytes) -> Result<Parameters, FlvError> {
        let (shape, length_bytes) = match codec {
            Codec::H264 => {
                let parsed = h264::DecoderConfiguration::parse(&record)?;
                let sps = parsed.sps.first().ok_or(ParseError::Missing("sequence parameter set"))?;
                (h264::Sps::parse(sps)?.shape(), parsed.length_bytes)
            }
            Codec::H265 => {
                let parsed = h265::DecoderConfiguration::parse(&record)?;
                let sps = parsed.sps.first().ok_or(ParseError::Missing("sequence parameter set"))?;
                (h265::Sps::parse(sps)?.shape(), parsed.length_bytes)
            }
            Codec::Av1 => {
                (SequenceHeader::find(av1::record_obus(&record)).map_or(UNSIZED, |(_, header)| header.shape()), 0)
            }
            Codec::Vp8 | Codec::Vp9 | Codec::Aac | Codec::Mp3 | Codec::Opus | Codec::Pcmu | Codec::Pcma => (UNSIZED, 0),
        };
        let decoder_configuration = match codec {
            Codec::H264 | Codec::H265 => with_lengths_of_4(codec, record),
            Codec::Vp8 | Codec::Vp9 => without_version(record),
            Codec::Av1 | Codec::Aac | Codec::Mp3 | Codec::Opus | Codec::Pcmu | Codec::Pcma => record,
        };
        let record = if length_bytes == 0 { decoder_configuration.clone() } else { Bytes::new() };
        self.video = Some(Video { codec, record, length_bytes, is_sized: shape != UNSIZED });
        Ok(Parameters { codec, decoder_configuration, shape })
    }

    /// Of codecs whose record does not tell the size, the first key frame does.
    fn before_picture(&mut self, codec: Codec, data: &[u8]) -> Option<Parameters> {
        let known = self.video.as_ref().filter(|video| video.codec == codec);
        if known.is_some_and(|video| video.is_sized) {
            return None;
        }
        let (record, shape) = match codec {
            Codec::Vp8 => {
                let (width, height) = vp8::key_frame_size(data)?;
                (Vec::new(), Shape::Video { width: width.into(), height: height.into() })
            }
            Codec::Vp9 => {
                let key = KeyFrame::parse(data).ok()??;
                (key.record().to_vec(), key.shape())
            }
            Codec::Av1 => {
                let (obu, header) = SequenceHeader::find(Obus::new(data))?;
                (header.record(obu), header.shape())
            }
            Codec::H264 | Codec::H265 | Codec::Aac | Codec::Mp3 | Codec::Opus | Codec::Pcmu | Codec::Pcma => {
                return None;
            }
        };
        let told = known.map(|video| video.record.clone()).filter(|record| !record.is_empty());
        let record = told.unwrap_or_else(|| record.into());
        self.video = Some(Video { codec, record: record.clone(), length_bytes: 0, is_sized: true });
        Some(Parameters { codec, decoder_configuration: record, shape })
    }

    /// The access unit with lengths of 4 bytes.
    fn video_data(&self, codec: Codec, body: Bytes) -> Result<Bytes, FlvError> {
        if codec == Codec::Av1 {
            // The delimiter of a temporal unit.
            return Ok(if body.starts_with(&[0x12, 0]) { body.slice(2..) } else { body });
        }
        if !matches!(codec, Codec::H264 | Codec::H265) {
            return Ok(body);
        }
        let video = self.video.as_ref().filter(|video| video.codec == codec).ok_or(FlvError::NoConfiguration)?;
        if video.length_bytes == 4 {
            return Ok(body);
        }
        let mut data = BytesMut::with_capacity(body.len().saturating_mul(2));
        for unit in Units::with_lengths_of(video.length_bytes, &body) {
            let unit = unit?;
            data.put_u32(u32::try_from(unit.len()).unwrap_or(u32::MAX));
            data.put_slice(unit);
        }
        Ok(data.freeze())
    }

    fn audio_parameters(&mut self, codec: Codec, record: Bytes) -> Result<Parameters, FlvError> {
        let shape = if codec == Codec::Aac {
            // Of HE-AAC some players read the core alone, so that must stand there, too.
            AudioSpecificConfig::parse_core(&record)?;
            AudioSpecificConfig::parse(&record)?.shape()
        } else {
            // RFC 7845 §5.1: eight letters, the version, then the number of channels. Opus is always decoded at 48 kHz.
            Shape::Audio { sample_rate_hz: 48_000, channels: record.get(9).copied().unwrap_or(2) }
        };
        self.audio = Some(Audio { codec, shape });
        Ok(Parameters { codec, decoder_configuration: record, shape })
    }

    /// What must be known before this frame and has not been told.
    fn before_frame(&mut self, codec: Codec, data: &[u8]) -> Result<Option<Parameters>, FlvError> {
        let known = self.audio.filter(|audio| audio.codec == codec);
        let shape = match codec {
            Codec::Mp3 => mp3_shape(data).or(known.map(|audio| audio.shape)).unwrap_or(STEREO_44100),
            Codec::Opus => known.map_or(STEREO_48000, |audio| audio.shape),
            Codec::Aac
            | Codec::Pcmu
            | Codec::Pcma
            | Codec::H264
            | Codec::H265
            | Codec::Av1
            | Codec::Vp8
            | Codec::Vp9 => {
                return if known.is_some() { Ok(None) } else { Err(FlvError::NoConfiguration) };
            }
        };
        let audio = Audio { codec, shape };
        let changed = self.audio.replace(audio) != Some(audio);
        Ok(changed.then(|| Parameters { codec, decoder_configuration: Bytes::new(), shape }))
    }
}

/// The first bytes of a video body, of either kind; `None` when it has no picture and no parameters.
fn video_head(body: &mut Bytes) -> Result<Option<VideoHead>, FlvError> {
    if body.is_empty() {
        return Ok(None);
    }
    let first = u8_of(body)?;
    let frame_type = first >> 4 & 0b111;
    if frame_type == COMMAND {
        return Ok(None);
    }
    let is_key = frame_type == KEY;
    if first & EXTENDED != 0 {
        let Some(packet_type) = extended_type(first & 0x0f, body)? else { return Ok(None) };
        if packet_type > CODED_FRAMES_X {
            return Ok(None);
        }
        let codec = fourcc(Kind::Video, body)?;
        let has_composition = packet_type == CODED_FRAMES && matches!(codec, Codec::H264 | Codec::H265);
        return Ok(Some(VideoHead { codec, is_key, packet_type, has_composition }));
    }
    let codec = match first & 0x0f {
        7 => Codec::H264,
        // Never in a specification, but what encoders sent before there was Enhanced RTMP.
        12 => Codec::H265,
        other => return Err(FlvError::VideoCodec(other)),
    };
    let packet_type = u8_of(body)?;
    if packet_type > SEQUENCE_END {
        return Ok(None);
    }
    if packet_type != CODED_FRAMES {
        signed_24(body)?;
    }
    Ok(Some(VideoHead { codec, is_key, packet_type, has_composition: packet_type == CODED_FRAMES }))
}

/// The packet type behind what modifies it (Enhanced RTMP v2, ModEx); `None` when the body ends there.
fn extended_type(mut packet_type: u8, body: &mut Bytes) -> Result<Option<u8>, FlvError> {
    while packet_type == MOD_EX {
        let mut length = usize::from(u8_of(body)?) + 1;
        if length == 256 {
            length = usize::from(u8_of(body)?) << 8;
            length |= usize::from(u8_of(body)?);
            length += 1;
        }
        if body.len() < length {
            return Err(ParseError::Truncated.into());
        }
        body.advance(length);
        packet_type = u8_of(body)? & 0x0f;
    }
    Ok(Some(packet_type).filter(|_| !body.is_empty()))
}

fn fourcc(kind: Kind, body: &mut Bytes) -> Result<Codec, FlvError> {
    let found = *body.first_chunk::<4>().ok_or(ParseError::Truncated)?;
    body.advance(4);
    let known = FOURCCS.iter().find(|(fourcc, codec)| **fourcc == found && codec.kind() == kind);
    known.map(|&(_, codec)| codec).ok_or(FlvError::FourCc(found))
}

fn u8_of(body: &mut Bytes) -> Result<u8, ParseError> {
    let first = *body.first().ok_or(ParseError::Truncated)?;
    body.advance(1);
    Ok(first)
}

fn signed_24(body: &mut Bytes) -> Result<i32, ParseError> {
    let [a, b, c] = *body.first_chunk::<3>().ok_or(ParseError::Truncated)?;
    body.advance(3);
    Ok(i32::from_be_bytes([a, b, c, 0]) >> 8)
}

/// The record, when it says other lengths than the frames have that are handed on.
fn with_lengths_of_4(codec: Codec, record: Bytes) -> Bytes {
    let place = if codec == Codec::H264 { 4 } else { 21 };
    if record.get(place).is_none_or(|byte| byte & 3 == 3) {
        return record;
    }
    let mut record = BytesMut::from(record);
    if let Some(byte) = record.get_mut(place) {
        *byte |= 3;
    }
    record.freeze()
}

/// The record of VP8 and VP9, in front of which encoders put version and flags of the box that has it in MP4.
fn without_version(mut record: Bytes) -> Bytes {
    let has_version = record.len() > VP_RECORD_BYTES && record.starts_with(&VP_VERSION);
    if has_version { record.split_off(VP_VERSION.len()) } else { record }
}

/// Rate and channels of an MP3 frame (ISO/IEC 11172-3 §2.4.2.3).
fn mp3_shape(frame: &[u8]) -> Option<Shape> {
    let &[0xff, second, third, fourth] = frame.first_chunk::<4>()? else { return None };
    let rate = *[44_100, 48_000, 32_000].get(usize::from(third >> 2 & 3))?;
    let divisor = match second >> 3 & 3 {
        3 => 1,
        2 => 2,
        0 => 4,
        _ => return None,
    };
    Some(Shape::Audio { sample_rate_hz: rate / divisor, channels: if fourth >> 6 == 3 { 1 } else { 2 } })
}

/// Frame types of video.
const KEY: u8 = 1;
const COMMAND: u8 = 5;
/// In the first byte of a video body: Enhanced RTMP.
const EXTENDED: u8 = 0x80;
/// What nearly every MP3 is.
/// Where the size stands in the frames alone.
const UNSIZED: Shape = Shape::Video { width: 0, height: 0 };
/// The record itself, unless it initializes a codec, which neither of them needs.
const VP_RECORD_BYTES: usize = 8;
const STEREO_44100: Shape = Shape::Audio { sample_rate_hz: 44_100, channels: 2 };
/// What Opus is when nobody tells.
const STEREO_48000: Shape = Shape::Audio { sample_rate_hz: 48_000, channels: 2 };

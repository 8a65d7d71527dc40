//! From frames to the bodies of tags.

use bytes::{BufMut as _, Bytes, BytesMut};
use media::{Codec, Frame, Kind, MediaTime, Parameters};

use super::packet_type::{CODED_FRAMES, CODED_FRAMES_X, SEQUENCE_START};
use super::{FOURCCS, VP_VERSION};

/// The body of the tag of a frame: as FLV has always had it for H.264, AAC and MP3, by Enhanced RTMP for the others.
#[must_use]
pub fn frame_body(frame: &Frame) -> Bytes {
    let mut body = BytesMut::with_capacity(frame.data.len() + HEAD_BYTES_MAX);
    let composition = frame.pts - frame.dts;
    match frame.codec.kind() {
        Kind::Video => video_head(&mut body, frame.codec, frame.is_key, CODED_FRAMES, composition),
        Kind::Audio => audio_head(&mut body, frame.codec, CODED_FRAMES),
    }
    body.put_slice(&frame.data);
    body.freeze()
}

/// The body of the tag that says how to decode what follows; `None` for MP3, whose frames say it themselves, and for G.711.
#[must_use]
pub fn parameters_body(parameters: &Parameters) -> Option<Bytes> {
    let mut body = BytesMut::with_capacity(parameters.decoder_configuration.len() + HEAD_BYTES_MAX);
    let codec = parameters.codec;
    if matches!(codec, Codec::Mp3 | Codec::Pcmu | Codec::Pcma) {
        return None;
    }
    match codec.kind() {
        Kind::Video => video_head(&mut body, codec, true, SEQUENCE_START, MediaTime::ZERO),
        Kind::Audio => audio_head(&mut body, codec, SEQUENCE_START),
    }
    let has_version = matches!(codec, Codec::Vp8 | Codec::Vp9) && !parameters.decoder_configuration.is_empty();
    body.put_slice(if has_version { &VP_VERSION } else { &[] });
    body.put_slice(&parameters.decoder_configuration);
    Some(body.freeze())
}

fn video_head(body: &mut BytesMut, codec: Codec, is_key: bool, packet_type: u8, composition: MediaTime) {
    let frame_type: u8 = if is_key { 1 } else { 2 };
    // 24 bits, with a sign.
    let composition = i32::try_from(composition.millis().clamp(-0x80_0000, 0x7f_ffff)).unwrap_or_default();
    let [_, composition @ ..] = composition.to_be_bytes();
    if codec == Codec::H264 {
        body.put_slice(&[frame_type << 4 | 7, packet_type]);
        body.put_slice(&composition);
        return;
    }
    let may_be_reordered = packet_type == CODED_FRAMES && codec == Codec::H265;
    let is_reordered = may_be_reordered && composition != [0; 3];
    let packet_type = if may_be_reordered && !is_reordered { CODED_FRAMES_X } else { packet_type };
    extended(body, 0x80 | frame_type << 4 | packet_type, codec);
    if is_reordered {
        body.put_slice(&composition);
    }
}

fn audio_head(body: &mut BytesMut, codec: Codec, packet_type: u8) {
    match codec {
        // 44 kHz, 16 bits, stereo: constants for AAC, whose own record tells the truth (E.4.2.1).
        Codec::Aac => body.put_slice(&[0xaf, packet_type]),
        Codec::Mp3 => body.put_u8(0x2f),
        // 8 kHz, 16 bits, mono.
        Codec::Pcma => body.put_u8(0x72),
        Codec::Pcmu => body.put_u8(0x82),
        Codec::Opus | Codec::H264 | Codec::H265 | Codec::Av1 | Codec::Vp8 | Codec::Vp9 => {
            extended(body, 0x90 | packet_type, codec);
        }
    }
}

fn extended(body: &mut BytesMut, first: u8, codec: Codec) {
    body.put_u8(first);
    if let Some((fourcc, _)) = FOURCCS.iter().find(|(_, known)| *known == codec) {
        body.put_slice(*fourcc);
    }
}

/// The most that stands in front of a frame.
const HEAD_BYTES_MAX: usize = 8;

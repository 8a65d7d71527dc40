//! The two tables every program needs (ISO/IEC 13818-1 §2.4.4), and the numbers that stand in them.

use media::{Codec, Parameters, Shape};

use super::TsError;

/// The program association table has a fixed place (Table 2-3).
pub(super) const PAT_PID: u16 = 0;
/// Where the program map table is: the lowest that DVB and ATSC leave to programs.
pub(super) const PMT_PID: u16 = 0x1000;
/// Where the pictures are.
pub(super) const VIDEO_PID: u16 = 0x100;
/// Where the sounds are.
pub(super) const AUDIO_PID: u16 = 0x101;
/// The first video stream (Table 2-22).
pub(super) const VIDEO_STREAM_ID: u8 = 0xe0;

const PROGRAM_NUMBER: u16 = 1;

/// How the map calls the codec (Table 2-34); Opus is private data with a name (ETSI TS 102 727 and the mapping that ffmpeg has made the custom).
pub(super) fn stream_type(codec: Codec) -> Option<u8> {
    match codec {
        Codec::H264 => Some(0x1b),
        Codec::H265 => Some(0x24),
        Codec::Aac => Some(0x0f),
        Codec::Mp3 => Some(0x03),
        Codec::Opus => Some(0x06),
        Codec::Av1 | Codec::Vp8 | Codec::Vp9 | Codec::Pcmu | Codec::Pcma => None,
    }
}

/// The program association table: there is one program.
pub(super) fn program_association() -> Vec<u8> {
    let mut body = Vec::with_capacity(4);
    body.extend(PROGRAM_NUMBER.to_be_bytes());
    body.extend((0xe000 | PMT_PID).to_be_bytes());
    section(0x00, &body)
}

/// The program map table: where which track is, and on which the clock.
pub(super) fn program_map(video: Option<&Parameters>, audio: Option<&Parameters>) -> Result<Vec<u8>, TsError> {
    let clock_pid = if video.is_some() { VIDEO_PID } else { AUDIO_PID };
    let mut body = Vec::new();
    body.extend((0xe000 | clock_pid).to_be_bytes());
    body.extend(0xf000_u16.to_be_bytes());
    for (pid, parameters) in [(VIDEO_PID, video), (AUDIO_PID, audio)] {
        let Some(parameters) = parameters else { continue };
        let descriptors = descriptors(parameters);
        body.push(stream_type(parameters.codec).ok_or(TsError::Codec(parameters.codec))?);
        body.extend((0xe000 | pid).to_be_bytes());
        body.extend((0xf000 | descriptors.len() as u16).to_be_bytes());
        body.extend(descriptors);
    }
    Ok(section(0x02, &body))
}

/// The registration descriptor (§2.6.8) names what the stream type leaves open; for Opus an extension descriptor tells the channels.
fn descriptors(parameters: &Parameters) -> Vec<u8> {
    match (parameters.codec, parameters.shape) {
        (Codec::H265, _) => b"\x05\x04HEVC".to_vec(),
        (Codec::Opus, shape) => {
            let channels = if let Shape::Audio { channels, .. } = shape { channels } else { 2 };
            let mut descriptors = b"\x05\x04Opus\x7f\x02\x80".to_vec();
            descriptors.push(channels.clamp(1, 8));
            descriptors
        }
        _ => Vec::new(),
    }
}

/// A section of the long form that fits into one packet, with its CRC (§2.4.4.11).
fn section(table_id: u8, body: &[u8]) -> Vec<u8> {
    let mut section = vec![table_id];
    // What follows: five bytes of head, the body, four bytes of CRC.
    section.extend((0xb000 | (5 + body.len() + 4) as u16).to_be_bytes());
    section.extend(PROGRAM_NUMBER.to_be_bytes());
    // Version 0, in force; section 0 of 0.
    section.extend([0xc1, 0, 0]);
    section.extend(body);
    section.extend(crc(&section).to_be_bytes());
    section
}

/// CRC-32/MPEG-2 (Annex A): the polynomial of Ethernet, neither reflected nor inverted.
fn crc(bytes: &[u8]) -> u32 {
    bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ (u32::from(byte) << 24), |crc, _| {
            let shifted = crc << 1;
            if crc & 0x8000_0000 == 0 { shifted } else { shifted ^ 0x04c1_1db7 }
        })
    })
}

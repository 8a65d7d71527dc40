//! Sample entries: how a track is encoded (ISO/IEC 14496-12 §8.5.2, 14496-14, 14496-15, and the mappings of AV1, VP9 and Opus).

use media::{Codec, Parameters, Shape};

use super::boxes::{full, plain, u16, u32, zeros};
use crate::opus;
use crate::sampling::Sampling;

pub(super) fn write(out: &mut Vec<u8>, parameters: &Parameters) {
    match parameters.shape {
        Shape::Video { width, height } => write_video(out, parameters, (width, height)),
        Shape::Audio { channels, .. } => write_audio(out, parameters, channels),
    }
}

fn write_video(out: &mut Vec<u8>, parameters: &Parameters, (width, height): (u32, u32)) {
    let (entry, configuration) = match parameters.codec {
        Codec::H265 => (*b"hvc1", *b"hvcC"),
        Codec::Av1 => (*b"av01", *b"av1C"),
        Codec::Vp8 => (*b"vp08", *b"vpcC"),
        Codec::Vp9 => (*b"vp09", *b"vpcC"),
        Codec::H264 | Codec::Aac | Codec::Mp3 | Codec::Opus | Codec::Pcmu | Codec::Pcma => (*b"avc1", *b"avcC"),
    };
    plain(out, entry, |out| {
        zeros(out, 6);
        u16(out, 1);
        zeros(out, 16);
        u16(out, u16::try_from(width).unwrap_or(u16::MAX));
        u16(out, u16::try_from(height).unwrap_or(u16::MAX));
        // 72 dots per inch, both ways.
        u32(out, 0x0048_0000);
        u32(out, 0x0048_0000);
        zeros(out, 4);
        // One picture in a sample, no name of a compressor, 24 bits of colour.
        u16(out, 1);
        zeros(out, 32);
        u16(out, 24);
        u16(out, 0xffff);
        let record = &parameters.decoder_configuration;
        if configuration == *b"vpcC" {
            write_vp_configuration(out, record);
        } else {
            plain(out, configuration, |out| out.extend_from_slice(record));
        }
    });
}

/// VPCodecConfigurationRecord, which is told in a box with a version. Where the publisher told none: profile 0, level 3.1, 8 bits of 4:2:0, BT.709.
fn write_vp_configuration(out: &mut Vec<u8>, record: &[u8]) {
    full(out, *b"vpcC", 1, 0, |out| {
        out.extend_from_slice(if record.is_empty() { &[0, 31, 0x82, 1, 1, 1, 0, 0] } else { record });
    });
}

fn write_audio(out: &mut Vec<u8>, parameters: &Parameters, channels: u8) {
    let entry = match parameters.codec {
        Codec::Opus => *b"Opus",
        Codec::Pcmu => *b"ulaw",
        Codec::Pcma => *b"alaw",
        Codec::Aac | Codec::Mp3 | Codec::H264 | Codec::H265 | Codec::Av1 | Codec::Vp8 | Codec::Vp9 => *b"mp4a",
    };
    let rate_hz = Sampling::of(parameters).map_or(48_000, |sampling| sampling.rate_hz);
    plain(out, entry, |out| {
        zeros(out, 6);
        u16(out, 1);
        zeros(out, 8);
        u16(out, channels.into());
        u16(out, 16);
        zeros(out, 4);
        // 16 bits before the point; higher rates are told by the decoder configuration alone.
        u32(out, u32::from(u16::try_from(rate_hz).unwrap_or(0)) << 16);
        match parameters.codec {
            Codec::Opus => write_opus_configuration(out, &parameters.decoder_configuration, channels),
            Codec::Mp3 => write_elementary_stream(out, MP3_OBJECT_TYPE, &[]),
            Codec::Pcmu | Codec::Pcma => {}
            Codec::Aac | Codec::H264 | Codec::H265 | Codec::Av1 | Codec::Vp8 | Codec::Vp9 => {
                write_elementary_stream(out, AAC_OBJECT_TYPE, &parameters.decoder_configuration);
            }
        }
    });
}

/// `dOps` has the fields of the identification header (RFC 7845 §5.1) in big endian, with version 0.
fn write_opus_configuration(out: &mut Vec<u8>, header: &[u8], channels: u8) {
    plain(out, *b"dOps", |out| {
        out.push(0);
        let default = opus::identification(channels);
        let header = if header.len() < default.len() { &default } else { header };
        // Magic and version are before these, channel mapping behind them.
        let fields = header.get(9..19).and_then(|rest| rest.first_chunk::<10>());
        let Some(&[count, skip_low, skip_high, r0, r1, r2, r3, gain_low, gain_high, family]) = fields else { return };
        out.extend_from_slice(&[count, skip_high, skip_low, r3, r2, r1, r0, gain_high, gain_low, family]);
        if family != 0 {
            out.extend_from_slice(header.get(19..).unwrap_or_default());
        }
    });
}

/// `esds`: an elementary stream descriptor (ISO/IEC 14496-1 §7.2.6.5) around the decoder configuration.
fn write_elementary_stream(out: &mut Vec<u8>, object_type: u8, configuration: &[u8]) {
    full(out, *b"esds", 0, 0, |out| {
        let specific = if configuration.is_empty() { 0 } else { 5 + configuration.len() };
        descriptor(out, 3, 3 + 5 + 13 + specific + 5 + 1);
        zeros(out, 3);
        descriptor(out, 4, 13 + specific);
        // An audio stream, sizes and rates not told.
        out.extend_from_slice(&[object_type, 0x15]);
        zeros(out, 11);
        if !configuration.is_empty() {
            descriptor(out, 5, configuration.len());
            out.extend_from_slice(configuration);
        }
        descriptor(out, 6, 1);
        out.push(2);
    });
}

/// Tag and length in four bytes of seven bits.
fn descriptor(out: &mut Vec<u8>, tag: u8, length: usize) {
    let bits = |shift: u32| ((length >> shift) & 0x7f) as u8;
    out.extend_from_slice(&[tag, 0x80 | bits(21), 0x80 | bits(14), 0x80 | bits(7), bits(0)]);
}

/// ISO/IEC 14496-3.
const AAC_OBJECT_TYPE: u8 = 0x40;
/// ISO/IEC 11172-3.
const MP3_OBJECT_TYPE: u8 = 0x6b;

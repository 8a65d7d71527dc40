//! How sounds are framed in a transport stream.

use media::aac::AudioSpecificConfig;
use media::{Codec, Parameters, ParseError};

use super::TsError;

/// How the sounds of a track are framed.
#[derive(Debug)]
pub(super) enum Sound {
    /// With an ADTS header (ISO/IEC 14496-3 §1.A.3.2) before each frame.
    Aac(AudioSpecificConfig),
    /// As they are.
    Mp3,
    /// With a control header before each packet.
    Opus,
}

impl Sound {
    pub(super) fn parse(parameters: &Parameters) -> Result<Self, TsError> {
        match parameters.codec {
            Codec::Aac => {
                Ok(Self::Aac(as_adts_has_it(AudioSpecificConfig::parse_core(&parameters.decoder_configuration)?)))
            }
            Codec::Mp3 => Ok(Self::Mp3),
            Codec::Opus => Ok(Self::Opus),
            other @ (Codec::H264 | Codec::H265 | Codec::Av1 | Codec::Vp8 | Codec::Vp9 | Codec::Pcmu | Codec::Pcma) => {
                Err(TsError::Codec(other))
            }
        }
    }

    pub(super) fn codec(&self) -> Codec {
        match self {
            Self::Aac(_) => Codec::Aac,
            Self::Mp3 => Codec::Mp3,
            Self::Opus => Codec::Opus,
        }
    }

    /// Table 2-22 of ISO/IEC 13818-1: the first audio stream, or private data.
    pub(super) fn stream_id(&self) -> u8 {
        match self {
            Self::Aac(_) | Self::Mp3 => 0xc0,
            Self::Opus => 0xbd,
        }
    }

    pub(super) fn write_frame(&self, data: &[u8], out: &mut Vec<u8>) -> Result<(), TsError> {
        match self {
            Self::Aac(config) => out.extend_from_slice(&adts_header(config, data.len())?),
            Self::Mp3 => {}
            Self::Opus => write_opus_header(data.len(), out),
        }
        out.extend_from_slice(data);
        Ok(())
    }
}

/// Two bits of ADTS can say four object types; others are called low complexity, which decoders correct by what they find.
fn as_adts_has_it(config: AudioSpecificConfig) -> AudioSpecificConfig {
    let object_type = if (1..=4).contains(&config.object_type) { config.object_type } else { 2 };
    AudioSpecificConfig { object_type, ..config }
}

fn adts_header(config: &AudioSpecificConfig, frame_bytes: usize) -> Result<[u8; 7], ParseError> {
    config.adts_header(frame_bytes).ok_or(ParseError::Value {
        field: "the length of a frame, or its sampling rate, for ADTS",
        value: u32::try_from(frame_bytes).unwrap_or(u32::MAX),
    })
}

/// The mark of a control header without trimming, and the size of the packet in bytes of 255 and one that is less.
fn write_opus_header(data_bytes: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&[0x7f, 0xe0]);
    out.extend(std::iter::repeat_n(0xff, data_bytes / 255));
    out.push((data_bytes % 255) as u8);
}

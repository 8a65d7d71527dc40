//! How sounds are framed in a transport stream.

use media::{Codec, Parameters, ParseError};

use super::TsError;
use crate::sampling::AacConfiguration;

/// How the sounds of a track are framed.
#[derive(Debug)]
pub(super) enum Sound {
    /// With an ADTS header (ISO/IEC 14496-3 §1.A.3.2) before each frame.
    Aac(AacConfiguration),
    /// As they are.
    Mp3,
    /// With a control header before each packet.
    Opus,
}

impl Sound {
    pub(super) fn parse(parameters: &Parameters) -> Result<Self, TsError> {
        match parameters.codec {
            Codec::Aac => Ok(Self::Aac(AacConfiguration::parse(&parameters.decoder_configuration)?)),
            Codec::Mp3 => Ok(Self::Mp3),
            Codec::Opus => Ok(Self::Opus),
            other @ (Codec::H264 | Codec::H265 | Codec::Av1 | Codec::Vp8 | Codec::Vp9) => Err(TsError::Codec(other)),
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
            Self::Aac(configuration) => write_adts_header(*configuration, data.len(), out)?,
            Self::Mp3 => {}
            Self::Opus => write_opus_header(data.len(), out),
        }
        out.extend_from_slice(data);
        Ok(())
    }
}

/// Seven bytes: MPEG-4, no CRC, one raw data block, the fullness of the buffer not told.
fn write_adts_header(aac: AacConfiguration, data_bytes: usize, out: &mut Vec<u8>) -> Result<(), ParseError> {
    let length = data_bytes + 7;
    let fits = u32::try_from(length).ok().filter(|&length| length <= ADTS_FRAME_BYTES);
    let length = fits.ok_or(ParseError::Value {
        field: "the length of an ADTS frame",
        value: u32::try_from(length).unwrap_or(u32::MAX),
    })?;
    let (profile, rate, channels) = (aac.adts_profile(), aac.rate_index, aac.channels);
    out.extend_from_slice(&[
        0xff,
        0xf1,
        (profile << 6) | (rate << 2) | (channels >> 2),
        ((channels & 3) << 6) | (length >> 11) as u8,
        (length >> 3) as u8,
        ((length & 7) as u8) << 5 | 0x1f,
        0xfc,
    ]);
    Ok(())
}

/// The mark of a control header without trimming, and the size of the packet in bytes of 255 and one that is less.
fn write_opus_header(data_bytes: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&[0x7f, 0xe0]);
    out.extend(std::iter::repeat_n(0xff, data_bytes / 255));
    out.push((data_bytes % 255) as u8);
}

/// The length has 13 bits.
const ADTS_FRAME_BYTES: u32 = (1 << 13) - 1;

//! H.264 and H.265 in byte stream format (Annex B of both).

use media::nal::Units;
use media::{Codec, Frame, Parameters, ParseError, h264, h265};

use super::TsError;

/// The parameter sets of a track in byte stream format, and how its frames are delimited.
#[derive(Debug)]
pub(super) struct ParameterSets {
    is_h265: bool,
    byte_stream: Vec<u8>,
}

impl ParameterSets {
    pub(super) fn parse(parameters: &Parameters) -> Result<Self, TsError> {
        let record = &parameters.decoder_configuration;
        let mut byte_stream = Vec::new();
        match parameters.codec {
            Codec::H264 => write_units(h264::DecoderConfiguration::parse(record)?.parameter_sets(), &mut byte_stream),
            Codec::H265 => write_units(h265::DecoderConfiguration::parse(record)?.parameter_sets(), &mut byte_stream),
            other @ (Codec::Av1
            | Codec::Vp8
            | Codec::Vp9
            | Codec::Aac
            | Codec::Mp3
            | Codec::Opus
            | Codec::Pcmu
            | Codec::Pcma) => {
                return Err(TsError::Codec(other));
            }
        }
        Ok(Self { is_h265: parameters.codec == Codec::H265, byte_stream })
    }

    /// Writes the frame as an access unit: delimiter, parameter sets if a decoder can begin here, and its NAL units without delimiters of their own.
    pub(super) fn write_access_unit(&self, frame: &Frame, out: &mut Vec<u8>) -> Result<(), ParseError> {
        out.extend_from_slice(&START_CODE);
        // Any kind of slice may follow.
        out.extend_from_slice(if self.is_h265 { &[0x46, 0x01, 0x50] } else { &[0x09, 0xf0] });
        if frame.is_key {
            out.extend_from_slice(&self.byte_stream);
        }
        for unit in Units::new(&frame.data) {
            let unit = unit?;
            if !self.is_delimiter(unit) {
                write_units([unit], out);
            }
        }
        Ok(())
    }

    fn is_delimiter(&self, unit: &[u8]) -> bool {
        let Some(&first) = unit.first() else { return true };
        if self.is_h265 { (first >> 1) & 0x3f == H265_DELIMITER } else { first & 0x1f == H264_DELIMITER }
    }
}

fn write_units(units: impl IntoIterator<Item: AsRef<[u8]>>, out: &mut Vec<u8>) {
    for unit in units {
        out.extend_from_slice(&START_CODE);
        out.extend_from_slice(unit.as_ref());
    }
}

const START_CODE: [u8; 4] = [0, 0, 0, 1];
/// Table 7-1 of H.264.
const H264_DELIMITER: u8 = 9;
/// Table 7-1 of H.265.
const H265_DELIMITER: u8 = 35;

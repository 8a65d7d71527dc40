//! Samples to frames.

use bytes::Bytes;
use media::aac::AudioSpecificConfig;
use media::{Codec, Parameters, Shape};
use opus_pure::{Application, MAX_PACKET_BYTES, OpusEncoder};

use crate::{CHANNELS, SAMPLE_RATE_HZ, TranscodeError};

/// An encoder of two channels at 48,000 Hz.
pub(crate) enum Encoder {
    Aac(Box<syom::Encoder>),
    Opus { encoder: Box<OpusEncoder>, packet: Vec<u8> },
}

impl Encoder {
    pub(crate) fn new(codec: Codec) -> Result<Option<Self>, TranscodeError> {
        let refused = |error: String| TranscodeError::Encode(error);
        match codec {
            Codec::Aac => {
                let options = syom::EncodeOptions::adts().with_bitrate_bps(AAC_BPS);
                let encoder = syom::Encoder::new(SAMPLE_RATE_HZ, CHANNELS, &options);
                Ok(Some(Self::Aac(Box::new(encoder.map_err(|error| refused(error.to_string()))?))))
            }
            Codec::Opus => {
                let encoder = OpusEncoder::new(SAMPLE_RATE_HZ.cast_signed(), CHANNELS, Application::Audio);
                let mut encoder = encoder.map_err(|error| refused(error.to_string()))?;
                encoder.bitrate_bps = OPUS_BPS;
                Ok(Some(Self::Opus { encoder: Box::new(encoder), packet: vec![0; MAX_PACKET_BYTES] }))
            }
            Codec::H264
            | Codec::H265
            | Codec::Av1
            | Codec::Vp8
            | Codec::Vp9
            | Codec::Mp3
            | Codec::Pcmu
            | Codec::Pcma => Ok(None),
        }
    }

    /// How a decoder must be set for what comes out.
    pub(crate) fn parameters(&self) -> Result<Parameters, TranscodeError> {
        let shape = Shape::Audio { sample_rate_hz: SAMPLE_RATE_HZ, channels: 2 };
        match self {
            Self::Aac(_) => {
                let config = AudioSpecificConfig {
                    object_type: AAC_LC,
                    sample_rate_hz: SAMPLE_RATE_HZ,
                    channel_configuration: 2,
                };
                let bytes =
                    config.bytes().ok_or_else(|| TranscodeError::Encode("no configuration says it".to_owned()))?;
                Ok(Parameters { codec: Codec::Aac, decoder_configuration: Bytes::copy_from_slice(&bytes), shape })
            }
            Self::Opus { .. } => Ok(Parameters { codec: Codec::Opus, decoder_configuration: Bytes::new(), shape }),
        }
    }

    /// Samples of each channel in one frame.
    pub(crate) fn frame_samples(&self) -> usize {
        match self {
            Self::Aac(_) => 1_024,
            // 20 ms, as browsers send it.
            Self::Opus { .. } => 960,
        }
    }

    /// How many samples of each channel a decoder hears later than they went in.
    pub(crate) fn delay_samples(&self) -> usize {
        match self {
            Self::Aac(_) => 1_024,
            Self::Opus { encoder, .. } => encoder.lookahead(),
        }
    }

    /// One frame of [`Self::frame_samples`]; `None` while the encoder holds it back.
    pub(crate) fn encode(&mut self, samples: &[f32]) -> Result<Option<Bytes>, TranscodeError> {
        let refused = |error: String| TranscodeError::Encode(error);
        match self {
            Self::Aac(encoder) => {
                // What a decoder gives of loud sound goes beyond the range, and of a stranger's it may be no number: the encoder takes neither.
                let tamed = |sample: &f32| if sample.is_nan() { 0.0 } else { sample.clamp(-1.0, 1.0) };
                let side = |at: usize| samples.iter().skip(at).step_by(CHANNELS).map(tamed);
                let (left, right): (Vec<f32>, Vec<f32>) = (side(0).collect(), side(1).collect());
                let mut frame = None;
                let fed = encoder.feed(&[&left, &right], |encoded| {
                    frame = encoded.au.get(ADTS_HEADER_BYTES..).map(Bytes::copy_from_slice);
                    Ok(())
                });
                if let Err(error) = fed {
                    // It would refuse everything after that.
                    encoder.reset().map_err(|error| refused(error.to_string()))?;
                    return Err(refused(error.to_string()));
                }
                Ok(frame)
            }
            Self::Opus { encoder, packet } => {
                let count = samples.len() / CHANNELS;
                let bytes = encoder.encode(samples, count, packet).map_err(|error| refused(error.to_string()))?;
                Ok(packet.get(..bytes).map(Bytes::copy_from_slice))
            }
        }
    }
}

/// Stereo that nobody can tell from the original in a live stream.
const AAC_BPS: u32 = 128_000;
const OPUS_BPS: i32 = 96_000;

/// ISO/IEC 14496-3 table 1.17.
const AAC_LC: u8 = 2;

/// Without a checksum.
const ADTS_HEADER_BYTES: usize = 7;

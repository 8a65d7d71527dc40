//! Frames to samples.

use media::aac::AudioSpecificConfig;
use media::{Codec, Frame, MediaTime, Parameters};
use opus_pure::OpusDecoder;
use syom::Channel;

use crate::g711::{self, Law};
use crate::resampler::Resampler;
use crate::{CHANNELS, SAMPLE_RATE_HZ, TranscodeError};

/// A decoder whose samples are two channels at 48,000 Hz.
pub(crate) enum Decoder {
    Aac(Box<AacDecoder>),
    Opus { decoder: Box<OpusDecoder>, samples: Vec<f32> },
    G711 { law: Law, resampler: Box<Resampler>, samples: Vec<f32> },
}

pub(crate) struct AacDecoder {
    config: AudioSpecificConfig,
    decoder: syom::Decoder,
    resampler: Option<Resampler>,
    /// Header and frame, as the decoder takes them.
    adts: Vec<u8>,
    samples: Vec<f32>,
    /// Of the latest frame that was understood.
    frame_samples: usize,
    rate_hz: u32,
}

impl Decoder {
    pub(crate) fn new(parameters: &Parameters) -> Result<Option<Self>, TranscodeError> {
        match parameters.codec {
            Codec::Aac => {
                let config = AudioSpecificConfig::parse(&parameters.decoder_configuration)?;
                Ok(Some(Self::Aac(Box::new(AacDecoder {
                    config,
                    decoder: new_aac(),
                    resampler: None,
                    adts: Vec::new(),
                    samples: Vec::new(),
                    frame_samples: 0,
                    rate_hz: config.sample_rate_hz,
                }))))
            }
            Codec::Opus => {
                let decoder = OpusDecoder::new(SAMPLE_RATE_HZ.cast_signed(), CHANNELS)
                    .map_err(|error| TranscodeError::Decode(error.to_string()))?;
                let samples = vec![0.0; opus_pure::MAX_PACKET_SAMPLES * CHANNELS];
                Ok(Some(Self::Opus { decoder: Box::new(decoder), samples }))
            }
            Codec::Pcmu => Self::g711(Law::Mu).map(Some),
            Codec::Pcma => Self::g711(Law::A).map(Some),
            Codec::H264 | Codec::H265 | Codec::Av1 | Codec::Vp8 | Codec::Vp9 | Codec::Mp3 => Ok(None),
        }
    }

    fn g711(law: Law) -> Result<Self, TranscodeError> {
        let resampler = Box::new(Resampler::new(g711::SAMPLE_RATE_HZ, SAMPLE_RATE_HZ)?);
        Ok(Self::G711 { law, resampler, samples: Vec::new() })
    }

    /// Gives what the frame sounds like, appended to `output`.
    pub(crate) fn decode(&mut self, frame: &Frame, output: &mut Vec<f32>) -> Result<(), TranscodeError> {
        match self {
            Self::Aac(aac) => aac.decode(&frame.data, output),
            Self::Opus { decoder, samples } => {
                let failed = |error: opus_pure::Error| TranscodeError::Decode(error.to_string());
                let result = match decoder.decode(&frame.data, opus_pure::MAX_PACKET_SAMPLES, samples) {
                    Ok(count) => Ok(count),
                    // 20 ms that the decoder makes up: what follows is heard when it should be.
                    Err(error) => decoder.decode(&[], MADE_UP_SAMPLES, samples).and(Err(error)),
                };
                let count = *result.as_ref().unwrap_or(&MADE_UP_SAMPLES);
                output.extend(samples.iter().take(count * CHANNELS));
                result.map(drop).map_err(failed)
            }
            Self::G711 { law, resampler, samples } => {
                samples.clear();
                // Its one channel is heard on both sides.
                samples.extend(frame.data.iter().map(|&byte| law.sample(byte)).flat_map(|sample| [sample; CHANNELS]));
                resampler.resample(samples, output)
            }
        }
    }

    /// How many samples of each channel the output lags behind.
    pub(crate) fn delay_samples(&self) -> usize {
        self.resampler().map_or(0, Resampler::delay_samples)
    }

    /// How much sound waits in here for the rest of its portion.
    pub(crate) fn waiting(&self) -> MediaTime {
        self.resampler().map_or(MediaTime::ZERO, Resampler::waiting)
    }

    fn resampler(&self) -> Option<&Resampler> {
        match self {
            Self::Aac(aac) => aac.resampler.as_ref(),
            Self::Opus { .. } => None,
            Self::G711 { resampler, .. } => Some(resampler),
        }
    }
}

impl AacDecoder {
    fn decode(&mut self, data: &[u8], output: &mut Vec<f32>) -> Result<(), TranscodeError> {
        let result = self.read(data);
        if result.is_err() {
            self.decoder = new_aac();
            // Silence in its place: what follows is heard when it should be.
            self.samples.resize(self.frame_samples * CHANNELS, 0.0);
        }
        self.convert(output)?;
        result
    }

    /// What the frame sounds like, as often sampled as it says.
    fn read(&mut self, data: &[u8]) -> Result<(), TranscodeError> {
        self.samples.clear();
        let header = self.config.adts_header(data.len());
        let header = header.ok_or_else(|| TranscodeError::Decode("a frame that ADTS cannot say".to_owned()))?;
        self.adts.clear();
        self.adts.extend_from_slice(&header);
        self.adts.extend_from_slice(data);
        let (samples, rate_hz) = (&mut self.samples, &mut self.rate_hz);
        let fed = self.decoder.feed(&self.adts, |frame| {
            *rate_hz = frame.sample_rate;
            mix(frame.planar, &frame.meta.channels, samples);
            Ok(())
        });
        fed.map_err(|error| TranscodeError::Decode(error.to_string()))?;
        if self.samples.is_empty() {
            return Err(TranscodeError::Decode("there is no sound in the frame".to_owned()));
        }
        self.frame_samples = self.samples.len() / CHANNELS;
        Ok(())
    }

    fn convert(&mut self, output: &mut Vec<f32>) -> Result<(), TranscodeError> {
        if self.rate_hz == SAMPLE_RATE_HZ {
            self.resampler = None;
            output.append(&mut self.samples);
            return Ok(());
        }
        if self.resampler.as_ref().is_none_or(|resampler| resampler.source_rate_hz() != self.rate_hz) {
            self.resampler = Some(Resampler::new(self.rate_hz, SAMPLE_RATE_HZ)?);
        }
        match &mut self.resampler {
            Some(resampler) => resampler.resample(&self.samples, output),
            None => Ok(()),
        }
    }
}

/// The bytes are a stranger's: what the decoder is willing to hold is left at its own limits, only the length of the stream has none.
fn new_aac() -> syom::Decoder {
    syom::Decoder::new(syom::DecodeOptions::unbounded())
}

/// Of each channel, where a packet cannot be decoded: most packets are that long.
const MADE_UP_SAMPLES: usize = 960;

/// Two channels of however many. What stands on the left goes left, what stands between goes to both (ITU-R BS.775); so that nothing clips, the
/// sum is as loud as one of its parts could be.
fn mix(planes: &[&[f32]], labels: &[Option<Channel>], output: &mut Vec<f32>) {
    let label = |at: usize| labels.get(at).copied().flatten().unwrap_or_default();
    let weights: Vec<_> = (0..planes.len()).map(|at| weight(planes.len(), at, label(at))).collect();
    let left: f32 = weights.iter().map(|weight| weight.0).sum::<f32>().max(1.0);
    let right: f32 = weights.iter().map(|weight| weight.1).sum::<f32>().max(1.0);
    let count = planes.iter().map(|plane| plane.len()).min().unwrap_or(0);
    for at in 0..count {
        let mut sums = (0.0, 0.0);
        for (plane, weight) in planes.iter().zip(&weights) {
            let sample = plane.get(at).copied().unwrap_or(0.0);
            sums = (sums.0 + sample * weight.0, sums.1 + sample * weight.1);
        }
        output.extend([sums.0 / left, sums.1 / right]);
    }
}

/// How much of a channel goes to the left and to the right.
fn weight(count: usize, at: usize, label: Channel) -> (f32, f32) {
    const BETWEEN: f32 = std::f32::consts::FRAC_1_SQRT_2;
    match (count, at, label) {
        (1, ..) => (1.0, 1.0),
        (2, 0, _) | (_, _, Channel::FrontLeft) => (1.0, 0.0),
        (2, 1, _) | (_, _, Channel::FrontRight) => (0.0, 1.0),
        (_, _, Channel::FrontCenter | Channel::BackCenter) => (BETWEEN, BETWEEN),
        (_, _, Channel::BackLeft | Channel::SideLeft) => (BETWEEN, 0.0),
        (_, _, Channel::BackRight | Channel::SideRight) => (0.0, BETWEEN),
        // The low-frequency effects, and what has no place.
        _ => (0.0, 0.0),
    }
}

#[cfg(test)]
mod tests;

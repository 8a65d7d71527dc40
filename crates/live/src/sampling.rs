//! How many samples a frame of sound has, which tells its duration better than the milliseconds of a protocol do.

use media::aac::AudioSpecificConfig;
use media::{Codec, Frame, MediaTime, Parameters, Shape};

/// The sampling of a track of sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sampling {
    codec: Codec,
    /// Samples per second, as frames count them.
    pub rate_hz: u32,
}

impl Sampling {
    /// Of a track of sound whose parameters can be read; none otherwise.
    #[must_use]
    pub fn of(parameters: &Parameters) -> Option<Self> {
        let Shape::Audio { sample_rate_hz, .. } = parameters.shape else { return None };
        let rate_hz = match parameters.codec {
            // Opus always counts at 48 kHz (RFC 7845 §4).
            Codec::Opus => 48_000,
            // Frames of HE-AAC count at the rate of their core.
            Codec::Aac => AudioSpecificConfig::parse(&parameters.decoder_configuration)
                .map_or(sample_rate_hz, |config| config.sample_rate_hz),
            Codec::Mp3
            | Codec::Pcmu
            | Codec::Pcma
            | Codec::H264
            | Codec::H265
            | Codec::Av1
            | Codec::Vp8
            | Codec::Vp9 => sample_rate_hz,
        };
        (rate_hz > 0).then_some(Self { codec: parameters.codec, rate_hz })
    }

    /// How many samples the frame has.
    #[must_use]
    pub fn samples(self, frame: &Frame) -> u32 {
        match self.codec {
            Codec::Opus => opus_samples(&frame.data),
            // Layer 3 of MPEG-2 and of MPEG-2.5 has half as many (ISO/IEC 13818-3 §2.4.2.1).
            Codec::Mp3 if self.rate_hz < 32_000 => 576,
            Codec::Mp3 => 1152,
            // A byte each.
            Codec::Pcmu | Codec::Pcma => u32::try_from(frame.data.len()).unwrap_or(u32::MAX),
            Codec::Aac | Codec::H264 | Codec::H265 | Codec::Av1 | Codec::Vp8 | Codec::Vp9 => 1024,
        }
    }

    /// How long the frame sounds.
    #[must_use]
    pub fn duration(self, frame: &Frame) -> MediaTime {
        MediaTime::from_ticks(self.samples(frame).into(), self.rate_hz)
    }
}

/// The samples of an Opus packet at 48 kHz, told by its first bytes (RFC 6716 §3.1).
fn opus_samples(packet: &[u8]) -> u32 {
    let Some(&toc) = packet.first() else { return 960 };
    let configuration = toc >> 3;
    let per_frame = match configuration {
        // SILK: 10, 20, 40, 60 ms. Hybrid: 10, 20 ms. CELT: 2.5, 5, 10, 20 ms.
        0..=11 => [480, 960, 1920, 2880].get(usize::from(configuration & 3)).copied().unwrap_or(960),
        12..=15 => 480 << (configuration & 1),
        _ => 120 << (configuration & 3),
    };
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(packet.get(1).map_or(1, |count| count & 0x3f)).clamp(1, 48),
    };
    per_frame * frames
}

#[cfg(test)]
mod tests;

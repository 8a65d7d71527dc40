//! How many samples a frame of sound has, which tells its duration better than the milliseconds of a protocol do.

use media::{Codec, Frame, MediaTime, Parameters, ParseError, Shape};

/// What ADTS and clocks need of an AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1). Of a stream with spectral band replication it is the core's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AacConfiguration {
    /// Of the core: 2 is low complexity.
    pub(crate) object_type: u8,
    /// Into the table of rates; 15 where the rate is told in full.
    pub(crate) rate_index: u8,
    /// Samples per second of the core.
    pub(crate) rate_hz: u32,
    /// The channel configuration.
    pub(crate) channels: u8,
}

impl AacConfiguration {
    pub(crate) fn parse(record: &[u8]) -> Result<Self, ParseError> {
        let mut bits = Bits { bytes: record, position: 0 };
        let object_type = bits.object_type()?;
        let (rate_index, rate_hz) = bits.rate()?;
        let channels = bits.take(4)? as u8;
        let has_extension = matches!(object_type, 5 | 29);
        if !has_extension {
            return Ok(Self { object_type, rate_index, rate_hz, channels });
        }
        bits.rate()?;
        Ok(Self { object_type: bits.object_type()?, rate_index, rate_hz, channels })
    }

    /// Two bits of ADTS can say four object types; others are called low complexity, which decoders correct by what they find.
    pub(crate) fn adts_profile(self) -> u8 {
        if (1..=4).contains(&self.object_type) { self.object_type - 1 } else { 1 }
    }
}

/// Reads bits, the highest first.
struct Bits<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: usize) -> Result<u32, ParseError> {
        let mut value = 0;
        for position in self.position..self.position + count {
            let byte = self.bytes.get(position / 8).ok_or(ParseError::Truncated)?;
            value = (value << 1) | u32::from((byte >> (7 - position % 8)) & 1);
        }
        self.position += count;
        Ok(value)
    }

    fn object_type(&mut self) -> Result<u8, ParseError> {
        let short = self.take(5)?;
        let value = if short == 31 { 32 + self.take(6)? } else { short };
        Ok(value as u8)
    }

    fn rate(&mut self) -> Result<(u8, u32), ParseError> {
        let index = self.take(4)?;
        let rate = match RATES_HZ.get(index as usize) {
            Some(&rate) => rate,
            None if index == 15 => self.take(24)?,
            None => 0,
        };
        if rate == 0 {
            return Err(ParseError::Value { field: "the sampling rate of AAC", value: index });
        }
        Ok((index as u8, rate))
    }
}

/// ISO/IEC 14496-3, Table 1.18.
const RATES_HZ: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];

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
            Codec::Aac => {
                AacConfiguration::parse(&parameters.decoder_configuration).map_or(sample_rate_hz, |aac| aac.rate_hz)
            }
            Codec::Mp3 | Codec::H264 | Codec::H265 | Codec::Av1 | Codec::Vp8 | Codec::Vp9 => sample_rate_hz,
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

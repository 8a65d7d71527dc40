//! AAC: its AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1) and the ADTS header (§1.A.2.2) that says the same in front of each frame.

use crate::reader::BitReader;
use crate::{ParseError, Shape};

/// What an AudioSpecificConfig says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AudioSpecificConfig {
    /// The audio object type: 2 is AAC LC, 5 and 29 are HE-AAC, which doubles what the core says.
    pub object_type: u8,
    /// Samples per second of the core.
    pub sample_rate_hz: u32,
    /// `channelConfiguration`: 1 to 6 are so many channels, 7 are eight, 0 is said elsewhere.
    pub channel_configuration: u8,
}

/// An ADTS header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdtsHeader {
    /// What the frame is.
    pub config: AudioSpecificConfig,
    /// Bytes of the header: 7, or 9 with a checksum.
    pub header_bytes: usize,
    /// Bytes of header and frame.
    pub frame_bytes: usize,
}

impl AudioSpecificConfig {
    /// Reads the beginning; what is special to an object type is left alone.
    ///
    /// # Errors
    /// When it ends too early, or the sampling rate is none.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        Self::read(&mut BitReader::new(bytes))
    }

    /// Reads what the core is: of HE-AAC the AAC LC that is doubled, of all others what [`parse`](Self::parse) reads.
    ///
    /// # Errors
    /// When it ends too early, or a sampling rate is none.
    pub fn parse_core(bytes: &[u8]) -> Result<Self, ParseError> {
        let mut bits = BitReader::new(bytes);
        let config = Self::read(&mut bits)?;
        if !config.is_doubled() {
            return Ok(config);
        }
        read_rate(&mut bits)?; // of what is doubled
        Ok(Self { object_type: read_object_type(&mut bits)?, ..config })
    }

    fn read(bits: &mut BitReader<'_>) -> Result<Self, ParseError> {
        let object_type = read_object_type(bits)?;
        let sample_rate_hz = read_rate(bits)?;
        Ok(Self { object_type, sample_rate_hz, channel_configuration: bits.byte(4)? })
    }

    fn is_doubled(&self) -> bool {
        matches!(self.object_type, 5 | 29)
    }

    /// The two bytes that say it; `None` when they cannot: a rate that is not in the table, a rare object type.
    #[must_use]
    pub fn bytes(&self) -> Option<[u8; 2]> {
        let index = self.rate_index()?;
        let object_type = u16::from(self.object_type).checked_sub(1).filter(|&less| less < 30)? + 1;
        let bits = object_type << 11 | index << 7 | u16::from(self.channel_configuration & 0x0f) << 3;
        Some(bits.to_be_bytes())
    }

    /// How many channels there are; 2 where the configuration does not say.
    #[must_use]
    pub fn channels(&self) -> u8 {
        match self.channel_configuration {
            0 => 2,
            7 => 8,
            channels => channels,
        }
    }

    /// The sampling, as parameters of a track have it.
    #[must_use]
    pub fn shape(&self) -> Shape {
        Shape::Audio { sample_rate_hz: self.sample_rate_hz, channels: self.channels() }
    }

    /// The header of a frame of so many bytes; `None` when there is none: a frame that is too long, an object type or a rate ADTS does not know.
    #[must_use]
    pub fn adts_header(&self, payload_bytes: usize) -> Option<[u8; 7]> {
        let length = u64::try_from(payload_bytes.checked_add(ADTS_BYTES)?).ok().filter(|&length| length < 1 << 13)?;
        // HE-AAC is a core of AAC LC with more behind it, and so do players of ADTS find it.
        let object_type = if self.is_doubled() { 2 } else { self.object_type };
        let profile = u64::from(object_type.checked_sub(1).filter(|&profile| profile < 4)?);
        let index = u64::from(self.rate_index()?);
        let channels = u64::from(self.channel_configuration & 7);
        // syncword, MPEG-4, no checksum; profile, rate, channels; length; a buffer of unknown fullness, one frame.
        let bits = 0xfff1 << 40 | profile << 38 | index << 34 | channels << 30 | length << 13 | 0x7ff << 2;
        let [_, header @ ..] = bits.to_be_bytes();
        Some(header)
    }

    fn rate_index(&self) -> Option<u16> {
        SAMPLE_RATES_HZ.iter().position(|&rate| rate == self.sample_rate_hz).and_then(|index| u16::try_from(index).ok())
    }
}

impl AdtsHeader {
    /// Reads the header in front of a frame.
    ///
    /// # Errors
    /// When there is none.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        let mut bits = BitReader::new(bytes);
        let sync = bits.bits(12)?;
        if sync != 0xfff {
            return Err(ParseError::Value { field: "syncword", value: sync });
        }
        bits.skip(3)?; // ID, layer
        let has_checksum = !bits.flag()?;
        let object_type = bits.byte(2)? + 1;
        let sample_rate_hz = rate_at(bits.bits(4)?)?;
        bits.skip(1)?; // private_bit
        let channel_configuration = bits.byte(3)?;
        bits.skip(4)?; // original_copy, home, copyright
        let frame_bytes = bits.bits(13)?;
        bits.skip(13)?; // adts_buffer_fullness, number_of_raw_data_blocks_in_frame
        let header_bytes = if has_checksum { ADTS_BYTES + 2 } else { ADTS_BYTES };
        let config = AudioSpecificConfig { object_type, sample_rate_hz, channel_configuration };
        match usize::try_from(frame_bytes) {
            Ok(frame_bytes) if frame_bytes >= header_bytes => Ok(Self { config, header_bytes, frame_bytes }),
            _ => Err(ParseError::Value { field: "aac_frame_length", value: frame_bytes }),
        }
    }
}

fn read_object_type(bits: &mut BitReader<'_>) -> Result<u8, ParseError> {
    match bits.byte(5)? {
        31 => Ok(32 + bits.byte(6)?),
        object_type => Ok(object_type),
    }
}

fn read_rate(bits: &mut BitReader<'_>) -> Result<u32, ParseError> {
    let rate_hz = match bits.bits(4)? {
        15 => bits.bits(24)?,
        index => rate_at(index)?,
    };
    if rate_hz == 0 { Err(ParseError::Value { field: "samplingFrequency", value: 0 }) } else { Ok(rate_hz) }
}

fn rate_at(index: u32) -> Result<u32, ParseError> {
    let rate = usize::try_from(index).ok().and_then(|index| SAMPLE_RATES_HZ.get(index));
    rate.copied().ok_or(ParseError::Value { field: "samplingFrequencyIndex", value: index })
}

/// Table 1.18.
const SAMPLE_RATES_HZ: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350];
/// Without a checksum.
const ADTS_BYTES: usize = 7;

#[cfg(test)]
mod tests;

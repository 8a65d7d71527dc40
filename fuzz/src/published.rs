//! What a publisher sends, decoded from random bytes: parameters and frames, most of them sound.

use arbitrary::Arbitrary;
use bytes::Bytes;
use media::aac::AudioSpecificConfig;
use media::{Codec, Frame, MediaTime, Parameters, Shape, h264, h265};

/// One step of a publisher.
#[derive(Debug, Arbitrary)]
pub(crate) enum Step {
    /// A frame follows the one before.
    Frame(Sent),
    /// Many frames of the same size follow at the same pace.
    Frames(Sent, u8),
    /// The decoder has to be told something else.
    Parameters(Told),
    /// Something is missing here.
    Break,
}

/// How a track is decoded.
#[derive(Debug, Arbitrary)]
pub(crate) struct Told {
    codec: Format,
    /// In the place of what a real encoder says; where there is none, that.
    configuration: Option<Vec<u8>>,
    width: u16,
    height: u16,
    sample_rate_hz: u32,
    channels: u8,
}

/// A frame.
#[derive(Debug, Arbitrary)]
pub(crate) struct Sent {
    codec: Format,
    /// After the frame before; seldom negative.
    step_ms: i16,
    /// How much later it is shown than decoded.
    delay_ms: u8,
    is_key: bool,
    content: Content,
}

#[derive(Debug, Arbitrary)]
enum Content {
    /// One unit of so many bytes.
    Unit(u16),
    Any(Vec<u8>),
}

#[derive(Debug, Clone, Copy, Arbitrary)]
enum Format {
    H264,
    H265,
    Av1,
    Vp8,
    Vp9,
    Aac,
    Mp3,
    Opus,
}

/// Where a publisher's clock is.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    dts_ms: i64,
}

impl Told {
    /// Parameters that cannot be read are refused before anybody is told.
    pub(crate) fn parameters(&self) -> Option<Parameters> {
        let codec = self.codec.codec();
        let decoder_configuration = self
            .configuration
            .as_ref()
            .map_or_else(|| self.codec.configuration(), |bytes| Bytes::copy_from_slice(bytes));
        let shape = match codec.kind() {
            media::Kind::Video => Shape::Video { width: self.width.into(), height: self.height.into() },
            media::Kind::Audio => Shape::Audio { sample_rate_hz: self.sample_rate_hz, channels: self.channels },
        };
        let is_readable = match codec {
            Codec::H264 => h264::DecoderConfiguration::parse(&decoder_configuration).is_ok(),
            Codec::H265 => h265::DecoderConfiguration::parse(&decoder_configuration).is_ok(),
            Codec::Aac => AudioSpecificConfig::parse_core(&decoder_configuration).is_ok(),
            Codec::Av1 | Codec::Vp8 | Codec::Vp9 | Codec::Mp3 | Codec::Opus | Codec::Pcmu | Codec::Pcma => true,
        };
        is_readable.then_some(Parameters { codec, decoder_configuration, shape })
    }
}

impl Sent {
    pub(crate) fn frame(&self, clock: &mut Clock) -> Frame {
        // Times of a track never go back, whoever publishes: the protocols see to that.
        let step_ms = i64::from(self.step_ms).rem_euclid(STEP_MAX_MS);
        clock.dts_ms += step_ms;
        let dts = MediaTime::from_millis(clock.dts_ms);
        let data = match &self.content {
            Content::Any(data) => Bytes::copy_from_slice(data),
            Content::Unit(bytes) => unit(self.codec, self.is_key, usize::from(*bytes)),
        };
        let codec = self.codec.codec();
        let is_sound = codec.kind() == media::Kind::Audio;
        let delay = if is_sound { MediaTime::ZERO } else { MediaTime::from_millis(self.delay_ms.into()) };
        Frame { codec, pts: dts + delay, dts, is_key: self.is_key || is_sound, data }
    }
}

impl Format {
    fn codec(self) -> Codec {
        match self {
            Self::H264 => Codec::H264,
            Self::H265 => Codec::H265,
            Self::Av1 => Codec::Av1,
            Self::Vp8 => Codec::Vp8,
            Self::Vp9 => Codec::Vp9,
            Self::Aac => Codec::Aac,
            Self::Mp3 => Codec::Mp3,
            Self::Opus => Codec::Opus,
        }
    }

    /// What a real encoder says.
    fn configuration(self) -> Bytes {
        Bytes::from_static(match self {
            Self::H264 => &[
                1, 0x42, 0xc0, 0x0a, 0xff, 0xe1, 0, 16, 0x67, 0x42, 0xc0, 0x0a, 0xda, 0x11, 0xbf, 0x96, 0x70, 0x11, 0,
                0, 3, 0, 1, 0, 1, 0, 4, 0x68, 0xce, 0x0f, 0xc8,
            ],
            Self::Aac => &[0x11, 0x90],
            Self::H265 => &[
                1, 1, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 93, 0xf0, 0, 0xfc, 0xfd, 0xf8, 0xf8, 0, 0, 0x0f, 3, 0xa0, 0,
                1, 0, 4, 0x40, 1, 0xaa, 0xbb, 0xa1, 0, 1, 0, 4, 0x42, 1, 0xaa, 0xbb, 0xa2, 0, 1, 0, 4, 0x44, 1, 0xaa,
                0xbb,
            ],
            Self::Av1 | Self::Vp8 | Self::Vp9 | Self::Mp3 | Self::Opus => &[],
        })
    }
}

/// A picture of one NAL unit, or so many bytes of anything else.
fn unit(codec: Format, is_key: bool, bytes: usize) -> Bytes {
    let head: &[u8] = match (codec, is_key) {
        (Format::H264, true) => &[0x65],
        (Format::H264, false) => &[0x41],
        (Format::H265, true) => &[0x26, 1],
        (Format::H265, false) => &[2, 1],
        _ => return Bytes::from(vec![0x5a; bytes]),
    };
    let length = u32::try_from(head.len() + bytes).expect("of two bytes");
    let mut data = length.to_be_bytes().to_vec();
    data.extend_from_slice(head);
    data.resize(data.len() + bytes, 0x5a);
    Bytes::from(data)
}

/// Longer than any segment may be.
const STEP_MAX_MS: i64 = 15_000;

//! How the codecs are called in Matroska, and what their decoders are told (draft-ietf-cellar-codec).

use std::borrow::Cow;

use media::{Codec, MediaTime, Parameters, Shape};

use crate::opus;

pub(super) fn codec_id(codec: Codec) -> &'static str {
    match codec {
        Codec::H264 => "V_MPEG4/ISO/AVC",
        Codec::H265 => "V_MPEGH/ISO/HEVC",
        Codec::Av1 => "V_AV1",
        Codec::Vp8 => "V_VP8",
        Codec::Vp9 => "V_VP9",
        Codec::Aac => "A_AAC",
        Codec::Mp3 => "A_MPEG/L3",
        Codec::Opus => "A_OPUS",
        Codec::Pcmu | Codec::Pcma => "A_MS/ACM",
    }
}

/// The decoder configuration; VP8, VP9 and MP3 need none, Opus cannot be without.
pub(super) fn codec_private(parameters: &Parameters) -> Option<Cow<'_, [u8]>> {
    let record = &*parameters.decoder_configuration;
    match parameters.codec {
        Codec::H264 | Codec::H265 | Codec::Av1 | Codec::Aac => (!record.is_empty()).then_some(Cow::Borrowed(record)),
        Codec::Vp8 | Codec::Vp9 | Codec::Mp3 => None,
        Codec::Pcmu => Some(Cow::Owned(wave_format(7))),
        Codec::Pcma => Some(Cow::Owned(wave_format(6))),
        Codec::Opus if record.starts_with(opus::MAGIC) => Some(Cow::Borrowed(record)),
        Codec::Opus => Some(Cow::Owned(opus::identification(channels(parameters)))),
    }
}

/// `WAVEFORMATEX` of a codec with one byte for each sample of one channel at 8 kHz.
fn wave_format(tag: u16) -> Vec<u8> {
    let [tag, one, bits, none] = [tag, 1, 8, 0_u16].map(u16::to_le_bytes);
    let rate = 8_000_u32.to_le_bytes();
    [&tag[..], &one, &rate, &rate, &one, &bits, &none].concat()
}

/// How much later than told a block is written, because the decoder leaves out so much at the beginning.
pub(super) fn codec_delay(parameters: &Parameters) -> MediaTime {
    if parameters.codec != Codec::Opus {
        return MediaTime::ZERO;
    }
    let told = parameters.decoder_configuration.get(10..12).and_then(|bytes| bytes.first_chunk::<2>());
    let pre_skip = told.map_or(opus::PRE_SKIP, |bytes| u16::from_le_bytes(*bytes));
    MediaTime::from_ticks(pre_skip.into(), 48_000)
}

/// As many as a header without a channel mapping can say.
fn channels(parameters: &Parameters) -> u8 {
    if let Shape::Audio { channels, .. } = parameters.shape { channels.clamp(1, 2) } else { 2 }
}

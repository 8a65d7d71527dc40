//! Which of a subscriber's codecs takes a publisher's packets as they are.

use rtp::parameters::{Codec, CodecName};

/// The subscriber's codec that decodes what the publisher's encodes; the most alike if there are several.
pub(crate) fn match_codec<'a>(incoming: &Codec, offered: &'a [Codec]) -> Option<&'a Codec> {
    let same = |codec: &&Codec| codec.name == incoming.name && codec.clock_rate_hz == incoming.clock_rate_hz;
    let mut best: Option<(&Codec, u8)> = None;
    for codec in offered.iter().filter(same) {
        let likeness = likeness(incoming, codec);
        if likeness > best.map_or(0, |(_, best)| best) {
            best = Some((codec, likeness));
        }
    }
    best.map(|(codec, _)| codec)
}

/// 0 when it cannot be decoded.
fn likeness(incoming: &Codec, codec: &Codec) -> u8 {
    match incoming.name {
        CodecName::Vp9 => u8::from(profile(incoming, "profile-id", "0") == profile(codec, "profile-id", "0")),
        CodecName::Av1 => u8::from(profile(incoming, "profile", "0") == profile(codec, "profile", "0")),
        CodecName::H265 => u8::from(profile(incoming, "profile-id", "1") == profile(codec, "profile-id", "1")),
        CodecName::H264 => h264_likeness(incoming, codec),
        // The payload types of the blocks stand in the payload (RFC 2198 §3): they have to mean the same.
        CodecName::Red => u8::from(incoming.fmtp == codec.fmtp),
        CodecName::Vp8 | CodecName::Opus | CodecName::Pcmu | CodecName::Pcma => 1,
    }
}

/// Decoders take more than they say: another profile is better than no picture (RFC 6184 §8.1).
fn h264_likeness(incoming: &Codec, codec: &Codec) -> u8 {
    let mode = |codec| profile(codec, "packetization-mode", "0");
    let idc = |codec| profile(codec, "profile-level-id", "42000a").get(..2);
    let constraints = |codec| profile(codec, "profile-level-id", "42000a").get(..4);
    if mode(incoming) != mode(codec) && mode(codec) == "0" {
        return 0;
    }
    let alike = u8::from(idc(incoming) == idc(codec)) * 2 + u8::from(constraints(incoming) == constraints(codec));
    2 + alike * 2 + u8::from(mode(incoming) == mode(codec))
}

/// One of the format parameters; names and values are compared as browsers write them, in lower case.
fn profile<'a>(codec: &'a Codec, name: &str, otherwise: &'a str) -> &'a str {
    let parameters = codec.fmtp.split(';').filter_map(|parameter| parameter.trim().split_once('='));
    parameters
        .filter(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
        .next()
        .unwrap_or(otherwise)
}

#[cfg(test)]
mod tests;

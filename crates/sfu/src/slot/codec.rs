//! Which of a subscriber's codecs takes a publisher's packets as they are.

use rtp::parameters::{Codec, CodecName, ReceiveParameters};

use super::OutgoingCodec;

/// What a codec of a track becomes for a subscriber that offered others: one that decodes it, or, where that is unknown to the subscriber,
/// what is inside of redundancy. What is encrypted cannot be taken out.
pub(super) fn outgoing_codec(incoming: &Codec, track: &ReceiveParameters, offered: &[Codec]) -> Option<OutgoingCodec> {
    let whole = match_codec(incoming, offered).map(|codec| (codec, false));
    let inner = || {
        let is_redundant = incoming.name == CodecName::Red && !track.encrypted;
        let inner = is_redundant.then(|| redundant(incoming, &track.codecs)).flatten()?;
        Some((match_codec(inner, offered)?, true))
    };
    let (codec, unwraps) = whole.or_else(inner)?;
    Some(OutgoingCodec {
        payload_type: codec.payload_type,
        rtx_payload_type: codec.rtx_payload_type,
        clock_rate_hz: codec.clock_rate_hz,
        nack: codec.feedback.nack,
        unwraps,
    })
}

/// The codec of the blocks (RFC 2198 §5: the format parameters name the payload type of each).
fn redundant<'a>(red: &Codec, codecs: &'a [Codec]) -> Option<&'a Codec> {
    let inner: u8 = red.fmtp.split('/').next()?.trim().parse().ok()?;
    codecs.iter().find(|codec| codec.payload_type == inner && codec.name != CodecName::Red)
}

/// The subscriber's codec that decodes what the publisher's encodes; the most alike if there are several.
fn match_codec<'a>(incoming: &Codec, offered: &'a [Codec]) -> Option<&'a Codec> {
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

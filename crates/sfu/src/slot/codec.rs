//! Which of a subscriber's codecs takes a publisher's packets as they are.

use std::sync::Arc;

use rtp::parameters::{Codec, CodecName};

use super::OutgoingCodec;

/// What decides about a codec whether it decodes what another encodes. Read once: it is looked at with every allocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Format {
    name: CodecName,
    pub(super) payload_type: u8,
    pub(super) rtx_payload_type: Option<u8>,
    pub(super) clock_rate_hz: u32,
    nack: bool,
    /// What both have to say alike: the profile, or which payload types the blocks of redundancy have. Of H.264 it need not be alike.
    profile: Box<str>,
    /// The packetization mode 0 of H.264, in which nothing but single units come.
    is_single: bool,
    /// The payload type of the blocks, where it is redundancy (RFC 2198 §5: the format parameters name that of each).
    inner: Option<u8>,
}

impl Format {
    pub(crate) fn all(codecs: &[Codec]) -> Arc<[Self]> {
        codecs.iter().map(Self::of).collect()
    }

    fn of(codec: &Codec) -> Self {
        let name = codec.name;
        let profile = match name {
            CodecName::Vp9 => parameter(codec, "profile-id", "0"),
            CodecName::Av1 => parameter(codec, "profile", "0"),
            CodecName::H265 => parameter(codec, "profile-id", "1"),
            CodecName::H264 => parameter(codec, "profile-level-id", "42000a"),
            // The payload types of the blocks stand in the payload (RFC 2198 §3): they have to mean the same.
            CodecName::Red => &codec.fmtp,
            CodecName::Vp8 | CodecName::Opus | CodecName::Pcmu | CodecName::Pcma => "",
        };
        let inner = || codec.fmtp.split('/').next()?.trim().parse().ok();
        Self {
            name,
            payload_type: codec.payload_type,
            rtx_payload_type: codec.rtx_payload_type,
            clock_rate_hz: codec.clock_rate_hz,
            nack: codec.feedback.nack,
            profile: profile.into(),
            is_single: name == CodecName::H264 && parameter(codec, "packetization-mode", "0") == "0",
            inner: (name == CodecName::Red).then(inner).flatten(),
        }
    }
}

/// What a codec of a track, of those in `coming`, becomes for a subscriber that offered others: one that decodes it, or, where that is
/// unknown to the subscriber, what is inside of redundancy. What is encrypted cannot be taken out.
pub(super) fn outgoing_codec(
    incoming: &Format,
    (coming, encrypted): (&[Format], bool),
    offered: &[Format],
) -> Option<OutgoingCodec> {
    let whole = match_codec(incoming, offered).map(|format| (format, false));
    let inner = || {
        let inner = incoming.inner.filter(|_| !encrypted)?;
        let is_inner = |format: &&Format| format.payload_type == inner && format.name != CodecName::Red;
        Some((match_codec(coming.iter().find(is_inner)?, offered)?, true))
    };
    let (format, unwraps) = whole.or_else(inner)?;
    Some(OutgoingCodec {
        name: format.name,
        payload_type: format.payload_type,
        rtx_payload_type: format.rtx_payload_type,
        clock_rate_hz: format.clock_rate_hz,
        nack: format.nack,
        unwraps,
    })
}

/// The subscriber's codec that decodes what the publisher's encodes; the most alike if there are several.
fn match_codec<'a>(incoming: &Format, offered: &'a [Format]) -> Option<&'a Format> {
    let same = |format: &&Format| format.name == incoming.name && format.clock_rate_hz == incoming.clock_rate_hz;
    let mut best: Option<(&Format, u8)> = None;
    for format in offered.iter().filter(same) {
        let likeness = likeness(incoming, format);
        if likeness > best.map_or(0, |(_, best)| best) {
            best = Some((format, likeness));
        }
    }
    best.map(|(format, _)| format)
}

/// 0 when it cannot be decoded.
fn likeness(incoming: &Format, format: &Format) -> u8 {
    if incoming.name == CodecName::H264 {
        return h264_likeness(incoming, format);
    }
    u8::from(incoming.profile == format.profile)
}

/// Decoders take more than they say: another profile is better than no picture (RFC 6184 §8.1).
fn h264_likeness(incoming: &Format, format: &Format) -> u8 {
    if format.is_single && !incoming.is_single {
        return 0;
    }
    // The profile and its constraints.
    let alike = |digits| u8::from(incoming.profile.get(..digits) == format.profile.get(..digits));
    let profile = alike(2).saturating_mul(2).saturating_add(alike(4));
    let mode = u8::from(incoming.is_single == format.is_single);
    profile.saturating_mul(2).saturating_add(mode).saturating_add(2)
}

/// One of the format parameters; names and values are compared as browsers write them, in lower case.
fn parameter<'a>(codec: &'a Codec, name: &str, otherwise: &'a str) -> &'a str {
    let mut parameters = codec.fmtp.split(';').filter_map(|parameter| parameter.trim().split_once('='));
    let found = parameters.find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.map_or(otherwise, |(_, value)| value.trim())
}

#[cfg(test)]
mod tests;

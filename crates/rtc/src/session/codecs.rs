//! Which of the offered payload types are passed through.

use rtp::parameters::{Codec, CodecName, Feedback, Kind};

use super::Allow;
use crate::sdp::{MediaDescription, Payload};

/// The codecs that both can, in the client's order, [`CODECS_MAX`] of them.
pub(super) fn common(media: &MediaDescription, kind: Kind, allow: &Allow, transport_cc: bool) -> Vec<Codec> {
    let repairs: Vec<(&Payload, u8)> = media.payloads.iter().filter_map(|rtx| Some((rtx, repaired(rtx)?))).collect();
    let mut codecs: Vec<Codec> = Vec::new();
    for payload in &media.payloads {
        let name = name(payload, kind).filter(|name| allow.codecs.contains(name));
        let Some(name) = name.filter(|name| is_passed_through(*name, payload)) else { continue };
        if codecs.len() == CODECS_MAX {
            break;
        }
        codecs.push(Codec {
            name,
            payload_type: payload.payload_type,
            rtx_payload_type: repair(&repairs, payload),
            clock_rate_hz: payload.clock_rate_hz,
            channels: if kind == Kind::Audio { payload.channels } else { 1 },
            fmtp: parameters(name, payload),
            feedback: feedback(payload.feedback, transport_cc),
        });
    }
    drop_orphaned_redundancy(&mut codecs);
    codecs
}

fn name(payload: &Payload, kind: Kind) -> Option<CodecName> {
    let names: &[CodecName] = match kind {
        Kind::Audio => &[CodecName::Opus, CodecName::Red, CodecName::Pcmu, CodecName::Pcma],
        Kind::Video => &[CodecName::Vp8, CodecName::Vp9, CodecName::H264, CodecName::H265, CodecName::Av1],
    };
    names.iter().copied().find(|name| name.as_str().eq_ignore_ascii_case(&payload.encoding))
}

/// Profiles that only some can decode would reach subscribers who offered the plain one.
fn is_passed_through(name: CodecName, payload: &Payload) -> bool {
    let parameter = |name| payload.parameter(name);
    match name {
        CodecName::Opus | CodecName::Red => payload.clock_rate_hz == 48000,
        CodecName::Pcmu | CodecName::Pcma => payload.clock_rate_hz == 8000 && payload.channels == 1,
        CodecName::Vp8 | CodecName::H265 => payload.clock_rate_hz == 90000,
        CodecName::Vp9 => payload.clock_rate_hz == 90000 && matches!(parameter("profile-id"), None | Some("0" | "2")),
        CodecName::Av1 => payload.clock_rate_hz == 90000 && matches!(parameter("profile"), None | Some("0")),
        CodecName::H264 => {
            payload.clock_rate_hz == 90000 && matches!(parameter("packetization-mode"), None | Some("0" | "1"))
        }
    }
}

/// The payload type whose packets `rtx` sends again (RFC 4588 §8.1).
fn repaired(rtx: &Payload) -> Option<u8> {
    let is_rtx = rtx.encoding.eq_ignore_ascii_case("rtx") && rtx.channels == 1;
    is_rtx.then(|| rtx.parameter("apt")?.parse().ok()).flatten()
}

/// The payload type of retransmissions that belongs to `media`, of those and what they send again.
fn repair(repairs: &[(&Payload, u8)], media: &Payload) -> Option<u8> {
    let is_one =
        |(rtx, repaired): &&(&Payload, u8)| *repaired == media.payload_type && rtx.clock_rate_hz == media.clock_rate_hz;
    repairs.iter().find(is_one).map(|(rtx, _)| rtx.payload_type)
}

/// The answer says of the client's codec what the client says of it. Who announces that it sends stereo (RFC 7587 §6.1) is told that we
/// take it, since in an answer silence would mean mono.
fn parameters(name: CodecName, payload: &Payload) -> String {
    let mut parameters = payload.parameters.clone();
    let announces = payload.parameter("sprop-stereo") == Some("1") && payload.parameter("stereo").is_none();
    if name == CodecName::Opus && announces {
        parameters.push_str(";stereo=1");
    }
    parameters
}

/// Transport-wide feedback needs the header extension; where it is agreed upon, REMB has nothing to add.
fn feedback(offered: Feedback, transport_cc: bool) -> Feedback {
    let transport_cc = offered.transport_cc && transport_cc;
    Feedback { transport_cc, remb: offered.remb && !transport_cc, ..offered }
}

/// RED (RFC 2198) around a codec that was left out is of no use.
fn drop_orphaned_redundancy(codecs: &mut Vec<Codec>) {
    let inner = |fmtp: &str| fmtp.split('/').next().and_then(|payload_type| payload_type.trim().parse::<u8>().ok());
    let opus: Vec<u8> = codecs.iter().filter(|codec| codec.name == CodecName::Opus).map(|c| c.payload_type).collect();
    codecs
        .retain(|codec| codec.name != CodecName::Red || inner(&codec.fmtp).is_some_and(|inner| opus.contains(&inner)));
}

/// Codecs of one media description, without their retransmissions: those of every slot are compared with those of every track. Browsers
/// offer about twenty.
pub(super) const CODECS_MAX: usize = 32;

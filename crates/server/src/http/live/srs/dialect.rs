//! SDP as the clients of SRS know it: one payload type in each media description, the candidates in each of them, no trickle.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

use live::{StreamAddress, StreamName};
use rtc::sdp::{Description, MediaDescription, MediaKind, Payload};

use crate::http::live::refusal::Refusal;
use crate::live::access::Deed;
use crate::live::offer::ufrag_of;

/// Appends a line; writing to a String does not fail.
macro_rules! line {
    ($sdp:expr, $($format:tt)*) => {{
        let written = write!($sdp, $($format)*);
        debug_assert!(written.is_ok());
        $sdp.push_str("\r\n");
    }};
}

/// What was asked for, or is on air.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Codecs {
    pub(super) video: Option<&'static str>,
    pub(super) audio: Option<&'static str>,
}

/// Where a client reaches us, as it says itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reached {
    ip: IpAddr,
    /// Of UDP.
    port: Option<u16>,
}

/// What the parameter `eip` or `candidate` says: an address, with a port or without.
pub(crate) fn reached(address: &StreamAddress) -> Result<Option<Reached>, Refusal> {
    for name in ["eip", "candidate"] {
        let Some(value) = address.parameter(name).filter(|value| !value.is_empty()) else { continue };
        let with_port = value.parse::<SocketAddr>().map(|both| Reached { ip: both.ip(), port: Some(both.port()) });
        let alone = value.parse::<IpAddr>().map(|ip| Reached { ip, port: None });
        return with_port.or(alone).map(Some).map_err(|_| Refusal::BadQuery(name));
    }
    Ok(None)
}

/// The answer with that address in the place of ours.
pub(crate) fn with_candidate(answer: &str, reached: Reached) -> String {
    let mut sdp = String::with_capacity(answer.len());
    let mut written: Vec<String> = Vec::new();
    for text in answer.lines() {
        if text.starts_with("m=") {
            written.clear();
        }
        let Some(candidate) = Candidate::parse(text) else {
            line!(sdp, "{text}");
            continue;
        };
        let port = reached.port.filter(|_| candidate.transport == "udp").unwrap_or(candidate.port);
        let Candidate { foundation, transport, priority, suffix, .. } = candidate;
        // Several addresses of ours become this one.
        if !written.iter().any(|known| known == transport) {
            written.push(transport.to_owned());
            line!(sdp, "a=candidate:{foundation} 1 {transport} {priority} {} {port} typ host{suffix}", reached.ip);
        }
    }
    sdp
}

/// Both fragments, by which SRS names a session.
pub(crate) fn session_name(answer: &str, client_ufrag: &str) -> String {
    format!("{}:{client_ufrag}", ufrag_of(answer))
}

/// The name of a codec as SDP has it.
pub(super) fn codec_name(parameter: &str) -> Option<&'static str> {
    let known = [
        ("h264", "H264"),
        ("avc", "H264"),
        ("hevc", "H265"),
        ("h265", "H265"),
        ("av1", "AV1"),
        ("vp9", "VP9"),
        ("vp8", "VP8"),
        ("opus", "opus"),
        ("pcmu", "PCMU"),
        ("pcma", "PCMA"),
    ];
    known.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(parameter)).map(|(_, name)| name)
}

/// The offer with one payload type in each description, and of the header extensions the one for transport-wide feedback.
pub(super) fn narrow(offer: &str, codecs: Codecs) -> String {
    let description = Description::parse(offer).unwrap_or_default();
    let mut media = description.media.iter();
    let mut chosen: Option<u8> = None;
    let mut sdp = String::with_capacity(offer.len());
    for text in offer.lines() {
        if text.starts_with("m=") {
            chosen = media.next().and_then(|one| choose(one, codecs));
            match chosen {
                Some(number) => {
                    let head: Vec<&str> = text.split_ascii_whitespace().take(3).collect();
                    line!(sdp, "{} {number}", head.join(" "));
                }
                None => line!(sdp, "{text}"),
            }
        } else if is_kept(text, chosen) {
            line!(sdp, "{text}");
        }
    }
    sdp
}

/// Whether a line of a description stays in which only one payload type does.
fn is_kept(text: &str, chosen: Option<u8>) -> bool {
    let (name, value) = text.split_once(':').unwrap_or((text, ""));
    if name == "a=extmap" {
        return value.ends_with(TRANSPORT_CC);
    }
    if matches!(name, "a=rid" | "a=simulcast") {
        return false;
    }
    let Some(chosen) = chosen else { return true };
    let (number, rest) = value.split_once(' ').unwrap_or((value, ""));
    match name {
        "a=rtpmap" | "a=fmtp" => number.parse() == Ok(chosen),
        "a=rtcp-fb" => {
            (number == "*" || number.parse() == Ok(chosen)) && ["nack", "nack pli", "transport-cc"].contains(&rest)
        }
        _ => true,
    }
}

/// The payload type that is wanted most; `None` leaves the description as it is.
fn choose(media: &MediaDescription, codecs: Codecs) -> Option<u8> {
    let (wanted, order): (_, &[&str]) = match media.kind {
        MediaKind::Audio => (codecs.audio, &["opus", "PCMU", "PCMA"]),
        MediaKind::Video => (codecs.video, &["H264", "VP8", "VP9", "AV1", "H265"]),
        MediaKind::Application | MediaKind::Other(_) => return None,
    };
    let of = |name: &str| {
        let fitting = media.payloads.iter().filter(|payload| payload.encoding.eq_ignore_ascii_case(name));
        fitting.min_by_key(|payload| oddness(payload)).map(|payload| payload.payload_type)
    };
    wanted.into_iter().chain(order.iter().copied()).find_map(of)
}

/// Of several profiles of H.264, the one that everybody decodes comes first.
fn oddness(payload: &Payload) -> u8 {
    let profile = payload.parameter("profile-level-id").unwrap_or_default().to_ascii_lowercase();
    let mode = payload.parameter("packetization-mode");
    match (mode, profile.as_str()) {
        (Some("1"), "42e01f") => 0,
        (Some("1"), profile) if profile.starts_with("42") => 1,
        (Some("1"), _) => 2,
        _ => 3,
    }
}

/// The answer in the form that SRS gives it.
pub(super) fn dress(answer: &str, deed: Deed, name: &StreamName) -> String {
    let candidates = candidates(answer);
    let mut sdp = String::with_capacity(answer.len() * 2);
    let mut in_media = false;
    let mut stream = ("", "");
    for text in answer.lines() {
        match text.split_once([':', '=']) {
            Some(("o", origin)) => {
                let rest = origin.split_once(' ').map_or("0 0 IN IP4 0.0.0.0", |(_, rest)| rest);
                line!(sdp, "o=SRS/{} {rest}", env!("CARGO_PKG_VERSION"));
            }
            Some(("s", _)) => {
                line!(sdp, "s={}", if deed == Deed::Publish { "SRSPublishSession" } else { "SRSPlaySession" });
            }
            Some(("m", _)) => {
                if in_media {
                    sdp.push_str(&candidates);
                }
                in_media = true;
                line!(sdp, "{text}");
            }
            _ if text.starts_with("a=msid-semantic") => {
                line!(sdp, "a=msid-semantic: WMS {}/{}", name.app(), name.stream());
            }
            _ if ["a=candidate:", "a=end-of-candidates", "a=ice-options"]
                .iter()
                .any(|known| text.starts_with(known)) => {}
            _ => {
                if let Some(msid) = text.strip_prefix("a=msid:") {
                    stream = msid.split_once(' ').unwrap_or((msid, msid));
                }
                line!(sdp, "{text}");
                if let Some((ssrc, _)) = text.strip_prefix("a=ssrc:").and_then(|rest| rest.split_once(" cname:")) {
                    let (stream, track) = stream;
                    line!(sdp, "a=ssrc:{ssrc} msid:{stream} {track}");
                    line!(sdp, "a=ssrc:{ssrc} mslabel:{stream}");
                    line!(sdp, "a=ssrc:{ssrc} label:{track}");
                }
            }
        }
    }
    if in_media {
        sdp.push_str(&candidates);
    }
    sdp
}

/// The candidates of the first description that has some, as SRS writes them.
fn candidates(answer: &str) -> String {
    let first = answer.split("\r\nm=").find(|section| section.contains("a=candidate:")).unwrap_or_default();
    let mut lines = String::new();
    for (index, candidate) in first.lines().filter_map(Candidate::parse).enumerate() {
        let Candidate { transport, ip, port, .. } = candidate;
        let priority = PRIORITY_MAX.saturating_sub(index);
        let kind = if transport == "tcp" { " tcptype passive" } else { " generation 0" };
        line!(lines, "a=candidate:{index} 1 {transport} {priority} {ip} {port} typ host{kind}");
    }
    lines
}

/// A candidate as our answers have it.
struct Candidate<'a> {
    foundation: &'a str,
    transport: &'a str,
    priority: &'a str,
    ip: &'a str,
    port: u16,
    /// What follows behind the type.
    suffix: &'a str,
}

impl<'a> Candidate<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (head, suffix) = text.strip_prefix("a=candidate:")?.split_once(" typ host")?;
        let mut words = head.split(' ');
        let foundation = words.next()?;
        let _component = words.next()?;
        let (transport, priority) = (words.next()?, words.next()?);
        Some(Self { foundation, transport, priority, ip: words.next()?, port: words.next()?.parse().ok()?, suffix })
    }
}

/// The header extension that numbers packets for feedback about the transport.
const TRANSPORT_CC: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
/// RFC 8445 §5.1.2.1, of a host candidate over UDP.
const PRIORITY_MAX: usize = 2_130_706_431;

#[cfg(test)]
mod tests;

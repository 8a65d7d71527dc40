//! What becomes of one media description of the offer.

use std::sync::Arc;

use rtp::parameters::{Codec, Kind, Mid, ReceiveParameters, SendParameters};

use super::extensions::{ExtensionTable, Extensions};
use super::streams::{announced, layers};
use super::{Allow, DataParameters, Media, codecs};
use crate::sdp::{Description, Direction, MediaDescription, MediaKind};

/// A media description and the decision about it.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) mid: Mid,
    pub(super) outcome: Outcome,
}

#[derive(Debug)]
pub(super) enum Outcome {
    /// Answered with port 0.
    Rejected,
    Rtp(Box<RtpLine>),
    Data(DataParameters),
}

/// An accepted description of audio or video.
#[derive(Debug)]
pub(super) struct RtpLine {
    pub(super) kind: Kind,
    /// As the answer says it.
    pub(super) direction: Direction,
    pub(super) codecs: Arc<[Codec]>,
    pub(super) extensions: Extensions,
    pub(super) rids: Vec<rtp::parameters::Rid>,
    pub(super) ssrcs: Vec<rtp::parameters::AnnouncedSsrc>,
}

/// Decides about a description that is neither stopped nor outside of the bundle.
pub(super) fn decide(
    offer: &Description,
    media: &MediaDescription,
    mid: &Mid,
    allow: &Allow,
    table: &mut ExtensionTable,
) -> Outcome {
    match media.kind {
        MediaKind::Audio => rtp(offer, media, mid, Kind::Audio, allow, table),
        MediaKind::Video => rtp(offer, media, mid, Kind::Video, allow, table),
        MediaKind::Application => data(media, allow),
        MediaKind::Other(_) => Outcome::Rejected,
    }
}

fn rtp(
    offer: &Description,
    media: &MediaDescription,
    mid: &Mid,
    kind: Kind,
    allow: &Allow,
    table: &mut ExtensionTable,
) -> Outcome {
    if !RTP_PROTOCOLS.contains(&media.protocol.as_str()) {
        return Outcome::Rejected;
    }
    let offered = media.direction.or(offer.direction).unwrap_or(Direction::SendRecv);
    let direction = Direction::new(offered.receives() && allow.subscribe, offered.sends() && allow.publishes(mid));
    let extensions = table.accept(&offer.extensions, &media.extensions);
    let codecs = codecs::common(media, kind, allow, extensions.send.transport_cc.is_some());
    if codecs.is_empty() {
        return Outcome::Rejected;
    }
    // Without a direction, too: an answer that leaves layers out takes them from the client for ever (RFC 9429 §4.2.6).
    let rids = if extensions.receive.rid.is_some() { layers(media) } else { Vec::new() };
    let ssrcs = if direction.receives() { announced(media) } else { Vec::new() };
    Outcome::Rtp(Box::new(RtpLine { kind, direction, codecs: codecs.into(), extensions, rids, ssrcs }))
}

/// RFC 8841. The form of old drafts (`DTLS/SCTP` with `a=sctpmap`) is rejected: nobody has written it for years.
fn data(media: &MediaDescription, allow: &Allow) -> Outcome {
    let known = SCTP_PROTOCOLS.contains(&media.protocol.as_str())
        && media.formats.iter().any(|format| format == DATA_CHANNEL_FORMAT);
    if !known || !allow.data {
        return Outcome::Rejected;
    }
    let remote_message_bytes_max = match media.max_message_bytes {
        None => Some(MESSAGE_BYTES_DEFAULT),
        Some(0) => None,
        limit => limit,
    };
    Outcome::Data(DataParameters {
        remote_port: media.sctp_port.unwrap_or(SCTP_PORT_DEFAULT),
        remote_message_bytes_max,
    })
}

impl Line {
    /// Whether we send here.
    pub(super) fn sends(&self) -> bool {
        matches!(&self.outcome, Outcome::Rtp(line) if line.direction.sends())
    }

    /// Has one copy of the codecs with another line that says the same; whether it does.
    pub(super) fn share_codecs(&mut self, known: &Self) -> bool {
        match (&mut self.outcome, &known.outcome) {
            (Outcome::Rtp(line), Outcome::Rtp(known)) if line.codecs == known.codecs => {
                line.codecs = Arc::clone(&known.codecs);
                true
            }
            _ => false,
        }
    }

    /// For the one who uses what was agreed upon.
    pub(super) fn media(&self, (ssrc, rtx_ssrc): (u32, u32)) -> Media {
        let line = match &self.outcome {
            Outcome::Rejected => return Media::Off,
            Outcome::Data(parameters) => return Media::Data(*parameters),
            Outcome::Rtp(line) => line,
        };
        let receive = || ReceiveParameters {
            mid: self.mid.clone(),
            kind: line.kind,
            codecs: Arc::clone(&line.codecs),
            extensions: line.extensions.receive,
            rids: line.rids.clone(),
            ssrcs: line.ssrcs.clone(),
            encrypted: false,
        };
        let send = || SendParameters {
            mid: self.mid.clone(),
            kind: line.kind,
            codecs: Arc::clone(&line.codecs),
            extensions: line.extensions.send,
            ssrc,
            rtx_ssrc,
        };
        match line.direction {
            Direction::SendRecv => Media::Both(receive(), send()),
            Direction::SendOnly => Media::Send(send()),
            Direction::RecvOnly => Media::Receive(receive()),
            Direction::Inactive => Media::Off,
        }
    }
}

/// RFC 8829 §5.1.2 names the first; the others are met and mean the same where a fingerprint is there.
const RTP_PROTOCOLS: [&str; 6] =
    ["UDP/TLS/RTP/SAVPF", "TCP/TLS/RTP/SAVPF", "TCP/DTLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", "RTP/SAVPF", "RTP/SAVP"];
/// RFC 8841 §4.
const SCTP_PROTOCOLS: [&str; 2] = ["UDP/DTLS/SCTP", "TCP/DTLS/SCTP"];
/// RFC 8841 §4.3.
pub(super) const DATA_CHANNEL_FORMAT: &str = "webrtc-datachannel";
/// RFC 8841 §6.1: without `a=max-message-size` 64 KiB are meant.
const MESSAGE_BYTES_DEFAULT: u64 = 65536;
/// What everybody uses (RFC 8841 §5.2).
pub(super) const SCTP_PORT_DEFAULT: u16 = 5000;

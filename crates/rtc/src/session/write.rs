//! The text of the answer (RFC 8829 §5.3).

use std::fmt::Write as _;
use std::net::SocketAddr;

use rtp::parameters::{Codec, Mid};

use super::line::{DATA_CHANNEL_FORMAT, Line, Outcome, RtpLine, SCTP_PORT_DEFAULT};
use super::{DtlsRole, LocalTransport, Negotiation, Session, candidates};
use crate::data::MESSAGE_BYTES_MAX;
use crate::sdp::MediaDescription;

/// Appends one line; writing to a String does not fail.
macro_rules! line {
    ($sdp:expr, $($format:tt)*) => {{
        let written = write!($sdp, $($format)*);
        debug_assert!(written.is_ok());
        $sdp.push_str("\r\n");
    }};
}

/// What is the same in all media descriptions.
struct Writer<'a> {
    session: &'a Session,
    negotiation: &'a Negotiation,
    local: &'a LocalTransport<'a>,
    destination: SocketAddr,
}

/// Once the negotiation is fixed in the session.
pub(super) fn answer(session: &Session, negotiation: &Negotiation, local: &LocalTransport<'_>) -> String {
    let destination = candidates::default_destination(local.candidates);
    let writer = Writer { session, negotiation, local, destination };
    let mut sdp = String::with_capacity(ANSWER_BYTES_USUAL);
    writer.session_level(&mut sdp);
    let accepted = |line: &Line| !matches!(line.outcome, Outcome::Rejected);
    let first = negotiation.lines.iter().position(accepted);
    let last = negotiation.lines.iter().rposition(accepted);
    for (index, (line, media)) in negotiation.lines.iter().zip(&negotiation.offer.media).enumerate() {
        let with_candidates = [first, last].contains(&Some(index));
        match &line.outcome {
            Outcome::Rejected => rejected(&mut sdp, media),
            Outcome::Data(_) => {
                writer.open(&mut sdp, media, DATA_CHANNEL_FORMAT);
                writer.transport(&mut sdp, media, with_candidates);
                line!(sdp, "a=sctp-port:{SCTP_PORT_DEFAULT}");
                line!(sdp, "a=max-message-size:{MESSAGE_BYTES_MAX}");
            }
            Outcome::Rtp(rtp) => {
                writer.open(&mut sdp, media, &formats(media, &rtp.codecs));
                writer.transport(&mut sdp, media, with_candidates);
                writer.rtp(&mut sdp, index, line, rtp, media);
            }
        }
    }
    sdp
}

impl Writer<'_> {
    fn session_level(&self, sdp: &mut String) {
        let offer = &self.negotiation.offer;
        line!(sdp, "v=0");
        line!(sdp, "o=- {} {} IN IP4 127.0.0.1", self.session.id, self.session.version);
        line!(sdp, "s=-");
        line!(sdp, "t=0 0");
        if offer.bundle.is_some() {
            sdp.push_str("a=group:BUNDLE");
            let accepted = self.negotiation.lines.iter().filter(|line| !matches!(line.outcome, Outcome::Rejected));
            accepted.for_each(|line| {
                sdp.push(' ');
                sdp.push_str(line.mid.as_str());
            });
            sdp.push_str("\r\n");
        }
        line!(sdp, "a=ice-lite");
        if offer.extmap_allow_mixed {
            line!(sdp, "a=extmap-allow-mixed");
        }
        line!(sdp, "a=msid-semantic: WMS *");
    }

    fn open(&self, sdp: &mut String, media: &MediaDescription, formats: &str) {
        let kind = media.kind.as_str();
        line!(sdp, "m={kind} {} {} {formats}", self.destination.port(), media.protocol);
        let family = if self.destination.is_ipv4() { "IP4" } else { "IP6" };
        line!(sdp, "c=IN {family} {}", self.destination.ip());
        if let Some(mid) = &media.mid {
            line!(sdp, "a=mid:{mid}");
        }
    }

    /// Credentials and fingerprint stand in every description, since not everybody looks for them in the first of a bundle only; the
    /// candidates stand in the first, and again in the last, where aiortc looks for them.
    fn transport(&self, sdp: &mut String, media: &MediaDescription, with_candidates: bool) {
        line!(sdp, "a=ice-ufrag:{}", self.local.ufrag);
        line!(sdp, "a=ice-pwd:{}", self.local.pwd);
        if media.transport.trickle || self.negotiation.offer.transport.trickle {
            line!(sdp, "a=ice-options:trickle");
        }
        line!(sdp, "a=fingerprint:{}", self.local.fingerprint);
        let setup = match self.negotiation.remote.role {
            DtlsRole::Server => "passive",
            DtlsRole::Client => "active",
        };
        line!(sdp, "a=setup:{setup}");
        if with_candidates {
            candidates::write(sdp, self.local.candidates);
        }
    }

    fn rtp(&self, sdp: &mut String, index: usize, line: &Line, rtp: &RtpLine, media: &MediaDescription) {
        line!(sdp, "a={}", rtp.direction.as_str());
        line!(sdp, "a=rtcp-mux");
        if media.rtcp_rsize {
            line!(sdp, "a=rtcp-rsize");
        }
        if media.extmap_allow_mixed {
            line!(sdp, "a=extmap-allow-mixed");
        }
        rtp.codecs.iter().for_each(|codec| write_codec(sdp, codec));
        for extension in &rtp.extensions.answer {
            let direction = extension.direction.map(|direction| format!("/{}", direction.as_str()));
            line!(sdp, "a=extmap:{}{} {}", extension.id, direction.unwrap_or_default(), extension.uri);
        }
        if rtp.direction.sends() {
            self.streams(sdp, index, &line.mid, rtp);
        }
        simulcast(sdp, rtp, media);
    }

    /// One stream per description, so that the browser shows each as a track of its own.
    fn streams(&self, sdp: &mut String, index: usize, mid: &Mid, rtp: &RtpLine) {
        let Some(known) = self.session.lines.get(index) else { return };
        let (ssrc, rtx_ssrc) = known.ssrcs;
        let cname = &self.session.cname;
        let repaired = rtp.codecs.iter().any(|codec| codec.rtx_payload_type.is_some());
        line!(sdp, "a=msid:slot-{mid} track-{mid}");
        if repaired {
            line!(sdp, "a=ssrc-group:FID {ssrc} {rtx_ssrc}");
        }
        line!(sdp, "a=ssrc:{ssrc} cname:{cname}");
        if repaired {
            line!(sdp, "a=ssrc:{rtx_ssrc} cname:{cname}");
        }
    }
}

/// RFC 8829 §5.3.1: the formats of the offer, since there has to be one, and port 0.
fn rejected(sdp: &mut String, media: &MediaDescription) {
    line!(sdp, "m={} 0 {} {}", media.kind.as_str(), media.protocol, media.formats.join(" "));
    line!(sdp, "c=IN IP4 0.0.0.0");
    if let Some(mid) = &media.mid {
        line!(sdp, "a=mid:{mid}");
    }
    line!(sdp, "a=inactive");
}

/// The accepted payload types in the order of the offer.
fn formats(media: &MediaDescription, codecs: &[Codec]) -> String {
    let accepted = |payload_type: u8| {
        codecs.iter().any(|codec| codec.payload_type == payload_type || codec.rtx_payload_type == Some(payload_type))
    };
    let payload_types = media.payloads.iter().map(|payload| payload.payload_type);
    let accepted: Vec<String> = payload_types.filter(|number| accepted(*number)).map(|n| n.to_string()).collect();
    accepted.join(" ")
}

fn write_codec(sdp: &mut String, codec: &Codec) {
    let payload_type = codec.payload_type;
    let channels = if codec.channels > 1 { format!("/{}", codec.channels) } else { String::new() };
    line!(sdp, "a=rtpmap:{payload_type} {}/{}{channels}", codec.name.as_str(), codec.clock_rate_hz);
    let feedback = [
        (codec.feedback.remb, "goog-remb"),
        (codec.feedback.transport_cc, "transport-cc"),
        (codec.feedback.fir, "ccm fir"),
        (codec.feedback.nack, "nack"),
        (codec.feedback.pli, "nack pli"),
    ];
    for (_, name) in feedback.iter().filter(|(agreed, _)| *agreed) {
        line!(sdp, "a=rtcp-fb:{payload_type} {name}");
    }
    if !codec.fmtp.is_empty() {
        line!(sdp, "a=fmtp:{payload_type} {}", codec.fmtp);
    }
    if let Some(rtx) = codec.rtx_payload_type {
        line!(sdp, "a=rtpmap:{rtx} rtx/{}", codec.clock_rate_hz);
        line!(sdp, "a=fmtp:{rtx} apt={payload_type}");
    }
}

/// RFC 8853 §5.3.2: what the client sends we receive, in its order.
fn simulcast(sdp: &mut String, rtp: &RtpLine, media: &MediaDescription) {
    for rid in &rtp.rids {
        line!(sdp, "a=rid:{rid} recv");
    }
    if media.simulcast.is_some() && !rtp.rids.is_empty() {
        let rids: Vec<&str> = rtp.rids.iter().map(|rid| rid.as_str()).collect();
        line!(sdp, "a=simulcast:recv {}", rids.join(";"));
    }
}

/// Sound, picture with simulcast, and some slots.
const ANSWER_BYTES_USUAL: usize = 8 * 1024;

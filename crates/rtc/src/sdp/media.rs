//! One media description (RFC 8866 §5.14) and what stands below it.

use std::fmt;

use rtp::parameters::{Feedback, Mid};

use super::attribute::{Direction, Extension, RidDescription, Setup, Simulcast, SsrcGroup};
use super::lines::{Line, push};
use super::{
    EXTENSIONS_MAX, FINGERPRINTS_MAX, FORMAT_PARAMETERS_BYTES_MAX, Fingerprint, PAYLOAD_TYPES_MAX, RIDS_MAX,
    SSRC_GROUPS_MAX, SSRCS_MAX,
};
use crate::session::OfferError;

/// What is described.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaKind {
    /// `m=audio`
    Audio,
    /// `m=video`
    Video,
    /// `m=application`
    Application,
    /// Anything else.
    Other(String),
}

/// One media description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaDescription {
    /// What is described.
    pub kind: MediaKind,
    /// 0 when it is stopped, or when it has no transport of its own (`bundle_only`).
    pub port: u16,
    /// `UDP/TLS/RTP/SAVPF`, `UDP/DTLS/SCTP`, …
    pub protocol: String,
    /// The formats as they stand in the `m=` line.
    pub formats: Vec<String>,
    /// The formats that are payload types, in the order of the `m=` line.
    pub payloads: Vec<Payload>,
    /// `a=mid`
    pub mid: Option<Mid>,
    /// Where it is said; sendrecv is meant where it is not.
    pub direction: Option<Direction>,
    /// What concerns the transport.
    pub transport: TransportAttributes,
    /// `a=bundle-only` (RFC 9143 §6).
    pub bundle_only: bool,
    /// `a=rtcp-mux` (RFC 5761).
    pub rtcp_mux: bool,
    /// `a=rtcp-rsize` (RFC 5506).
    pub rtcp_rsize: bool,
    /// `a=extmap-allow-mixed` (RFC 8285 §6).
    pub extmap_allow_mixed: bool,
    /// `a=extmap`
    pub extensions: Vec<Extension>,
    /// The ids of `a=ssrc`, each once, in their order.
    pub ssrcs: Vec<u32>,
    /// `a=ssrc-group`
    pub ssrc_groups: Vec<SsrcGroup>,
    /// `a=rid`
    pub rids: Vec<RidDescription>,
    /// `a=simulcast`
    pub simulcast: Option<Simulcast>,
    /// `a=sctp-port` (RFC 8841)
    pub sctp_port: Option<u16>,
    /// `a=max-message-size`; 0 means without limit.
    pub max_message_bytes: Option<u64>,
}

/// One payload type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// 0 to 127.
    pub payload_type: u8,
    /// The encoding name of `a=rtpmap`; empty where there is none.
    pub encoding: String,
    /// Units of the timestamp per second.
    pub clock_rate_hz: u32,
    /// Audio channels.
    pub channels: u8,
    /// `a=fmtp` without the payload type.
    pub parameters: String,
    /// `a=rtcp-fb`
    pub feedback: Feedback,
}

/// What a level (session or media) says about ICE and DTLS.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TransportAttributes {
    /// `a=ice-ufrag`
    pub ufrag: Option<String>,
    /// `a=ice-pwd`
    pub pwd: Option<String>,
    /// `a=ice-options` says `trickle`.
    pub trickle: bool,
    /// `a=fingerprint`, those of a known hash function.
    pub fingerprints: Vec<Fingerprint>,
    /// `a=setup`
    pub setup: Option<Setup>,
}

impl MediaDescription {
    /// Reads the value of an `m=` line.
    pub(super) fn parse(line: Line<'_>) -> Result<Self, OfferError> {
        let unreadable = OfferError::Value { line: line.number, what: "m=" };
        let mut words = line.value.split_ascii_whitespace();
        let kind = words.next().ok_or_else(|| unreadable.clone())?;
        let port = words.next().and_then(|word| word.split('/').next()).and_then(|port| port.parse().ok());
        let port = port.ok_or_else(|| unreadable.clone())?;
        let protocol = words.next().ok_or_else(|| unreadable.clone())?.to_owned();
        let mut formats = Vec::new();
        for format in words {
            push(&mut formats, format.to_owned(), line.number, "formats", PAYLOAD_TYPES_MAX)?;
        }
        if formats.is_empty() {
            return Err(unreadable);
        }
        let payloads = if protocol.contains("RTP/") { payloads(&formats) } else { Vec::new() };
        Ok(Self { port, protocol, formats, payloads, ..Self::empty(MediaKind::parse(kind)) })
    }

    fn empty(kind: MediaKind) -> Self {
        Self {
            kind,
            port: 0,
            protocol: String::new(),
            formats: Vec::new(),
            payloads: Vec::new(),
            mid: None,
            direction: None,
            transport: TransportAttributes::default(),
            bundle_only: false,
            rtcp_mux: false,
            rtcp_rsize: false,
            extmap_allow_mixed: false,
            extensions: Vec::new(),
            ssrcs: Vec::new(),
            ssrc_groups: Vec::new(),
            rids: Vec::new(),
            simulcast: None,
            sctp_port: None,
            max_message_bytes: None,
        }
    }

    /// Takes in one attribute of this level.
    pub(super) fn attribute(&mut self, line: usize, name: &str, value: &str) -> Result<(), OfferError> {
        match name {
            "mid" => self.mid = Some(Mid::new(value).ok_or(OfferError::Value { line, what: "a=mid" })?),
            "bundle-only" => self.bundle_only = true,
            "rtcp-mux" | "rtcp-mux-only" => self.rtcp_mux = true,
            "rtcp-rsize" => self.rtcp_rsize = true,
            "extmap-allow-mixed" => self.extmap_allow_mixed = true,
            "rtpmap" | "fmtp" | "rtcp-fb" => self.payload_attribute(line, name, value)?,
            "extmap" => push_extension(&mut self.extensions, line, value)?,
            "ssrc" => self.ssrc(line, value)?,
            "ssrc-group" => {
                if let Some(group) = SsrcGroup::parse(value) {
                    push(&mut self.ssrc_groups, group, line, "a=ssrc-group", SSRC_GROUPS_MAX)?;
                }
            }
            "rid" => {
                if let Some(rid) = RidDescription::parse(value) {
                    push(&mut self.rids, rid, line, "a=rid", RIDS_MAX)?;
                }
            }
            "simulcast" => self.simulcast = Simulcast::parse(value),
            "sctp-port" => self.sctp_port = value.parse().ok(),
            "max-message-size" => self.max_message_bytes = value.parse().ok(),
            _ => match Direction::parse(name) {
                Some(direction) => self.direction = Some(direction),
                None => self.transport.attribute(line, name, value)?,
            },
        }
        Ok(())
    }

    fn payload_attribute(&mut self, line: usize, name: &str, value: &str) -> Result<(), OfferError> {
        let Some((payload_type, rest)) = value.split_once(' ') else { return Ok(()) };
        let rest = rest.trim();
        if name == "rtcp-fb" && payload_type == "*" {
            if let Some(place) = feedback(rest) {
                self.payloads.iter_mut().for_each(|payload| *place(&mut payload.feedback) = true);
            }
            return Ok(());
        }
        let Ok(payload_type) = payload_type.parse::<u8>() else { return Ok(()) };
        let Some(payload) = self.payloads.iter_mut().find(|payload| payload.payload_type == payload_type) else {
            return Ok(());
        };
        match name {
            "rtpmap" => payload.map(rest),
            "rtcp-fb" => {
                if let Some(place) = feedback(rest) {
                    *place(&mut payload.feedback) = true;
                }
            }
            _ if rest.len() > FORMAT_PARAMETERS_BYTES_MAX => {
                return Err(OfferError::TooMany { line, what: "bytes in a=fmtp", max: FORMAT_PARAMETERS_BYTES_MAX });
            }
            _ => rest.clone_into(&mut payload.parameters),
        }
        Ok(())
    }

    fn ssrc(&mut self, line: usize, value: &str) -> Result<(), OfferError> {
        let id = value.split_ascii_whitespace().next().and_then(|id| id.parse().ok());
        match id {
            Some(id) if !self.ssrcs.contains(&id) => push(&mut self.ssrcs, id, line, "a=ssrc", SSRCS_MAX),
            _ => Ok(()),
        }
    }
}

impl MediaKind {
    /// As it stands in the SDP.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Application => "application",
            Self::Other(name) => name,
        }
    }

    fn parse(name: &str) -> Self {
        match name {
            "audio" => Self::Audio,
            "video" => Self::Video,
            "application" => Self::Application,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl Payload {
    /// RFC 3551 §6 gives the numbers of the static payload types that need no `a=rtpmap`.
    fn new(payload_type: u8) -> Self {
        let encoding = match payload_type {
            0 => "PCMU",
            8 => "PCMA",
            _ => "",
        };
        Self {
            payload_type,
            encoding: encoding.to_owned(),
            clock_rate_hz: 8000,
            channels: 1,
            parameters: String::new(),
            feedback: Feedback::default(),
        }
    }

    /// `encoding/clock rate[/channels]`
    fn map(&mut self, value: &str) {
        let mut parts = value.split('/');
        let encoding = parts.next().unwrap_or_default().trim();
        let Some(clock_rate_hz) = parts.next().and_then(|rate| rate.trim().parse().ok()) else { return };
        encoding.clone_into(&mut self.encoding);
        self.clock_rate_hz = clock_rate_hz;
        self.channels = parts.next().and_then(|channels| channels.trim().parse().ok()).unwrap_or(1);
    }

    /// One of the parameters `name=value;…`; names are compared without regard to case.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let pairs = self.parameters.split(';').filter_map(|pair| pair.trim().split_once('='));
        pairs.into_iter().find(|(key, _)| key.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

impl TransportAttributes {
    /// Takes in one attribute; others than those of the transport are passed over.
    pub(super) fn attribute(&mut self, line: usize, name: &str, value: &str) -> Result<(), OfferError> {
        match name {
            "ice-ufrag" => self.ufrag = is_ice_word(value, 4).then(|| value.to_owned()),
            "ice-pwd" => self.pwd = is_ice_word(value, 22).then(|| value.to_owned()),
            "ice-options" => self.trickle = value.split([' ', ',']).any(|option| option == "trickle"),
            "setup" => self.setup = Some(Setup::parse(value)),
            "fingerprint" => {
                if let Some(fingerprint) = Fingerprint::parse(value) {
                    push(&mut self.fingerprints, fingerprint, line, "a=fingerprint", FINGERPRINTS_MAX)?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Without the password.
impl fmt::Debug for TransportAttributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportAttributes")
            .field("ufrag", &self.ufrag)
            .field("trickle", &self.trickle)
            .field("fingerprints", &self.fingerprints)
            .field("setup", &self.setup)
            .finish_non_exhaustive()
    }
}

pub(super) fn push_extension(list: &mut Vec<Extension>, line: usize, value: &str) -> Result<(), OfferError> {
    match Extension::parse(value) {
        Some(extension) => push(list, extension, line, "a=extmap", EXTENSIONS_MAX),
        None => Ok(()),
    }
}

/// Where the kind of feedback that an `a=rtcp-fb` names is noted.
fn feedback(value: &str) -> Option<fn(&mut Feedback) -> &mut bool> {
    let mut words = value.split_ascii_whitespace();
    match (words.next(), words.next()) {
        (Some("nack"), None) => Some(|feedback| &mut feedback.nack),
        (Some("nack"), Some("pli")) => Some(|feedback| &mut feedback.pli),
        (Some("ccm"), Some("fir")) => Some(|feedback| &mut feedback.fir),
        (Some("transport-cc"), _) => Some(|feedback| &mut feedback.transport_cc),
        (Some("goog-remb"), _) => Some(|feedback| &mut feedback.remb),
        _ => None,
    }
}

fn payloads(formats: &[String]) -> Vec<Payload> {
    let mut payloads: Vec<Payload> = Vec::new();
    for payload_type in formats.iter().filter_map(|format| number(format)) {
        if payload_type < 128 && payloads.iter().all(|payload| payload.payload_type != payload_type) {
            payloads.push(Payload::new(payload_type));
        }
    }
    payloads
}

/// A payload type as numbers are written: with a sign or leading zeros it is another format, and is not answered by that number.
fn number(format: &str) -> Option<u8> {
    let is_plain = format.bytes().all(|byte| byte.is_ascii_digit()) && (format == "0" || !format.starts_with('0'));
    is_plain.then(|| format.parse().ok()).flatten()
}

/// RFC 8839 §5.4: 256 characters at most. Any visible ones will do, apart from the colon which joins user names.
fn is_ice_word(value: &str, bytes_min: usize) -> bool {
    (bytes_min..=256).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':')
}

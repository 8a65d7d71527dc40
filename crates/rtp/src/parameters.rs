//! What a negotiation fixed about one media stream: what the SDP layer learns and the router needs, free of SDP.

use std::fmt;
use std::sync::Arc;

/// What a stream carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Sound.
    Audio,
    /// Pictures.
    Video,
}

/// The codecs that are passed through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CodecName {
    /// RFC 7587.
    Opus,
    /// Redundant audio (RFC 2198) around Opus.
    Red,
    /// G.711 mu-law (RFC 3551).
    Pcmu,
    /// G.711 A-law (RFC 3551).
    Pcma,
    /// RFC 7741.
    Vp8,
    /// RFC 9628.
    Vp9,
    /// RFC 6184.
    H264,
    /// RFC 7798.
    H265,
    /// The AV1 RTP payload format of AOMedia.
    Av1,
}

/// One payload type and its repair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Codec {
    /// Which codec.
    pub name: CodecName,
    /// 0 to 127, unique in the peer connection.
    pub payload_type: u8,
    /// The payload type of its retransmissions (RFC 4588), where negotiated.
    pub rtx_payload_type: Option<u8>,
    /// Units of the timestamp per second.
    pub clock_rate_hz: u32,
    /// Audio channels; 1 for video.
    pub channels: u8,
    /// The format parameters as negotiated, without `a=fmtp:PT `; empty where there are none.
    pub fmtp: String,
    /// What feedback may be sent about it.
    pub feedback: Feedback,
}

/// The kinds of RTCP feedback that are negotiated for a codec.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Feedback {
    /// Generic NACK (RFC 4585 §6.2.1).
    pub nack: bool,
    /// Picture loss indication (RFC 4585 §6.3.1).
    pub pli: bool,
    /// Full intra request (RFC 5104 §4.3.1).
    pub fir: bool,
    /// Transport-wide congestion control feedback.
    pub transport_cc: bool,
    /// Receiver estimated maximum bitrate.
    pub remb: bool,
}

/// Ids of header extensions (RFC 8285), 1 to 255; `None` where not negotiated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExtensionIds {
    /// `urn:ietf:params:rtp-hdrext:sdes:mid` (RFC 9143).
    pub mid: Option<u8>,
    /// `urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id` (RFC 8852).
    pub rid: Option<u8>,
    /// `urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id` (RFC 8852).
    pub repaired_rid: Option<u8>,
    /// `urn:ietf:params:rtp-hdrext:ssrc-audio-level` (RFC 6464).
    pub audio_level: Option<u8>,
    /// `http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time`.
    pub abs_send_time: Option<u8>,
    /// `http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01`.
    pub transport_cc: Option<u8>,
    /// `https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension`.
    pub dependency_descriptor: Option<u8>,
    /// `urn:3gpp:video-orientation`.
    pub video_orientation: Option<u8>,
    /// `http://www.webrtc.org/experiments/rtp-hdrext/playout-delay`.
    pub playout_delay: Option<u8>,
    /// `http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time`.
    pub abs_capture_time: Option<u8>,
}

impl ExtensionIds {
    /// Every extension, with the ids 1 to 10 in the order of the fields: an offer that leaves nothing out.
    pub const ALL: Self = Self {
        mid: Some(1),
        rid: Some(2),
        repaired_rid: Some(3),
        audio_level: Some(4),
        abs_send_time: Some(5),
        transport_cc: Some(6),
        dependency_descriptor: Some(7),
        video_orientation: Some(8),
        playout_delay: Some(9),
        abs_capture_time: Some(10),
    };
}

/// A media identification tag, `a=mid` (RFC 9143): 1 to 16 bytes of token characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mid(String);

/// An RTP stream id, `a=rid` (RFC 8851): 1 to 16 letters and digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rid(String);

/// One media description in which the other side sends and we receive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiveParameters {
    /// Which media description.
    pub mid: Mid,
    /// Audio or video.
    pub kind: Kind,
    /// What may come, the most wanted first. Never empty. One copy for all media descriptions that say the same.
    pub codecs: Arc<[Codec]>,
    /// Where the header extensions are.
    pub extensions: ExtensionIds,
    /// The layers of simulcast in the order of `a=simulcast:send`; empty without simulcast.
    pub rids: Vec<Rid>,
    /// Streams that were announced with `a=ssrc`: the media's and that of its retransmissions (`a=ssrc-group:FID`). May be empty: then
    /// mid and rid tell.
    pub ssrcs: Vec<AnnouncedSsrc>,
    /// What stands behind the header of a packet is encrypted from end to end: nothing of it can be read.
    pub encrypted: bool,
}

/// A stream that the other side announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnnouncedSsrc {
    /// Of the media.
    pub media: u32,
    /// Of its retransmissions.
    pub rtx: Option<u32>,
}

/// One media description in which we send and the other side receives: a slot into which any track of its kind can be put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendParameters {
    /// Which media description.
    pub mid: Mid,
    /// Audio or video.
    pub kind: Kind,
    /// What the other side can take, the most wanted first. Never empty. One copy for all media descriptions that say the same.
    pub codecs: Arc<[Codec]>,
    /// Where the header extensions go.
    pub extensions: ExtensionIds,
    /// Of the media.
    pub ssrc: u32,
    /// Of retransmissions; used where the codec has a `rtx_payload_type`.
    pub rtx_ssrc: u32,
}

impl Mid {
    /// `None` when it is empty, longer than 16 bytes, or has other characters than those of a token.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        is_token(text).then(|| Self(text.to_owned()))
    }

    /// As it stands in the SDP.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Rid {
    /// `None` when it is empty, longer than 16 bytes, or has other characters than letters, digits, `-` and `_`.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let valid = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        (valid && is_token(text)).then(|| Self(text.to_owned()))
    }

    /// As it stands in the SDP.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Mid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Rid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl CodecName {
    /// What it carries.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Self::Opus | Self::Red | Self::Pcmu | Self::Pcma => Kind::Audio,
            Self::Vp8 | Self::Vp9 | Self::H264 | Self::H265 | Self::Av1 => Kind::Video,
        }
    }

    /// The encoding name of the media subtype; names in SDP are compared without regard to case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Opus => "opus",
            Self::Red => "red",
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
            Self::Vp8 => "VP8",
            Self::Vp9 => "VP9",
            Self::H264 => "H264",
            Self::H265 => "H265",
            Self::Av1 => "AV1",
        }
    }
}

/// RFC 8866 §9, `token-char`, of the length that a one-byte header extension holds.
fn is_token(text: &str) -> bool {
    let valid = |byte: u8| {
        byte.is_ascii_graphic() && !matches!(byte, b'"' | b'(' | b')' | b',' | b'/' | b':'..=b'@' | b'['..=b']')
    };
    !text.is_empty() && text.len() <= IDENTIFIER_BYTES_MAX && text.bytes().all(valid)
}

/// A one-byte header extension holds 16 bytes (RFC 8285 §4.2).
const IDENTIFIER_BYTES_MAX: usize = 16;

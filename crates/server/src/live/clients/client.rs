//! One who publishes or views.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Instant;

use live::StreamName;
use room::media::MediaPeerId;
use tokio::sync::watch;

use super::rate::{Bytes, Kbps, Rate};
use crate::live::access::Deed;

/// A client's number. Written as 16 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClientId(pub(crate) u64);

/// What a client does, and by which protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// RTMP or RTMPS.
    RtmpPublish,
    /// RTMP or RTMPS.
    RtmpPlay,
    /// FLV over HTTP or by a WebSocket.
    FlvPlay,
    /// A transport stream without end.
    TsPlay,
    /// HLS.
    HlsPlay,
    /// WHIP, or the JSON API of WebRTC.
    RtcPublish,
    /// WHEP, or the JSON API of WebRTC.
    RtcPlay,
}

impl Kind {
    /// Every kind.
    pub(crate) const ALL: [Self; 7] = [
        Self::RtmpPublish,
        Self::RtmpPlay,
        Self::FlvPlay,
        Self::TsPlay,
        Self::HlsPlay,
        Self::RtcPublish,
        Self::RtcPlay,
    ];

    /// SRS's word for it. It has one word for all streams without end over HTTP.
    pub(crate) fn srs_word(self) -> &'static str {
        match self {
            Self::RtmpPublish => "fmle-publish",
            Self::RtmpPlay => "rtmp-play",
            Self::FlvPlay | Self::TsPlay => "flv-play",
            Self::HlsPlay => "hls-play",
            Self::RtcPublish => "rtc-publish",
            Self::RtcPlay => "rtc-play",
        }
    }

    /// The protocol.
    pub(crate) fn protocol(self) -> &'static str {
        match self {
            Self::RtmpPublish | Self::RtmpPlay => "rtmp",
            Self::FlvPlay => "flv",
            Self::TsPlay => "ts",
            Self::HlsPlay => "hls",
            Self::RtcPublish | Self::RtcPlay => "webrtc",
        }
    }

    /// Whether it publishes.
    pub(crate) fn publishes(self) -> bool {
        self.deed() == Deed::Publish
    }

    /// What has to be allowed for it.
    pub(crate) fn deed(self) -> Deed {
        match self {
            Self::RtmpPublish | Self::RtcPublish => Deed::Publish,
            Self::RtmpPlay | Self::FlvPlay | Self::TsPlay | Self::HlsPlay | Self::RtcPlay => Deed::Play,
        }
    }
}

/// Somebody comes to a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Visit {
    /// To which.
    pub(crate) name: StreamName,
    /// What for.
    pub(crate) kind: Kind,
    /// From where.
    pub(crate) address: IpAddr,
    /// The parameters behind the name, without the question mark: a token may be among them, so they are not shown.
    pub(crate) query: String,
    /// The URL that the client uses, without parameters and without the name of the stream.
    pub(crate) tc_url: String,
    /// The page that the player is in, if it says.
    pub(crate) page_url: String,
}

/// One who publishes or views.
#[derive(Debug)]
pub(crate) struct Client {
    id: ClientId,
    visit: Visit,
    since: Instant,
    received: AtomicU64,
    sent: AtomicU64,
    rate: Mutex<Rate>,
    ending: watch::Sender<bool>,
    /// Who it is to the media workers, if its packets go through them.
    media_peer: OnceLock<MediaPeerId>,
}

impl Client {
    pub(super) fn new(id: ClientId, mut visit: Visit, since: Instant, ending: watch::Sender<bool>) -> Self {
        for url in [&mut visit.tc_url, &mut visit.page_url] {
            let end = url.char_indices().nth(URL_CHARS_MAX).map_or(url.len(), |(end, _)| end);
            url.truncate(end);
        }
        let (received, sent) = (AtomicU64::new(0), AtomicU64::new(0));
        let rate = Mutex::new(Rate::new(since));
        Self { id, visit, since, received, sent, rate, ending, media_peer: OnceLock::new() }
    }

    /// Its number.
    pub(crate) fn id(&self) -> ClientId {
        self.id
    }

    /// What it came for.
    pub(crate) fn visit(&self) -> &Visit {
        &self.visit
    }

    /// What it came for, in a word.
    pub(crate) fn kind(&self) -> Kind {
        self.visit.kind
    }

    /// The stream.
    pub(crate) fn name(&self) -> &StreamName {
        &self.visit.name
    }

    /// Since when.
    pub(crate) fn since(&self) -> Instant {
        self.since
    }

    /// Counts bytes that came from it.
    pub(crate) fn count_received(&self, bytes: usize) {
        self.received.fetch_add(u64::try_from(bytes).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Counts bytes that went to it.
    pub(crate) fn count_sent(&self, bytes: usize) {
        self.sent.fetch_add(u64::try_from(bytes).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// What another has counted for it since it came.
    pub(super) fn note_bytes(&self, received: u64, sent: u64) {
        self.received.fetch_max(received, Ordering::Relaxed);
        self.sent.fetch_max(sent, Ordering::Relaxed);
    }

    /// What has come from it and gone to it.
    pub(crate) fn bytes(&self) -> Bytes {
        Bytes { received: self.received.load(Ordering::Relaxed), sent: self.sent.load(Ordering::Relaxed) }
    }

    /// How much flows.
    pub(crate) fn kbps(&self, now: Instant) -> Kbps {
        self.rate.lock().unwrap_or_else(PoisonError::into_inner).reckon(now, self.bytes())
    }

    /// Says who it is to the media workers.
    pub(crate) fn set_media_peer(&self, peer: MediaPeerId) {
        // A session has one peer for its life.
        let _ = self.media_peer.set(peer);
    }

    /// Who it is to the media workers.
    pub(super) fn media_peer(&self) -> Option<MediaPeerId> {
        self.media_peer.get().copied()
    }

    /// Whether somebody who looks after the server wants it to go.
    pub(crate) fn is_ending(&self) -> bool {
        *self.ending.borrow()
    }

    pub(super) fn end(&self) {
        self.ending.send_replace(true);
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A text that is no client's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoClientId;

impl FromStr for ClientId {
    type Err = NoClientId;

    fn from_str(text: &str) -> Result<Self, NoClientId> {
        let is_hex = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        u64::from_str_radix(text, 16).ok().filter(|_| is_hex).map(Self).ok_or(NoClientId)
    }
}

/// Characters of a URL that are kept: it is shown to people.
pub(super) const URL_CHARS_MAX: usize = 512;

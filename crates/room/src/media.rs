//! What rooms and the media server say to each other. The rooms know no packet, the media server no room, no name and no right: it
//! gets numbers and wishes, and gives back what came of them.
//!
//! Requests come out of the hub as [`Output::Media`](crate::Output::Media); events go in by
//! [`Hub::handle_media`](crate::Hub::handle_media). An event about a peer that is closed meanwhile is passed over.

mod data;

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

pub use self::data::{DATA_MESSAGE_BYTES_MAX, DataMessage, DataRefusal, Lane};

/// A room whose media passes the server. It lasts from the first request that names it to the [`Close`](MediaRequest::Close) of its last peer. Its number is never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MediaRoomId(pub u64);

/// A member's seat in a room with media: one connection to the media server, or two while one replaces the other.
/// Its number is never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MediaPeerId(pub u64);

impl fmt::Display for MediaRoomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m{}", self.0)
    }
}

impl fmt::Display for MediaPeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p{}", self.0)
    }
}

/// Where a track comes from. Together with the peer it names the track.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// A voice.
    Microphone,
    /// A face.
    Camera,
    /// A shared screen or window.
    Screen,
    /// What a shared screen sounds like.
    ScreenAudio,
}

impl Source {
    /// Every one of them.
    pub const ALL: [Self; 4] = [Self::Microphone, Self::Camera, Self::Screen, Self::ScreenAudio];

    /// Whether it is something to see.
    pub const fn is_picture(self) -> bool {
        matches!(self, Self::Camera | Self::Screen)
    }

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Microphone => "microphone",
            Self::Camera => "camera",
            Self::Screen => "screen",
            Self::ScreenAudio => "screen-audio",
        }
    }
}

/// What the rooms ask of the media server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaRequest {
    /// A member offers (RFC 9429). Answered by exactly one [`Answered`](MediaEvent::Answered) or
    /// [`Refused`](MediaEvent::Refused), unless the peer is closed first.
    Offer {
        /// Where.
        room: MediaRoomId,
        /// Who. The first offer of a number makes the peer.
        peer: MediaPeerId,
        /// Where it comes from (of IPv6: the first address of its /64 network), by which those are counted who are not connected yet.
        client: IpAddr,
        /// To be said in the answer. Grows from offer to offer.
        request: u64,
        /// The client's name for its `RTCPeerConnection`: the same one renegotiates or restarts ICE, another one replaces
        /// the connection that the peer has.
        connection: String,
        /// The offer, unread.
        sdp: String,
        /// What m-lines send.
        tracks: Vec<OfferedTrack>,
        /// What of it may be taken in; the rest is answered as not wanted.
        may_publish: Vec<Source>,
        /// Whether anything may be sent to the peer.
        may_subscribe: bool,
    },
    /// What a member wants to have in its slots. Slots that are not named stay as they are.
    Subscribe {
        /// Where.
        room: MediaRoomId,
        /// Who.
        peer: MediaPeerId,
        /// One wish for a slot at most.
        slots: Vec<SlotWish>,
    },
    /// Moderation: what comes from this source is dropped until it is unblocked. Holds also for a track that comes later.
    Block {
        /// Where.
        room: MediaRoomId,
        /// Whose.
        peer: MediaPeerId,
        /// Which track.
        source: Source,
        /// Blocked, or not any more.
        blocked: bool,
    },
    /// Data for members who have a channel of this lane. Who has lost it meanwhile misses them.
    Data {
        /// Where.
        room: MediaRoomId,
        /// For whom, each once.
        to: Vec<MediaPeerId>,
        /// Over which channel.
        lane: Lane,
        /// As it is sent.
        message: DataMessage,
    },
    /// A test of the way to a member: so many of the next media packets for it are lost before they are sent.
    Lose {
        /// Where.
        room: MediaRoomId,
        /// Whose.
        peer: MediaPeerId,
        /// How many.
        packets: u32,
    },
    /// The member has left, or its room has turned peer to peer.
    Close {
        /// Where.
        room: MediaRoomId,
        /// Who.
        peer: MediaPeerId,
    },
}

/// What an m-line of an offer sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedTrack {
    /// The m-line.
    pub mid: String,
    /// What it is.
    pub source: Source,
    /// Its payload is encrypted from end to end: the media server cannot read it.
    pub encrypted: bool,
}

/// What one slot should show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotWish {
    /// The m-line of the slot.
    pub mid: String,
    /// The track, or nothing. An audio slot without a track is filled by the server with who speaks.
    pub track: Option<(MediaPeerId, Source)>,
    /// Width of the tile in device pixels; 0 is not said.
    pub width_px: u32,
    /// Height of the tile in device pixels; 0 is not said.
    pub height_px: u32,
    /// No layer of simulcast above this one, counted from the smallest, as long as one of these flows; `None`: all of them.
    pub layer_max: Option<u8>,
    /// Who gets bandwidth first.
    pub priority: Priority,
    /// The tile is not visible.
    pub paused: bool,
}

/// Who gets bandwidth first when it is short, the least first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Priority {
    /// One of the tiles.
    #[default]
    Normal,
    /// Who speaks.
    Speaker,
    /// Whom the viewer has pinned.
    Pinned,
}

/// What the media server has to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaEvent {
    /// The answer to an offer, with all candidates.
    Answered {
        /// Whose offer.
        peer: MediaPeerId,
        /// Which offer.
        request: u64,
        /// The answer.
        sdp: String,
    },
    /// There is no answer to an offer.
    Refused {
        /// Whose offer.
        peer: MediaPeerId,
        /// Which offer.
        request: u64,
        /// Why.
        reason: MediaRefusal,
    },
    /// Media can flow.
    Connected {
        /// Whose.
        peer: MediaPeerId,
    },
    /// Media cannot flow any more on the only connection of the peer. An offer may bring it back.
    Disconnected {
        /// Whose.
        peer: MediaPeerId,
        /// Why, for people.
        reason: String,
    },
    /// All that a peer publishes, when it has changed.
    Published {
        /// Who.
        peer: MediaPeerId,
        /// One description for a source at most.
        tracks: Vec<TrackDescription>,
    },
    /// What is in the slots of a peer, of those where it has changed.
    Slots {
        /// Whose.
        peer: MediaPeerId,
        /// One report for a slot at most.
        slots: Vec<SlotReport>,
    },
    /// Which encodings of a track somebody wants, when it has changed.
    Layers {
        /// The publisher.
        peer: MediaPeerId,
        /// Which track.
        source: Source,
        /// `rid` and whether somebody wants it.
        layers: Vec<(String, bool)>,
    },
    /// Who speaks, the loudest first, when it has changed.
    Speakers {
        /// Where.
        room: MediaRoomId,
        /// Who, and how loud in dBov (0 to -127).
        speakers: Vec<(MediaPeerId, i8)>,
    },
    /// How well members are connected, of those where it has changed.
    Quality {
        /// Where.
        room: MediaRoomId,
        /// Who, from 0 (nothing comes through) to 5 (nothing is amiss), and what is amiss.
        members: Vec<(MediaPeerId, u8, Option<QualityReason>)>,
    },
    /// Which data channels of a peer are open, when it has changed.
    Lanes {
        /// Whose.
        peer: MediaPeerId,
        /// One channel for a lane.
        lanes: Vec<Lane>,
    },
    /// A peer says something over a data channel, at most [`DATA_MESSAGE_BYTES_MAX`] long.
    Data {
        /// Who.
        peer: MediaPeerId,
        /// Over which channel.
        lane: Lane,
        /// What.
        message: DataMessage,
    },
    /// A message of a peer was dropped, or a data channel of it closed.
    DataRefused {
        /// Whose.
        peer: MediaPeerId,
        /// What the channel is called.
        label: String,
        /// Why.
        refusal: DataRefusal,
    },
}

impl MediaEvent {
    /// The same, but that a message of a member is refused: for when it could not be passed on.
    #[must_use]
    pub fn without_data(self) -> Self {
        if let Self::Data { peer, lane, .. } = self {
            Self::DataRefused { peer, label: lane.label().to_owned(), refusal: DataRefusal::Busy }
        } else {
            self
        }
    }
}

/// Why an offer has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaRefusal {
    /// The SDP cannot be answered, and why, for people.
    BadOffer(String),
    /// The media server has as much to do as it may have.
    Full,
    /// There is no media server, or it stops.
    Unavailable,
}

/// One track, as the others need to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackDescription {
    /// Which.
    pub source: Source,
    /// Video, or else audio.
    pub video: bool,
    /// The name of its codec, as in SDP: `VP8`, `opus`.
    pub codec: &'static str,
    /// The `rid`s of its simulcast encodings, the smallest first; empty without simulcast.
    pub layers: Vec<String>,
    /// Its payload is encrypted from end to end.
    pub encrypted: bool,
}

/// What one slot shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotReport {
    /// The m-line of the slot.
    pub mid: String,
    /// The track, or nothing.
    pub track: Option<(MediaPeerId, Source)>,
    /// Whether it flows.
    pub state: SlotState,
    /// Why it does not, or why there is less of it than was wished.
    pub reason: Option<SlotReason>,
    /// The `rid` of the encoding that is sent.
    pub layer: Option<String>,
    /// The highest temporal layer that is sent.
    pub temporal: Option<u8>,
}

/// Whether what is in a slot flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SlotState {
    /// It does.
    Live,
    /// It is held back.
    Paused,
    /// It will, when the publisher sends (a key frame, most often).
    Waiting,
}

/// Why a slot is not all that was wished.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SlotReason {
    /// There is not bandwidth enough.
    Bandwidth,
    /// A moderator has muted the track.
    Muted,
    /// The member does not publish it.
    NoTrack,
    /// The viewer did not offer the codec of the track.
    Codec,
    /// The viewer wished it so.
    Wish,
}

/// What is amiss with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum QualityReason {
    /// Packets are lost.
    Loss,
    /// Packets are late.
    Delay,
    /// There is little bandwidth.
    Bandwidth,
}

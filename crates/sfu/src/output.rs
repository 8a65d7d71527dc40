//! What the router tells beside packets: slow things only.

use rtp::parameters::{CodecName, Kind, Mid, Rid};

use crate::id::{PeerId, TrackId};

/// Something that the signalling side should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// A track came, or what is known of it changed.
    Published {
        /// Which track.
        track: TrackId,
        /// What it is.
        description: TrackDescription,
    },
    /// A track is gone.
    Unpublished {
        /// Which track.
        track: TrackId,
    },
    /// What some slots of a subscriber show has changed.
    Slots {
        /// Whose slots.
        peer: PeerId,
        /// Only those that changed.
        slots: Vec<SlotReport>,
    },
    /// The publisher should switch encodings on and off.
    Layers {
        /// Of which track.
        track: TrackId,
        /// Every layer of simulcast, and whether somebody wants it.
        layers: Vec<(Rid, bool)>,
    },
    /// How much of a track on another worker is wanted here: to be told to its router, [`Router::handle_remote_want`](crate::Router::handle_remote_want).
    Wanted {
        /// Which track.
        track: TrackId,
        /// So many layers, from the smallest on; 0: nothing.
        layers: u8,
    },
    /// Who speaks has changed.
    Speakers {
        /// The loudest first, with their level in dBov (-127 to 0). Empty in silence.
        speakers: Vec<(PeerId, i8)>,
    },
    /// How well peers are connected has changed.
    Quality {
        /// Those that changed: 0 (nothing arrives) to 5 (perfect), and what it suffers from.
        members: Vec<(PeerId, u8, Option<QualityReason>)>,
    },
}

/// What a track is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackDescription {
    /// Audio or video.
    pub kind: Kind,
    /// The codec that arrives; before the first packet the publisher's most wanted one.
    pub codec: CodecName,
    /// The layers of simulcast, the smallest first; empty without simulcast.
    pub rids: Vec<Rid>,
    /// The payload is encrypted from end to end.
    pub encrypted: bool,
}

/// What a slot shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotReport {
    /// Which slot.
    pub mid: Mid,
    /// The track in it.
    pub track: Option<TrackId>,
    /// Whether media flows, and if not, why.
    pub state: SlotState,
    /// The layer of simulcast that is sent; `None` without simulcast, and while nothing is sent.
    pub layer: Option<Rid>,
    /// The highest temporal layer that is sent, where the codec tells.
    pub temporal: Option<u8>,
}

/// Whether media flows in a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SlotState {
    /// Packets are forwarded.
    Live,
    /// A key frame, or the publisher's first packet, is waited for.
    Waiting,
    /// The estimated bandwidth does not suffice for it.
    NoBandwidth,
    /// The publisher is muted by moderation.
    Muted,
    /// The wished track does not exist, or nothing was wished.
    NoTrack,
    /// The subscriber negotiated no payload type for the track's codec.
    NoCodec,
    /// The subscriber wishes nothing to be sent.
    Wish,
}

/// What a connection suffers from most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QualityReason {
    /// Packets get lost.
    Loss,
    /// The round trip is long.
    Delay,
    /// The wished pictures do not fit through.
    Bandwidth,
}

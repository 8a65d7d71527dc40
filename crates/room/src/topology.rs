//! Which way the media of a room takes.

use std::{str::FromStr, time::Instant};

use serde::{Deserialize, Serialize};

use crate::media::MediaRoomId;

/// What decides on the way (`rooms.topology`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Topology {
    /// From member to member while there are two, through the media server while there are more.
    #[default]
    Auto,
    /// From member to member, so at most two.
    P2p,
    /// Through the media server, also with one or two.
    Sfu,
}

impl FromStr for Topology {
    type Err = TopologyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "p2p" => Ok(Self::P2p),
            "sfu" => Ok(Self::Sfu),
            _ => Err(TopologyError),
        }
    }
}

/// The text names no topology.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be auto, p2p or sfu")]
pub struct TopologyError;

/// Which way the media of a room takes at the moment.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Plane {
    /// From member to member.
    Members,
    /// Through the media server.
    Server {
        room: MediaRoomId,
        /// Until when members may still offer to each other, when they did before: what is under way may end.
        grace_until: Option<Instant>,
        /// When the room turns peer to peer, if it stays as small as it is.
        settle_at: Option<Instant>,
    },
    /// From member to member again; the connections to the media server stay until `until`, so that no picture stops
    /// before the next one flows.
    Draining { room: MediaRoomId, until: Instant },
}

impl Plane {
    /// The word on the wire.
    pub(crate) fn mode(&self) -> &'static str {
        match self {
            Self::Members | Self::Draining { .. } => "p2p",
            Self::Server { .. } => "sfu",
        }
    }

    pub(crate) fn through_server(&self) -> bool {
        matches!(self, Self::Server { .. })
    }

    /// The room as the media server knows it.
    pub(crate) fn media_room(&self) -> Option<MediaRoomId> {
        match self {
            Self::Members => None,
            Self::Server { room, .. } | Self::Draining { room, .. } => Some(*room),
        }
    }
}

/// Why a room changes its way, on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Turn {
    ThirdMember,
    TwoLeft,
    Policy,
    /// Audiences may watch.
    Stream,
    /// The room is recorded.
    Recording,
    /// An encoder has joined.
    Encoder,
}

/// Members of a room whose media goes from member to member.
pub(crate) const PEERS_MAX: u32 = 2;

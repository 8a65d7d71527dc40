//! What audiences see of a room: its members, their screens and its stage, each of which is a stream for whoever carries streams.
//!
//! Shows come out of the hub as [`Output::Show`](crate::Output::Show); how many watch goes in by
//! [`Hub::handle_audience`](crate::Hub::handle_audience).

use std::{str::FromStr, sync::Arc, time::Instant};

use serde::{Deserialize, Serialize};

use crate::media::{MediaPeerId, MediaRoomId, Source};

/// Who may watch a room without being in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StreamPolicy {
    /// Nobody.
    #[default]
    Off,
    /// Whoever has a token for it.
    Token,
    /// Everybody.
    Open,
}

impl FromStr for StreamPolicy {
    type Err = StreamPolicyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "off" => Ok(Self::Off),
            "token" => Ok(Self::Token),
            "open" => Ok(Self::Open),
            _ => Err(StreamPolicyError),
        }
    }
}

/// The text names no policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be off, token or open")]
pub struct StreamPolicyError;

/// What of a room is shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// What everybody looks at: a screen, or who speaks.
    Stage,
    /// Face and voice of the member with this uid.
    Member(String),
    /// The screen of the member with this uid, and what it sounds like.
    Screen(String),
}

/// A part of a room as the media server has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Show {
    /// Where.
    pub room: MediaRoomId,
    /// Whose sound; `None`: of whoever speaks loudest.
    pub audio: Option<(MediaPeerId, Source)>,
    /// Whose pictures; `None`: nobody's at the moment.
    pub video: Option<(MediaPeerId, Source)>,
    /// Whether somebody sends that sound.
    pub has_audio: bool,
    /// The codec of those pictures, as in SDP; `None` while nobody sends them.
    pub video_codec: Option<&'static str>,
    /// How many layers of simulcast those pictures have; 0 without simulcast.
    pub video_layers: usize,
    /// It is encrypted from end to end: only members can read it.
    pub encrypted: bool,
    /// Who may watch.
    pub access: StreamPolicy,
    /// The recording of the room that it is a part of; `None`: it is not recorded.
    pub taken: Option<Arc<Taken>>,
}

/// What a part of a room's recording has to say of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// When the recording of the room began: the moment from which its parts are counted.
    pub since: Instant,
    /// The same in milliseconds since the Unix epoch. No room begins two recordings at the same.
    pub since_ms: u64,
    /// The uid of who has begun it.
    pub by: String,
    /// What that one is called.
    pub by_name: String,
    /// What the member is called who is in this part.
    pub name: String,
}

//! The names of peers and tracks.

use std::fmt;

/// A peer connection of this worker. Dense, because it is the key of the worker's slab: the shell may index a `Vec` with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PeerId(pub u32);

/// What a peer publishes; at most one track of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// The peer's voice.
    Microphone,
    /// The peer's picture.
    Camera,
    /// What is on the peer's screen.
    Screen,
    /// What is heard on the peer's device while the screen is shared.
    ScreenAudio,
}

/// A track: who publishes what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TrackId {
    /// Who publishes it.
    pub peer: PeerId,
    /// What it shows or lets hear.
    pub source: Source,
}

impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Display for TrackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:?}", self.peer, self.source)
    }
}

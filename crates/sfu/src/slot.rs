//! Slots: the places of a subscriber into which the router puts tracks.

use rtp::parameters::Mid;

use crate::id::TrackId;

/// What a subscriber wants in one of its slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Which slot.
    pub mid: Mid,
    /// Which track; with `None` the slot is empty, or chosen by the server if it is an audio slot.
    pub track: Option<TrackId>,
    /// Width of the tile in device pixels; 0 where it does not matter.
    pub width_px: u32,
    /// Height of the tile in device pixels; 0 where it does not matter.
    pub height_px: u32,
    /// What goes first when bandwidth is short.
    pub priority: Priority,
    /// Nothing is to be sent, because nobody looks.
    pub paused: bool,
}

/// What goes first when bandwidth is short.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Priority {
    /// One tile among others.
    #[default]
    Normal,
    /// The one who speaks.
    Speaker,
    /// The one that the viewer chose.
    Pinned,
}

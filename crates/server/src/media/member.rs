//! A member of a room, as the worker knows it: a seat with one connection, or two while one replaces the other.

use std::collections::BTreeMap;

use room::media::{MediaPeerId, SlotWish, Source, TrackDescription};
use rtp::parameters::ReceiveParameters;
use sfu::LinkId;

/// A member, by its place among the worker's members; the place is its name in the router, too.
#[derive(Debug)]
pub(crate) struct Member {
    /// Its name in the rooms.
    pub(crate) id: MediaPeerId,
    /// The number of its room.
    pub(crate) room: u32,
    /// The worker to which it is connected, if that is another: then it is a guest here, which only publishes.
    pub(crate) home: Option<LinkId>,
    /// The connection that media takes.
    pub(crate) current: Option<u32>,
    /// The one that will, when it is connected.
    pub(crate) next: Option<u32>,
    /// Whether the router knows it.
    pub(crate) joined: bool,
    /// The newest wish for each slot, told to the router again when the slots are others.
    pub(crate) wishes: BTreeMap<String, SlotWish>,
    /// Sources of which nothing is forwarded.
    pub(crate) blocked: Vec<Source>,
    /// What the router has of it.
    pub(crate) published: Vec<Source>,
    /// The same in the words of the rooms.
    pub(crate) described: Vec<TrackDescription>,
    /// What it publishes if it has no connection, as this server itself makes it.
    pub(crate) fed: Vec<(Source, ReceiveParameters)>,
}

impl Member {
    pub(crate) fn new(id: MediaPeerId, room: u32) -> Self {
        Self {
            id,
            room,
            home: None,
            current: None,
            next: None,
            joined: false,
            wishes: BTreeMap::new(),
            blocked: Vec::new(),
            published: Vec::new(),
            described: Vec::new(),
            fed: Vec::new(),
        }
    }

    /// A member that is connected to another worker.
    pub(crate) fn guest(id: MediaPeerId, room: u32, home: LinkId) -> Self {
        Self { home: Some(home), joined: true, ..Self::new(id, room) }
    }

    /// Keeps a wish; false when there are too many.
    pub(crate) fn note_wish(&mut self, wish: &SlotWish) -> bool {
        if self.wishes.len() >= WISHES_MAX && !self.wishes.contains_key(&wish.mid) {
            return false;
        }
        self.wishes.insert(wish.mid.clone(), wish.clone());
        true
    }

    /// Its connections, the one in use first.
    pub(crate) fn connections(&self) -> impl Iterator<Item = u32> + use<> {
        self.current.into_iter().chain(self.next)
    }
}

/// As many as an offer may have media descriptions.
const WISHES_MAX: usize = 128;

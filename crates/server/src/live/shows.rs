//! What rooms show audiences at this moment, by the names of streams: `room/{room}` is a room's stage, `room/{room}/{uid}` a member, and
//! `room/{room}/{uid}/screen` its screen. The rooms write it; whoever carries streams reads it, and hears when it changes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use live::StreamName;
use room::show::{Part, Show, StreamPolicy};
use tokio::sync::watch;

/// All of it. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shows(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// At most two for each member of a room, and one for each room.
    shows: Mutex<BTreeMap<StreamName, Show>>,
    changes: watch::Sender<()>,
}

impl Shows {
    /// A room shows something else from here on. What has a name that no stream can have is passed over.
    pub(crate) fn note(&self, room: &str, part: &Part, show: Option<Show>) {
        let Some(name) = name_of(room, part) else { return };
        let mut shows = self.shows();
        match show {
            Some(show) => drop(shows.insert(name, show)),
            None => drop(shows.remove(&name)),
        }
        drop(shows);
        self.0.changes.send_replace(());
    }

    /// What is shown under that name.
    pub(crate) fn find(&self, name: &StreamName) -> Option<Show> {
        self.shows().get(name).cloned()
    }

    /// Whether a stream of that name may be passed on to others: it is no room's, or that room lets others watch.
    pub(crate) fn may_leave(&self, name: &StreamName) -> bool {
        room_of(name).is_none() || self.find(name).is_some_and(|show| show.access != StreamPolicy::Off)
    }

    /// All that is shown.
    pub(crate) fn all(&self) -> BTreeMap<StreamName, Show> {
        self.shows().clone()
    }

    /// Changes whenever a room shows something else.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.0.changes.subscribe()
    }

    fn shows(&self) -> MutexGuard<'_, BTreeMap<StreamName, Show>> {
        self.0.shows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The name under which a part of a room is shown.
fn name_of(room: &str, part: &Part) -> Option<StreamName> {
    let named = match part {
        Part::Stage => StreamName::new(APP, room),
        Part::Member(uid) => StreamName::new(&format!("{APP}/{room}"), uid),
        Part::Screen(uid) => StreamName::new(&format!("{APP}/{room}/{uid}"), SCREEN),
    };
    named.ok()
}

/// The room that a stream of this name belongs to; `None` where the name is anybody's.
pub(crate) fn room_of(name: &StreamName) -> Option<&str> {
    room_to_join(name).or_else(|| name.app().strip_prefix(APP)?.strip_prefix('/')?.split('/').next())
}

/// The room that whoever publishes under this name is a member of; `None` where the name is no room's own.
pub(crate) fn room_to_join(name: &StreamName) -> Option<&str> {
    (name.app() == APP).then(|| name.stream())
}

/// The part of its room that a stream of this name shows; `None` where the name is anybody's.
pub(crate) fn part_of(name: &StreamName) -> Option<Part> {
    if name.app() == APP {
        return Some(Part::Stage);
    }
    match name.app().strip_prefix(APP)?.strip_prefix('/')?.split_once('/') {
        None => Some(Part::Member(name.stream().to_owned())),
        Some((_, uid)) => (name.stream() == SCREEN).then(|| Part::Screen(uid.to_owned())),
    }
}

/// All names in this app are those of rooms.
const APP: &str = "room";
const SCREEN: &str = "screen";

#[cfg(test)]
mod tests;

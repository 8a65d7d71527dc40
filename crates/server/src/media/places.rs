//! Which worker a member is placed on.
//!
//! A room begins on the worker with the fewest members and stays there while it is small: what crosses between workers costs more than it
//! saves. One that grows beyond so many members for each worker goes on to the next, and then fills its workers evenly. Who is placed stays.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use room::media::{MediaPeerId, MediaRoomId};

/// Where everybody is.
#[derive(Debug)]
pub(crate) struct Places {
    /// A room has as many workers as it takes to have no more members on each; 0: one.
    members_per_worker: usize,
    /// Members by worker, those of all that count together.
    load: Arc<[AtomicUsize]>,
    rooms: BTreeMap<MediaRoomId, BTreeMap<MediaPeerId, usize>>,
}

impl Places {
    /// Nobody yet on so many workers.
    pub(crate) fn new(workers: usize, members_per_worker: usize) -> Self {
        let load = std::iter::repeat_with(AtomicUsize::default).take(workers.max(1)).collect();
        Self { members_per_worker, load, rooms: BTreeMap::new() }
    }

    /// Others on the same workers, also nobody yet: both look at the members of both.
    pub(crate) fn beside(&self) -> Self {
        Self { members_per_worker: self.members_per_worker, load: Arc::clone(&self.load), rooms: BTreeMap::new() }
    }

    /// The worker of a member, who is placed if that is not done yet.
    pub(crate) fn place(&mut self, room: MediaRoomId, peer: MediaPeerId) -> usize {
        let known = self.rooms.get(&room).and_then(|members| members.get(&peer));
        if let Some(&worker) = known {
            return worker;
        }
        let worker = self.choose(room);
        self.rooms.entry(room).or_default().insert(peer, worker);
        if let Some(load) = self.load.get(worker) {
            load.fetch_add(1, Ordering::Relaxed);
        }
        worker
    }

    /// Who of these is where; who has not been placed is left out.
    pub(crate) fn group(&self, room: MediaRoomId, peers: Vec<MediaPeerId>) -> BTreeMap<usize, Vec<MediaPeerId>> {
        let mut groups = BTreeMap::<usize, Vec<MediaPeerId>>::new();
        let Some(members) = self.rooms.get(&room) else { return groups };
        for peer in peers {
            if let Some(&worker) = members.get(&peer) {
                groups.entry(worker).or_default().push(peer);
            }
        }
        groups
    }

    /// The worker of a member who leaves.
    pub(crate) fn leave(&mut self, room: MediaRoomId, peer: MediaPeerId) -> Option<usize> {
        let members = self.rooms.get_mut(&room)?;
        let worker = members.remove(&peer)?;
        if members.is_empty() {
            self.rooms.remove(&room);
        }
        if let Some(load) = self.load.get(worker) {
            // Whoever leaves has come.
            load.fetch_sub(1, Ordering::Relaxed);
        }
        Some(worker)
    }

    /// For one more member of a room.
    fn choose(&self, room: MediaRoomId) -> usize {
        let mut here = vec![0_usize; self.load.len()];
        for worker in self.rooms.get(&room).into_iter().flat_map(BTreeMap::values) {
            if let Some(count) = here.get_mut(*worker) {
                *count += 1;
            }
        }
        let members = here.iter().sum::<usize>() + 1;
        let wanted = members
            .checked_div(self.members_per_worker)
            .map_or(1, |full| full + usize::from(members % self.members_per_worker > 0));
        // First the workers where most of it is, then the least busy.
        let mut workers: Vec<usize> = (0..here.len()).collect();
        let count = |worker: usize| here.get(worker).copied().unwrap_or(0);
        // Read once: it may change meanwhile, and an order must not.
        let load: Vec<usize> = self.load.iter().map(|load| load.load(Ordering::Relaxed)).collect();
        let load = |worker: usize| load.get(worker).copied().unwrap_or(0);
        workers.sort_by_key(|&worker| (Reverse(count(worker)), load(worker)));
        workers.truncate(wanted.max(1));
        workers.into_iter().min_by_key(|&worker| (count(worker), load(worker))).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests;

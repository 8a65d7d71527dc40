//! Which worker has which room, on the side of the rooms.

use std::collections::{BTreeMap, BTreeSet};

use room::media::{MediaPeerId, MediaRequest, MediaRoomId};

use crate::workers::Handle;

/// Passes requests on to the worker of their room. A room is placed by load when it opens, and stays.
#[derive(Debug)]
pub(crate) struct Switchboard {
    workers: Handle,
    rooms: BTreeMap<MediaRoomId, Placed>,
    /// Members by worker.
    load: Vec<usize>,
}

#[derive(Debug)]
struct Placed {
    worker: usize,
    members: BTreeSet<MediaPeerId>,
}

impl Switchboard {
    pub(crate) fn new(workers: Handle) -> Self {
        let load = vec![0; workers.workers()];
        Self { workers, rooms: BTreeMap::new(), load }
    }

    /// Passes a request on; waits while its worker is busy. A worker that has ended takes the server with it.
    pub(crate) async fn pass_on(&mut self, request: MediaRequest) {
        let (room, peer, ends) = match &request {
            MediaRequest::Offer { room, peer, .. } => (*room, *peer, false),
            MediaRequest::Subscribe { room, peer, .. } | MediaRequest::Block { room, peer, .. } => {
                (*room, *peer, false)
            }
            MediaRequest::Close { room, peer } => (*room, *peer, true),
        };
        let worker = self.place(room, peer, ends);
        if let Err(stopped) = self.workers.request_media(worker, request).await {
            tracing::debug!(%room, %peer, "{stopped}");
        }
    }

    /// The worker of a room, which is chosen now if it has none.
    fn place(&mut self, room: MediaRoomId, peer: MediaPeerId, ends: bool) -> usize {
        let least = self.load.iter().enumerate().min_by_key(|(_, members)| **members).map_or(0, |(worker, _)| worker);
        let placed = self.rooms.entry(room).or_insert_with(|| Placed { worker: least, members: BTreeSet::new() });
        let worker = placed.worker;
        let changed = if ends { placed.members.remove(&peer) } else { placed.members.insert(peer) };
        let empty = placed.members.is_empty();
        if let Some(load) = self.load.get_mut(worker).filter(|_| changed) {
            *load = if ends { load.saturating_sub(1) } else { *load + 1 };
        }
        if empty {
            self.rooms.remove(&room);
        }
        worker
    }
}

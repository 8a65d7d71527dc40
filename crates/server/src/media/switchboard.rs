//! Which worker has which member, on the side of the rooms.

use room::media::{MediaEvent, MediaPeerId, MediaRequest, MediaRoomId};

use super::backlog::Backlog;
use super::places::Places;
use crate::workers::Handle;

/// Passes requests on to the worker of their member, who is placed with the first.
#[derive(Debug)]
pub(crate) struct Switchboard {
    workers: Handle,
    places: Places,
    /// What waits for each worker.
    backlogs: Vec<Backlog>,
}

impl Switchboard {
    /// A room is spread over more workers when it has more members than that for each; 0: never.
    pub(crate) fn new(workers: Handle, members_per_worker: usize) -> Self {
        let places = Places::new(workers.workers(), members_per_worker);
        Self::over(workers, places)
    }

    /// Another one for the same workers, which knows how busy this one makes them.
    pub(crate) fn beside(&self) -> Self {
        Self::over(self.workers.clone(), self.places.beside())
    }

    fn over(workers: Handle, places: Places) -> Self {
        let backlogs = std::iter::repeat_with(Backlog::default).take(workers.workers()).collect();
        Self { workers, places, backlogs }
    }

    /// Passes a request on. While its worker is busy it waits, and those for other workers do not; an offer for which there is no room is
    /// refused at once. A worker that has ended takes the server with it.
    pub(crate) fn pass_on(&mut self, request: MediaRequest) -> Option<MediaEvent> {
        let worker = match &request {
            MediaRequest::Data { .. } => {
                self.pass_on_data(request);
                return None;
            }
            // Who has no worker has nothing to be closed.
            MediaRequest::Close { room, peer } => self.places.leave(*room, *peer)?,
            MediaRequest::Offer { room, peer, .. }
            | MediaRequest::Subscribe { room, peer, .. }
            | MediaRequest::Block { room, peer, .. }
            | MediaRequest::Lose { room, peer, .. } => self.places.place(*room, *peer),
        };
        let backlog = self.backlogs.get_mut(worker)?;
        let refused = backlog.push(request).err();
        backlog.drain(|request| self.workers.try_request_media(worker, request));
        refused
    }

    /// The worker of a member who has none of its own accord: nothing but a connection or this places one.
    pub(crate) fn place(&mut self, room: MediaRoomId, peer: MediaPeerId) -> usize {
        self.places.place(room, peer)
    }

    /// The member that was [placed](Self::place) is gone.
    pub(crate) fn leave(&mut self, room: MediaRoomId, peer: MediaPeerId) {
        self.places.leave(room, peer);
    }

    /// The workers.
    pub(crate) fn workers(&self) -> &Handle {
        &self.workers
    }

    /// Whether the next message of a member can be passed on, to whatever worker: else it would be kept from some.
    pub(crate) fn takes_data(&self) -> bool {
        self.backlogs.iter().all(Backlog::takes_data)
    }

    /// Data go once to each worker that has some of the receivers.
    fn pass_on_data(&mut self, request: MediaRequest) {
        let MediaRequest::Data { room, to, lane, message } = request else { return };
        for (worker, to) in self.places.group(room, to) {
            let Some(backlog) = self.backlogs.get_mut(worker) else { continue };
            // Only offers are refused.
            let _taken = backlog.push(MediaRequest::Data { room, to, lane, message: message.clone() });
            backlog.drain(|request| self.workers.try_request_media(worker, request));
        }
    }

    /// Waits until a worker for which requests wait has room, and says which.
    pub(crate) async fn has_room(&self) -> usize {
        let busy = self.backlogs.iter().enumerate().filter(|(_, backlog)| !backlog.is_empty());
        let rooms: Vec<_> = busy
            .map(|(worker, _)| {
                Box::pin(async move {
                    self.workers.has_room(worker).await;
                    worker
                })
            })
            .collect();
        if rooms.is_empty() {
            return std::future::pending().await;
        }
        futures_util::future::select_all(rooms).await.0
    }

    /// Hands over what waits for `worker`.
    pub(crate) fn pass_on_waiting(&mut self, worker: usize) {
        if let Some(backlog) = self.backlogs.get_mut(worker) {
            backlog.drain(|request| self.workers.try_request_media(worker, request));
        }
    }
}

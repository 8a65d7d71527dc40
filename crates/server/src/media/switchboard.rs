//! Which worker has which member, on the side of the rooms.

use room::media::MediaRequest;

use super::places::Places;
use crate::workers::Handle;

/// Passes requests on to the worker of their member, who is placed with the first.
#[derive(Debug)]
pub(crate) struct Switchboard {
    workers: Handle,
    places: Places,
}

impl Switchboard {
    /// A room is spread over more workers when it has more members than that for each; 0: never.
    pub(crate) fn new(workers: Handle, members_per_worker: usize) -> Self {
        let places = Places::new(workers.workers(), members_per_worker);
        Self { workers, places }
    }

    /// Passes a request on; waits while its worker is busy. A worker that has ended takes the server with it.
    pub(crate) async fn pass_on(&mut self, request: MediaRequest) {
        let (room, peer) = match &request {
            MediaRequest::Offer { room, peer, .. }
            | MediaRequest::Subscribe { room, peer, .. }
            | MediaRequest::Block { room, peer, .. }
            | MediaRequest::Close { room, peer } => (*room, *peer),
        };
        let worker = match &request {
            MediaRequest::Close { .. } => self.places.leave(room, peer),
            MediaRequest::Offer { .. } | MediaRequest::Subscribe { .. } | MediaRequest::Block { .. } => {
                Some(self.places.place(room, peer))
            }
        };
        // Who has no worker has nothing to be closed.
        let Some(worker) = worker else { return };
        if let Err(stopped) = self.workers.request_media(worker, request).await {
            tracing::debug!(%room, %peer, "{stopped}");
        }
    }
}

//! Requests that wait for what is not there yet: a connection and some memory each, so their number is limited.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::address::ClientNetwork;

/// Who waits. Clones are the same queue.
#[derive(Debug, Clone, Default)]
pub(super) struct Queue(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    total: usize,
    /// At most as many as `total`.
    per_client: BTreeMap<ClientNetwork, usize>,
}

/// A place in the queue; given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    queue: Queue,
    client: ClientNetwork,
}

/// No more may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    /// Of this client.
    Client,
    /// At all.
    Server,
}

impl Queue {
    pub(super) fn enter(&self, client: ClientNetwork) -> Result<Place, Full> {
        let mut waiting = self.lock();
        if waiting.total >= WAITING_MAX {
            return Err(Full::Server);
        }
        let own = waiting.per_client.entry(client).or_default();
        if *own >= WAITING_PER_CLIENT_MAX {
            return Err(Full::Client);
        }
        *own += 1;
        waiting.total += 1;
        Ok(Place { queue: self.clone(), client })
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut waiting = self.queue.lock();
        waiting.total = waiting.total.saturating_sub(1);
        if let Some(own) = waiting.per_client.get_mut(&self.client) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                waiting.per_client.remove(&self.client);
            }
        }
    }
}

/// Requests in all.
pub(super) const WAITING_MAX: usize = 20_000;
/// Requests of one address (IPv6: one /64 network): a school behind one address, each player with a playlist and a part.
pub(super) const WAITING_PER_CLIENT_MAX: usize = 2_000;

#[cfg(test)]
mod tests;

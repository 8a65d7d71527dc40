//! The allocation of each client.

use crate::address::ClientAddr;
use crate::allocation::AllocationId;
use crate::hash::{SeededMap, SeededState};

/// Finds allocations by the 5-tuples of their clients. Bounded by the allocations: each has one, and one more while it moves.
#[derive(Debug)]
pub(crate) struct Clients {
    by_addr: SeededMap<ClientAddr, AllocationId>,
    /// Where clients are about to be (RFC 8016).
    moving: SeededMap<ClientAddr, AllocationId>,
    /// The one that was found last: the packets of a picture come together, and the first of them pays for the search.
    last: Option<(ClientAddr, AllocationId)>,
}

impl Clients {
    pub(crate) fn new(hash: SeededState) -> Self {
        Self { by_addr: SeededMap::with_hasher(hash), moving: SeededMap::with_hasher(hash), last: None }
    }

    /// The client's allocation, also one that is moving to this 5-tuple.
    pub(crate) fn get(&self, client: &ClientAddr) -> Option<AllocationId> {
        self.placed(client).or_else(|| self.moving.get(client).copied())
    }

    /// The client's allocation for data; remembers it for what comes next.
    pub(crate) fn find(&mut self, client: &ClientAddr) -> Option<AllocationId> {
        let id = self.placed(client)?;
        self.last = Some((*client, id));
        Some(id)
    }

    fn placed(&self, client: &ClientAddr) -> Option<AllocationId> {
        match &self.last {
            Some((last, id)) if last == client => Some(*id),
            _ => self.by_addr.get(client).copied(),
        }
    }

    /// Notes the client's allocation.
    pub(crate) fn insert(&mut self, client: ClientAddr, id: AllocationId) {
        self.by_addr.insert(client, id);
        self.last = None;
    }

    /// Forgets the client.
    pub(crate) fn remove(&mut self, client: &ClientAddr) {
        self.by_addr.remove(client);
        self.last = None;
    }

    /// Notes that an allocation is moving to `client`.
    pub(crate) fn insert_moving(&mut self, client: ClientAddr, id: AllocationId) {
        self.moving.insert(client, id);
    }

    /// The allocation that was moving to `client` and does so no longer.
    pub(crate) fn stop_moving(&mut self, client: &ClientAddr) -> Option<AllocationId> {
        if self.moving.is_empty() { None } else { self.moving.remove(client) }
    }
}

#[cfg(test)]
mod tests;

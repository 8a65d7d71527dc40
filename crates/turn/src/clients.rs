//! The allocation of each client.

use crate::address::ClientAddr;
use crate::allocation::AllocationId;
use crate::hash::{SeededMap, SeededState};

/// Finds allocations by the 5-tuples of their clients. Bounded by the allocations.
#[derive(Debug)]
pub(crate) struct Clients {
    by_addr: SeededMap<ClientAddr, AllocationId>,
    /// The one that was found last: the packets of a picture come together, and the first of them pays for the search.
    last: Option<(ClientAddr, AllocationId)>,
}

impl Clients {
    pub(crate) fn new(hash: SeededState) -> Self {
        Self { by_addr: SeededMap::with_hasher(hash), last: None }
    }

    /// The client's allocation.
    pub(crate) fn get(&self, client: &ClientAddr) -> Option<AllocationId> {
        match &self.last {
            Some((last, id)) if last == client => Some(*id),
            _ => self.by_addr.get(client).copied(),
        }
    }

    /// As [`Self::get`], and remembers it for what comes next.
    pub(crate) fn find(&mut self, client: &ClientAddr) -> Option<AllocationId> {
        let id = self.get(client)?;
        self.last = Some((*client, id));
        Some(id)
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
}

#[cfg(test)]
mod tests;

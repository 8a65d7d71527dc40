//! How many there are of something, in all and of each client.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::address::ClientNetwork;
use crate::config::Limit;

/// Counts places that are taken. A clone counts together with the original.
#[derive(Debug, Clone)]
pub(crate) struct Headcount(Arc<Mutex<Counts>>);

#[derive(Debug)]
struct Counts {
    total_max: Limit,
    per_client_max: Limit,
    total: u64,
    /// Clients with at least one place, so never more than `total`.
    clients: BTreeMap<ClientNetwork, u64>,
}

/// A place in the count; given back when dropped.
#[derive(Debug)]
pub struct Place {
    headcount: Headcount,
    client: ClientNetwork,
}

/// Which limit is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// That of all.
    Total,
    /// That of the client.
    Client,
}

impl Headcount {
    /// Nobody yet.
    pub(crate) fn new(total_max: Limit, per_client_max: Limit) -> Self {
        Self(Arc::new(Mutex::new(Counts { total_max, per_client_max, total: 0, clients: BTreeMap::new() })))
    }

    /// Takes a place for a client.
    ///
    /// # Errors
    /// When a limit is reached.
    pub(crate) fn enter(&self, client: ClientNetwork) -> Result<Place, Full> {
        let mut counts = self.lock();
        let per_client_max = counts.per_client_max;
        counts.take(client, per_client_max)?;
        Ok(Place { headcount: self.clone(), client })
    }

    /// Takes a place for one behind whom there are many: only the limit of all holds.
    ///
    /// # Errors
    /// When that is reached.
    pub(crate) fn enter_many(&self, client: ClientNetwork) -> Result<Place, Full> {
        self.lock().take(client, Limit(0))?;
        Ok(Place { headcount: self.clone(), client })
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Places, and clients that are remembered.
    #[cfg(test)]
    pub(crate) fn size(&self) -> (u64, usize) {
        let counts = self.lock();
        (counts.total, counts.clients.len())
    }
}

impl Counts {
    fn take(&mut self, client: ClientNetwork, per_client_max: Limit) -> Result<(), Full> {
        if !self.total_max.allows(self.total + 1) {
            return Err(Full::Total);
        }
        let of_client = self.clients.get(&client).copied().unwrap_or(0) + 1;
        if !per_client_max.allows(of_client) {
            return Err(Full::Client);
        }
        self.total += 1;
        self.clients.insert(client, of_client);
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.headcount.lock();
        counts.total = counts.total.saturating_sub(1);
        if let Some(count) = counts.clients.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                counts.clients.remove(&self.client);
            }
        }
    }
}

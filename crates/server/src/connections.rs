//! How many TCP connections there are, in all and per client.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::address::ClientNetwork;
use crate::config::{Limit, Networks};

/// Counts open connections. A clone counts together with the original.
#[derive(Debug, Clone)]
pub struct Connections(Arc<Mutex<Counts>>);

#[derive(Debug)]
struct Counts {
    total_max: Limit,
    per_client_max: Limit,
    /// Behind these are many clients, which are counted where they are known by name: as WebSockets and requests.
    proxies: Networks,
    total: u64,
    /// Clients with at least one connection, so never more than `total`.
    clients: BTreeMap<ClientNetwork, u64>,
}

/// One connection's place in the count; given back when dropped.
#[derive(Debug)]
pub struct Place {
    connections: Connections,
    client: ClientNetwork,
}

/// Which limit is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// `limits.tcp_connections`
    Total,
    /// `limits.tcp_connections_per_address`
    Client,
}

impl Connections {
    /// No connections yet. `per_client_max` does not hold for `proxies`.
    #[must_use]
    pub fn new(total_max: Limit, per_client_max: Limit, proxies: Networks) -> Self {
        Self(Arc::new(Mutex::new(Counts { total_max, per_client_max, proxies, total: 0, clients: BTreeMap::new() })))
    }

    /// Counts a connection from there.
    ///
    /// # Errors
    /// When a limit is reached.
    pub fn enter(&self, address: IpAddr) -> Result<Place, Full> {
        let client = ClientNetwork::from(address);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !counts.total_max.allows(counts.total + 1) {
            return Err(Full::Total);
        }
        let of_client = counts.clients.get(&client).copied().unwrap_or(0) + 1;
        if !counts.per_client_max.allows(of_client) && !counts.proxies.contain(address) {
            return Err(Full::Client);
        }
        counts.total += 1;
        counts.clients.insert(client, of_client);
        Ok(Place { connections: self.clone(), client })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.connections.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.total = counts.total.saturating_sub(1);
        if let Some(count) = counts.clients.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                counts.clients.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests;

//! How many TCP connections there are, in all and per client.

use std::net::IpAddr;

use crate::address::ClientNetwork;
use crate::config::{Limit, Networks};
use crate::headcount::Headcount;
/// `Total` is `limits.tcp_connections`, `Client` is `limits.tcp_connections_per_address`.
pub use crate::headcount::{Full, Place};

/// Counts open connections. A clone counts together with the original.
#[derive(Debug, Clone)]
pub struct Connections {
    headcount: Headcount,
    /// Behind these are many clients, which are counted where they are known by name: as WebSockets and requests.
    proxies: Networks,
}

impl Connections {
    /// No connections yet. `per_client_max` does not hold for `proxies`.
    #[must_use]
    pub fn new(total_max: Limit, per_client_max: Limit, proxies: Networks) -> Self {
        Self { headcount: Headcount::new(total_max, per_client_max), proxies }
    }

    /// Counts a connection from there.
    ///
    /// # Errors
    /// When a limit is reached.
    pub fn enter(&self, address: IpAddr) -> Result<Place, Full> {
        let client = ClientNetwork::from(address);
        if self.proxies.contain(address) { self.headcount.enter_many(client) } else { self.headcount.enter(client) }
    }
}

#[cfg(test)]
mod tests;

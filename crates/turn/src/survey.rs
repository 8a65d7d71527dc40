//! What an operator sees of an allocation.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::address::ClientAddr;

/// What operators call an allocation: no other of this server has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AllocationKey {
    /// Its place. After its end another may have it.
    pub slot: u32,
    /// Counts the allocations of all places.
    pub serial: u32,
}

/// One allocation at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllocationSurvey {
    /// What it is called.
    pub key: AllocationKey,
    /// Whose it is.
    pub client: ClientAddr,
    /// Whom quotas count: the static name, or what follows the expiry in a REST username.
    pub user: String,
    /// Its relayed transport addresses as clients and peers know them; none while they are being bound.
    pub relayed: Vec<SocketAddr>,
    /// How long it has been.
    pub age: Duration,
    /// When it ends unless it is refreshed.
    pub expires_in: Duration,
    /// The peers that have a permission.
    pub permissions: Vec<IpAddr>,
    /// The peers that have a channel.
    pub channels: Vec<SocketAddr>,
    /// What it has relayed.
    pub traffic: Traffic,
}

/// What an allocation has relayed since it was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// From its client.
    pub to_peers: Flow,
    /// To its client.
    pub to_client: Flow,
}

/// Payloads of one direction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flow {
    /// How many.
    pub packets: u64,
    /// Their bytes, without headers.
    pub bytes: u64,
}

impl Flow {
    pub(crate) fn count(&mut self, bytes: u64) {
        self.packets += 1;
        self.bytes += bytes;
    }
}

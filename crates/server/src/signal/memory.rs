//! What messages that are not complete may take, in all and of one client: their senders decide how long they stay so.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::address::ClientNetwork;

/// The memory for long messages of all connections. A clone is the same memory.
#[derive(Debug, Clone, Default)]
pub(super) struct Memory(Arc<Mutex<Taken>>);

#[derive(Debug, Default)]
struct Taken {
    total_bytes: usize,
    /// Who has taken some: never more than `total_bytes` has [`STEP_BYTES`].
    clients: BTreeMap<ClientNetwork, usize>,
}

/// What one connection has taken of it; given back when dropped.
#[derive(Debug)]
pub(super) struct Share {
    memory: Memory,
    client: ClientNetwork,
    bytes: usize,
}

impl Memory {
    /// For a connection from there.
    pub(super) fn share(&self, address: IpAddr) -> Share {
        Share { memory: self.clone(), client: address.into(), bytes: 0 }
    }
}

impl Taken {
    /// Gives one client's connection `bytes` where it has `before`, if there is as much.
    fn give(&mut self, client: ClientNetwork, before: usize, bytes: usize) -> bool {
        let of_client = self.clients.get(&client).copied().unwrap_or(0).saturating_sub(before).saturating_add(bytes);
        let total_bytes = self.total_bytes.saturating_sub(before).saturating_add(bytes);
        if bytes > before && (of_client > CLIENT_BYTES_MAX || total_bytes > TOTAL_BYTES_MAX) {
            return false;
        }
        self.total_bytes = total_bytes;
        if of_client == 0 {
            self.clients.remove(&client);
        } else {
            self.clients.insert(client, of_client);
        }
        true
    }
}

impl websocket::Memory for Share {
    fn hold(&mut self, bytes: usize) -> bool {
        let bytes = bytes.saturating_sub(FREE_BYTES).next_multiple_of(STEP_BYTES);
        if bytes != self.bytes {
            let mut taken = self.memory.0.lock().unwrap_or_else(PoisonError::into_inner);
            if !taken.give(self.client, self.bytes, bytes) {
                return false;
            }
            self.bytes = bytes;
        }
        true
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        websocket::Memory::hold(self, 0);
    }
}

/// Each connection has so much beside: all but offers and long texts fits, and is not counted.
pub(super) const FREE_BYTES: usize = 16 * 1024;

/// Taken in steps of so many bytes, so that few parts of a message ask.
const STEP_BYTES: usize = 64 * 1024;

/// For one address: offers of hundreds at the same moment, from behind one router.
pub(super) const CLIENT_BYTES_MAX: usize = 32 * 1024 * 1024;

/// For all: what several addresses may take without harm to the machine.
pub(super) const TOTAL_BYTES_MAX: usize = 256 * 1024 * 1024;

#[cfg(test)]
mod tests;

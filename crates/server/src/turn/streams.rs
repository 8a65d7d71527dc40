//! The worker's side of the TCP and TLS connections.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use turn::ClientAddr;

use super::chunk::Chunk;
use super::stream_queue::{Full, StreamQueue};

/// One connection in the life of the process; the same 5-tuple may come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StreamId(pub(super) u64);

/// The connections that were handed over, by 5-tuple.
pub(super) struct Streams {
    connections: BTreeMap<ClientAddr, Connection>,
    /// Bound on `connections`; 0: none.
    connections_max: usize,
    /// Connections whose task is to be woken after this turn of the worker. Each is in here at most once.
    to_wake: Vec<ClientAddr>,
}

struct Connection {
    id: StreamId,
    queue: Arc<StreamQueue>,
    /// When the client was last heard.
    heard: Instant,
    /// Whether it is in `to_wake`.
    is_to_wake: bool,
}

impl Streams {
    pub(super) fn new(connections_max: usize) -> Self {
        Self { connections: BTreeMap::new(), connections_max, to_wake: Vec::new() }
    }

    /// How many connections are open.
    pub(super) fn open(&self) -> usize {
        self.connections.len()
    }

    /// Whether one more would exceed the limit.
    pub(super) fn is_full(&self) -> bool {
        self.connections_max > 0 && self.connections.len() >= self.connections_max
    }

    /// Whether the client has a connection.
    pub(super) fn is_open(&self, client: &ClientAddr) -> bool {
        self.connections.contains_key(client)
    }

    pub(super) fn insert(&mut self, now: Instant, client: ClientAddr, id: StreamId, queue: Arc<StreamQueue>) {
        let connection = Connection { id, queue, heard: now, is_to_wake: false };
        self.connections.insert(client, connection);
    }

    /// Notes that the client was heard. False: that connection is gone, and what it said must not reach its successor.
    pub(super) fn hear(&mut self, now: Instant, client: &ClientAddr, id: StreamId) -> bool {
        match self.connections.get_mut(client) {
            Some(connection) if connection.id == id => {
                connection.heard = now;
                true
            }
            _ => false,
        }
    }

    /// Gives memory back to the task that read with it.
    pub(super) fn give_back(&self, client: &ClientAddr, chunk: Chunk) {
        if let Some(connection) = self.connections.get(client) {
            connection.queue.give_back(chunk);
        }
    }

    /// Queues relayed data for the client. Data for a connection that is gone has nowhere to go and is as good as dropped.
    pub(super) fn push_data(&mut self, client: ClientAddr, parts: &[&[u8]]) -> Result<(), Full> {
        let connection = self.connections.get_mut(&client).ok_or(Full)?;
        connection.queue.push_data(parts)?;
        if !std::mem::replace(&mut connection.is_to_wake, true) {
            self.to_wake.push(client);
        }
        Ok(())
    }

    /// Queues a STUN message of ours for the client.
    pub(super) fn push_control(&mut self, client: ClientAddr, message: &[u8]) -> Result<(), Full> {
        let connection = self.connections.get_mut(&client).ok_or(Full)?;
        connection.queue.push_control(message)?;
        if !std::mem::replace(&mut connection.is_to_wake, true) {
            self.to_wake.push(client);
        }
        Ok(())
    }

    /// Lets the tasks write what was queued since the last call.
    pub(super) fn wake(&mut self) {
        for client in self.to_wake.drain(..) {
            if let Some(connection) = self.connections.get_mut(&client) {
                connection.is_to_wake = false;
                connection.queue.wake();
            }
        }
    }

    /// Ends a connection: its task writes what is queued and closes it. With an id, only if it is still that one.
    pub(super) fn remove(&mut self, client: &ClientAddr, id: Option<StreamId>) -> bool {
        let is_that = self.connections.get(client).is_some_and(|connection| id.is_none_or(|id| connection.id == id));
        if is_that && let Some(connection) = self.connections.remove(client) {
            connection.queue.finish();
        }
        is_that
    }

    /// Ends all connections.
    pub(super) fn clear(&mut self) {
        for connection in std::mem::take(&mut self.connections).into_values() {
            connection.queue.finish();
        }
    }

    /// Connections that have been silent for `idle` and are not `needed`, and those whose task has vanished.
    pub(super) fn idle(&self, now: Instant, idle: Duration, needed: impl Fn(&ClientAddr) -> bool) -> Vec<ClientAddr> {
        self.connections
            .iter()
            .filter(|(client, connection)| {
                connection.queue.is_finished()
                    || (now.saturating_duration_since(connection.heard) >= idle && !needed(client))
            })
            .map(|(client, _)| *client)
            .collect()
    }
}

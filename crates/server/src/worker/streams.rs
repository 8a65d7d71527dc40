//! The worker's side of the TCP and TLS connections.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use turn::ClientAddr;

use super::chunk::Chunk;
use super::stream_queue::{Full, StreamQueue};

/// One connection in the life of the process; the same 5-tuple may come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StreamId(pub(crate) u64);

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StreamKind {
    /// STUN and TURN.
    Turn,
    /// A peer connection (ICE-TCP, RFC 6544), by its number when a check has shown which.
    Media(Option<u32>),
}

/// The connections that were handed over, by 5-tuple.
pub(crate) struct Streams {
    connections: BTreeMap<ClientAddr, Connection>,
    /// How many connections all workers have.
    open_everywhere: Arc<AtomicUsize>,
    /// Bound on `open_everywhere`; 0: none.
    connections_max: usize,
    /// Connections whose task is to be woken after this turn of the worker. Each is in here at most once.
    to_wake: Vec<ClientAddr>,
}

struct Connection {
    id: StreamId,
    kind: StreamKind,
    queue: Arc<StreamQueue>,
    /// When the client was last heard.
    heard: Instant,
    /// Whether it is in `to_wake`.
    is_to_wake: bool,
}

impl Streams {
    /// `open_everywhere` is counted together with all other workers.
    pub(crate) fn new(connections_max: usize, open_everywhere: Arc<AtomicUsize>) -> Self {
        Self { connections: BTreeMap::new(), open_everywhere, connections_max, to_wake: Vec::new() }
    }

    /// How many connections are open.
    pub(crate) fn open(&self) -> usize {
        self.connections.len()
    }

    /// Takes a connection in. False: there are as many as there may be.
    pub(crate) fn insert(
        &mut self,
        now: Instant,
        client: ClientAddr,
        id: StreamId,
        kind: StreamKind,
        queue: Arc<StreamQueue>,
    ) -> bool {
        let before = self.open_everywhere.fetch_add(1, Ordering::Relaxed);
        if self.connections_max > 0 && before >= self.connections_max {
            self.open_everywhere.fetch_sub(1, Ordering::Relaxed);
            return false;
        }
        let connection = Connection { id, kind, queue, heard: now, is_to_wake: false };
        if self.connections.insert(client, connection).is_some() {
            self.open_everywhere.fetch_sub(1, Ordering::Relaxed);
        }
        true
    }

    /// Notes that the client was heard, and says what the connection is for. `None`: that connection is gone, and what it said must not
    /// reach its successor.
    pub(crate) fn hear(&mut self, now: Instant, client: &ClientAddr, id: StreamId) -> Option<StreamKind> {
        let connection = self.connections.get_mut(client).filter(|connection| connection.id == id)?;
        connection.heard = now;
        Some(connection.kind)
    }

    /// Notes which peer connection the client's connection serves.
    pub(crate) fn dedicate(&mut self, client: &ClientAddr, peer: u32) {
        if let Some(connection) = self.connections.get_mut(client) {
            connection.kind = StreamKind::Media(Some(peer));
        }
    }

    /// Gives memory back to the task that read with it.
    pub(crate) fn give_back(&self, client: &ClientAddr, chunk: Chunk) {
        if let Some(connection) = self.connections.get(client) {
            connection.queue.give_back(chunk);
        }
    }

    /// Queues relayed data for the client. Data for a connection that is gone has nowhere to go and is as good as dropped.
    pub(crate) fn push_data(&mut self, client: ClientAddr, parts: &[&[u8]]) -> Result<(), Full> {
        let connection = self.connections.get_mut(&client).ok_or(Full)?;
        connection.queue.push_data(parts)?;
        if !std::mem::replace(&mut connection.is_to_wake, true) {
            self.to_wake.push(client);
        }
        Ok(())
    }

    /// Queues a STUN message of ours for the client.
    pub(crate) fn push_control(&mut self, client: ClientAddr, message: &[u8]) -> Result<(), Full> {
        let connection = self.connections.get_mut(&client).ok_or(Full)?;
        connection.queue.push_control(message)?;
        if !std::mem::replace(&mut connection.is_to_wake, true) {
            self.to_wake.push(client);
        }
        Ok(())
    }

    /// Lets the tasks write what was queued since the last call.
    pub(crate) fn wake(&mut self) {
        for client in self.to_wake.drain(..) {
            if let Some(connection) = self.connections.get_mut(&client) {
                connection.is_to_wake = false;
                connection.queue.wake();
            }
        }
    }

    /// Ends a connection: its task writes what is queued and closes it. With an id, only if it is still that one. Gives back what it was
    /// for.
    pub(crate) fn remove(&mut self, client: &ClientAddr, id: Option<StreamId>) -> Option<StreamKind> {
        self.connections.get(client).filter(|connection| id.is_none_or(|id| connection.id == id))?;
        let connection = self.connections.remove(client)?;
        self.open_everywhere.fetch_sub(1, Ordering::Relaxed);
        connection.queue.finish();
        Some(connection.kind)
    }

    /// Ends all connections.
    pub(crate) fn clear(&mut self) {
        for connection in std::mem::take(&mut self.connections).into_values() {
            self.open_everywhere.fetch_sub(1, Ordering::Relaxed);
            connection.queue.finish();
        }
    }

    /// Connections that have been silent for `idle` and are not `needed`, and those whose task has vanished.
    pub(crate) fn idle(
        &self,
        now: Instant,
        idle: Duration,
        needed: impl Fn(&ClientAddr, StreamKind) -> bool,
    ) -> Vec<ClientAddr> {
        self.connections
            .iter()
            .filter(|(client, connection)| {
                connection.queue.is_finished()
                    || (now.saturating_duration_since(connection.heard) >= idle && !needed(client, connection.kind))
            })
            .map(|(client, _)| *client)
            .collect()
    }
}

//! The TCP and TLS connections of the worker.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use mio::event::Event;
use mio::{Interest, Registry, Token};
use turn::ClientAddr;

use super::chunk::Chunk;
use super::error::StreamError;
use super::stream::{Newcomer, ReadBuffers, Rest, Stream, StreamId, StreamKind};
use super::stream_queue::Full;

/// Where a connection stands in the table. Another may stand there later: see [`StreamId`].
pub(crate) type Slot = usize;

/// The connections that were handed over.
pub(crate) struct Streams {
    registry: Registry,
    /// By slot. Those whose last words are being written are here and not in `by_client`.
    streams: Vec<Option<Box<Stream>>>,
    /// Slots without a connection.
    free: Vec<Slot>,
    by_client: BTreeMap<ClientAddr, Slot>,
    /// When which of them is over unless something happens.
    deadlines: BTreeSet<(Instant, Slot)>,
    /// How many connections all workers have.
    open_everywhere: Arc<AtomicUsize>,
    /// Bound on `open_everywhere`; 0: none.
    connections_max: usize,
    /// Connections with something to read, in turns. Each is in here at most once.
    ready: VecDeque<Slot>,
    /// Connections with something to write. Each is in here at most once.
    to_flush: Vec<Slot>,
}

/// As many connections are open as the settings allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooManyStreams;

impl Streams {
    /// `open_everywhere` is counted together with all other workers.
    pub(crate) fn new(registry: Registry, connections_max: usize, open_everywhere: Arc<AtomicUsize>) -> Self {
        Self {
            registry,
            streams: Vec::new(),
            free: Vec::new(),
            by_client: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            open_everywhere,
            connections_max,
            ready: VecDeque::new(),
            to_flush: Vec::new(),
        }
    }

    /// How many connections are open.
    pub(crate) fn open(&self) -> usize {
        self.by_client.len()
    }

    /// Takes a connection in, gives back the messages that came with it, and reads from it from then on. One of the same client must have
    /// been removed before.
    ///
    /// # Errors
    /// There are as many as there may be.
    pub(crate) fn insert(&mut self, now: Instant, newcomer: Newcomer) -> Result<(Slot, Chunk), TooManyStreams> {
        let before = self.open_everywhere.fetch_add(1, Ordering::Relaxed);
        if self.connections_max > 0 && before >= self.connections_max {
            self.open_everywhere.fetch_sub(1, Ordering::Relaxed);
            let _ = newcomer.ended.send(Err(StreamError::TooMany));
            return Err(TooManyStreams);
        }
        let (stream, first) = Stream::new(now, newcomer);
        Ok((self.place(Box::new(stream)), first))
    }

    /// Gives a connection away, to a worker that [adopts](Self::adopt) it; once only, so that it cannot go round in circles.
    pub(crate) fn take(&mut self, slot: Slot, id: StreamId) -> Option<Box<Stream>> {
        let place = self.streams.get_mut(slot)?;
        let is_free = |stream: &Stream| stream.id == id && stream.ending.is_none() && !stream.has_changed_worker;
        let mut stream = place.take_if(|stream| is_free(stream))?;
        stream.has_changed_worker = true;
        self.by_client.remove(&stream.client);
        self.open_everywhere.fetch_sub(1, Ordering::Relaxed);
        self.vacate(slot, &mut stream);
        (stream.is_ready, stream.is_to_flush) = (false, false);
        Some(stream)
    }

    /// Takes in what another worker has given away. One of the same client must have been removed before.
    pub(crate) fn adopt(&mut self, stream: Box<Stream>) -> Slot {
        self.open_everywhere.fetch_add(1, Ordering::Relaxed);
        let slot = self.place(stream);
        // What the other worker has not written.
        self.note_to_flush(slot);
        slot
    }

    fn place(&mut self, mut stream: Box<Stream>) -> Slot {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.streams.push(None);
            self.streams.len() - 1
        });
        let interests = Interest::READABLE | Interest::WRITABLE;
        if let Err(error) = self.registry.register(&mut stream.pipe.socket, Token(FIRST_STREAM + slot), interests) {
            stream.broken = Some(error);
        }
        self.deadlines.extend(stream.due.map(|due| (due, slot)));
        self.by_client.insert(stream.client, slot);
        if let Some(place) = self.streams.get_mut(slot) {
            *place = Some(stream);
        }
        self.note_ready(slot);
        slot
    }

    /// Takes note of an event. False: it is about no connection.
    pub(crate) fn note(&mut self, event: &Event) -> bool {
        let Some(slot) = event.token().0.checked_sub(FIRST_STREAM) else { return false };
        let Some(stream) = self.stream_mut(slot) else { return true };
        stream.hangs_up |= event.is_read_closed() || event.is_error();
        let is_ending = stream.ending.is_some();
        if event.is_writable() || is_ending {
            self.note_to_flush(slot);
        }
        if !is_ending && (event.is_readable() || event.is_read_closed() || event.is_error()) {
            self.note_ready(slot);
        }
        true
    }

    /// The connection whose turn it is to be read.
    pub(crate) fn next_ready(&mut self) -> Option<Slot> {
        let slot = self.ready.pop_front()?;
        if let Some(stream) = self.stream_mut(slot) {
            stream.is_ready = false;
        }
        Some(slot)
    }

    /// Whether some connection waits for its turn.
    pub(crate) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Reads once from a connection; whole messages are put into `chunk`. `None`: there is none, or only last words are left.
    pub(crate) fn receive(
        &mut self,
        now: Instant,
        slot: Slot,
        buffers: &mut ReadBuffers,
        chunk: &mut Chunk,
    ) -> Option<(StreamId, Result<Rest, StreamError>)> {
        let stream = self.streams.get_mut(slot)?.as_mut().filter(|stream| stream.ending.is_none())?;
        let rest = stream.receive(buffers, chunk);
        if !chunk.is_empty() {
            stream.heard = now;
            if !std::mem::replace(&mut stream.is_greeted, true)
                && let Some(due) = stream.due.take()
            {
                self.deadlines.remove(&(due, slot));
            }
        }
        let id = stream.id;
        match rest {
            Ok(Rest::More) => self.note_ready(slot),
            // TLS has answers of its own.
            Ok(Rest::Nothing) => self.note_to_flush(slot),
            Ok(Rest::End) | Err(_) => {}
        }
        Some((id, rest))
    }

    /// Whose the connection is and what for, if it is still that one. What one said that is gone must not reach its successor.
    pub(crate) fn get(&self, slot: Slot, id: StreamId) -> Option<(ClientAddr, StreamKind)> {
        let stream = self.streams.get(slot)?.as_ref()?;
        (stream.id == id && stream.ending.is_none()).then_some((stream.client, stream.kind))
    }

    /// Notes which peer connection the client's connection serves.
    pub(crate) fn dedicate(&mut self, client: &ClientAddr, peer: u32) {
        if let Some(stream) = self.of_client(client) {
            stream.kind = StreamKind::Media(Some(peer));
        }
    }

    /// Queues relayed data for the client. Data for a connection that is gone has nowhere to go and is as good as dropped.
    pub(crate) fn push_data(&mut self, client: &ClientAddr, parts: &[&[u8]]) -> Result<(), Full> {
        let slot = *self.by_client.get(client).ok_or(Full)?;
        self.stream_mut(slot).ok_or(Full)?.queue.push_data(parts)?;
        self.note_to_flush(slot);
        Ok(())
    }

    /// Queues a STUN message of ours for the client.
    pub(crate) fn push_control(&mut self, client: &ClientAddr, message: &[u8]) -> Result<(), Full> {
        let slot = *self.by_client.get(client).ok_or(Full)?;
        self.stream_mut(slot).ok_or(Full)?.queue.push_control(message)?;
        self.note_to_flush(slot);
        Ok(())
    }

    /// Writes what was queued since the last call, as far as the sockets take it.
    pub(crate) fn flush(&mut self, now: Instant) {
        let mut to_flush = std::mem::take(&mut self.to_flush);
        for slot in to_flush.drain(..) {
            let Some(stream) = self.stream_mut(slot) else { continue };
            stream.is_to_flush = false;
            let written = stream.pipe.write(&mut stream.queue);
            match (written, stream.ending.is_some()) {
                (Ok(false), true) if stream.due.is_none() => {
                    stream.due = Some(now + LAST_WORDS);
                    self.deadlines.insert((now + LAST_WORDS, slot));
                }
                (Ok(_), false) | (Ok(false), true) => {}
                (Ok(true) | Err(_), true) => self.close(slot),
                (Err(error), false) => {
                    stream.broken = Some(error);
                    self.note_ready(slot);
                }
            }
        }
        // Closing one makes none to be flushed: the memory is used again.
        self.to_flush = to_flush;
    }

    /// When [`Self::handle_timeout`] is to be called next.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.deadlines.first().map(|&(due, _)| due)
    }

    /// Closes connections whose last words take too long. Gives back one that has said nothing in time, to be removed.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Option<(ClientAddr, Duration)> {
        while let Some((due, slot)) = self.deadlines.first().copied().filter(|&(due, _)| due <= now) {
            self.deadlines.remove(&(due, slot));
            let Some(stream) = self.stream_mut(slot) else { continue };
            stream.due = None;
            if stream.ending.is_none() {
                return Some((stream.client, stream.first_message));
            }
            self.close(slot);
        }
        None
    }

    /// Ends a connection, once what is queued has been written: `result` says why. With an id, only if it is still that one. Gives back what
    /// it was for.
    pub(crate) fn remove(
        &mut self,
        client: &ClientAddr,
        id: Option<StreamId>,
        result: Result<(), StreamError>,
    ) -> Option<StreamKind> {
        let slot = *self.by_client.get(client)?;
        let stream = self.streams.get_mut(slot)?.as_mut().filter(|stream| id.is_none_or(|id| stream.id == id))?;
        stream.ending = Some(result);
        let (kind, due) = (stream.kind, stream.due.take());
        if let Some(due) = due {
            self.deadlines.remove(&(due, slot));
        }
        self.by_client.remove(client);
        self.open_everywhere.fetch_sub(1, Ordering::Relaxed);
        self.note_to_flush(slot);
        Some(kind)
    }

    /// Ends all connections, with what their sockets still take.
    pub(crate) fn clear(&mut self, now: Instant) {
        let clients: Vec<_> = self.by_client.keys().copied().collect();
        for client in clients {
            self.remove(&client, None, Err(StreamError::Closed));
        }
        self.flush(now);
        for slot in 0..self.streams.len() {
            self.close(slot);
        }
    }

    /// Connections that have been silent for `idle` and are not `needed`, and those in which nobody is interested any more.
    pub(crate) fn idle(
        &self,
        now: Instant,
        idle: Duration,
        needed: impl Fn(&ClientAddr, StreamKind) -> bool,
    ) -> Vec<ClientAddr> {
        let open = self.streams.iter().flatten().map(Box::as_ref).filter(|stream| stream.ending.is_none());
        let is_idle = |stream: &&Stream| {
            let is_silent = now.saturating_duration_since(stream.heard) >= idle;
            stream.is_given_up() || (is_silent && !needed(&stream.client, stream.kind))
        };
        open.filter(is_idle).map(|stream| stream.client).collect()
    }

    /// Closes the connection and frees its slot.
    fn close(&mut self, slot: Slot) {
        let Some(mut stream) = self.streams.get_mut(slot).and_then(Option::take) else { return };
        self.vacate(slot, &mut stream);
        stream.close();
    }

    /// Frees the slot of a connection that was taken out.
    fn vacate(&mut self, slot: Slot, stream: &mut Stream) {
        if let Some(due) = stream.due {
            self.deadlines.remove(&(due, slot));
        }
        if stream.is_ready {
            self.ready.retain(|&ready| ready != slot);
        }
        if let Err(error) = self.registry.deregister(&mut stream.pipe.socket) {
            tracing::debug!(client = %stream.client.remote, %error, "cannot deregister a connection");
        }
        self.free.push(slot);
    }

    fn note_ready(&mut self, slot: Slot) {
        if let Some(stream) = self.stream_mut(slot)
            && !std::mem::replace(&mut stream.is_ready, true)
        {
            self.ready.push_back(slot);
        }
    }

    fn note_to_flush(&mut self, slot: Slot) {
        if let Some(stream) = self.stream_mut(slot)
            && !std::mem::replace(&mut stream.is_to_flush, true)
        {
            self.to_flush.push(slot);
        }
    }

    fn stream_mut(&mut self, slot: Slot) -> Option<&mut Stream> {
        self.streams.get_mut(slot)?.as_deref_mut()
    }

    fn of_client(&mut self, client: &ClientAddr) -> Option<&mut Stream> {
        let slot = *self.by_client.get(client)?;
        self.stream_mut(slot)
    }
}

/// The tokens of connections follow those of all sockets.
const FIRST_STREAM: usize = 1 << 20;

/// How long answers to a client's last messages may take to leave.
const LAST_WORDS: Duration = Duration::from_secs(1);

//! What comes over TCP and TLS.

use std::time::Instant;

use turn::{ClientAddr, named_shard};

use super::Worker;
use super::chunk::Chunk;
use super::error::StreamError;
use super::stream::{Handover, Newcomer, ReadBuffers, Rest, StreamId, StreamKind};
use super::streams::Slot;
use crate::media::{Media, Way};

/// Memory to read connections with.
pub(super) struct Reading {
    buffers: ReadBuffers,
    /// The messages of one read.
    chunk: Chunk,
}

impl Reading {
    pub(super) fn new() -> Self {
        Self { buffers: ReadBuffers::new(), chunk: Chunk::default() }
    }
}

impl Worker {
    /// Takes a connection in, and hears what was read of it already.
    pub(super) fn welcome(&mut self, now: Instant, newcomer: Newcomer) {
        let (client, id) = (newcomer.client, newcomer.id);
        // A connection with the same addresses means that the one before is over.
        self.end_stream(now, &client, None, Err(StreamError::Closed));
        match self.ways.egress.streams.insert(now, newcomer) {
            Ok((slot, mut first)) => self.hear_messages(now, slot, id, &mut first),
            Err(_) => self.ways.egress.counters.streams_refused += 1,
        }
    }

    /// Reads from connections in turns.
    pub(super) fn read_streams(&mut self, now: Instant, reading: &mut Reading) {
        for _ in 0..STREAM_READS_PER_WAKE {
            let Some(slot) = self.ways.egress.streams.next_ready() else { return };
            let Reading { buffers, chunk } = reading;
            let Some((id, rest)) = self.ways.egress.streams.receive(now, slot, buffers, chunk) else { continue };
            let client = self.ways.egress.streams.get(slot, id).map(|(client, _)| client);
            self.hear_messages(now, slot, id, chunk);
            chunk.clear(CHUNK_BYTES);
            let result = match rest {
                Ok(Rest::Nothing | Rest::More) => continue,
                Ok(Rest::End) => Ok(()),
                Err(error) => Err(error),
            };
            if let Some(client) = client {
                self.end_stream(now, &client, Some(id), result);
            }
        }
    }

    fn hear_messages(&mut self, now: Instant, slot: Slot, id: StreamId, chunk: &mut Chunk) {
        for position in 0..chunk.len() {
            // Once it is closed over one of its own messages, the next must do nothing for nobody.
            let Some((client, kind)) = self.ways.egress.streams.get(slot, id) else { return };
            let message = chunk.message_mut(position);
            match kind {
                StreamKind::Turn => {
                    if let Some(worker) = self.worker_named(&client, message)
                        && let Some(stream) = self.ways.egress.streams.take(slot, id)
                    {
                        return self.ways.mesh.entrust(worker, Handover { stream, first: chunk.from(position) });
                    }
                    self.relaying.hear_client(now, client, message, None, &mut self.ways.egress, &mut self.ways.mesh);
                }
                StreamKind::Media(known) => {
                    let named = Media::checked(message).filter(|name| name.worker == self.ways.mesh.me());
                    if let Some(key) = named.map(|name| name.connection).or(known) {
                        self.with_media(now, |media, ways| media.hear(now, key, Way::Stream(client), message, ways));
                    }
                }
            }
        }
    }

    /// The other worker that a message is for: it keeps the port, or has the allocation, that the message names.
    fn worker_named(&self, client: &ClientAddr, message: &[u8]) -> Option<u8> {
        let worker = named_shard(message).filter(|&worker| self.ways.mesh.is_sibling(worker))?;
        (!self.relaying.core().has_allocation(client)).then_some(worker)
    }

    /// Takes a connection over from another worker, and hears what that one left to it.
    pub(super) fn take_over(&mut self, now: Instant, handover: Handover) {
        let Handover { stream, mut first } = handover;
        let (client, id) = (stream.client, stream.id);
        self.end_stream(now, &client, None, Err(StreamError::Closed));
        let slot = self.ways.egress.streams.adopt(stream);
        self.hear_messages(now, slot, id, &mut first);
    }

    /// Ends connections of which nothing has come in time.
    pub(super) fn expire_streams(&mut self, now: Instant) {
        while let Some((client, patience)) = self.ways.egress.streams.handle_timeout(now) {
            self.end_stream(now, &client, None, Err(StreamError::NoFirstMessage(patience)));
        }
    }

    /// Ends connections that hold a place and do nothing with it.
    pub(super) fn sweep_streams(&mut self, now: Instant) {
        let (core, media) = (self.relaying.core(), self.media.as_ref());
        let idle = self.ways.egress.streams.idle(now, self.idle, |client, kind| match kind {
            StreamKind::Turn => core.has_allocation(client),
            StreamKind::Media(key) => key.is_some_and(|key| media.is_some_and(|media| media.has_connection(key))),
        });
        for client in idle {
            self.ways.egress.counters.streams_idle += 1;
            self.end_stream(now, &client, None, Err(StreamError::Closed));
        }
    }

    /// A connection is over, if there still is one: whoever it served is told.
    pub(super) fn end_stream(
        &mut self,
        now: Instant,
        client: &ClientAddr,
        id: Option<StreamId>,
        result: Result<(), StreamError>,
    ) {
        let client = *client;
        match self.ways.egress.streams.remove(&client, id, result) {
            Some(StreamKind::Turn) => self.relaying.hear_gone(now, client, &mut self.ways.egress),
            Some(StreamKind::Media(Some(key))) => {
                self.with_media(now, |media, ways| media.hear_gone(now, key, Way::Stream(client), ways));
            }
            Some(StreamKind::Media(None)) | None => {}
        }
    }
}

/// Reads per wake-up, before commands and deadlines get their turn again: some 10 ms of work.
const STREAM_READS_PER_WAKE: usize = 256;

/// Memory that is kept for the messages of the next read.
const CHUNK_BYTES: usize = 64 * 1024;

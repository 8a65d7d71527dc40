//! The one thread that owns the TURN core, every UDP socket and the sending side of every connection.
//!
//! What crosses its border is a value in a bounded queue; there is no lock on the way of a datagram:
//!
//! ```text
//! client --UDP--> listener ─┐                       ┌─> relay socket --UDP--> peer
//! client --TCP--> task ─────┼─> turn::Server ───────┤
//! peer ---UDP--> relay ─────┘   (who, where, what   └─> listener or connection ---> client
//!                               header to put on)
//! ```

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::{Events, Poll};
use tokio::sync::mpsc;
use turn::{ClientAddr, Output, PeerAddr, RelayAddr, RelayBindError, Transport};

use super::chunk::Chunk;
use super::command::{Bell, Command, TooManyStreams};
use super::egress::Egress;
use super::receive::{BUFFERS, Datagram, ReceiveBuffers};
use super::sockets::{SocketId, WAKER};
use super::stats::{Stats, as_count};
use super::stream_queue::StreamQueue;
use super::streams::StreamId;
use crate::clock;

/// The state of the thread.
pub(super) struct Worker {
    pub(super) core: turn::Server,
    /// Answers on the second port, where there is nothing but Binding.
    pub(super) second: turn::Server,
    pub(super) poll: Poll,
    pub(super) egress: Egress,
    /// What the tasks on the other side want.
    pub(super) inbox: mpsc::Receiver<Command>,
    /// Rung by them after they put something in.
    pub(super) bell: Arc<Bell>,
    /// Relay addresses that the core asked to bind and has not been answered about.
    pub(super) to_bind: Vec<RelayAddr>,
    /// Connections that are over and of which the core has not been told.
    pub(super) gone: Vec<ClientAddr>,
    /// How long a connection without an allocation may be silent.
    pub(super) idle: Duration,
    /// When silent connections are looked for next.
    pub(super) next_sweep: Instant,
}

impl Worker {
    /// Serves until it is told to stop or nobody is left to tell it. Dropping what it owns closes the sockets.
    pub(super) fn run(mut self) {
        let mut events = Events::with_capacity(EVENTS_PER_WAKE);
        let mut buffers = ReceiveBuffers::new();
        let mut more = false;
        loop {
            // 1. Sleep until a socket is readable, the bell rings or a deadline passes; only look if work was left over.
            let patience = if more { Duration::ZERO } else { self.patience(clock::now()) };
            match self.poll.poll(&mut events, Some(patience)) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                    tracing::error!(%error, "the relay thread cannot wait for its sockets and ends");
                    break;
                }
                _ => self.bell.answer(),
            }
            let now = clock::now();
            for token in events.iter().map(mio::event::Event::token).filter(|&token| token != WAKER) {
                self.egress.sockets.note_readable(token);
            }

            // 2. Expire what is due: nothing that follows may see an allocation that has ended.
            if self.core.poll_timeout().is_some_and(|due| due <= now) {
                self.core.handle_timeout(now);
                self.settle(now);
            }

            // 3. Read sockets in turns, one batch each.
            for _ in 0..BATCHES_PER_WAKE {
                let Some(id) = self.egress.sockets.next_ready() else { break };
                self.read(now, id, &mut buffers);
            }

            // 4. Take what the connections and the rest of the server sent.
            let mut commands = 0;
            while commands < COMMANDS_PER_WAKE {
                match self.inbox.try_recv() {
                    Ok(Command::Stop) | Err(mpsc::error::TryRecvError::Disconnected) => {
                        return self.stop();
                    }
                    Err(mpsc::error::TryRecvError::Empty) => break,
                    Ok(command) => self.carry_out(now, command),
                }
                commands += 1;
            }

            // 5. Follow the clock and let go of silent connections.
            if now >= self.next_sweep {
                self.sweep(now);
            }

            // 6. Everything above has been said; send it.
            self.egress.flush();
            self.egress.streams.wake();
            more = commands == COMMANDS_PER_WAKE || self.egress.sockets.has_ready();
        }
    }

    /// How long there is nothing to do unless something comes in.
    fn patience(&self, now: Instant) -> Duration {
        let due = match self.core.poll_timeout() {
            Some(due) => due.min(self.next_sweep),
            None => self.next_sweep,
        };
        due.saturating_duration_since(now)
    }

    /// Receives one batch from a socket, and notes it as ready again if that did not empty it.
    fn read(&mut self, now: Instant, id: SocketId, buffers: &mut ReceiveBuffers) {
        let Some(socket) = self.egress.sockets.socket(id) else {
            return;
        };
        let local = socket.local();
        match buffers.receive(socket) {
            Ok(filled) => {
                if filled == BUFFERS {
                    self.egress.sockets.note_ready(id);
                }
                let mut datagrams = 0;
                for datagram in buffers.datagrams(filled) {
                    datagrams += 1;
                    match id {
                        SocketId::Listener(position) => {
                            let client = ClientAddr {
                                transport: Transport::Udp,
                                local: datagram.local(local),
                                remote: datagram.remote,
                            };
                            self.hear_client(now, position, client, &datagram);
                        }
                        SocketId::Relay(relay) => self.hear_peer(now, relay, &datagram),
                    }
                }
                self.egress.counters.datagrams_received += datagrams;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => {
                // The next datagram reports the socket again. Trying at once could spin.
                self.egress.counters.receive_errors += 1;
                tracing::debug!(%local, %error, "cannot receive");
            }
        }
    }

    fn hear_client(&mut self, now: Instant, position: usize, client: ClientAddr, datagram: &Datagram<'_>) {
        let listener = self.egress.sockets.listener(position);
        if listener.is_some_and(|listener| listener.binding_only) {
            return self.hear_second_port(now, client, datagram.bytes);
        }
        if let Some(forward) = self.core.handle_client(now, client, datagram.bytes) {
            self.egress.forward(forward, datagram.bytes, datagram.ecn);
        }
        self.settle(now);
    }

    fn hear_second_port(&mut self, now: Instant, client: ClientAddr, message: &[u8]) {
        // Without allocations there is never anything to forward, to bind or to expire.
        let forward = self.second.handle_client(now, client, message);
        debug_assert!(forward.is_none(), "a Binding server forwards nothing");
        while let Some(output) = self.second.poll_output() {
            self.output(output);
        }
    }

    fn hear_peer(&mut self, now: Instant, relay: RelayAddr, datagram: &Datagram<'_>) {
        let peer = PeerAddr::new(datagram.remote);
        if let Some(to_client) = self.core.handle_peer(now, relay, peer, datagram.bytes) {
            self.egress.deliver(to_client, datagram.bytes, datagram.ecn);
        }
        self.settle(now);
    }

    fn hear_stream(&mut self, now: Instant, client: ClientAddr, id: StreamId, chunk: Chunk) {
        if !self.egress.streams.hear(now, &client, id) {
            return;
        }
        for message in chunk.messages() {
            if let Some(forward) = self.core.handle_client(now, client, message) {
                self.egress.forward(forward, message, None);
            }
            self.settle(now);
            if !self.egress.streams.is_open(&client) {
                // Closed over one of its own messages; the next must not allocate for nobody.
                return;
            }
        }
        self.egress.streams.give_back(&client, chunk);
    }

    /// Does what the core asks until it asks for nothing more: one input, all its outputs, then the next.
    fn settle(&mut self, now: Instant) {
        loop {
            while let Some(output) = self.core.poll_output() {
                self.output(output);
            }
            if let Some(relay) = self.to_bind.pop() {
                let bound = self.egress.sockets.bind_relay(relay);
                self.answer_bind(now, relay, bound);
            } else if let Some(client) = self.gone.pop() {
                self.core.handle_client_gone(now, client);
            } else {
                break;
            }
        }
    }

    fn output(&mut self, output: Output) {
        match output {
            Output::Send { client, message } => {
                if self.egress.control(client, &message).is_err() && self.egress.streams.remove(&client, None) {
                    self.egress.counters.streams_stalled += 1;
                    self.gone.push(client);
                }
            }
            Output::BindRelay { relay } => self.to_bind.push(relay),
            Output::CloseRelay { relay } => {
                // What was accepted for a peer before the end still goes out by the socket it was meant for.
                self.egress.flush();
                self.egress.sockets.close_relay(relay);
                self.to_bind.retain(|unbound| *unbound != relay);
            }
        }
    }

    /// Tells the core what became of its wish for a relay socket.
    fn answer_bind(&mut self, now: Instant, relay: RelayAddr, bound: io::Result<()>) {
        let bound = bound.map_err(|error| {
            self.egress.counters.relay_bind_errors += 1;
            tracing::debug!(port = relay.port, %error, "cannot bind a relay socket");
            if error.kind() == io::ErrorKind::AddrInUse { RelayBindError::InUse } else { RelayBindError::Unavailable }
        });
        self.core.handle_relay_bound(now, relay, bound);
    }

    fn carry_out(&mut self, now: Instant, command: Command) {
        match command {
            Command::Open { client, id, queue, accepted } => {
                let result = self.open(now, client, id, queue);
                // The asker may have gone away; then its Gone follows.
                let _ = accepted.send(result);
            }
            Command::Frames { client, id, chunk } => self.hear_stream(now, client, id, chunk),
            Command::Gone { client, id } => {
                if self.egress.streams.remove(&client, Some(id)) {
                    self.gone.push(client);
                    self.settle(now);
                }
            }
            Command::Credentials(credentials, answer) => {
                let _ = answer.send(self.core.set_credentials(credentials));
                self.settle(now);
            }
            Command::Stats(answer) => {
                let mut io = self.egress.counters;
                io.relays_open = as_count(self.egress.sockets.relays_open());
                io.streams_open = as_count(self.egress.streams.open());
                let (core, second) = (self.core.stats(), self.second.stats());
                let _ = answer.send(Stats { core, second, io });
            }
            Command::Stop => {}
        }
    }

    fn open(
        &mut self,
        now: Instant,
        client: ClientAddr,
        id: StreamId,
        queue: Arc<StreamQueue>,
    ) -> Result<(), TooManyStreams> {
        // A connection with the same addresses means that the one before is over.
        if self.egress.streams.remove(&client, None) {
            self.gone.push(client);
            self.settle(now);
        }
        if self.egress.streams.is_full() {
            self.egress.counters.streams_refused += 1;
            return Err(TooManyStreams);
        }
        self.egress.streams.insert(now, client, id, queue);
        Ok(())
    }

    /// Follows the machine's clock, and closes connections that hold a place and do nothing with it.
    fn sweep(&mut self, now: Instant) {
        self.next_sweep = now + SWEEP_INTERVAL.min(self.idle);
        self.core.set_unix_time(now, clock::unix_time());
        let core = &self.core;
        let idle = self.egress.streams.idle(now, self.idle, |client| core.has_allocation(client));
        for client in idle {
            self.egress.streams.remove(&client, None);
            self.egress.counters.streams_idle += 1;
            self.gone.push(client);
        }
        self.settle(now);
    }

    /// Lets the connections end; the sockets close when the worker is dropped.
    fn stop(mut self) {
        self.egress.flush();
        self.egress.streams.clear();
        tracing::debug!("the relay thread ends");
    }
}

/// Socket reports taken per wake-up; the others wait in the kernel.
const EVENTS_PER_WAKE: usize = 256;

/// Receive calls per wake-up, before commands and deadlines get their turn again.
const BATCHES_PER_WAKE: usize = 64;

/// Commands per wake-up, before sockets and deadlines get their turn again.
const COMMANDS_PER_WAKE: usize = 64;

/// How often silent connections are looked for.
const SWEEP_INTERVAL: Duration = Duration::from_secs(5);

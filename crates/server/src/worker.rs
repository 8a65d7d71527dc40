//! A worker: one thread that owns a TURN core, its UDP sockets and the sending side of its connections. Every worker listens on the same
//! UDP addresses, and the kernel gives each the datagrams of its share of the 5-tuples.
//!
//! What crosses its border is a value in a bounded queue; there is no lock on the way of a datagram:
//!
//! ```text
//! client --UDP--> listener ─┐                       ┌─> relay socket --UDP--> peer
//! client --TCP--> task ─────┼─> turn::Server ───────┤
//! peer ---UDP--> relay ─────┘   (who, where, what   └─> listener or connection ---> client
//!                               header to put on)
//! ```

mod batch;
mod chunk;
mod command;
mod egress;
mod error;
mod mesh;
mod receive;
mod relaying;
mod socket;
mod sockets;
mod stats;
mod stream;
mod stream_queue;
mod streams;
mod tuples;

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::{Events, Poll};
use tokio::sync::mpsc;
use turn::{ClientAddr, PeerAddr, RelayAddr, Transport, reserving_shard};

pub(crate) use self::command::{Bell, Command, TooManyStreams};
pub(crate) use self::egress::Egress;
pub use self::error::{ReloadError, SpawnError, Stopped, StreamError};
pub(crate) use self::mesh::{Mesh, Tuple};
pub(crate) use self::relaying::Relaying;
pub(crate) use self::socket::{Sharing, Socket};
pub(crate) use self::sockets::{LISTENERS_MAX, Listener, RelayBinding, Sockets, WAKER};
pub(crate) use self::stats::as_count;
pub use self::stats::{IoStats, Stats};
pub(crate) use self::stream::Stream;
pub(crate) use self::stream_queue::StreamQueue;
pub(crate) use self::streams::{StreamId, Streams};
pub(crate) use self::tuples::{Owner, Tuples};

use self::chunk::Chunk;
use self::mesh::{Item, Parcel};
use self::receive::{BUFFERS, Datagram, ReceiveBuffers};
use self::sockets::SocketId;
use crate::clock;

/// The state of the thread.
pub(crate) struct Worker {
    pub(crate) relaying: Relaying,
    pub(crate) poll: Poll,
    pub(crate) egress: Egress,
    /// The ways to the other workers.
    pub(crate) mesh: Mesh,
    /// Whose the 5-tuples are that are not the TURN core's.
    pub(crate) tuples: Tuples,
    /// What the tasks on the other side want.
    pub(crate) inbox: mpsc::Receiver<Command>,
    /// Rung by them, and by other workers, after they put something in.
    pub(crate) bell: Arc<Bell>,
    /// How long a connection without an allocation may be silent.
    pub(crate) idle: Duration,
    /// When silent connections are looked for next.
    pub(crate) next_sweep: Instant,
}

impl Worker {
    /// Serves until it is told to stop or nobody is left to tell it. Dropping what it owns closes the sockets.
    pub(crate) fn run(mut self) {
        let mut events = Events::with_capacity(EVENTS_PER_WAKE);
        let mut buffers = ReceiveBuffers::new();
        let mut more = false;
        loop {
            // 1. Sleep until a socket is readable, the bell rings or a deadline passes; only look if work was left over.
            let patience = if more { Duration::ZERO } else { self.patience(clock::now()) };
            match self.poll.poll(&mut events, Some(patience)) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                    tracing::error!(%error, "a worker cannot wait for its sockets and ends");
                    break;
                }
                _ => self.bell.answer(),
            }
            let now = clock::now();
            for token in events.iter().map(mio::event::Event::token).filter(|&token| token != WAKER) {
                self.egress.sockets.note_readable(token);
            }

            // 2. Expire what is due: nothing that follows may see an allocation that has ended.
            self.relaying.handle_timeout(now, &mut self.egress);

            // 3. Take what other workers handed over, then read sockets in turns, one batch each.
            let parcels = self.unpack(now);
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
            self.mesh.flush();
            self.egress.flush();
            self.egress.streams.wake();
            more = commands == COMMANDS_PER_WAKE || parcels == PARCELS_PER_WAKE || self.egress.sockets.has_ready();
        }
    }

    /// How long there is nothing to do unless something comes in.
    fn patience(&self, now: Instant) -> Duration {
        let due = [self.relaying.core().poll_timeout()].into_iter().flatten().fold(self.next_sweep, Instant::min);
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
                        SocketId::Listener(position) => self.hear_listener(now, position, local, datagram),
                        SocketId::Relay(relay) => self.hear_relay(now, relay, &datagram),
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

    fn hear_listener(&mut self, now: Instant, position: usize, bound: std::net::SocketAddr, datagram: Datagram<'_>) {
        let tuple = Tuple { local: datagram.local(bound), remote: datagram.remote };
        let listener = self.egress.sockets.listener(position);
        if listener.is_some_and(|listener| listener.binding_only) {
            self.relaying.hear_second_port(now, client_of(tuple), datagram.bytes, &mut self.egress);
            return;
        }
        let reserved = reserving_shard(datagram.bytes).filter(|&worker| self.mesh.is_sibling(worker));
        let owner = reserved.map(Owner::Worker).or_else(|| self.tuples.owner(now, &tuple));
        match owner {
            Some(Owner::Worker(worker)) => {
                self.mesh.post(worker, Item::Datagram { tuple, ecn: datagram.ecn }, datagram.bytes);
            }
            Some(Owner::Peer(_)) | None => self.hear_turn_client(now, tuple, &datagram),
        }
    }

    fn hear_turn_client(&mut self, now: Instant, tuple: Tuple, datagram: &Datagram<'_>) {
        let client = client_of(tuple);
        self.relaying.hear_client(now, client, datagram.bytes, datagram.ecn, &mut self.egress, &mut self.mesh);
    }

    fn hear_relay(&mut self, now: Instant, relay: RelayAddr, datagram: &Datagram<'_>) {
        let peer = PeerAddr::new(datagram.remote);
        self.relaying.hear_peer(now, relay, peer, datagram.bytes, datagram.ecn, &mut self.egress);
    }

    fn hear_stream(&mut self, now: Instant, client: ClientAddr, id: StreamId, chunk: Chunk) {
        if !self.egress.streams.hear(now, &client, id) {
            return;
        }
        for message in chunk.messages() {
            self.relaying.hear_client(now, client, message, None, &mut self.egress, &mut self.mesh);
            if !self.egress.streams.is_open(&client) {
                // Closed over one of its own messages; the next must not allocate for nobody.
                return;
            }
        }
        self.egress.streams.give_back(&client, chunk);
    }

    /// Takes what other workers handed over; returns how many parcels there were.
    fn unpack(&mut self, now: Instant) -> usize {
        for taken in 0..PARCELS_PER_WAKE {
            let Some(mut parcel) = self.mesh.next_arrival() else {
                return taken;
            };
            for position in 0..parcel.len() {
                self.unpack_item(now, &mut parcel, position);
            }
            self.mesh.give_back(parcel);
        }
        PARCELS_PER_WAKE
    }

    fn unpack_item(&mut self, now: Instant, parcel: &mut Parcel, position: usize) {
        let from = parcel.from();
        let Some((item, bytes)) = parcel.item(position) else {
            return;
        };
        match item {
            Item::Datagram { tuple, ecn } => self.hear_handed_over(now, from, tuple, ecn, bytes),
            Item::Relayed { relay, source, ecn } => {
                self.relaying.hear_peer(now, relay, source, bytes, ecn, &mut self.egress);
            }
            Item::Remember(tuple) => {
                if !self.tuples.insert(now, tuple, Owner::Worker(from)) {
                    self.egress.counters.tuples_refused += 1;
                }
            }
            Item::Forget(tuple) => self.tuples.remove(&tuple, Owner::Worker(from)),
        }
    }

    /// A datagram that arrived at another worker's socket. That one is told whether it may hand over the next as well.
    fn hear_handed_over(
        &mut self,
        now: Instant,
        from: u8,
        tuple: Tuple,
        ecn: Option<quinn_udp::EcnCodepoint>,
        bytes: &mut [u8],
    ) {
        let client = client_of(tuple);
        let had_allocation = self.relaying.core().has_allocation(&client);
        self.relaying.hear_client(now, client, bytes, ecn, &mut self.egress, &mut self.mesh);
        match (had_allocation, self.relaying.core().has_allocation(&client)) {
            (false, true) => self.remember(from, tuple),
            (_, false) => self.mesh.post(from, Item::Forget(tuple), &[]),
            (true, true) => {}
        }
    }

    /// Has `worker` hand over what comes on `tuple`. At once, before our answer leaves: the client's next datagram follows upon it.
    fn remember(&mut self, worker: u8, tuple: Tuple) {
        self.mesh.post(worker, Item::Remember(tuple), &[]);
        self.mesh.flush();
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
                    self.relaying.hear_gone(now, client, &mut self.egress);
                }
            }
            Command::Credentials(credentials, answer) => {
                let _ = answer.send(self.relaying.core_mut().set_credentials(credentials));
                self.relaying.settle(now, &mut self.egress);
            }
            Command::Stats(answer) => {
                let _ = answer.send(self.stats());
            }
            Command::Stop => {}
        }
    }

    fn stats(&self) -> Stats {
        let mut io = self.egress.counters;
        io.relays_open = as_count(self.egress.sockets.relays_open());
        io.streams_open = as_count(self.egress.streams.open());
        io.handovers_dropped = self.mesh.dropped();
        Stats { core: self.relaying.core().stats(), second: self.relaying.second_stats(), io }
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
            self.relaying.hear_gone(now, client, &mut self.egress);
        }
        if !self.egress.streams.insert(now, client, id, queue) {
            self.egress.counters.streams_refused += 1;
            return Err(TooManyStreams);
        }
        Ok(())
    }

    /// Follows the machine's clock, and closes connections that hold a place and do nothing with it.
    fn sweep(&mut self, now: Instant) {
        self.next_sweep = now + SWEEP_INTERVAL.min(self.idle);
        self.relaying.core_mut().set_unix_time(now, clock::unix_time());
        self.tuples.sweep(now);
        let core = self.relaying.core();
        let idle = self.egress.streams.idle(now, self.idle, |client| core.has_allocation(client));
        for client in idle {
            self.egress.streams.remove(&client, None);
            self.egress.counters.streams_idle += 1;
            self.relaying.hear_gone(now, client, &mut self.egress);
        }
    }

    /// Lets the connections end; the sockets close when the worker is dropped.
    fn stop(mut self) {
        self.egress.flush();
        self.egress.streams.clear();
        tracing::debug!("a worker ends");
    }
}

/// The client that sends datagrams on `tuple`, as TURN knows it.
fn client_of(tuple: Tuple) -> ClientAddr {
    ClientAddr { transport: Transport::Udp, local: tuple.local, remote: tuple.remote }
}

/// Socket reports taken per wake-up; the others wait in the kernel.
const EVENTS_PER_WAKE: usize = 256;

/// Receive calls per wake-up, before commands and deadlines get their turn again.
const BATCHES_PER_WAKE: usize = 64;

/// Commands per wake-up, before sockets and deadlines get their turn again.
const COMMANDS_PER_WAKE: usize = 64;

/// Parcels of other workers per wake-up, before commands and deadlines get their turn again.
const PARCELS_PER_WAKE: usize = 64;

/// How often silent connections are looked for.
const SWEEP_INTERVAL: Duration = Duration::from_secs(5);

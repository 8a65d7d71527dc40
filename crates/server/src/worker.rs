//! A worker: one thread that owns a TURN core, its UDP sockets and its share of the TCP and TLS connections. Every worker listens on the same
//! UDP addresses, and the kernel gives each the datagrams of its share of the 5-tuples.
//!
//! What crosses its border is a value in a bounded queue; there is no lock on the way of a datagram:
//!
//! ```text
//! client --UDP--> listener ─┐                       ┌─> relay socket --UDP--> peer
//! client --TCP--> socket ───┼─> turn::Server ───────┤
//! peer ---UDP--> relay ─────┘   (who, where, what   └─> listener or connection ---> client
//!                               header to put on)
//! ```

mod answers;
mod batch;
mod chunk;
mod command;
mod egress;
mod error;
mod gathering;
mod mesh;
mod receive;
mod relay_request;
mod relaying;
mod serving;
mod socket;
mod sockets;
mod stats;
mod steering;
mod stream;
mod stream_queue;
mod streams;
mod tuples;
mod ways;

use std::io;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::{Events, Poll};
use tokio::sync::mpsc;
use turn::{PeerAddr, RelayAddr, named_shard};

pub(crate) use self::answers::{Answers, StunAnswer};
pub(crate) use self::chunk::Chunk;
pub(crate) use self::command::{Bell, Command};
pub(crate) use self::egress::Egress;
pub use self::error::{SpawnError, Stopped, StreamError};
pub(crate) use self::mesh::{Item, Mesh, Tuple};
pub(crate) use self::relay_request::RelayRequest;
pub(crate) use self::relaying::Relaying;
pub(crate) use self::socket::{Sharing, Socket};
pub(crate) use self::sockets::{LISTENERS_MAX, Listener, RelayBinding, Sockets, WAKER};
pub(crate) use self::stats::as_count;
pub use self::stats::{IoStats, Load, Stats};
pub(crate) use self::steering::Steering;
pub(crate) use self::stream::{Framing, Newcomer, StreamId, StreamKind};
pub(crate) use self::streams::Streams;
pub(crate) use self::tuples::{Denied, Owner, Plane, Tuples};
pub(crate) use self::ways::Ways;

use self::gathering::{Gathering, NAP};
use self::mesh::Parcel;
use self::receive::{Datagram, ReceiveBuffers};
use self::serving::Reading;
use self::socket::Received;
use self::sockets::SocketId;
use crate::clock;
use crate::media::{Media, Way};

/// The state of the thread.
pub(crate) struct Worker {
    pub(crate) relaying: Relaying,
    /// `None` where the operator has switched media off.
    pub(crate) media: Option<Media>,
    pub(crate) poll: Poll,
    pub(crate) ways: Ways,
    /// What the rest of the server wants.
    pub(crate) inbox: mpsc::Receiver<Command>,
    /// Rung by it, and by other workers, after they put something in.
    pub(crate) bell: Arc<Bell>,
    /// How long a connection without an allocation may be silent.
    pub(crate) idle: Duration,
    /// When silent connections are looked for next.
    pub(crate) next_sweep: Instant,
    /// What STUN servers say about us.
    pub(crate) answers: Answers,
    /// How often it woke up.
    pub(crate) wake_ups: u64,
}

impl Worker {
    /// Serves until it is told to stop or nobody is left to tell it. Dropping what it owns closes the sockets.
    pub(crate) fn run(mut self) {
        let mut events = Events::with_capacity(EVENTS_PER_WAKE);
        let mut buffers = ReceiveBuffers::new();
        let (mut reading, mut gathering) = (Reading::new(), Gathering::default());
        // Parcels that other workers handed over; whether some work was left for another turn, and whether some of that was not in sockets.
        let (mut heard, mut more, mut is_behind) = (0, false, false);
        loop {
            // 1. Sleep until a socket is readable, the bell rings or a deadline passes; only look if work was left over.
            let due = self.due();
            let patience = if more { Duration::ZERO } else { due.saturating_duration_since(clock::now()) };
            match self.poll.poll(&mut events, Some(patience)) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                    tracing::error!(%error, "a worker cannot wait for its sockets and ends");
                    break;
                }
                _ => self.wake_ups += 1,
            }
            let now = clock::now();
            // Whoever sends or hands over something rings. That nobody is left who could is noticed in time.
            let is_called = self.bell.answer() || is_behind || now >= self.next_sweep;
            let Egress { sockets, streams, .. } = &mut self.ways.egress;
            for event in events.iter().filter(|event| event.token() != WAKER) {
                if !streams.note(event) {
                    sockets.note_readable(event.token());
                }
            }

            // 2. Expire what is due: nothing that follows may see an allocation that has ended.
            if now >= due {
                self.handle_timeout(now);
            }

            // 3. Take what other workers handed over, then read sockets in turns, one batch each.
            let parcels = if is_called { self.unpack(now) } else { 0 };
            let mut datagrams = 0;
            while datagrams < DATAGRAMS_PER_WAKE {
                let Some(id) = self.ways.egress.sockets.next_ready() else { break };
                // One that had nothing after all counts as well: a wake-up ends.
                datagrams += self.read(now, id, &mut buffers).max(1);
            }
            self.read_streams(now, &mut reading);

            // 4. Take what the rest of the server sent.
            let commands = if is_called { self.obey(now) } else { Some(0) };
            let Some(commands) = commands else { return self.stop() };

            // 5. Everything above has been said; send it, unless the rest of a picture is about to come.
            let Egress { sockets, streams, .. } = &self.ways.egress;
            is_behind = commands == COMMANDS_PER_WAKE || parcels == PARCELS_PER_WAKE;
            more = is_behind || sockets.has_ready() || streams.has_ready();
            heard += as_count(parcels);
            let is_gathering = !more && self.media.as_ref().is_some_and(Media::is_gathering);
            if gathering.waits(is_gathering, heard + self.ways.egress.counters.datagrams_received) {
                clock::nap(NAP);
                more = true;
            } else {
                self.send_off(now);
            }
        }
    }

    /// Does what the clock asks for: ends what is over, follows the machine's clock, lets go of silent connections.
    fn handle_timeout(&mut self, now: Instant) {
        self.relaying.handle_timeout(now, &mut self.ways.egress);
        self.with_media(now, |media, ways| media.handle_timeout(now, ways));
        self.ways.steering.handle_timeout(now, &self.ways.egress.sockets);
        self.expire_streams(now);
        if now >= self.next_sweep {
            self.sweep(now);
        }
    }

    /// Takes what the rest of the server sent; returns how many commands there were, `None` when the worker is to end.
    fn obey(&mut self, now: Instant) -> Option<usize> {
        for taken in 0..COMMANDS_PER_WAKE {
            match self.inbox.try_recv() {
                Ok(Command::Stop) | Err(mpsc::error::TryRecvError::Disconnected) => return None,
                Err(mpsc::error::TryRecvError::Empty) => return Some(taken),
                Ok(command) => self.carry_out(now, command),
            }
        }
        Some(COMMANDS_PER_WAKE)
    }

    /// Sends what has gathered. The packets of a picture that came together leave together.
    fn send_off(&mut self, now: Instant) {
        let events = self.with_media(now, |media, ways| media.flush(now, ways)).unwrap_or_default();
        let crowded = !self.ways.mesh.flush();
        self.ways.egress.flush();
        self.ways.egress.streams.flush(now);
        if events || crowded {
            // Neither the rooms nor a worker that is behind ring a bell: look again soon.
            self.next_sweep = self.next_sweep.min(now + EVENTS_RETRY);
        }
    }

    /// When there is something to do even if nothing comes in.
    fn due(&self) -> Instant {
        let media = self.media.as_ref().and_then(Media::poll_timeout);
        let streams = self.ways.egress.streams.poll_timeout();
        let due = [self.relaying.core().poll_timeout(), media, self.ways.steering.poll_timeout(), streams];
        due.into_iter().flatten().fold(self.next_sweep, Instant::min)
    }

    /// Lets the media plane do something. When that panics, the calls of this worker are over and it begins anew; all else goes on.
    fn with_media<R>(&mut self, now: Instant, act: impl FnOnce(&mut Media, &mut Ways) -> R) -> Option<R> {
        let media = self.media.as_mut()?;
        let ways = &mut self.ways;
        if let Ok(done) = catch_unwind(AssertUnwindSafe(|| act(media, ways))) {
            return Some(done);
        }
        tracing::error!(worker = self.ways.mesh.me(), "the media plane of a worker has failed and begins anew");
        self.media = self.media.take().map(|media| media.begin_anew(now, &mut self.ways));
        None
    }

    /// Receives one batch from a socket, and notes it as ready again if that did not empty it. Returns how many datagrams came.
    fn read(&mut self, now: Instant, id: SocketId, buffers: &mut ReceiveBuffers) -> usize {
        let Some(socket) = self.ways.egress.sockets.socket_mut(id) else {
            return 0;
        };
        let local = socket.local();
        match buffers.receive(socket) {
            Ok(Received { filled, may_have_more }) => {
                if may_have_more {
                    self.ways.egress.sockets.note_ready(id);
                }
                let mut datagrams = 0;
                for datagram in buffers.datagrams(filled) {
                    datagrams += 1;
                    match id {
                        SocketId::Listener(position) => self.hear_listener(now, position, local, datagram),
                        SocketId::Relay(relay) => self.hear_relay(now, relay, &datagram),
                    }
                }
                self.ways.egress.counters.datagrams_received += as_count(datagrams);
                datagrams
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            Err(error) => {
                // The next datagram reports the socket again. Trying at once could spin.
                self.ways.egress.counters.receive_errors += 1;
                tracing::debug!(%local, %error, "cannot receive");
                0
            }
        }
    }

    fn hear_listener(&mut self, now: Instant, position: usize, bound: SocketAddr, datagram: Datagram<'_>) {
        let tuple = Tuple { local: datagram.local(bound), remote: datagram.remote };
        let listener = self.ways.egress.sockets.listener(position);
        if listener.is_some_and(|listener| listener.binding_only) {
            self.relaying.hear_second_port(now, tuple.client(), datagram.bytes, &mut self.ways.egress);
            return;
        }
        if self.answers.take(tuple.remote, datagram.bytes) {
            return;
        }
        match self.owner(now, &tuple, datagram.bytes) {
            Some(Owner::Worker(worker)) => {
                self.ways.egress.counters.datagrams_handed_over += 1;
                self.ways.mesh.post(worker, Item::Datagram { tuple, ecn: datagram.ecn }, datagram.bytes);
            }
            Some(Owner::Peer(key)) => self.hear_peer_connection(now, key, tuple, None, datagram.bytes),
            None => self.hear_turn_client(now, tuple, &datagram),
        }
    }

    /// Whose a datagram is; `None`: the TURN core's.
    fn owner(&mut self, now: Instant, tuple: &Tuple, datagram: &[u8]) -> Option<Owner> {
        if let Some(name) = self.media.as_ref().and_then(|_| Media::checked(datagram)) {
            // A check names its connection, whatever came on this 5-tuple before.
            let ours = name.worker == self.ways.mesh.me();
            return if ours { Some(Owner::Peer(name.connection)) } else { self.sibling(name.worker) };
        }
        match named_shard(datagram) {
            Some(worker) if self.ways.mesh.is_sibling(worker) => Some(Owner::Worker(worker)),
            _ => self.ways.tuples.owner(now, *tuple, Plane::of(datagram)),
        }
    }

    /// The owner of that number, if there is one.
    fn sibling(&self, worker: u8) -> Option<Owner> {
        self.ways.mesh.is_sibling(worker).then_some(Owner::Worker(worker))
    }

    fn hear_peer_connection(&mut self, now: Instant, key: u32, tuple: Tuple, via: Option<u8>, bytes: &mut [u8]) {
        self.with_media(now, |media, ways| media.hear(now, key, Way::Datagrams { tuple, via }, bytes, ways));
    }

    fn hear_turn_client(&mut self, now: Instant, tuple: Tuple, datagram: &Datagram<'_>) {
        let client = tuple.client();
        self.relaying.hear_client(
            now,
            client,
            datagram.bytes,
            datagram.ecn,
            &mut self.ways.egress,
            &mut self.ways.mesh,
        );
    }

    fn hear_relay(&mut self, now: Instant, relay: RelayAddr, datagram: &Datagram<'_>) {
        let peer = PeerAddr::new(datagram.remote);
        self.relaying.hear_peer(now, relay, peer, datagram.bytes, datagram.ecn, &mut self.ways.egress);
    }

    /// Takes what other workers handed over; returns how many parcels there were.
    fn unpack(&mut self, now: Instant) -> usize {
        for taken in 0..PARCELS_PER_WAKE {
            let Some(mut parcel) = self.ways.mesh.next_arrival() else {
                return taken;
            };
            for note in parcel.take_notes() {
                let from = parcel.from();
                self.with_media(now, |media, ways| media.hear_note(now, from, note, ways));
            }
            for connection in parcel.take_connections() {
                self.take_over(now, connection);
            }
            for position in 0..parcel.len() {
                self.unpack_item(now, &mut parcel, position);
            }
            self.ways.mesh.give_back(parcel);
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
                self.relaying.hear_peer(now, relay, source, bytes, ecn, &mut self.ways.egress);
            }
            Item::Remember(tuple, plane) => self.remember(now, tuple, plane, from),
            Item::Crossing(crossing) => {
                self.with_media(now, |media, ways| media.hear_crossing(now, from, crossing, bytes, ways));
            }
            Item::Steer(tuple) => self.ways.steer(now, tuple, from),
            Item::Forget(tuple, plane) => self.ways.forget(now, tuple, plane, from),
        }
    }

    /// Another worker's client has proved who it is on a 5-tuple of ours. Where one of our own uses it, it stays ours.
    fn remember(&mut self, now: Instant, tuple: Tuple, plane: Plane, worker: u8) {
        let ours = match plane {
            Plane::Relaying => self.relaying.core().has_allocation(&tuple.client()),
            Plane::Media => self.media.as_ref().is_some_and(|media| media.holds(tuple, &self.ways)),
        };
        let claimed =
            if ours { Err(Denied::Taken) } else { self.ways.tuples.claim(now, tuple, plane, Owner::Worker(worker)) };
        if let Err(denied) = claimed {
            self.ways.count_denied(denied);
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
        match self.owner(now, &tuple, bytes) {
            Some(Owner::Peer(key)) => return self.hear_peer_connection(now, key, tuple, Some(from), bytes),
            // Handing it on could go round in circles.
            Some(Owner::Worker(worker)) if worker != self.ways.mesh.me() => return,
            _ => {}
        }
        let plane = Plane::of(bytes);
        if plane == Plane::Media {
            // The connection it was for is gone.
            return self.ways.mesh.post(from, Item::Forget(tuple, plane), &[]);
        }
        let client = tuple.client();
        let had_allocation = self.relaying.core().has_allocation(&client);
        self.relaying.hear_client(now, client, bytes, ecn, &mut self.ways.egress, &mut self.ways.mesh);
        match (had_allocation, self.relaying.core().has_allocation(&client)) {
            (false, true) => self.ways.remember(from, tuple, plane),
            (_, false) => self.ways.mesh.post(from, Item::Forget(tuple, plane), &[]),
            (true, true) => {}
        }
    }

    fn carry_out(&mut self, now: Instant, command: Command) {
        match command {
            Command::Serve(newcomer) => self.welcome(now, *newcomer),
            Command::GiveUp { client, id } => self.end_stream(now, &client, Some(id), Err(StreamError::Closed)),
            Command::Media(request) => {
                self.with_media(now, |media, ways| media.handle_request(now, *request, ways));
            }
            Command::Feed(feed) => drop(self.with_media(now, |media, ways| media.handle_feed(now, feed, ways))),
            Command::Tap(tap) => drop(self.with_media(now, |media, ways| media.handle_tap(now, tap, ways))),
            // Who gets no answer is told that there is no media server.
            Command::Check(request) => {
                self.with_media(now, |media, ways| media.handle_check(now, *request, ways));
            }
            #[cfg(test)]
            Command::Fail => {
                self.with_media(now, |_, _| panic!("a fault that a test asked for"));
            }
            Command::Look(request) if self.media.is_some() => {
                self.with_media(now, |media, _| media.handle_look(now, *request));
            }
            Command::Look(request) => request.answer_nothing(),
            Command::Candidates(candidates) => {
                self.with_media(now, |media, _| media.set_candidates(candidates));
            }
            Command::ExpectAnswers(servers, heard) => self.answers.expect(servers, heard),
            Command::SendFrom { local, to, datagram } => self.ways.egress.send_single(local, to, &datagram),
            Command::Relay(request) => self.relaying.handle_request(now, request, &mut self.ways.egress),
            Command::Stats(answer) => {
                let _ = answer.send(self.stats());
            }
            Command::Stop => {}
        }
    }

    fn stats(&self) -> Stats {
        let mut io = self.ways.egress.counters;
        io.relays_open = as_count(self.ways.egress.sockets.relays_open());
        io.streams_open = as_count(self.ways.egress.streams.open());
        io.handovers_dropped = self.ways.mesh.dropped();
        let media = self.media.as_ref().map(|media| media.stats(clock::now())).unwrap_or_default();
        let load = Load { cpu: clock::thread_time(), wake_ups: self.wake_ups };
        Stats { core: self.relaying.core().stats(), second: self.relaying.second_stats(), io, media, load }
    }

    /// Follows the machine's clock, and closes connections that hold a place and do nothing with it.
    fn sweep(&mut self, now: Instant) {
        self.next_sweep = now + SWEEP_INTERVAL.min(self.idle);
        self.relaying.core_mut().set_unix_time(now, clock::unix_time());
        self.ways.sweep(now);
        self.sweep_streams(now);
    }

    /// Says goodbye and lets the connections end; the sockets close when the worker is dropped.
    fn stop(mut self) {
        let now = clock::now();
        self.with_media(now, |media, ways| media.close_all(now, ways));
        self.ways.egress.flush();
        self.ways.egress.streams.clear(now);
        tracing::debug!("a worker ends");
    }
}

/// Socket reports taken per wake-up; the others wait in the kernel.
const EVENTS_PER_WAKE: usize = 256;

/// Datagrams per wake-up, give or take a batch, before commands and deadlines get their turn again: some 10 ms of work. The sockets take
/// turns by batches.
const DATAGRAMS_PER_WAKE: usize = 4_096;

/// Commands per wake-up, before sockets and deadlines get their turn again.
const COMMANDS_PER_WAKE: usize = 64;

/// Parcels of other workers per wake-up, before commands and deadlines get their turn again.
const PARCELS_PER_WAKE: usize = 64;

/// How soon events that found no room are offered to the rooms again.
const EVENTS_RETRY: Duration = Duration::from_millis(5);

/// How often silent connections are looked for.
const SWEEP_INTERVAL: Duration = Duration::from_secs(5);

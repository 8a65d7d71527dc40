//! The media workers: threads that share one UDP port, each with a TURN core, its part of the relay ports and its peers.
//!
//! TCP and TLS connections are accepted elsewhere and handed over to [`Handle::serve_stream`] and [`Handle::serve_media`].

mod connection;
mod reach;
mod relays;
mod spawn;
mod survey;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use room::media::MediaRequest;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot, watch};
pub use turn::Transport;
use turn::{ClientAddr, Config};

pub use crate::worker::{IoStats, Load, SpawnError, Stats, Stopped, StreamError};

pub use self::connection::Connection;
pub(crate) use self::relays::AllocationName;
pub use self::survey::{RoomSurvey, WorkerSurvey};
pub use crate::media::{
    CheckRefusal, EventSinks, MediaSettings, MediaStats, MemberLook, PostStats, Reach, RoomLook, Viewers,
};
use crate::media::{CheckRequest, Feed, Media, Tap};
use crate::worker::{Bell, Chunk, Command, Framing, StreamId, StreamKind};

/// What the operator decides about the workers, STUN and TURN.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How many workers there are; 0 counts as 1.
    pub workers: u8,
    /// UDP addresses that serve STUN and TURN. A wildcard serves its own family only; name both for both.
    pub udp_listen: Vec<SocketAddr>,
    /// UDP addresses that serve STUN Binding only, on another port: a client that sees two different mapped ports is behind a NAT that
    /// maps per destination (RFC 5780 §4.3 in its simplest form).
    pub second_listen: Vec<SocketAddr>,
    /// The protocol's own configuration.
    pub core: Config,
    /// `None`: no media server.
    pub media: Option<MediaSettings>,
    /// Kernel receive buffer of each listener in bytes; the kernel may grant less. 0: its default.
    pub listener_buffer_bytes: usize,
    /// Kernel receive buffer of each relay socket in bytes; the kernel may grant less. 0: its default.
    pub relay_buffer_bytes: usize,
    /// Relayed bytes that may wait for one TCP or TLS client before packets are dropped.
    pub stream_queue_bytes: usize,
    /// TCP and TLS connections at once; 0: no limit.
    pub streams_max: usize,
    /// How long a TCP or TLS client may take for its first message.
    pub first_message: Duration,
    /// How long a TCP or TLS client without an allocation may be silent.
    pub idle: Duration,
}

impl Settings {
    /// `core` on no address yet, with the defaults for everything else.
    #[must_use]
    pub fn new(core: Config) -> Self {
        Self {
            workers: 1,
            udp_listen: Vec::new(),
            second_listen: Vec::new(),
            listener_buffer_bytes: 4 << 20,
            relay_buffer_bytes: 512 << 10,
            stream_queue_bytes: 1 << 20,
            streams_max: 10_000,
            first_message: Duration::from_secs(10),
            idle: Duration::from_secs(60),
            core,
            media: None,
        }
    }
}

/// The addresses that were bound, with their real ports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LocalAddresses {
    /// Of [`Settings::udp_listen`], in that order.
    pub udp: Vec<SocketAddr>,
    /// Of [`Settings::second_listen`], in that order.
    pub second: Vec<SocketAddr>,
}

/// Starts workers.
pub struct Workers;

impl Workers {
    /// Binds the listeners and starts the threads.
    ///
    /// A wildcard IPv6 address is left out on a machine without IPv6.
    ///
    /// # Errors
    /// [`SpawnError`] says which address cannot be bound, or what is wrong with the configuration. Nothing is left running.
    pub fn spawn(settings: Settings) -> Result<Handle, SpawnError> {
        spawn::spawn(settings)
    }
}

/// The way to the running workers. Clones are the same workers; they stop when the last is dropped.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

struct Shared {
    /// The ways to the workers, by their numbers. Never empty.
    desks: Vec<Desk>,
    addresses: LocalAddresses,
    media: bool,
    /// Where clients reach the media server through relays.
    services: Mutex<Vec<SocketAddr>>,
    relay_buffer_bytes: usize,
    stream_queue_bytes: usize,
    first_message: Duration,
    /// Connections so far: numbers them, and spreads them over the workers.
    streams: AtomicU64,
    /// Checks of the network so far: spreads them over the workers.
    checks: AtomicU64,
}

/// The way to one worker.
struct Desk {
    inbox: mpsc::Sender<Command>,
    bell: Arc<Bell>,
    /// Closed when the thread has ended.
    ended: watch::Receiver<()>,
}

impl Desk {
    async fn send(&self, command: Command) -> Result<(), Stopped> {
        self.inbox.send(command).await.map_err(|_| Stopped)?;
        self.bell.ring();
        Ok(())
    }
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handle").field("workers", &self.workers()).finish_non_exhaustive()
    }
}

impl Handle {
    /// The bound addresses.
    #[must_use]
    pub fn local_addresses(&self) -> &LocalAddresses {
        &self.shared.addresses
    }

    /// Whether there is a media server: it is on, and has an address to be reached at.
    #[must_use]
    pub fn has_media(&self) -> bool {
        self.shared.media
    }

    /// How many workers there are.
    #[must_use]
    pub fn workers(&self) -> usize {
        self.shared.desks.len()
    }

    /// Serves one accepted TCP or TLS connection until it ends. `local` and `remote` are its two ends; TCP_NODELAY, handshakes and caps
    /// per address are the caller's business. Dropping the future ends the connection.
    ///
    /// # Errors
    /// [`StreamError`] says why the connection ended, unless the client closed it.
    pub async fn serve_stream(
        &self,
        mut connection: Connection,
        local: SocketAddr,
        remote: SocketAddr,
    ) -> Result<(), StreamError> {
        let number = self.shared.streams.fetch_add(1, Ordering::Relaxed);
        let desk = self.shared.desks.get(self.turn_of(number)).ok_or(Stopped)?;
        let client = ClientAddr { transport: connection.transport(), local, remote };
        let (mut framing, mut first) = (Framing::stun(), Chunk::default());
        framing.cut(&mut connection.read, &mut first)?;
        connection.serve(desk, (client, StreamId(number), StreamKind::Turn), (framing, first), &self.shared).await
    }

    /// Serves one accepted TCP connection of a media client (ICE-TCP, RFC 6544) until it ends. Its first check says which worker it is
    /// for.
    ///
    /// # Errors
    /// As for [`Self::serve_stream`].
    pub async fn serve_media(
        &self,
        mut connection: Connection,
        local: SocketAddr,
        remote: SocketAddr,
    ) -> Result<(), StreamError> {
        let mut framing = Framing::rfc4571();
        let read = std::mem::take(&mut connection.read);
        let first = framing.first(&mut connection.socket, read, self.shared.first_message).await?;
        let name = first.messages().next().and_then(Media::checked).ok_or(StreamError::NoCheck)?;
        let desk = self.shared.desks.get(usize::from(name.worker)).ok_or(StreamError::NoCheck)?;
        let id = StreamId(self.shared.streams.fetch_add(1, Ordering::Relaxed));
        let client = ClientAddr { transport: Transport::Tcp, local, remote };
        connection.serve(desk, (client, id, StreamKind::Media(None)), (framing, first), &self.shared).await
    }

    /// The workers take turns.
    fn turn_of(&self, number: u64) -> usize {
        let turns = u64::try_from(self.workers()).unwrap_or(1).max(1);
        usize::try_from(number % turns).unwrap_or_default()
    }

    /// As [`Self::request_media`], at once.
    ///
    /// # Errors
    /// The request, when the worker is busy or has ended.
    pub(crate) fn try_request_media(&self, worker: usize, request: Box<MediaRequest>) -> Result<(), Box<MediaRequest>> {
        let Some(desk) = self.shared.desks.get(worker) else { return Err(request) };
        match desk.inbox.try_send(Command::Media(request)) {
            Ok(()) => {
                desk.bell.ring();
                Ok(())
            }
            Err(TrySendError::Full(Command::Media(request)) | TrySendError::Closed(Command::Media(request))) => {
                Err(request)
            }
            Err(_) => Ok(()),
        }
    }

    /// Waits until `worker` takes a command; for ever when it has ended.
    pub(crate) async fn has_room(&self, worker: usize) {
        if let Some(desk) = self.shared.desks.get(worker)
            && desk.inbox.reserve().await.is_ok()
        {
            return;
        }
        std::future::pending::<()>().await;
    }

    /// Asks the media plane of `worker` for something; what comes of it comes as an event.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn request_media(&self, worker: usize, request: MediaRequest) -> Result<(), Stopped> {
        let desk = self.shared.desks.get(worker).ok_or(Stopped)?;
        desk.send(Command::Media(Box::new(request))).await
    }

    /// Does something for a member without a connection, on `worker`; waits while that is busy.
    ///
    /// # Errors
    /// [`Stopped`].
    pub(crate) async fn feed(&self, worker: usize, feed: Feed) -> Result<(), Stopped> {
        self.shared.desks.get(worker).ok_or(Stopped)?.send(Command::Feed(feed)).await
    }

    /// Does something for a member without a connection that receives, on `worker`; waits while that is busy.
    ///
    /// # Errors
    /// [`Stopped`].
    pub(crate) async fn tap(&self, worker: usize, tap: Tap) -> Result<(), Stopped> {
        self.shared.desks.get(worker).ok_or(Stopped)?.send(Command::Tap(tap)).await
    }

    /// Opens a connection for a check of the network, which ends by itself: the answer to an offer of data channels labelled `echo`,
    /// `upload` or `download`. The workers take turns.
    ///
    /// # Errors
    /// [`CheckRefusal`].
    pub async fn check(&self, sdp: String) -> Result<String, CheckRefusal> {
        let number = self.shared.checks.fetch_add(1, Ordering::Relaxed);
        let desk = self.shared.desks.get(self.turn_of(number)).ok_or(CheckRefusal::Unavailable)?;
        let (answer, answered) = oneshot::channel();
        let request = Box::new(CheckRequest { sdp, answer });
        desk.send(Command::Check(request)).await.map_err(|_| CheckRefusal::Unavailable)?;
        answered.await.unwrap_or(Err(CheckRefusal::Unavailable))
    }

    /// What all workers counted so far, together.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn stats(&self) -> Result<Stats, Stopped> {
        let mut total = Stats::default();
        for stats in self.stats_by_worker().await? {
            total += stats;
        }
        Ok(total)
    }

    /// What each worker counted so far.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn stats_by_worker(&self) -> Result<Vec<Stats>, Stopped> {
        let mut answers = Vec::new();
        for desk in &self.shared.desks {
            let (answer, stats) = oneshot::channel();
            desk.send(Command::Stats(answer)).await?;
            answers.push(stats.await.map_err(|_| Stopped)?);
        }
        Ok(answers)
    }

    /// Stops the workers and waits until their sockets are closed. Calling it again does nothing.
    pub async fn shutdown(&self) {
        for desk in &self.shared.desks {
            // An error means that it has stopped.
            let _ = desk.send(Command::Stop).await;
        }
        for desk in &self.shared.desks {
            // Nothing is ever sent: the only change is the end.
            let _ = desk.ended.clone().changed().await;
        }
    }

    /// Waits until a worker has stopped, be it by [`Self::shutdown`], with the last handle, or because its thread died. Waiting does
    /// not keep the workers alive.
    pub fn ended(&self) -> impl Future<Output = ()> + Send + use<> {
        let ends = self.shared.desks.iter().map(|desk| desk.ended.clone());
        let ends: Vec<_> = ends.map(|mut ended| Box::pin(async move { drop(ended.changed().await) })).collect();
        async move { drop(futures_util::future::select_all(ends).await) }
    }
}

impl Drop for Shared {
    /// The last handle is gone, nobody can stop the workers any more.
    fn drop(&mut self) {
        for desk in &self.desks {
            // With the inbox full the worker is awake, and finds the inbox closed when it has emptied it.
            let _ = desk.inbox.try_send(Command::Stop);
            desk.bell.ring();
        }
    }
}

#[cfg(test)]
mod tests;

//! STUN and TURN on real sockets: the shell around [`turn::Server`].
//!
//! One thread owns the core, the UDP sockets that clients send to and a socket per relayed transport address. TCP and TLS connections
//! are accepted elsewhere, handed over to [`Handle::serve_stream`] and read and written by tokio tasks.

mod batch;
mod chunk;
mod command;
mod egress;
mod error;
mod receive;
mod socket;
mod sockets;
mod stats;
mod stream;
mod stream_queue;
mod streams;
mod worker;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use mio::{Poll, Waker};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, oneshot, watch};
pub use turn::Transport;
use turn::credentials::Credentials;
use turn::{ClientAddr, Config};

pub use self::error::{ReloadError, SpawnError, Stopped, StreamError};
pub use self::stats::{IoStats, Stats};

use self::command::{Bell, Command};
use self::egress::Egress;
use self::socket::Socket;
use self::sockets::{LISTENERS_MAX, Listener, RelayBinding, Sockets, WAKER};
use self::stream::Stream;
use self::stream_queue::StreamQueue;
use self::streams::{StreamId, Streams};
use self::worker::Worker;
use crate::clock;

/// What the operator decides about STUN and TURN.
#[derive(Debug, Clone)]
pub struct Settings {
    /// UDP addresses that serve STUN and TURN. A wildcard serves its own family only; name both for both.
    pub udp_listen: Vec<SocketAddr>,
    /// UDP addresses that serve STUN Binding only, on another port: a client that sees two different mapped ports is behind a NAT that
    /// maps per destination (RFC 5780 §4.3 in its simplest form).
    pub second_listen: Vec<SocketAddr>,
    /// The protocol's own configuration.
    pub core: Config,
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
            udp_listen: Vec::new(),
            second_listen: Vec::new(),
            listener_buffer_bytes: 4 << 20,
            relay_buffer_bytes: 512 << 10,
            stream_queue_bytes: 1 << 20,
            streams_max: 10_000,
            first_message: Duration::from_secs(10),
            idle: Duration::from_secs(60),
            core,
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

/// The STUN and TURN server.
pub struct Turn;

impl Turn {
    /// Binds the listeners and starts the thread.
    ///
    /// A wildcard IPv6 address is left out on a machine without IPv6.
    ///
    /// # Errors
    /// [`SpawnError`] says which address cannot be bound, or what is wrong with the configuration. Nothing is left running.
    pub fn spawn(settings: Settings) -> Result<Handle, SpawnError> {
        let poll = Poll::new().map_err(SpawnError::Thread)?;
        let waker = Waker::new(poll.registry(), WAKER).map_err(SpawnError::Thread)?;
        let registry = poll.registry().try_clone().map_err(SpawnError::Thread)?;
        let mut sockets = Sockets::new(registry, relay_binding(&settings));
        let addresses = listen(&settings, &mut sockets)?;
        let now = clock::now();
        let core = turn::Server::new(settings.core.clone(), seed()?, now, clock::unix_time())?;
        let second = turn::Server::new(binding_only(&settings.core), seed()?, now, clock::unix_time())?;

        let (sender, inbox) = mpsc::channel(COMMANDS_MAX);
        let bell = Arc::new(Bell::new(waker));
        let (running, ended) = watch::channel(());
        let worker = Worker {
            core,
            second,
            poll,
            egress: Egress::new(sockets, Streams::new(settings.streams_max)),
            inbox,
            bell: Arc::clone(&bell),
            to_bind: Vec::new(),
            gone: Vec::new(),
            idle: settings.idle,
            next_sweep: now,
        };
        thread::Builder::new()
            .name("turn".to_owned())
            .spawn(move || {
                worker.run();
                // Dropped last, also when the thread panics: whoever waits for the end is told after the sockets are closed.
                drop(running);
            })
            .map_err(SpawnError::Thread)?;
        Ok(Handle {
            shared: Arc::new(Shared {
                inbox: sender,
                bell,
                ended,
                addresses,
                stream_queue_bytes: settings.stream_queue_bytes,
                first_message: settings.first_message,
                streams: AtomicU64::new(0),
            }),
        })
    }
}

/// The way to the running server. Clones are the same server; it stops when the last is dropped.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

struct Shared {
    inbox: mpsc::Sender<Command>,
    bell: Arc<Bell>,
    /// Closed when the thread has ended.
    ended: watch::Receiver<()>,
    addresses: LocalAddresses,
    stream_queue_bytes: usize,
    first_message: Duration,
    /// Connections so far: numbers them.
    streams: AtomicU64,
}

impl Handle {
    /// The bound addresses.
    #[must_use]
    pub fn local_addresses(&self) -> &LocalAddresses {
        &self.shared.addresses
    }

    /// Serves one accepted TCP or TLS connection until it ends. `local` and `remote` are its two ends; TCP_NODELAY, handshakes and caps
    /// per address are the caller's business.
    ///
    /// # Errors
    /// [`StreamError`] says why the connection ended, unless the client closed it.
    pub async fn serve_stream<S>(
        &self,
        io: S,
        transport: Transport,
        local: SocketAddr,
        remote: SocketAddr,
    ) -> Result<(), StreamError>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let shared = &self.shared;
        let stream = Stream {
            client: ClientAddr { transport, local, remote },
            id: StreamId(shared.streams.fetch_add(1, Ordering::Relaxed)),
            queue: Arc::new(StreamQueue::new(shared.stream_queue_bytes)),
            inbox: shared.inbox.clone(),
            bell: Arc::clone(&shared.bell),
            first_message: shared.first_message,
        };
        stream.serve(io).await
    }

    /// What was counted so far.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn stats(&self) -> Result<Stats, Stopped> {
        let (answer, stats) = oneshot::channel();
        self.send(Command::Stats(answer)).await?;
        stats.await.map_err(|_| Stopped)
    }

    /// Replaces users and secrets. Allocations of users who are gone end when they would have to be refreshed.
    ///
    /// # Errors
    /// [`ReloadError`]; the old ones stay.
    pub async fn reload_credentials(&self, credentials: Credentials) -> Result<(), ReloadError> {
        let (answer, result) = oneshot::channel();
        self.send(Command::Credentials(credentials, answer)).await?;
        result.await.map_err(|_| Stopped)?.map_err(ReloadError::Config)
    }

    /// Stops the server and waits until its sockets are closed. Calling it again does nothing.
    pub async fn shutdown(&self) {
        // An error means that it has stopped.
        if self.send(Command::Stop).await.is_ok() {
            self.ended().await;
        }
    }

    /// Waits until the server has stopped, be it by [`Self::shutdown`], with its last handle, or because its thread died. Waiting does
    /// not keep it alive.
    pub fn ended(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut ended = self.shared.ended.clone();
        async move {
            // Nothing is ever sent: the only change is the end.
            let _ = ended.changed().await;
        }
    }

    async fn send(&self, command: Command) -> Result<(), Stopped> {
        self.shared.inbox.send(command).await.map_err(|_| Stopped)?;
        self.shared.bell.ring();
        Ok(())
    }
}

impl Drop for Shared {
    /// The last handle is gone, nobody can stop the server any more.
    fn drop(&mut self) {
        // With the inbox full the worker is awake, and finds the inbox closed when it has emptied it.
        let _ = self.inbox.try_send(Command::Stop);
        self.bell.ring();
    }
}

/// Binds all listeners.
fn listen(settings: &Settings, sockets: &mut Sockets) -> Result<LocalAddresses, SpawnError> {
    let asked = settings.udp_listen.len() + settings.second_listen.len();
    if asked > LISTENERS_MAX {
        return Err(SpawnError::TooManyListeners { asked, max: LISTENERS_MAX });
    }
    let mut addresses = LocalAddresses::default();
    let firsts = settings.udp_listen.iter().map(|address| (*address, false));
    let seconds = settings.second_listen.iter().map(|address| (*address, true));
    for (address, binding_only) in firsts.chain(seconds) {
        let bytes = settings.listener_buffer_bytes;
        let bound = Socket::bind(address, bytes, bytes).and_then(|socket| {
            let local = socket.local();
            sockets.listen(Listener { socket, binding_only }).map(|()| local)
        });
        match bound {
            Ok(local) if binding_only => addresses.second.push(local),
            Ok(local) => addresses.udp.push(local),
            Err(source) if is_family_missing(address, &source) => {
                tracing::info!(%address, "this machine has no IPv6, not listening on it");
            }
            Err(source) => return Err(SpawnError::Listen { address, source }),
        }
    }
    Ok(addresses)
}

/// Whether the wildcard address of IPv6 was refused because the machine has no IPv6.
fn is_family_missing(address: SocketAddr, error: &io::Error) -> bool {
    let code = error.raw_os_error().map(rustix::io::Errno::from_raw_os_error);
    address.is_ipv6()
        && address.ip().is_unspecified()
        && matches!(code, Some(rustix::io::Errno::AFNOSUPPORT | rustix::io::Errno::ADDRNOTAVAIL))
}

/// Relay sockets are bound to the relayed address itself where it is one of this machine, so that peers see exactly that address, and
/// to all addresses where it is not (behind a NAT that maps it to us).
fn relay_binding(settings: &Settings) -> RelayBinding {
    let is_ours = |ip: IpAddr| Socket::bind(SocketAddr::new(ip, 0), 0, 0).is_ok();
    RelayBinding {
        ipv4: settings.core.relay_v4.filter(|ip| is_ours(IpAddr::V4(*ip))).unwrap_or(Ipv4Addr::UNSPECIFIED),
        ipv6: settings.core.relay_v6.filter(|ip| is_ours(IpAddr::V6(*ip))).unwrap_or(Ipv6Addr::UNSPECIFIED),
        receive_buffer_bytes: settings.relay_buffer_bytes,
        send_buffer_bytes: settings.relay_buffer_bytes,
    }
}

/// The configuration of the second port: the same, without relaying.
fn binding_only(config: &Config) -> Config {
    Config { relay_v4: None, relay_v6: None, ..config.clone() }
}

/// Randomness for one core.
fn seed() -> Result<[u8; 32], SpawnError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(SpawnError::Seed)?;
    Ok(seed)
}

/// Commands on their way to the worker. Beyond that the senders wait.
const COMMANDS_MAX: usize = 256;

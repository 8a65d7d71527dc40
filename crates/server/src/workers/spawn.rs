//! The start of the workers: every socket is bound and every core made before the first thread runs.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex};
use std::thread;

use mio::{Poll, Waker};
use tokio::sync::{mpsc, watch};
use turn::{Config, Quotas, Rate, Shard};

use super::{Desk, Handle, LocalAddresses, Settings, Shared};
use crate::clock;
use crate::media::Media;
use crate::worker::{
    Answers, Bell, Egress, LISTENERS_MAX, Listener, Mesh, RelayBinding, Relaying, Sharing, Socket, Sockets, SpawnError,
    Steering, Streams, Tuples, WAKER, Ways, Worker,
};

/// As [`super::Workers::spawn`].
pub(super) fn spawn(settings: Settings) -> Result<Handle, SpawnError> {
    let count = settings.workers.max(1);
    let mut grounds = (0..count).map(|_| Ground::new(&settings)).collect::<Result<Vec<_>, _>>()?;
    let addresses = listen(&settings, &mut grounds)?;
    let bells: Vec<_> = grounds.iter().map(|ground| Arc::clone(&ground.bell)).collect();
    let quotas = Quotas::new(random()?, clock::now());
    let shared = match &settings.media {
        Some(media) => media.build(&addresses.udp)?,
        None => None,
    };
    let media = shared.is_some();
    let reach = settings.media.as_ref().filter(|_| media).map(|media| &media.reach);
    let services = reach.map_or_else(Vec::new, |reach| reach.services(&addresses.udp));
    let streams_open = Arc::new(AtomicUsize::new(0));
    let mut ready = Vec::new();
    let links = Mesh::between(&bells).into_iter().zip(Steering::among(count));
    for ((ground, links), index) in grounds.into_iter().zip(links).zip(0..count) {
        let shard = Shard::new(index, count).unwrap_or_default();
        let relaying = relaying(&settings, shard, services.clone(), quotas.clone())?;
        let registry = ground.poll.registry().try_clone().map_err(SpawnError::Thread)?;
        let streams = Streams::new(registry, settings.streams_max, Arc::clone(&streams_open));
        let peers = shared.as_ref().zip(settings.media.as_ref());
        let peers = peers.map(|(shared, media)| Media::new((index, count), Arc::clone(shared), media.events.clone()));
        ready.push(ground.build(&settings, relaying, peers, links, streams)?);
    }
    let desks = ready.into_iter().map(start).collect::<Result<Vec<_>, _>>()?;
    Ok(Handle {
        shared: Arc::new(Shared {
            desks,
            addresses,
            media,
            services: Mutex::new(services),
            relay_buffer_bytes: settings.relay_buffer_bytes,
            stream_queue_bytes: settings.stream_queue_bytes,
            first_message: settings.first_message,
            streams: AtomicU64::new(0),
            checks: AtomicU64::new(0),
        }),
    })
}

/// What a worker stands on: its poll, its bell and its sockets.
struct Ground {
    poll: Poll,
    bell: Arc<Bell>,
    sockets: Sockets,
}

impl Ground {
    fn new(settings: &Settings) -> Result<Self, SpawnError> {
        let poll = Poll::new().map_err(SpawnError::Thread)?;
        let waker = Waker::new(poll.registry(), WAKER).map_err(SpawnError::Thread)?;
        let registry = poll.registry().try_clone().map_err(SpawnError::Thread)?;
        let sockets = Sockets::new(registry, relay_binding(&settings.core, settings.relay_buffer_bytes));
        Ok(Self { poll, bell: Arc::new(Bell::new(waker)), sockets })
    }

    fn build(
        self,
        settings: &Settings,
        relaying: Relaying,
        media: Option<Media>,
        (mesh, steering): (Mesh, Steering),
        streams: Streams,
    ) -> Result<(Worker, Desk, watch::Sender<()>), SpawnError> {
        let (sender, inbox) = mpsc::channel(COMMANDS_MAX);
        let (running, ended) = watch::channel(());
        let [low, high] = [random::<8>()?, random()?].map(u64::from_le_bytes);
        let worker = Worker {
            relaying,
            media,
            poll: self.poll,
            ways: Ways { egress: Egress::new(self.sockets, streams), mesh, tuples: Tuples::new((low, high)), steering },
            inbox,
            bell: Arc::clone(&self.bell),
            idle: settings.idle,
            next_sweep: clock::now(),
            answers: Answers::default(),
            wake_ups: 0,
        };
        Ok((worker, Desk { inbox: sender, bell: self.bell, ended }, running))
    }
}

fn start((worker, desk, running): (Worker, Desk, watch::Sender<()>)) -> Result<Desk, SpawnError> {
    thread::Builder::new()
        .name(format!("worker-{}", worker.ways.mesh.me()))
        .spawn(move || {
            worker.run();
            // Dropped last, also when the thread panics: whoever waits for the end is told after the sockets are closed.
            drop(running);
        })
        .map_err(SpawnError::Thread)?;
    Ok(desk)
}

/// The TURN cores of one worker.
fn relaying(
    settings: &Settings,
    shard: Shard,
    services: Vec<SocketAddr>,
    quotas: Quotas,
) -> Result<Relaying, SpawnError> {
    let now = clock::now();
    let mut config = settings.core.clone();
    config.shard = shard;
    config.services = services;
    share_limits(&mut config, settings.workers);
    let second = turn::Server::new(Relaying::binding_only(&config), random()?, now, clock::unix_time())?;
    let core = turn::Server::sharing(config, quotas, random()?, now, clock::unix_time())?;
    Ok(Relaying::new(core, second))
}

/// Whichever way the 5-tuples of a network fall, all workers together never answer faster.
pub(super) fn share_limits(config: &mut Config, workers: u8) {
    config.limits.bindings = share_of(config.limits.bindings, workers);
    config.limits.challenges = share_of(config.limits.challenges, workers);
}

/// The part of a rate that one of `workers` has; never nothing.
fn share_of(rate: Rate, workers: u8) -> Rate {
    let workers = u32::from(workers.max(1));
    Rate { per_second: rate.per_second.div_ceil(workers), burst: rate.burst.div_ceil(workers) }
}

/// Binds all listeners: those of the main port for every worker, those of the second port for the first.
fn listen(settings: &Settings, grounds: &mut [Ground]) -> Result<LocalAddresses, SpawnError> {
    let asked = settings.udp_listen.len() + settings.second_listen.len();
    if asked > LISTENERS_MAX {
        return Err(SpawnError::TooManyListeners { asked, max: LISTENERS_MAX });
    }
    let mut addresses = LocalAddresses::default();
    for &address in &settings.udp_listen {
        let bound = listen_on(address, false, settings, grounds);
        addresses.udp.extend(unless_family_missing(address, bound)?);
    }
    for &address in &settings.second_listen {
        let bound = listen_on(address, true, settings, grounds.get_mut(..1).unwrap_or_default());
        addresses.second.extend(unless_family_missing(address, bound)?);
    }
    Ok(addresses)
}

/// Binds one address for each of `grounds`; the kernel spreads the 5-tuples over them.
fn listen_on(
    address: SocketAddr,
    binding_only: bool,
    settings: &Settings,
    grounds: &mut [Ground],
) -> io::Result<SocketAddr> {
    let bytes = settings.listener_buffer_bytes;
    let (mut local, mut sharing) = (address, if grounds.len() > 1 { Sharing::First } else { Sharing::Alone });
    for ground in grounds {
        let socket = Socket::bind(local, sharing, bytes, bytes)?;
        // With port 0 the first gets a port, which the others take as well.
        (local, sharing) = (socket.local(), Sharing::Another);
        ground.sockets.listen(Listener { socket, binding_only })?;
    }
    Ok(local)
}

/// The wildcard address of IPv6 is passed over where the machine has no IPv6.
fn unless_family_missing(address: SocketAddr, bound: io::Result<SocketAddr>) -> Result<Option<SocketAddr>, SpawnError> {
    match bound {
        Ok(local) => Ok(Some(local)),
        Err(source) if is_family_missing(address, &source) => {
            tracing::info!(%address, "this machine has no IPv6, not listening on it");
            Ok(None)
        }
        Err(source) => Err(SpawnError::Listen { address, source }),
    }
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
pub(super) fn relay_binding(core: &Config, buffer_bytes: usize) -> RelayBinding {
    let is_ours = |ip: IpAddr| Socket::bind(SocketAddr::new(ip, 0), Sharing::Alone, 0, 0).is_ok();
    RelayBinding {
        ipv4: core.relay_v4.filter(|ip| is_ours(IpAddr::V4(*ip))).unwrap_or(Ipv4Addr::UNSPECIFIED),
        ipv6: core.relay_v6.filter(|ip| is_ours(IpAddr::V6(*ip))).unwrap_or(Ipv6Addr::UNSPECIFIED),
        receive_buffer_bytes: buffer_bytes,
        send_buffer_bytes: buffer_bytes,
    }
}

/// Randomness for a core.
fn random<const BYTES: usize>() -> Result<[u8; BYTES], SpawnError> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(SpawnError::Seed)?;
    Ok(bytes)
}

/// Commands on their way to a worker. Beyond that the senders wait.
const COMMANDS_MAX: usize = 256;

//! The whole server: its start, its addresses, its end.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};
use turn::credentials;

use crate::address::{Standing, Watch};
use crate::certificate::{Certificate, CertificateSource};
use crate::config::{Config, Given, Listen, Loaded, Secret};
use crate::connections::Connections;
use crate::cores::{self, FAREWELL};
use crate::data_dir::DataDir;
use crate::door::{self, Hall, Purpose};
use crate::drain::{Drain, Drained};
use crate::error::StartError;
use crate::http::srs::Identity;
use crate::http::{Keys, Ports, Site, Ways};
use crate::ice::{IceServers, Minting, UrlHost};
use crate::listener::{BindError, listen};
use crate::live::access::Access;
use crate::live::audience;
use crate::live::clients::{CLIENTS_MAX, Clients};
use crate::live::directory::Directory as OnAir;
use crate::live::encoders::Encoders;
use crate::live::entrance::Entrance;
use crate::live::forward::{Forwards, Surroundings};
use crate::live::hooks::Hooks;
use crate::live::recording::Recordings;
use crate::live::rtmp::Stage;
use crate::live::shows::Shows;
use crate::live::streams::Streams;
use crate::media::Switchboard;
use crate::reload::{Reload, ReloadError, Reloading, Running};
use crate::signal::{self, Signal};
use crate::webhook::Webhooks;
use crate::workers::{EventSinks, Handle, SpawnError, Workers};
use crate::{admin, clock, tls};

/// A running server. It runs until [`Server::stop`], or until it is dropped, which is less polite.
pub struct Server {
    addresses: Addresses,
    self_signed: bool,
    signal: Signal,
    workers: Handle,
    recordings: Option<Arc<Recordings>>,
    drain: Arc<Drain>,
    reloading: Arc<Reloading>,
    stopping: watch::Sender<bool>,
    /// Ends when the last connection is gone.
    departed: mpsc::Receiver<()>,
    tasks: Tasks,
}

/// What runs besides workers and rooms, by how it ends.
#[derive(Default)]
struct Tasks {
    /// Accept loops and watches, which are cut off.
    watches: JoinSet<()>,
    /// One for each receiver of webhooks: they end when nothing is to be posted any more.
    webhooks: JoinSet<()>,
    /// The watch over what is forwarded, which takes its leave of other servers.
    forwarding: JoinSet<()>,
}

/// Where the server listens, with the real ports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Addresses {
    /// `http.listen`
    pub http: Vec<SocketAddr>,
    /// `https.listen`
    pub https: Vec<SocketAddr>,
    /// `udp.listen`
    pub udp: Vec<SocketAddr>,
    /// `stun.second_listen`
    pub stun_second: Vec<SocketAddr>,
    /// `turn.tcp_listen`
    pub turn_tcp: Vec<SocketAddr>,
    /// `compat.listen`
    pub compat: Vec<SocketAddr>,
    /// `live.rtmp_listen`
    pub rtmp: Vec<SocketAddr>,
    /// `metrics.listen`
    pub metrics: Vec<SocketAddr>,
}

impl Server {
    /// Opens every port, then serves.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    ///
    /// # Errors
    /// Everything that stands in the way, with what to do about it. Nothing keeps running then.
    pub fn start(config: Config) -> Result<Self, StartError> {
        let auth_keys = cores::auth_keys(&config)?;
        let doors = Doors::open(&config)?;
        let directory = Directory::of(&config);
        let rest_secrets = rest_secrets(&config, &directory)?;
        let provider = tls::provider();
        let certificate = certificate(&config, &directory, &provider)?.map(Arc::new);
        let acceptor = certificate.clone().map(|certificate| tls::acceptor(provider, certificate)).transpose()?;
        let minting = rest_secrets.first().filter(|_| config.turn_enabled).cloned();
        let (rooms, heard) = mpsc::channel(MEDIA_EVENTS_MAX);
        let (streams, heard_of_streams) = mpsc::channel(MEDIA_EVENTS_MAX);
        let events = EventSinks { rooms, streams };
        let (standing, media_tcp) = (Standing::of_interfaces(), doors.media_addresses());
        let mut settings = cores::turn_settings(&config, rest_secrets, &standing);
        settings.media = cores::media_settings(&config, cores::reach(&config, &media_tcp, &standing), events);
        let workers = Workers::spawn(settings).map_err(|error| spawn_error(&config, error))?;
        let addresses = doors.addresses(&workers);
        let ice = Arc::new(ice_servers(&config, &addresses, minting));
        let running = Running { config: config.clone(), standing: standing.clone() };
        let reloading = Arc::new(Reloading::new(running, media_tcp, Arc::clone(&ice), workers.clone()));
        let watch = Watch::new(config.public_stun.clone(), workers.clone(), Arc::clone(&reloading), standing);
        let switchboard = Switchboard::new(workers.clone(), cores::members_per_worker(&config));
        let switchboard_of_streams = switchboard.beside();
        let media = signal::Media { switchboard, events: heard };
        let shows = Shows::default();
        let room_config = cores::room_config(&config, auth_keys.clone(), workers.has_media());
        let signal = Signal::start(room_config, Some(media), shows.clone());
        let on_air = OnAir::new(config.limits_streams);
        let (audience_of, shows_recorded) = (shows.clone(), shows.clone());
        let identity = Identity { server: config.live_server_id.0.clone(), service: format!("{:08x}", random_start()) };
        let mut tasks = Tasks::default();
        let hooks = Hooks::spawn(&config, &identity, &mut tasks.webhooks)?;
        let clients = Clients::new(CLIENTS_MAX, random_start());
        let entrance = Entrance::new(Access::new(&config, auth_keys.clone(), shows), clients.clone(), hooks.clone());
        let (stopping, watched) = watch::channel(false);
        let encoders = Encoders::new(signal.clone(), on_air.clone());
        let (directory, entering) = (on_air.clone(), entrance.clone());
        let stage = Stage { directory, entrance: entering, encoders, stopping: watched.clone() };
        let around = Surroundings::new(&stage, hooks.clone());
        let forwards = Forwards::spawn(&config, addresses.of_rtmp(), around, &mut tasks.forwarding, watched.clone())?;
        let recordings = recordings(&config, on_air.clone(), (shows_recorded, signal.clone()), hooks)?;
        let streams = workers.has_media().then(|| {
            let limits = cores::stream_limits(&config);
            let key_frame_every = Duration::from_secs(config.live_key_frame_seconds.0);
            Streams::spawn(limits, entrance, on_air, switchboard_of_streams, heard_of_streams, key_frame_every)
        });
        if let Some(queues) = Webhooks::spawn(&config, &mut tasks.webhooks)? {
            signal.report_to(queues);
        }
        let connections = connections(&config);
        let keys = Keys { manage: admin::manage_keys(&config, &auth_keys), auth: auth_keys };
        let (signals, handle, recording) = (signal.clone(), workers.clone(), recordings.clone());
        let ways = Ways { signal: signals, workers: handle, streams, stage, identity, recordings: recording, forwards };
        let site = Arc::new(Site::new(config, ice, keys, addresses.named_ports(), ways));

        let (census, hls, drain) = (Arc::clone(&site.census), Arc::clone(&site.hls), Arc::clone(&site.drain));
        let (present, departed) = mpsc::channel(1);
        let hall = Hall { site, workers: workers.clone(), tls: acceptor, connections, stopping: watched, present };
        for (purpose, listener) in doors.listeners {
            tasks.watches.spawn(door::accept(listener, purpose, hall.clone()));
        }
        tasks.watches.spawn(watch.go_on());
        tasks.watches.spawn(census.go_on());
        tasks.watches.spawn(audience::watch(audience_of, clients, signal.clone()));
        tasks.watches.spawn(hls.package_all());
        let self_signed = certificate.as_ref().is_some_and(|certificate| certificate.is_self_signed());
        if let Some(certificate) = certificate {
            tasks.watches.spawn(watch_certificate(certificate));
        }
        Ok(Self { addresses, self_signed, signal, workers, recordings, drain, reloading, stopping, departed, tasks })
    }

    /// Where it listens.
    #[must_use]
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Whether browsers will warn about the certificate.
    #[must_use]
    pub fn has_self_signed_certificate(&self) -> bool {
        self.self_signed
    }

    /// Waits until a media worker or the rooms have ended although nobody stopped them, and says which. What is left
    /// could not connect calls: better to start anew than to go on.
    pub fn broken(&self) -> impl Future<Output = &'static str> + Send + use<> {
        let (worker, rooms) = (self.workers.ended(), self.signal.ended());
        async move {
            tokio::select! {
                () = worker => "a media worker",
                () = rooms => "the task of the rooms",
            }
        }
    }

    /// Takes no new allocations, rooms and streams from here on; [`Self::drained`] tells when it is over. `drain.seconds` says when at the latest.
    pub async fn drain(&self) {
        self.drain.begin_as_set().await;
    }

    /// Takes over what has changed between two readings of the configuration, as far as it can change while the server runs. No allocation ends.
    ///
    /// # Errors
    /// When what is new cannot be; then nothing has changed.
    pub async fn reload(&self, in_force: &mut Given, new: &Loaded) -> Result<Reload, ReloadError> {
        let reload = self.reloading.reload(in_force, new).await?;
        self.drain.reconfigure(&new.config);
        Ok(reload)
    }

    /// Waits until draining is over, by whomever it was begun; for ever while nobody has.
    pub fn drained(&self) -> impl Future<Output = Drained> + Send + use<> {
        let drain = Arc::clone(&self.drain);
        async move { drain.over().await }
    }

    /// Tells the members, closes every socket and waits until all is quiet, a few seconds at most.
    pub async fn stop(mut self) {
        self.stopping.send_replace(true);
        let recordings = async {
            if let Some(recordings) = &self.recordings {
                recordings.shutdown().await;
            }
        };
        let forwarding = async { while self.tasks.forwarding.join_next().await.is_some() {} };
        tokio::join!(self.signal.shutdown(), self.workers.shutdown(), recordings, forwarding);
        self.tasks.watches.shutdown().await;
        // The accept loops and their senders are gone: the channel ends with the last connection.
        if timeout(FAREWELL, self.departed.recv()).await.is_err() {
            tracing::info!("some connections did not close in time and are cut off");
        }
        // The rooms have ended, and with them the queues: what is in them is posted, if it goes quickly.
        let posted = async { while self.tasks.webhooks.join_next().await.is_some() {} };
        if timeout(FAREWELL, posted).await.is_err() {
            tracing::warn!("some webhooks could not be posted in time and are lost");
        }
    }
}

impl Addresses {
    /// Those that pages name.
    fn named_ports(&self) -> Ports {
        let port = |addresses: &[SocketAddr]| addresses.first().map(SocketAddr::port);
        Ports { https: port(&self.https), rtmp: port(&self.rtmp) }
    }

    /// The ports on which RTMP is taken, with TLS or without.
    fn of_rtmp(&self) -> Vec<u16> {
        self.rtmp.iter().chain(&self.https).map(SocketAddr::port).collect()
    }
}

/// The listening TCP sockets, each with its purpose.
struct Doors {
    listeners: Vec<(Purpose, TcpListener)>,
}

impl Doors {
    fn open(config: &Config) -> Result<Self, BindError> {
        let wanted: [(Purpose, &'static str, &Listen); 4] = [
            (Purpose::Http, "http.listen", &config.http_listen),
            (Purpose::Https, "https.listen", &config.https_listen),
            (Purpose::Turn, "turn.tcp_listen", &config.turn_tcp_listen),
            (Purpose::Compat, "compat.listen", &config.compat_listen),
        ];
        let mut listeners = Vec::new();
        for (purpose, setting, addresses) in wanted {
            let opened = listen(setting, addresses)?;
            listeners.extend(opened.into_iter().map(|listener| (purpose, listener)));
        }
        for (purpose, setting, (addresses, is_needed)) in [
            (Purpose::Rtmp, "live.rtmp_listen", config.live_rtmp_listen.addresses(RTMP)),
            (Purpose::Metrics, "metrics.listen", config.metrics_listen.addresses(METRICS)),
        ] {
            match listen(setting, &addresses) {
                Ok(opened) => listeners.extend(opened.into_iter().map(|listener| (purpose, listener))),
                Err(error) if is_needed => return Err(error),
                Err(error) => tracing::warn!("{setting} is left out: {error}"),
            }
        }
        Ok(Self { listeners })
    }

    /// Where media clients may come by TCP: where STUN is told apart.
    fn media_addresses(&self) -> Vec<SocketAddr> {
        let mixed = self.listeners.iter().filter(|(purpose, _)| matches!(purpose, Purpose::Https | Purpose::Turn));
        mixed.filter_map(|(_, listener)| listener.local_addr().ok()).collect()
    }

    fn addresses(&self, workers: &Handle) -> Addresses {
        let of = |wanted: Purpose| {
            let of_purpose = self.listeners.iter().filter(|(purpose, _)| *purpose == wanted);
            of_purpose.filter_map(|(_, listener)| listener.local_addr().ok()).collect()
        };
        Addresses {
            http: of(Purpose::Http),
            https: of(Purpose::Https),
            udp: workers.local_addresses().udp.clone(),
            stun_second: workers.local_addresses().second.clone(),
            turn_tcp: of(Purpose::Turn),
            compat: of(Purpose::Compat),
            rtmp: of(Purpose::Rtmp),
            metrics: of(Purpose::Metrics),
        }
    }
}

/// `data.dir`, which is opened only when something must be kept there.
struct Directory<'a> {
    config: &'a Config,
}

impl<'a> Directory<'a> {
    fn of(config: &'a Config) -> Self {
        Self { config }
    }

    fn open(&self, reason: &'static str) -> Result<DataDir, StartError> {
        let path = &self.config.data_dir;
        DataDir::open(path).map_err(|cause| StartError::DataDir { path: path.clone(), cause, reason })
    }
}

fn connections(config: &Config) -> Connections {
    let (all, of_address) = (config.limits_tcp_connections, config.limits_tcp_connections_per_address);
    Connections::new(all, of_address, config.http_trusted_proxies.clone())
}

fn recordings(
    config: &Config,
    on_air: OnAir,
    rooms: (Shows, Signal),
    hooks: Option<Hooks>,
) -> Result<Option<Arc<Recordings>>, StartError> {
    let path = config.recording_folder.clone().unwrap_or_default();
    Recordings::spawn(config, on_air, rooms, hooks).map_err(|cause| StartError::Recordings { path, cause })
}

/// The secrets of `turn.secrets`; without one, the one of our own that is kept.
fn rest_secrets(config: &Config, directory: &Directory<'_>) -> Result<Vec<credentials::Secret>, StartError> {
    let core = |secret: &Secret| credentials::Secret::new(secret.reveal());
    if !config.turn_enabled || !config.turn_secrets.0.is_empty() {
        return Ok(config.turn_secrets.0.iter().map(core).collect());
    }
    let reason = "TURN has no credentials without it, since turn.secrets is not set";
    let kept = directory.open(reason)?.turn_secret();
    let kept = kept.map_err(|cause| StartError::DataDir { path: config.data_dir.clone(), cause, reason })?;
    Ok(vec![core(&kept)])
}

/// As at the start.
///
/// # Errors
/// When the secret of our own cannot be read.
pub(crate) fn secrets_of(config: &Config) -> Result<Vec<credentials::Secret>, StartError> {
    rest_secrets(config, &Directory::of(config))
}

/// The certificate, when a port needs one.
fn certificate(
    config: &Config,
    directory: &Directory<'_>,
    provider: &Arc<rustls::crypto::CryptoProvider>,
) -> Result<Option<Certificate>, StartError> {
    let source = match (&config.https_cert, &config.https_key) {
        (Some(chain), Some(key)) => CertificateSource::Files { chain: chain.clone(), key: key.clone() },
        _ if config.https_listen.is_off() => return Ok(None),
        _ => {
            let directory = directory.open("the self-signed certificate is kept there, since https.cert is not set")?;
            let addresses = config.public_addresses.iter().map(ToString::to_string);
            CertificateSource::SelfSigned {
                directory,
                names: config.public_host.0.iter().cloned().chain(addresses).collect(),
            }
        }
    };
    Ok(Some(Certificate::open(source, Arc::clone(provider), clock::unix_time())?))
}

fn ice_servers(config: &Config, addresses: &Addresses, secret: Option<credentials::Secret>) -> IceServers {
    let named: Vec<UrlHost> = config.public_host.0.iter().filter_map(|host| UrlHost::parse(host)).collect();
    let first =
        |of_family: fn(&IpAddr) -> bool| config.public_addresses.iter().copied().find(of_family).map(UrlHost::from);
    let numbered = || first(IpAddr::is_ipv4).into_iter().chain(first(IpAddr::is_ipv6)).collect();
    let port = |addresses: &[SocketAddr]| addresses.first().map(SocketAddr::port);
    // Without HTTPS there is TLS all the same, on the TURN port, when there is a certificate that browsers trust.
    let turn_tls = || port(&addresses.turn_tcp).filter(|_| config.https_cert.is_some());
    IceServers {
        hosts: if named.is_empty() { numbered() } else { named },
        udp_port: port(&addresses.udp),
        second_port: port(&addresses.stun_second),
        tcp_port: port(&addresses.turn_tcp),
        tls_port: port(&addresses.https).or_else(turn_tls),
        minting: RwLock::new(Minting { secret, lifetime: Duration::from_secs(config.turn_credential_seconds.0) }),
    }
}

/// Names the setting when a UDP port is the trouble.
fn spawn_error(config: &Config, error: SpawnError) -> StartError {
    let SpawnError::Listen { address, source } = error else { return StartError::Turn(error) };
    let second = config.stun_second_listen.0.iter().any(|second| second.port() == address.port());
    let setting = if second { "stun.second_listen" } else { "udp.listen" };
    BindError { setting, protocol: "UDP", address, reason: source }.into()
}

/// Looks after the certificate for as long as the server runs.
async fn watch_certificate(certificate: Arc<Certificate>) {
    let mut ticks = interval(CERTIFICATE_CHECK);
    loop {
        ticks.tick().await;
        let checked = Arc::clone(&certificate);
        match tokio::task::spawn_blocking(move || checked.refresh(clock::unix_time())).await {
            Ok(Ok(true)) => tracing::info!("a new certificate is in use"),
            Ok(Err(error)) => tracing::warn!("the certificate that is in use stays: {error}"),
            Ok(Ok(false)) | Err(_) => {}
        }
    }
}

/// Where the numbers of clients of live streams begin.
fn random_start() -> u32 {
    let mut bytes = [0; 4];
    // Without randomness numbers come again after a restart, which mistakes nobody who asks soon.
    if let Err(error) = getrandom::fill(&mut bytes) {
        tracing::warn!("no randomness: {error}");
    }
    u32::from_be_bytes(bytes)
}

/// The conventional port (RTMP 1.0 §1), on every address.
const RTMP: SocketAddr = SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), 1935);
/// Figures are for programs on this machine, unless the operator says otherwise.
const METRICS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9464);
/// Events of the media plane that wait for the rooms, and as many for the streams.
const MEDIA_EVENTS_MAX: usize = 4096;
/// How soon a changed certificate is taken up.
const CERTIFICATE_CHECK: Duration = Duration::from_secs(2);

//! What all requests share.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::request::Parts;
use data_encoding::HEXLOWER;
use room::token::Key;
use serde_json::Value;

use super::api;
use super::arrival::Arrival;
use super::error::HttpError;
use super::problem::Problem;
use super::srs::Identity;
use super::stats::Stats;
use crate::address::ClientNetwork;
use crate::clock;
use crate::config::{Config, Limit};
use crate::drain::Drain;
use crate::ice::{IceServers, Lease, UrlHost};
use crate::live::clients::Census;
use crate::live::forward::Forwards;
use crate::live::hls::Hls;
use crate::live::recording::Recordings;
use crate::live::rtmp::Stage;
use crate::live::streams::Streams;
use crate::rate::RateLimit;
use crate::signal::Signal;
use crate::system::System;
use crate::workers::Handle;

/// The server as seen from a request.
pub(crate) struct Site {
    pub(crate) config: Config,
    /// Makes the lists of ICE servers.
    pub(crate) ice: Arc<IceServers>,
    /// `auth.keys`; none: no token is needed.
    pub(crate) auth_keys: Vec<Key>,
    /// The keys of tokens for the API.
    pub(crate) manage_keys: Vec<Key>,
    /// Where else it is reached.
    pub(crate) ports: Ports,
    /// The way into the rooms.
    pub(crate) signal: Signal,
    /// The way to the media server.
    pub(crate) workers: Handle,
    /// The way to the live streams; `None` without a media server.
    pub(crate) streams: Option<Streams>,
    /// The live streams of every protocol, as publishers and viewers see them.
    pub(crate) stage: Stage,
    /// Their recordings; `None` where nothing is recorded.
    pub(crate) recordings: Option<Arc<Recordings>>,
    /// Where they go on to.
    pub(crate) forwards: Forwards,
    /// The same streams for players of HLS.
    pub(crate) hls: Arc<Hls>,
    /// Who publishes and views them.
    pub(crate) census: Arc<Census>,
    /// What this server calls itself to programs of SRS.
    pub(crate) identity: Identity,
    /// The way to drain it.
    pub(crate) drain: Arc<Drain>,
    /// What the kernel says.
    pub(crate) system: System,
    /// Looks at both.
    pub(crate) stats: Stats,
    ice_requests: Mutex<RateLimit>,
    api_requests: Mutex<RateLimit>,
    checks: Mutex<RateLimit>,
    live_requests: Mutex<RateLimit>,
}

/// Who is believed.
pub(crate) struct Keys {
    /// For joining.
    pub(crate) auth: Vec<Key>,
    /// For looking after the server.
    pub(crate) manage: Vec<Key>,
}

/// Ports that pages name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ports {
    /// That of HTTPS, when it is on.
    pub(crate) https: Option<u16>,
    /// That of RTMP, when it is on.
    pub(crate) rtmp: Option<u16>,
}

/// The ways from HTTP into the rest of the server.
pub(crate) struct Ways {
    /// Into the rooms.
    pub(crate) signal: Signal,
    /// To the media server.
    pub(crate) workers: Handle,
    /// To the live streams over WebRTC; `None` without a media server.
    pub(crate) streams: Option<Streams>,
    /// To the live streams of every protocol.
    pub(crate) stage: Stage,
    /// What the server calls itself.
    pub(crate) identity: Identity,
    /// To their recordings; `None` where nothing is recorded.
    pub(crate) recordings: Option<Arc<Recordings>>,
    /// Where they go on to.
    pub(crate) forwards: Forwards,
}

impl Site {
    pub(crate) fn new(config: Config, ice: Arc<IceServers>, keys: Keys, ports: Ports, ways: Ways) -> Self {
        let Ways { signal, workers, streams, stage, identity, recordings, forwards } = ways;
        let ice_requests = Mutex::new(RateLimit::new(config.limits_ice_requests_per_minute));
        let api_requests = Mutex::new(RateLimit::new(config.limits_api_requests_per_minute));
        let live_requests = Mutex::new(RateLimit::new(config.limits_live_requests_per_minute));
        let checks = Mutex::new(RateLimit::new(Limit(CHECKS_PER_MINUTE)));
        let stats = Stats::new(clock::now(), clock::unix_time());
        let Keys { auth: auth_keys, manage: manage_keys } = keys;
        let drain = Drain::new(&config, signal.clone(), workers.clone(), stage.directory.clone());
        let hls = Hls::new(stage.directory.clone(), stage.entrance.announcer());
        let census = Census::new(stage.entrance.clients().clone(), workers.clone(), Arc::clone(&hls));
        Self {
            config,
            ice,
            auth_keys,
            manage_keys,
            ports,
            signal,
            workers,
            streams,
            stage,
            recordings,
            forwards,
            hls,
            census: Arc::new(census),
            identity,
            drain: Arc::new(drain),
            system: System::new(clock::now()),
            stats,
            ice_requests,
            api_requests,
            checks,
            live_requests,
        }
    }

    /// Counts a request for ICE servers; `Err` has the time to wait.
    fn count_ice_request(&self, client: ClientNetwork) -> Result<(), Duration> {
        self.ice_requests.lock().unwrap_or_else(PoisonError::into_inner).take(clock::now(), client)
    }

    /// Counts a request for ICE servers, and looks at its token where joining needs one. The answer is the room they are for, where it is known.
    pub(crate) fn admit_ice_request(&self, arrival: Arrival, parts: &Parts) -> Result<Option<String>, HttpError> {
        let client = arrival.client(&parts.headers, &self.config.http_trusted_proxies);
        self.count_ice_request(ClientNetwork::from(client))
            .map_err(|retry_after| HttpError::TooManyRequests { retry_after })?;
        api::room_of(self, parts)
    }

    /// Counts a request to the API by where it comes from.
    ///
    /// # Errors
    /// When there were too many from there.
    pub(crate) fn admit_api_request(&self, arrival: Arrival, parts: &Parts) -> Result<(), Problem> {
        let client = arrival.client(&parts.headers, &self.config.http_trusted_proxies);
        self.count_api_request(ClientNetwork::from(client))
            .map_err(|retry_after| Problem::TooManyRequests { retry_after })
    }

    /// Whether a request came over TLS: to the port that has it, or to a proxy that we trust.
    pub(crate) fn is_secure(&self, arrival: Arrival, parts: &Parts) -> bool {
        let by_proxy = || parts.headers.get("x-forwarded-proto").is_some_and(|scheme| scheme == "https");
        let trusted = self.config.http_trusted_proxies.contain(arrival.remote.ip());
        self.ports.https == Some(arrival.local.port()) || (trusted && by_proxy())
    }

    /// Counts a request to the room API; `Err` has the time to wait.
    pub(crate) fn count_api_request(&self, client: ClientNetwork) -> Result<(), Duration> {
        self.api_requests.lock().unwrap_or_else(PoisonError::into_inner).take(clock::now(), client)
    }

    /// Counts a request about a live stream; `Err` has the time to wait.
    pub(crate) fn count_live_request(&self, client: ClientNetwork) -> Result<(), Duration> {
        self.live_requests.lock().unwrap_or_else(PoisonError::into_inner).take(clock::now(), client)
    }

    /// Counts a check of the network; `Err` has the time to wait.
    pub(crate) fn count_check(&self, client: ClientNetwork) -> Result<(), Duration> {
        self.checks.lock().unwrap_or_else(PoisonError::into_inner).take(clock::now(), client)
    }

    /// ICE servers for one browser, with credentials that count for it alone, and for a room where one is known.
    pub(crate) fn mint_ice_servers(&self, host: &UrlHost, room: Option<&str>) -> Value {
        self.ice.mint(host, &random_user(), room, clock::unix_time())
    }

    /// The same for one connection in each room that it joins.
    pub(crate) fn ice_lease(&self, asked: UrlHost) -> Arc<Lease> {
        Arc::new(Lease { ice: Arc::clone(&self.ice), asked, user: random_user() })
    }

    /// What clients may look for before they use it.
    pub(crate) fn features(&self) -> Vec<&'static str> {
        let turn = self.ice.minting().secret.is_some().then_some("turn");
        let second = self.ice.second_port.is_some().then_some("stun-second-port");
        let apprtc = self.config.compat_apprtc.then_some("signalling-apprtc");
        let srs = self.config.compat_srs_signalling.then_some("signalling-srs");
        let dialects = ["signalling-a", "signalling-v2"].into_iter().chain(apprtc).chain(srs);
        dialects.chain(["stun"]).chain(turn).chain(second).collect()
    }
}

/// From one address: a page makes two, over UDP and over TCP, and people try again.
const CHECKS_PER_MINUTE: u64 = 10;

/// A name for the quotas of TURN: each list of ICE servers is a user of its own.
fn random_user() -> String {
    let mut bytes = [0; 8];
    // Without randomness all share one name, and thus one quota: worse, but not broken.
    if let Err(error) = getrandom::fill(&mut bytes) {
        tracing::warn!("no randomness: {error}");
    }
    HEXLOWER.encode(&bytes)
}

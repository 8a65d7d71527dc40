//! The server: one input at a time, handed to the part that knows what to do with it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::address::{ClientAddr, PeerAddr, RelayAddr};
use crate::config::Config;
use crate::credentials::Credentials;
use crate::error::{ConfigError, RelayBindError};
use crate::output::{Forward, Output, ToClient};
use crate::stats::Stats;

/// A STUN and TURN server.
#[derive(Debug)]
pub struct Server {
    config: Config,
    outputs: VecDeque<Output>,
    stats: Stats,
}

impl Server {
    /// A server that draws all its randomness from `seed` and takes `unix_time` to be the time of day at `now`.
    ///
    /// # Errors
    /// When relaying is on without credentials, or a setting makes no sense.
    pub fn new(config: Config, _seed: [u8; 32], _now: Instant, _unix_time: Duration) -> Result<Self, ConfigError> {
        if (config.relay_v4.is_some() || config.relay_v6.is_some()) && config.credentials.is_empty() {
            return Err(ConfigError::NoCredentials);
        }
        if let Some(position) = config.credentials.rest_secrets.iter().position(|secret| secret.is_empty()) {
            return Err(ConfigError::EmptyCredential { kind: "secret", position });
        }
        Ok(Self { config, outputs: VecDeque::new(), stats: Stats::default() })
    }

    /// Takes one datagram, or one frame of a stream, from a client. ChannelData and Send indications return where their
    /// payload goes; everything else is answered through [`Self::poll_output`].
    pub fn handle_client(&mut self, _now: Instant, _client: ClientAddr, _message: &[u8]) -> Option<Forward> {
        self.stats.drops.malformed += 1;
        None
    }

    /// Takes a datagram that arrived on a relay socket and returns to which client it goes.
    pub fn handle_peer(
        &mut self,
        _now: Instant,
        _relay: RelayAddr,
        _peer: PeerAddr,
        _payload: &[u8],
    ) -> Option<ToClient> {
        self.stats.drops.no_allocation += 1;
        None
    }

    /// Takes the answer to [`Output::BindRelay`]. After an error another port is tried, a bounded number of times.
    pub fn handle_relay_bound(&mut self, _now: Instant, relay: RelayAddr, bound: Result<(), RelayBindError>) {
        if bound.is_ok() {
            self.outputs.push_back(Output::CloseRelay { relay });
        }
    }

    /// The connection of a TCP or TLS client is gone, and its allocation with it (RFC 8656 §3.4).
    pub fn handle_client_gone(&mut self, _now: Instant, _client: ClientAddr) {}

    /// Sets the time of day, which time-limited usernames are held against, after the clock was set.
    pub fn set_unix_time(&mut self, _now: Instant, _unix_time: Duration) {}

    /// Replaces users and secrets. Allocations stay; their next request must be authenticated by the new ones.
    ///
    /// # Errors
    /// As for [`Self::new`]; the old ones stay.
    pub fn set_credentials(&mut self, credentials: Credentials) -> Result<(), ConfigError> {
        self.config.credentials = credentials;
        Ok(())
    }

    /// What to do next. Call until `None` after every input.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Self::handle_timeout`] wants to be called.
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// Ends what has expired by `now`.
    pub fn handle_timeout(&mut self, _now: Instant) {}

    /// Counters and gauges.
    pub fn stats(&self) -> Stats {
        self.stats
    }
}

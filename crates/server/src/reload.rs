//! Another configuration while the server runs: what of it can be taken over at once, and what waits for the next start.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use crate::address::Standing;
use crate::config::{Config, Given, Loaded};
use crate::cores;
use crate::error::StartError;
use crate::ice::{IceServers, Minting};
use crate::server::secrets_of;
use crate::workers::Handle;

/// What became of the settings that have changed, by their keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reload {
    /// In force.
    pub applied: Vec<&'static str>,
    /// In force from the next start on.
    pub restart: Vec<&'static str>,
}

/// Why another configuration is not taken over.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// The secret of our own cannot be read.
    #[error(transparent)]
    Secrets(#[from] StartError),
    /// Users and secrets cannot be.
    #[error(transparent)]
    Turn(#[from] turn::ConfigError),
}

/// What is in force.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) config: Config,
    pub(crate) standing: Standing,
}

/// The parts of the server that take it over.
#[derive(Debug)]
pub(crate) struct Reloading {
    running: Mutex<Running>,
    /// Where media clients come by TCP.
    media_tcp: Vec<SocketAddr>,
    ice: Arc<IceServers>,
    workers: Handle,
}

impl Reloading {
    pub(crate) fn new(running: Running, media_tcp: Vec<SocketAddr>, ice: Arc<IceServers>, workers: Handle) -> Self {
        Self { running: Mutex::new(running), media_tcp, ice, workers }
    }

    /// Takes over what can be. `in_force` is what was read for what runs; what is taken over is in it afterwards.
    ///
    /// # Errors
    /// When it cannot be; then nothing has changed.
    pub(crate) async fn reload(&self, in_force: &mut Given, new: &Loaded) -> Result<Reload, ReloadError> {
        let (applied, restart) = in_force.changed(&new.given).into_iter().partition(|key| LIVE.contains(key));
        let reload = Reload { applied, restart };
        let mut running = self.running.lock().await;
        let config = with_live(&running.config, &new.config);
        let secrets = secrets_of(&config)?;
        let secret = secrets.first().filter(|_| config.turn_enabled).cloned();
        self.workers.reconfigure(cores::turn_settings(&config, secrets, &running.standing).core).await?;
        self.ice.set_minting(Minting { secret, lifetime: Duration::from_secs(config.turn_credential_seconds.0) });
        running.config = config;
        in_force.take_over(&new.given, &reload.applied);
        Ok(reload)
    }

    /// Takes over other addresses, for what is made from here on.
    ///
    /// # Errors
    /// When they cannot be; then those that were in force stay.
    pub(crate) async fn relocate(&self, standing: Standing) -> Result<(), ReloadError> {
        let mut running = self.running.lock().await;
        let secrets = secrets_of(&running.config)?;
        let core = cores::turn_settings(&running.config, secrets, &standing).core;
        self.workers.relocate(core, &cores::reach(&running.config, &self.media_tcp, &standing)).await?;
        running.standing = standing;
        Ok(())
    }
}

/// What runs, with the settings of [`LIVE`] as they are in `new`.
fn with_live(running: &Config, new: &Config) -> Config {
    Config {
        turn_users: new.turn_users.clone(),
        turn_secrets: new.turn_secrets.clone(),
        turn_credential_seconds: new.turn_credential_seconds,
        turn_allow_peers: new.turn_allow_peers.clone(),
        turn_alternate_servers: new.turn_alternate_servers.clone(),
        turn_rfc5766_channels: new.turn_rfc5766_channels,
        turn_mobility: new.turn_mobility,
        limits_allocations: new.limits_allocations,
        limits_allocations_per_user: new.limits_allocations_per_user,
        limits_allocations_per_address: new.limits_allocations_per_address,
        limits_permissions_per_allocation: new.limits_permissions_per_allocation,
        limits_channels_per_allocation: new.limits_channels_per_allocation,
        limits_bindings_per_second: new.limits_bindings_per_second,
        limits_challenges_per_second: new.limits_challenges_per_second,
        limits_allocation_kbits_per_second: new.limits_allocation_kbits_per_second,
        limits_allocation_packets_per_second: new.limits_allocation_packets_per_second,
        limits_turn_user_kbits_per_second: new.limits_turn_user_kbits_per_second,
        limits_turn_user_packets_per_second: new.limits_turn_user_packets_per_second,
        limits_turn_room_kbits_per_second: new.limits_turn_room_kbits_per_second,
        limits_turn_room_packets_per_second: new.limits_turn_room_packets_per_second,
        limits_new_peers_per_second: new.limits_new_peers_per_second,
        drain_seconds: new.drain_seconds,
        ..running.clone()
    }
}

/// The settings that change while the server runs. The contents of certificate files do so by themselves.
const LIVE: [&str; 22] = [
    "turn.users",
    "turn.secrets",
    "turn.credential_seconds",
    "turn.allow_peers",
    "turn.alternate_servers",
    "turn.rfc5766_channels",
    "turn.mobility",
    "limits.allocations",
    "limits.allocations_per_user",
    "limits.allocations_per_address",
    "limits.permissions_per_allocation",
    "limits.channels_per_allocation",
    "limits.bindings_per_second",
    "limits.challenges_per_second",
    "limits.allocation_kbits_per_second",
    "limits.allocation_packets_per_second",
    "limits.turn_user_kbits_per_second",
    "limits.turn_user_packets_per_second",
    "limits.turn_room_kbits_per_second",
    "limits.turn_room_packets_per_second",
    "limits.new_peers_per_second",
    "drain.seconds",
];

#[cfg(test)]
mod tests;

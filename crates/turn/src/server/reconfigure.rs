//! What an operator changes while the server runs.

use std::net::IpAddr;
use std::time::Instant;

use rand_chacha::rand_core::Rng;

use super::Server;
use crate::config::{Config, Limits};
use crate::error::ConfigError;
use crate::hash::SeededState;
use crate::pace::PrefixPace;
use crate::policy::{Policy, Verdict};

impl Server {
    /// Takes over credentials, limits (but for the lifetime of nonces), networks that are let in, our addresses, other servers, channel numbers
    /// and mobility of `new`; all else stays as it was. Allocations stay, with the relayed addresses that their clients were told; their next request must be
    /// authenticated by the new credentials. Peers that may not be reached any more lose their permissions and channels.
    ///
    /// # Errors
    /// As for [`Self::set_credentials`]; nothing has changed then.
    pub fn reconfigure(&mut self, now: Instant, new: &Config) -> Result<(), ConfigError> {
        self.set_credentials(new.credentials.clone())?;
        let hash = SeededState::new((self.random.next_u64(), self.random.next_u64()));
        if self.config.limits.bindings != new.limits.bindings {
            self.bindings = PrefixPace::new(new.limits.bindings, hash, now);
        }
        if self.config.limits.challenges != new.limits.challenges {
            self.challenges = PrefixPace::new(new.limits.challenges, hash, now);
        }
        self.config.limits = Limits { nonce_lifetime: self.config.limits.nonce_lifetime, ..new.limits };
        self.config.alternate_servers.clone_from(&new.alternate_servers);
        self.config.rfc5766_channels = new.rfc5766_channels;
        self.config.mobility = new.mobility;
        let reach =
            |config: &Config| (config.allow_peers.clone(), config.own_addresses.clone(), config.services.clone());
        let moves = !self.config.relay_addresses().eq(new.relay_addresses());
        if moves || reach(&self.config) != reach(new) {
            self.move_relays(new);
            (self.config.allow_peers, self.config.own_addresses, self.config.services) = reach(new);
            self.policy = Policy::new(&self.config, &self.former_relays);
            let is_admitted = |ip| self.policy.verdict(ip) != Verdict::Forbidden;
            for allocation in self.allocations.iter_mut() {
                allocation.permissions.retain(is_admitted);
                allocation.channels.retain(|peer| is_admitted(peer.ip()));
            }
        }
        Ok(())
    }

    /// New allocations have the addresses of `new` from here on. The former ones lead to relays and to nothing else, so that two clients who
    /// know each other by them can go on.
    fn move_relays(&mut self, new: &Config) {
        let is_now = |ip: &IpAddr| new.relay_addresses().any(|now| now == *ip);
        for ip in self.config.relay_addresses().filter(|ip| !is_now(ip)) {
            self.former_relays.retain(|former| *former != ip);
            self.former_relays.push(ip);
        }
        self.former_relays.retain(|former| !is_now(former));
        let surplus = self.former_relays.len().saturating_sub(FORMER_RELAYS_MAX);
        self.former_relays.drain(..surplus);
        (self.config.relay_v4, self.config.relay_v6) = (new.relay_v4, new.relay_v6);
    }
}

/// Addresses of relays change rarely, and who knows one that is older finds another way.
const FORMER_RELAYS_MAX: usize = 8;

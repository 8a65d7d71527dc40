//! What an operator changes while the server runs.

use std::time::Instant;

use rand_chacha::rand_core::Rng;

use super::Server;
use crate::config::{Config, Limits};
use crate::error::ConfigError;
use crate::hash::SeededState;
use crate::pace::PrefixPace;
use crate::policy::{Policy, Verdict};

impl Server {
    /// Takes over credentials, limits (but for the lifetime of nonces), networks that are let in, other servers, channel numbers and mobility of `new`; all
    /// else stays as it was. Allocations stay, their next request must be authenticated by the new credentials; peers that may not be reached any more
    /// lose their permissions and channels.
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
        if self.config.allow_peers != new.allow_peers {
            self.config.allow_peers.clone_from(&new.allow_peers);
            self.policy = Policy::new(&self.config);
            let is_admitted = |ip| self.policy.verdict(ip) != Verdict::Forbidden;
            for allocation in self.allocations.iter_mut() {
                allocation.permissions.retain(is_admitted);
                allocation.channels.retain(|peer| is_admitted(peer.ip()));
            }
        }
        Ok(())
    }
}

//! The peers an allocation talks with (RFC 8656 §9).

use std::net::IpAddr;
use std::time::{Duration, Instant};

use smallvec::SmallVec;

/// The permissions of one allocation, sorted by address.
#[derive(Debug, Default)]
pub(crate) struct Permissions {
    /// Bounded by `Limits::permissions_per_allocation`. The first stands beside what else a packet needs.
    entries: SmallVec<[Permission; 1]>,
}

#[derive(Debug, Clone, Copy)]
struct Permission {
    ip: IpAddr,
    expires_at: Instant,
}

impl Permissions {
    /// Whether packets to and from `ip` may pass. Ports do not matter.
    pub(crate) fn permits(&self, now: Instant, ip: IpAddr) -> bool {
        self.position(ip).is_ok_and(|at| self.entries.get(at).is_some_and(|entry| entry.expires_at > now))
    }

    /// How many of `ips` (without repetition) would be new.
    pub(crate) fn count_new(&self, now: Instant, ips: &[IpAddr]) -> usize {
        ips.iter().filter(|&&ip| !self.permits(now, ip)).count()
    }

    /// How many are in force.
    pub(crate) fn count(&self, now: Instant) -> usize {
        self.entries.iter().filter(|entry| entry.expires_at > now).count()
    }

    /// Whom they let in.
    pub(crate) fn peers(&self, now: Instant) -> impl Iterator<Item = IpAddr> {
        self.entries.iter().filter(move |entry| entry.expires_at > now).map(|entry| entry.ip)
    }

    /// Installs or refreshes the permission of `ip`.
    pub(crate) fn install(&mut self, now: Instant, ip: IpAddr) {
        let expires_at = now + PERMISSION_LIFETIME;
        match self.position(ip) {
            Ok(at) => {
                if let Some(entry) = self.entries.get_mut(at) {
                    entry.expires_at = expires_at;
                }
            }
            Err(_) => {
                self.entries.retain(|entry| entry.expires_at > now);
                let at = self.entries.partition_point(|entry| entry.ip < ip);
                self.entries.insert(at, Permission { ip, expires_at });
            }
        }
    }

    /// Forgets the peers for whom `keep` is false.
    pub(crate) fn retain(&mut self, keep: impl Fn(IpAddr) -> bool) {
        self.entries.retain(|entry| keep(entry.ip));
    }

    fn position(&self, ip: IpAddr) -> Result<usize, usize> {
        self.entries.binary_search_by(|entry| entry.ip.cmp(&ip))
    }
}

/// See <https://www.rfc-editor.org/rfc/rfc8656#section-9>.
pub(crate) const PERMISSION_LIFETIME: Duration = Duration::from_secs(300);

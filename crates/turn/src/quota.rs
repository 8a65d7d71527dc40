//! How many allocations one user and one client address may have.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::config::Limits;
use crate::error::Limit;
use crate::hash::{SeededMap, SeededState};

/// Counts of allocations and reservations, which several servers may share: clones count together. They are touched when an
/// allocation begins and ends, never for a packet.
#[derive(Debug, Clone)]
pub struct Quotas {
    counts: Arc<Mutex<Counts>>,
}

/// Both maps are bounded by the number of relay ports, as every count stands for one.
#[derive(Debug)]
struct Counts {
    total: u32,
    per_user: SeededMap<String, u32>,
    per_address: SeededMap<IpAddr, u32>,
}

/// What one allocation or reservation counts for; give it back with [`Quotas::release`].
#[derive(Debug)]
#[must_use]
pub(crate) struct Share {
    user: String,
    address: IpAddr,
}

impl Share {
    /// Whom it counts for.
    pub(crate) fn user(&self) -> &str {
        &self.user
    }
}

impl Quotas {
    /// Nothing counted yet. `seed` keys the maps, whose keys strangers choose.
    pub fn new(seed: [u8; 16]) -> Self {
        let [low, high] = [0, 8].map(|at| seed.get(at..at + 8).and_then(|half| half.try_into().ok()));
        let hash = SeededState::new((
            u64::from_le_bytes(low.unwrap_or_default()),
            u64::from_le_bytes(high.unwrap_or_default()),
        ));
        let counts =
            Counts { total: 0, per_user: SeededMap::with_hasher(hash), per_address: SeededMap::with_hasher(hash) };
        Self { counts: Arc::new(Mutex::new(counts)) }
    }

    /// Counts one more, or says which limit it would break.
    pub(crate) fn take(&self, limits: &Limits, user: &str, ip: IpAddr) -> Result<Share, Limit> {
        self.counts().take(limits, user, ip)
    }

    pub(crate) fn release(&self, share: Share) {
        self.counts().release(share);
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        // A panic elsewhere leaves the counts whole enough: each is changed by one.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn take(&mut self, limits: &Limits, user: &str, ip: IpAddr) -> Result<Share, Limit> {
        let address = site(ip);
        let count = |limit: u32, count: Option<&u32>| limit == 0 || count.copied().unwrap_or(0) < limit;
        if !count(limits.allocations_total, Some(&self.total)) {
            return Err(Limit::Allocations);
        }
        if !count(limits.allocations_per_user, self.per_user.get(user)) {
            return Err(Limit::AllocationsOfUser);
        }
        if !count(limits.allocations_per_address, self.per_address.get(&address)) {
            return Err(Limit::AllocationsOfAddress);
        }
        self.total += 1;
        *self.per_user.entry_ref(user).or_insert(0) += 1;
        *self.per_address.entry(address).or_insert(0) += 1;
        Ok(Share { user: user.to_owned(), address })
    }

    fn release(&mut self, share: Share) {
        self.total = self.total.saturating_sub(1);
        release(&mut self.per_user, &share.user);
        release(&mut self.per_address, &share.address);
    }
}

fn release<K, Q>(counts: &mut SeededMap<K, u32>, key: &Q)
where
    K: std::hash::Hash + Eq,
    Q: std::hash::Hash + hashbrown::Equivalent<K> + ?Sized,
{
    match counts.get_mut(key) {
        Some(count) if *count > 1 => *count -= 1,
        Some(_) | None => {
            counts.remove(key);
        }
    }
}

/// An IPv6 client has a whole /64 to choose addresses from.
fn site(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
    }
}

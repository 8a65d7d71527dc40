//! How many allocations one user and one client address may have, and what users and rooms share.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::config::Limits;
use crate::error::Limit;
use crate::hash::{SeededMap, SeededState};
use crate::throttle::Throttle;

/// Counts of allocations and reservations, which several servers may share: clones count together. They are touched when an
/// allocation begins and ends, never for a packet.
#[derive(Debug, Clone)]
pub struct Quotas {
    counts: Arc<Mutex<Counts>>,
    /// From which the throttles count time.
    epoch: Instant,
}

/// The maps are bounded by the number of relay ports, as every count stands for one.
#[derive(Debug)]
struct Counts {
    total: u32,
    per_user: SeededMap<String, Held>,
    per_room: SeededMap<String, Held>,
    per_address: SeededMap<IpAddr, Held>,
}

/// What a user, a room or an address has.
#[derive(Debug, Default)]
struct Held {
    allocations: u32,
    throttle: Option<Arc<Throttle>>,
}

/// Whom an allocation counts for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    /// The static name, or what follows the expiry in a REST username.
    pub(crate) user: String,
    /// The room that a REST username names.
    pub(crate) room: Option<String>,
}

/// What one allocation or reservation counts for; give it back with [`Quotas::release`].
#[derive(Debug)]
#[must_use]
pub(crate) struct Share {
    account: Account,
    address: IpAddr,
    throttles: Throttles,
}

/// What the allocations of a user and of a room share.
#[derive(Debug)]
pub(crate) struct Throttles {
    pub(crate) user: Arc<Throttle>,
    pub(crate) room: Option<Arc<Throttle>>,
}

impl Share {
    /// Whom it counts for.
    pub(crate) fn user(&self) -> &str {
        &self.account.user
    }

    /// What it shares with others.
    pub(crate) fn throttles(&self) -> &Throttles {
        &self.throttles
    }
}

impl Quotas {
    /// Nothing counted yet. `seed` keys the maps, whose keys strangers choose; time is counted from `now`.
    pub fn new(seed: [u8; 16], now: Instant) -> Self {
        let [low, high] = [0, 8].map(|at| seed.get(at..at + 8).and_then(|half| half.try_into().ok()));
        let hash = SeededState::new((
            u64::from_le_bytes(low.unwrap_or_default()),
            u64::from_le_bytes(high.unwrap_or_default()),
        ));
        let counts = Counts {
            total: 0,
            per_user: SeededMap::with_hasher(hash),
            per_room: SeededMap::with_hasher(hash),
            per_address: SeededMap::with_hasher(hash),
        };
        Self { counts: Arc::new(Mutex::new(counts)), epoch: now }
    }

    /// Nanoseconds since the epoch.
    pub(crate) fn nanos(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.epoch).as_nanos()).unwrap_or(u64::MAX)
    }

    /// Counts one more, or says which limit it would break.
    pub(crate) fn take(&self, limits: &Limits, account: &Account, ip: IpAddr) -> Result<Share, Limit> {
        self.counts().take(limits, account, ip)
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
    fn take(&mut self, limits: &Limits, account: &Account, ip: IpAddr) -> Result<Share, Limit> {
        let address = site(ip);
        let fits = |limit: u32, count: u32| limit == 0 || count < limit;
        let allocations = |held: Option<&Held>| held.map_or(0, |held| held.allocations);
        if !fits(limits.allocations_total, self.total) {
            return Err(Limit::Allocations);
        }
        if !fits(limits.allocations_per_user, allocations(self.per_user.get(&*account.user))) {
            return Err(Limit::AllocationsOfUser);
        }
        if !fits(limits.allocations_per_address, allocations(self.per_address.get(&address))) {
            return Err(Limit::AllocationsOfAddress);
        }
        self.total += 1;
        self.per_address.entry(address).or_default().allocations += 1;
        let user = self.per_user.entry_ref(&*account.user).or_default().share();
        let room = account.room.as_deref().map(|room| self.per_room.entry_ref(room).or_default().share());
        Ok(Share { account: account.clone(), address, throttles: Throttles { user, room } })
    }

    fn release(&mut self, share: Share) {
        self.total = self.total.saturating_sub(1);
        release(&mut self.per_user, &share.account.user);
        release(&mut self.per_address, &share.address);
        if let Some(room) = &share.account.room {
            release(&mut self.per_room, room);
        }
    }
}

impl Held {
    /// One more allocation, and what it shares with the others.
    fn share(&mut self) -> Arc<Throttle> {
        self.allocations += 1;
        Arc::clone(self.throttle.get_or_insert_default())
    }
}

fn release<K, Q>(counts: &mut SeededMap<K, Held>, key: &Q)
where
    K: std::hash::Hash + Eq,
    Q: std::hash::Hash + hashbrown::Equivalent<K> + ?Sized,
{
    match counts.get_mut(key) {
        Some(held) if held.allocations > 1 => held.allocations -= 1,
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

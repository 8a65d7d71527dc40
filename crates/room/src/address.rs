//! What one address has, and what it may still do.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    time::Instant,
};

use crate::{
    config::Limits,
    limit::{Bucket, Rate, admits},
};

/// An IPv4 address or an IPv6 /64 network: what one subscriber gets from a provider, and so what limits are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Source(IpAddr);

impl Source {
    pub(crate) fn new(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(v6) => Self(IpAddr::V6((u128::from(v6) & !u128::from(u64::MAX)).into())),
            v4 @ IpAddr::V4(_) => Self(v4),
        }
    }

    /// Its first address.
    pub(crate) fn address(self) -> IpAddr {
        self.0
    }
}

/// Who uses how much. An address is remembered while it has a connection or a room, and after that
/// until its budget of joins is full again, so that leaving and coming back refills nothing.
#[derive(Debug, Default)]
pub(crate) struct AddressBook {
    /// Bounded by the number of connections, of rooms, and [`IDLE_ADDRESSES_MAX`].
    usages: BTreeMap<Source, Usage>,
    /// Addresses with neither connection nor room, by the instant when they may be forgotten.
    idle: BTreeSet<(Instant, Source)>,
}

#[derive(Debug)]
struct Usage {
    connections: usize,
    rooms: usize,
    joins: Bucket,
}

impl AddressBook {
    /// Counts one more connection if the address may have it.
    pub(crate) fn open_connection(&mut self, now: Instant, source: Source, limits: &Limits) -> bool {
        self.forget_idle(now);
        let usage = self.usage(now, source);
        if !admits(limits.connections_per_address, usage.connections) {
            return false;
        }
        usage.connections += 1;
        true
    }

    pub(crate) fn close_connection(&mut self, source: Source) {
        if let Some(usage) = self.usages.get_mut(&source) {
            usage.connections = usage.connections.saturating_sub(1);
        }
        self.rest(source);
    }

    /// Takes one join out of the address's budget.
    pub(crate) fn take_join(&mut self, now: Instant, source: Source, rate: Rate) -> bool {
        self.usage(now, source).joins.take(now, rate)
    }

    pub(crate) fn admits_room(&self, source: Source, limits: &Limits) -> bool {
        let rooms = self.usages.get(&source).map_or(0, |usage| usage.rooms);
        admits(limits.rooms_per_address, rooms)
    }

    pub(crate) fn open_room(&mut self, now: Instant, source: Source) {
        self.usage(now, source).rooms += 1;
    }

    pub(crate) fn close_room(&mut self, source: Source) {
        if let Some(usage) = self.usages.get_mut(&source) {
            usage.rooms = usage.rooms.saturating_sub(1);
        }
        self.rest(source);
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.usages.len()
    }

    fn usage(&mut self, now: Instant, source: Source) -> &mut Usage {
        let fresh = Usage { connections: 0, rooms: 0, joins: Bucket::new(now) };
        let usage = self.usages.entry(source).or_insert(fresh);
        self.idle.remove(&(usage.joins.full_at(), source));
        usage
    }

    /// Lets an address that has nothing left go to the idle ones.
    fn rest(&mut self, source: Source) {
        let Some(usage) = self.usages.get(&source) else { return };
        if usage.connections > 0 || usage.rooms > 0 {
            return;
        }
        self.idle.insert((usage.joins.full_at(), source));
        // Beyond the limit the one that is forgiven the least goes first.
        if self.idle.len() > IDLE_ADDRESSES_MAX
            && let Some((_, source)) = self.idle.pop_first()
        {
            self.usages.remove(&source);
        }
    }

    fn forget_idle(&mut self, now: Instant) {
        while let Some(&(at, source)) = self.idle.first()
            && at <= now
        {
            self.idle.pop_first();
            self.usages.remove(&source);
        }
    }
}

/// Addresses remembered only for their budget of joins. One entry is some 100 bytes.
const IDLE_ADDRESSES_MAX: usize = 16_384;

#[cfg(test)]
mod tests;

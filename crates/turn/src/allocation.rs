//! An allocation: what one client has here (RFC 8656 §2, §5).

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use stun_types::message::TransactionId;

use crate::address::{ClientAddr, Family, RelayAddr};
use crate::channel::Channels;
use crate::error::Reject;
use crate::mobility::Mobility;
use crate::pace::Bucket;
use crate::permission::Permissions;
use crate::ports::PortWish;
use crate::quota::Share;
use crate::reservation::Token;
use crate::response::{Envelope, Seal};
use crate::survey::{AllocationKey, Traffic};
use crate::throttle::Throttle;

/// Where an allocation stands in [`Allocations`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AllocationId(pub(crate) u32);

/// What one client has here.
#[derive(Debug)]
pub(crate) struct Allocation {
    /// Tells it from those that had its place before.
    pub(crate) serial: u32,
    pub(crate) made_at: Instant,
    pub(crate) client: ClientAddr,
    /// Every later request must come under this name (RFC 8656 §5).
    pub(crate) username: String,
    pub(crate) share: Share,
    /// The relayed transport addresses that are bound: one, or one per family.
    pub(crate) relays: ByFamily<Option<Relay>>,
    pub(crate) permissions: Permissions,
    pub(crate) channels: Channels,
    /// How fast peers may be added.
    pub(crate) new_peers: Bucket,
    pub(crate) traffic: Traffic,
    /// `None`: it stays where it is.
    pub(crate) mobility: Option<Box<Mobility>>,
    /// What it may relay by itself.
    pub(crate) throttle: Throttle,
    /// The Allocate request and what it was answered, for when it comes again.
    pub(crate) grant: Grant,
    /// Sockets that are still to be bound; none once the Allocate request is answered.
    pub(crate) binding: Option<Box<Binding>>,
}

/// A bound relay socket.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Relay {
    pub(crate) address: RelayAddr,
    /// The address that the client was told. That of the server may be another one by now.
    pub(crate) ip: IpAddr,
    pub(crate) expires_at: Instant,
}

impl Relay {
    /// What clients and peers know it by.
    pub(crate) fn advertised(&self) -> SocketAddr {
        SocketAddr::new(self.ip, self.address.port)
    }
}

/// What an Allocate request was granted.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) transaction: TransactionId,
    pub(crate) lifetime: Duration,
    pub(crate) token: Option<Token>,
    /// Why the additional family was not allocated (RFC 8656 §7.2, ADDRESS-ERROR-CODE).
    pub(crate) failures: ByFamily<Option<Reject>>,
}

/// An Allocate request that waits for its sockets.
#[derive(Debug)]
pub(crate) struct Binding {
    pub(crate) envelope: Envelope,
    pub(crate) seal: Seal,
    /// One per relay socket wanted; at most two.
    pub(crate) legs: Vec<Leg>,
    /// Counts the port that is held for a RESERVATION-TOKEN.
    pub(crate) next_share: Option<Share>,
}

/// A relay socket that was asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Leg {
    pub(crate) relay: RelayAddr,
    /// As in [`Relay`].
    pub(crate) ip: IpAddr,
    pub(crate) wish: PortWish,
    /// The port after an even one, held for a RESERVATION-TOKEN.
    pub(crate) is_next: bool,
    pub(crate) bound: bool,
    /// How many ports were tried for it.
    pub(crate) tries: u32,
}

impl Allocation {
    /// The relay of a family while it lives.
    pub(crate) fn live_relay(&self, now: Instant, family: Family) -> Option<&Relay> {
        self.relays.of(family).as_ref().filter(|relay| relay.expires_at > now)
    }

    /// Whether it has a relay of a family.
    pub(crate) fn has_family(&self, family: Family) -> bool {
        self.relays.of(family).is_some()
    }
}

/// One value per address family.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ByFamily<T> {
    pub(crate) v4: T,
    pub(crate) v6: T,
}

impl<T> ByFamily<T> {
    pub(crate) fn of(&self, family: Family) -> &T {
        match family {
            Family::V4 => &self.v4,
            Family::V6 => &self.v6,
        }
    }

    pub(crate) fn of_mut(&mut self, family: Family) -> &mut T {
        match family {
            Family::V4 => &mut self.v4,
            Family::V6 => &mut self.v6,
        }
    }
}

/// Every allocation. Bounded by the relay ports, as each has at least one.
#[derive(Debug, Default)]
pub(crate) struct Allocations {
    slots: Vec<Option<Box<Allocation>>>,
    free: Vec<AllocationId>,
    /// That of the latest.
    serial: u32,
}

impl Allocations {
    pub(crate) fn insert(&mut self, mut allocation: Allocation) -> AllocationId {
        self.serial = self.serial.wrapping_add(1);
        allocation.serial = self.serial;
        let allocation = Some(Box::new(allocation));
        if let Some(id) = self.free.pop()
            && let Some(slot) = self.slots.get_mut(id.index())
        {
            *slot = allocation;
            return id;
        }
        let id = AllocationId(u32::try_from(self.slots.len()).expect("there are 131072 relay ports at most"));
        self.slots.push(allocation);
        id
    }

    pub(crate) fn remove(&mut self, id: AllocationId) -> Option<Allocation> {
        let allocation = self.slots.get_mut(id.index())?.take()?;
        self.free.push(id);
        Some(*allocation)
    }

    pub(crate) fn get(&self, id: AllocationId) -> Option<&Allocation> {
        self.slots.get(id.index())?.as_deref()
    }

    pub(crate) fn get_mut(&mut self, id: AllocationId) -> Option<&mut Allocation> {
        self.slots.get_mut(id.index())?.as_deref_mut()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Allocation> {
        self.slots.iter_mut().filter_map(|slot| slot.as_deref_mut())
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// What operators call it.
    pub(crate) fn key(id: AllocationId, allocation: &Allocation) -> AllocationKey {
        AllocationKey { slot: id.0, serial: allocation.serial }
    }

    /// The one that operators call so, while it lasts.
    pub(crate) fn find(&self, key: AllocationKey) -> Option<(AllocationId, &Allocation)> {
        let id = AllocationId(key.slot);
        self.get(id).filter(|allocation| allocation.serial == key.serial).map(|allocation| (id, allocation))
    }

    /// All behind a place, in the order of their places.
    pub(crate) fn after(&self, slot: Option<u32>) -> impl Iterator<Item = (AllocationId, &Allocation)> {
        let first = slot.map_or(0, |slot| AllocationId(slot).index().saturating_add(1));
        let places = (0..).zip(&self.slots).skip(first);
        places.filter_map(|(slot, allocation)| Some((AllocationId(slot), allocation.as_deref()?)))
    }
}

impl AllocationId {
    fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

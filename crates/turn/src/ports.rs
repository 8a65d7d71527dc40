//! Who has which relay port.

use std::ops::RangeInclusive;

use crate::allocation::AllocationId;

/// The relay ports of one address family.
#[derive(Debug)]
pub(crate) struct Ports {
    first: u16,
    /// One entry per port of the configured range.
    owners: Vec<Owner>,
    taken: usize,
}

/// Who has a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    Nobody,
    Allocation(AllocationId),
    /// Held for whoever brings the RESERVATION-TOKEN.
    Reservation,
}

/// What EVEN-PORT asks for (RFC 8656 §18.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PortWish {
    Any,
    Even,
    /// Even, and the next-higher port for later.
    EvenAndNext,
}

impl Ports {
    pub(crate) fn new(range: &RangeInclusive<u16>) -> Self {
        let count = range.len();
        Self { first: *range.start(), owners: vec![Owner::Nobody; count], taken: 0 }
    }

    pub(crate) fn owner(&self, port: u16) -> Owner {
        self.index(port).and_then(|index| self.owners.get(index)).copied().unwrap_or(Owner::Nobody)
    }

    pub(crate) fn contains(&self, port: u16) -> bool {
        self.index(port).is_some_and(|index| index < self.owners.len())
    }

    /// A free port, searched from a place that `random` chooses so that ports cannot be foretold (RFC 8656 §21.1.3).
    pub(crate) fn find(&self, random: u64, wish: PortWish) -> Option<u16> {
        if self.taken == self.owners.len() {
            return None;
        }
        let count = self.owners.len();
        let start = usize::try_from(random % count as u64).unwrap_or_default();
        (start..count).chain(0..start).filter_map(|index| self.port(index)).find(|&port| self.suits(port, wish))
    }

    pub(crate) fn set(&mut self, port: u16, owner: Owner) {
        let Some(entry) = self.index(port).and_then(|index| self.owners.get_mut(index)) else { return };
        match (*entry, owner) {
            (Owner::Nobody, Owner::Allocation(_) | Owner::Reservation) => self.taken += 1,
            (Owner::Allocation(_) | Owner::Reservation, Owner::Nobody) => self.taken -= 1,
            (Owner::Nobody, Owner::Nobody)
            | (Owner::Allocation(_) | Owner::Reservation, Owner::Allocation(_) | Owner::Reservation) => {}
        }
        *entry = owner;
    }

    fn suits(&self, port: u16, wish: PortWish) -> bool {
        let even = port.is_multiple_of(2);
        self.is_free(port)
            && match wish {
                PortWish::Any => true,
                PortWish::Even => even,
                PortWish::EvenAndNext => even && port.checked_add(1).is_some_and(|next| self.is_free(next)),
            }
    }

    pub(crate) fn is_free(&self, port: u16) -> bool {
        self.contains(port) && self.owner(port) == Owner::Nobody
    }

    fn index(&self, port: u16) -> Option<usize> {
        port.checked_sub(self.first).map(usize::from)
    }

    fn port(&self, index: usize) -> Option<u16> {
        u16::try_from(index).ok()?.checked_add(self.first)
    }
}

#[cfg(test)]
mod tests;

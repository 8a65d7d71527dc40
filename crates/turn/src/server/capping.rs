//! Caps on what is relayed per second.

use std::time::Instant;

use super::Server;
use crate::allocation::AllocationId;
use crate::throttle::{Direction, Load};

impl Server {
    /// Whether an allocation, its user and its room may relay so much more. It counts for all of them, or is a drop and counts for none.
    pub(super) fn is_within_caps(
        &mut self,
        now: Instant,
        id: AllocationId,
        direction: Direction,
        bytes: usize,
    ) -> bool {
        let caps = self.config.limits.caps;
        if caps.are_off() {
            return true;
        }
        let load = Load { direction, bytes: bytes as u64, now_ns: self.quotas.nanos(now) };
        let Some(allocation) = self.allocations.get(id) else { return false };
        let (own, shared) = (&allocation.throttle, allocation.share.throttles());
        let over = if !own.has_room(caps.allocation, load) {
            &mut self.stats.drops.over_allocation_cap
        } else if !shared.user.has_room(caps.user, load) {
            &mut self.stats.drops.over_user_cap
        } else if shared.room.as_ref().is_some_and(|room| !room.has_room(caps.room, load)) {
            &mut self.stats.drops.over_room_cap
        } else {
            own.charge(caps.allocation, load);
            shared.user.charge(caps.user, load);
            if let Some(room) = &shared.room {
                room.charge(caps.room, load);
            }
            return true;
        };
        *over += 1;
        false
    }
}

//! What operators see and end.

use std::time::Instant;

use super::Server;
use crate::address::Family;
use crate::allocation::{Allocation, AllocationId, Allocations};
use crate::survey::{AllocationKey, AllocationSurvey};

impl Server {
    /// At most `limit` allocations behind the place `after`, in the order of their places; from the first one for `None`.
    pub fn survey(&self, now: Instant, after: Option<u32>, limit: usize) -> Vec<AllocationSurvey> {
        self.allocations.after(after).take(limit).map(|(id, allocation)| self.survey_of(now, id, allocation)).collect()
    }

    /// One allocation; `None` when it has ended.
    pub fn inspect(&self, now: Instant, key: AllocationKey) -> Option<AllocationSurvey> {
        self.allocations.find(key).map(|(id, allocation)| self.survey_of(now, id, allocation))
    }

    /// Ends an allocation as if its time was over; whether there was one. Its client is not told: its next request is answered with 437
    /// (RFC 8656 §5).
    pub fn end_allocation(&mut self, key: AllocationKey) -> bool {
        self.assert_drained();
        let found = self.allocations.find(key).map(|(id, _)| id);
        found.is_some_and(|id| {
            self.release(id);
            true
        })
    }

    fn survey_of(&self, now: Instant, id: AllocationId, allocation: &Allocation) -> AllocationSurvey {
        let relays = Family::ALL.into_iter().filter_map(|family| allocation.relays.of(family).as_ref());
        let expires_at = relays.clone().map(|relay| relay.expires_at).max().unwrap_or(now);
        AllocationSurvey {
            key: Allocations::key(id, allocation),
            client: allocation.client,
            user: allocation.share.user().to_owned(),
            relayed: relays.map(|relay| relay.advertised()).collect(),
            age: now.saturating_duration_since(allocation.made_at),
            expires_in: expires_at.saturating_duration_since(now),
            permissions: allocation.permissions.peers(now).collect(),
            channels: allocation.channels.peers(now).map(|peer| peer.socket_addr()).collect(),
            traffic: allocation.traffic,
        }
    }
}

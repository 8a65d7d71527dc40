//! Refresh (RFC 8656 §8.2).

use std::time::Instant;

use stun_types::attribute::AttributeStaticType;
use turn_types::attribute::{Lifetime, RequestedAddressFamily};

use super::Server;
use super::allocate::{requested_family, whole_seconds};
use crate::address::{ClientAddr, Family};
use crate::auth::Authenticated;
use crate::deadline::Deadline;
use crate::error::Reject;
use crate::message::Message;
use crate::response::{Envelope, Response};
use crate::ticket::MOBILITY_TICKET;

impl Server {
    /// Extends, shortens or, with a lifetime of 0, ends the relays of one family or of both.
    pub(super) fn handle_refresh(
        &mut self,
        now: Instant,
        client: ClientAddr,
        message: &Message<'_>,
        authenticated: &Authenticated,
    ) -> Result<(), Reject> {
        let (id, moves) = self.refreshed_allocation(now, &client, message, authenticated)?;
        let only = requested_family(message, RequestedAddressFamily::TYPE.value())?;
        let has = |family| self.allocations.get(id).is_some_and(|allocation| allocation.has_family(family));
        if only.is_some_and(|family| !has(family)) {
            return Err(Reject::PeerAddressFamilyMismatch);
        }
        let lifetime = self.granted_lifetime(message)?;
        if moves {
            self.begin_move(now, id, client);
        }
        for family in Family::ALL.into_iter().filter(|&family| only.is_none_or(|only| only == family)) {
            if lifetime.is_zero() {
                self.release_family(id, family);
                continue;
            }
            let relay = self.allocations.get_mut(id).and_then(|allocation| allocation.relays.of_mut(family).as_mut());
            if let Some(relay) = relay {
                let deadline = Deadline::Relay(id, family);
                self.deadlines.remove(relay.expires_at, deadline);
                relay.expires_at = now + lifetime;
                self.deadlines.insert(relay.expires_at, deadline);
            }
        }
        let mut response = Response::success(Envelope::of(message));
        response.add(&Lifetime::new(whole_seconds(lifetime)));
        if message.raw(MOBILITY_TICKET).is_some() {
            self.add_ticket(id, &mut response);
        }
        self.send(client, response.finish(Some(&authenticated.seal)));
        Ok(())
    }
}

//! Refresh with a MOBILITY-TICKET, and what follows it (RFC 8016 §3.2.2).

use std::time::Instant;

use stun_types::attribute::RawAttribute;

use super::Server;
use crate::address::{ClientAddr, Family};
use crate::allocation::{AllocationId, Allocations};
use crate::auth::Authenticated;
use crate::error::{BadRequest, Reject};
use crate::message::Message;
use crate::mobility::Mobility;
use crate::response::Response;
use crate::ticket::{MOBILITY_TICKET, Ticket};

impl Server {
    /// What an Allocate request says about moving (RFC 8016 §3.1.2): 405 where it is forbidden, 400 for a ticket that nobody has given.
    pub(super) fn wants_to_move(&self, message: &Message<'_>) -> Result<bool, Reject> {
        let Some(ticket) = message.raw(MOBILITY_TICKET) else { return Ok(false) };
        match (self.config.mobility, ticket.value) {
            (false, _) => Err(Reject::MobilityForbidden),
            (true, []) => Ok(true),
            (true, _) => Err(BadRequest::Attribute(MOBILITY_TICKET.value()).into()),
        }
    }

    /// The allocation a Refresh request is about: that of its 5-tuple, or the one that its ticket brings here, and whether it does so for the first time.
    pub(super) fn refreshed_allocation(
        &self,
        now: Instant,
        client: &ClientAddr,
        message: &Message<'_>,
        authenticated: &Authenticated,
    ) -> Result<(AllocationId, bool), Reject> {
        let Some(value) = message.raw(MOBILITY_TICKET) else {
            return Ok((self.own_allocation(client, authenticated)?, false));
        };
        if !self.config.mobility {
            return Err(Reject::MobilityForbidden);
        }
        let ticket = self.tickets.open(value.value).ok_or(BadRequest::Ticket)?;
        let (id, allocation) = self.allocations.find(ticket.allocation).ok_or(Reject::NoAllocation)?;
        if allocation.username != authenticated.username {
            return Err(Reject::WrongCredentials);
        }
        let (current, mobility) = (allocation.client, allocation.mobility.as_deref().ok_or(BadRequest::Ticket)?);
        if mobility.is_repeated(now, client, ticket.number) {
            return Ok((id, false));
        }
        if current == *client || ticket.number != mobility.ticket {
            return Err(BadRequest::Ticket.into());
        }
        if self.clients.get(client).is_some_and(|other| other != id) {
            return Err(Reject::AllocationExists);
        }
        Ok((id, true))
    }

    /// The client will be at `to`. Data goes to where it was until some comes from there.
    pub(super) fn begin_move(&mut self, now: Instant, id: AllocationId, to: ClientAddr) {
        let Some(mobility) = self.mobility_mut(id) else { return };
        let earlier = mobility.destination();
        mobility.begin(now, to);
        if let Some(earlier) = earlier {
            self.clients.stop_moving(&earlier);
        }
        self.clients.insert_moving(to, id);
    }

    /// Data came from a 5-tuple to which an allocation is moving: it is there from now on.
    pub(super) fn arrive(&mut self, client: &ClientAddr) -> Option<AllocationId> {
        let id = self.clients.stop_moving(client)?;
        let allocation = self.allocations.get_mut(id)?;
        let before = std::mem::replace(&mut allocation.client, *client);
        if let Some(mobility) = &mut allocation.mobility {
            mobility.arrive();
        }
        for family in Family::ALL.into_iter().filter(|&family| allocation.has_family(family)) {
            self.stats.relays.count_moved(before.transport, client.transport, family);
        }
        self.clients.remove(&before);
        self.clients.insert(*client, id);
        self.stats.moves += 1;
        Some(id)
    }

    /// A connection of an allocation that moves is gone: the allocation stays with the other 5-tuple. False: it has no other.
    pub(super) fn outlives(&mut self, id: AllocationId, gone: &ClientAddr) -> bool {
        let destination = self.allocations.get(id).and_then(|allocation| allocation.mobility.as_ref()?.destination());
        let Some(destination) = destination else { return false };
        if destination == *gone {
            self.clients.stop_moving(gone);
            self.mobility_mut(id).map(Mobility::give_up);
        } else {
            self.arrive(&destination);
        }
        true
    }

    /// Adds the ticket for the next move where the allocation may move.
    pub(super) fn add_ticket(&self, id: AllocationId, response: &mut Response) {
        let Some(allocation) = self.allocations.get(id) else { return };
        let Some(number) = allocation.mobility.as_ref().map(|mobility| mobility.ticket) else { return };
        let value = self.tickets.seal(Ticket { allocation: Allocations::key(id, allocation), number });
        response.add(&RawAttribute::new(MOBILITY_TICKET, value.as_bytes()));
    }

    fn mobility_mut(&mut self, id: AllocationId) -> Option<&mut Mobility> {
        self.allocations.get_mut(id)?.mobility.as_deref_mut()
    }
}

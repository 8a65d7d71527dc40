//! Allocate (RFC 8656 §7.2), and the sockets it needs.

use std::time::{Duration, Instant};

use rand_chacha::rand_core::Rng;
use stun_types::attribute::{AttributeStaticType, ErrorCode, XorMappedAddress};
use turn_types::AddressFamily;
use turn_types::attribute::{
    AdditionalAddressFamily, AddressErrorCode, EvenPort, Lifetime, RequestedAddressFamily, RequestedTransport,
    ReservationToken, XorRelayedAddress,
};

use super::{Server, reflexive};
use crate::address::{ClientAddr, Family, RelayAddr};
use crate::allocation::{Allocation, AllocationId, Binding, ByFamily, Grant, Leg, Relay};
use crate::auth::Authenticated;
use crate::channel::Channels;
use crate::deadline::Deadline;
use crate::error::{BadRequest, Limit, Reject, RelayBindError};
use crate::message::Message;
use crate::output::Output;
use crate::pace::Bucket;
use crate::permission::Permissions;
use crate::ports::{Owner, PortWish};
use crate::quota::{Account, Share};
use crate::reservation::{RESERVATION_LIFETIME, Reservation, Token};
use crate::response::{Envelope, Response, Seal};
use crate::survey::Traffic;
use crate::throttle::Throttle;

/// What an Allocate request asks for.
#[derive(Debug, Clone, Copy)]
struct Wish {
    lifetime: Duration,
    /// The families to relay; the second one is a bonus.
    families: (Family, Option<Family>),
    port: PortWish,
    /// A port that was reserved earlier.
    token: Option<Token>,
    /// Whether the allocation is to follow its client.
    mobile: bool,
}

impl Server {
    /// RFC 8656 §7.2, step by step; step 1 is authentication.
    pub(super) fn handle_allocate(
        &mut self,
        now: Instant,
        client: ClientAddr,
        message: &Message<'_>,
        authenticated: &Authenticated,
    ) -> Result<(), Reject> {
        // Step 2: a 5-tuple has one allocation.
        if let Some(id) = self.clients.get(&client) {
            return self.repeat_grant(id, message, authenticated);
        }
        self.check_open(&client)?;
        // Step 3; step 4, DONT-FRAGMENT, is one of the attributes that are known or not.
        check_requested_transport(message)?;
        // Steps 5 to 9.
        let wish = self.read_wish(message)?;
        // Step 10.
        let account = authenticated.account(&self.authenticator);
        if let Some(token) = wish.token {
            return self.allocate_reserved(now, client, message, authenticated, token, &wish);
        }
        let legs = self.choose_ports(&wish)?;
        let (share, next_share) = self.take_shares(&account, &client, wish.port)?;
        let id = self.allocations.insert(Allocation {
            serial: 0,
            made_at: now,
            traffic: Traffic::default(),
            throttle: Throttle::default(),
            client,
            username: authenticated.username.clone(),
            share,
            relays: ByFamily::default(),
            permissions: Permissions::default(),
            channels: Channels::default(),
            new_peers: Bucket::new(now),
            mobility: wish.mobile.then(Box::default),
            grant: Grant {
                transaction: message.transaction(),
                lifetime: wish.lifetime,
                token: None,
                failures: self.missing_families(&wish),
            },
            binding: Some(Box::new(Binding {
                envelope: Envelope::of(message),
                seal: authenticated.seal.clone(),
                legs: Vec::with_capacity(legs.len()),
                next_share,
            })),
        });
        self.clients.insert(client, id);
        for leg in legs {
            self.bind(id, leg);
        }
        if !self.config.relay_sockets {
            self.bind_without_sockets(now, id);
        }
        Ok(())
    }

    /// RFC 8656 §7.2: a server that is about to go sends clients to another one (300), or says that it can take no more (508).
    fn check_open(&self, client: &ClientAddr) -> Result<(), Reject> {
        if !self.draining {
            return Ok(());
        }
        let mut alternates = self.config.alternate_servers.iter();
        let alternate = alternates.find(|server| server.is_ipv4() == client.ip().is_ipv4());
        Err(alternate.map_or(Reject::Draining, |server| Reject::TryAlternate(*server)))
    }

    /// A repeated request gets the same answer, or none while the first one waits; any other request gets 437.
    fn repeat_grant(
        &mut self,
        id: AllocationId,
        message: &Message<'_>,
        authenticated: &Authenticated,
    ) -> Result<(), Reject> {
        let allocation = self.allocations.get(id).ok_or(Reject::AllocationExists)?;
        if allocation.grant.transaction != message.transaction() || allocation.username != authenticated.username {
            return Err(Reject::AllocationExists);
        }
        if allocation.binding.is_none() {
            self.send_grant(id, Envelope::of(message), &authenticated.seal);
        }
        Ok(())
    }

    /// Steps 5 to 9: which combinations make sense and which families can be had.
    fn read_wish(&self, message: &Message<'_>) -> Result<Wish, Reject> {
        let token = message.attribute::<ReservationToken>()?.map(|token| Token(token.token()));
        let even_port = message.attribute::<EvenPort>()?;
        let requested = requested_family(message, RequestedAddressFamily::TYPE.value())?;
        let additional = requested_family(message, AdditionalAddressFamily::TYPE.value())?;
        let port = match even_port {
            None => PortWish::Any,
            Some(even_port) if even_port.requested() => PortWish::EvenAndNext,
            Some(_) => PortWish::Even,
        };
        check_combination(token, port, requested, additional)?;
        let families = (requested.unwrap_or(Family::V4), additional);
        if token.is_none() && !self.relays(families.0) && !families.1.is_some_and(|family| self.relays(family)) {
            return Err(Reject::AddressFamilyNotSupported);
        }
        let lifetime = self.granted_lifetime(message)?.max(LIFETIME_DEFAULT);
        let mobile = self.wants_to_move(message)?;
        Ok(Wish { lifetime, families, port, token, mobile })
    }

    /// RFC 8656 §7.2: the default unless asked for more, and never more than the operator grants.
    pub(super) fn granted_lifetime(&self, message: &Message<'_>) -> Result<Duration, Reject> {
        let wanted = message.attribute::<Lifetime>()?.map(|lifetime| Duration::from_secs(lifetime.seconds().into()));
        let longest = self.config.limits.lifetime_max.max(LIFETIME_DEFAULT);
        Ok(match wanted {
            None => LIFETIME_DEFAULT,
            Some(Duration::ZERO) => Duration::ZERO,
            Some(wanted) => wanted.clamp(LIFETIME_DEFAULT, longest),
        })
    }

    fn relays(&self, family: Family) -> bool {
        self.relay_ip(family).is_some()
    }

    /// Of two families the one that cannot be had is named in ADDRESS-ERROR-CODE.
    fn missing_families(&self, wish: &Wish) -> ByFamily<Option<Reject>> {
        let mut failures = ByFamily::default();
        for family in [Some(wish.families.0), wish.families.1].into_iter().flatten() {
            if !self.relays(family) {
                *failures.of_mut(family) = Some(Reject::AddressFamilyNotSupported);
            }
        }
        failures
    }

    fn take_shares(
        &self,
        account: &Account,
        client: &ClientAddr,
        port: PortWish,
    ) -> Result<(Share, Option<Share>), Reject> {
        let limits = self.config.limits;
        let share = self.quotas.take(&limits, account, client.ip())?;
        if port != PortWish::EvenAndNext {
            return Ok((share, None));
        }
        match self.quotas.take(&limits, account, client.ip()) {
            Ok(next) => Ok((share, Some(next))),
            Err(limit) => {
                self.quotas.release(share);
                Err(limit.into())
            }
        }
    }

    /// Free ports for every relay that is wanted, none of them taken yet.
    fn choose_ports(&mut self, wish: &Wish) -> Result<Vec<Leg>, Reject> {
        let mut legs = Vec::with_capacity(2);
        for family in [Some(wish.families.0), wish.families.1].into_iter().flatten() {
            let Some(ip) = self.relay_ip(family) else { continue };
            let Some(port) = self.ports.of(family).find(self.random.next_u64(), wish.port) else { continue };
            let relay = RelayAddr { family, port };
            legs.push(Leg { relay, ip, wish: wish.port, is_next: false, bound: false, tries: 1 });
        }
        if legs.is_empty() { Err(NO_PORT) } else { Ok(legs) }
    }

    /// Takes a port and, where relays have sockets, asks for one.
    fn bind(&mut self, id: AllocationId, leg: Leg) {
        let binding = self.allocations.get_mut(id).and_then(|allocation| allocation.binding.as_mut());
        let Some(binding) = binding else { return };
        binding.legs.push(leg);
        self.ports.of_mut(leg.relay.family).set(leg.relay.port, Owner::Allocation(id));
        if self.config.relay_sockets {
            self.outputs.push_back(Output::BindRelay { relay: leg.relay });
        }
    }

    /// No socket has to be waited for: a port that is nobody's is as good as bound. Every round binds a leg, a bounded number of times.
    fn bind_without_sockets(&mut self, now: Instant, id: AllocationId) {
        let unbound = |allocation: &Allocation| {
            let legs = &allocation.binding.as_ref()?.legs;
            legs.iter().find(|leg| !leg.bound).map(|leg| leg.relay)
        };
        while let Some(relay) = self.allocations.get(id).and_then(unbound) {
            self.continue_binding(now, id, relay, Ok(()));
        }
    }

    /// A socket was bound, or not. The request is answered once nothing is left to bind.
    pub(super) fn continue_binding(
        &mut self,
        now: Instant,
        id: AllocationId,
        relay: RelayAddr,
        bound: Result<(), RelayBindError>,
    ) {
        let Some(allocation) = self.allocations.get_mut(id) else { return };
        let Some(binding) = allocation.binding.as_mut() else { return };
        let Some(leg) = binding.legs.iter_mut().find(|leg| leg.relay == relay && !leg.bound) else { return };
        leg.bound = bound.is_ok();
        let leg = *leg;
        match bound {
            Ok(()) if leg.wish == PortWish::EvenAndNext && !leg.is_next => self.bind_next(id, leg),
            Ok(()) => {}
            Err(error) => {
                binding.legs.retain(|other| other.relay != relay);
                self.ports.of_mut(relay.family).set(relay.port, Owner::Nobody);
                self.retry_or_fail(id, leg, error);
            }
        }
        let open = self.allocations.get(id).and_then(|allocation| allocation.binding.as_ref());
        if open.is_some_and(|binding| binding.legs.iter().all(|leg| leg.bound)) {
            self.finish_allocate(now, id);
        }
    }

    /// The even port is bound: the one after it is next.
    fn bind_next(&mut self, id: AllocationId, even: Leg) {
        let family = even.relay.family;
        let next = even.relay.port.checked_add(1).filter(|&next| self.ports.of(family).is_free(next));
        match next {
            Some(port) => {
                let relay = RelayAddr { family, port };
                self.bind(id, Leg { relay, is_next: true, bound: false, ..even });
            }
            None => self.retry_or_fail(id, even, RelayBindError::InUse),
        }
    }

    /// Tries another port for a leg. An even port and the next one go together.
    fn retry_or_fail(&mut self, id: AllocationId, failed: Leg, error: RelayBindError) {
        let family = failed.relay.family;
        if failed.wish == PortWish::EvenAndNext {
            self.drop_legs(id, family);
        }
        let another = match error {
            RelayBindError::InUse if failed.tries < BIND_TRIES_MAX => {
                self.ports.of(family).find(self.random.next_u64(), failed.wish)
            }
            RelayBindError::InUse | RelayBindError::Unavailable => None,
        };
        if let Some(port) = another {
            let relay = RelayAddr { family, port };
            self.bind(id, Leg { relay, is_next: false, bound: false, tries: failed.tries + 1, ..failed });
        } else if let Some(allocation) = self.allocations.get_mut(id) {
            *allocation.grant.failures.of_mut(family) = Some(NO_PORT);
        }
    }

    /// Gives up what is left of a pair of ports.
    fn drop_legs(&mut self, id: AllocationId, family: Family) {
        let Some(binding) = self.allocations.get_mut(id).and_then(|allocation| allocation.binding.as_mut()) else {
            return;
        };
        let dropped: Vec<Leg> = binding.legs.extract_if(.., |leg| leg.relay.family == family).collect();
        for leg in dropped {
            self.close(leg.relay);
        }
    }

    /// Everything is bound or given up: answer.
    fn finish_allocate(&mut self, now: Instant, id: AllocationId) {
        let Some(allocation) = self.allocations.get_mut(id) else { return };
        let Some(binding) = allocation.binding.take() else { return };
        let Binding { envelope, seal, legs, next_share } = *binding;
        let expires_at = now + allocation.grant.lifetime;
        for leg in legs.iter().filter(|leg| !leg.is_next) {
            *allocation.relays.of_mut(leg.relay.family) = Some(Relay { address: leg.relay, ip: leg.ip, expires_at });
            self.deadlines.insert(expires_at, Deadline::Relay(id, leg.relay.family));
            self.stats.relays.count_made(allocation.client.transport, leg.relay.family);
        }
        let (client, username) = (allocation.client, allocation.username.clone());
        if legs.is_empty() {
            let reject = [allocation.grant.failures.v4.clone(), allocation.grant.failures.v6.clone()];
            let reject = reject.into_iter().flatten().next().unwrap_or(NO_PORT);
            self.stats.count_error(&reject);
            self.release(id);
            if let Some(share) = next_share {
                self.quotas.release(share);
            }
            return self.send(client, Response::error_in_words(envelope, &reject).finish(Some(&seal)));
        }
        if let (Some(next), Some(share)) = (legs.iter().find(|leg| leg.is_next), next_share) {
            self.reserve(
                id,
                Reservation { relay: next.relay, ip: next.ip, username, share, expires_at: now + RESERVATION_LIFETIME },
            );
        }
        self.stats.allocations_made += 1;
        self.send_grant(id, envelope, &seal);
    }

    fn reserve(&mut self, id: AllocationId, reservation: Reservation) {
        let token = Token::new(self.config.shard, self.random.next_u64());
        self.ports.of_mut(reservation.relay.family).set(reservation.relay.port, Owner::Reservation);
        self.deadlines.insert(reservation.expires_at, Deadline::Reservation(token));
        self.reservations.insert(token, reservation);
        if let Some(allocation) = self.allocations.get_mut(id) {
            allocation.grant.token = Some(token);
        }
    }

    /// Step 5: an allocation on a port that is bound already.
    fn allocate_reserved(
        &mut self,
        now: Instant,
        client: ClientAddr,
        message: &Message<'_>,
        authenticated: &Authenticated,
        token: Token,
        wish: &Wish,
    ) -> Result<(), Reject> {
        let lifetime = wish.lifetime;
        let reservation = self.reservations.claim(now, token, &authenticated.username).ok_or(Reject::NoReservation)?;
        self.deadlines.remove(reservation.expires_at, Deadline::Reservation(token));
        let relay = Relay { address: reservation.relay, ip: reservation.ip, expires_at: now + lifetime };
        let mut relays = ByFamily::default();
        *relays.of_mut(relay.address.family) = Some(relay);
        let id = self.allocations.insert(Allocation {
            serial: 0,
            made_at: now,
            traffic: Traffic::default(),
            throttle: Throttle::default(),
            client,
            username: reservation.username,
            share: reservation.share,
            relays,
            permissions: Permissions::default(),
            channels: Channels::default(),
            new_peers: Bucket::new(now),
            mobility: wish.mobile.then(Box::default),
            grant: Grant { transaction: message.transaction(), lifetime, token: None, failures: ByFamily::default() },
            binding: None,
        });
        self.clients.insert(client, id);
        self.ports.of_mut(relay.address.family).set(relay.address.port, Owner::Allocation(id));
        self.deadlines.insert(relay.expires_at, Deadline::Relay(id, relay.address.family));
        self.stats.relays.count_made(client.transport, relay.address.family);
        self.stats.allocations_made += 1;
        self.send_grant(id, Envelope::of(message), &authenticated.seal);
        Ok(())
    }

    /// The success response (RFC 8656 §7.2).
    fn send_grant(&mut self, id: AllocationId, envelope: Envelope, seal: &Seal) {
        let Some(allocation) = self.allocations.get(id) else { return };
        let mut response = Response::success(envelope);
        for family in Family::ALL {
            if let Some(relay) = allocation.relays.of(family) {
                response.add(&XorRelayedAddress::new(relay.advertised(), envelope.transaction));
            } else if let Some(reject) = allocation.grant.failures.of(family)
                && let Ok(error) = ErrorCode::new(reject.code(), "")
            {
                response.add(&AddressErrorCode::new(wire_family(family), error));
            }
        }
        response.add(&Lifetime::new(whole_seconds(allocation.grant.lifetime)));
        if let Some(Token(token)) = allocation.grant.token {
            response.add(&ReservationToken::new(token));
        }
        response.add(&XorMappedAddress::new(reflexive(&allocation.client), envelope.transaction));
        let client = allocation.client;
        self.add_ticket(id, &mut response);
        self.send(client, response.finish(Some(seal)));
    }
}

/// Step 3: 400 without REQUESTED-TRANSPORT, 442 for anything but UDP.
fn check_requested_transport(message: &Message<'_>) -> Result<(), Reject> {
    let missing = BadRequest::Missing(RequestedTransport::TYPE.value());
    match message.attribute::<RequestedTransport>()?.ok_or(missing)?.protocol() {
        RequestedTransport::UDP => Ok(()),
        protocol => Err(Reject::UnsupportedTransport(protocol)),
    }
}

/// Steps 5, 6 and 9: attributes that exclude each other.
fn check_combination(
    token: Option<Token>,
    port: PortWish,
    requested: Option<Family>,
    additional: Option<Family>,
) -> Result<(), Reject> {
    let [token_type, even_type, requested_type, additional_type] = [
        ReservationToken::TYPE.value(),
        EvenPort::TYPE.value(),
        RequestedAddressFamily::TYPE.value(),
        AdditionalAddressFamily::TYPE.value(),
    ];
    let contradiction = |left, right| Err(BadRequest::Contradiction(left, right).into());
    match (token, port, requested, additional) {
        (Some(_), PortWish::Even | PortWish::EvenAndNext, _, _) => contradiction(token_type, even_type),
        (Some(_), _, Some(_), _) => contradiction(token_type, requested_type),
        (Some(_), _, _, Some(_)) => contradiction(token_type, additional_type),
        (_, _, Some(_), Some(_)) => contradiction(requested_type, additional_type),
        (_, PortWish::EvenAndNext, _, Some(_)) => contradiction(even_type, additional_type),
        (_, _, _, Some(Family::V4)) => Err(BadRequest::AdditionalFamily.into()),
        _ => Ok(()),
    }
}

/// REQUESTED-ADDRESS-FAMILY or ADDITIONAL-ADDRESS-FAMILY: 440 for a family nobody has heard of (RFC 8656 §7.2).
pub(super) fn requested_family(message: &Message<'_>, kind: u16) -> Result<Option<Family>, Reject> {
    let Some(raw) = message.raw(kind.into()) else { return Ok(None) };
    match raw.value {
        [0x01, _, _, _] => Ok(Some(Family::V4)),
        [0x02, _, _, _] => Ok(Some(Family::V6)),
        [_, _, _, _] => Err(Reject::AddressFamilyNotSupported),
        _ => Err(BadRequest::Attribute(kind).into()),
    }
}

fn wire_family(family: Family) -> AddressFamily {
    match family {
        Family::V4 => AddressFamily::IPV4,
        Family::V6 => AddressFamily::IPV6,
    }
}

pub(super) fn whole_seconds(lifetime: Duration) -> u32 {
    u32::try_from(lifetime.as_secs()).unwrap_or(u32::MAX)
}

const NO_PORT: Reject = Reject::LimitReached(Limit::Ports);
/// See <https://www.rfc-editor.org/rfc/rfc8656#section-3.2>: ten minutes.
pub(crate) const LIFETIME_DEFAULT: Duration = Duration::from_secs(600);
/// Ports tried for one relay before giving up: when as many are taken by others, the range is not ours.
pub(crate) const BIND_TRIES_MAX: u32 = 8;

//! One allocation: how it is made, and what it asks for.

use std::net::SocketAddr;
use std::time::Duration;

use stun_types::attribute::{ErrorCode, Nonce, Realm, Username, XorMappedAddress};
use stun_types::message::{
    IntegrityAlgorithm, LongTermKeyCredentials, Message, MessageClass, MessageIntegrityCredentials, MessageWriteVec,
    Method, TransactionId,
};
use stun_types::prelude::{AttributeWrite, MessageWrite as _, MessageWriteExt as _};
use turn_types::attribute::{ChannelNumber, Lifetime, RequestedTransport, XorPeerAddress, XorRelayedAddress};
use turn_types::message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, REFRESH};

use super::address::User;
use super::leg::Leg;
use super::way::Way;
use crate::clock::nap;
use crate::receipt::ReceiveBuffer;
use crate::{Clock, Error};

/// A client that has a relayed address.
pub(super) struct Allocation {
    pub(super) leg: Leg,
    /// Where peers send to.
    pub(super) relayed: SocketAddr,
    /// Where the server sees its client.
    pub(super) mapped: SocketAddr,
    challenge: Challenge,
}

/// What the server wants to see again in each request.
#[derive(Debug, Clone, Default)]
struct Challenge {
    realm: String,
    nonce: String,
}

impl Allocation {
    /// Asks for an allocation.
    ///
    /// # Errors
    /// When the server cannot be reached, does not answer, or refuses.
    pub(super) fn make(way: &Way, clock: Clock) -> Result<Self, Error> {
        let mut leg = Leg::open(way)?;
        let mut challenge = Challenge::default();
        let transport = RequestedTransport::new(RequestedTransport::UDP);
        let asked = Asking { leg: &mut leg, challenge: &mut challenge, user: &way.user, clock };
        let answer = asked.request(ALLOCATE, &|_| vec![Box::new(transport.clone())])?;
        let message = Message::from_bytes(&answer).map_err(unexpected)?;
        let relayed = message.attribute::<XorRelayedAddress>().map_err(unexpected)?.addr(message.transaction_id());
        let mapped = message.attribute::<XorMappedAddress>().map_err(unexpected)?.addr(message.transaction_id());
        Ok(Self { leg, relayed, mapped, challenge })
    }

    /// Lets the peer's address send.
    ///
    /// # Errors
    /// When the server does not answer, or refuses.
    pub(super) fn permit(&mut self, peer: SocketAddr, user: &User, clock: Clock) -> Result<(), Error> {
        let attributes =
            |transaction| -> Vec<Box<dyn AttributeWrite>> { vec![Box::new(XorPeerAddress::new(peer, transaction))] };
        self.ask(user, clock).request(CREATE_PERMISSION, &attributes).map(drop)
    }

    /// Gives the peer a channel.
    ///
    /// # Errors
    /// When the server does not answer, or refuses.
    pub(super) fn bind(&mut self, channel: u16, peer: SocketAddr, user: &User, clock: Clock) -> Result<(), Error> {
        let attributes = |transaction| -> Vec<Box<dyn AttributeWrite>> {
            vec![Box::new(ChannelNumber::new(channel)), Box::new(XorPeerAddress::new(peer, transaction))]
        };
        self.ask(user, clock).request(CHANNEL_BIND, &attributes).map(drop)
    }

    /// Ends it.
    ///
    /// # Errors
    /// When the server does not answer, or refuses.
    pub(super) fn end(mut self, user: &User, clock: Clock) -> Result<(), Error> {
        self.ask(user, clock).request(REFRESH, &|_| vec![Box::new(Lifetime::new(0))]).map(drop)
    }

    fn ask<'a>(&'a mut self, user: &'a User, clock: Clock) -> Asking<'a> {
        Asking { leg: &mut self.leg, challenge: &mut self.challenge, user, clock }
    }
}

/// A request on its way.
struct Asking<'a> {
    leg: &'a mut Leg,
    challenge: &'a mut Challenge,
    user: &'a User,
    clock: Clock,
}

impl Asking<'_> {
    /// The success response. A challenge is answered (RFC 8489 §9.2.5).
    fn request(
        self,
        method: Method,
        attributes: &dyn Fn(TransactionId) -> Vec<Box<dyn AttributeWrite>>,
    ) -> Result<Vec<u8>, Error> {
        let Self { leg, challenge, user, clock } = self;
        let mut refusal = None;
        for _ in 0..CHALLENGES_MAX {
            let request = build(method, attributes, challenge, user)?;
            let answer = exchange(leg, &request, clock)?;
            let message = Message::from_bytes(&answer).map_err(unexpected)?;
            if message.has_class(MessageClass::Success) {
                return Ok(answer);
            }
            let error = message.attribute::<ErrorCode>().map_err(unexpected)?;
            let is_challenge = matches!(error.code(), 401 | 438);
            refusal = Some(Error::Refused { code: error.code().into(), message: error.reason().to_owned() });
            let (realm, nonce) = (message.attribute::<Realm>(), message.attribute::<Nonce>());
            let Some((realm, nonce)) = realm.ok().zip(nonce.ok()).filter(|_| is_challenge) else { break };
            *challenge = Challenge { realm: realm.realm().to_owned(), nonce: nonce.nonce().to_owned() };
        }
        Err(refusal.unwrap_or(Error::Closed))
    }
}

fn build(
    method: Method,
    attributes: &dyn Fn(TransactionId) -> Vec<Box<dyn AttributeWrite>>,
    challenge: &Challenge,
    user: &User,
) -> Result<Vec<u8>, Error> {
    let mut request = Message::builder_request(method, MessageWriteVec::new());
    for attribute in attributes(request.transaction_id()) {
        request.add_attribute(&*attribute).map_err(unexpected)?;
    }
    if !challenge.nonce.is_empty() {
        let Challenge { realm, nonce } = challenge;
        request.add_attribute(&Username::new(&user.name).map_err(unexpected)?).map_err(unexpected)?;
        request.add_attribute(&Realm::new(realm).map_err(unexpected)?).map_err(unexpected)?;
        request.add_attribute(&Nonce::new(nonce).map_err(unexpected)?).map_err(unexpected)?;
        let key = LongTermKeyCredentials::new(user.name.clone(), user.password.clone(), realm.clone());
        let key = MessageIntegrityCredentials::from(key);
        request.add_message_integrity(&key, IntegrityAlgorithm::Sha1).map_err(unexpected)?;
    }
    Ok(request.finish())
}

/// Sends a request, over UDP again and again (RFC 8489 §6.2.1), and waits for its response. What else comes is dropped.
fn exchange(leg: &mut Leg, request: &[u8], clock: Clock) -> Result<Vec<u8>, Error> {
    let started_at = clock.now();
    let mut buffer = ReceiveBuffer::default();
    let (mut timeout, mut again_at) = (RETRANSMIT_FIRST, started_at + RETRANSMIT_FIRST);
    let mut found = None;
    leg.send(request, request.len(), false);
    loop {
        let now = clock.now();
        if now >= again_at && !leg.is_stream() {
            leg.send(request, request.len(), false);
            timeout *= 2;
            again_at = now + timeout;
        }
        leg.receive(&mut buffer, |message, _| {
            if message.get(4..20) == request.get(4..20) {
                found = Some(message.to_vec());
            }
        })?;
        if let Some(response) = found {
            return Ok(response);
        }
        if now.saturating_duration_since(started_at) > ANSWER_MAX {
            return Err(Error::Timeout("the TURN server's answer"));
        }
        nap(LOOK_AFTER);
    }
}

fn unexpected(error: impl std::fmt::Display) -> Error {
    Error::Unexpected(error.to_string())
}

/// The first is answered with the server's realm and nonce; a nonce may end meanwhile.
const CHALLENGES_MAX: u32 = 3;
const RETRANSMIT_FIRST: Duration = Duration::from_millis(500);
const ANSWER_MAX: Duration = Duration::from_secs(10);
const LOOK_AFTER: Duration = Duration::from_micros(50);

//! The server: one input at a time, handed to the part that knows what to do with it.

mod allocate;
mod capping;
mod mobility;
mod peers;
mod reconfigure;
mod refresh;
mod relaying;
mod survey;

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use stun_types::attribute::XorMappedAddress;
use stun_types::message::{BINDING, MessageClass};
use turn_types::message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, REFRESH, SEND};

use crate::address::{ClientAddr, Family, PeerAddr, RelayAddr};
use crate::allocation::{AllocationId, Allocations, ByFamily};
use crate::auth::{Authenticated, Authenticator, UnixClock};
use crate::clients::Clients;
use crate::config::Config;
use crate::credentials::Credentials;
use crate::deadline::{Deadline, Deadlines};
use crate::error::{ConfigError, Reject, RelayBindError};
use crate::hash::SeededState;
use crate::message::Message;
use crate::nonce::NonceMint;
use crate::output::{Forward, Output, ToClient};
use crate::pace::PrefixPace;
use crate::policy::Policy;
use crate::ports::{Owner, Ports};
use crate::quota::Quotas;
use crate::reservation::Reservations;
use crate::response::{Envelope, Response};
use crate::stats::Stats;
use crate::ticket::Tickets;

/// A STUN and TURN server.
#[derive(Debug)]
pub struct Server {
    config: Config,
    authenticator: Authenticator,
    policy: Policy,
    /// Addresses that relays had before, the latest last: clients still know some by these. At most `FORMER_RELAYS_MAX`.
    former_relays: Vec<IpAddr>,
    quotas: Quotas,
    /// Paces answers to Binding requests.
    bindings: PrefixPace,
    /// Paces errors to strangers.
    challenges: PrefixPace,
    allocations: Allocations,
    clients: Clients,
    /// The allocation of each relay port.
    ports: ByFamily<Ports>,
    reservations: Reservations,
    tickets: Tickets,
    deadlines: Deadlines,
    /// Bounded by what one input leads to, as it is drained after each.
    outputs: VecDeque<Output>,
    random: ChaCha12Rng,
    stats: Stats,
    /// No new allocations.
    draining: bool,
}

impl Server {
    /// A server that draws all its randomness from `seed` and takes `unix_time` to be the time of day at `now`.
    ///
    /// # Errors
    /// When relaying is on without credentials, or a setting makes no sense.
    pub fn new(config: Config, seed: [u8; 32], now: Instant, unix_time: Duration) -> Result<Self, ConfigError> {
        let mut random = ChaCha12Rng::from_seed(seed);
        let mut quota_seed = [0; 16];
        random.fill_bytes(&mut quota_seed);
        Self::sharing(config, Quotas::new(quota_seed, now), seed, now, unix_time)
    }

    /// A server that counts allocations together with others.
    ///
    /// # Errors
    /// As for [`Self::new`].
    pub fn sharing(
        config: Config,
        quotas: Quotas,
        seed: [u8; 32],
        now: Instant,
        unix_time: Duration,
    ) -> Result<Self, ConfigError> {
        check(&config, &config.credentials)?;
        let mut random = ChaCha12Rng::from_seed(seed);
        let hash = SeededState::new((random.next_u64(), random.next_u64()));
        let mut nonce_key = [0; 32];
        random.fill_bytes(&mut nonce_key);
        let nonces = NonceMint::new(nonce_key, now, config.limits.nonce_lifetime);
        let ports = config.shard.ports(&config.relay_ports);
        Ok(Self {
            authenticator: Authenticator::new(&config, hash, nonces, UnixClock { at: now, unix_time })?,
            policy: Policy::new(&config, &[]),
            former_relays: Vec::new(),
            quotas,
            bindings: PrefixPace::new(config.limits.bindings, hash, now),
            challenges: PrefixPace::new(config.limits.challenges, hash, now),
            allocations: Allocations::default(),
            clients: Clients::new(hash),
            ports: ByFamily { v4: Ports::new(&ports), v6: Ports::new(&ports) },
            reservations: Reservations::new(hash),
            tickets: Tickets::new(ticket_key(seed), config.shard),
            deadlines: Deadlines::default(),
            outputs: VecDeque::new(),
            random,
            stats: Stats::default(),
            draining: false,
            config,
        })
    }

    /// Takes one datagram, or one frame of a stream, from a client. ChannelData and Send indications return where their
    /// payload goes; everything else is answered through [`Self::poll_output`].
    pub fn handle_client(&mut self, now: Instant, client: ClientAddr, message: &[u8]) -> Option<Forward> {
        self.assert_drained();
        // RFC 7983 §7.
        match message.first() {
            Some(0x00..=0x03) => self.handle_stun(now, client, message),
            Some(0x40..=0x7F) => self.handle_channel_data(now, client, message),
            _ => {
                self.stats.drops.malformed += 1;
                None
            }
        }
    }

    /// Takes a datagram that arrived on a relay socket and returns to which client it goes.
    pub fn handle_peer(&mut self, now: Instant, relay: RelayAddr, peer: PeerAddr, payload: &[u8]) -> Option<ToClient> {
        self.assert_drained();
        self.deliver(now, relay, peer, 0..payload.len())
    }

    /// Takes the answer to [`Output::BindRelay`]. After an error another port is tried, a bounded number of times.
    pub fn handle_relay_bound(&mut self, now: Instant, relay: RelayAddr, bound: Result<(), RelayBindError>) {
        if let Owner::Allocation(id) = self.ports.of(relay.family).owner(relay.port) {
            self.continue_binding(now, id, relay, bound);
        }
    }

    /// The connection of a TCP or TLS client is gone, and its allocation with it (RFC 8656 §3.4) unless it is moving.
    pub fn handle_client_gone(&mut self, _now: Instant, client: ClientAddr) {
        self.assert_drained();
        if let Some(id) = self.clients.get(&client)
            && !self.outlives(id, &client)
        {
            self.release(id);
        }
    }

    /// Sets the time of day, which time-limited usernames are held against, after the clock was set.
    pub fn set_unix_time(&mut self, now: Instant, unix_time: Duration) {
        self.authenticator.set_clock(UnixClock { at: now, unix_time });
    }

    /// Replaces users and secrets. Allocations stay; their next request must be authenticated by the new ones.
    ///
    /// # Errors
    /// As for [`Self::new`]; the old ones stay.
    pub fn set_credentials(&mut self, credentials: Credentials) -> Result<(), ConfigError> {
        check(&self.config, &credentials)?;
        self.authenticator.set_credentials(&credentials)?;
        self.config.credentials = credentials;
        Ok(())
    }

    /// From here on there are no new allocations, or are again. Those that there are stay and may be refreshed.
    pub fn set_draining(&mut self, draining: bool) {
        self.draining = draining;
    }

    /// What to do next. Call until `None` after every input.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Self::handle_timeout`] wants to be called.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.deadlines.earliest()
    }

    /// Ends what has expired by `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.assert_drained();
        while let Some(deadline) = self.deadlines.pop_due(now) {
            match deadline {
                Deadline::Relay(id, family) => self.release_family(id, family),
                Deadline::Reservation(token) => {
                    if let Some(reservation) = self.reservations.expire(token) {
                        self.quotas.release(reservation.share);
                        self.close(reservation.relay);
                    }
                }
            }
        }
    }

    /// Whether the client holds an allocation: one without may be closed for its silence.
    pub fn has_allocation(&self, client: &ClientAddr) -> bool {
        self.clients.get(client).is_some()
    }

    /// Counters and gauges.
    pub fn stats(&self) -> Stats {
        Stats { allocations: self.allocations.len() as u64, reservations: self.reservations.len() as u64, ..self.stats }
    }

    /// The calling contract: outputs are drained before the next input.
    fn assert_drained(&self) {
        debug_assert!(self.outputs.is_empty(), "drain poll_output before the next input");
    }

    /// RFC 8489 §6.3: what a server has no use for is dropped silently.
    fn handle_stun(&mut self, now: Instant, client: ClientAddr, bytes: &[u8]) -> Option<Forward> {
        let Ok(message) = Message::parse(bytes) else {
            self.stats.drops.malformed += 1;
            return None;
        };
        match (message.class(), message.method()) {
            (MessageClass::Indication, SEND) => return self.handle_send(now, client, &message),
            // A keep-alive (RFC 8489 §6.3.2): that it came is all there is to it.
            (MessageClass::Indication, BINDING) => {}
            (MessageClass::Request, BINDING) => self.handle_binding(now, client, &message),
            (MessageClass::Request, ALLOCATE | REFRESH | CREATE_PERMISSION | CHANNEL_BIND) => {
                self.handle_turn_request(now, client, &message);
            }
            _ => self.stats.drops.malformed += 1,
        }
        None
    }

    /// RFC 8489 §6.3.1 and §12: the reflexive address and nothing else, so that nobody is worth flooding with it.
    fn handle_binding(&mut self, now: Instant, client: ClientAddr, message: &Message<'_>) {
        if !self.bindings.admit(now, client.ip()) {
            self.stats.drops.rate_limited += 1;
            return;
        }
        let envelope = Envelope::of(message);
        if let Err(reject) = self.check_known_attributes(message) {
            self.stats.count_error(&reject);
            return self.send(client, Response::error(envelope, &reject).finish(None));
        }
        self.stats.bindings += 1;
        let mut response = Response::success(envelope);
        response.add(&XorMappedAddress::new(reflexive(&client), envelope.transaction));
        self.send(client, response.finish(None));
    }

    /// RFC 8656 §5: authentication comes first, then RFC 8489 §6.3's unknown attributes, then the method.
    fn handle_turn_request(&mut self, now: Instant, client: ClientAddr, message: &Message<'_>) {
        let authenticated = if self.config.relay_v4.is_none() && self.config.relay_v6.is_none() {
            Err(Reject::RelayingOff)
        } else {
            self.authenticator.authenticate(now, &client, message)
        };
        let authenticated = match authenticated {
            Ok(authenticated) => authenticated,
            Err(reject) => return self.refuse_stranger(now, client, message, &reject),
        };
        if let Err(reject) = self.handle_authenticated(now, client, message, &authenticated) {
            self.stats.count_error(&reject);
            let response = Response::error_in_words(Envelope::of(message), &reject);
            self.send(client, response.finish(Some(&authenticated.seal)));
        }
    }

    fn handle_authenticated(
        &mut self,
        now: Instant,
        client: ClientAddr,
        message: &Message<'_>,
        authenticated: &Authenticated,
    ) -> Result<(), Reject> {
        self.check_known_attributes(message)?;
        match message.method() {
            ALLOCATE => self.handle_allocate(now, client, message, authenticated),
            REFRESH => self.handle_refresh(now, client, message, authenticated),
            CREATE_PERMISSION => self.handle_create_permission(now, client, message, authenticated),
            _ => self.handle_channel_bind(now, client, message, authenticated),
        }
    }

    /// Answers a request without valid credentials, at a pace that makes reflection and guessing pointless.
    fn refuse_stranger(&mut self, now: Instant, client: ClientAddr, message: &Message<'_>, reject: &Reject) {
        if !self.challenges.admit(now, client.ip()) {
            self.stats.drops.rate_limited += 1;
            return;
        }
        let envelope = Envelope::of(message);
        self.stats.count_error(reject);
        let response = if matches!(reject, Reject::Unauthorized | Reject::StaleNonce) {
            self.authenticator.challenge(now, &client, envelope, message.bytes().len(), reject)
        } else {
            Response::error(envelope, reject).finish(None)
        };
        self.send(client, response);
    }

    /// RFC 8489 §6.3.1: 420 names what is not understood but would have to be.
    fn check_known_attributes(&self, message: &Message<'_>) -> Result<(), Reject> {
        let known =
            |kind: u16| KNOWN_ATTRIBUTES.contains(&kind) || (kind == DONT_FRAGMENT && self.config.dont_fragment);
        let unknown: Vec<u16> = message
            .attributes()
            .map(|attribute| attribute.kind)
            .filter(|&kind| kind < COMPREHENSION_OPTIONAL && !known(kind))
            .take(UNKNOWN_ATTRIBUTES_MAX)
            .collect();
        if unknown.is_empty() { Ok(()) } else { Err(Reject::UnknownAttributes(unknown)) }
    }

    /// The allocation of this client, if it is also this user's (RFC 8656 §5): 437 and 441.
    fn own_allocation(&self, client: &ClientAddr, authenticated: &Authenticated) -> Result<AllocationId, Reject> {
        let id = self.clients.get(client).ok_or(Reject::NoAllocation)?;
        let allocation = self.allocations.get(id).filter(|allocation| allocation.binding.is_none());
        let allocation = allocation.ok_or(Reject::NoAllocation)?;
        if allocation.username == authenticated.username { Ok(id) } else { Err(Reject::WrongCredentials) }
    }

    /// Ends an allocation and everything it holds.
    fn release(&mut self, id: AllocationId) {
        let Some(allocation) = self.allocations.remove(id) else { return };
        self.clients.remove(&allocation.client);
        if let Some(destination) = allocation.mobility.and_then(|mobility| mobility.destination()) {
            self.clients.stop_moving(&destination);
        }
        self.quotas.release(allocation.share);
        for family in Family::ALL {
            if let Some(relay) = allocation.relays.of(family) {
                self.deadlines.remove(relay.expires_at, Deadline::Relay(id, family));
                self.stats.relays.count_ended(allocation.client.transport, family);
                self.close(relay.address);
            }
        }
        if let Some(binding) = allocation.binding {
            for leg in &binding.legs {
                self.close(leg.relay);
            }
            if let Some(share) = binding.next_share {
                self.quotas.release(share);
            }
        }
    }

    /// Ends the relay of one family with its permissions and channels, and the allocation with its last relay
    /// (RFC 8656 §8.1).
    fn release_family(&mut self, id: AllocationId, family: Family) {
        let Some(allocation) = self.allocations.get_mut(id) else { return };
        let other = match family {
            Family::V4 => Family::V6,
            Family::V6 => Family::V4,
        };
        if !allocation.has_family(other) {
            return self.release(id);
        }
        if let Some(relay) = allocation.relays.of_mut(family).take() {
            allocation.permissions.retain(|ip| Family::of(ip) != family);
            allocation.channels.retain(|peer| peer.family() != family);
            self.stats.relays.count_ended(allocation.client.transport, family);
            self.deadlines.remove(relay.expires_at, Deadline::Relay(id, family));
            self.close(relay.address);
        }
    }

    /// Gives a port back and has its socket closed, if it has one.
    fn close(&mut self, relay: RelayAddr) {
        self.ports.of_mut(relay.family).set(relay.port, Owner::Nobody);
        if self.config.relay_sockets {
            self.outputs.push_back(Output::CloseRelay { relay });
        }
    }

    /// The address that clients are told of new relays.
    fn relay_ip(&self, family: Family) -> Option<IpAddr> {
        self.config.relay_addresses().find(|ip| Family::of(*ip) == family)
    }

    fn send(&mut self, client: ClientAddr, message: Vec<u8>) {
        self.outputs.push_back(Output::Send { client, message });
    }
}

/// The client's address as the Internet knows it, without the wrapping of a dual-stack socket.
fn reflexive(client: &ClientAddr) -> SocketAddr {
    SocketAddr::new(client.ip(), client.remote.port())
}

/// From a stream of its own, so that nothing else that is drawn changes with it.
fn ticket_key(seed: [u8; 32]) -> [u8; 32] {
    let mut random = ChaCha12Rng::from_seed(seed);
    random.set_stream(TICKET_STREAM);
    let mut key = [0; 32];
    random.fill_bytes(&mut key);
    key
}

fn check(config: &Config, credentials: &Credentials) -> Result<(), ConfigError> {
    let relaying = config.relay_v4.is_some() || config.relay_v6.is_some();
    if relaying && credentials.is_empty() {
        return Err(ConfigError::NoCredentials);
    }
    if config.relay_ports.is_empty() || *config.relay_ports.start() == 0 {
        return Err(ConfigError::RelayPorts(config.relay_ports.clone()));
    }
    Ok(())
}

/// Comprehension-required attributes that are understood: those of RFC 8489 §18.3 and RFC 8656 §18 a request may have.
const KNOWN_ATTRIBUTES: [u16; 19] = [
    0x0006, // USERNAME
    0x0008, // MESSAGE-INTEGRITY
    0x0009, // ERROR-CODE
    0x000A, // UNKNOWN-ATTRIBUTES
    0x000C, // CHANNEL-NUMBER
    0x000D, // LIFETIME
    0x0012, // XOR-PEER-ADDRESS
    0x0013, // DATA
    0x0014, // REALM
    0x0015, // NONCE
    0x0016, // XOR-RELAYED-ADDRESS
    0x0017, // REQUESTED-ADDRESS-FAMILY
    0x0018, // EVEN-PORT
    0x0019, // REQUESTED-TRANSPORT
    0x001C, // MESSAGE-INTEGRITY-SHA256
    0x001D, // PASSWORD-ALGORITHM
    0x001E, // USERHASH
    0x0020, // XOR-MAPPED-ADDRESS
    0x0022, // RESERVATION-TOKEN
];
/// All else is drawn from stream 0.
const TICKET_STREAM: u64 = 1;
/// RFC 8656 §18.7.
const DONT_FRAGMENT: u16 = 0x001A;
/// RFC 8489 §14: types from here on may be ignored.
const COMPREHENSION_OPTIONAL: u16 = 0x8000;
/// How many unknown attributes a 420 names; the client learns enough from the first.
const UNKNOWN_ATTRIBUTES_MAX: usize = 16;

//! A server, a virtual clock, sockets that are a set of numbers, and clients that can sign.

use std::collections::{BTreeSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use stun_types::attribute::{
    AttributeWrite, ErrorCode, Nonce, PasswordAlgorithm, PasswordAlgorithmValue, PasswordAlgorithms, RawAttribute,
    Realm, Username,
};
use stun_types::message::{
    BINDING, IntegrityAlgorithm, LongTermKeyCredentials, Message, MessageClass, MessageIntegrityCredentials,
    MessageType, MessageWrite, MessageWriteExt, MessageWriteVec, Method, TransactionId,
};
use turn::credentials::{Credentials, Password, Secret};
use turn::{
    ClientAddr, Config, Family, Forward, Output, PeerAddr, Quotas, RelayAddr, RelayBindError, Server, Shard, ToClient,
    Transport,
};
use turn_types::attribute::{Lifetime, RequestedTransport, ReservationToken, XorPeerAddress, XorRelayedAddress};
use turn_types::message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, REFRESH, SEND};

pub(crate) const UNIX_TIME: Duration = Duration::from_secs(1_800_000_000);
pub(crate) const REALM: &str = "parlor";
pub(crate) const RELAY_V4: &str = "192.0.2.15";
pub(crate) const RELAY_V6: &str = "2001:db8::15";
/// A peer out on the Internet.
pub(crate) const PEER: &str = "8.8.4.4:5000";
pub(crate) const PEER_V6: &str = "[2a00:1450::5]:5000";

/// What an input led to, in few words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Success,
    Error(u16),
    Silence,
}

pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) now: Instant,
    /// Relay sockets that are open.
    pub(crate) sockets: BTreeSet<RelayAddr>,
    /// What the next bindings come to; after that they succeed.
    pub(crate) bind_errors: VecDeque<RelayBindError>,
    /// How often a socket was asked for.
    pub(crate) binds: usize,
    transaction: u128,
}

impl World {
    /// Both families, the user `anna` with the password `secret`.
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = config();
        change(&mut config);
        let now = start();
        let server = Server::new(config, [7; 32], now, UNIX_TIME).unwrap();
        Self { server, now, sockets: BTreeSet::new(), bind_errors: VecDeque::new(), binds: 0, transaction: 0 }
    }

    /// One of several servers behind one address, which count together.
    pub(crate) fn of_shard(shard: Shard, quotas: Quotas, change: impl FnOnce(&mut Config)) -> Self {
        let mut world = Self::new();
        let mut config = Config { shard, ..config() };
        change(&mut config);
        world.server = Server::sharing(config, quotas, [shard.index(); 32], world.now, UNIX_TIME).unwrap();
        world
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        self.now += by;
        self.server.handle_timeout(self.now);
        assert!(self.drain().is_empty(), "time alone sends nothing");
    }

    /// Hands over a message and returns what was sent to anybody.
    pub(crate) fn input(
        &mut self,
        client: ClientAddr,
        message: &[u8],
    ) -> (Option<Forward>, Vec<(ClientAddr, Vec<u8>)>) {
        let forward = self.server.handle_client(self.now, client, message);
        (forward, self.drain())
    }

    pub(crate) fn drain(&mut self) -> Vec<(ClientAddr, Vec<u8>)> {
        let mut sent = Vec::new();
        while let Some(output) = self.server.poll_output() {
            match output {
                Output::Send { client, message } => sent.push((client, message)),
                Output::BindRelay { relay } => {
                    self.binds += 1;
                    let bound = self.bind_errors.pop_front().map_or(Ok(()), Err);
                    if bound.is_ok() {
                        assert!(self.sockets.insert(relay), "{relay:?} is bound already");
                    }
                    self.server.handle_relay_bound(self.now, relay, bound);
                }
                Output::CloseRelay { relay } => assert!(self.sockets.remove(&relay), "{relay:?} is not open"),
            }
        }
        sent
    }

    /// A request and its one answer.
    pub(crate) fn ask(&mut self, client: &Client, request: &[u8]) -> Reply {
        let (forward, mut sent) = self.input(client.addr, request);
        assert_eq!(forward, None, "requests are not forwarded");
        assert!(sent.len() <= 1, "one request, one answer");
        let bytes = sent.pop().map(|(to, bytes)| {
            assert_eq!(to, client.addr, "the answer goes to the asker");
            bytes
        });
        Reply { bytes, credentials: client.credentials() }
    }

    /// Fetches a nonce as a client does: by being refused.
    pub(crate) fn meet(&mut self, client: &mut Client) {
        let request = self.request(ALLOCATE, &[&RequestedTransport::new(17)]);
        let reply = self.ask(client, &request);
        assert_eq!(reply.answer(), Answer::Error(401));
        client.learn(&reply);
    }

    pub(crate) fn transaction(&mut self) -> TransactionId {
        self.transaction += 1;
        self.transaction.into()
    }

    /// A request without credentials.
    pub(crate) fn request(&mut self, method: Method, attributes: &[&dyn AttributeWrite]) -> Vec<u8> {
        let transaction = self.transaction();
        message(MessageClass::Request, method, transaction, attributes).finish()
    }

    pub(crate) fn signed(&mut self, client: &Client, method: Method, attributes: &[&dyn AttributeWrite]) -> Vec<u8> {
        let transaction = self.transaction();
        client.sign(message(MessageClass::Request, method, transaction, attributes))
    }

    /// A signed request and its answer.
    pub(crate) fn signed_ask(&mut self, client: &Client, method: Method, attributes: &[&dyn AttributeWrite]) -> Reply {
        let request = self.signed(client, method, attributes);
        self.ask(client, &request)
    }

    pub(crate) fn allocate(&mut self, client: &Client, attributes: &[&dyn AttributeWrite]) -> Reply {
        let udp = RequestedTransport::new(17);
        let all: Vec<&dyn AttributeWrite> =
            [&udp as &dyn AttributeWrite].into_iter().chain(attributes.iter().copied()).collect();
        self.signed_ask(client, ALLOCATE, &all)
    }

    /// A client that has an allocation.
    pub(crate) fn allocated(&mut self, addr: ClientAddr) -> (Client, SocketAddr) {
        let mut client = Client::new(addr);
        self.meet(&mut client);
        let reply = self.allocate(&client, &[]);
        assert_eq!(reply.answer(), Answer::Success);
        (client, reply.relayed().unwrap())
    }

    pub(crate) fn refresh(&mut self, client: &Client, seconds: u32) -> Reply {
        self.signed_ask(client, REFRESH, &[&Lifetime::new(seconds)])
    }

    pub(crate) fn permit(&mut self, client: &Client, peer: &str) -> Answer {
        let transaction = self.transaction();
        let request = client.sign(message(
            MessageClass::Request,
            CREATE_PERMISSION,
            transaction,
            &[&XorPeerAddress::new(peer.parse().unwrap(), transaction)],
        ));
        self.ask(client, &request).answer()
    }

    pub(crate) fn bind_channel(&mut self, client: &Client, number: u16, peer: &str) -> Answer {
        let transaction = self.transaction();
        let request = client.sign(message(
            MessageClass::Request,
            CHANNEL_BIND,
            transaction,
            &[
                &turn_types::attribute::ChannelNumber::new(number),
                &XorPeerAddress::new(peer.parse().unwrap(), transaction),
            ],
        ));
        self.ask(client, &request).answer()
    }

    pub(crate) fn send_indication(&mut self, client: &Client, peer: &str, payload: &[u8]) -> Option<Forward> {
        let transaction = self.transaction();
        let bytes = send_indication(transaction, peer, payload);
        let (forward, sent) = self.input(client.addr, &bytes);
        assert!(sent.is_empty(), "indications are not answered");
        if let Some(Forward::ToPeer { payload: range, .. } | Forward::ToClient(ToClient { payload: range, .. })) =
            &forward
        {
            assert_eq!(&bytes[range.clone()], payload);
        }
        forward
    }

    pub(crate) fn peer_sends(&mut self, relay: SocketAddr, peer: &str, payload: &[u8]) -> Option<ToClient> {
        let relay = RelayAddr { family: Family::of(relay.ip()), port: relay.port() };
        let to_client = self.server.handle_peer(self.now, relay, PeerAddr::new(peer.parse().unwrap()), payload);
        assert!(self.drain().is_empty(), "payloads are not answered");
        to_client
    }
}

/// One client on one 5-tuple.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) addr: ClientAddr,
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) nonce: String,
    /// What the server offered, for clients that speak RFC 8489.
    pub(crate) algorithms: Option<Vec<PasswordAlgorithmValue>>,
    /// MD5 and SHA-1, or SHA-256 twice.
    pub(crate) algorithm: IntegrityAlgorithm,
}

impl Client {
    pub(crate) fn new(addr: ClientAddr) -> Self {
        Self {
            addr,
            username: "anna".to_owned(),
            password: "secret".to_owned(),
            nonce: String::new(),
            algorithms: None,
            algorithm: IntegrityAlgorithm::Sha1,
        }
    }

    pub(crate) fn as_user(addr: ClientAddr, username: &str, password: &str) -> Self {
        Self { username: username.to_owned(), password: password.to_owned(), ..Self::new(addr) }
    }

    pub(crate) fn learn(&mut self, reply: &Reply) {
        self.learn_from(&reply.message().unwrap());
    }

    pub(crate) fn learn_from(&mut self, message: &Message<'_>) {
        assert_eq!(message.attribute::<Realm>().unwrap().realm(), REALM);
        message.attribute::<Nonce>().unwrap().nonce().clone_into(&mut self.nonce);
        self.algorithms = message.attribute::<PasswordAlgorithms>().ok().map(|offer| offer.algorithms().to_vec());
    }

    pub(crate) fn credentials(&self) -> MessageIntegrityCredentials {
        LongTermKeyCredentials::new(self.username.clone(), self.password.clone(), REALM.to_owned()).into()
    }

    pub(crate) fn sign(&self, mut message: MessageWriteVec) -> Vec<u8> {
        message.add_attribute(&Username::new(&self.username).unwrap()).unwrap();
        message.add_attribute(&Realm::new(REALM).unwrap()).unwrap();
        message.add_attribute(&Nonce::new(&self.nonce).unwrap()).unwrap();
        if let Some(offer) = &self.algorithms {
            let chosen = match self.algorithm {
                IntegrityAlgorithm::Sha1 => PasswordAlgorithmValue::MD5,
                IntegrityAlgorithm::Sha256 => PasswordAlgorithmValue::SHA256,
            };
            message.add_attribute(&PasswordAlgorithms::new(offer)).unwrap();
            message.add_attribute(&PasswordAlgorithm::new(chosen)).unwrap();
        }
        message.add_message_integrity(&self.credentials(), self.algorithm).unwrap();
        message.finish()
    }
}

/// What came back.
pub(crate) struct Reply {
    pub(crate) bytes: Option<Vec<u8>>,
    credentials: MessageIntegrityCredentials,
}

impl Reply {
    pub(crate) fn message(&self) -> Option<Message<'_>> {
        self.bytes.as_ref().map(|bytes| Message::from_bytes(bytes).unwrap())
    }

    pub(crate) fn answer(&self) -> Answer {
        let Some(message) = self.message() else { return Answer::Silence };
        match message.class() {
            MessageClass::Success => Answer::Success,
            MessageClass::Error => Answer::Error(message.attribute::<ErrorCode>().unwrap().code()),
            MessageClass::Request | MessageClass::Indication => panic!("a server answers"),
        }
    }

    /// The relayed address; a success must be signed.
    pub(crate) fn relayed(&self) -> Option<SocketAddr> {
        let message = self.message()?;
        self.integrity().expect("a success is signed");
        message.attribute::<XorRelayedAddress>().ok().map(|relayed| relayed.addr(message.transaction_id()))
    }

    pub(crate) fn integrity(&self) -> Option<IntegrityAlgorithm> {
        self.message()?.validate_integrity(&self.credentials).ok()
    }

    pub(crate) fn lifetime(&self) -> Option<u32> {
        Some(self.message()?.attribute::<Lifetime>().ok()?.seconds())
    }

    pub(crate) fn token(&self) -> Option<u64> {
        Some(self.message()?.attribute::<ReservationToken>().ok()?.token())
    }
}

pub(crate) fn config() -> Config {
    let mut config = Config::new(REALM);
    config.relay_v4 = Some(RELAY_V4.parse().unwrap());
    config.relay_v6 = Some(RELAY_V6.parse().unwrap());
    config.relay_ports = 50_000..=50_999;
    config.credentials = credentials();
    config
}

pub(crate) fn credentials() -> Credentials {
    Credentials {
        users: vec![("anna".to_owned(), Password::new("secret")), ("ben".to_owned(), Password::new("other"))],
        rest_secrets: vec![Secret::new("north"), Secret::new("south")],
    }
}

/// UDP from `remote`.
pub(crate) fn udp(remote: &str) -> ClientAddr {
    client(Transport::Udp, remote)
}

pub(crate) fn client(transport: Transport, remote: &str) -> ClientAddr {
    let remote: SocketAddr = remote.parse().unwrap();
    let local: IpAddr = if remote.is_ipv4() { RELAY_V4.parse().unwrap() } else { RELAY_V6.parse().unwrap() };
    ClientAddr { transport, local: SocketAddr::new(local, 3478), remote }
}

pub(crate) fn message(
    class: MessageClass,
    method: Method,
    transaction: TransactionId,
    attributes: &[&dyn AttributeWrite],
) -> MessageWriteVec {
    let mut message =
        Message::builder(MessageType::from_class_method(class, method), transaction, MessageWriteVec::new());
    for attribute in attributes {
        message.add_attribute(*attribute).unwrap();
    }
    message
}

pub(crate) fn send_indication(transaction: TransactionId, peer: &str, payload: &[u8]) -> Vec<u8> {
    let peer = XorPeerAddress::new(peer.parse().unwrap(), transaction);
    message(MessageClass::Indication, SEND, transaction, &[&peer, &turn_types::attribute::Data::new(payload)]).finish()
}

pub(crate) fn channel_data(number: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = number.to_be_bytes().to_vec();
    bytes.extend_from_slice(&u16::try_from(payload.len()).unwrap().to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// The message a client receives.
pub(crate) fn assemble(to_client: &ToClient, payload: &[u8]) -> Vec<u8> {
    let mut bytes = to_client.header.as_bytes().to_vec();
    bytes.extend_from_slice(&payload[to_client.payload.clone()]);
    bytes.resize(bytes.len() + usize::from(to_client.padding), 0);
    bytes
}

pub(crate) fn binding_request(world: &mut World) -> Vec<u8> {
    world.request(BINDING, &[])
}

pub(crate) fn raw(kind: u16, value: &[u8]) -> RawAttribute<'_> {
    RawAttribute::new(kind.into(), value)
}

#[expect(clippy::disallowed_methods, reason = "a test takes its epoch once and goes on with virtual time")]
pub(crate) fn start() -> Instant {
    Instant::now()
}

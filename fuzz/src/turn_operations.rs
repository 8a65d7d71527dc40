//! Signed requests with arbitrary attributes, payloads both ways, sockets that cannot be bound, time: whatever the order,
//! sockets are opened and closed in pairs, nothing leaves through a socket that is not there, and in the end nothing is left.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use arbitrary::{Arbitrary, Unstructured};
use stun_types::attribute::{AttributeWrite, Nonce, RawAttribute, Realm, Username};
use stun_types::message::{
    IntegrityAlgorithm, LongTermKeyCredentials, Message, MessageClass, MessageIntegrityCredentials, MessageType,
    MessageWrite, MessageWriteExt, MessageWriteVec, Method, TransactionId,
};
use turn::credentials::Password;
use turn::{ClientAddr, Config, Forward, Output, PeerAddr, RelayAddr, RelayBindError, Server, ToClient, Transport};
use turn_types::attribute::{ChannelNumber, Data, Lifetime, RequestedTransport, ReservationToken, XorPeerAddress};
use turn_types::message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, REFRESH, SEND};

/// One thing that happens.
#[derive(Debug, Arbitrary)]
pub enum Operation {
    /// A signed request.
    Request {
        client: u8,
        method: u8,
        attributes: Vec<Attribute>,
        sha256: bool,
    },
    Send {
        client: u8,
        peer: u8,
        length: u16,
    },
    ChannelData {
        client: u8,
        number: u8,
        length: u16,
    },
    FromPeer {
        relay: u8,
        peer: u8,
        length: u16,
    },
    Bytes {
        client: u8,
        bytes: Vec<u8>,
    },
    Wait {
        seconds: u16,
    },
    /// The next sockets cannot be bound.
    FailBinds {
        count: u8,
        in_use: bool,
    },
    Gone {
        client: u8,
    },
    ForgetNonce {
        client: u8,
    },
}

/// One attribute of a request.
#[derive(Debug, Arbitrary)]
pub enum Attribute {
    Udp,
    Lifetime(u32),
    Peer(u8),
    Channel(u8),
    RequestedFamily(u8),
    AdditionalFamily(u8),
    EvenPort(bool),
    /// The token that was given last.
    Token,
    /// The ticket that was given last, or an empty one.
    Ticket {
        given: bool,
    },
    Raw {
        kind: u16,
        value: Vec<u8>,
    },
}

/// Runs the operations that `data` spells.
pub fn run(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let mut world = World::new();
    for _ in 0..OPERATIONS_MAX {
        if input.is_empty() {
            break;
        }
        let Ok(operation) = Operation::arbitrary(&mut input) else { break };
        world.operate(operation);
    }
    world.end();
}

/// A server with its sockets and clients.
pub struct World {
    server: Server,
    now: Instant,
    sockets: BTreeSet<RelayAddr>,
    failing_binds: (u8, bool),
    nonces: [Option<String>; CLIENTS],
    token: u64,
    ticket: Vec<u8>,
    transaction: u128,
}

impl World {
    #[expect(clippy::disallowed_methods, reason = "the epoch; time is virtual from there on")]
    pub fn new() -> Self {
        let now = Instant::now();
        let server =
            Server::new(config(), [9; 32], now, Duration::from_secs(1_800_000_000)).expect("the settings are good");
        Self {
            server,
            now,
            sockets: BTreeSet::new(),
            failing_binds: (0, false),
            nonces: [const { None }; CLIENTS],
            token: 0,
            ticket: Vec::new(),
            transaction: 0,
        }
    }

    /// Gives client 0 an allocation with a channel and a permission.
    pub fn prepare_first_client(&mut self) {
        self.request(0, 0, &[Attribute::Udp], false);
        self.request(0, 0, &[Attribute::Udp], false);
        self.request(0, 2, &[Attribute::Peer(0)], false);
        self.request(0, 3, &[Attribute::Peer(0), Attribute::Channel(0)], false);
        assert_eq!(self.server.stats().allocations, 1, "the first client is set up");
    }

    /// A message as it comes from the network.
    pub fn feed(&mut self, client: usize, message: &[u8]) {
        let forward = self.server.handle_client(self.now, client_addr(client), message);
        if let Some(forward) = forward {
            self.check_forward(&forward, message.len());
        }
        self.drain(client);
    }

    /// After three hours nothing is left.
    pub fn end(mut self) {
        self.wait(Duration::from_secs(3 * 3600));
        let stats = self.server.stats();
        assert_eq!((stats.allocations, stats.reservations), (0, 0));
        assert!(self.sockets.is_empty(), "{:?} are open", self.sockets);
        assert_eq!(self.server.poll_timeout(), None);
    }

    fn operate(&mut self, operation: Operation) {
        match operation {
            Operation::Request { client, method, attributes, sha256 } => {
                self.request(usize::from(client), method, &attributes, sha256);
            }
            Operation::Send { client, peer, length } => {
                let transaction = self.transaction();
                let payload = vec![1; usize::from(length % PAYLOAD_BYTES_MAX)];
                let peer = XorPeerAddress::new(peer_addr(peer), transaction);
                let message = message(MessageClass::Indication, SEND, transaction, &[&peer, &Data::new(&payload)]);
                self.feed(usize::from(client), &message.finish());
            }
            Operation::ChannelData { client, number, length } => {
                let mut bytes = (0x4000 + u16::from(number)).to_be_bytes().to_vec();
                let length = length % PAYLOAD_BYTES_MAX;
                bytes.extend(length.to_be_bytes());
                bytes.resize(4 + usize::from(length), 1);
                self.feed(usize::from(client), &bytes);
            }
            Operation::FromPeer { relay, peer, length } => self.peer_sends(relay, peer, length),
            Operation::Bytes { client, bytes } => self.feed(usize::from(client), &bytes),
            Operation::Wait { seconds } => self.wait(Duration::from_secs(seconds.into())),
            Operation::FailBinds { count, in_use } => self.failing_binds = (count % 20, in_use),
            Operation::Gone { client } => {
                self.server.handle_client_gone(self.now, client_addr(client.into()));
                self.drain(client.into());
            }
            Operation::ForgetNonce { client } => {
                if let Some(nonce) = self.nonces.get_mut(usize::from(client) % CLIENTS) {
                    *nonce = None;
                }
            }
        }
    }

    fn request(&mut self, client: usize, method: u8, attributes: &[Attribute], sha256: bool) {
        let transaction = self.transaction();
        let method = [ALLOCATE, REFRESH, CREATE_PERMISSION, CHANNEL_BIND].into_iter().nth(usize::from(method) % 4);
        let mut request = message(MessageClass::Request, method.unwrap_or(ALLOCATE), transaction, &[]);
        for attribute in attributes.iter().take(ATTRIBUTES_MAX) {
            self.write(&mut request, attribute, transaction);
        }
        let nonce = self.nonces.get(client % CLIENTS).cloned().flatten();
        let bytes = match nonce {
            Some(nonce) => sign(request, client, &nonce, sha256),
            None => Some(request.finish()),
        };
        if let Some(bytes) = bytes {
            self.feed(client, &bytes);
        }
    }

    fn write(&self, request: &mut MessageWriteVec, attribute: &Attribute, transaction: TransactionId) {
        let family = |value: u8| [value % 4, 0, 0, 0];
        let written = match attribute {
            Attribute::Udp => request.add_attribute(&RequestedTransport::new(17)),
            Attribute::Lifetime(seconds) => request.add_attribute(&Lifetime::new(*seconds)),
            Attribute::Peer(peer) => request.add_attribute(&XorPeerAddress::new(peer_addr(*peer), transaction)),
            Attribute::Channel(number) => request.add_attribute(&ChannelNumber::new(0x4000 + u16::from(*number))),
            Attribute::RequestedFamily(value) => {
                request.add_attribute(&RawAttribute::new(0x0017.into(), &family(*value)))
            }
            Attribute::AdditionalFamily(value) => {
                request.add_attribute(&RawAttribute::new(0x8000.into(), &family(*value)))
            }
            Attribute::EvenPort(next) => {
                request.add_attribute(&RawAttribute::new(0x0018.into(), &[u8::from(*next) << 7]))
            }
            Attribute::Token => request.add_attribute(&ReservationToken::new(self.token)),
            Attribute::Ticket { given } => {
                let value = if *given { &*self.ticket } else { &[] };
                request.add_attribute(&RawAttribute::new(MOBILITY_TICKET.into(), value))
            }
            Attribute::Raw { kind, value } => {
                // The signature's own attributes are written by the signer.
                let value = value.get(..value.len().min(64)).unwrap_or_default();
                if matches!(kind, 0x0008 | 0x001C | 0x8028) {
                    return;
                }
                request.add_attribute(&RawAttribute::new((*kind).into(), value))
            }
        };
        written.expect("a vector has room for an attribute");
    }

    fn peer_sends(&mut self, relay: u8, peer: u8, length: u16) {
        let count = self.sockets.len().max(1);
        let Some(&relay) = self.sockets.iter().nth(usize::from(relay) % count) else { return };
        let payload = vec![1; usize::from(length)];
        let to_client = self.server.handle_peer(self.now, relay, PeerAddr::new(peer_addr(peer)), &payload);
        if let Some(to_client) = to_client {
            check_to_client(&to_client, payload.len());
        }
        self.drain(0);
    }

    fn wait(&mut self, by: Duration) {
        self.now += by;
        self.server.handle_timeout(self.now);
        self.drain(0);
        assert!(self.server.poll_timeout().is_none_or(|at| at > self.now), "what is due is done");
    }

    fn drain(&mut self, client: usize) {
        while let Some(output) = self.server.poll_output() {
            match output {
                Output::Send { client: to, message } => {
                    assert_eq!(to, client_addr(client), "answers go to the asker");
                    self.learn(client, &message);
                }
                Output::BindRelay { relay } => {
                    let (left, in_use) = self.failing_binds;
                    let bound = if left == 0 {
                        assert!(self.sockets.insert(relay), "{relay:?} is bound already");
                        Ok(())
                    } else {
                        self.failing_binds.0 = left - 1;
                        Err(if in_use { RelayBindError::InUse } else { RelayBindError::Unavailable })
                    };
                    self.server.handle_relay_bound(self.now, relay, bound);
                }
                Output::CloseRelay { relay } => assert!(self.sockets.remove(&relay), "{relay:?} is not open"),
            }
        }
        assert!(self.server.stats().allocations <= ALLOCATIONS_MAX);
    }

    /// Keeps the nonce, the token and the ticket of an answer.
    fn learn(&mut self, client: usize, bytes: &[u8]) {
        let message = Message::from_bytes(bytes).expect("the server sends STUN");
        if let (Ok(nonce), Some(slot)) = (message.attribute::<Nonce>(), self.nonces.get_mut(client % CLIENTS)) {
            *slot = Some(nonce.nonce().to_owned());
        }
        if let Ok(token) = message.attribute::<ReservationToken>() {
            self.token = token.token();
        }
        if let Some(ticket) = message.raw_attribute(MOBILITY_TICKET.into()) {
            self.ticket = ticket.value.to_vec();
        }
    }

    fn check_forward(&self, forward: &Forward, length: usize) {
        match forward {
            Forward::ToPeer { relay, payload, .. } => {
                assert!(self.sockets.contains(relay), "{relay:?} has no socket");
                assert!(payload.start <= payload.end && payload.end <= length, "{payload:?} of {length}");
            }
            Forward::ToClient(to_client) => check_to_client(to_client, length),
            Forward::ToShard { .. } => panic!("this server is alone: {forward:?}"),
        }
    }

    fn transaction(&mut self) -> TransactionId {
        self.transaction += 1;
        self.transaction.into()
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

fn check_to_client(to_client: &ToClient, length: usize) {
    let ToClient { header, payload, padding, .. } = to_client;
    assert!(payload.start <= payload.end && payload.end <= length, "{payload:?} of {length}");
    assert!(*padding < 4 && matches!(header.as_bytes().len(), 4 | 36 | 48), "{to_client:?}");
}

fn sign(mut request: MessageWriteVec, client: usize, nonce: &str, sha256: bool) -> Option<Vec<u8>> {
    let (user, password) = if (client % CLIENTS).is_multiple_of(2) { ("anna", "secret") } else { ("ben", "other") };
    let credentials: MessageIntegrityCredentials =
        LongTermKeyCredentials::new(user.to_owned(), password.to_owned(), "parlor".to_owned()).into();
    request.add_attribute(&Username::new(user).ok()?).ok()?;
    request.add_attribute(&Realm::new("parlor").ok()?).ok()?;
    request.add_attribute(&Nonce::new(nonce).ok()?).ok()?;
    let algorithm = if sha256 { IntegrityAlgorithm::Sha256 } else { IntegrityAlgorithm::Sha1 };
    request.add_message_integrity(&credentials, algorithm).ok()?;
    Some(request.finish())
}

fn message(
    class: MessageClass,
    method: Method,
    transaction: TransactionId,
    attributes: &[&dyn AttributeWrite],
) -> MessageWriteVec {
    let kind = MessageType::from_class_method(class, method);
    let mut message = Message::builder(kind, transaction, MessageWriteVec::new());
    for attribute in attributes {
        message.add_attribute(*attribute).expect("a vector has room for an attribute");
    }
    message
}

fn config() -> Config {
    let mut config = Config::new("parlor");
    config.relay_v4 = "45.0.0.1".parse().ok();
    config.relay_v6 = "2a01:4f8::1".parse().ok();
    // Few ports, so that they run out.
    config.relay_ports = 50_000..=50_007;
    config.credentials.users =
        vec![("anna".to_owned(), Password::new("secret")), ("ben".to_owned(), Password::new("other"))];
    config.mobility = true;
    config.limits.allocations_per_user = 4;
    config.limits.permissions_per_allocation = 6;
    config.limits.channels_per_allocation = 4;
    config
}

fn client_addr(client: usize) -> ClientAddr {
    let number = client % CLIENTS;
    let transport = match number % 3 {
        0 => Transport::Udp,
        1 => Transport::Tcp,
        _ => Transport::Tls,
    };
    let port = 4000 + u16::try_from(number).unwrap_or(0);
    ClientAddr {
        transport,
        local: SocketAddr::from(([45, 0, 0, 1], 3478)),
        remote: SocketAddr::from(([9, 9, 9, 9], port)),
    }
}

/// Peers on the Internet, relays of ours, and addresses nobody may reach.
fn peer_addr(peer: u8) -> SocketAddr {
    let port = 50_000 + u16::from(peer >> 4);
    match peer % 8 {
        0 => SocketAddr::from(([8, 8, 8, 8], port)),
        1 => SocketAddr::from(([8, 8, 4, 4], port)),
        2 | 3 => SocketAddr::from(([45, 0, 0, 1], port)),
        4 => SocketAddr::from(([127, 0, 0, 1], port)),
        5 => SocketAddr::from(([0x2a00, 0x1450, 0, 0, 0, 0, 0, 5], port)),
        6 => SocketAddr::from(([0x2a01, 0x4f8, 0, 0, 0, 0, 0, 1], port)),
        _ => SocketAddr::from(([0, 0, 0, 0, 0, 0xFFFF, 0x7F00, 1], port)),
    }
}

const CLIENTS: usize = 6;
/// Two users with four each: a client that has moved away may allocate again.
const ALLOCATIONS_MAX: u64 = 8;
/// RFC 8016 §3.3.
const MOBILITY_TICKET: u16 = 0x8030;
const OPERATIONS_MAX: usize = 200;
const ATTRIBUTES_MAX: usize = 8;
const PAYLOAD_BYTES_MAX: u16 = 1500;

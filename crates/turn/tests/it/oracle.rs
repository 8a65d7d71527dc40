//! Another server beside ours, under the same random operations: who is let in, what is answered, what is relayed where.
//! They differ only where [`DIFFERENCES`] says so.

mod differences;
mod theirs;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};
use stun_types::attribute::{ErrorCode, Nonce, UnknownAttributes};
use stun_types::message::{BINDING, IntegrityAlgorithm, Message, MessageClass, MessageWrite, Method, TransactionId};
use turn::{Config, Forward};
use turn_types::attribute::{ChannelNumber, Data, Lifetime, RequestedTransport, XorPeerAddress, XorRelayedAddress};
use turn_types::message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, REFRESH};

use crate::world::{Client, RELAY_V4, World, assemble, channel_data, message, raw, send_indication, udp};
use differences::DIFFERENCES;
use theirs::{Theirs, listen};

const CLIENTS: usize = 3;
/// One that nobody may reach, and one of a family that no allocation has, come last.
const PEERS: [&str; 5] = ["8.8.8.8:7000", "8.8.8.8:7001", "9.9.9.9:7000", "10.0.0.1:7000", "[2a00:1450::5]:7000"];
const FORBIDDEN: usize = 3;
const UDP: u8 = 17;
const TCP: u8 = 6;
/// Comprehension is required, and nobody has it (RFC 8489 §18.3).
const UNHEARD_OF: u16 = 0x7F00;
/// SOFTWARE (RFC 8489 §14.14).
const SOFTWARE: u16 = 0x8022;
const PAYLOAD: &[u8] = b"hello";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Request(usize, Request, Manner),
    Binding(usize),
    Send(usize, usize),
    ChannelData(usize, u16),
    FromPeer(usize, usize),
    Wait(u64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Request {
    Allocate(Option<u8>),
    Refresh(u32),
    Permit(Option<usize>),
    Bind(u16, usize),
}

/// How a request is signed, and what is in it besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    Good,
    Unsigned,
    WrongPassword,
    OtherUser,
    Nobody,
    StaleNonce,
    UnknownAttribute,
}

fn operation() -> impl Strategy<Value = Operation> {
    let client = 0..CLIENTS;
    let peer = prop_oneof![30 => 0..FORBIDDEN, 1 => Just(FORBIDDEN), 3 => Just(FORBIDDEN + 1)];
    let channel = prop_oneof![30 => 0x4000..0x4003_u16, 1 => Just(0x3FFF), 1 => Just(0x4FFF), 1 => Just(0x5000)];
    let transport = prop_oneof![20 => Just(Some(UDP)), 1 => Just(Some(TCP)), 1 => Just(Some(99)), 1 => Just(None)];
    let request = prop_oneof![
        8 => transport.prop_map(Request::Allocate),
        4 => prop_oneof![Just(0_u32), Just(1), Just(600), Just(1200), Just(7200)].prop_map(Request::Refresh),
        6 => prop_oneof![12 => peer.clone().prop_map(Some), 1 => Just(None)].prop_map(Request::Permit),
        // The peer's own channel, mostly.
        8 => (0x4000..0x4003_u16).prop_map(|channel| Request::Bind(channel, usize::from(channel - 0x4000))),
        1 => (channel.clone(), peer.clone()).prop_map(|(channel, peer)| Request::Bind(channel, peer)),
    ];
    let manner = prop_oneof![
        24 => Just(Manner::Good),
        1 => Just(Manner::Unsigned),
        1 => Just(Manner::WrongPassword),
        1 => Just(Manner::OtherUser),
        1 => Just(Manner::Nobody),
        1 => Just(Manner::StaleNonce),
        1 => Just(Manner::UnknownAttribute),
    ];
    // No sum of waits is a whole number of seconds: nothing expires in the very moment in which it is used.
    let wait = prop_oneof![Just(1_007_u64), Just(150_013), Just(299_003), Just(400_009)];
    prop_oneof![
        8 => (client.clone(), request, manner).prop_map(|(client, request, manner)| Operation::Request(client, request, manner)),
        1 => client.clone().prop_map(Operation::Binding),
        3 => (client.clone(), peer.clone()).prop_map(|(client, peer)| Operation::Send(client, peer)),
        3 => (client.clone(), channel).prop_map(|(client, channel)| Operation::ChannelData(client, channel)),
        3 => (client, peer).prop_map(|(client, peer)| Operation::FromPeer(client, peer)),
        2 => wait.prop_map(Operation::Wait),
    ]
}

/// What an operation led to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    Nothing,
    /// With LIFETIME where there is one.
    Success(Option<u32>),
    /// With what UNKNOWN-ATTRIBUTES lists.
    Error(u16, Vec<u16>),
    /// From whose relay to whom, and what.
    ToPeer(usize, SocketAddr, Vec<u8>),
    /// From whom to which client on a channel, and what.
    ByChannel(usize, u16, Vec<u8>),
    /// From which peer to which client in a Data indication, and what.
    ByIndication(usize, SocketAddr, Vec<u8>),
}

/// One client as each of the two servers knows it.
struct Twin {
    ours: Client,
    theirs: Client,
    our_relay: Option<SocketAddr>,
    their_relay: Option<SocketAddr>,
}

struct Pair {
    world: World,
    other: Theirs,
    twins: Vec<Twin>,
    transaction: u128,
}

impl Pair {
    fn new() -> Self {
        let limits = |config: &mut Config| {
            config.limits.new_peers.per_second = 0;
            config.limits.challenges.per_second = 0;
        };
        let world = World::with(limits);
        let mut pair = Self { world, other: Theirs::new(NONCE_LIFETIME), twins: Vec::new(), transaction: 0 };
        for number in 0..CLIENTS {
            let mut client = Client::new(udp(&format!("203.0.113.7:{}", 4000 + number)));
            // One of them speaks RFC 8489 in full.
            if number == 1 {
                client.algorithm = IntegrityAlgorithm::Sha256;
            }
            // Long enough for an answer with all that is on offer (twice the request).
            let hello = pair.world.request(ALLOCATE, &[&RequestedTransport::new(UDP), &raw(SOFTWARE, &[b'x'; 96])]);
            let (mut ours, mut theirs) = (client.clone(), client);
            ours.learn(&pair.world.ask(&ours, &hello));
            theirs.learn_from(
                &Message::from_bytes(&pair.other.input(theirs.addr.remote, listen(), &hello).unwrap().bytes).unwrap(),
            );
            pair.twins.push(Twin { ours, theirs, our_relay: None, their_relay: None });
        }
        pair
    }

    /// The same to both, and what each made of it.
    fn step(&mut self, operation: Operation) -> (Outcome, Outcome) {
        match operation {
            Operation::Request(c, request, manner) => self.request(c, request, manner),
            Operation::Binding(c) => {
                let bytes = self.world.request(BINDING, &[]);
                (answer(&self.ask_ours(c, &bytes)), answer(&self.ask_theirs(c, &bytes)))
            }
            Operation::Send(c, peer) => {
                let bytes = send_indication(self.transaction(), PEERS[peer], PAYLOAD);
                self.relay(c, &bytes)
            }
            Operation::ChannelData(c, channel) => self.relay(c, &channel_data(channel, PAYLOAD)),
            Operation::FromPeer(c, peer) => self.hear(c, PEERS[peer].parse().unwrap()),
            Operation::Wait(milliseconds) => {
                self.world.advance(Duration::from_millis(milliseconds));
                self.other.advance(Duration::from_millis(milliseconds));
                (Outcome::Nothing, Outcome::Nothing)
            }
        }
    }

    fn transaction(&mut self) -> TransactionId {
        self.transaction += 1;
        (u128::MAX / 2 - self.transaction).into()
    }

    fn ask_ours(&mut self, c: usize, bytes: &[u8]) -> Option<Vec<u8>> {
        let client = self.twins[c].ours.clone();
        self.world.ask(&client, bytes).bytes
    }

    /// What goes to anybody else is no answer.
    fn ask_theirs(&mut self, c: usize, bytes: &[u8]) -> Option<Vec<u8>> {
        let client = self.twins[c].theirs.addr.remote;
        let sent = self.other.input(client, listen(), bytes)?;
        assert_eq!(sent.from, listen(), "an answer comes from where the request went");
        (sent.to == client).then_some(sent.bytes)
    }

    /// A request; who is told that the nonce is stale tries once more with the new one, as clients do.
    fn request(&mut self, c: usize, request: Request, manner: Manner) -> (Outcome, Outcome) {
        let transaction = self.transaction();
        let mut our_bytes = self.ask_ours(c, &written(&self.twins[c].ours, request, manner, transaction));
        if manner != Manner::StaleNonce && renew(&mut self.twins[c].ours, our_bytes.as_deref()) {
            our_bytes = self.ask_ours(c, &written(&self.twins[c].ours, request, manner, transaction));
        }
        let mut their_bytes = self.ask_theirs(c, &written(&self.twins[c].theirs, request, manner, transaction));
        if manner != Manner::StaleNonce && renew(&mut self.twins[c].theirs, their_bytes.as_deref()) {
            their_bytes = self.ask_theirs(c, &written(&self.twins[c].theirs, request, manner, transaction));
        }
        if let Some(relay) = relayed(our_bytes.as_deref()) {
            // A port that another allocation had may come again.
            self.twins.iter_mut().filter(|twin| twin.our_relay == Some(relay)).for_each(|twin| twin.our_relay = None);
            self.twins[c].our_relay = Some(relay);
        }
        if let Some(relay) = relayed(their_bytes.as_deref()) {
            self.twins[c].their_relay = Some(relay);
        }
        (answer(&our_bytes), answer(&their_bytes))
    }

    /// Something for a peer.
    fn relay(&mut self, c: usize, bytes: &[u8]) -> (Outcome, Outcome) {
        let (forward, sent) = self.world.input(self.twins[c].ours.addr, bytes);
        assert!(sent.is_empty(), "what is to be relayed is not answered");
        let ours = match forward {
            None => Outcome::Nothing,
            Some(Forward::ToPeer { relay, peer, payload }) => {
                let port = relay.port;
                let from = self.twins.iter().position(|twin| twin.our_relay.is_some_and(|relay| relay.port() == port));
                Outcome::ToPeer(from.unwrap(), peer.socket_addr(), bytes[payload].to_vec())
            }
            Some(Forward::ToClient(_) | Forward::ToShard { .. }) => panic!("no peer is a relay"),
        };
        let theirs = match self.other.input(self.twins[c].theirs.addr.remote, listen(), bytes) {
            None => Outcome::Nothing,
            Some(sent) => {
                let from = self.twins.iter().position(|twin| twin.their_relay == Some(sent.from));
                Outcome::ToPeer(from.unwrap(), sent.to, sent.bytes)
            }
        };
        (ours, theirs)
    }

    /// A peer sends to the relayed addresses that a client has, or had.
    fn hear(&mut self, c: usize, peer: SocketAddr) -> (Outcome, Outcome) {
        let twin = &self.twins[c];
        let (Some(our_relay), Some(their_relay)) = (twin.our_relay, twin.their_relay) else {
            return (Outcome::Nothing, Outcome::Nothing);
        };
        let to_client = self.world.peer_sends(our_relay, &peer.to_string(), PAYLOAD);
        let ours = to_client.map(|to_client| (to_client.client.remote, assemble(&to_client, PAYLOAD)));
        let theirs = self.other.input(peer, their_relay, PAYLOAD).map(|sent| (sent.to, sent.bytes));
        (self.heard(ours), self.heard(theirs))
    }

    fn heard(&self, sent: Option<(SocketAddr, Vec<u8>)>) -> Outcome {
        let Some((to, bytes)) = sent else { return Outcome::Nothing };
        let client = self.twins.iter().position(|twin| twin.ours.addr.remote == to).unwrap();
        if bytes[0] >= 0x40 {
            let (number, length) = (u16::from_be_bytes([bytes[0], bytes[1]]), u16::from_be_bytes([bytes[2], bytes[3]]));
            return Outcome::ByChannel(client, number, bytes[4..4 + usize::from(length)].to_vec());
        }
        let message = Message::from_bytes(&bytes).unwrap();
        assert_eq!(message.class(), MessageClass::Indication);
        let peer = message.attribute::<XorPeerAddress>().unwrap().addr(message.transaction_id());
        Outcome::ByIndication(client, peer, message.attribute::<Data>().unwrap().data().to_vec())
    }
}

/// The bytes of a request.
fn written(client: &Client, request: Request, manner: Manner, transaction: TransactionId) -> Vec<u8> {
    let mut attributes: Vec<Box<dyn stun_types::attribute::AttributeWrite>> = Vec::new();
    let peer_address = |peer: usize| Box::new(XorPeerAddress::new(PEERS[peer].parse().unwrap(), transaction));
    let method: Method = match request {
        Request::Allocate(transport) => {
            if let Some(transport) = transport {
                attributes.push(Box::new(RequestedTransport::new(transport)));
            }
            ALLOCATE
        }
        Request::Refresh(seconds) => {
            attributes.push(Box::new(Lifetime::new(seconds)));
            REFRESH
        }
        Request::Permit(peer) => {
            if let Some(peer) = peer {
                attributes.push(peer_address(peer));
            }
            CREATE_PERMISSION
        }
        Request::Bind(number, peer) => {
            attributes.push(Box::new(ChannelNumber::new(number)));
            attributes.push(peer_address(peer));
            CHANNEL_BIND
        }
    };
    if manner == Manner::UnknownAttribute {
        attributes.push(Box::new(raw(UNHEARD_OF, b"what")));
    }
    let attributes: Vec<&dyn stun_types::attribute::AttributeWrite> = attributes.iter().map(|one| &**one).collect();
    let message = message(MessageClass::Request, method, transaction, &attributes);
    let mut signer = client.clone();
    match manner {
        Manner::Good | Manner::UnknownAttribute => {}
        Manner::Unsigned => return message.finish(),
        Manner::WrongPassword => "guess".clone_into(&mut signer.password),
        Manner::OtherUser => (signer.username, signer.password) = ("ben".to_owned(), "other".to_owned()),
        Manner::Nobody => "nobody".clone_into(&mut signer.username),
        Manner::StaleNonce => {
            // The cookie in front says which features the server has (RFC 8489 §9.2) and stays.
            let last = if signer.nonce.pop() == Some('A') { 'B' } else { 'A' };
            signer.nonce.push(last);
        }
    }
    signer.sign(message)
}

/// Takes the new nonce from a 438.
fn renew(client: &mut Client, bytes: Option<&[u8]>) -> bool {
    let Some(message) = bytes.map(|bytes| Message::from_bytes(bytes).unwrap()) else { return false };
    if !message.attribute::<ErrorCode>().is_ok_and(|error| error.code() == 438) {
        return false;
    }
    message.attribute::<Nonce>().unwrap().nonce().clone_into(&mut client.nonce);
    true
}

fn relayed(bytes: Option<&[u8]>) -> Option<SocketAddr> {
    let message = Message::from_bytes(bytes?).unwrap();
    let relayed = message.attribute::<XorRelayedAddress>().ok()?.addr(message.transaction_id());
    assert_eq!(relayed.ip().to_string(), RELAY_V4);
    Some(relayed)
}

fn answer(bytes: &Option<Vec<u8>>) -> Outcome {
    let Some(bytes) = bytes else { return Outcome::Nothing };
    let message = Message::from_bytes(bytes).unwrap();
    if message.class() == MessageClass::Success {
        return Outcome::Success(message.attribute::<Lifetime>().ok().map(|lifetime| lifetime.seconds()));
    }
    assert_eq!(message.class(), MessageClass::Error, "a server answers");
    let unknown = [UNHEARD_OF].into_iter().filter(|&kind| {
        message.attribute::<UnknownAttributes>().is_ok_and(|unknown| unknown.has_attribute(kind.into()))
    });
    Outcome::Error(message.attribute::<ErrorCode>().unwrap().code(), unknown.collect())
}

/// What was met on all walks.
#[derive(Default)]
struct Met {
    /// By their places in [`DIFFERENCES`].
    differences: BTreeSet<usize>,
    /// The kinds of outcome in which the two agreed.
    agreements: BTreeSet<String>,
}

/// Walks until the end, or until a difference parts the two.
fn walk(operations: &[Operation], met: &mut Met) {
    let mut pair = Pair::new();
    for &operation in operations {
        let (ours, theirs) = pair.step(operation);
        if ours == theirs {
            met.agreements.insert(kind(&ours));
        } else {
            let known = DIFFERENCES.iter().position(|difference| (difference.is_it)(&operation, &ours, &theirs));
            let known = known.unwrap_or_else(|| panic!("{operation:?}: ours {ours:?}, theirs {theirs:?}"));
            met.differences.insert(known);
            if DIFFERENCES[known].parts {
                return;
            }
        }
        assert_eq!(pair.world.sockets.len(), pair.other.sockets.len(), "sockets after {operation:?}");
    }
}

fn kind(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Nothing => "nothing".to_owned(),
        Outcome::Success(_) => "success".to_owned(),
        Outcome::Error(code, _) => code.to_string(),
        Outcome::ToPeer(..) => "to a peer".to_owned(),
        Outcome::ByChannel(..) => "by a channel".to_owned(),
        Outcome::ByIndication(..) => "by an indication".to_owned(),
    }
}

#[test]
fn another_server_does_the_same_or_the_table_says_why_not() {
    let met = RefCell::new(Met::default());
    let config = ProptestConfig {
        cases: WALKS,
        rng_seed: RngSeed::Fixed(SEED),
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let walks = prop::collection::vec(operation(), 1..120);
    TestRunner::new(config)
        .run(&walks, |operations| {
            walk(&operations, &mut met.borrow_mut());
            Ok(())
        })
        .unwrap();
    let met = met.into_inner();
    let unmet = (0..).zip(DIFFERENCES).filter(|(place, _)| !met.differences.contains(place));
    assert_eq!(unmet.map(|(_, difference)| difference.why).collect::<Vec<_>>(), [""; 0], "no longer so");
    assert_eq!(met.agreements.into_iter().collect::<Vec<_>>(), AGREEMENTS);
}

/// In order of the alphabet.
const AGREEMENTS: [&str; 13] = [
    "400",
    "401",
    "420",
    "437",
    "438",
    "441",
    "442",
    "443",
    "by a channel",
    "by an indication",
    "nothing",
    "success",
    "to a peer",
];
const WALKS: u32 = 1000;
const SEED: u64 = 8656;
/// As ours has it by default: long walks see it end.
const NONCE_LIFETIME: Duration = Duration::from_secs(3600);

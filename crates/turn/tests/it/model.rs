//! A naive model of one server beside the real one, under random operations: whom it lets in, who reaches whom, what expires.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use turn::Forward;
use turn_types::message::REFRESH;

use crate::mobility::{TICKET, ticket};
use crate::world::{Answer, Client, World, channel_data, raw, udp};

const CLIENTS: usize = 3;
const PEERS: [&str; 4] = ["8.8.8.8:7000", "8.8.8.8:7001", "9.9.9.9:7000", "10.0.0.1:7000"];
/// The last of [`PEERS`] is one nobody may reach.
const FORBIDDEN: usize = 3;

#[derive(Debug, Clone)]
enum Operation {
    Allocate(usize),
    Refresh(usize, u32),
    Permit(usize, usize),
    Bind(usize, u16, usize),
    Send(usize, usize),
    ChannelData(usize, u16),
    FromPeer(usize, usize),
    /// A new 5-tuple shows the ticket, and says something at once or not yet.
    Move(usize, bool),
    Wait(u64),
}

fn operation() -> impl Strategy<Value = Operation> {
    let (client, peer, channel) = (0..CLIENTS, 0..PEERS.len(), 0x4000..0x4003_u16);
    prop_oneof![
        client.clone().prop_map(Operation::Allocate),
        (client.clone(), prop_oneof![Just(0_u32), Just(600), Just(1200)]).prop_map(|(c, s)| Operation::Refresh(c, s)),
        (client.clone(), peer.clone()).prop_map(|(c, p)| Operation::Permit(c, p)),
        (client.clone(), channel.clone(), peer.clone()).prop_map(|(c, n, p)| Operation::Bind(c, n, p)),
        (client.clone(), peer.clone()).prop_map(|(c, p)| Operation::Send(c, p)),
        (client.clone(), channel).prop_map(|(c, n)| Operation::ChannelData(c, n)),
        (client.clone(), peer).prop_map(|(c, p)| Operation::FromPeer(c, p)),
        (client, any::<bool>()).prop_map(|(c, speaks)| Operation::Move(c, speaks)),
        prop_oneof![Just(1_u64), Just(150), Just(299), Just(400)].prop_map(Operation::Wait),
    ]
}

/// What one client has, as the RFC's text would have it on paper.
#[derive(Default)]
struct Paper {
    expires_at: Option<Instant>,
    ticket: Vec<u8>,
    /// Where data still goes although the client has shown its ticket elsewhere.
    left: Option<Client>,
    /// By the address of the peer.
    permissions: BTreeMap<String, Instant>,
    channels: BTreeMap<u16, (usize, Instant)>,
}

impl Paper {
    fn lives(&self, now: Instant) -> bool {
        self.expires_at.is_some_and(|at| at > now)
    }

    fn permits(&self, now: Instant, peer: usize) -> bool {
        self.lives(now) && self.permissions.get(host(peer)).is_some_and(|&at| at > now)
    }

    fn peer(&self, now: Instant, channel: u16) -> Option<usize> {
        let &(peer, at) = self.channels.get(&channel)?;
        (self.lives(now) && at > now).then_some(peer)
    }

    fn permit(&mut self, now: Instant, peer: usize) {
        self.permissions.insert(host(peer).to_owned(), now + Duration::from_secs(300));
    }

    /// What ChannelBind is answered; success is noted.
    fn bind(&mut self, now: Instant, channel: u16, peer: usize) -> Answer {
        if !self.lives(now) {
            return Answer::Error(437);
        }
        if peer == FORBIDDEN {
            return Answer::Error(403);
        }
        let taken = self.peer(now, channel).is_some_and(|bound| bound != peer);
        let elsewhere = self.channels.keys().any(|&other| other != channel && self.peer(now, other) == Some(peer));
        if taken || elsewhere {
            return Answer::Error(400);
        }
        self.channels.insert(channel, (peer, now + Duration::from_secs(600)));
        self.permit(now, peer);
        Answer::Success
    }
}

fn host(peer: usize) -> &'static str {
    PEERS[peer].split(':').next().unwrap()
}

struct Pair {
    world: World,
    clients: Vec<Client>,
    relays: Vec<Option<std::net::SocketAddr>>,
    papers: Vec<Paper>,
    next_port: u16,
}

impl Pair {
    fn new() -> Self {
        let mut world = World::with(|config| {
            config.limits.new_peers.per_second = 0;
            config.mobility = true;
            config.limits.nonce_lifetime = Duration::from_secs(86_400);
        });
        let clients = (0..CLIENTS)
            .map(|number| {
                let mut client = Client::new(udp(&format!("203.0.113.7:{}", 4000 + number)));
                world.meet(&mut client);
                client
            })
            .collect();
        let papers = (0..CLIENTS).map(|_| Paper::default()).collect();
        Self { world, clients, relays: vec![None; CLIENTS], papers, next_port: 5000 }
    }

    fn step(&mut self, operation: &Operation) {
        let now = self.world.now;
        match *operation {
            Operation::Allocate(c) => {
                let reply = self.world.allocate(&self.clients[c], &[&raw(TICKET, b"")]);
                if self.papers[c].lives(now) {
                    assert_eq!(reply.answer(), Answer::Error(437));
                } else {
                    assert_eq!(reply.answer(), Answer::Success);
                    self.relays[c] = reply.relayed();
                    let (expires_at, ticket) = (Some(now + Duration::from_secs(600)), ticket(&reply).unwrap());
                    self.papers[c] = Paper { expires_at, ticket, ..Paper::default() };
                }
            }
            Operation::Refresh(c, seconds) => {
                let expected = if self.papers[c].lives(now) { Answer::Success } else { Answer::Error(437) };
                assert_eq!(self.world.refresh(&self.clients[c], seconds).answer(), expected);
                if expected == Answer::Success {
                    self.papers[c].expires_at = (seconds > 0).then(|| now + Duration::from_secs(seconds.into()));
                }
            }
            Operation::Permit(c, peer) => {
                let expected = match (self.papers[c].lives(now), peer) {
                    (false, _) => Answer::Error(437),
                    (true, FORBIDDEN) => Answer::Error(403),
                    (true, _) => Answer::Success,
                };
                assert_eq!(self.world.permit(&self.clients[c], PEERS[peer]), expected);
                if expected == Answer::Success {
                    self.papers[c].permit(now, peer);
                }
            }
            Operation::Bind(c, channel, peer) => {
                let expected = self.papers[c].bind(now, channel, peer);
                assert_eq!(self.world.bind_channel(&self.clients[c], channel, PEERS[peer]), expected);
            }
            Operation::Send(c, peer) => {
                let sent = self.world.send_indication(&self.clients[c], PEERS[peer], b"hello").is_some();
                assert_eq!(sent, self.papers[c].permits(now, peer));
                self.papers[c].left = None;
            }
            Operation::ChannelData(c, channel) => {
                let (forward, _) = self.world.input(self.clients[c].addr, &channel_data(channel, b"hello"));
                let reached = forward.map(|forward| match forward {
                    Forward::ToPeer { peer, .. } => peer.socket_addr().to_string(),
                    Forward::ToClient(_) | Forward::ToShard { .. } => panic!("no peer is a relay"),
                });
                assert_eq!(reached.as_deref(), self.papers[c].peer(now, channel).map(|peer| PEERS[peer]));
                self.papers[c].left = None;
            }
            Operation::Move(c, speaks) => {
                self.travel(c);
                if speaks {
                    self.step(&Operation::ChannelData(c, 0x4000));
                }
            }
            Operation::FromPeer(c, peer) => self.hear(c, peer),
            Operation::Wait(seconds) => self.world.advance(Duration::from_secs(seconds)),
        }
        let living = self.papers.iter().filter(|paper| paper.lives(self.world.now)).count();
        assert_eq!(self.world.sockets.len(), living, "one socket for each allocation that lives");
    }

    /// The client goes on at another 5-tuple.
    fn travel(&mut self, c: usize) {
        self.next_port += 1;
        let mut next = Client::new(udp(&format!("198.51.100.9:{}", self.next_port)));
        self.world.meet(&mut next);
        let paper = &mut self.papers[c];
        let reply = self.world.signed_ask(&next, REFRESH, &[&raw(TICKET, &paper.ticket)]);
        let expected = match (paper.lives(self.world.now), paper.ticket.is_empty()) {
            (true, _) => Answer::Success,
            (false, true) => Answer::Error(400),
            (false, false) => Answer::Error(437),
        };
        assert_eq!(reply.answer(), expected);
        let last = std::mem::replace(&mut self.clients[c], next);
        if expected == Answer::Success {
            paper.left.get_or_insert(last);
            paper.ticket = ticket(&reply).unwrap();
            paper.expires_at = Some(self.world.now + Duration::from_secs(600));
        }
    }

    fn hear(&mut self, c: usize, peer: usize) {
        let now = self.world.now;
        let Some(relay) = self.relays[c].filter(|_| self.papers[c].lives(now)) else { return };
        let to_client = self.world.peer_sends(relay, PEERS[peer], b"hello");
        assert_eq!(to_client.is_some(), self.papers[c].permits(now, peer));
        let Some(to_client) = to_client else { return };
        let bound = (0x4000..0x4003).find(|&channel| self.papers[c].peer(now, channel) == Some(peer));
        let header = to_client.header.as_bytes();
        assert_eq!(bound.is_some(), header.len() == 4, "a channel where there is one");
        assert_eq!(to_client.client, self.papers[c].left.as_ref().unwrap_or(&self.clients[c]).addr);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_server_does_what_the_paper_says(operations in prop::collection::vec(operation(), 1..80)) {
        let mut pair = Pair::new();
        for operation in &operations {
            pair.step(operation);
        }
    }
}

//! A browser's sockets and the candidates that come of them (RFC 8445 section 5.1).

use std::net::SocketAddr;
use std::time::Instant;

use is::Candidate;
use serde_json::Value;

use super::reflection::Reflection;
use super::relay::{Relay, RelayNews, TurnServer};
use crate::machine::Machine;
use crate::seed::Generator;
use crate::stream::StreamEvent;

/// The first port for sockets.
const PORT_FIRST: u16 = 40_000;

/// Which candidates a browser may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// All.
    All,
    /// Relayed ones only.
    RelayOnly,
}

/// STUN and TURN servers, as an `iceServers` value names them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct IceServers {
    pub(crate) stun: Vec<SocketAddr>,
    pub(crate) turn: Vec<TurnServer>,
}

impl IceServers {
    /// Reads the array of `RTCIceServer` objects; what it does not understand it skips.
    pub(crate) fn parse(value: &Value) -> Self {
        let mut servers = Self::default();
        for entry in value.as_array().into_iter().flatten() {
            let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
            let urls = entry["urls"].as_array().into_iter().flatten().filter_map(Value::as_str);
            for url in urls.chain(entry["urls"].as_str()) {
                let (scheme, rest) = url.split_once(':').unwrap_or_default();
                let (authority, query) = rest.split_once('?').unwrap_or((rest, ""));
                let Ok(address) = authority.parse() else {
                    continue;
                };
                match scheme {
                    "stun" => servers.stun.push(address),
                    "turn" | "turns" => servers.turn.push(TurnServer {
                        address,
                        tcp: query == "transport=tcp",
                        username: text("username"),
                        credential: text("credential"),
                    }),
                    _ => {}
                }
            }
        }
        servers
    }
}

/// What the sockets bring.
#[derive(Debug)]
pub(crate) enum SocketNews {
    /// Another local candidate.
    Candidate(Candidate),
    /// Bytes from the other side: STUN checks or media.
    Bytes {
        source: SocketAddr,
        /// The local candidate's address that they came to.
        destination: SocketAddr,
        payload: Vec<u8>,
        /// They came through our own relay.
        relayed: bool,
    },
}

#[derive(Debug)]
pub(crate) struct Gathering {
    policy: Policy,
    /// The socket for host and server-reflexive candidates.
    host: SocketAddr,
    reflections: Vec<Reflection>,
    relays: Vec<Relay>,
    news: Vec<SocketNews>,
    /// Relays that failed and peers that were refused, for the record.
    refused_peers: usize,
    failed_relays: usize,
}

impl Gathering {
    /// Opens sockets on fresh ports and asks all servers at once.
    pub(crate) fn begin(
        machine: &mut Machine<'_>,
        policy: Policy,
        servers: &IceServers,
        generator: &mut Generator,
    ) -> Self {
        let address = machine.address();
        let port = PORT_FIRST + generator.below(9_000) as u16;
        let host = SocketAddr::new(address, port);
        let mut gathering = Self {
            policy,
            host,
            reflections: Vec::new(),
            relays: Vec::new(),
            news: Vec::new(),
            refused_peers: 0,
            failed_relays: 0,
        };
        if policy == Policy::All {
            gathering.add(Candidate::host(host, "udp").ok());
            let begin = |server| Reflection::begin(machine, server, host, generator.bits());
            gathering.reflections = servers.stun.iter().copied().map(begin).collect();
        }
        for (index, server) in (1_u16..).zip(&servers.turn) {
            let relay = Relay::allocate(machine, server.clone(), port + index);
            gathering.relays.push(relay);
        }
        gathering.collect();
        gathering
    }

    /// Permissions that the server refused.
    pub(crate) fn refused_peers(&self) -> usize {
        self.refused_peers
    }

    /// Allocations that were not had, or were lost.
    pub(crate) fn failed_relays(&self) -> usize {
        self.failed_relays
    }

    pub(crate) fn take_news(&mut self) -> Vec<SocketNews> {
        std::mem::take(&mut self.news)
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let reflections = self.reflections.iter().filter_map(Reflection::poll_timeout);
        reflections.chain(self.relays.iter().filter_map(Relay::poll_timeout)).min()
    }

    pub(crate) fn handle_timeout(&mut self, machine: &mut Machine<'_>) {
        for reflection in &mut self.reflections {
            reflection.handle_timeout(machine);
        }
        for relay in &mut self.relays {
            relay.handle_timeout(machine);
        }
        self.collect();
    }

    pub(crate) fn handle_datagram(
        &mut self,
        machine: &mut Machine<'_>,
        source: SocketAddr,
        destination: SocketAddr,
        payload: &[u8],
    ) {
        if let Some(relay) = self.relays.iter_mut().find(|relay| !relay.is_tcp() && relay.local() == destination) {
            relay.handle_bytes(machine, payload);
            self.collect();
        } else if destination == self.host {
            let reflexive = self.reflections.iter_mut().find_map(|reflection| reflection.handle_answer(payload));
            if let Some(address) = reflexive {
                self.add(Candidate::server_reflexive(address, self.host, "udp").ok());
            } else {
                let payload = payload.to_vec();
                self.news.push(SocketNews::Bytes { source, destination, payload, relayed: false });
            }
        }
    }

    pub(crate) fn handle_stream(&mut self, machine: &mut Machine<'_>, event: &StreamEvent) {
        let stream = match event {
            StreamEvent::Opened(stream) | StreamEvent::Bytes(stream, _) | StreamEvent::Closed(stream, _) => *stream,
            StreamEvent::Accepted { .. } => return,
        };
        let Some(relay) = self.relays.iter_mut().find(|relay| relay.owns_stream(stream)) else {
            return;
        };
        match event {
            StreamEvent::Opened(_) => relay.handle_opened(machine),
            StreamEvent::Bytes(_, bytes) => relay.handle_bytes(machine, bytes),
            StreamEvent::Closed(..) => relay.handle_closed(),
            StreamEvent::Accepted { .. } => {}
        }
        self.collect();
    }

    /// Whether a local candidate's address is one of these sockets.
    pub(crate) fn owns(&self, address: SocketAddr) -> bool {
        address == self.host || self.relays.iter().any(|relay| relay.address() == Some(address))
    }

    /// Sends to the other side from a local candidate.
    pub(crate) fn send(&mut self, machine: &mut Machine<'_>, source: SocketAddr, peer: SocketAddr, payload: &[u8]) {
        match self.relay_at(source) {
            Some(relay) => relay.send(machine, peer, payload),
            None => machine.send(source, peer, payload.to_vec()),
        }
        self.collect();
    }

    /// Binds a channel when the pair that was nominated begins at a relay.
    pub(crate) fn bind(&mut self, machine: &mut Machine<'_>, source: SocketAddr, peer: SocketAddr) {
        if let Some(relay) = self.relay_at(source) {
            relay.bind(machine, peer);
        }
    }

    /// Gives every allocation back.
    pub(crate) fn end(&mut self, machine: &mut Machine<'_>) {
        for relay in &mut self.relays {
            relay.delete(machine);
        }
    }

    /// Takes what the relays have to say.
    fn collect(&mut self) {
        for index in 0..self.relays.len() {
            let destination = self.relays[index].address();
            for news in self.relays[index].take_news() {
                match news {
                    RelayNews::Allocated(address) => self.add(Candidate::relayed(address, self.host, "udp").ok()),
                    RelayNews::Failed => self.failed_relays += 1,
                    RelayNews::Refused => self.refused_peers += 1,
                    RelayNews::Data { peer, payload } => {
                        if let Some(destination) = destination {
                            self.news.push(SocketNews::Bytes { source: peer, destination, payload, relayed: true });
                        }
                    }
                }
            }
        }
    }

    fn relay_at(&mut self, address: SocketAddr) -> Option<&mut Relay> {
        self.relays.iter_mut().find(|relay| relay.address() == Some(address))
    }

    fn add(&mut self, candidate: Option<Candidate>) {
        let Some(candidate) = candidate else {
            return;
        };
        debug_assert!(self.policy == Policy::All || candidate.kind() == is::CandidateKind::Relayed);
        self.news.push(SocketNews::Candidate(candidate));
    }
}

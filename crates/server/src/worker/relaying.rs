//! STUN and TURN on a worker: what the TURN core wants done is done here, one input at a time.

use std::io;
use std::time::Instant;

use quinn_udp::EcnCodepoint;
use turn::{ClientAddr, Forward, Output, PeerAddr, RelayAddr, RelayBindError};

use super::egress::Egress;
use super::error::StreamError;
use super::mesh::{Item, Mesh};

/// The TURN cores of a worker.
pub(crate) struct Relaying {
    core: turn::Server,
    /// Answers on the second port, where there is nothing but Binding.
    second: turn::Server,
    /// Relay addresses that the core asked to bind and has not been answered about.
    to_bind: Vec<RelayAddr>,
    /// Connections that are over and of which the core has not been told.
    gone: Vec<ClientAddr>,
}

impl Relaying {
    pub(crate) fn new(core: turn::Server, second: turn::Server) -> Self {
        Self { core, second, to_bind: Vec::new(), gone: Vec::new() }
    }

    /// The core, for what needs no answer: its credentials, its statistics, its deadlines.
    pub(crate) fn core(&self) -> &turn::Server {
        &self.core
    }

    /// As [`Self::core`].
    pub(crate) fn core_mut(&mut self) -> &mut turn::Server {
        &mut self.core
    }

    /// The configuration of the second port: the same, without relaying.
    pub(crate) fn binding_only(config: &turn::Config) -> turn::Config {
        turn::Config { relay_v4: None, relay_v6: None, ..config.clone() }
    }

    /// Takes over what can change while the server runs, on both ports.
    pub(super) fn reconfigure(&mut self, now: Instant, config: &turn::Config) -> Result<(), turn::ConfigError> {
        self.core.reconfigure(now, config)?;
        self.second.reconfigure(now, &Self::binding_only(config))
    }

    /// What the second port has counted.
    pub(crate) fn second_stats(&self) -> turn::Stats {
        self.second.stats()
    }

    /// Ends what is due.
    pub(crate) fn handle_timeout(&mut self, now: Instant, egress: &mut Egress) {
        if self.core.poll_timeout().is_some_and(|due| due <= now) {
            self.core.handle_timeout(now);
            self.settle(now, egress);
        }
    }

    /// A client's message, be it a datagram or a frame of its connection.
    pub(crate) fn hear_client(
        &mut self,
        now: Instant,
        client: ClientAddr,
        message: &[u8],
        ecn: Option<EcnCodepoint>,
        egress: &mut Egress,
        mesh: &mut Mesh,
    ) {
        match self.core.handle_client(now, client, message) {
            Some(Forward::ToShard { shard, relay, source, payload }) => {
                let item = Item::Relayed { relay, source, ecn };
                mesh.post(shard, item, message.get(payload).unwrap_or_default());
            }
            Some(forward) => egress.forward(forward, message, ecn),
            None => {}
        }
        self.settle(now, egress);
    }

    /// A client's datagram on the second port.
    pub(crate) fn hear_second_port(&mut self, now: Instant, client: ClientAddr, message: &[u8], egress: &mut Egress) {
        // Without allocations there is never anything to forward, to bind or to expire.
        let forward = self.second.handle_client(now, client, message);
        debug_assert!(forward.is_none(), "a Binding server forwards nothing");
        while let Some(output) = self.second.poll_output() {
            self.output(output, egress);
        }
    }

    /// A peer's datagram for `relay`.
    pub(crate) fn hear_peer(
        &mut self,
        now: Instant,
        relay: RelayAddr,
        peer: PeerAddr,
        payload: &[u8],
        ecn: Option<EcnCodepoint>,
        egress: &mut Egress,
    ) {
        if let Some(to_client) = self.core.handle_peer(now, relay, peer, payload) {
            egress.deliver(to_client, payload, ecn);
        }
        self.settle(now, egress);
    }

    /// The client's connection is over.
    pub(crate) fn hear_gone(&mut self, now: Instant, client: ClientAddr, egress: &mut Egress) {
        self.gone.push(client);
        self.settle(now, egress);
    }

    /// Does what the core asks until it asks for nothing more: one input, all its outputs, then the next.
    pub(crate) fn settle(&mut self, now: Instant, egress: &mut Egress) {
        loop {
            while let Some(output) = self.core.poll_output() {
                self.output(output, egress);
            }
            if let Some(relay) = self.to_bind.pop() {
                let bound = egress.sockets.bind_relay(relay);
                self.answer_bind(now, relay, bound, egress);
            } else if let Some(client) = self.gone.pop() {
                self.core.handle_client_gone(now, client);
            } else {
                break;
            }
        }
    }

    fn output(&mut self, output: Output, egress: &mut Egress) {
        match output {
            Output::Send { client, message } => {
                let is_full = egress.control(client, &message).is_err();
                if is_full && egress.streams.remove(&client, None, Err(StreamError::Closed)).is_some() {
                    egress.counters.streams_stalled += 1;
                    self.gone.push(client);
                }
            }
            Output::BindRelay { relay } => self.to_bind.push(relay),
            Output::CloseRelay { relay } => {
                // What was accepted for a peer before the end still goes out by the socket it was meant for.
                egress.flush();
                egress.sockets.close_relay(relay);
                self.to_bind.retain(|unbound| *unbound != relay);
            }
        }
    }

    /// Tells the core what became of its wish for a relay socket.
    fn answer_bind(&mut self, now: Instant, relay: RelayAddr, bound: io::Result<()>, egress: &mut Egress) {
        let bound = bound.map_err(|error| {
            egress.counters.relay_bind_errors += 1;
            tracing::debug!(port = relay.port, %error, "cannot bind a relay socket");
            if error.kind() == io::ErrorKind::AddrInUse { RelayBindError::InUse } else { RelayBindError::Unavailable }
        });
        self.core.handle_relay_bound(now, relay, bound);
    }
}

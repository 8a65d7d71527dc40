//! The server node: the real cores, as the shell runs them, on the simulated network.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use room::{ConnId, Hub, Opened};
use serde_json::{Value, json};
use turn::credentials::{Secret, rest_password, rest_username};
use turn::stream::Splitter;
use turn::{ClientAddr, Forward, PeerAddr, RelayAddr, ToClient, Transport};

use crate::machine::Machine;
use crate::seed::Seed;
use crate::stream::{StreamEvent, StreamId};
use crate::websocket::{Assembler, Frame};

/// The port of the WebSocket, and of TURN for those who get nothing else through.
pub(crate) const HTTPS_PORT: u16 = 443;
/// The port of STUN and TURN, over UDP and TCP (RFC 8656 section 3.1).
pub(crate) const TURN_PORT: u16 = 3478;
/// The static TURN user, for clients whose servers are written into their source.
pub(crate) const STATIC_USER: (&str, &str) = ("course", "course-password");

/// What decides how the server behaves; it outlives a restart.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Rooms and signalling.
    pub room: room::Config,
    /// STUN and TURN.
    pub turn: turn::Config,
    /// The secret that time-limited credentials are made from.
    pub secret: Secret,
    /// How long these credentials are good.
    pub credential_lifetime: Duration,
    /// Ports that another program on the machine holds.
    pub taken_ports: BTreeSet<u16>,
}

impl ServerConfig {
    /// The defaults on a machine with this address.
    pub(crate) fn new(address: IpAddr) -> Self {
        let secret = Secret::new(*b"a secret that only the tests know");
        let mut turn = turn::Config::new("parlor");
        if let IpAddr::V4(address) = address {
            turn.relay_v4 = Some(address);
        }
        turn.own_addresses = vec![address];
        turn.credentials.rest_secrets = vec![secret.clone()];
        let (user, password) = STATIC_USER;
        turn.credentials.users = vec![(user.to_owned(), turn::credentials::Password::new(password))];
        Self {
            room: room::Config::default(),
            turn,
            secret,
            credential_lifetime: Duration::from_secs(6 * 3600),
            taken_ports: BTreeSet::new(),
        }
    }
}

/// The server while it runs.
#[derive(Debug)]
pub(crate) struct Server {
    config: ServerConfig,
    hub: Hub,
    turn: turn::Server,
    streams: BTreeMap<StreamId, Client>,
    /// The streams of the hub's connections.
    connections: BTreeMap<ConnId, StreamId>,
    /// The streams of TURN clients.
    clients: BTreeMap<ClientAddr, StreamId>,
    /// Relay sockets that are bound.
    relays: BTreeSet<RelayAddr>,
    next_connection: u64,
}

#[derive(Debug)]
enum Client {
    /// Has not said what it wants.
    Unknown {
        local: SocketAddr,
        remote: SocketAddr,
    },
    Web {
        connection: ConnId,
        remote: SocketAddr,
        assembler: Assembler,
    },
    Turn {
        client: ClientAddr,
        splitter: Splitter,
    },
}

impl Server {
    /// Starts. `boot` counts the starts, so that a restarted server draws other secrets.
    ///
    /// # Errors
    /// When the TURN core refuses its configuration.
    pub(crate) fn start(
        machine: &mut Machine<'_>,
        config: ServerConfig,
        seed: Seed,
        boot: u32,
    ) -> Result<Self, turn::ConfigError> {
        machine.listen(HTTPS_PORT);
        machine.listen(TURN_PORT);
        let mut generator = seed.generator(&format!("boot {boot}"));
        let (now, unix_time) = (machine.now(), machine.unix_time());
        Ok(Self {
            hub: Hub::new(config.room.clone(), generator.bytes(), now, unix_time),
            turn: turn::Server::new(config.turn.clone(), generator.bytes(), now, unix_time)?,
            config,
            streams: BTreeMap::new(),
            connections: BTreeMap::new(),
            clients: BTreeMap::new(),
            relays: BTreeSet::new(),
            next_connection: 0,
        })
    }

    pub(crate) fn room_stats(&self) -> room::Stats {
        self.hub.stats()
    }

    pub(crate) fn turn_stats(&self) -> turn::Stats {
        self.turn.stats()
    }

    /// Relay sockets that are bound.
    pub(crate) fn relays(&self) -> usize {
        self.relays.len()
    }

    /// Stops in order: members are told and connections closed.
    pub(crate) fn stop(mut self, machine: &mut Machine<'_>) {
        machine.stop_listening();
        self.hub.handle_shutdown(machine.now());
        self.drain(machine);
        for stream in self.streams.into_keys() {
            machine.close_stream(stream);
        }
    }

    pub(crate) fn handle_datagram(
        &mut self,
        machine: &mut Machine<'_>,
        source: SocketAddr,
        destination: SocketAddr,
        payload: &[u8],
    ) {
        if destination.port() == TURN_PORT {
            let client = ClientAddr { transport: Transport::Udp, local: destination, remote: source };
            self.handle_turn_message(machine, client, payload);
            return;
        }
        let relay = RelayAddr { family: turn::Family::of(destination.ip()), port: destination.port() };
        if self.relays.contains(&relay) {
            let forwarded = self.turn.handle_peer(machine.now(), relay, PeerAddr::new(source), payload);
            if let Some(to_client) = forwarded {
                self.send_to_client(machine, &to_client, payload);
            }
            self.drain(machine);
        }
    }

    pub(crate) fn handle_stream(&mut self, machine: &mut Machine<'_>, event: StreamEvent) {
        match event {
            StreamEvent::Accepted { stream, local, remote } => {
                self.streams.insert(stream, Client::Unknown { local, remote });
            }
            StreamEvent::Bytes(stream, bytes) => self.handle_bytes(machine, stream, &bytes),
            StreamEvent::Closed(stream, _) => self.forget(machine, stream),
            StreamEvent::Opened(_) => {}
        }
        self.drain(machine);
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.hub.poll_timeout().into_iter().chain(self.turn.poll_timeout()).min()
    }

    pub(crate) fn handle_timeout(&mut self, machine: &mut Machine<'_>) {
        let now = machine.now();
        if self.hub.poll_timeout().is_some_and(|at| at <= now) {
            self.hub.handle_timeout(now);
            self.drain(machine);
        }
        if self.turn.poll_timeout().is_some_and(|at| at <= now) {
            self.turn.handle_timeout(now);
            self.drain(machine);
        }
    }

    fn handle_bytes(&mut self, machine: &mut Machine<'_>, stream: StreamId, bytes: &[u8]) {
        if let Some(Client::Unknown { local, remote }) = self.streams.get(&stream) {
            let (local, remote) = (*local, *remote);
            // RFC 7983: STUN begins with two zero bits; on the port for TURN nothing else is served.
            let is_turn = local.port() == TURN_PORT || bytes.first().is_some_and(|first| *first < 4);
            let client = if is_turn { self.meet_turn(stream, local, remote) } else { self.meet_web(remote) };
            self.streams.insert(stream, client);
        }
        match self.streams.get_mut(&stream) {
            Some(Client::Web { connection, assembler, .. }) => {
                let (connection, frames) = (*connection, assembler.push(bytes));
                for frame in frames {
                    self.handle_frame(machine, stream, connection, frame);
                    self.drain(machine);
                }
            }
            Some(Client::Turn { client, splitter }) => {
                let (client, mut frames) = (*client, Vec::new());
                let split = splitter.handle_bytes(bytes, |frame| frames.push(frame.to_vec()));
                for frame in frames {
                    self.handle_turn_message(machine, client, &frame);
                }
                if split.is_err() {
                    machine.abort_stream(stream);
                    self.forget(machine, stream);
                }
            }
            Some(Client::Unknown { .. }) | None => {}
        }
    }

    fn meet_turn(&mut self, stream: StreamId, local: SocketAddr, remote: SocketAddr) -> Client {
        let transport = if local.port() == HTTPS_PORT { Transport::Tls } else { Transport::Tcp };
        let client = ClientAddr { transport, local, remote };
        self.clients.insert(client, stream);
        Client::Turn { client, splitter: Splitter::new() }
    }

    fn meet_web(&mut self, remote: SocketAddr) -> Client {
        let connection = ConnId::new(self.next_connection);
        self.next_connection += 1;
        Client::Web { connection, remote, assembler: Assembler::default() }
    }

    fn handle_frame(&mut self, machine: &mut Machine<'_>, stream: StreamId, connection: ConnId, frame: Frame) {
        let now = machine.now();
        match frame {
            Frame::Open(token) => self.open(machine, stream, connection, token),
            Frame::Text(text) => self.hub.handle_text(now, connection, &text),
            Frame::Pong => self.hub.handle_pong(now, connection),
            Frame::Close(_) => {
                machine.close_stream(stream);
                self.forget(machine, stream);
            }
            Frame::Ping | Frame::Refuse(_) => {}
        }
    }

    fn open(&mut self, machine: &mut Machine<'_>, stream: StreamId, connection: ConnId, token: String) {
        let Some(Client::Web { remote, .. }) = self.streams.get(&stream) else {
            return;
        };
        let opened = Opened {
            address: remote.ip(),
            token: (!token.is_empty()).then_some(token),
            ice_servers: Arc::new(self.mint_ice_servers(machine, connection)),
            srs: false,
            compat: false,
        };
        match self.hub.handle_open(machine.now(), connection, opened) {
            Ok(()) => {
                self.connections.insert(connection, stream);
            }
            Err(refusal) => {
                // The queue of a stream that was accepted just now has room.
                let _ = machine.send_stream(stream, &Frame::Refuse(refusal.http_status()).encode());
                machine.close_stream(stream);
                self.streams.remove(&stream);
            }
        }
    }

    fn mint_ice_servers(&self, machine: &Machine<'_>, connection: ConnId) -> Value {
        let expiry = machine.unix_time() + self.config.credential_lifetime;
        let username = rest_username(expiry, &connection.to_string());
        let password = rest_password(&self.config.secret, &username);
        ice_servers(machine.address(), &username, password.expose())
    }

    fn handle_turn_message(&mut self, machine: &mut Machine<'_>, client: ClientAddr, message: &[u8]) {
        match self.turn.handle_client(machine.now(), client, message) {
            Some(Forward::ToPeer { relay, peer, payload }) => {
                if let Some(payload) = message.get(payload) {
                    let source = SocketAddr::new(machine.address(), relay.port);
                    machine.send(source, peer.socket_addr(), payload.to_vec());
                }
            }
            Some(Forward::ToClient(to_client)) => self.send_to_client(machine, &to_client, message),
            // This server is alone.
            Some(Forward::ToShard { .. }) | None => {}
        }
        self.drain(machine);
    }

    fn send_to_client(&self, machine: &mut Machine<'_>, to_client: &ToClient, received: &[u8]) {
        let payload = received.get(to_client.payload.clone()).unwrap_or_default();
        let padding = vec![0; usize::from(to_client.padding)];
        let message = [to_client.header.as_bytes(), payload, &padding].concat();
        self.transmit(machine, to_client.client, message);
    }

    fn transmit(&self, machine: &mut Machine<'_>, client: ClientAddr, message: Vec<u8>) {
        if client.transport == Transport::Udp {
            machine.send(client.local, client.remote, message);
        } else if let Some(stream) = self.clients.get(&client) {
            // A full stream loses the message, as relaying over TCP must when its client reads too slowly.
            let _ = machine.send_stream(*stream, &message);
        }
    }

    /// A stream is gone, for whatever reason.
    fn forget(&mut self, machine: &Machine<'_>, stream: StreamId) {
        match self.streams.remove(&stream) {
            Some(Client::Web { connection, .. }) => {
                if self.connections.remove(&connection).is_some() {
                    self.hub.handle_close(machine.now(), connection);
                }
            }
            Some(Client::Turn { client, .. }) => {
                self.clients.remove(&client);
                self.turn.handle_client_gone(machine.now(), client);
            }
            Some(Client::Unknown { .. }) | None => {}
        }
    }

    /// Does what the cores want done, after every input.
    fn drain(&mut self, machine: &mut Machine<'_>) {
        while let Some(output) = self.hub.poll_output() {
            self.do_for_hub(machine, output);
        }
        while let Some(output) = self.turn.poll_output() {
            self.do_for_turn(machine, output);
        }
    }

    fn do_for_hub(&mut self, machine: &mut Machine<'_>, output: room::Output) {
        let (connection, frame) = match output {
            room::Output::Send { conn, text } => (conn, Frame::Text(text)),
            room::Output::Ping { conn } => (conn, Frame::Ping),
            room::Output::Close { conn, code, .. } => (conn, Frame::Close(code)),
            // The rooms are told that there is no media server.
            room::Output::Media(_) | room::Output::Show { .. } | room::Output::Event(_) => return,
        };
        let Some(stream) = self.connections.get(&connection).copied() else {
            return;
        };
        let sent = machine.send_stream(stream, &frame.encode());
        if matches!(frame, Frame::Close(_)) {
            machine.close_stream(stream);
            self.connections.remove(&connection);
            self.streams.remove(&stream);
        } else if sent.is_err() {
            machine.abort_stream(stream);
            self.forget(machine, stream);
        }
    }

    fn do_for_turn(&mut self, machine: &mut Machine<'_>, output: turn::Output) {
        match output {
            turn::Output::Send { client, message } => self.transmit(machine, client, message),
            turn::Output::BindRelay { relay } => {
                let taken = self.config.taken_ports.contains(&relay.port) || !self.relays.insert(relay);
                let bound = if taken { Err(turn::RelayBindError::InUse) } else { Ok(()) };
                self.turn.handle_relay_bound(machine.now(), relay, bound);
            }
            turn::Output::CloseRelay { relay } => {
                self.relays.remove(&relay);
            }
        }
    }
}

/// The `iceServers` that lead to a server at this address.
pub(crate) fn ice_servers(address: IpAddr, username: &str, credential: &str) -> Value {
    let turn = SocketAddr::new(address, TURN_PORT);
    let https = SocketAddr::new(address, HTTPS_PORT);
    let urls = [
        format!("turn:{turn}?transport=udp"),
        format!("turn:{turn}?transport=tcp"),
        format!("turns:{https}?transport=tcp"),
    ];
    json!([
        { "urls": urls, "username": username, "credential": credential },
        { "urls": [format!("stun:{turn}")] },
    ])
}

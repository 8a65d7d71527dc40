//! One TURN client of a browser, over UDP or TCP: a foreign implementation against our server.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use turn_client_proto::api::{TurnConfig, TurnEvent, TurnPollRet, TurnRecvRet};
use turn_client_proto::client::TurnClient;
use turn_client_proto::prelude::*;
use turn_client_proto::stun::agent::Transmit;
use turn_client_proto::tcp::TurnClientTcp;
use turn_client_proto::types::{TransportType, TurnCredentials};
use turn_client_proto::udp::TurnClientUdp;

use crate::machine::Machine;
use crate::stream::StreamId;

/// The shortest time after which the client is asked again for what it wants to do.
const POLL_AGAIN: Duration = Duration::from_millis(1);

/// What a browser was told about one TURN server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TurnServer {
    pub(crate) address: SocketAddr,
    /// Over a stream and not over datagrams.
    pub(crate) tcp: bool,
    pub(crate) username: String,
    pub(crate) credential: String,
}

/// What comes of it.
#[derive(Debug)]
pub(crate) enum RelayNews {
    /// This address is ours.
    Allocated(SocketAddr),
    /// A peer sent this.
    Data { peer: SocketAddr, payload: Vec<u8> },
    /// There is no allocation, or no longer.
    Failed,
    /// The server does not let us send to a peer.
    Refused,
}

#[derive(Debug)]
pub(crate) struct Relay {
    server: TurnServer,
    /// Our end towards the server.
    local: SocketAddr,
    /// `None` until the stream stands, when there is one.
    client: Option<TurnClient>,
    stream: Option<StreamId>,
    address: Option<SocketAddr>,
    failed: bool,
    /// Peers whose permission was refused: asking again would only earn the same answer.
    refused: BTreeSet<IpAddr>,
    wake: Option<Instant>,
    news: Vec<RelayNews>,
}

impl Relay {
    /// Begins to allocate from the local port `port`.
    pub(crate) fn allocate(machine: &mut Machine<'_>, server: TurnServer, port: u16) -> Self {
        let local = SocketAddr::new(machine.address(), port);
        let mut relay = Self {
            server,
            local,
            client: None,
            stream: None,
            address: None,
            failed: false,
            refused: BTreeSet::new(),
            wake: None,
            news: Vec::new(),
        };
        if relay.server.tcp {
            relay.stream = Some(machine.connect(relay.server.address));
        } else {
            let client = TurnClientUdp::allocate(local, relay.server.address, relay.turn_config());
            relay.client = Some(client.into());
            relay.progress(machine);
        }
        relay
    }

    /// The address that the server relays from.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// The UDP endpoint that talks to the server.
    pub(crate) fn local(&self) -> SocketAddr {
        self.local
    }

    pub(crate) fn is_tcp(&self) -> bool {
        self.server.tcp
    }

    pub(crate) fn owns_stream(&self, stream: StreamId) -> bool {
        self.stream == Some(stream)
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.wake
    }

    pub(crate) fn take_news(&mut self) -> Vec<RelayNews> {
        std::mem::take(&mut self.news)
    }

    pub(crate) fn handle_opened(&mut self, machine: &mut Machine<'_>) {
        let client = TurnClientTcp::allocate(self.local, self.server.address, self.turn_config());
        self.client = Some(client.into());
        self.progress(machine);
    }

    pub(crate) fn handle_closed(&mut self) {
        self.stream = None;
        self.fail();
    }

    /// Bytes from the server: a datagram, or a piece of the stream.
    pub(crate) fn handle_bytes(&mut self, machine: &mut Machine<'_>, bytes: &[u8]) {
        let now = turn_now(machine);
        let Some(client) = &mut self.client else {
            return;
        };
        let transport = if self.server.tcp { TransportType::Tcp } else { TransportType::Udp };
        let transmit = Transmit::new(bytes, transport, self.server.address, self.local);
        match client.recv(transmit, now) {
            TurnRecvRet::PeerData(data) => {
                self.news.push(RelayNews::Data { peer: data.peer, payload: data.data().to_vec() });
            }
            TurnRecvRet::Handled | TurnRecvRet::Ignored(_) | TurnRecvRet::PeerIcmp { .. } => {}
        }
        while let Some(data) = client.poll_recv(now) {
            self.news.push(RelayNews::Data { peer: data.peer, payload: data.data().to_vec() });
        }
        self.progress(machine);
    }

    pub(crate) fn handle_timeout(&mut self, machine: &mut Machine<'_>) {
        if self.wake.is_some_and(|wake| wake <= machine.now()) {
            self.progress(machine);
        }
    }

    /// Sends to a peer; without a permission it asks for one and drops the payload, as ICE will send again.
    pub(crate) fn send(&mut self, machine: &mut Machine<'_>, peer: SocketAddr, payload: &[u8]) {
        let now = turn_now(machine);
        let Some(client) = &mut self.client else {
            return;
        };
        if !client.have_permission(TransportType::Udp, peer.ip()) {
            if !self.refused.contains(&peer.ip()) {
                // An error means that it has been asked for already.
                let _ = client.create_permission(TransportType::Udp, peer.ip(), now);
                self.progress(machine);
            }
            return;
        }
        if let Ok(Some(transmit)) = client.send_to(TransportType::Udp, peer, payload, now) {
            let bytes = transmit.build().data;
            self.transmit(machine, bytes);
        }
    }

    /// Binds a channel to the peer that was nominated.
    pub(crate) fn bind(&mut self, machine: &mut Machine<'_>, peer: SocketAddr) {
        let now = turn_now(machine);
        if let Some(client) = &mut self.client {
            // An error means that the channel is there already.
            let _ = client.bind_channel(TransportType::Udp, peer, now);
            self.progress(machine);
        }
    }

    /// Gives the allocation back.
    pub(crate) fn delete(&mut self, machine: &mut Machine<'_>) {
        let now = turn_now(machine);
        if let Some(client) = &mut self.client {
            // An error means that there is nothing to give back.
            let _ = client.delete(now);
            self.progress(machine);
        }
        if let Some(stream) = self.stream.take() {
            machine.close_stream(stream);
        }
        self.client = None;
        self.wake = None;
    }

    /// Lets the client do all that it wants to do at this instant.
    fn progress(&mut self, machine: &mut Machine<'_>) {
        let now = turn_now(machine);
        let Some(mut client) = self.client.take() else {
            return;
        };
        let next = client.poll(now);
        while let Some(transmit) = client.poll_transmit(now) {
            self.transmit(machine, transmit.data.to_vec());
        }
        while let Some(event) = client.poll_event() {
            self.handle_event(event);
        }
        match next {
            TurnPollRet::WaitUntil(at) => {
                let wait = at.saturating_duration_since(now).max(POLL_AGAIN);
                self.wake = Some(machine.now() + wait);
                self.client = Some(client);
            }
            TurnPollRet::Closed | TurnPollRet::TcpClose { .. } | TurnPollRet::AllocateTcpSocket { .. } => {
                self.wake = None;
                self.fail();
            }
        }
    }

    fn handle_event(&mut self, event: TurnEvent) {
        match event {
            TurnEvent::AllocationCreated(_, address) => {
                self.address = Some(address);
                self.news.push(RelayNews::Allocated(address));
            }
            TurnEvent::AllocationCreateFailed(_) => self.fail(),
            TurnEvent::PermissionCreateFailed(_, ip) => {
                self.refused.insert(ip);
                self.news.push(RelayNews::Refused);
            }
            TurnEvent::PermissionCreated(..)
            | TurnEvent::ChannelCreated(..)
            | TurnEvent::ChannelCreateFailed(..)
            | TurnEvent::TcpConnected(_)
            | TurnEvent::TcpConnectFailed(_) => {}
        }
    }

    fn fail(&mut self) {
        if !self.failed {
            self.failed = true;
            self.news.push(RelayNews::Failed);
        }
    }

    fn transmit(&self, machine: &mut Machine<'_>, bytes: Vec<u8>) {
        match self.stream {
            // A full stream loses the message, as a socket buffer does.
            Some(stream) => drop(machine.send_stream(stream, &bytes)),
            None => machine.send(self.local, self.server.address, bytes),
        }
    }

    fn turn_config(&self) -> TurnConfig {
        TurnConfig::new(TurnCredentials::new(&self.server.username, &self.server.credential))
    }
}

/// The instant as the TURN client counts it: from the beginning of the run.
fn turn_now(machine: &Machine<'_>) -> turn_client_proto::stun::Instant {
    let nanos = i64::try_from(machine.elapsed().as_nanos()).unwrap_or(i64::MAX);
    turn_client_proto::stun::Instant::from_nanos(nanos)
}

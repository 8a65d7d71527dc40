//! One call between a peer and str0m over a network in virtual time.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::media::{Direction, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::{Event, Input, Output as ClientOutput, Rtc, RtcConfig};

use crate::candidate::{Candidate, Transport};
use crate::config::{Certificate, Config};
use crate::credentials::IceCredentials;
use crate::path::Path;
use crate::session::{Allow, Answer};
use crate::testing::{End, Network, certificate, start};

use super::super::{Output, Peer, Received};

/// Where the server listens.
pub(super) const SERVER: &str = "192.0.2.1:3478";
/// Where the client is at first.
pub(super) const CLIENT: &str = "198.51.100.1:5000";
/// The fragment by which a shell would find the peer.
pub(super) const UFRAG: &str = "w0abcd";

#[derive(Clone)]
struct Datagram {
    client: SocketAddr,
    bytes: Vec<u8>,
}

pub(super) struct Call {
    pub(super) now: Instant,
    pub(super) begun: Instant,
    pub(super) server: Peer,
    pub(super) client: Rtc,
    network: Network<Datagram>,
    /// Addresses of the client whose datagrams get lost, both ways.
    pub(super) dead: Vec<SocketAddr>,
    client_timeout: Instant,
    pub(super) answer: Option<Answer>,
    /// RTP that the server got, in the clear.
    pub(super) media: Vec<Vec<u8>>,
    /// How often the server's peer allocated for each packet of media, in order.
    pub(super) allocations: Vec<u64>,
    /// RTCP that the server got, in the clear.
    pub(super) reports: Vec<Vec<u8>>,
    /// What the server's peer gave back beside datagrams.
    pub(super) outputs: Vec<Output>,
    pub(super) events: Vec<Event>,
    /// Every check of the client comes a second time from there, as if it had chosen that path.
    pub(super) repeat_checks_from: Option<Path>,
    /// How many did.
    pub(super) repeated: usize,
    /// The client's media descriptions: one in which it sends, one in which it receives.
    pub(super) mids: Option<(Mid, Mid)>,
}

pub(super) fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

pub(super) fn path(client: &str) -> Path {
    Path { transport: Transport::Udp, local: address(SERVER), remote: address(client) }
}

pub(super) fn server(now: Instant) -> Peer {
    let (der, key) = certificate(1);
    let candidate = Candidate { transport: Transport::Udp, address: address(SERVER) };
    let config = Config::new(Certificate::new(der, &key).unwrap(), vec![candidate]).unwrap();
    let credentials = IceCredentials::new(UFRAG, "a+password+of+22+chars").unwrap();
    Peer::new(Arc::new(config), credentials, [7; 32], now)
}

impl Call {
    /// Before any offer.
    pub(super) fn new(seed: u64, loss: u8) -> Self {
        let now = start();
        let crypto = Arc::new(str0m::crypto::from_feature_flags());
        let client = RtcConfig::new().set_crypto_provider(crypto).set_rtp_mode(true).build(now);
        let mut call = Self {
            now,
            begun: now,
            server: server(now),
            client,
            network: Network::new(seed, loss, 0),
            dead: Vec::new(),
            client_timeout: now,
            answer: None,
            media: Vec::new(),
            allocations: Vec::new(),
            reports: Vec::new(),
            outputs: Vec::new(),
            events: Vec::new(),
            repeat_checks_from: None,
            repeated: 0,
            mids: None,
        };
        call.add_address(CLIENT);
        call
    }

    pub(super) fn add_address(&mut self, client: &str) {
        let candidate = str0m::Candidate::host(address(client), "udp").unwrap();
        self.client.add_local_candidate(candidate);
    }

    /// A camera, a slot for another, and a data channel.
    pub(super) fn offered(seed: u64, loss: u8) -> Self {
        let mut call = Self::new(seed, loss);
        let mut change = call.client.sdp_api();
        let camera = change.add_media(MediaKind::Video, Direction::SendOnly, None, None, None);
        let slot = change.add_media(MediaKind::Video, Direction::RecvOnly, None, None, None);
        change.add_channel("chat".into());
        let (offer, pending) = change.apply().unwrap();
        call.mids = Some((camera, slot));
        call.negotiate(&offer.to_sdp_string(), pending);
        call
    }

    pub(super) fn negotiate(&mut self, offer: &str, pending: SdpPendingOffer) {
        let answer = self.server.handle_offer(self.now, offer, &Allow::everything()).unwrap();
        let sdp = SdpAnswer::from_sdp_string(&answer.sdp).unwrap();
        self.client.sdp_api().accept_answer(pending, sdp).unwrap();
        // One that waits for the handshake would not look at its clock by itself.
        self.client.handle_input(Input::Timeout(self.now)).unwrap();
        self.answer = Some(answer);
    }

    pub(super) fn restart_ice(&mut self) {
        let mut change = self.client.sdp_api();
        change.ice_restart(true);
        let (offer, pending) = change.apply().unwrap();
        self.negotiate(&offer.to_sdp_string(), pending);
    }

    pub(super) fn connected(seed: u64, loss: u8) -> Self {
        let mut call = Self::offered(seed, loss);
        call.run(Duration::from_secs(10), Self::is_connected);
        assert!(call.is_connected(), "{:?} {:?}", call.outputs, call.events);
        call
    }

    pub(super) fn is_connected(&self) -> bool {
        self.server.is_connected() && self.client.is_connected()
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.now - self.begun
    }

    /// Goes on until `end` has passed, or `done`.
    pub(super) fn run(&mut self, end: Duration, done: impl Fn(&Self) -> bool) {
        let end = self.now + end;
        loop {
            self.drain_client();
            self.drain_server();
            if done(self) {
                return;
            }
            let due = [self.network.next_arrival(), Some(self.client_timeout), self.server.poll_timeout()];
            let next = due.into_iter().flatten().min().filter(|&next| next <= end);
            self.now = self.now.max(next.unwrap_or(end));
            self.arrive();
            if self.client_timeout <= self.now {
                self.client.handle_input(Input::Timeout(self.now)).unwrap();
            }
            if self.server.poll_timeout().is_some_and(|at| at <= self.now) {
                self.server.handle_timeout(self.now);
            }
            if next.is_none() {
                self.drain_client();
                self.drain_server();
                return;
            }
        }
    }

    fn arrive(&mut self) {
        while let Some((to, Datagram { client, bytes })) = self.network.receive(self.now) {
            match to {
                End::Server => self.deliver(path(&client.to_string()), bytes),
                End::Client => {
                    let receive = Receive::new(Protocol::Udp, address(SERVER), client, &bytes).unwrap();
                    self.client.handle_input(Input::Receive(self.now, receive)).unwrap();
                    self.drain_client();
                }
            }
        }
    }

    /// A datagram comes to the server at once.
    pub(super) fn deliver(&mut self, path: Path, mut bytes: Vec<u8>) {
        if let Some(from) = self.repeat_checks_from.filter(|from| *from != path && bytes.starts_with(&[0, 1])) {
            self.repeated += 1;
            self.server.handle_datagram(self.now, from, &mut bytes.clone());
        }
        let mut received = Received::Nothing;
        let info = allocation_counter::measure(|| received = self.server.handle_datagram(self.now, path, &mut bytes));
        match received {
            Received::Rtp(range) => {
                self.allocations.push(info.count_total);
                self.media.push(bytes[range].to_vec());
            }
            Received::Rtcp(range) => self.reports.push(bytes[range].to_vec()),
            Received::Check | Received::Nothing => {}
        }
        self.drain_server();
    }

    /// A datagram leaves the server.
    pub(super) fn send_to_client(&mut self, path: Path, bytes: Vec<u8>) {
        if !self.dead.contains(&path.remote) {
            self.network.send(self.now, End::Client, Datagram { client: path.remote, bytes });
        }
    }

    pub(super) fn drain_server(&mut self) {
        while let Some(output) = self.server.poll_output() {
            if let Output::Transmit { path, datagram } = output {
                self.send_to_client(path, datagram);
            } else {
                self.outputs.push(output);
            }
        }
    }

    fn drain_client(&mut self) {
        loop {
            match self.client.poll_output().unwrap() {
                ClientOutput::Timeout(at) => return self.client_timeout = at,
                ClientOutput::Event(event) => self.events.push(event),
                ClientOutput::Transmit(transmit) => {
                    let datagram = Datagram { client: transmit.source, bytes: transmit.contents.to_vec() };
                    if !self.dead.contains(&transmit.source) {
                        self.network.send(self.now, End::Server, datagram);
                    }
                }
            }
        }
    }
}

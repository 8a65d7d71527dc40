//! Two ends of an association and what lies between them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dimpl::SrtpProfile;

use super::{DisconnectReason, Dtls, DtlsRole, End, Event, Keys, Network, Profile, certificate, fingerprint, start};
use crate::candidate::{Candidate, Transport};
use crate::config::{Certificate, Config};
use crate::sdp::{Fingerprint, HashFunction};
use crate::srtp::KeyingMaterial;

/// Which engine is where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// Ours is the server.
    TheyCall,
    /// Ours is the client.
    WeCall,
    WeCallOurselves,
}

pub(super) struct Link {
    pub(super) seed: u64,
    /// Of 100 datagrams.
    pub(super) loss: u8,
    pub(super) repeated: u8,
}

pub(super) const PERFECT: Link = Link { seed: 1, loss: 0, repeated: 0 };

enum Engine {
    Ours(Box<Dtls>),
    Theirs(Box<dimpl::Dtls>, Option<Instant>),
}

/// One end with what came out of it.
pub(super) struct Side {
    engine: Engine,
    role: DtlsRole,
    pub(super) keys: Option<Box<Keys>>,
    pub(super) received: Vec<Vec<u8>>,
    pub(super) closed: bool,
}

pub(super) struct Pair {
    pub(super) now: Instant,
    pub(super) network: Network<Vec<u8>>,
    pub(super) client: Side,
    pub(super) server: Side,
    pub(super) failure: Option<DisconnectReason>,
}

/// An end of ours and its certificate.
pub(super) fn ours(role: DtlsRole, names: usize, announced: Vec<Fingerprint>, now: Instant) -> (Dtls, Vec<u8>) {
    let (der, key) = certificate(names);
    let candidate = Candidate { transport: Transport::Udp, address: "192.0.2.1:3478".parse().unwrap() };
    let config = Config::new(Certificate::new(der.clone(), &key).unwrap(), vec![candidate]).unwrap();
    (Dtls::new(Arc::new(config), role, announced, [role as u8; 32], now), der)
}

fn theirs(role: DtlsRole, seed: u64, names: usize, now: Instant) -> (dimpl::Dtls, Vec<u8>) {
    let (der, private_key) = certificate(names);
    let config = dimpl::Config::builder()
        .flight_start_rto(Duration::from_millis(100))
        .flight_retries(8)
        .max_queue_tx(200)
        .dangerously_set_rng_seed(seed)
        .build()
        .unwrap();
    let certificate = dimpl::DtlsCertificate { certificate: der.clone(), private_key };
    let mut engine = dimpl::Dtls::new_12(Arc::new(config), certificate, now);
    engine.set_active(role == DtlsRole::Client);
    engine.handle_timeout(now).unwrap();
    (engine, der)
}

impl Side {
    fn new(engine: Engine, role: DtlsRole) -> Self {
        Self { engine, role, keys: None, received: Vec::new(), closed: false }
    }

    pub(super) fn is_connected(&self) -> bool {
        self.keys.is_some()
    }

    pub(super) fn send(&mut self, bytes: &[u8]) {
        match &mut self.engine {
            Engine::Ours(dtls) => dtls.send(bytes),
            Engine::Theirs(dtls, _) => drop(dtls.send_application_data(bytes).unwrap()),
        }
    }

    pub(super) fn close(&mut self) {
        match &mut self.engine {
            Engine::Ours(dtls) => dtls.close(),
            Engine::Theirs(dtls, _) => dtls.close().unwrap(),
        }
    }

    pub(super) fn handle_datagram(&mut self, now: Instant, datagram: &[u8]) -> Result<(), DisconnectReason> {
        match &mut self.engine {
            Engine::Ours(dtls) => return dtls.handle_datagram(now, datagram),
            Engine::Theirs(dtls, _) => {
                // It gives up when ours tells it why the handshake fails.
                let _ = dtls.handle_timeout(now).and_then(|()| dtls.handle_packet(datagram));
            }
        }
        Ok(())
    }

    fn poll_timeout(&self) -> Option<Instant> {
        match &self.engine {
            Engine::Ours(dtls) => dtls.poll_timeout(),
            Engine::Theirs(_, timeout) => *timeout,
        }
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), DisconnectReason> {
        match &mut self.engine {
            Engine::Ours(dtls) => dtls.handle_timeout(now),
            Engine::Theirs(dtls, _) => {
                let _ = dtls.handle_timeout(now);
                Ok(())
            }
        }
    }

    fn drain(&mut self, mut transmit: impl FnMut(Vec<u8>)) {
        match &mut self.engine {
            Engine::Ours(dtls) => {
                while let Some(event) = dtls.poll_event() {
                    match event {
                        Event::Transmit(datagram) => transmit(datagram),
                        Event::Connected(keys) => self.keys = keys,
                        Event::Data(data) => self.received.push(data),
                        Event::Closed => self.closed = true,
                    }
                }
            }
            Engine::Theirs(dtls, timeout) => {
                let mut buffer = vec![0; 150_000];
                loop {
                    match dtls.poll_output(&mut buffer) {
                        dimpl::Output::Packet(datagram) => transmit(datagram.to_vec()),
                        dimpl::Output::Timeout(at) => return *timeout = Some(at),
                        dimpl::Output::KeyingMaterial(keys, profile) => {
                            assert_eq!(profile, SrtpProfile::AEAD_AES_128_GCM);
                            self.keys = Some(keys_of(self.role, &keys));
                        }
                        dimpl::Output::ApplicationData(data) => self.received.push(data.to_vec()),
                        dimpl::Output::CloseNotify => self.closed = true,
                        dimpl::Output::BufferTooSmall { needed } => panic!("{needed} bytes"),
                        dimpl::Output::Connected | dimpl::Output::PeerCert(_) => {}
                        other => panic!("{other:?}"),
                    }
                }
            }
        }
    }
}

fn keys_of(role: DtlsRole, exported: &[u8]) -> Box<Keys> {
    let profile = Profile::AeadAes128Gcm;
    let material = KeyingMaterial::new(profile, exported).unwrap();
    let (protector, unprotector) = if role == DtlsRole::Server { material.of_server() } else { material.of_client() };
    Box::new(Keys { profile, protector, unprotector })
}

impl Pair {
    /// `names` makes the certificate of the end that is not ours (or of the client) large.
    pub(super) fn new(who: Who, link: &Link, names: usize) -> Self {
        Self::with_announced(who, link, names, |der| vec![fingerprint(HashFunction::Sha256, der)])
    }

    /// `announce` says what our end is told of the other's certificate.
    pub(super) fn with_announced(
        who: Who,
        link: &Link,
        names: usize,
        announce: impl FnOnce(&[u8]) -> Vec<Fingerprint>,
    ) -> Self {
        let now = start();
        let side = |dtls: Dtls, role| Side::new(Engine::Ours(Box::new(dtls)), role);
        let (client, server) = match who {
            Who::TheyCall => {
                let (client, der) = theirs(DtlsRole::Client, link.seed, names, now);
                let client = Side::new(Engine::Theirs(Box::new(client), None), DtlsRole::Client);
                (client, side(ours(DtlsRole::Server, 1, announce(&der), now).0, DtlsRole::Server))
            }
            Who::WeCall => {
                let (server, der) = theirs(DtlsRole::Server, link.seed, names, now);
                let server = Side::new(Engine::Theirs(Box::new(server), None), DtlsRole::Server);
                (side(ours(DtlsRole::Client, 1, announce(&der), now).0, DtlsRole::Client), server)
            }
            Who::WeCallOurselves => {
                let (server_key, client_key) = (certificate(1), certificate(names));
                let end = |(der, key): (Vec<u8>, Vec<u8>), role, remote: &[u8]| {
                    let candidate = Candidate { transport: Transport::Udp, address: "192.0.2.1:1".parse().unwrap() };
                    let config = Config::new(Certificate::new(der, &key).unwrap(), vec![candidate]).unwrap();
                    let announced = vec![fingerprint(HashFunction::Sha256, remote)];
                    side(Dtls::new(Arc::new(config), role, announced, [role as u8; 32], now), role)
                };
                let (server_der, client_der) = (server_key.0.clone(), client_key.0.clone());
                (end(client_key, DtlsRole::Client, &server_der), end(server_key, DtlsRole::Server, &client_der))
            }
        };
        let network = Network::new(link.seed, link.loss, link.repeated);
        let mut pair = Self { now, network, client, server, failure: None };
        pair.client.handle_timeout(now).unwrap();
        pair
    }

    pub(super) fn connected(who: Who, link: &Link) -> Self {
        let mut pair = Self::new(who, link, 1);
        pair.run(Duration::from_secs(30), Self::is_connected);
        assert!(pair.is_connected(), "{who:?} {:?}", pair.failure);
        pair
    }

    pub(super) fn is_connected(&self) -> bool {
        self.client.is_connected() && self.server.is_connected()
    }

    pub(super) fn keys(&mut self) -> [&mut Keys; 2] {
        [self.client.keys.as_mut().unwrap(), self.server.keys.as_mut().unwrap()]
    }

    /// What the client sends first.
    pub(super) fn first_datagram(&mut self) -> Vec<u8> {
        self.drain();
        self.now = self.network.next_arrival().unwrap();
        self.network.receive(self.now).unwrap().1
    }

    pub(super) fn drain(&mut self) {
        self.client.drain(|datagram| self.network.send(self.now, End::Server, datagram));
        self.server.drain(|datagram| self.network.send(self.now, End::Client, datagram));
    }

    /// Goes on until nothing is due within `time`, or `done`.
    pub(super) fn run(&mut self, time: Duration, done: impl Fn(&Self) -> bool) {
        let end = self.now + time;
        while !done(self) && self.failure.is_none() {
            self.drain();
            let due = [self.network.next_arrival(), self.client.poll_timeout(), self.server.poll_timeout()];
            let Some(next) = due.into_iter().flatten().min().filter(|&next| next <= end) else { break };
            self.now = self.now.max(next);
            while let Some((to, datagram)) = self.network.receive(self.now) {
                let side = if to == End::Client { &mut self.client } else { &mut self.server };
                let handled = side.handle_datagram(self.now, &datagram);
                self.failure = self.failure.or(handled.err());
                self.drain();
            }
            for side in [&mut self.client, &mut self.server] {
                if side.poll_timeout().is_some_and(|at| at <= self.now) {
                    let handled = side.handle_timeout(self.now);
                    self.failure = self.failure.or(handled.err());
                }
            }
        }
        self.drain();
    }
}

//! Handshakes over links of every kind with the engine's own client, in virtual time.

use std::sync::Arc;

use crate::candidate::{Candidate, Transport};
use crate::config::Certificate;
use crate::testing::{End, Network, certificate, start};

use super::*;

/// Both ends of one association.
struct Pair {
    now: Instant,
    network: Network<Vec<u8>>,
    client: dimpl::Dtls,
    server: Dtls,
    client_timeout: Option<Instant>,
    client_keys: Option<(Vec<u8>, SrtpProfile)>,
    client_closed: bool,
    client_received: Vec<Vec<u8>>,
    server_keys: Option<Box<Keys>>,
    server_received: Vec<Vec<u8>>,
    server_closed: bool,
    failure: Option<DisconnectReason>,
}

struct Link {
    seed: u64,
    loss: u8,
    repeated: u8,
}

const PERFECT: Link = Link { seed: 1, loss: 0, repeated: 0 };

fn config(seed: u64) -> Config {
    let (der, key) = certificate(1);
    let candidate = Candidate { transport: Transport::Udp, address: "192.0.2.1:3478".parse().unwrap() };
    Config::for_simulation(Certificate::new(der, key).unwrap(), vec![candidate], seed).unwrap()
}

impl Pair {
    /// `names` makes the client's certificate large.
    fn new(link: &Link, names: usize, announce: impl FnOnce(&[u8]) -> Vec<Fingerprint>) -> Self {
        let now = start();
        let config = config(link.seed);
        let (certificate, private_key) = certificate(names);
        let announced = announce(&certificate);
        let client_config = dimpl::Config::builder()
            .flight_start_rto(Duration::from_millis(100))
            .flight_retries(8)
            .max_queue_tx(100)
            .dangerously_set_rng_seed(link.seed)
            .build()
            .unwrap();
        let certificate = dimpl::DtlsCertificate { certificate, private_key };
        let mut client = dimpl::Dtls::new_12(Arc::new(client_config), certificate, now);
        client.set_active(true);
        client.handle_timeout(now).unwrap();
        Self {
            now,
            network: Network::new(link.seed, link.loss, link.repeated),
            client,
            server: Dtls::new(&config, DtlsRole::Server, announced, now),
            client_timeout: None,
            client_keys: None,
            client_closed: false,
            client_received: Vec::new(),
            server_keys: None,
            server_received: Vec::new(),
            server_closed: false,
            failure: None,
        }
    }

    fn honest(link: &Link) -> Self {
        Self::new(link, 1, |certificate| vec![fingerprint(HashFunction::Sha256, certificate)])
    }

    fn drain_client(&mut self) {
        let mut buffer = vec![0; 70_000];
        loop {
            match self.client.poll_output(&mut buffer) {
                dimpl::Output::Packet(datagram) => self.network.send(self.now, End::Server, datagram.to_vec()),
                dimpl::Output::Timeout(at) => return self.client_timeout = Some(at),
                dimpl::Output::KeyingMaterial(keys, profile) => self.client_keys = Some((keys.to_vec(), profile)),
                dimpl::Output::ApplicationData(data) => self.client_received.push(data.to_vec()),
                dimpl::Output::CloseNotify => self.client_closed = true,
                dimpl::Output::BufferTooSmall { needed } => panic!("{needed} bytes"),
                dimpl::Output::Connected | dimpl::Output::PeerCert(_) => {}
                _ => {}
            }
        }
    }

    fn drain_server(&mut self) {
        let drained = self.server.drain(|event| match event {
            Event::Transmit(datagram) => self.network.send(self.now, End::Client, datagram.to_vec()),
            Event::Connected(keys) => self.server_keys = keys,
            Event::Data(data) => self.server_received.push(data.to_vec()),
            Event::Closed => self.server_closed = true,
        });
        self.failure = self.failure.or(drained.err());
    }

    /// Goes on until nothing is due before `end`, or `done`.
    fn run(&mut self, end: Duration, done: impl Fn(&Self) -> bool) {
        let end = self.now + end;
        while !done(self) && self.failure.is_none() {
            self.drain_client();
            self.drain_server();
            let due = [self.network.next_arrival(), self.client_timeout, self.server.poll_timeout()];
            let Some(next) = due.into_iter().flatten().min().filter(|&next| next <= end) else { break };
            self.now = self.now.max(next);
            while let Some((to, datagram)) = self.network.receive(self.now) {
                match to {
                    End::Client => {
                        self.client.handle_timeout(self.now).unwrap();
                        self.client.handle_packet(&datagram).unwrap();
                        self.drain_client();
                    }
                    End::Server => {
                        let handled = self.server.handle_datagram(self.now, &datagram);
                        self.failure = self.failure.or(handled.err());
                        self.drain_server();
                    }
                }
            }
            if self.client_timeout.is_some_and(|at| at <= self.now) {
                self.client.handle_timeout(self.now).unwrap();
            }
            if self.server.poll_timeout().is_some_and(|at| at <= self.now) {
                let handled = self.server.handle_timeout(self.now);
                self.failure = self.failure.or(handled.err());
            }
        }
        self.drain_client();
        self.drain_server();
    }

    fn is_connected(&self) -> bool {
        self.server.is_connected() && self.client_keys.is_some()
    }

    fn connected(link: &Link) -> Self {
        let mut pair = Self::honest(link);
        pair.run(Duration::from_secs(30), Self::is_connected);
        assert!(pair.is_connected(), "{:?}", pair.failure);
        pair
    }
}

/// How many of `runs` handshakes are over within five seconds, and the times they took, sorted.
fn within_five_seconds(runs: u64, loss: u8, repeated: u8, names: usize) -> Vec<Duration> {
    let mut took: Vec<Duration> = (0..runs)
        .filter_map(|seed| {
            let link = Link { seed, loss, repeated };
            let mut pair = Pair::new(&link, names, |certificate| vec![fingerprint(HashFunction::Sha256, certificate)]);
            let begun = pair.now;
            pair.run(Duration::from_secs(5), Pair::is_connected);
            pair.is_connected().then(|| pair.now - begun)
        })
        .collect();
    took.sort();
    took
}

/// Measured over 200 seeds each: 100, 100, 97 and 100 of 100 with a small certificate; with a large one of seven datagrams 100, 100 and 88.
#[test]
fn handshakes_end_within_five_seconds_over_links_that_lose_and_repeat() {
    let (small, large) = (1, 150);
    for (loss, repeated, names, least) in [
        (0, 0, small, 100),
        (10, 10, small, 99),
        (30, 0, small, 90),
        (30, 30, small, 95),
        (0, 0, large, 100),
        (10, 10, large, 97),
        (30, 0, large, 75),
    ] {
        let took = within_five_seconds(100, loss, repeated, names);
        assert!(took.len() >= least, "loss {loss} repeated {repeated} names {names}: {} of 100", took.len());
        assert!(loss > 0 || took.last().unwrap() < &Duration::from_millis(300), "{took:?}");
    }
}

#[test]
fn a_certificate_of_twenty_datagrams_passes_and_one_that_exceeds_the_queue_ends_the_peer() {
    let announce = |certificate: &[u8]| vec![fingerprint(HashFunction::Sha256, certificate)];
    let mut pair = Pair::new(&PERFECT, 500, announce);
    pair.run(Duration::from_secs(10), Pair::is_connected);
    assert!(pair.is_connected(), "{:?}", pair.failure);
    let mut pair = Pair::new(&PERFECT, 1000, announce);
    pair.run(Duration::from_secs(40), Pair::is_connected);
    assert!(!pair.server.is_connected() && pair.failure.is_some(), "{:?}", pair.failure);
}

#[test]
fn both_ends_have_the_same_keys_and_speak() {
    let mut pair = Pair::connected(&PERFECT);
    let (exported, profile) = pair.client_keys.clone().unwrap();
    assert_eq!(profile, SrtpProfile::AEAD_AES_256_GCM);
    let material = KeyingMaterial::new(Profile::AeadAes256Gcm, &exported).unwrap();
    let mut report = b"\x80\xC9\0\x01\0\0\0\x2A".to_vec();
    pair.server_keys.as_mut().unwrap().protector.protect_rtcp(&mut report).unwrap();
    assert_eq!(material.of_client().1.unprotect_rtcp(&mut report), Ok(0..8));
    pair.server.send(b"from the server").unwrap();
    pair.client.send_application_data(b"from the client").unwrap();
    pair.run(Duration::from_secs(1), |_| false);
    assert_eq!(pair.client_received, [b"from the server".to_vec()]);
    assert_eq!(pair.server_received, [b"from the client".to_vec()]);
}

/// The engine chooses by itself and cannot be told: its own client always offers the first.
#[test]
fn every_profile_of_the_engine_becomes_keys_that_fit_those_of_the_other_end() {
    for (chosen, profile) in [
        (SrtpProfile::AEAD_AES_256_GCM, Profile::AeadAes256Gcm),
        (SrtpProfile::AEAD_AES_128_GCM, Profile::AeadAes128Gcm),
        (SrtpProfile::AES128_CM_SHA1_80, Profile::Aes128CmHmacSha1),
    ] {
        let exported: Vec<u8> = (0..chosen.keying_material_len() as u8).collect();
        let keys = |role| {
            let mut state = State::Handshake { verified: true, finished: false, keys: None };
            state.keep_keys(role, &exported, chosen);
            state.finish();
            let mut keys = None;
            let announced = state.announce(&mut |event| {
                if let Event::Connected(connected) = event {
                    keys = connected;
                }
            });
            announced.unwrap();
            keys.unwrap()
        };
        let (mut server, mut client) = (keys(DtlsRole::Server), keys(DtlsRole::Client));
        assert_eq!((server.profile, client.profile), (profile, profile));
        let mut report = b"\x80\xC9\0\x01\0\0\0\x2A".to_vec();
        server.protector.protect_rtcp(&mut report).unwrap();
        assert_eq!(client.unprotector.unprotect_rtcp(&mut report), Ok(0..8));
        let mut report = b"\x80\xC9\0\x01\0\0\0\x2A".to_vec();
        client.protector.protect_rtcp(&mut report).unwrap();
        assert_eq!(server.unprotector.unprotect_rtcp(&mut report), Ok(0..8));
    }
}

#[test]
fn errors_of_the_engine_are_told_by_whose_they_are() {
    let missing = dimpl::Error::CertificateError(dimpl::CertificateError::NoClientCertificateReceived);
    assert_eq!(reason(&missing), DisconnectReason::Certificate);
    assert_eq!(reason(&dimpl::Error::ConnectionClosed), DisconnectReason::ClosedByClient);
    assert_eq!(reason(&dimpl::Error::ReceiveQueueFull), DisconnectReason::Dtls);
}

#[test]
fn a_certificate_that_was_not_announced_ends_the_peer_before_any_key() {
    let mut pair = Pair::new(&PERFECT, 1, |_| vec![fingerprint(HashFunction::Sha256, b"another certificate")]);
    pair.run(Duration::from_secs(5), |_| false);
    assert_eq!(pair.failure, Some(DisconnectReason::FingerprintMismatch));
    assert!(pair.server_keys.is_none() && pair.client_keys.is_none() && !pair.server.is_connected());
}

#[test]
fn one_of_several_fingerprints_is_enough_by_any_of_the_hash_functions() {
    for hash in [HashFunction::Sha256, HashFunction::Sha384, HashFunction::Sha512] {
        let mut pair = Pair::new(&PERFECT, 1, |certificate| {
            vec![fingerprint(HashFunction::Sha256, b"another certificate"), fingerprint(hash, certificate)]
        });
        pair.run(Duration::from_secs(5), Pair::is_connected);
        assert!(pair.is_connected(), "{hash:?}");
    }
}

#[test]
fn close_notify_reaches_the_other_end_both_ways() {
    let mut pair = Pair::connected(&PERFECT);
    pair.server.close();
    pair.run(Duration::from_secs(1), |_| false);
    assert!(pair.client_closed);
    let mut pair = Pair::connected(&PERFECT);
    pair.client.close().unwrap();
    pair.run(Duration::from_secs(1), |pair| pair.server_closed);
    assert!(pair.server_closed);
}

#[test]
fn a_client_that_falls_silent_is_given_up_when_the_handshake_has_taken_too_long() {
    let mut pair = Pair::honest(&Link { loss: 0, ..PERFECT });
    pair.drain_client();
    let at = pair.network.next_arrival().unwrap();
    let (_, hello) = pair.network.receive(at).unwrap();
    pair.server.handle_datagram(at, &hello).unwrap();
    let failure = loop {
        pair.drain_server();
        let next = pair.server.poll_timeout().unwrap();
        if let Err(reason) = pair.server.handle_timeout(next) {
            break (reason, next - at);
        }
    };
    assert_eq!(failure.0, DisconnectReason::HandshakeTimeout);
    assert!(failure.1 <= Duration::from_secs(33), "{:?}", failure.1);
}

#[test]
fn in_the_handshake_as_many_datagrams_as_the_limit_are_read_each_second() {
    let now = start();
    let mut allowance = Allowance::new(now);
    assert!((0..HANDSHAKE_DATAGRAMS_MAX).all(|_| allowance.take(now)));
    assert!(!allowance.take(now + HANDSHAKE_REFILL - Duration::from_nanos(1)));
    assert!(allowance.take(now + HANDSHAKE_REFILL));
}

#[test]
fn forged_records_do_not_end_an_association() {
    let mut pair = Pair::connected(&PERFECT);
    let mut rng = fastrand::Rng::with_seed(7);
    for kind in [20_u8, 21, 22, 23, 24] {
        for epoch in [0_u8, 1, 2] {
            for length in [0_usize, 2, 25, 60, 1100] {
                let mut forged =
                    vec![kind, 0xFE, 0xFD, 0, epoch, 0, 0, 0, 0, 1, rng.u8(..), (length >> 8) as u8, length as u8];
                forged.extend((0..length).map(|_| rng.u8(..)));
                if length == 2 {
                    // A fatal alert in the clear.
                    forged[13..15].copy_from_slice(&[2, 40]);
                }
                assert_eq!(pair.server.handle_datagram(pair.now, &forged), Ok(()), "{kind} {epoch} {length}");
                pair.drain_server();
            }
        }
    }
    assert_eq!(pair.failure, None);
    pair.client.send_application_data(b"still here").unwrap();
    pair.run(Duration::from_secs(1), |_| false);
    assert_eq!(pair.server_received, [b"still here".to_vec()]);
}

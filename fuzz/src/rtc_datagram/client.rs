//! An honest client, by whose keys dishonest bytes get in.

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use rcgen::{CertificateParams, KeyPair};
use rtc::session::Allow;
use rtc::srtp::{KeyingMaterial, Profile, Protector};
use rtc::{Candidate, Certificate, Config, IceCredentials, Path, Peer, Transport};
use stun_types::attribute::{AttributeType, RawAttribute, Username};
use stun_types::message::{
    BINDING, IntegrityAlgorithm, Message, MessageIntegrityCredentials, MessageWriteVec, ShortTermCredentials,
};
use stun_types::prelude::*;

/// One key pair for all runs: making it costs more than a run.
static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let certificate = || {
        let key = KeyPair::generate().expect("a key can be made");
        let certificate = CertificateParams::default().self_signed(&key).expect("a certificate can be made");
        (certificate.der().to_vec(), key.serialize_der())
    };
    let ((server, server_key), (client, client_key)) = (certificate(), certificate());
    let candidate = Candidate { transport: Transport::Udp, address: server_address() };
    let certificate = Certificate::new(server, &server_key).expect("the key is the certificate's");
    let config = Config::new(certificate, vec![candidate]).expect("one candidate is allowed");
    let own = Certificate::new(client.clone(), &client_key).expect("the key is the certificate's");
    let client = dimpl::DtlsCertificate { certificate: client, private_key: client_key };
    Keys { server: Arc::new(config), client, fingerprint: own.fingerprint().to_string() }
});

struct Keys {
    server: Arc<Config>,
    client: dimpl::DtlsCertificate,
    /// Of the client's certificate, as the offer has it.
    fingerprint: String,
}

pub(crate) struct Client {
    dtls: dimpl::Dtls,
    protector: Option<Protector>,
}

impl Client {
    /// One that begins the handshake.
    pub(crate) fn new(now: Instant) -> Self {
        Self::with_role(now, true)
    }

    /// With `calls` the handshake is its to begin.
    pub(crate) fn with_role(now: Instant, calls: bool) -> Self {
        let config = dimpl::Config::builder().dangerously_set_rng_seed(7).build().expect("the settings are sound");
        let mut dtls = dimpl::Dtls::new_12(Arc::new(config), KEYS.client.clone(), now);
        dtls.set_active(calls);
        Self { dtls, protector: None }
    }

    /// Whether its handshake is over.
    pub(crate) fn is_connected(&self) -> bool {
        self.protector.is_some()
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        // It refuses when it is closed.
        let _sent = self.dtls.send_application_data(bytes.get(..1000).unwrap_or(bytes));
    }

    pub(crate) fn handle(&mut self, now: Instant, datagram: &[u8]) {
        if datagram.first().is_some_and(|first| (20..64).contains(first)) {
            // An error means that it is closed.
            let _time = self.dtls.handle_timeout(now);
            let _handled = self.dtls.handle_packet(datagram);
        }
    }

    /// What it sends.
    pub(crate) fn drain(&mut self, now: Instant) -> Vec<Vec<u8>> {
        let _time = self.dtls.handle_timeout(now);
        let mut datagrams = Vec::new();
        let mut buffer = vec![0; 70_000];
        loop {
            match self.dtls.poll_output(&mut buffer) {
                dimpl::Output::Packet(datagram) => datagrams.push(datagram.to_vec()),
                dimpl::Output::KeyingMaterial(keys, _) => {
                    let material = KeyingMaterial::new(Profile::AeadAes128Gcm, &keys)
                        .expect("the server takes the cheapest profile");
                    self.protector = Some(material.of_client().0);
                }
                dimpl::Output::Timeout(_) => return datagrams,
                dimpl::Output::BufferTooSmall { needed } => panic!("{needed} bytes"),
                dimpl::Output::Connected | dimpl::Output::PeerCert(_) | dimpl::Output::ApplicationData(_) => {}
                dimpl::Output::CloseNotify => {}
                _ => {}
            }
        }
    }

    /// A packet of media, or a report, under the right keys.
    pub(crate) fn protect(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let protector = self.protector.as_mut()?;
        let mut packet = bytes.to_vec();
        if bytes.get(1).is_some_and(|kind| (192..224).contains(kind)) {
            protector.protect_rtcp(&mut packet).ok()?;
            return Some(packet);
        }
        let sequence = u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?]);
        packet.resize(bytes.len() + 16, 0);
        protector.protect_rtp(u64::from(sequence), &mut packet, bytes.len()).ok()?;
        Some(packet)
    }
}

/// A peer that has answered an offer, and awaits the handshake of the client.
pub(crate) fn new_peer() -> (Peer, Instant) {
    peer_for("actpass")
}

/// A peer that has answered an offer with this `setup` (RFC 4145 §4).
pub(crate) fn peer_for(setup: &str) -> (Peer, Instant) {
    #[expect(clippy::disallowed_methods, reason = "virtual time has to begin somewhere")]
    let now = Instant::now();
    let credentials = IceCredentials::new("server", PASSWORD).expect("the credentials are well-formed");
    let mut peer = Peer::new(Arc::clone(&KEYS.server), credentials, [7; 32], now);
    let offer = OFFER.replace("FINGERPRINT", &KEYS.fingerprint).replace("SETUP", setup);
    peer.handle_offer(now, &offer, &Allow::everything()).expect("the offer can be answered");
    (peer, now)
}

/// A check with the right password, and `more` as another attribute of it.
pub(crate) fn check(more: &[u8], nominates: bool) -> Vec<u8> {
    let mut check = Message::builder_request(BINDING, MessageWriteVec::new());
    let username = Username::new("server:client").expect("the name is short");
    check.add_attribute(&username).expect("it is the first attribute");
    if nominates {
        check.add_attribute(&RawAttribute::new(USE_CANDIDATE, &[])).expect("there is one of it");
    }
    if let [high, low, value @ ..] = more {
        let kind = AttributeType::new(u16::from_be_bytes([*high, *low]));
        let value = value.get(..200).unwrap_or(value);
        if !AT_THE_END.contains(&kind) {
            // Those that it has already are refused.
            let _added = check.add_attribute(&RawAttribute::new(kind, value));
        }
    }
    let credentials: MessageIntegrityCredentials = ShortTermCredentials::new(PASSWORD.to_owned()).into();
    let _signed = check.add_message_integrity(&credentials, IntegrityAlgorithm::Sha1);
    let _finished = check.add_fingerprint();
    check.finish()
}

/// A handshake record in the clear around `bytes`, behind a byte that tells its sequence number.
pub(crate) fn record(bytes: &[u8]) -> Vec<u8> {
    let (sequence, bytes) = bytes.split_first().map_or((0, bytes), |(sequence, rest)| (*sequence, rest));
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes();
    let mut record = vec![22, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, sequence, length[0], length[1]];
    record.extend_from_slice(bytes);
    record
}

pub(crate) fn path(port: u16) -> Path {
    Path { transport: Transport::Udp, local: server_address(), remote: ([198, 51, 100, 1], port).into() }
}

/// The address that never sends a check.
pub(crate) fn stranger() -> Path {
    path(u16::MAX)
}

fn server_address() -> SocketAddr {
    ([192, 0, 2, 1], 3478).into()
}

/// RFC 8445 §16.1.
const USE_CANDIDATE: AttributeType = AttributeType::new(0x0025);
/// MESSAGE-INTEGRITY, MESSAGE-INTEGRITY-SHA256 and FINGERPRINT: who writes the check adds them itself.
const AT_THE_END: [AttributeType; 3] =
    [AttributeType::new(0x0008), AttributeType::new(0x001c), AttributeType::new(0x8028)];
const PASSWORD: &str = "a+password+of+22+chars";

const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n\
a=ice-ufrag:client\r\na=ice-pwd:another+password+of+22\r\na=fingerprint:FINGERPRINT\r\na=setup:SETUP\r\n\
m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n\
m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=sctp-port:5000\r\n";

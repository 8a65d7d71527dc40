//! What a member's handshake costs a worker: ICE checks, DTLS 1.2 with both certificates, and the keys of SRTP.
//!
//! The client is a whole peer of another make, and its time is not counted; time is virtual, so that nobody waits. Its certificate has an
//! ECDSA key, as those of browsers have. What one with an RSA key costs more or less is the difference of the two signatures that are checked.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey, VerificationAlgorithm,
};
use rcgen::{CertificateParams, KeyPair};
use rtc::session::Allow;
use rtc::{Candidate, Certificate, Config, IceCredentials, Output, Path, Peer, Transport};
use serde::Serialize;
use str0m::change::SdpAnswer;
use str0m::media::{Direction, MediaKind};
use str0m::net::{Protocol, Receive};
use str0m::{Input, Output as ClientOutput, Rtc, RtcConfig};

use crate::floor::thread_ns;

/// Microseconds of processor time of the server.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Handshake {
    /// From the first check until the keys are there, with a client whose key is ECDSA on P-256.
    ecdsa_us: f64,
    /// The same with a client whose key is RSA with 2,048 bits.
    rsa_us: f64,
}

impl std::fmt::Display for Handshake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { ecdsa_us, rsa_us } = self;
        let per_second = |us: f64| 1e6 / us;
        write!(
            f,
            "{ecdsa_us:.0} us of a core with an ECDSA client ({:.0} in a second), {rsa_us:.0} us with an RSA client ({:.0})",
            per_second(*ecdsa_us),
            per_second(*rsa_us)
        )
    }
}

pub(crate) fn measure() -> Result<Handshake> {
    let mut spent_ns: Vec<i64> = (0..HANDSHAKES).map(|_| shake_hands()).collect::<Result<_>>()?;
    spent_ns.sort_unstable();
    let median_ns = spent_ns.get(spent_ns.len() / 2).copied().unwrap_or_default();
    let ecdsa_us = median_ns as f64 / 1000.0;
    let (ecdsa, rsa) = (ecdsa_check_us()?, rsa_check_us()?);
    Ok(Handshake { ecdsa_us, rsa_us: ecdsa_us - ecdsa + rsa })
}

/// One handshake; gives back what it took the server.
fn shake_hands() -> Result<i64> {
    let mut call = Call::new()?;
    for _ in 0..STEPS_MAX {
        call.step()?;
        if call.server.is_connected() && call.client.is_connected() {
            return Ok(call.spent_ns);
        }
    }
    bail!("the handshake does not end")
}

/// Both ends, and nothing between them.
struct Call {
    now: Instant,
    server: Peer,
    client: Rtc,
    client_due: Instant,
    path: Path,
    spent_ns: i64,
}

impl Call {
    fn new() -> Result<Self> {
        let now = client::Clock::start().now();
        let (local, remote) = (SocketAddr::from(([192, 0, 2, 1], 3478)), SocketAddr::from(([192, 0, 2, 2], 5000)));
        let key = KeyPair::generate().context("key")?;
        let certificate = CertificateParams::default().self_signed(&key).context("certificate")?;
        let certificate = Certificate::new(certificate.der().to_vec(), &key.serialize_der()).context("certificate")?;
        let candidate = Candidate { transport: Transport::Udp, address: local };
        let config = Config::new(certificate, vec![candidate]).context("settings")?;
        let credentials = IceCredentials::new("bench", "a+password+of+22+chars").context("credentials")?;
        let mut server = Peer::new(Arc::new(config), credentials, [7; 32], now);
        let crypto = Arc::new(str0m::crypto::from_feature_flags());
        let mut client = RtcConfig::new().set_crypto_provider(crypto).set_rtp_mode(true).build(now);
        client.add_local_candidate(str0m::Candidate::host(remote, "udp")?);
        let mut change = client.sdp_api();
        change.add_media(MediaKind::Video, Direction::SendOnly, None, None, None);
        let (offer, pending) = change.apply().context("offer")?;
        let answer = server.handle_offer(now, &offer.to_sdp_string(), &Allow::everything())?;
        client.sdp_api().accept_answer(pending, SdpAnswer::from_sdp_string(&answer.sdp)?)?;
        client.handle_input(Input::Timeout(now))?;
        let path = Path { transport: Transport::Udp, local, remote };
        Ok(Self { now, server, client, client_due: now, path, spent_ns: 0 })
    }

    /// What both have to say is heard; then it is as late as the next wants it.
    fn step(&mut self) -> Result<()> {
        loop {
            match self.client.poll_output()? {
                ClientOutput::Transmit(sent) => {
                    let mut datagram = sent.contents.to_vec();
                    let begun_ns = thread_ns();
                    self.server.handle_datagram(self.now, self.path, &mut datagram);
                    self.spent_ns += thread_ns() - begun_ns;
                }
                ClientOutput::Timeout(at) => {
                    self.client_due = at;
                    break;
                }
                ClientOutput::Event(_) => {}
            }
        }
        let mut is_said = false;
        loop {
            let begun_ns = thread_ns();
            let output = self.server.poll_output();
            self.spent_ns += thread_ns() - begun_ns;
            let Some(output) = output else { break };
            if let Output::Transmit { datagram, .. } = output {
                is_said = true;
                let receive = Receive::new(Protocol::Udp, self.path.local, self.path.remote, &datagram)?;
                self.client.handle_input(Input::Receive(self.now, receive))?;
            }
        }
        if !is_said {
            self.now = self.now.max(self.client_due) + TICK;
            self.client.handle_input(Input::Timeout(self.now))?;
        }
        Ok(())
    }
}

/// Microseconds for checking a signature by ECDSA on P-256.
fn ecdsa_check_us() -> Result<f64> {
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).ok().context("ECDSA key")?;
    let signature = key.sign(&random, MESSAGE).ok().context("ECDSA signature")?;
    check_us(&ECDSA_P256_SHA256_ASN1, key.public_key().as_ref(), signature.as_ref())
}

/// The same by RSA with 2,048 bits.
fn rsa_check_us() -> Result<f64> {
    let key = RsaKeyPair::generate(KeySize::Rsa2048).ok().context("RSA key")?;
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), MESSAGE, &mut signature).ok().context("RSA signature")?;
    check_us(&RSA_PKCS1_2048_8192_SHA256, key.public_key().as_ref(), &signature)
}

fn check_us(algorithm: &'static dyn VerificationAlgorithm, key: &[u8], signature: &[u8]) -> Result<f64> {
    let begun_ns = thread_ns();
    for _ in 0..CHECKS {
        // The key is read each time, as it comes with a certificate.
        UnparsedPublicKey::new(algorithm, key).verify(MESSAGE, signature).ok().context("signature")?;
    }
    Ok((thread_ns() - begun_ns) as f64 / 1000.0 / f64::from(CHECKS))
}

const HANDSHAKES: u32 = 100;

/// Of one handshake, which takes some thirty.
const STEPS_MAX: u32 = 1_000;

/// Virtual time that passes when nobody has anything to say.
const TICK: Duration = Duration::from_millis(1);

const CHECKS: u32 = 200;

/// As long as what a client signs: its handshake so far.
const MESSAGE: &[u8] = &[0x55; 1_500];

//! What all peers of a server have in common.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use dimpl::DtlsCertificate;

use crate::candidate::Candidate;
use crate::dtls::fingerprint;
use crate::error::ConfigError;
use crate::sdp::{Fingerprint, HashFunction};

/// Shared by every [`Peer`](crate::Peer) of a server, behind an `Arc`.
#[derive(Debug)]
pub struct Config {
    /// What this end shows in the DTLS handshake.
    certificate: Certificate,
    /// Where clients may send, the most wanted first.
    candidates: Vec<Candidate>,
    /// Settings of the DTLS engine, checked once.
    dtls: Arc<dimpl::Config>,
}

/// A certificate with its private key. `Debug` shows the fingerprint only.
pub struct Certificate {
    certificate_der: Vec<u8>,
    private_key_der: Vec<u8>,
    fingerprint: Fingerprint,
}

impl Config {
    /// `candidates` stand in the answers in this order.
    ///
    /// # Errors
    /// When there are no candidates, or more than [`CANDIDATES_MAX`].
    pub fn new(certificate: Certificate, candidates: Vec<Candidate>) -> Result<Self, ConfigError> {
        Self::with_dtls(certificate, candidates, dtls_settings())
    }

    /// For a simulated world: what a handshake draws beside its key shares and signatures, such as the jitter of its
    /// timers, comes from `seed`, the same for every peer. **Not for a network.**
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn for_simulation(
        certificate: Certificate,
        candidates: Vec<Candidate>,
        seed: u64,
    ) -> Result<Self, ConfigError> {
        Self::with_dtls(certificate, candidates, dtls_settings().dangerously_set_rng_seed(seed))
    }

    fn with_dtls(
        certificate: Certificate,
        candidates: Vec<Candidate>,
        dtls: dimpl::ConfigBuilder,
    ) -> Result<Self, ConfigError> {
        if candidates.is_empty() || candidates.len() > CANDIDATES_MAX {
            return Err(ConfigError::Candidates { count: candidates.len(), max: CANDIDATES_MAX });
        }
        Ok(Self { certificate, candidates, dtls: Arc::new(dtls.build()?) })
    }

    /// What this end shows in the DTLS handshake.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Where clients may send.
    #[must_use]
    pub fn candidates(&self) -> &[Candidate] {
        &self.candidates
    }

    pub(crate) fn dtls(&self) -> Arc<dimpl::Config> {
        Arc::clone(&self.dtls)
    }
}

impl Certificate {
    /// An X.509 certificate in DER and its ECDSA P-256 key in PKCS #8.
    ///
    /// # Errors
    /// When the key cannot be read, or belongs to another certificate.
    pub fn new(certificate_der: Vec<u8>, private_key_der: Vec<u8>) -> Result<Self, ConfigError> {
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &private_key_der)
            .map_err(|_| ConfigError::PrivateKey)?;
        let public_key = key.public_key().as_ref();
        if !certificate_der.windows(public_key.len()).any(|window| window == public_key) {
            return Err(ConfigError::CertificateOfAnotherKey);
        }
        let fingerprint = fingerprint(HashFunction::Sha256, &certificate_der);
        Ok(Self { certificate_der, private_key_der, fingerprint })
    }

    /// What answers say about it.
    #[must_use]
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    pub(crate) fn for_dtls(&self) -> DtlsCertificate {
        DtlsCertificate { certificate: self.certificate_der.clone(), private_key: self.private_key_der.clone() }
    }
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificate").field("fingerprint", &self.fingerprint).finish_non_exhaustive()
    }
}

fn dtls_settings() -> dimpl::ConfigBuilder {
    dimpl::Config::builder()
        .mtu(DTLS_MTU_BYTES)
        // An address has passed an ICE check before it is listened to: a cookie would only cost a round trip.
        .use_server_cookie(false)
        .require_client_certificate(true)
        .max_queue_rx(DTLS_QUEUE_DATAGRAMS_MAX)
        .max_queue_tx(DTLS_QUEUE_DATAGRAMS_MAX)
        .flight_start_rto(DTLS_RETRANSMISSION_FIRST)
        .flight_retries(DTLS_RETRIES)
        .handshake_timeout(DTLS_HANDSHAKE_MAX)
}

/// How many candidates an answer may list: a machine has a handful of addresses, and clients pair each of theirs with each of ours.
pub const CANDIDATES_MAX: usize = 32;
/// Handshake datagrams pass every path that media passes: 1280 bytes of the smallest IPv6 link less the headers of IPv6 and UDP.
const DTLS_MTU_BYTES: usize = 1232;
/// Datagrams of one handshake that wait for an earlier one, or to be polled. A chain of large certificates comes in a dozen.
pub(crate) const DTLS_QUEUE_DATAGRAMS_MAX: usize = 30;
/// RFC 9147 §5.8.1 lets real-time use begin below a second; a flight that was lost costs this much until the picture.
const DTLS_RETRANSMISSION_FIRST: Duration = Duration::from_millis(100);
/// 0.1 s doubled eight times: the last repetition leaves after about 25 s.
const DTLS_RETRIES: usize = 8;
/// As long as a person waits for a call at most.
const DTLS_HANDSHAKE_MAX: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests;

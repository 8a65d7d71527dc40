//! What all peers of a server have in common.

use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};

use crate::candidate::Candidate;
use crate::dtls::fingerprint;
use crate::error::ConfigError;
use crate::sdp::{Fingerprint, HashFunction};

/// Shared by every [`Peer`](crate::Peer) of a server, behind an `Arc`.
#[derive(Debug)]
pub struct Config {
    /// What this end shows in the DTLS handshake.
    certificate: Arc<Certificate>,
    /// Where clients may send, the most wanted first.
    candidates: Vec<Candidate>,
}

/// A certificate with its private key. `Debug` shows the fingerprint only.
pub struct Certificate {
    certificate_der: Vec<u8>,
    key: EcdsaKeyPair,
    fingerprint: Fingerprint,
}

impl Config {
    /// `candidates` stand in the answers in this order.
    ///
    /// # Errors
    /// When there are no candidates, or more than [`CANDIDATES_MAX`].
    pub fn new(certificate: Certificate, candidates: Vec<Candidate>) -> Result<Self, ConfigError> {
        Self::sharing(Arc::new(certificate), candidates)
    }

    /// The same certificate, reached elsewhere.
    ///
    /// # Errors
    /// As for [`Self::new`].
    pub fn with_candidates(&self, candidates: Vec<Candidate>) -> Result<Self, ConfigError> {
        Self::sharing(Arc::clone(&self.certificate), candidates)
    }

    fn sharing(certificate: Arc<Certificate>, candidates: Vec<Candidate>) -> Result<Self, ConfigError> {
        if candidates.is_empty() || candidates.len() > CANDIDATES_MAX {
            return Err(ConfigError::Candidates { count: candidates.len(), max: CANDIDATES_MAX });
        }
        Ok(Self { certificate, candidates })
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
}

impl Certificate {
    /// An X.509 certificate in DER and its ECDSA P-256 key in PKCS #8.
    ///
    /// # Errors
    /// When the key cannot be read, or belongs to another certificate.
    pub fn new(certificate_der: Vec<u8>, private_key_der: &[u8]) -> Result<Self, ConfigError> {
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, private_key_der)
            .map_err(|_| ConfigError::PrivateKey)?;
        let public_key = key.public_key().as_ref();
        if !certificate_der.windows(public_key.len()).any(|window| window == public_key) {
            return Err(ConfigError::CertificateOfAnotherKey);
        }
        let fingerprint = fingerprint(HashFunction::Sha256, &certificate_der);
        Ok(Self { certificate_der, key, fingerprint })
    }

    /// What answers say about it.
    #[must_use]
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    pub(crate) fn der(&self) -> &[u8] {
        &self.certificate_der
    }

    /// A signature by ECDSA with SHA-256, in DER.
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature = self.key.sign(&SystemRandom::new(), message);
        signature.expect("a key that was read can sign").as_ref().to_vec()
    }
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificate").field("fingerprint", &self.fingerprint).finish_non_exhaustive()
    }
}

/// How many candidates an answer may list: a machine has a handful of addresses, and clients pair each of theirs with each of ours.
pub const CANDIDATES_MAX: usize = 32;

#[cfg(test)]
mod tests;

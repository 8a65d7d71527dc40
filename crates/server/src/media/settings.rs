//! What the media plane needs to know at its start: where clients reach it, and by which certificate they know it.

use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ECDSA_P256_SHA256};
use rtc::Certificate;

use super::event::EventSinks;
use super::reach::Reach;
use crate::worker::SpawnError;

/// What the operator decides about media, and where its events go.
#[derive(Debug, Clone)]
pub struct MediaSettings {
    /// How clients reach it.
    pub reach: Reach,
    /// Where events go.
    pub events: EventSinks,
}

impl MediaSettings {
    /// What all peers share: a fresh certificate, and the candidates for listeners on `udp`.
    pub(crate) fn build(&self, udp: &[SocketAddr]) -> Result<Option<Arc<rtc::Config>>, SpawnError> {
        let candidates = self.reach.candidates(udp);
        if candidates.is_empty() {
            return Ok(None);
        }
        let config =
            rtc::Config::new(certificate()?, candidates).map_err(|error| SpawnError::Media(error.to_string()))?;
        Ok(Some(Arc::new(config)))
    }
}

/// A certificate for DTLS, made anew at each start: what counts is its fingerprint, which the answers carry. Browsers know ECDSA on P-256
/// best, and it is the cheapest to sign with.
fn certificate() -> Result<Certificate, SpawnError> {
    let failed = |error: &dyn std::fmt::Display| SpawnError::Media(error.to_string());
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(|error| failed(&error))?;
    let mut params = CertificateParams::default();
    // No name: it proves nothing, and tells the network nothing.
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "WebRTC");
    let made = params.self_signed(&key).map_err(|error| failed(&error))?;
    Certificate::new(made.der().to_vec(), &key.serialize_der()).map_err(|error| failed(&error))
}

#[cfg(test)]
mod tests;

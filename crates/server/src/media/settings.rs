//! What the media plane needs to know at its start: where clients reach it, and by which certificate they know it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ECDSA_P256_SHA256};
use rtc::{Candidate, Certificate, Transport};

use super::event::EventSinks;
use crate::worker::SpawnError;

/// What the operator decides about media, and where its events go.
#[derive(Debug, Clone)]
pub struct MediaSettings {
    /// Addresses under which clients reach this machine, the most wanted first. They stand in the answers.
    pub addresses: Vec<IpAddr>,
    /// Whether the addresses are those of a router or cloud in front of this machine: then a listener on one address is meant by them, too.
    pub mapped: bool,
    /// TCP addresses at which connections arrive that are handed over to [`Handle::serve_media`](crate::workers::Handle::serve_media).
    pub tcp_listen: Vec<SocketAddr>,
    /// Where events go.
    pub events: EventSinks,
}

impl MediaSettings {
    /// What all peers share: a fresh certificate, and the candidates for listeners on `udp`.
    pub(crate) fn build(&self, udp: &[SocketAddr]) -> Result<Option<Arc<rtc::Config>>, SpawnError> {
        let candidates = self.candidates(udp);
        if candidates.is_empty() {
            return Ok(None);
        }
        let config =
            rtc::Config::new(certificate()?, candidates).map_err(|error| SpawnError::Media(error.to_string()))?;
        Ok(Some(Arc::new(config)))
    }

    fn candidates(&self, udp: &[SocketAddr]) -> Vec<Candidate> {
        let datagrams = udp.iter().flat_map(|bound| self.reached(*bound, Transport::Udp));
        let streams = self.tcp_listen.iter().flat_map(|bound| self.reached(*bound, Transport::Tcp));
        let mut candidates: Vec<Candidate> = Vec::new();
        for candidate in datagrams.take(CANDIDATES_MAX).chain(streams.take(CANDIDATES_MAX)) {
            if !candidates.contains(&candidate) {
                candidates.push(candidate);
            }
        }
        candidates
    }

    /// The addresses by which clients reach a listener.
    fn reached(&self, bound: SocketAddr, transport: Transport) -> impl Iterator<Item = Candidate> {
        // A TCP socket on all addresses of IPv6 takes IPv4 as well; UDP has a socket for each family.
        let both = transport == Transport::Tcp && bound.ip().is_unspecified() && bound.is_ipv6();
        let everywhere = bound.ip().is_unspecified() || (self.mapped && !bound.ip().is_loopback());
        let of_family = move |ip: &&IpAddr| both || ip.is_ipv4() == bound.is_ipv4();
        let ips: Vec<IpAddr> = match everywhere {
            true => self.addresses.iter().filter(of_family).copied().collect(),
            false => vec![bound.ip()],
        };
        ips.into_iter().map(move |ip| Candidate { transport, address: SocketAddr::new(ip, bound.port()) })
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

/// Of each transport. Clients pair each of their addresses with each of these.
const CANDIDATES_MAX: usize = 8;

#[cfg(test)]
mod tests;

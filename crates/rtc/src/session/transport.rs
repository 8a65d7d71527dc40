//! The transport as the SDP tells it: one for all media descriptions (RFC 9143).

use std::fmt;

use super::OfferError;
use crate::candidate::Candidate;
use crate::sdp::{Description, Fingerprint, MediaDescription, Setup, TransportAttributes};

/// What we tell the client about our end.
#[derive(Clone, Copy)]
pub struct LocalTransport<'a> {
    /// ICE user name fragment. It has to change when the client restarts ICE.
    pub ufrag: &'a str,
    /// ICE password.
    pub pwd: &'a str,
    /// Of our certificate.
    pub fingerprint: &'a Fingerprint,
    /// Where we listen, the most wanted first within UDP and within TCP.
    pub candidates: &'a [Candidate],
}

/// What the client told about its end.
#[derive(Clone, PartialEq, Eq)]
pub struct RemoteTransport {
    /// ICE user name fragment.
    pub ufrag: String,
    /// ICE password.
    pub pwd: String,
    /// Its certificate has one of these. Never empty.
    pub fingerprints: Vec<Fingerprint>,
    /// What we are in the DTLS handshake.
    pub role: DtlsRole,
}

/// Our role in the DTLS handshake (RFC 5763 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DtlsRole {
    /// We wait for the ClientHello: `a=setup:passive` in the answer.
    Server,
    /// The offer forces us to begin: `a=setup:active` in the answer.
    Client,
}

impl fmt::Debug for LocalTransport<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalTransport").field("ufrag", &self.ufrag).finish_non_exhaustive()
    }
}

impl fmt::Debug for RemoteTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteTransport")
            .field("ufrag", &self.ufrag)
            .field("fingerprints", &self.fingerprints)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// The client's end as an offer tells it: the first accepted description with an address of its own speaks for the bundle (RFC 9143
/// §7.3.1), then the others, then the session level.
pub(super) fn remote(
    offer: &Description,
    accepted: &[&MediaDescription],
    known: Option<&RemoteTransport>,
) -> Result<RemoteTransport, OfferError> {
    let tagged = offer.bundle.iter().flatten().find_map(|mid| {
        accepted.iter().find(|media| media.port != 0 && media.mid.as_ref().is_some_and(|own| own.as_str() == mid))
    });
    let levels: Vec<&TransportAttributes> =
        tagged.into_iter().chain(accepted).map(|media| &media.transport).chain([&offer.transport]).collect();
    let credentials = levels.iter().find_map(|level| Some((level.ufrag.clone()?, level.pwd.clone()?)));
    let (ufrag, pwd) = credentials.ok_or(OfferError::NoIceCredentials)?;
    let fingerprints = levels.iter().map(|level| &level.fingerprints).find(|fingerprints| !fingerprints.is_empty());
    let fingerprints = fingerprints.ok_or(OfferError::NoFingerprint)?;
    let setup = levels.iter().find_map(|level| level.setup.as_ref());
    let role = role(setup, known.map(|known| known.role))?;
    let Some(known) = known else {
        return Ok(RemoteTransport { ufrag, pwd, fingerprints: fingerprints.clone(), role });
    };
    if !fingerprints.iter().any(|fingerprint| known.fingerprints.contains(fingerprint)) {
        return Err(OfferError::FingerprintChanged);
    }
    Ok(RemoteTransport { ufrag, pwd, fingerprints: known.fingerprints.clone(), role })
}

/// RFC 8842 §5.3: who may choose waits, and a role that was taken is kept.
fn role(setup: Option<&Setup>, known: Option<DtlsRole>) -> Result<DtlsRole, OfferError> {
    let (role, value) = match setup {
        Some(Setup::ActPass) => return Ok(known.unwrap_or(DtlsRole::Server)),
        // RFC 4145 §4.1: active is meant where nothing is said.
        None | Some(Setup::Active) => (DtlsRole::Server, "active"),
        Some(Setup::Passive) => (DtlsRole::Client, "passive"),
        Some(Setup::Other(value)) => return Err(OfferError::Setup { value: value.clone() }),
    };
    match known {
        Some(known) if known != role => Err(OfferError::Setup { value: value.to_owned() }),
        _ => Ok(role),
    }
}

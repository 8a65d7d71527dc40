//! The transport as the SDP tells it: one for all media descriptions (RFC 9143).

use std::fmt;

use crate::candidate::Candidate;
use crate::sdp::Fingerprint;

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

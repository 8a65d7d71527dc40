//! DTLS (RFC 6347) by `dimpl`: the handshake, whose certificate has to be the one that the offer announced (RFC 8122 §6), the keys
//! of SRTP that come out of it (RFC 5764), and the records of data channels.

use std::time::{Duration, Instant};

use aws_lc_rs::digest::{self, digest};
use dimpl::SrtpProfile;

use crate::config::{Config, DTLS_QUEUE_DATAGRAMS_MAX};
use crate::error::DisconnectReason;
use crate::sdp::{Fingerprint, HashFunction};
use crate::session::DtlsRole;
use crate::srtp::{KeyingMaterial, Profile, Protector, Unprotector};

/// One association.
pub(crate) struct Dtls {
    engine: dimpl::Dtls,
    role: DtlsRole,
    /// One of them has to be the certificate's. Empty once it was.
    fingerprints: Vec<Fingerprint>,
    state: State,
    /// When the engine wants to be asked.
    timeout: Option<Instant>,
    /// Datagrams that may be read in the handshake at once; grows with time.
    allowance: Allowance,
}

#[derive(Debug)]
enum State {
    Handshake {
        /// Whether the certificate is one that was announced.
        verified: bool,
        /// Whether the engine is through.
        finished: bool,
        keys: Option<Box<Keys>>,
    },
    Connected,
}

/// SRTP in both directions.
#[derive(Debug)]
pub(crate) struct Keys {
    pub(crate) profile: Profile,
    pub(crate) protector: Protector,
    pub(crate) unprotector: Unprotector,
}

/// What came out of the engine.
pub(crate) enum Event<'a> {
    /// A datagram to be sent.
    Transmit(&'a [u8]),
    /// The handshake is over and the other end is who it should be. No keys where it offered no profile that is known here.
    Connected(Option<Box<Keys>>),
    /// A record of the application: SCTP.
    Data(&'a [u8]),
    /// close_notify.
    Closed,
}

impl Dtls {
    pub(crate) fn new(config: &Config, role: DtlsRole, fingerprints: Vec<Fingerprint>, now: Instant) -> Self {
        // Version 1.2 only: in 1.3 the engine takes the client's first SRTP profile, which for browsers is the slowest.
        let mut engine = dimpl::Dtls::new_12(config.dtls(), config.certificate().for_dtls(), now);
        engine.set_active(role == DtlsRole::Client);
        let state = State::Handshake { verified: false, finished: false, keys: None };
        Self { engine, role, fingerprints, state, timeout: None, allowance: Allowance::new(now) }
    }

    pub(crate) fn is_connected(&self) -> bool {
        matches!(self.state, State::Connected)
    }

    /// A datagram of one or more records. `Ok` when it was dropped, too.
    pub(crate) fn handle_datagram(&mut self, now: Instant, datagram: &[u8]) -> Result<(), DisconnectReason> {
        let handshake = !self.is_connected();
        if handshake && (datagram.len() > HANDSHAKE_DATAGRAM_BYTES_MAX || !self.allowance.take(now)) {
            return Ok(());
        }
        // The engine reads the clock from here.
        self.engine.handle_timeout(now).map_err(|error| reason(&error))?;
        self.engine.handle_packet(datagram).map_err(|error| reason(&error))
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Result<(), DisconnectReason> {
        self.engine.handle_timeout(now).map_err(|error| reason(&error))
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.timeout
    }

    /// A record of the application; dropped before the handshake is over.
    pub(crate) fn send(&mut self, record: &[u8]) -> Result<(), DisconnectReason> {
        if self.is_connected() {
            self.engine.send_application_data(record).map_err(|error| reason(&error))?;
        }
        Ok(())
    }

    /// Sends close_notify where the handshake is over.
    pub(crate) fn close(&mut self) {
        // An error says that it is closed already.
        let _ = self.engine.close();
    }

    /// Hands out everything that came of the last input.
    pub(crate) fn drain(&mut self, mut each: impl FnMut(Event<'_>)) -> Result<(), DisconnectReason> {
        let mut place = [0; OUTPUT_BYTES];
        // The engine panics when a certificate does not fit, instead of asking for more: there is room for the largest.
        let mut long = if self.is_connected() { Vec::new() } else { vec![0; CERTIFICATE_BYTES_MAX] };
        loop {
            let buffer = if long.is_empty() { &mut place[..] } else { &mut long[..] };
            match self.engine.poll_output(buffer) {
                dimpl::Output::BufferTooSmall { needed } => long.resize(needed, 0),
                dimpl::Output::Packet(datagram) => each(Event::Transmit(datagram)),
                dimpl::Output::PeerCert(certificate) => self.state.verify(&mut self.fingerprints, certificate)?,
                dimpl::Output::Connected => self.state.finish(),
                dimpl::Output::KeyingMaterial(exported, profile) => self.state.keep_keys(self.role, &exported, profile),
                dimpl::Output::ApplicationData(record) => {
                    self.state.announce(&mut each)?;
                    if matches!(self.state, State::Connected) {
                        each(Event::Data(record));
                    }
                }
                dimpl::Output::CloseNotify => each(Event::Closed),
                dimpl::Output::Timeout(at) => {
                    self.timeout = Some(at);
                    return self.state.announce(&mut each);
                }
                _ => {}
            }
        }
    }
}

impl State {
    fn verify(&mut self, fingerprints: &mut Vec<Fingerprint>, certificate_der: &[u8]) -> Result<(), DisconnectReason> {
        let announced =
            fingerprints.iter().any(|announced| *announced == fingerprint(announced.hash(), certificate_der));
        if let Self::Handshake { verified, .. } = self {
            *verified = announced;
            *fingerprints = Vec::new();
        }
        if announced { Ok(()) } else { Err(DisconnectReason::FingerprintMismatch) }
    }

    fn finish(&mut self) {
        if let Self::Handshake { finished, .. } = self {
            *finished = true;
        }
    }

    fn keep_keys(&mut self, role: DtlsRole, exported: &[u8], profile: SrtpProfile) {
        let Self::Handshake { keys, .. } = self else { return };
        let profile = match profile {
            SrtpProfile::AEAD_AES_128_GCM => Profile::AeadAes128Gcm,
            SrtpProfile::AEAD_AES_256_GCM => Profile::AeadAes256Gcm,
            SrtpProfile::AES128_CM_SHA1_80 => Profile::Aes128CmHmacSha1,
            _ => return,
        };
        *keys = KeyingMaterial::new(profile, exported).map(|material| {
            let (protector, unprotector) = match role {
                DtlsRole::Server => material.of_server(),
                DtlsRole::Client => material.of_client(),
            };
            Box::new(Keys { profile, protector, unprotector })
        });
    }

    /// Tells once that the handshake is over.
    fn announce(&mut self, each: &mut impl FnMut(Event<'_>)) -> Result<(), DisconnectReason> {
        let Self::Handshake { verified, finished: true, keys } = self else { return Ok(()) };
        if !*verified {
            return Err(DisconnectReason::FingerprintMismatch);
        }
        let keys = keys.take();
        *self = Self::Connected;
        each(Event::Connected(keys));
        Ok(())
    }
}

impl std::fmt::Debug for Dtls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dtls").field("engine", &self.engine).field("state", &self.state).finish_non_exhaustive()
    }
}

/// How many datagrams of a handshake are read: each may cost a signature.
#[derive(Debug)]
struct Allowance {
    datagrams: u32,
    filled_at: Instant,
}

impl Allowance {
    fn new(now: Instant) -> Self {
        Self { datagrams: HANDSHAKE_DATAGRAMS_MAX, filled_at: now }
    }

    fn take(&mut self, now: Instant) -> bool {
        if now.saturating_duration_since(self.filled_at) >= HANDSHAKE_REFILL {
            *self = Self::new(now);
        }
        let left = self.datagrams.checked_sub(1);
        self.datagrams = left.unwrap_or(0);
        left.is_some()
    }
}

/// Of a certificate in DER.
pub(crate) fn fingerprint(hash: HashFunction, certificate_der: &[u8]) -> Fingerprint {
    let algorithm = match hash {
        HashFunction::Sha256 => &digest::SHA256,
        HashFunction::Sha384 => &digest::SHA384,
        HashFunction::Sha512 => &digest::SHA512,
    };
    Fingerprint::new(hash, digest(algorithm, certificate_der).as_ref())
        .expect("a digest has the length of its function")
}

/// The engine's errors are all fatal.
fn reason(error: &dimpl::Error) -> DisconnectReason {
    if matches!(error, dimpl::Error::Timeout(_)) {
        DisconnectReason::HandshakeTimeout
    } else if matches!(error, dimpl::Error::ConnectionClosed) {
        DisconnectReason::ClosedByClient
    } else if matches!(error, dimpl::Error::CertificateError(_)) {
        DisconnectReason::Certificate
    } else {
        DisconnectReason::Dtls
    }
}

/// Holds every datagram, and every record that data channels send.
const OUTPUT_BYTES: usize = 2048;
/// What a network carries in one datagram, and more than any client sends in a handshake.
const HANDSHAKE_DATAGRAM_BYTES_MAX: usize = 2048;
/// A certificate is put together from datagrams that wait at the same time.
const CERTIFICATE_BYTES_MAX: usize = DTLS_QUEUE_DATAGRAMS_MAX * HANDSHAKE_DATAGRAM_BYTES_MAX;
/// Three times what a chain of large certificates takes, all of it repeated once.
const HANDSHAKE_DATAGRAMS_MAX: u32 = 100;
/// After this, as many may be read again.
const HANDSHAKE_REFILL: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;

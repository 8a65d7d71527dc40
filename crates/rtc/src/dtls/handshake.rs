//! The handshake, message by message (RFC 5246 §7.4): what both roles have in common. How messages come and go, and how often, is
//! the association's concern.

use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};

use super::fingerprint;
use super::flight::Flight;
use super::identity::{Scheme, has_signed};
use super::key_share::{Group, KeyShare};
use super::reassembly::Message;
use super::record::RecordLayer;
use super::schedule::{Finisher, MasterSecret, Randoms};
use super::wire::{Reader, put_vector24};
use crate::config::Config;
use crate::error::DisconnectReason;
use crate::sdp::Fingerprint;
use crate::session::DtlsRole;
use crate::srtp::{KeyingMaterial, Profile};

/// One handshake.
pub(super) struct Handshake {
    pub(super) config: Arc<Config>,
    pub(super) role: DtlsRole,
    /// The message that is waited for.
    pub(super) awaited: Awaited,
    /// Secret; all that is drawn here follows from it.
    seed: [u8; 32],
    /// One of them has to be the certificate's.
    fingerprints: Vec<Fingerprint>,
    /// All messages so far (RFC 5246 §7.4.9).
    pub(super) transcript: Vec<u8>,
    /// Of our next message.
    next_sequence: u16,
    pub(super) randoms: Randoms,
    pub(super) key_share: Option<KeyShare>,
    /// The other end's half, where it comes long before it is needed.
    pub(super) remote_share: Vec<u8>,
    /// What SRTP is to be protected with; `None` where the ends have nothing in common.
    pub(super) profile: Option<Profile>,
    /// In DER. Its fingerprint was announced.
    pub(super) certificate: Vec<u8>,
    /// Secrets, from the key exchange on.
    pub(super) master: Option<MasterSecret>,
    /// How often the server asked for a cookie.
    pub(super) cookies: u8,
    /// Whether the server wants to see a certificate.
    pub(super) requested: bool,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Awaited {
    ClientHello,
    ServerHello,
    Certificate,
    ServerKeyExchange,
    /// Or, where the server wants no certificate, the ServerHelloDone.
    CertificateRequest,
    ServerHelloDone,
    ClientKeyExchange,
    CertificateVerify,
    Finished,
}

/// What a message brought about.
#[derive(Debug)]
pub(super) enum Progress {
    /// More of the same flight is to come.
    More,
    /// A flight to be sent until it is answered.
    Answer(Flight),
    /// The handshake is over. A flight is what the other end still has to hear.
    Finished(Flight),
}

/// Why the handshake ends, and what the other end is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) reason: DisconnectReason,
    pub(super) alert: Alert,
}

/// Descriptions of alerts (RFC 5246 §7.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Alert {
    CloseNotify = 0,
    UnexpectedMessage = 10,
    HandshakeFailure = 40,
    BadCertificate = 42,
    IllegalParameter = 47,
    DecodeError = 50,
    DecryptError = 51,
    ProtocolVersion = 70,
}

impl From<Alert> for Failure {
    fn from(alert: Alert) -> Self {
        Self { reason: DisconnectReason::Dtls, alert }
    }
}

/// Handshake types (RFC 5246 §7.4, RFC 6347 §4.3.2).
pub(super) mod kind {
    pub(crate) const CLIENT_HELLO: u8 = 1;
    pub(crate) const SERVER_HELLO: u8 = 2;
    pub(crate) const HELLO_VERIFY_REQUEST: u8 = 3;
    pub(crate) const CERTIFICATE: u8 = 11;
    pub(crate) const SERVER_KEY_EXCHANGE: u8 = 12;
    pub(crate) const CERTIFICATE_REQUEST: u8 = 13;
    pub(crate) const SERVER_HELLO_DONE: u8 = 14;
    pub(crate) const CERTIFICATE_VERIFY: u8 = 15;
    pub(crate) const CLIENT_KEY_EXCHANGE: u8 = 16;
    pub(crate) const FINISHED: u8 = 20;
}

impl Handshake {
    pub(super) fn new(config: Arc<Config>, role: DtlsRole, fingerprints: Vec<Fingerprint>, seed: [u8; 32]) -> Self {
        let mut handshake = Self {
            config,
            role,
            awaited: if role == DtlsRole::Server { Awaited::ClientHello } else { Awaited::ServerHello },
            seed,
            fingerprints,
            transcript: Vec::new(),
            next_sequence: 0,
            randoms: Randoms::default(),
            key_share: None,
            remote_share: Vec::new(),
            profile: None,
            certificate: Vec::new(),
            master: None,
            cookies: 0,
            requested: false,
        };
        let random = handshake.drawn(b"hello");
        match role {
            DtlsRole::Server => handshake.randoms.server = random,
            DtlsRole::Client => handshake.randoms.client = random,
        }
        handshake
    }

    /// The next message of the other end.
    pub(super) fn handle_message(&mut self, message: &Message, records: &mut RecordLayer) -> Result<Progress, Failure> {
        // Only Finished is under the new keys, and it always is.
        if (message.epoch == 1) != (message.kind == kind::FINISHED) {
            return Err(Alert::UnexpectedMessage.into());
        }
        match self.role {
            DtlsRole::Server => self.handle_as_server(message, records),
            DtlsRole::Client => self.handle_as_client(message, records),
        }
    }

    /// Adds a message of ours to a flight.
    pub(super) fn say(&mut self, flight: &mut Flight, kind: u8, body: Vec<u8>) {
        let epoch = u16::from(kind == kind::FINISHED);
        let message = Message { kind, sequence: self.next_sequence, epoch, body };
        self.next_sequence = self.next_sequence.wrapping_add(1);
        self.transcript.extend_from_slice(&message.whole());
        flight.push(message);
    }

    pub(super) fn say_certificate(&mut self, flight: &mut Flight) {
        let (mut list, mut body) = (Vec::new(), Vec::new());
        put_vector24(&mut list, self.config.certificate().der());
        put_vector24(&mut body, &list);
        self.say(flight, kind::CERTIFICATE, body);
    }

    /// ChangeCipherSpec, and the Finished over all that was said.
    pub(super) fn say_finished(&mut self, flight: &mut Flight) -> Result<(), Failure> {
        let by = if self.role == DtlsRole::Server { Finisher::Server } else { Finisher::Client };
        let data = self.master()?.verify_data(by, &self.transcript);
        flight.push_change_cipher_spec();
        self.say(flight, kind::FINISHED, data.to_vec());
        Ok(())
    }

    /// Keeps the other end's certificate when it was announced.
    pub(super) fn handle_certificate(&mut self, message: &Message) -> Result<(), Failure> {
        let list = Reader::new(&message.body).vector24().ok_or(Alert::DecodeError)?;
        let missing = Failure { reason: DisconnectReason::Certificate, alert: Alert::HandshakeFailure };
        // Others of a chain follow the end's own.
        let certificate = Reader::new(list).vector24().filter(|der| !der.is_empty()).ok_or(missing)?;
        if !self.fingerprints.iter().any(|announced| *announced == fingerprint(announced.hash(), certificate)) {
            return Err(Failure { reason: DisconnectReason::FingerprintMismatch, alert: Alert::BadCertificate });
        }
        self.certificate = certificate.to_vec();
        self.transcript.extend_from_slice(&message.whole());
        Ok(())
    }

    /// Whether the signature at the end of a message is the other end's, over `signed`.
    pub(super) fn check_signature(&self, reader: &mut Reader<'_>, signed: &[u8]) -> Result<(), Failure> {
        let scheme = reader.u16().map(Scheme).ok_or(Alert::DecodeError)?;
        let signature = reader.vector16().ok_or(Alert::DecodeError)?;
        if !has_signed(&self.certificate, scheme, signed, signature) {
            return Err(Failure { reason: DisconnectReason::Certificate, alert: Alert::DecryptError });
        }
        Ok(())
    }

    /// The other end's half of the exchange is here, and the transcript ends with the ClientKeyExchange.
    pub(super) fn handle_premaster(&mut self, premaster: &[u8], records: &mut RecordLayer) {
        let master = MasterSecret::new(premaster, &self.transcript);
        let (client, server) = master.record_keys(&self.randoms);
        match self.role {
            DtlsRole::Server => records.handle_keys(server, client),
            DtlsRole::Client => records.handle_keys(client, server),
        }
        self.master = Some(master);
        self.key_share = None;
    }

    pub(super) fn handle_finished(&mut self, message: &Message) -> Result<(), Failure> {
        let by = if self.role == DtlsRole::Server { Finisher::Client } else { Finisher::Server };
        let expected = self.master()?.verify_data(by, &self.transcript);
        verify_slices_are_equal(&expected, &message.body).map_err(|_| Alert::DecryptError)?;
        self.transcript.extend_from_slice(&message.whole());
        Ok(())
    }

    /// Keys of SRTP; `None` where no profile was agreed upon.
    pub(super) fn export<T>(&self, keys: impl FnOnce(Profile, KeyingMaterial<'_>) -> T) -> Option<T> {
        let (profile, master) = (self.profile?, self.master.as_ref()?);
        let exported = master.export_srtp(&self.randoms, 2 * (profile.key_len() + profile.salt_len()));
        KeyingMaterial::new(profile, &exported).map(|material| keys(profile, material))
    }

    pub(super) fn share(&self, group: Group) -> KeyShare {
        KeyShare::new(group, &self.drawn(b"share"))
    }

    fn master(&self) -> Result<&MasterSecret, Failure> {
        self.master.as_ref().ok_or(Alert::UnexpectedMessage.into())
    }

    /// What follows from the seed for a purpose.
    fn drawn(&self, purpose: &[u8]) -> [u8; 32] {
        let mut drawn = [0; 32];
        drawn.copy_from_slice(digest(&SHA256, &[&self.seed, purpose].concat()).as_ref());
        drawn
    }
}

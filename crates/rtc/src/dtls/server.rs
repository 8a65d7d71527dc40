//! The handshake of the end that is called.

use super::flight::Flight;
use super::handshake::{Alert, Awaited, Failure, Handshake, Progress, kind};
use super::hello::ClientHello;
use super::identity::{ECDSA_SHA256, schemes};
use super::reassembly::Message;
use super::record::RecordLayer;
use super::wire::{Reader, put_u16, put_vector8, put_vector16};

impl Handshake {
    pub(super) fn handle_as_server(
        &mut self,
        message: &Message,
        records: &mut RecordLayer,
    ) -> Result<Progress, Failure> {
        match (self.awaited, message.kind) {
            (Awaited::ClientHello, kind::CLIENT_HELLO) => return self.handle_client_hello(message),
            (Awaited::Certificate, kind::CERTIFICATE) => {
                self.handle_certificate(message)?;
                self.awaited = Awaited::ClientKeyExchange;
            }
            (Awaited::ClientKeyExchange, kind::CLIENT_KEY_EXCHANGE) => {
                self.transcript.extend_from_slice(&message.whole());
                let remote = Reader::new(&message.body).vector8().ok_or(Alert::DecodeError)?;
                let share = self.key_share.as_ref().ok_or(Alert::UnexpectedMessage)?;
                let premaster = share.agree(remote).ok_or(Alert::IllegalParameter)?;
                self.handle_premaster(&premaster, records);
                self.awaited = Awaited::CertificateVerify;
            }
            (Awaited::CertificateVerify, kind::CERTIFICATE_VERIFY) => {
                self.check_signature(&mut Reader::new(&message.body), &self.transcript)?;
                self.transcript.extend_from_slice(&message.whole());
                self.awaited = Awaited::Finished;
            }
            (Awaited::Finished, kind::FINISHED) => {
                self.handle_finished(message)?;
                let mut flight = Flight::default();
                self.say_finished(&mut flight)?;
                return Ok(Progress::Finished(flight));
            }
            _ => return Err(Alert::UnexpectedMessage.into()),
        }
        Ok(Progress::More)
    }

    /// An address has passed an ICE check before it is listened to: a cookie would only cost a round trip.
    fn handle_client_hello(&mut self, message: &Message) -> Result<Progress, Failure> {
        let hello = ClientHello::parse(&message.body).ok_or(Alert::DecodeError)?;
        if !hello.version {
            return Err(Alert::ProtocolVersion.into());
        }
        let group = hello.group.filter(|_| hello.suite && hello.scheme && hello.extended_master_secret);
        let share = self.share(group.ok_or(Alert::HandshakeFailure)?);
        self.randoms.client = hello.random;
        self.profile = hello.profile;
        self.transcript.extend_from_slice(&message.whole());
        let mut flight = Flight::default();
        self.say(&mut flight, kind::SERVER_HELLO, hello.answer(&self.randoms.server));
        self.say_certificate(&mut flight);
        let mut exchange = vec![NAMED_CURVE];
        put_u16(&mut exchange, share.group.code());
        put_vector8(&mut exchange, &share.public);
        let signed = [&self.randoms.client, &self.randoms.server, &exchange[..]].concat();
        put_u16(&mut exchange, ECDSA_SHA256.0);
        put_vector16(&mut exchange, &self.config.certificate().sign(&signed));
        self.say(&mut flight, kind::SERVER_KEY_EXCHANGE, exchange);
        let mut request = Vec::new();
        put_vector8(&mut request, &[ECDSA_SIGN, RSA_SIGN]);
        put_vector16(&mut request, &schemes());
        // Of whatever authority: the fingerprint decides.
        put_vector16(&mut request, &[]);
        self.say(&mut flight, kind::CERTIFICATE_REQUEST, request);
        self.say(&mut flight, kind::SERVER_HELLO_DONE, Vec::new());
        self.key_share = Some(share);
        self.awaited = Awaited::Certificate;
        Ok(Progress::Answer(flight))
    }
}

/// RFC 8422 §5.4.
pub(super) const NAMED_CURVE: u8 = 3;
/// RFC 8422 §5.5.
const ECDSA_SIGN: u8 = 64;
/// RFC 5246 §7.4.4.
const RSA_SIGN: u8 = 1;

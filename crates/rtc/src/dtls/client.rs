//! The handshake of the end that calls: where the offer leaves this server no choice (`a=setup:passive`).

use super::flight::Flight;
use super::handshake::{Alert, Awaited, Failure, Handshake, Progress, kind};
use super::hello::{ClientHello, ServerHello};
use super::identity::ECDSA_SHA256;
use super::key_share::Group;
use super::reassembly::Message;
use super::record::RecordLayer;
use super::server::NAMED_CURVE;
use super::wire::{Reader, put_u16, put_vector8, put_vector16};

impl Handshake {
    /// The flight that begins it.
    pub(super) fn begin(&mut self, cookie: &[u8]) -> Flight {
        let mut flight = Flight::default();
        self.transcript.clear();
        self.say(&mut flight, kind::CLIENT_HELLO, ClientHello::ours(&self.randoms.client, cookie));
        flight
    }

    pub(super) fn handle_as_client(
        &mut self,
        message: &Message,
        records: &mut RecordLayer,
    ) -> Result<Progress, Failure> {
        match (self.awaited, message.kind) {
            (Awaited::ServerHello, kind::HELLO_VERIFY_REQUEST) => return self.handle_verify_request(message),
            (Awaited::ServerHello, kind::SERVER_HELLO) => {
                let hello = ServerHello::parse(&message.body).ok_or(Alert::DecodeError)?;
                if !hello.acceptable {
                    return Err(Alert::HandshakeFailure.into());
                }
                self.randoms.server = hello.random;
                self.profile = hello.profile;
                self.transcript.extend_from_slice(&message.whole());
                self.awaited = Awaited::Certificate;
            }
            (Awaited::Certificate, kind::CERTIFICATE) => {
                self.handle_certificate(message)?;
                self.awaited = Awaited::ServerKeyExchange;
            }
            (Awaited::ServerKeyExchange, kind::SERVER_KEY_EXCHANGE) => self.handle_key_exchange(message)?,
            (Awaited::CertificateRequest, kind::CERTIFICATE_REQUEST) => {
                self.transcript.extend_from_slice(&message.whole());
                self.requested = true;
                self.awaited = Awaited::ServerHelloDone;
            }
            (Awaited::CertificateRequest | Awaited::ServerHelloDone, kind::SERVER_HELLO_DONE) => {
                self.transcript.extend_from_slice(&message.whole());
                return self.answer_hello(records).map(Progress::Answer);
            }
            (Awaited::Finished, kind::FINISHED) => {
                self.handle_finished(message)?;
                return Ok(Progress::Finished(Flight::default()));
            }
            _ => return Err(Alert::UnexpectedMessage.into()),
        }
        Ok(Progress::More)
    }

    /// RFC 6347 §4.2.1: the server wants to see that we are where we say. Neither hello counts.
    fn handle_verify_request(&mut self, message: &Message) -> Result<Progress, Failure> {
        let mut reader = Reader::new(&message.body);
        let cookie = reader.u16().and_then(|_| reader.vector8()).ok_or(Alert::DecodeError)?;
        if self.cookies >= COOKIES_MAX {
            return Err(Alert::UnexpectedMessage.into());
        }
        self.cookies += 1;
        Ok(Progress::Answer(self.begin(cookie)))
    }

    /// The server's half of the exchange, which it has signed.
    fn handle_key_exchange(&mut self, message: &Message) -> Result<(), Failure> {
        let mut reader = Reader::new(&message.body);
        let (form, code) = (reader.u8().ok_or(Alert::DecodeError)?, reader.u16().ok_or(Alert::DecodeError)?);
        let remote = reader.vector8().ok_or(Alert::DecodeError)?;
        let parameters = message.body.get(..4 + remote.len()).ok_or(Alert::DecodeError)?;
        let signed = [&self.randoms.client, &self.randoms.server, parameters].concat();
        self.check_signature(&mut reader, &signed)?;
        let group = Group::from_code(code).filter(|_| form == NAMED_CURVE).ok_or(Alert::IllegalParameter)?;
        self.key_share = Some(self.share(group));
        self.remote_share = remote.to_vec();
        self.transcript.extend_from_slice(&message.whole());
        self.awaited = Awaited::CertificateRequest;
        Ok(())
    }

    fn answer_hello(&mut self, records: &mut RecordLayer) -> Result<Flight, Failure> {
        let share = self.key_share.as_ref().ok_or(Alert::UnexpectedMessage)?;
        let premaster = share.agree(&self.remote_share).ok_or(Alert::IllegalParameter)?;
        let mut exchange = Vec::new();
        put_vector8(&mut exchange, &share.public);
        let mut flight = Flight::default();
        if self.requested {
            self.say_certificate(&mut flight);
        }
        self.say(&mut flight, kind::CLIENT_KEY_EXCHANGE, exchange);
        self.handle_premaster(&premaster, records);
        if self.requested {
            let mut verify = Vec::new();
            put_u16(&mut verify, ECDSA_SHA256.0);
            put_vector16(&mut verify, &self.config.certificate().sign(&self.transcript));
            self.say(&mut flight, kind::CERTIFICATE_VERIFY, verify);
        }
        self.say_finished(&mut flight)?;
        self.awaited = Awaited::Finished;
        Ok(flight)
    }
}

/// Cookies that a server may ask for.
const COOKIES_MAX: u8 = 2;

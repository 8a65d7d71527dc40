//! Responses: built, signed, and finished with a fingerprint where the request had one.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;
use stun_types::attribute::{
    AlternateServer, AttributeStaticType, AttributeType, AttributeWrite, Fingerprint, MessageIntegrity,
    MessageIntegritySha256, RawAttribute, UnknownAttributes,
};
use stun_types::message::{
    Message as Builder, MessageClass, MessageType, MessageWrite, MessageWriteVec, Method, TransactionId,
};

use crate::error::Reject;
use crate::message::{Integrity, IntegrityAlgorithm, Message};

/// What a response repeats from its request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Envelope {
    pub(crate) method: Method,
    pub(crate) transaction: TransactionId,
    fingerprint: bool,
}

impl Envelope {
    pub(crate) fn of(request: &Message<'_>) -> Self {
        Self { method: request.method(), transaction: request.transaction(), fingerprint: request.has_fingerprint() }
    }
}

/// A response that is being written.
#[derive(Debug)]
pub(crate) struct Response {
    envelope: Envelope,
    writer: MessageWriteVec,
}

impl Response {
    pub(crate) fn success(envelope: Envelope) -> Self {
        Self::new(envelope, MessageClass::Success)
    }

    /// An error without a reason phrase: the code says it all, and the answer to a stranger stays small.
    pub(crate) fn error(envelope: Envelope, reject: &Reject) -> Self {
        Self::error_because(envelope, reject, "")
    }

    /// An error to a client that has proved who it is, with the reason in words.
    pub(crate) fn error_in_words(envelope: Envelope, reject: &Reject) -> Self {
        Self::error_because(envelope, reject, &reject.to_string())
    }

    fn error_because(envelope: Envelope, reject: &Reject, reason: &str) -> Self {
        let mut response = Self::new(envelope, MessageClass::Error);
        response.add_error_code(reject.code(), reason);
        if let Reject::UnknownAttributes(unknown) = reject {
            let types: Vec<_> = unknown.iter().copied().map(AttributeType::new).collect();
            response.add(&UnknownAttributes::new(&types));
        }
        if let Reject::TryAlternate(server) = reject {
            response.add(&AlternateServer::new(*server));
        }
        response
    }

    fn new(envelope: Envelope, class: MessageClass) -> Self {
        let kind = MessageType::from_class_method(class, envelope.method);
        let writer = Builder::builder(kind, envelope.transaction, MessageWriteVec::with_capacity(RESPONSE_BYTES_USUAL));
        Self { envelope, writer }
    }

    pub(crate) fn add(&mut self, attribute: &dyn AttributeWrite) {
        self.writer.push_attribute_unchecked(attribute);
    }

    /// RFC 8489 §14.8: 21 bits of nothing, the hundreds, the rest.
    fn add_error_code(&mut self, code: u16, reason: &str) {
        let mut value = vec![0, 0, u8::try_from(code / 100).unwrap_or(5), u8::try_from(code % 100).unwrap_or(0)];
        value.extend_from_slice(reason.as_bytes());
        value.truncate(4 + REASON_BYTES_MAX);
        self.add(&RawAttribute::new(ERROR_CODE, &value));
    }

    /// The bytes to send, with integrity of the kind the request had (RFC 8489 §9.2.4).
    pub(crate) fn finish(self, seal: Option<&Seal>) -> Vec<u8> {
        let fingerprint = self.envelope.fingerprint;
        let mut bytes = self.writer.finish();
        if let Some(seal) = seal {
            seal.append(&mut bytes);
        }
        if fingerprint {
            append(&mut bytes, Fingerprint::TYPE, 4, |head, body| {
                let mut value = Fingerprint::compute(&[head, body]);
                // RFC 8489 §14.7: the CRC XOR 0x5354554e.
                for (byte, mask) in value.iter_mut().zip([0x53, 0x54, 0x55, 0x4E]) {
                    *byte ^= mask;
                }
                value.to_vec()
            });
        }
        bytes
    }
}

/// The key of a user and the integrity attribute the user's client speaks.
#[derive(Clone)]
pub(crate) struct Seal {
    pub(crate) key: Key,
    pub(crate) algorithm: IntegrityAlgorithm,
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Seal({:?})", self.algorithm)
    }
}

/// A long-term key (RFC 8489 §9.2.2): the digest of `username:realm:password`.
#[derive(Clone)]
pub(crate) enum Key {
    Md5([u8; 16]),
    Sha256([u8; 32]),
}

impl Key {
    fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Md5(bytes) => bytes,
            Self::Sha256(bytes) => bytes,
        }
    }
}

impl Seal {
    /// Whether the integrity attribute of `message` was made with this key. Takes the same time for every wrong value.
    pub(crate) fn verify(&self, message: &Message<'_>, integrity: &Integrity<'_>) -> bool {
        let bytes = message.bytes();
        let padded = 4 + integrity.value.len();
        let Ok(length) = u16::try_from(integrity.offset + padded - 20) else { return false };
        let (Some(head), Some(body)) = (bytes.first_chunk::<2>(), bytes.get(4..integrity.offset)) else { return false };
        let parts = [&head[..], &length.to_be_bytes(), body];
        match self.algorithm {
            IntegrityAlgorithm::Sha1 => {
                keyed::<Hmac<Sha1>>(self.key.as_bytes(), &parts).verify_slice(integrity.value).is_ok()
            }
            IntegrityAlgorithm::Sha256 => {
                keyed::<Hmac<Sha256>>(self.key.as_bytes(), &parts).verify_slice(integrity.value).is_ok()
            }
        }
    }

    /// Appends the integrity attribute (RFC 8489 §14.5, §14.6).
    pub(crate) fn append(&self, bytes: &mut Vec<u8>) {
        let key = self.key.as_bytes();
        match self.algorithm {
            IntegrityAlgorithm::Sha1 => append(bytes, MessageIntegrity::TYPE, 20, |head, body| {
                keyed::<Hmac<Sha1>>(key, &[head, body]).finalize().into_bytes().to_vec()
            }),
            IntegrityAlgorithm::Sha256 => append(bytes, MessageIntegritySha256::TYPE, 32, |head, body| {
                keyed::<Hmac<Sha256>>(key, &[head, body]).finalize().into_bytes().to_vec()
            }),
        }
    }
}

fn keyed<M: Mac + KeyInit>(key: &[u8], parts: &[&[u8]]) -> M {
    let mut mac = <M as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac
}

/// Appends an attribute that is computed over the message with a length that includes it already.
fn append(bytes: &mut Vec<u8>, kind: AttributeType, value_bytes: u16, value: impl Fn(&[u8], &[u8]) -> Vec<u8>) {
    let length = u16::try_from(bytes.len() - 20 + 4).unwrap_or(u16::MAX).saturating_add(value_bytes);
    if let Some(field) = bytes.get_mut(2..4) {
        field.copy_from_slice(&length.to_be_bytes());
    }
    let (head, body) = bytes.split_at(4);
    let value = value(head, body);
    bytes.extend_from_slice(&kind.value().to_be_bytes());
    bytes.extend_from_slice(&value_bytes.to_be_bytes());
    bytes.extend_from_slice(&value);
}

/// RFC 8489 §18.3.
const ERROR_CODE: AttributeType = AttributeType::new(0x0009);
/// RFC 8489 §14.8: fewer than 128 characters.
const REASON_BYTES_MAX: usize = 127;
/// An Allocate success with two addresses, a token and SHA-256 integrity fits.
const RESPONSE_BYTES_USUAL: usize = 192;

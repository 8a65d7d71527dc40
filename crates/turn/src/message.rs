//! A STUN message as it was received: bounds checked once, attributes decoded on demand, nothing copied (RFC 8489 §5).

use stun_types::attribute::{
    Attribute, AttributeFromRaw, AttributeStaticType, AttributeType, Fingerprint, RawAttribute,
};
use stun_types::message::{MessageClass, MessageType, Method, TransactionId};

use crate::error::{BadRequest, Reject};

/// A well-formed STUN message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Message<'a> {
    bytes: &'a [u8],
    kind: MessageType,
    /// Where the attributes that count end: those behind the integrity are ignored (RFC 8489 §14.5).
    end: usize,
    integrity: Option<Integrity<'a>>,
    fingerprint: bool,
}

/// The integrity attribute that counts, and where it stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Integrity<'a> {
    pub(crate) algorithm: IntegrityAlgorithm,
    pub(crate) value: &'a [u8],
    /// The offset of the attribute in the message.
    pub(crate) offset: usize,
}

/// Which of the two integrity attributes (RFC 8489 §14.5, §14.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IntegrityAlgorithm {
    Sha1,
    Sha256,
}

/// Bytes that are no STUN message, to be dropped silently (RFC 8489 §6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

impl<'a> Message<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let kind = header(bytes)?;
        let mut message = Self { bytes, kind, end: bytes.len(), integrity: None, fingerprint: false };
        let mut attributes = Attributes { bytes, offset: HEADER_BYTES };
        while let Some(attribute) = attributes.next_or_malformed()? {
            if message.fingerprint {
                break;
            }
            message.note_trailer(&attribute)?;
        }
        Ok(message)
    }

    /// Notes where the integrity and the fingerprint stand.
    fn note_trailer(&mut self, attribute: &RawAttributeAt<'a>) -> Result<(), Malformed> {
        let &RawAttributeAt { kind, value, offset } = attribute;
        let algorithm = match kind {
            MESSAGE_INTEGRITY => IntegrityAlgorithm::Sha1,
            MESSAGE_INTEGRITY_SHA256 => IntegrityAlgorithm::Sha256,
            FINGERPRINT => {
                self.end = self.end.min(offset);
                self.fingerprint = true;
                return self.check_fingerprint(value, offset);
            }
            _ => return Ok(()),
        };
        // MESSAGE-INTEGRITY-SHA256 wins over MESSAGE-INTEGRITY (RFC 8489 §9.2.4); otherwise the first one counts.
        let replaces = match self.integrity {
            None => true,
            Some(earlier) => (earlier.algorithm, algorithm) == (IntegrityAlgorithm::Sha1, IntegrityAlgorithm::Sha256),
        };
        if replaces {
            self.integrity = Some(Integrity { algorithm, value, offset });
        }
        self.end = self.end.min(offset);
        Ok(())
    }

    /// RFC 8489 §14.7. The length in the header reaches to the end of FINGERPRINT.
    fn check_fingerprint(&self, value: &[u8], offset: usize) -> Result<(), Malformed> {
        let raw = RawAttribute::new(Fingerprint::TYPE, value);
        let fingerprint = Fingerprint::from_raw_ref(&raw).map_err(|_| Malformed)?;
        let length = u16::try_from(offset + 8 - HEADER_BYTES).map_err(|_| Malformed)?;
        let head = self.bytes.first_chunk::<2>().ok_or(Malformed)?;
        let body = self.bytes.get(4..offset).ok_or(Malformed)?;
        let computed = Fingerprint::compute(&[head, &length.to_be_bytes(), body]);
        if computed == *fingerprint.fingerprint() { Ok(()) } else { Err(Malformed) }
    }

    pub(crate) fn class(&self) -> MessageClass {
        self.kind.class()
    }

    pub(crate) fn method(&self) -> Method {
        self.kind.method()
    }

    pub(crate) fn transaction(&self) -> TransactionId {
        let id = self.bytes.get(8..HEADER_BYTES).unwrap_or_default();
        id.iter().fold(0_u128, |id, &byte| id << 8 | u128::from(byte)).into()
    }

    pub(crate) fn integrity(&self) -> Option<Integrity<'a>> {
        self.integrity
    }

    /// Whether the sender put a FINGERPRINT, and so expects one.
    pub(crate) fn has_fingerprint(&self) -> bool {
        self.fingerprint
    }

    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The attributes that count, in order.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = RawAttributeAt<'a>> {
        let mut attributes = Attributes { bytes: self.bytes, offset: HEADER_BYTES };
        let end = self.end;
        std::iter::from_fn(move || attributes.next_or_malformed().ok().flatten())
            .take_while(move |attribute| attribute.offset < end)
    }

    /// The first attribute of a type; later ones are ignored (RFC 8489 §14).
    pub(crate) fn raw(&self, kind: AttributeType) -> Option<RawAttributeAt<'a>> {
        self.attributes().find(|attribute| attribute.kind == kind.value())
    }

    /// The first attribute of type `A`, decoded.
    pub(crate) fn attribute<A: AttributeStaticType + AttributeFromRaw<'a>>(&self) -> Result<Option<A>, Reject> {
        self.raw(A::TYPE).map(|raw| raw.decode::<A>()).transpose()
    }

    /// Every attribute of type `A`, decoded.
    pub(crate) fn each<A: AttributeStaticType + Attribute + AttributeFromRaw<'a>>(
        &self,
    ) -> impl Iterator<Item = Result<A, Reject>> {
        self.attributes().filter(|raw| raw.kind == A::TYPE.value()).map(|raw| raw.decode::<A>())
    }
}

/// An attribute as it stands in the message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RawAttributeAt<'a> {
    pub(crate) kind: u16,
    pub(crate) value: &'a [u8],
    /// The offset of the attribute's header; its value starts [`ATTRIBUTE_HEADER_BYTES`] later.
    pub(crate) offset: usize,
}

impl<'a> RawAttributeAt<'a> {
    fn decode<A: AttributeStaticType + AttributeFromRaw<'a>>(&self) -> Result<A, Reject> {
        let raw = RawAttribute::new(A::TYPE, self.value);
        A::from_raw(raw).map_err(|_| Reject::BadRequest(BadRequest::Attribute(self.kind)))
    }
}

struct Attributes<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Attributes<'a> {
    fn next_or_malformed(&mut self) -> Result<Option<RawAttributeAt<'a>>, Malformed> {
        let offset = self.offset;
        let Some(rest) = self.bytes.get(offset..).filter(|rest| !rest.is_empty()) else { return Ok(None) };
        let &[kind_high, kind_low, length_high, length_low] = rest.first_chunk::<4>().ok_or(Malformed)?;
        let length = usize::from(u16::from_be_bytes([length_high, length_low]));
        let value = rest.get(ATTRIBUTE_HEADER_BYTES..ATTRIBUTE_HEADER_BYTES + length).ok_or(Malformed)?;
        let padded = ATTRIBUTE_HEADER_BYTES + length.next_multiple_of(4);
        if padded > rest.len() {
            return Err(Malformed);
        }
        self.offset += padded;
        Ok(Some(RawAttributeAt { kind: u16::from_be_bytes([kind_high, kind_low]), value, offset }))
    }
}

/// RFC 8489 §5: two zero bits, the length of what follows as a multiple of four, the magic cookie.
fn header(bytes: &[u8]) -> Result<MessageType, Malformed> {
    let &[kind_high, kind_low, length_high, length_low, c0, c1, c2, c3] = bytes.first_chunk::<8>().ok_or(Malformed)?;
    let length = usize::from(u16::from_be_bytes([length_high, length_low]));
    if [c0, c1, c2, c3] != MAGIC_COOKIE || !length.is_multiple_of(4) || bytes.len() != HEADER_BYTES + length {
        return Err(Malformed);
    }
    MessageType::from_bytes(&[kind_high, kind_low]).map_err(|_| Malformed)
}

/// RFC 8489 §5.
pub(crate) const HEADER_BYTES: usize = 20;
/// RFC 8489 §5.
pub(crate) const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xA4, 0x42];
/// RFC 8489 §14.
pub(crate) const ATTRIBUTE_HEADER_BYTES: usize = 4;
/// RFC 8489 §18.3.
const MESSAGE_INTEGRITY: u16 = 0x0008;
/// RFC 8489 §18.3.
const MESSAGE_INTEGRITY_SHA256: u16 = 0x001C;
/// RFC 8489 §18.3.
const FINGERPRINT: u16 = 0x8028;

#[cfg(test)]
mod tests;

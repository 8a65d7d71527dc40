//! The Binding request of an ICE check as it arrived, and the answers to it (RFC 8489 §5, RFC 8445 §7). Nothing is copied.

use std::net::{IpAddr, SocketAddr};

use aws_lc_rs::hmac;
use stun_types::attribute::Fingerprint;

/// A Binding request whose framing is sound and whose FINGERPRINT, which ICE wants in every check (RFC 8445 §7.1.1), is right.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Binding<'a> {
    bytes: &'a [u8],
    /// USERNAME: the addressee's fragment, a colon, the sender's fragment.
    pub(crate) username: Option<&'a [u8]>,
    /// Where MESSAGE-INTEGRITY stands, and its value.
    integrity: Option<(usize, &'a [u8])>,
    /// Whether the sender takes the controlled role (ICE-CONTROLLED).
    pub(crate) controlled: bool,
    /// Whether the sender nominates the path (USE-CANDIDATE).
    pub(crate) nominates: bool,
    /// The first attribute that has to be understood and is not (RFC 8489 §6.3.1).
    pub(crate) unknown: Option<u16>,
}

/// Bytes that are no Binding request to be answered: dropped without a word (RFC 8489 §6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotForIce;

/// The error codes that a check may get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Without USERNAME or MESSAGE-INTEGRITY (RFC 8489 §9.1.3).
    BadRequest,
    /// With the wrong ones.
    Unauthenticated,
    /// With an attribute that has to be understood and is not.
    UnknownAttribute(u16),
    /// Both ends want the controlled role (RFC 8445 §7.3.1.1).
    RoleConflict,
}

impl<'a> Binding<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, NotForIce> {
        let &[t0, t1, l0, l1, c0, c1, c2, c3] = bytes.first_chunk::<8>().ok_or(NotForIce)?;
        let length = usize::from(u16::from_be_bytes([l0, l1]));
        let framed = [c0, c1, c2, c3] == MAGIC_COOKIE && length % 4 == 0 && bytes.len() == HEADER_BYTES + length;
        if !framed || u16::from_be_bytes([t0, t1]) != BINDING_REQUEST {
            return Err(NotForIce);
        }
        let mut binding =
            Self { bytes, username: None, integrity: None, controlled: false, nominates: false, unknown: None };
        let mut offset = HEADER_BYTES;
        while offset < bytes.len() {
            let (kind, value) = attribute(bytes, offset).ok_or(NotForIce)?;
            if kind == FINGERPRINT {
                // The last attribute (RFC 8489 §14.7).
                let ends = offset + ATTRIBUTE_HEADER_BYTES + value.len() == bytes.len();
                return if ends && value == fingerprint(bytes.get(..offset).ok_or(NotForIce)?) {
                    Ok(binding)
                } else {
                    Err(NotForIce)
                };
            }
            binding.note(kind, value, offset);
            offset += ATTRIBUTE_HEADER_BYTES + value.len().next_multiple_of(4);
        }
        Err(NotForIce)
    }

    /// What stands behind MESSAGE-INTEGRITY does not count (RFC 8489 §14.5).
    fn note(&mut self, kind: u16, value: &'a [u8], offset: usize) {
        if self.integrity.is_some() {
            return;
        }
        match kind {
            USERNAME => self.username = self.username.or(Some(value)),
            MESSAGE_INTEGRITY => self.integrity = Some((offset, value)),
            ICE_CONTROLLED => self.controlled = true,
            USE_CANDIDATE => self.nominates = true,
            MESSAGE_INTEGRITY_SHA256 | PRIORITY => {}
            COMPREHENSION_OPTIONAL.. => {}
            _ => self.unknown = self.unknown.or(Some(kind)),
        }
    }

    /// Whether there is a MESSAGE-INTEGRITY.
    pub(crate) fn has_integrity(&self) -> bool {
        self.integrity.is_some()
    }

    /// Whether its sender knows the password of `key` (RFC 8489 §14.5).
    pub(crate) fn is_authentic(&self, key: &hmac::Key) -> bool {
        self.integrity.is_some_and(|integrity| is_signed(self.bytes, integrity, key))
    }

    /// The success response (RFC 8445 §7.3.1.2), which tells the sender its address.
    pub(crate) fn success(&self, remote: SocketAddr, key: &hmac::Key) -> Vec<u8> {
        let mut answer = self.answer(BINDING_SUCCESS);
        push_xor_mapped_address(&mut answer, remote);
        finish(answer, Some(key))
    }

    /// An error response. Without `key` it carries no MESSAGE-INTEGRITY: the sender has not shown that it knows the password.
    pub(crate) fn error(&self, refusal: Refusal, key: Option<&hmac::Key>) -> Vec<u8> {
        let mut answer = self.answer(BINDING_ERROR);
        let (code, reason) = refusal.code();
        let mut value = vec![0, 0, (code / 100) as u8, (code % 100) as u8];
        value.extend_from_slice(reason.as_bytes());
        push_attribute(&mut answer, ERROR_CODE, &value);
        if let Refusal::UnknownAttribute(kind) = refusal {
            push_attribute(&mut answer, UNKNOWN_ATTRIBUTES, &kind.to_be_bytes());
        }
        finish(answer, key)
    }

    fn answer(&self, kind: u16) -> Vec<u8> {
        let mut answer = Vec::with_capacity(ANSWER_BYTES);
        answer.extend_from_slice(&kind.to_be_bytes());
        answer.extend_from_slice(&[0, 0]);
        // The magic cookie and the transaction id.
        answer.extend_from_slice(self.bytes.get(4..HEADER_BYTES).unwrap_or_default());
        answer
    }
}

impl Refusal {
    /// RFC 8489 §14.8, RFC 8445 §16.2.
    fn code(self) -> (u16, &'static str) {
        match self {
            Self::BadRequest => (400, "Bad Request"),
            Self::Unauthenticated => (401, "Unauthenticated"),
            Self::UnknownAttribute(_) => (420, "Unknown Attribute"),
            Self::RoleConflict => (487, "Role Conflict"),
        }
    }
}

/// Whether a message bears the signature of `key`; `integrity` is where it stands, and what it says (RFC 8489 §14.5).
pub(super) fn is_signed(bytes: &[u8], (offset, value): (usize, &[u8]), key: &hmac::Key) -> bool {
    let Some(signed) = bytes.get(..offset) else { return false };
    // As if the message ended with this attribute.
    let Ok(length) = u16::try_from(offset + INTEGRITY_BYTES - HEADER_BYTES) else { return false };
    let mut context = hmac::Context::with_key(key);
    context.update(signed.get(..2).unwrap_or_default());
    context.update(&length.to_be_bytes());
    context.update(signed.get(4..).unwrap_or_default());
    aws_lc_rs::constant_time::verify_slices_are_equal(context.sign().as_ref(), value).is_ok()
}

/// The attribute at `offset`, when all of it and its padding is there.
pub(super) fn attribute(bytes: &[u8], offset: usize) -> Option<(u16, &[u8])> {
    let rest = bytes.get(offset..)?;
    let &[k0, k1, l0, l1] = rest.first_chunk::<ATTRIBUTE_HEADER_BYTES>()?;
    let length = usize::from(u16::from_be_bytes([l0, l1]));
    if ATTRIBUTE_HEADER_BYTES + length.next_multiple_of(4) > rest.len() {
        return None;
    }
    Some((u16::from_be_bytes([k0, k1]), rest.get(ATTRIBUTE_HEADER_BYTES..ATTRIBUTE_HEADER_BYTES + length)?))
}

/// The key of MESSAGE-INTEGRITY with a short-term password (RFC 8489 §9.1.1).
pub(crate) fn key(password: &str) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes())
}

pub(super) fn push_attribute(message: &mut Vec<u8>, kind: u16, value: &[u8]) {
    message.extend_from_slice(&kind.to_be_bytes());
    message.extend_from_slice(&(value.len() as u16).to_be_bytes());
    message.extend_from_slice(value);
    message.resize(message.len().next_multiple_of(4), 0);
}

/// RFC 8489 §14.2.
fn push_xor_mapped_address(message: &mut Vec<u8>, addr: SocketAddr) {
    let mask: [u8; 16] = message.get(4..HEADER_BYTES).and_then(|mask| mask.try_into().ok()).unwrap_or_default();
    let port = addr.port() ^ u16::from_be_bytes([mask[0], mask[1]]);
    let mut value = Vec::with_capacity(20);
    let xor =
        |octets: &[u8], value: &mut Vec<u8>| value.extend(octets.iter().zip(mask).map(|(octet, mask)| octet ^ mask));
    match addr.ip().to_canonical() {
        IpAddr::V4(ip) => {
            value.extend_from_slice(&[0, 1]);
            value.extend_from_slice(&port.to_be_bytes());
            xor(&ip.octets(), &mut value);
        }
        IpAddr::V6(ip) => {
            value.extend_from_slice(&[0, 2]);
            value.extend_from_slice(&port.to_be_bytes());
            xor(&ip.octets(), &mut value);
        }
    }
    push_attribute(message, XOR_MAPPED_ADDRESS, &value);
}

/// Adds MESSAGE-INTEGRITY and FINGERPRINT. Each is computed as if the message ended with it.
pub(super) fn finish(mut message: Vec<u8>, key: Option<&hmac::Key>) -> Vec<u8> {
    if let Some(key) = key {
        set_length(&mut message, INTEGRITY_BYTES);
        let tag = hmac::sign(key, &message);
        push_attribute(&mut message, MESSAGE_INTEGRITY, tag.as_ref());
    }
    set_length(&mut message, FINGERPRINT_BYTES);
    let fingerprint = fingerprint(&message);
    push_attribute(&mut message, FINGERPRINT, &fingerprint);
    message
}

/// The length in the header: what is there behind it, and `more`.
fn set_length(message: &mut [u8], more: usize) {
    let length = (message.len() - HEADER_BYTES + more) as u16;
    if let Some(place) = message.get_mut(2..4) {
        place.copy_from_slice(&length.to_be_bytes());
    }
}

/// RFC 8489 §14.7: the CRC of all that stands before it, in a message whose length covers it.
fn fingerprint(before: &[u8]) -> [u8; 4] {
    (u32::from_be_bytes(Fingerprint::compute(&[before])) ^ FINGERPRINT_MASK).to_be_bytes()
}

/// RFC 8489 §5.
pub(super) const HEADER_BYTES: usize = 20;
/// RFC 8489 §5.
pub(super) const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xA4, 0x42];
/// RFC 8489 §14.
pub(super) const ATTRIBUTE_HEADER_BYTES: usize = 4;
/// The whole attribute with its HMAC-SHA1.
const INTEGRITY_BYTES: usize = 24;
/// The whole attribute.
const FINGERPRINT_BYTES: usize = 8;
/// Holds every success response: header, address of IPv6, integrity, fingerprint.
const ANSWER_BYTES: usize = 76;

/// RFC 8489 §14.7.
const FINGERPRINT_MASK: u32 = 0x5354_554E;

/// RFC 8489 §18.2: method 1 with the class bits.
pub(super) const BINDING_REQUEST: u16 = 0x0001;
pub(super) const BINDING_SUCCESS: u16 = 0x0101;
const BINDING_ERROR: u16 = 0x0111;

// RFC 8489 §18.3, RFC 8445 §16.1.
pub(super) const USERNAME: u16 = 0x0006;
pub(super) const MESSAGE_INTEGRITY: u16 = 0x0008;
const ERROR_CODE: u16 = 0x0009;
const UNKNOWN_ATTRIBUTES: u16 = 0x000A;
const MESSAGE_INTEGRITY_SHA256: u16 = 0x001C;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
pub(super) const PRIORITY: u16 = 0x0024;
const USE_CANDIDATE: u16 = 0x0025;
pub(super) const FINGERPRINT: u16 = 0x8028;
pub(super) const ICE_CONTROLLED: u16 = 0x8029;
/// From here on, attributes need not be understood.
const COMPREHENSION_OPTIONAL: u16 = 0x8000;

#[cfg(test)]
pub(crate) mod tests;

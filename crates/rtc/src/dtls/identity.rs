//! Whether a signature was made with the key of a certificate. Nothing else of the certificate counts: who it is follows from its
//! fingerprint (RFC 8122 §6.2), so that the form of the rest, which differs wildly between clients, is not looked at.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, UnparsedPublicKey, VerificationAlgorithm,
};

use super::wire::put_u16;

/// A pair of hash and signature algorithm (RFC 5246 §7.4.1.4.1), or a scheme of RFC 8446 §4.2.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scheme(pub(super) u16);

/// SHA-256 with ECDSA: what this end signs with.
pub(super) const ECDSA_SHA256: Scheme = Scheme(0x0403);

type Algorithms = &'static [&'static dyn VerificationAlgorithm];

/// What is accepted, the most wanted first. The curve is not in the scheme (RFC 8422 §5.4): both are tried.
const SCHEMES: &[(Scheme, Algorithms)] = &[
    (ECDSA_SHA256, &[&ECDSA_P256_SHA256_ASN1, &ECDSA_P384_SHA256_ASN1]),
    (Scheme(0x0503), &[&ECDSA_P384_SHA384_ASN1, &ECDSA_P256_SHA384_ASN1]),
    (Scheme(0x0804), &[&RSA_PSS_2048_8192_SHA256]),
    (Scheme(0x0805), &[&RSA_PSS_2048_8192_SHA384]),
    (Scheme(0x0806), &[&RSA_PSS_2048_8192_SHA512]),
    (Scheme(0x0401), &[&RSA_PKCS1_2048_8192_SHA256]),
    (Scheme(0x0501), &[&RSA_PKCS1_2048_8192_SHA384]),
    (Scheme(0x0601), &[&RSA_PKCS1_2048_8192_SHA512]),
];

/// All schemes, as hellos and requests list them.
pub(super) fn schemes() -> Vec<u8> {
    let mut list = Vec::new();
    for (scheme, _) in SCHEMES {
        put_u16(&mut list, scheme.0);
    }
    list
}

/// Whether the key of the certificate has signed `message`.
pub(super) fn has_signed(certificate_der: &[u8], scheme: Scheme, message: &[u8], signature: &[u8]) -> bool {
    let Some(key) = public_key_info(certificate_der) else { return false };
    let algorithms = SCHEMES.iter().find(|(known, _)| *known == scheme).map_or(&[][..], |(_, algorithms)| algorithms);
    algorithms.iter().any(|algorithm| UnparsedPublicKey::new(*algorithm, key).verify(message, signature).is_ok())
}

/// The SubjectPublicKeyInfo of a certificate (RFC 5280 §4.1), in DER.
fn public_key_info(certificate_der: &[u8]) -> Option<&[u8]> {
    let mut outer = Der(certificate_der);
    let mut certificate = Der(outer.value(SEQUENCE)?.content);
    let mut signed = Der(certificate.value(SEQUENCE)?.content);
    if signed.0.first() == Some(&VERSION) {
        signed.value(VERSION)?;
    }
    // Serial number, algorithm, issuer, validity, subject.
    for tag in [INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE] {
        signed.value(tag)?;
    }
    Some(signed.value(SEQUENCE)?.whole)
}

/// What is left of some values of ASN.1 in DER.
struct Der<'a>(&'a [u8]);

struct Value<'a> {
    /// With tag and length.
    whole: &'a [u8],
    content: &'a [u8],
}

impl<'a> Der<'a> {
    /// The next value, when it has this tag.
    fn value(&mut self, tag: u8) -> Option<Value<'a>> {
        let (&[found, first], rest) = self.0.split_first_chunk()?;
        let (length, header) = match first {
            0x81 => (usize::from(*rest.first()?), 3),
            0x82 => (usize::from(u16::from_be_bytes(*rest.first_chunk()?)), 4),
            short => (usize::from(short), 2),
        };
        let (whole, left) = self.0.split_at_checked(header + length)?;
        self.0 = left;
        // A length of more than two bytes is longer than any datagram, and read as one that is too short here.
        (found == tag && first <= 0x82 && first != 0x80).then_some(Value { whole, content: whole.get(header..)? })
    }
}

const INTEGER: u8 = 0x02;
const SEQUENCE: u8 = 0x30;
/// `[0]`: left out by certificates of version 1.
const VERSION: u8 = 0xA0;

#[cfg(test)]
mod tests;

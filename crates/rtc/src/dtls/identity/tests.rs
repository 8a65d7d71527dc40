//! Signatures by every kind of key that clients have.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding,
    RsaKeyPair,
};
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_RSA_SHA256, RsaKeySize};

use super::*;

fn certificate_of(key: &KeyPair) -> Vec<u8> {
    CertificateParams::default().self_signed(key).unwrap().der().to_vec()
}

fn rsa(size: RsaKeySize) -> (RsaKeyPair, Vec<u8>) {
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, size).unwrap();
    (RsaKeyPair::from_pkcs8(&key.serialize_der()).unwrap(), certificate_of(&key))
}

#[test]
fn rsa_signatures_of_both_paddings_and_three_hashes_are_accepted() {
    for size in [RsaKeySize::_2048, RsaKeySize::_4096] {
        let (key, certificate) = rsa(size);
        let schemes: [(u16, &'static dyn RsaEncoding); 6] = [
            (0x0804, &RSA_PSS_SHA256),
            (0x0805, &RSA_PSS_SHA384),
            (0x0806, &RSA_PSS_SHA512),
            (0x0401, &RSA_PKCS1_SHA256),
            (0x0501, &RSA_PKCS1_SHA384),
            (0x0601, &RSA_PKCS1_SHA512),
        ];
        for (scheme, encoding) in schemes {
            let mut signature = vec![0; key.public_modulus_len()];
            key.sign(encoding, &SystemRandom::new(), b"said", &mut signature).unwrap();
            assert!(has_signed(&certificate, Scheme(scheme), b"said", &signature), "{scheme:04x}");
            assert!(!has_signed(&certificate, Scheme(scheme), b"else", &signature), "{scheme:04x}");
            assert!(!has_signed(&certificate, ECDSA_SHA256, b"said", &signature), "{scheme:04x}");
        }
    }
}

#[test]
fn ecdsa_signatures_on_both_curves_are_accepted() {
    let kinds: [(_, &'static EcdsaSigningAlgorithm, u16); 2] = [
        (&PKCS_ECDSA_P256_SHA256, &ECDSA_P256_SHA256_ASN1_SIGNING, 0x0403),
        (&PKCS_ECDSA_P384_SHA384, &ECDSA_P384_SHA384_ASN1_SIGNING, 0x0503),
    ];
    for (kind, signing, scheme) in kinds {
        let key = KeyPair::generate_for(kind).unwrap();
        let certificate = certificate_of(&key);
        let pair = EcdsaKeyPair::from_pkcs8(signing, &key.serialize_der()).unwrap();
        let signature = pair.sign(&SystemRandom::new(), b"said").unwrap();
        assert!(has_signed(&certificate, Scheme(scheme), b"said", signature.as_ref()));
        assert!(!has_signed(&certificate, Scheme(scheme), b"else", signature.as_ref()));
        assert!(!has_signed(&certificate, Scheme(0x0203), b"said", signature.as_ref()), "SHA-1");
    }
}

#[test]
fn every_cut_of_a_certificate_has_no_key() {
    let certificate = certificate_of(&KeyPair::generate().unwrap());
    let key = public_key_info(&certificate).unwrap();
    for length in 0..certificate.len() {
        assert_eq!(public_key_info(&certificate[..length]), None, "{length}");
    }
    assert!(key.len() > 64);
}

#[test]
fn a_certificate_of_version_1_has_a_key_too() {
    let names: Vec<String> = (0..20).map(|index| format!("number-{index}.example.org")).collect();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(names).unwrap().self_signed(&key).unwrap().der().to_vec();
    let key = public_key_info(&certificate).unwrap().to_vec();
    // Version 3 as `[0] { INTEGER 2 }`; lengths are of two bytes in a certificate of this size.
    let version = certificate.windows(5).position(|window| window == [VERSION, 3, INTEGER, 1, 2]).unwrap();
    let mut old = certificate;
    old.drain(version..version + 5);
    for header in [0, version - 4] {
        assert_eq!(old[header + 1], 0x82);
        let length = u16::from_be_bytes([old[header + 2], old[header + 3]]) - 5;
        old[header + 2..header + 4].copy_from_slice(&length.to_be_bytes());
    }
    assert_eq!(public_key_info(&old), Some(&key[..]));
}

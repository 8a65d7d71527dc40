//! Nanoseconds per packet of SRTP, beside the bare cipher: `cargo bench -p rtc --bench srtp`.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark reads the clock and prints what it saw"
)]

use std::hint::black_box;
use std::time::Instant;

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, Algorithm, LessSafeKey, Nonce, UnboundKey};
use rtc::srtp::{KeyingMaterial, Profile, Protector, Unprotector};

/// Payload of a full video packet.
const PAYLOAD_BYTES: usize = 1100;
const HEADER_BYTES: usize = 20;
const PACKETS: u64 = 200_000;
/// The best of so many rounds: other programs only ever add.
const ROUNDS: usize = 7;

fn main() {
    println!("{PAYLOAD_BYTES} bytes of payload, best of {ROUNDS} rounds of {PACKETS} packets, ns per packet");
    for (name, algorithm) in [("AES-128-GCM alone", &AES_128_GCM), ("AES-256-GCM alone", &AES_256_GCM)] {
        println!("{name:32} {:6.0}", best(|| cipher_alone(algorithm)));
    }
    for profile in [Profile::AeadAes128Gcm, Profile::AeadAes256Gcm, Profile::Aes128CmHmacSha1] {
        println!("{:32} {:6.0} protect", profile.as_str(), best(|| protect(profile)));
        println!("{:32} {:6.0} unprotect", profile.as_str(), unprotect_alone(profile));
    }
}

/// Seconds of the quickest round, as nanoseconds per packet.
fn best(mut round: impl FnMut()) -> f64 {
    let seconds = (0..ROUNDS).map(|_| {
        let begun = Instant::now();
        round();
        begun.elapsed().as_secs_f64()
    });
    seconds.fold(f64::MAX, f64::min) * 1e9 / PACKETS as f64
}

fn ends(profile: Profile) -> (Protector, Unprotector) {
    let exported = vec![7; 2 * (profile.key_len() + profile.salt_len())];
    let material = KeyingMaterial::new(profile, &exported).expect("the length is the profile's");
    (material.of_server().0, material.of_client().1)
}

/// A packet with an extension of four bytes, and room for the tag.
fn packet(profile: Profile) -> Vec<u8> {
    let mut packet = vec![0x90, 96, 0, 0, 0, 0, 0, 7, 0, 0, 0, 1, 0xBE, 0xDE, 0, 1, 0x10, 1, 0, 0];
    packet.resize(HEADER_BYTES + PAYLOAD_BYTES + profile.tag_len(), 3);
    packet
}

fn cipher_alone(algorithm: &'static Algorithm) {
    let key = UnboundKey::new(algorithm, &vec![7; algorithm.key_len()]).expect("the length is the cipher's");
    let key = LessSafeKey::new(key);
    let mut payload = vec![3; PAYLOAD_BYTES];
    for index in 0..PACKETS {
        let mut nonce = [0; 12];
        nonce[4..].copy_from_slice(&index.to_be_bytes());
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = key.seal_in_place_separate_tag(nonce, Aad::from([1; HEADER_BYTES]), &mut payload);
        black_box(tag.expect("the payload is short").as_ref());
    }
}

fn protect(profile: Profile) {
    let (protector, _) = ends(profile);
    let mut buffer = packet(profile);
    for index in 0..PACKETS {
        buffer[2..4].copy_from_slice(&(index as u16).to_be_bytes());
        let protected = protector.protect_rtp(index, &mut buffer, HEADER_BYTES + PAYLOAD_BYTES);
        black_box(protected.expect("there is room for the tag"));
    }
}

/// Protection is timed by itself and taken off: every packet can be unprotected once only.
fn unprotect_alone(profile: Profile) -> f64 {
    let both = best(|| {
        let (protector, mut unprotector) = ends(profile);
        let mut buffer = packet(profile);
        for index in 0..PACKETS {
            buffer[2..4].copy_from_slice(&(index as u16).to_be_bytes());
            protector.protect_rtp(index, &mut buffer, HEADER_BYTES + PAYLOAD_BYTES).expect("there is room for the tag");
            black_box(unprotector.unprotect_rtp(&mut buffer).expect("the packet is authentic"));
        }
    });
    both - best(|| protect(profile))
}

//! The pseudo-random function against the vectors that the TLS working group's list has for SHA-256, and what is built on it.

use super::*;

fn bytes(hex: &str) -> Vec<u8> {
    hex.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

#[test]
fn the_pseudo_random_function_gives_the_known_hundred_bytes() {
    let secret = hmac::Key::new(hmac::HMAC_SHA256, &bytes("9b be 43 6b a9 40 f0 17 b1 76 52 84 9a 71 db 35"));
    let seed = bytes("a0 ba 9f 93 6c da 31 18 27 a6 f7 96 ff d5 19 8c");
    let expected = bytes(
        "e3 f2 29 ba 72 7b e1 7b 8d 12 26 20 55 7c d4 53 c2 aa b2 1d 07 c3 d4 95 32 9b 52 d4 e6 1e db 5a \
         6b 30 17 91 e9 0d 35 c9 c9 a4 6b 4e 14 ba f9 af 0f a0 22 f7 07 7d ef 17 ab fd 37 97 c0 56 4b ab \
         4f bc 91 66 6e 9d ef 9b 97 fc e3 4f 79 67 89 ba a4 80 82 d1 22 ee 42 c5 a7 2e 5a 51 10 ff f7 01 87 34 7b 66",
    );
    for split in [0, 5, seed.len()] {
        let (head, tail) = seed.split_at(split);
        let mut out = vec![0; expected.len()];
        expand(&secret, "test label", &[head, tail], &mut out);
        assert_eq!(out, expected);
    }
}

#[test]
fn both_ends_say_different_things_in_their_finished() {
    let master = MasterSecret::new(b"premaster", b"transcript");
    let said = master.verify_data(Finisher::Client, b"more");
    assert_ne!(said, master.verify_data(Finisher::Server, b"more"));
    assert_ne!(said, master.verify_data(Finisher::Client, b"more!"));
    assert_ne!(said, MasterSecret::new(b"premaster", b"transcript!").verify_data(Finisher::Client, b"more"));
}

//! Vectors of RFC 3711 and RFC 7714, then what must hold for any packet.

use proptest::prelude::*;

use super::cipher::Cipher;
use super::derivation::{MasterKey, Purpose, SessionKeys};
use super::*;

const PROFILES: [Profile; 3] = [Profile::AeadAes128Gcm, Profile::AeadAes256Gcm, Profile::Aes128CmHmacSha1];

fn bytes(hexadecimal: &str) -> Vec<u8> {
    let digits: Vec<u8> = hexadecimal.bytes().filter(u8::is_ascii_hexdigit).collect();
    let pairs = digits.chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

fn session_keys(key: &str, salt: &str) -> SessionKeys {
    let mut keys = SessionKeys { key: [0; 32], auth: [0; 20], salt: [0; 14] };
    let (key, salt) = (bytes(key), bytes(salt));
    keys.key[..key.len()].copy_from_slice(&key);
    keys.salt[..salt.len()].copy_from_slice(&salt);
    keys
}

/// Two ends of a connection under the same keys.
fn pair(profile: Profile) -> (Protector, Unprotector) {
    let exported: Vec<u8> = (0..2 * (profile.key_len() + profile.salt_len()) as u8).collect();
    let material = KeyingMaterial::new(profile, &exported).unwrap();
    (material.of_server().0, material.of_client().1)
}

fn rtp(sequence: u16, ssrc: u32, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, 96];
    packet.extend_from_slice(&sequence.to_be_bytes());
    packet.extend_from_slice(&7_u32.to_be_bytes());
    packet.extend_from_slice(&ssrc.to_be_bytes());
    packet.extend_from_slice(payload);
    packet
}

fn protected(protector: &Protector, index: u64, packet: &[u8]) -> Vec<u8> {
    let mut buffer = packet.to_vec();
    buffer.resize(packet.len() + 16, 0);
    let len = protector.protect_rtp(index, &mut buffer, packet.len()).unwrap();
    buffer.truncate(len);
    buffer
}

#[test]
fn rfc3711_b3_session_keys_are_derived_from_the_master_key() {
    let (key, salt) = (bytes("E1F97A0D3E018BE0D64FA32C06DE4139"), bytes("0EC675AD498AFEEBB6960B3AABE6"));
    let master = MasterKey { profile: Profile::Aes128CmHmacSha1, key: &key, salt: &salt };
    let keys = master.session_keys(Purpose::Rtp);
    assert_eq!(keys.key[..16], bytes("C61E7A93744F39EE10734AFE3FF7A087"));
    assert_eq!(keys.salt[..], bytes("30CBBC08863D8C85D49DB34A9AE1"));
    assert_eq!(keys.auth[..], bytes("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"));
}

#[test]
fn rfc3711_b2_key_stream_is_that_of_counter_mode() {
    let keys = session_keys("2B7E151628AED2A6ABF7158809CF4F3C", "F0F1F2F3F4F5F6F7F8F9FAFBFCFD");
    let cipher = Cipher::with_keys(Profile::Aes128CmHmacSha1, &keys);
    let mut packet = vec![0; 12 + 48 + 10];
    cipher.seal_rtp(0, 0, &mut packet, 12);
    let stream = "E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB 41E95B3BB0A2E8DD477901E4FCA894C0";
    assert_eq!(packet[12..60], bytes(stream));
}

#[test]
fn rfc7714_16_1_rtp_packet_is_sealed_and_opened() {
    let keys = session_keys("000102030405060708090a0b0c0d0e0f", "517569642070726f2071756f");
    let cipher = Cipher::with_keys(Profile::AeadAes128Gcm, &keys);
    let plain = bytes(
        "8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070 61727465 73207472 6573",
    );
    let sealed = bytes(
        "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b 36de3adf
         8833899d 7f27beb1 6a9152cf 765ee439 0cce",
    );
    let mut packet = plain.clone();
    packet.resize(plain.len() + 16, 0);
    cipher.seal_rtp(0x5501_A0B2, 0xF17B, &mut packet, 12);
    assert_eq!(packet, sealed);
    assert!(cipher.open_rtp(0x5501_A0B2, 0xF17B, &mut packet, 12));
    assert_eq!(packet[..plain.len()], plain);
}

#[test]
fn rfc7714_17_1_rtcp_packet_is_sealed_and_opened() {
    let keys = session_keys("000102030405060708090a0b0c0d0e0f", "517569642070726f2071756f");
    let cipher = Cipher::with_keys(Profile::AeadAes128Gcm, &keys);
    let plain = bytes(
        "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef deadbeef deadbeef deadbeef",
    );
    let sealed = bytes(
        "81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda 4ce09b46 86303ded
         0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4",
    );
    let mut packet = plain.clone();
    cipher.seal_rtcp(0x4D61_7273, 0x5D4, &mut packet);
    assert_eq!(packet, sealed);
    assert_eq!(cipher.srtcp_index(&packet), Some(0x5D4));
    assert_eq!(cipher.open_rtcp(0x4D61_7273, 0x5D4, &mut packet), Some(plain.len()));
    assert_eq!(packet[..plain.len()], plain);
}

/// The packet of libsrtp's validation, under the master key of RFC 3711 B.3.
#[test]
fn packet_under_aes_cm_carries_the_tag_that_libsrtp_computes() {
    let (key, salt) = (bytes("E1F97A0D3E018BE0D64FA32C06DE4139"), bytes("0EC675AD498AFEEBB6960B3AABE6"));
    let exported = [&key[..], &key[..], &salt[..], &salt[..]].concat();
    let material = KeyingMaterial::new(Profile::Aes128CmHmacSha1, &exported).unwrap();
    let plain = bytes("800f1234 decafbad cafebabe abababab abababab abababab abababab");
    let sealed = bytes("800f1234 decafbad cafebabe 4e55dc4c e79978d8 8ca4d215 949d2402 b78d6acc 99ea179b 8dbb");
    let (protector, mut unprotector) = material.of_server();
    let mut packet = protected(&protector, 0x1234, &plain);
    assert_eq!(packet, sealed);
    assert_eq!(unprotector.unprotect_rtp(&mut packet), Ok(0..plain.len()));
    assert_eq!(packet[..plain.len()], plain);
}

#[test]
fn keying_material_of_another_length_is_refused() {
    for profile in PROFILES {
        let right = 2 * (profile.key_len() + profile.salt_len());
        for length in [0, right - 1, right + 1] {
            assert!(KeyingMaterial::new(profile, &vec![0; length]).is_none(), "{profile:?} {length}");
        }
    }
}

#[test]
fn a_packet_that_comes_twice_is_dropped_the_second_time() {
    for profile in PROFILES {
        let (protector, mut unprotector) = pair(profile);
        let packet = protected(&protector, 9, &rtp(9, 1, b"once"));
        assert!(unprotector.unprotect_rtp(&mut packet.clone()).is_ok());
        assert_eq!(unprotector.unprotect_rtp(&mut packet.clone()), Err(UnprotectError::Replay));
    }
}

#[test]
fn reports_that_come_twice_are_dropped_the_second_time() {
    for profile in PROFILES {
        let (mut protector, mut unprotector) = pair(profile);
        let mut packet = bytes("80c90001 0000002a");
        protector.protect_rtcp(&mut packet).unwrap();
        assert_eq!(unprotector.unprotect_rtcp(&mut packet.clone()), Ok(0..8));
        assert_eq!(unprotector.unprotect_rtcp(&mut packet.clone()), Err(UnprotectError::Replay));
    }
}

#[test]
fn a_report_that_says_it_is_not_encrypted_is_dropped() {
    for profile in PROFILES {
        let (mut protector, mut unprotector) = pair(profile);
        let mut packet = bytes("80c90001 0000002a");
        protector.protect_rtcp(&mut packet).unwrap();
        let flag = if profile == Profile::Aes128CmHmacSha1 { packet.len() - 14 } else { packet.len() - 4 };
        packet[flag] &= 0x7F;
        assert_eq!(unprotector.unprotect_rtcp(&mut packet), Err(UnprotectError::Malformed));
    }
}

#[test]
fn sequence_numbers_may_wrap_and_come_out_of_order() {
    for profile in PROFILES {
        let (protector, mut unprotector) = pair(profile);
        for index in [0xFFFE, 0x1_0000, 0xFFFF, 0x1_0001, 0x1_7FFF, 0x1_FFFE, 0x2_0001_u64] {
            let mut packet = protected(&protector, index, &rtp(index as u16, 1, b"around"));
            assert_eq!(unprotector.unprotect_rtp(&mut packet), Ok(0..18), "{profile:?} {index:x}");
        }
    }
}

#[test]
fn a_packet_before_the_first_of_its_stream_is_dropped_without_underflow() {
    let (protector, mut unprotector) = pair(Profile::AeadAes128Gcm);
    assert!(unprotector.unprotect_rtp(&mut protected(&protector, 3, &rtp(3, 1, b""))).is_ok());
    let mut early = protected(&protector, 0xFFFF, &rtp(0xFFFF, 1, b""));
    assert_eq!(unprotector.unprotect_rtp(&mut early), Err(UnprotectError::Replay));
}

#[test]
fn protection_refuses_what_would_break_the_keys() {
    for profile in PROFILES {
        let (protector, _) = pair(profile);
        let packet = rtp(9, 1, b"payload");
        let mut buffer = packet.clone();
        buffer.resize(packet.len() + profile.tag_len(), 0);
        let before = buffer.clone();
        let other = protector.protect_rtp(8, &mut buffer, packet.len());
        assert_eq!(other, Err(ProtectError::Index { index: 8, sequence: 9 }));
        let late = protector.protect_rtp(1 << 48 | 9, &mut buffer, packet.len());
        assert_eq!(late, Err(ProtectError::KeysUsedUp));
        let last = buffer.len() - 1;
        let narrow = protector.protect_rtp(9, &mut buffer[..last], packet.len());
        assert_eq!(narrow, Err(ProtectError::BufferTooSmall { buffer_len: last, needed: last + 1 }));
        let short = protector.protect_rtp(9, &mut buffer, 11);
        assert_eq!(short, Err(ProtectError::Malformed { plain_len: 11 }));
        assert_eq!(buffer, before, "nothing is written on an error");
        assert!(protector.protect_rtp((1 << 48) - 0x1_0000 + 9, &mut buffer, packet.len()).is_ok());
    }
}

#[test]
fn after_two_to_the_thirty_first_reports_the_keys_are_used_up() {
    let (mut protector, _) = pair(Profile::AeadAes128Gcm);
    protector.rtcp_index = RTCP_INDEX_MAX;
    assert!(protector.protect_rtcp(&mut bytes("80c90001 0000002a")).is_ok());
    assert_eq!(protector.protect_rtcp(&mut bytes("80c90001 0000002a")), Err(ProtectError::KeysUsedUp));
}

#[test]
fn media_is_protected_and_unprotected_without_allocation() {
    for profile in PROFILES {
        let (protector, mut unprotector) = pair(profile);
        let mut first = protected(&protector, 1, &rtp(1, 1, &[0; 1100]));
        unprotector.unprotect_rtp(&mut first).unwrap();
        let packet = rtp(2, 1, &[0; 1100]);
        let mut buffer = packet.clone();
        buffer.resize(packet.len() + profile.tag_len(), 0);
        let info = allocation_counter::measure(|| {
            protector.protect_rtp(2, &mut buffer, packet.len()).unwrap();
            unprotector.unprotect_rtp(&mut buffer).unwrap();
        });
        assert_eq!(info.count_total, 0, "{profile:?}");
    }
}

fn profiles() -> impl Strategy<Value = Profile> {
    prop::sample::select(&PROFILES[..])
}

proptest! {
    #[test]
    fn any_packet_comes_out_as_it_went_in(
        profile in profiles(), index in 0_u64..1 << 20, ssrc: u32, sources in 0_usize..16, extension in 0_usize..20,
        payload in prop::collection::vec(any::<u8>(), 0..1300),
    ) {
        let (protector, mut unprotector) = pair(profile);
        let mut packet = rtp(index as u16, ssrc, &vec![3; 4 * sources]);
        packet[0] |= sources as u8;
        if extension > 0 {
            packet[0] |= 0x10;
            packet.extend_from_slice(&[0xBE, 0xDE, 0, extension as u8]);
            packet.extend_from_slice(&vec![5; 4 * extension]);
        }
        let header_len = packet.len();
        packet.extend_from_slice(&payload);
        let mut sealed = protected(&protector, index, &packet);
        prop_assert_eq!(&sealed[..header_len], &packet[..header_len], "headers stay readable");
        unprotector.rtp_streams.accept(ssrc, index.saturating_sub(1));
        if index == 0 {
            unprotector.rtp_streams = Streams::default();
        }
        prop_assert_eq!(unprotector.unprotect_rtp(&mut sealed), Ok(0..packet.len()));
        prop_assert_eq!(&sealed[..packet.len()], &packet[..]);
    }

    #[test]
    fn a_packet_with_one_bit_changed_is_dropped(profile in profiles(), bit in 0_usize..8 * 40) {
        let (mut protector, mut unprotector) = pair(profile);
        let mut media = protected(&protector, 7, &rtp(7, 1, &[0; 30]));
        media[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(unprotector.unprotect_rtp(&mut media).is_err());
        let mut report = bytes("81c90007 0000002a 00000001 00000000 00000000 00000000 00000000 00000000");
        protector.protect_rtcp(&mut report).unwrap();
        report[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(unprotector.unprotect_rtcp(&mut report).is_err());
    }

    #[test]
    fn arbitrary_bytes_are_dropped_and_never_panic(profile in profiles(), mut noise in prop::collection::vec(any::<u8>(), 0..64)) {
        let (mut protector, mut unprotector) = pair(profile);
        prop_assert!(unprotector.unprotect_rtp(&mut noise.clone()).is_err());
        prop_assert!(unprotector.unprotect_rtcp(&mut noise.clone()).is_err());
        let plain_len = noise.len();
        let _ = protector.protect_rtp(0, &mut noise.clone(), plain_len);
        let _ = protector.protect_rtcp(&mut noise);
    }
}

//! The table of RFC 7983, byte by byte.

use super::*;

#[test]
fn rfc7983_every_first_byte_has_its_class() {
    for first in 0..=255_u8 {
        let expected = match first {
            0..=3 => Class::Stun,
            20..=63 => Class::Dtls,
            64..=79 => Class::TurnChannel,
            128..=191 => Class::Rtp,
            _ => Class::Unknown,
        };
        assert_eq!(classify(&[first, 96]), expected, "{first}");
    }
}

#[test]
fn rfc5761_packet_types_192_to_223_are_reports() {
    for second in 0..=255_u8 {
        let expected = if (192..=223).contains(&second) { Class::Rtcp } else { Class::Rtp };
        assert_eq!(classify(&[0x80, second]), expected, "{second}");
    }
}

#[test]
fn less_than_two_bytes_are_nothing() {
    assert_eq!(classify(&[]), Class::Unknown);
    assert_eq!(classify(&[0]), Class::Unknown);
}

#[test]
fn the_fragment_before_the_colon_names_the_addressee_of_a_check() {
    let check = crate::ice::message::tests::Check::new("w0abcd:client", "password").build();
    assert_eq!(ice_ufrag(&check), Some(&b"w0abcd"[..]));
    let odd = crate::ice::message::tests::Check::new("no-colon", "password").build();
    assert_eq!(ice_ufrag(&odd), None);
    assert_eq!(ice_ufrag(&check[..check.len() - 1]), None);
    assert_eq!(ice_ufrag(&[0x80; 40]), None);
}

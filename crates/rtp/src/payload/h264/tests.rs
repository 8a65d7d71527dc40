use super::*;

const NOTHING: Contents =
    Contents { sequence_parameters: false, picture_parameters: false, idr_start: false, slice: false };

#[test]
fn units_are_found_in_every_kind_of_packet() {
    let slice = Contents { slice: true, ..NOTHING };
    let idr = Contents { slice: true, idr_start: true, ..NOTHING };
    let parameters = Contents { sequence_parameters: true, picture_parameters: true, ..NOTHING };
    for (payload, expected) in [
        (&[0x41, 0x9a][..], slice),
        (&[0x65, 0x88], idr),
        (&[0x67, 0x42], Contents { sequence_parameters: true, ..NOTHING }),
        (&[0x68, 0xce], Contents { picture_parameters: true, ..NOTHING }),
        (&[0x78, 0, 2, 0x67, 0x42, 0, 1, 0x68], parameters),
        (&[0x78, 0, 1, 0x67, 0, 1, 0x68, 0, 2, 0x65, 0x88], Contents { idr_start: true, slice: true, ..parameters }),
        (&[0x7c, 0x85, 0x88], idr),
        (&[0x7c, 0x05, 0x88], slice),
        (&[0x7c, 0x45, 0x88], slice),
        (&[0x5c, 0x81, 0x9a], slice),
        (&[0x06, 0x05], NOTHING),
        (&[0x09, 0x10], NOTHING),
    ] {
        assert_eq!(inspect(payload), expected, "{payload:02x?}");
    }
}

#[test]
fn what_is_cut_off_has_no_contents() {
    for payload in [&[][..], &[0x78], &[0x78, 0], &[0x78, 0, 5, 0x67], &[0x78, 0, 0], &[0x7c]] {
        assert_eq!(inspect(payload), NOTHING, "{payload:02x?}");
    }
}

#[test]
fn a_receiver_can_start_with_the_parameters_or_the_picture() {
    assert!(inspect(&[0x67]).is_key_frame());
    assert!(inspect(&[0x7c, 0x85]).is_key_frame());
    assert!(!inspect(&[0x7c, 0x05]).is_key_frame());
    assert!(!inspect(&[0x68]).is_key_frame());
}

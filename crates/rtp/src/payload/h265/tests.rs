use super::*;

#[test]
fn random_access_and_parameters_are_found_in_every_kind_of_packet() {
    for (payload, parameters, random_access) in [
        (&[0x40, 0x01][..], true, false),                          // VPS
        (&[0x44, 0x01], true, false),                              // PPS
        (&[0x26, 0x01], false, true),                              // IDR_W_RADL
        (&[0x2a, 0x01], false, true),                              // CRA
        (&[0x02, 0x01], false, false),                             // a trailing picture
        (&[0x60, 0x01, 0, 2, 0x40, 1, 0, 2, 0x26, 1], true, true), // aggregation
        (&[0x62, 0x01, 0x93], false, true),                        // the first fragment of an IDR
        (&[0x62, 0x01, 0x13], false, false),                       // another one
        (&[0x62, 0x01], false, false),
        (&[0x60, 0x01, 0, 9, 0x40], false, false),
        (&[0x26], false, false),
        (&[], false, false),
    ] {
        let contents = inspect(payload);
        assert_eq!((contents.parameters, contents.random_access_start), (parameters, random_access), "{payload:02x?}");
        assert_eq!(contents.is_key_frame(), parameters || random_access);
    }
}

#[test]
fn the_temporal_layer_is_one_less_than_what_is_written() {
    assert_eq!(inspect(&[0x02, 0x03]).temporal_id, 2);
    assert_eq!(inspect(&[0x02, 0x00]).temporal_id, 0);
}

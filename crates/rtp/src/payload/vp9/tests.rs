use super::*;
use proptest::prelude::*;

/// A key frame of a stream of three spatial layers, non-flexible, with its scalability structure.
const KEY_FRAME: &[u8] = &[
    0xaa, // I, L, B, V
    0x81, 0x02, // picture id 0x102
    0x00, 0x09, // TID 0, SID 0; TL0PICIDX 9
    0x58, 0x01, 0x40, 0x00, 0xb4, 0x02, 0x80, 0x01, 0x68, 0x05, 0x00, 0x02,
    0xd0, // three layers with sizes and a group
    0x02, 0x04, 0x01, 0x18, 0x01, 0x02, // of two pictures with one and two references
    0xff, // the frame
];

#[test]
fn a_key_frame_comes_with_its_structure() {
    let mut bytes = KEY_FRAME.to_vec();
    bytes[19] = 0x04;
    let descriptor = Descriptor::parse(KEY_FRAME).unwrap();
    assert!(descriptor.is_key_frame());
    assert!(descriptor.start_of_frame);
    assert!(!descriptor.end_of_frame);
    assert_eq!(descriptor.picture_id, Some(PictureId::Long(0x102)));
    assert_eq!(descriptor.tl0_picture_index, Some(9));
    let scalability = descriptor.scalability.unwrap();
    assert_eq!(scalability.spatial_layers, 3);
    assert_eq!(scalability.sizes_px[..3], [(320, 180), (640, 360), (1280, 720)]);
    assert_eq!(descriptor.length, KEY_FRAME.len() - 1);
}

#[test]
fn a_cut_descriptor_is_refused() {
    for length in 0..KEY_FRAME.len() - 1 {
        assert_eq!(Descriptor::parse(&KEY_FRAME[..length]), Err(ParseError::Truncated), "{length} bytes");
    }
}

#[test]
fn flexible_mode_names_up_to_three_references_and_has_no_tl0_index() {
    let parse = |references: &[u8]| {
        let mut bytes = vec![0xf4, 0x05, 0x33];
        bytes.extend(references);
        Descriptor::parse(&bytes)
    };
    let descriptor = parse(&[0x03, 0x05, 0x06, 0xff]).unwrap();
    assert!(descriptor.flexible && descriptor.end_of_frame && !descriptor.is_key_frame());
    assert_eq!(descriptor.tl0_picture_index, None);
    assert_eq!(descriptor.picture_id, Some(PictureId::Short(5)));
    let layer = Layer { temporal_id: 1, switching_up_point: true, spatial_id: 1, inter_layer_dependency: true };
    assert_eq!(descriptor.layer, Some(layer));
    assert_eq!(descriptor.length, 6);
    assert_eq!(parse(&[0x03, 0x05, 0x07, 0xff]).unwrap_err(), ParseError::TooMany { what: "references", limit: 3 });
}

#[test]
fn key_frames_start_in_the_lowest_layer_and_higher_ones_can_be_joined_there() {
    for (payload, key, switch) in [
        (&[0x08][..], true, true),        // no layers
        (&[0x48], false, false),          // refers to others
        (&[0x00], false, false),          // not the start
        (&[0x28, 0x00, 0], true, true),   // SID 0
        (&[0x28, 0x03, 0], false, true),  // SID 1 on top of SID 0 of the same picture
        (&[0x68, 0x03, 0], false, false), // SID 1 of a later picture
    ] {
        let descriptor = Descriptor::parse(payload).unwrap();
        assert_eq!(
            (descriptor.is_key_frame(), descriptor.is_spatial_switching_point()),
            (key, switch),
            "{payload:02x?}"
        );
    }
}

proptest! {
    #[test]
    fn numbers_are_rewritten_and_all_else_stays(payload in prop::collection::vec(any::<u8>(), 1..40), id in 0u16..0x8000, index: u8) {
        if let Ok(read) = Descriptor::parse(&payload) {
            let mut wanted = read;
            wanted.picture_id = read.picture_id.map(|_| PictureId::Long(id));
            wanted.tl0_picture_index = read.tl0_picture_index.map(|_| index);
            let head = wanted.write(&read);
            let mut rewritten = head.bytes().to_vec();
            rewritten.extend(&payload[head.replaced..]);
            let mut again = Descriptor::parse(&rewritten).unwrap();
            prop_assert_eq!(&rewritten[again.length..], &payload[read.length..]);
            again.length = read.length;
            prop_assert_eq!(again, wanted);
        }
    }
}

use super::*;
use proptest::prelude::*;

/// A key frame of 640x360 as a browser sends it: picture id 0x1234, TL0PICIDX 7, TID 0 with Y.
const KEY_FRAME: &[u8] =
    &[0x90, 0xe0, 0x92, 0x34, 0x07, 0x20, 0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01];

#[test]
fn a_key_frame_is_known_with_its_numbers_and_its_size() {
    let descriptor = Descriptor::parse(KEY_FRAME).unwrap();
    assert!(descriptor.is_start_of_frame());
    assert!(descriptor.is_key_frame());
    assert_eq!(descriptor.picture_id, Some(PictureId::Long(0x1234)));
    assert_eq!(descriptor.tl0_picture_index, Some(7));
    assert_eq!(descriptor.temporal, Some(Temporal { id: 0, layer_sync: true }));
    assert_eq!(descriptor.key_index, None);
    assert_eq!(descriptor.length, 6);
    assert_eq!(key_frame_size(&KEY_FRAME[6..]), Some((640, 360)));
}

#[test]
fn only_the_first_packet_of_a_key_frame_is_one() {
    for (payload, start, key) in [
        (&[0x10, 0x00][..], true, true),
        (&[0x10, 0x01], true, false),
        (&[0x00, 0x00], false, false), // a continuation
        (&[0x11, 0x00], false, false), // the second partition
        (&[0x10], true, false),        // nothing behind the descriptor
    ] {
        let descriptor = Descriptor::parse(payload).unwrap();
        assert_eq!((descriptor.is_start_of_frame(), descriptor.is_key_frame()), (start, key), "{payload:02x?}");
    }
}

#[test]
fn a_cut_descriptor_is_refused() {
    for length in 0..6 {
        assert_eq!(Descriptor::parse(&KEY_FRAME[..length]), Err(ParseError::Truncated), "{length} bytes");
    }
    assert!(Descriptor::parse(&KEY_FRAME[..6]).is_ok());
}

#[test]
fn what_is_no_key_frame_has_no_size() {
    assert_eq!(key_frame_size(&KEY_FRAME[6..15]), None);
    assert_eq!(key_frame_size(&[0x11, 0, 0, 0x9d, 1, 0x2a, 0, 0, 0, 0]), None);
    assert_eq!(key_frame_size(&[0x10, 0, 0, 0x9d, 1, 0x2b, 0, 0, 0, 0]), None);
}

#[test]
fn a_picture_id_may_grow_when_it_is_rewritten() {
    let mut descriptor = Descriptor::parse(&[0x90, 0x80, 0x7f, 0x01]).unwrap();
    assert_eq!(descriptor.picture_id, Some(PictureId::Short(127)));
    descriptor.picture_id = Some(PictureId::Long(128));
    let head = descriptor.write();
    assert_eq!((head.bytes(), head.replaced), (&[0x90, 0x80, 0x80, 0x80][..], 3));
}

#[test]
fn numbers_keep_the_width_they_have() {
    assert_eq!(PictureId::Short(1).with_value(130), PictureId::Short(2));
    assert_eq!(PictureId::Long(1).with_value(0x8002), PictureId::Long(2));
}

proptest! {
    #[test]
    fn what_is_written_reads_back_and_the_rest_stays(payload in prop::collection::vec(any::<u8>(), 1..12), id in 0u16..0x8000, index: u8) {
        if let Ok(mut descriptor) = Descriptor::parse(&payload) {
            descriptor.picture_id = descriptor.picture_id.map(|old| old.with_value(id));
            descriptor.tl0_picture_index = descriptor.tl0_picture_index.map(|_| index);
            let head = descriptor.write();
            let mut rewritten = head.bytes().to_vec();
            rewritten.extend(&payload[head.replaced..]);
            let mut read = Descriptor::parse(&rewritten).unwrap();
            prop_assert_eq!(&rewritten[read.length..], &payload[descriptor.length..]);
            // An extension byte without anything in it is left out.
            read.length = descriptor.length;
            prop_assert_eq!(read, descriptor);
        }
    }
}

use proptest::collection::vec;
use proptest::prelude::{any, proptest};

use super::{KeyFrame, superframe};
use crate::ParseError;

/// What libvpx begins with: 322 by 242, 4:2:0.
const KEY: &[u8] = &[0x82, 0x49, 0x83, 0x42, 0x00, 0x14, 0x10, 0x0f, 0x16, 0x06];
/// The same in 4:4:4, which is profile 1.
const KEY_444: &[u8] = &[0xa2, 0x49, 0x83, 0x42, 0x00, 0x02, 0x82, 0x01, 0xe2, 0xc0];

#[test]
fn key_frames_of_a_real_encoder_tell_size_and_colours_and_make_its_record() {
    let key =
        KeyFrame { profile: 0, bit_depth: 8, subsampling: (true, true), is_full_range: false, width: 322, height: 242 };
    assert_eq!(KeyFrame::parse(KEY), Ok(Some(key)));
    // As ffmpeg has it, but for the level.
    assert_eq!(key.record(), [0, 20, 0x82, 2, 2, 2, 0, 0]);
    let key = KeyFrame { profile: 1, subsampling: (false, false), ..key };
    assert_eq!(KeyFrame::parse(KEY_444), Ok(Some(key)));
    assert_eq!(key.record(), [1, 20, 0x86, 2, 2, 2, 0, 0]);
}

#[test]
fn other_frames_are_none_and_what_is_no_frame_is_said_to_be_none() {
    for (frame, expected) in [
        (&[0x86, 0x00, 0x40][..], Ok(None)),
        (&[0x88], Ok(None)),
        (&[0x42], Err(ParseError::Value { field: "the frame marker", value: 1 })),
        (&[0x82, 1, 2, 3], Err(ParseError::Value { field: "the sync code of a key frame", value: 0x01_0203 })),
        (&KEY[..6], Err(ParseError::Truncated)),
        (&[], Err(ParseError::Truncated)),
    ] {
        assert_eq!(KeyFrame::parse(frame), expected, "{frame:x?}");
    }
}

#[test]
fn one_frame_stays_alone_and_several_have_an_index_behind_them() {
    assert_eq!(superframe(&[&[1, 2]]), [1, 2]);
    assert_eq!(superframe(&[&[1, 2], &[3]]), [1, 2, 3, 0xc1, 2, 1, 0xc1]);
    let large = superframe(&[&[0; 300], &[1]]);
    assert_eq!(large[301..], [0xc9, 44, 1, 1, 0, 0xc9]);
}

#[test]
fn a_level_has_room_for_the_picture() {
    let key = KeyFrame::parse(KEY).unwrap().unwrap();
    let level = |width, height| KeyFrame { width, height, ..key }.record()[1];
    assert_eq!([level(256, 144), level(1280, 720), level(1920, 1080), level(65_536, 65_536)], [10, 31, 40, 62]);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..40)) {
        let _ = KeyFrame::parse(&bytes);
    }
}

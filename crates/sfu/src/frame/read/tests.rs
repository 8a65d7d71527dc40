use rtp::parameters::CodecName;

use super::{Payload, read, write_head};
use crate::frame::{DependencyState, Frame, Level, Levels, PictureNumbers};
use crate::layer::Previous;

const BEFORE: Option<Previous> = Some(Previous { place: 1, timestamp: 1_000 });

fn frame(codec: CodecName, bytes: &[u8]) -> Frame {
    frame_after(BEFORE, codec, bytes, &mut DependencyState::default())
}

fn frame_after(previous: Option<Previous>, codec: CodecName, bytes: &[u8], state: &mut DependencyState) -> Frame {
    read(&Payload { codec, bytes, descriptor: None, timestamp: 4_000, marker: true, encrypted: false }, previous, state)
        .0
}

#[test]
fn vp8_frames_tell_key_frames_layers_and_where_to_go_up() {
    let key = frame(CodecName::Vp8, &[0x90, 0xe0, 0x80, 9, 4, 0x00, 0x00]);
    assert!(key.key && key.starts_picture && key.ends && key.is_dense);
    assert_eq!(key.picture, Some(PictureNumbers { id: 9, base: 4, key: 0 }));
    assert_eq!(key.climb, Levels::ALL);
    let synced = frame(CodecName::Vp8, &[0x90, 0xe0, 0x80, 10, 4, 0x60, 0x01]);
    assert!(!synced.key);
    assert_eq!(synced.level, Level { spatial: 0, temporal: 1 });
    assert!(synced.climb.contains(Level { spatial: 0, temporal: 1 }));
    assert!(!synced.climb.contains(Level { spatial: 0, temporal: 2 }));
    assert!(!synced.needed.contains(Level { spatial: 0, temporal: 0 }));
    let unsynced = frame(CodecName::Vp8, &[0x90, 0xe0, 0x80, 10, 4, 0x40, 0x01]);
    assert_eq!(unsynced.climb, Levels::EMPTY);
    let behind = frame(CodecName::Vp8, &[0x80, 0xe0, 0x80, 9, 4, 0x00, 0x00]);
    assert!(!behind.starts && !behind.key);
}

#[test]
fn a_cut_off_descriptor_starts_nothing() {
    for codec in [CodecName::Vp8, CodecName::Vp9] {
        let frame = frame(codec, &[0xff]);
        assert!(!frame.starts_picture && !frame.key, "{codec:?}");
    }
}

#[test]
fn h264_begins_with_its_parameters_once_they_came_in_the_stream() {
    let mut state = DependencyState::default();
    let mut look = |bytes: &[u8], previous| {
        let frame = frame_after(previous, CodecName::H264, bytes, &mut state);
        frame.key && frame.starts_picture
    };
    let bare: Vec<bool> = (0..5).map(|_| look(&[0x65, 1], BEFORE)).collect();
    assert_eq!(bare, [false, false, false, true, true], "a stream without parameters is believed after a while");
    assert!(!look(&[0x41, 1], BEFORE));
    assert!(look(&[0x67, 1], BEFORE));
    assert!(!look(&[0x65, 1], BEFORE), "its parameters were lost");
    let same_picture = Some(Previous { place: 1, timestamp: 4_000 });
    assert!(look(&[0x67, 1], same_picture));
}

#[test]
fn heads_are_written_with_new_numbers_in_as_many_bits() {
    let picture = PictureNumbers { id: 0x1234, base: 7, key: 3 };
    let long = write_head(CodecName::Vp8, &[0x90, 0xf0, 0x80, 9, 4, 0x61, 0x01], picture).unwrap();
    assert_eq!(long.bytes(), [0x90, 0xf0, 0x92, 0x34, 7, 0x63]);
    assert_eq!(long.replaced, 6);
    let short = write_head(CodecName::Vp8, &[0x90, 0x80, 9, 0x01], picture).unwrap();
    assert_eq!(short.bytes(), [0x90, 0x80, 0x34]);
    assert!(write_head(CodecName::H264, &[0x65], picture).is_none());
}

#[test]
fn of_an_encrypted_payload_nothing_is_read() {
    for codec in [CodecName::Vp8, CodecName::Vp9, CodecName::H264, CodecName::H265, CodecName::Av1] {
        for bytes in [&[0x90, 0xe0, 0x80, 9, 4, 0x00, 0x00][..], &[0x67, 1], &[0xff]] {
            let payload = Payload { codec, bytes, descriptor: None, timestamp: 4_000, marker: true, encrypted: true };
            let (frame, size) = read(&payload, BEFORE, &mut DependencyState::default());
            assert!(frame.is_blind && frame.starts_picture && !frame.key, "{codec:?}");
            assert_eq!((frame.picture, size, frame.needed), (None, None, Levels::ALL));
            assert_eq!(super::numbers(&payload).picture, None);
            let lost = Payload { descriptor: Some(&[0x80, 0, 7]), ..payload };
            let (frame, _) = read(&lost, BEFORE, &mut DependencyState::default());
            assert!(!frame.is_blind && !frame.starts_picture && !frame.key, "its structure has not come");
            assert_eq!(frame.number, Some(7));
        }
    }
}

/// A frame of VP9 that starts, in a picture that refers to others where `inter` says so.
fn vp9_frame(spatial: u8, temporal: u8, up: bool, inter: bool) -> Frame {
    let layer = temporal << 5 | u8::from(up) << 4 | spatial << 1 | u8::from(spatial > 0);
    frame(CodecName::Vp9, &[0xa8 | u8::from(inter) << 6, 9, layer, 4])
}

#[test]
fn who_goes_up_to_a_temporal_layer_of_vp9_begins_with_the_lowest_spatial_layer_of_a_picture() {
    let lowest = vp9_frame(0, 2, true, true);
    for spatial in 0..4 {
        assert!(lowest.climb.contains(Level { spatial, temporal: 2 }));
        assert!(!lowest.climb.contains(Level { spatial, temporal: 1 }));
    }
    assert_eq!(lowest.widen, Levels::EMPTY, "a layer of time is none of space");
    assert_eq!(vp9_frame(1, 2, true, true).climb, Levels::EMPTY);
    assert_eq!(vp9_frame(0, 2, false, true).climb, Levels::EMPTY);
}

#[test]
fn who_goes_up_to_a_spatial_layer_of_vp9_begins_where_it_refers_to_no_other_picture_in_the_lowest_temporal_layer() {
    let independent = vp9_frame(1, 0, false, false);
    assert!(independent.widen.contains(Level { spatial: 1, temporal: 0 }));
    assert!(!independent.widen.contains(Level { spatial: 2, temporal: 0 }));
    assert_eq!(independent.climb, Levels::EMPTY, "a layer of space is none of time");
    assert_eq!(vp9_frame(1, 1, true, false).widen, Levels::EMPTY, "what follows refers to others");
    assert_eq!(vp9_frame(1, 0, false, true).widen, Levels::EMPTY);
    assert_eq!(vp9_frame(1, 2, true, true).widen, Levels::EMPTY);
}

use proptest::collection::vec;
use proptest::prelude::{any, proptest};

use super::{Colour, Obu, Obus, SequenceHeader, read_leb128, record_obus, write_leb128};
use crate::ParseError;

/// What libaom and SVT-AV1 begin with: 322 by 242, 8 and 10 bits of 4:2:0.
const AOM: &[u8] = &[0x0a, 0x0b, 0x00, 0x00, 0x00, 0x04, 0x3d, 0x07, 0xc4, 0xda, 0xf9, 0x00, 0x40];
const AOM_10: &[u8] = &[0x0a, 0x0b, 0x00, 0x00, 0x00, 0x04, 0x3d, 0x07, 0xc4, 0xda, 0xf9, 0x40, 0x40];
const SVT: &[u8] = &[0x0a, 0x0b, 0x02, 0x00, 0x00, 0x05, 0x21, 0xe8, 0x3e, 0x20, 0x17, 0xc0, 0x02];

const YUV_420: Colour = Colour { bit_depth: 8, is_monochrome: false, subsampling: (true, true), sample_position: 0 };

#[test]
fn sequence_headers_of_real_encoders_tell_size_and_bits_and_make_the_record_that_their_muxer_made() {
    for (obu, bit_depth, head) in
        [(AOM, 8, [0x81, 0x00, 0x0c, 0]), (AOM_10, 10, [0x81, 0x00, 0x4c, 0]), (SVT, 8, [0x81, 0x00, 0x0c, 0])]
    {
        let (found, header) = SequenceHeader::find(Obus::new(obu)).unwrap();
        let colour = Colour { bit_depth, ..YUV_420 };
        let expected = SequenceHeader { profile: 0, level: 0, is_high_tier: false, width: 322, height: 242, colour };
        assert_eq!(header, expected);
        let record = header.record(found);
        assert_eq!(record, [&head, obu].concat());
        assert_eq!(SequenceHeader::find(record_obus(&record)), Some((found, header)));
    }
}

#[test]
fn a_sequence_header_of_a_still_picture_has_less_before_its_size() {
    // Profile 0, still, reduced, level 8; eight bits for each of width and height: 200 by 100; tools; 8 bits of grey.
    let bits = "000 1 1 01000 0111 0111 11000111 01100011 000 000 0 1 0 0";
    let bits: Vec<u8> = bits.bytes().filter(|bit| *bit != b' ').map(|bit| bit - b'0').collect();
    let payload: Vec<u8> =
        bits.chunks(8).map(|byte| byte.iter().enumerate().map(|(at, bit)| bit << (7 - at)).sum()).collect();
    let header = SequenceHeader::parse(&payload).unwrap();
    assert_eq!((header.level, header.width, header.height), (8, 200, 100));
    assert_eq!(header.colour, Colour { is_monochrome: true, ..YUV_420 });
}

#[test]
fn obus_are_read_one_after_the_other_and_written_with_and_without_their_lengths() {
    // A delimiter, an OBU with an extension, one without a length.
    let unit = [&[0x12, 0][..], &[0x36, 0x48, 2, 7, 8], &[0x30, 9, 9]].concat();
    let obus: Vec<Obu<'_>> = Obus::new(&unit).map(Result::unwrap).collect();
    assert_eq!(obus.iter().map(Obu::obu_type).collect::<Vec<_>>(), [Obu::TEMPORAL_DELIMITER, 6, 6]);
    assert_eq!(obus.iter().map(|obu| obu.payload).collect::<Vec<_>>(), [&[][..], &[7, 8], &[9, 9]]);
    let (mut with, mut without) = (Vec::new(), Vec::new());
    obus[1].write(&mut with);
    obus[1].write_without_size(&mut without);
    assert_eq!((with, without), (vec![0x36, 0x48, 2, 7, 8], vec![0x34, 0x48, 7, 8]));
}

#[test]
fn an_obu_that_is_broken_ends_the_reading() {
    for (bytes, error) in [
        (&[0x32, 5, 1][..], ParseError::Truncated),
        (&[0x36], ParseError::Truncated),
        (&[0x32, 0x80], ParseError::Truncated),
        (&[0x92, 0], ParseError::Value { field: "the forbidden bit of an OBU", value: 1 }),
        (&[0x32, 0xff, 0xff, 0xff, 0xff, 0x1f], ParseError::Value { field: "a length of 32 bits", value: u32::MAX }),
    ] {
        assert_eq!(Obus::new(bytes).collect::<Vec<_>>(), [Err(error)], "{bytes:x?}");
    }
}

proptest! {
    #[test]
    fn a_length_is_read_as_it_was_written(value in any::<u32>(), behind in vec(any::<u8>(), 0..4)) {
        let mut bytes = Vec::new();
        write_leb128(value as usize, &mut bytes);
        bytes.extend(&behind);
        assert_eq!(read_leb128(&bytes), Ok((value as usize, &behind[..])));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..60)) {
        let _ = SequenceHeader::parse(&bytes);
        assert!(Obus::new(&bytes).flatten().map(|obu| obu.payload.len()).sum::<usize>() <= bytes.len());
    }
}

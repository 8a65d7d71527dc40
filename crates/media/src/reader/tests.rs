use super::{BitReader, Reader};
use crate::ParseError;

#[test]
fn exp_golomb_codes_are_those_of_the_table_in_h264() {
    // 1 010 011 00100 00101 00110 00111: 0 to 6.
    let bytes = [0b1010_0110, 0b0100_0010, 0b1001_1000, 0b1110_0000];
    let mut reader = BitReader::new(&bytes);
    for expected in 0..7 {
        assert_eq!(reader.unsigned(), Ok(expected));
    }
    let mut reader = BitReader::new(&bytes);
    for expected in [0, 1, -1, 2, -2, 3, -3] {
        assert_eq!(reader.signed(), Ok(expected));
    }
}

#[test]
fn the_longest_code_is_read_and_a_longer_one_is_refused() {
    // 31 zeros, a one, 31 ones.
    let longest = [0, 0, 0, 1, 0xff, 0xff, 0xff, 0xfe];
    assert_eq!(BitReader::new(&longest).unsigned(), Ok(u32::MAX - 1));
    assert!(matches!(BitReader::new(&[0; 8]).unsigned(), Err(ParseError::Value { .. })));
}

#[test]
fn nothing_is_read_beyond_the_end() {
    assert_eq!(Reader::new(&[1]).u16(), Err(ParseError::Truncated));
    assert_eq!(Reader::new(&[1]).take(2), Err(ParseError::Truncated));
    let mut bits = BitReader::new(&[0xff]);
    assert_eq!(bits.skip(9), Err(ParseError::Truncated));
    assert_eq!(bits.skip(8), Ok(()));
    assert_eq!(bits.flag(), Err(ParseError::Truncated));
}

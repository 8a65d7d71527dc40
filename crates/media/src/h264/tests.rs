use proptest::prelude::*;

use super::{DecoderConfiguration, Sps};
use crate::ParseError;

/// x264, High, 1280 by 720; the record as ffmpeg writes it.
const RECORD_720: &str =
    "0164001fffe1001a6764001facd9405005bb0110000003001000000300a0f183196001000668ebe3cb22c0fdf8f800";
/// x264, High, 322 by 242: cropped on two sides.
const RECORD_242: &str =
    "0164000cffe1001b6764000cacd94150878888c044000003000400000300283c50a65801000668ebe3cb22c0fdf8f800";
/// x264, High 4:2:2, 1920 by 1080 in fields.
const SPS_FIELDS: &str = "677a0028bcd94078044fcb808800000300080000030050f8b16cb0";
/// x264, Constrained Baseline, 322 by 242.
const SPS_BASELINE: &str = "6742c00cd901508788 88c04400000300040000030028 3c50a920";

pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("digits"), 16).expect("hexadecimal");
    digits.chunks(2).map(byte).collect()
}

#[track_caller]
fn check(sps: &[u8], profile: u8, level: u8, size: (u32, u32)) {
    let sps = Sps::parse(sps).expect("a parameter set");
    assert_eq!((sps.profile, sps.level, (sps.width, sps.height)), (profile, level, size));
}

#[test]
fn size_profile_and_level_are_those_that_were_encoded() {
    for (record, level, size) in [(RECORD_720, 31, (1280, 720)), (RECORD_242, 12, (322, 242))] {
        let record = bytes(record);
        let configuration = DecoderConfiguration::parse(&record).expect("a record");
        assert_eq!((configuration.length_bytes, configuration.sps.len(), configuration.pps.len()), (4, 1, 1));
        check(configuration.sps[0], 100, level, size);
    }
    check(&bytes(SPS_FIELDS), 122, 40, (1920, 1080));
    check(&bytes(SPS_BASELINE), 66, 12, (322, 242));
}

#[test]
fn a_record_that_is_made_is_the_record_that_was_read() {
    for record in [RECORD_720, RECORD_242] {
        let record = bytes(record);
        assert_eq!(DecoderConfiguration::parse(&record).expect("a record").record(), Some(record));
    }
    let sps = bytes(SPS_BASELINE);
    let made =
        DecoderConfiguration { length_bytes: 4, sps: vec![&sps], pps: vec![&[0x68, 0xcb]] }.record().expect("a set");
    assert_eq!(made.last(), Some(&0xcb), "Baseline says nothing of colours");
}

#[test]
fn what_is_no_record_is_refused() {
    assert_eq!(DecoderConfiguration::parse(&[]), Err(ParseError::Truncated));
    assert!(matches!(DecoderConfiguration::parse(&[0; 8]), Err(ParseError::Value { .. })));
    assert!(matches!(DecoderConfiguration::parse(&[1, 66, 0, 30, 0xfe, 0xe1, 0]), Err(ParseError::Value { .. })));
    assert_eq!(
        DecoderConfiguration::parse(&[1, 66, 0, 30, 0xff, 0xe0, 0]),
        Err(ParseError::Missing("sequence parameter set"))
    );
    assert!(matches!(Sps::parse(&[0x68, 0xcb]), Err(ParseError::Value { value: 8, .. })));
}

#[test]
fn a_record_that_is_cut_short_anywhere_is_refused() {
    let record = bytes(RECORD_242);
    let end_of_sets = record.len() - 4;
    for length in 0..end_of_sets {
        assert_eq!(DecoderConfiguration::parse(&record[..length]), Err(ParseError::Truncated), "{length} bytes");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(mut unit in proptest::collection::vec(any::<u8>(), 0..64), profile in prop::sample::select(vec![66_u8, 100, 244])) {
        let _ = DecoderConfiguration::parse(&unit).map(|configuration| configuration.record());
        if let [header, unit_profile, ..] = unit.as_mut_slice() {
            (*header, *unit_profile) = (0x67, profile);
        }
        let _ = Sps::parse(&unit);
    }
}

use proptest::prelude::*;

use super::{DecoderConfiguration, Sps};
use crate::ParseError;
use crate::h264::tests::bytes;

/// As ffmpeg wrote it for 1280 by 720, without the supplemental unit that follows.
const FFMPEG_720: &str = "0101600000009000000000005df000fcfdf8f800000f03a00001001840010c01ffff01600000030090000003000003005d959809\
    a10001002b42010101600000030090000003000003005da00280802d165959a4932bc05a020000030002000003000a10a2000100074401c172b46240";
/// The sequence parameter set of 322 by 242, which is cropped.
const SPS_242: &str = "42010101600000030090000003000003003ca00a480f9c9265959a4932bc05a020000003002000000300a1";

#[test]
fn size_profile_and_level_are_those_that_were_encoded() {
    let record = bytes(FFMPEG_720);
    let configuration = DecoderConfiguration::parse(&record).expect("a record");
    assert_eq!((configuration.length_bytes, configuration.vps.len(), configuration.pps.len()), (4, 1, 1));
    let sps = Sps::parse(configuration.sps[0]).expect("a parameter set");
    assert_eq!((sps.profile, sps.level, sps.width, sps.height), (1, 93, 1280, 720));
    let sps = Sps::parse(&bytes(SPS_242)).expect("a parameter set");
    assert_eq!((sps.level, sps.width, sps.height), (60, 322, 242));
}

#[test]
fn supplemental_information_of_the_whole_stream_stands_behind_the_sets() {
    let mut record = bytes(FFMPEG_720);
    let arrays_at = 22;
    record[arrays_at] += 1;
    // One more array: complete, of prefix SEI, one unit of three bytes.
    record.extend([0x80 | 39, 0, 1, 0, 3, 0x4e, 0x01, 0x05]);
    let configuration = DecoderConfiguration::parse(&record).expect("a record");
    let kinds: Vec<u8> = configuration.parameter_sets().map(|unit| unit[0] >> 1).collect();
    assert_eq!((&kinds[..3], kinds.last()), (&[32, 33, 34][..], Some(&39)));
}

#[test]
fn a_record_that_is_made_is_what_ffmpeg_makes_of_the_same_sets() {
    let record = bytes(FFMPEG_720);
    let configuration = DecoderConfiguration::parse(&record).expect("a record");
    let made = configuration.record().expect("the sets are whole");
    // ffmpeg leaves bits that say nothing, and does not call its arrays complete.
    assert_eq!(made[..13], record[..13], "profile and level");
    assert_eq!(made[16..19], record[16..19], "chroma and depth");
    assert_eq!(DecoderConfiguration::parse(&made), Ok(configuration.clone()));
    assert_eq!(DecoderConfiguration { sps: Vec::new(), ..configuration }.record(), None);
}

#[test]
fn what_is_no_record_is_refused() {
    assert!(matches!(DecoderConfiguration::parse(&[2; 30]), Err(ParseError::Value { .. })));
    let record = bytes(FFMPEG_720);
    for length in 0..record.len() {
        assert_eq!(DecoderConfiguration::parse(&record[..length]), Err(ParseError::Truncated), "{length} bytes");
    }
    assert!(matches!(Sps::parse(&[0x40, 1]), Err(ParseError::Value { value: 32, .. })));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(mut unit in proptest::collection::vec(any::<u8>(), 0..96)) {
        let _ = DecoderConfiguration::parse(&unit);
        if let Some(header) = unit.first_mut() {
            *header = 0x42;
        }
        let _ = Sps::parse(&unit);
        let (vps, pps, sei) = (Vec::new(), Vec::new(), Vec::new());
        let _ = DecoderConfiguration { length_bytes: 4, vps, sps: vec![&unit], pps, sei }.record();
    }
}

use proptest::prelude::*;

use super::{AdtsHeader, AudioSpecificConfig};
use crate::{ParseError, Shape};

const LC_44100_STEREO: AudioSpecificConfig =
    AudioSpecificConfig { object_type: 2, sample_rate_hz: 44_100, channel_configuration: 2 };

#[test]
fn the_two_bytes_of_every_encoder_say_lc_rate_and_channels() {
    assert_eq!(AudioSpecificConfig::parse(&[0x12, 0x10]), Ok(LC_44100_STEREO));
    assert_eq!(LC_44100_STEREO.bytes(), Some([0x12, 0x10]));
    assert_eq!(LC_44100_STEREO.shape(), Shape::Audio { sample_rate_hz: 44_100, channels: 2 });
}

#[test]
fn a_rate_may_be_written_out_and_an_object_type_escaped() {
    // Type 2, rate 15 and then 24 bits with 44056, one channel.
    let written_out = AudioSpecificConfig::parse(&[0x17, 0x80, 0x56, 0x0c, 0x08]).expect("a configuration");
    assert_eq!((written_out.sample_rate_hz, written_out.channel_configuration), (44_056, 1));
    assert_eq!(written_out.bytes(), None);
    // Type 31, then 10: 42 is USAC.
    assert_eq!(AudioSpecificConfig::parse(&[0xf9, 0x46, 0x40]).expect("a configuration").object_type, 42);
}

#[test]
fn an_adts_header_says_the_length_of_its_frame() {
    let header = LC_44100_STEREO.adts_header(371).expect("a header");
    assert_eq!(header, [0xff, 0xf1, 0x50, 0x80, 0x2f, 0x5f, 0xfc]);
    let read = AdtsHeader::parse(&header).expect("a header");
    assert_eq!(read, AdtsHeader { config: LC_44100_STEREO, header_bytes: 7, frame_bytes: 378 });
}

#[test]
fn the_longest_frame_has_a_header_and_a_longer_one_has_none() {
    assert!(LC_44100_STEREO.adts_header(8191 - 7).is_some());
    assert_eq!(LC_44100_STEREO.adts_header(8192 - 7), None);
}

#[test]
fn what_is_no_header_is_refused() {
    assert!(matches!(AdtsHeader::parse(&[0x47; 7]), Err(ParseError::Value { field: "syncword", .. })));
    assert_eq!(AdtsHeader::parse(&[0xff, 0xf1, 0x50]), Err(ParseError::Truncated));
    let shorter_than_itself = [0xff, 0xf1, 0x50, 0x80, 0, 0xdf, 0xfc];
    assert!(matches!(
        AdtsHeader::parse(&shorter_than_itself),
        Err(ParseError::Value { field: "aac_frame_length", .. })
    ));
    assert!(matches!(AudioSpecificConfig::parse(&[0x16, 0x90]), Err(ParseError::Value { value: 13, .. })));
    assert_eq!(AudioSpecificConfig::parse(&[0x12]), Err(ParseError::Truncated));
}

proptest! {
    #[test]
    fn what_is_written_is_what_is_read(object_type in 1_u8..=30, index in 0_usize..13, channels in 0_u8..=7) {
        let config =
            AudioSpecificConfig { object_type, sample_rate_hz: super::SAMPLE_RATES_HZ[index], channel_configuration: channels };
        let bytes = config.bytes().expect("everything is in the tables");
        prop_assert_eq!(AudioSpecificConfig::parse(&bytes), Ok(config));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..12)) {
        let _ = AudioSpecificConfig::parse(&bytes).map(|config| (config.bytes(), config.shape(), config.adts_header(bytes.len())));
        let _ = AdtsHeader::parse(&bytes);
    }
}

#[test]
fn of_doubled_sound_the_core_is_low_complexity_at_half_the_rate() {
    // Object type 5 at 24 kHz, doubled to 48 kHz, core of object type 2.
    let doubled = [0x2b, 0x11, 0x88, 0x00];
    let core = AudioSpecificConfig { object_type: 2, sample_rate_hz: 24_000, channel_configuration: 2 };
    assert_eq!(AudioSpecificConfig::parse_core(&doubled), Ok(core));
    assert_eq!(AudioSpecificConfig::parse(&doubled), Ok(AudioSpecificConfig { object_type: 5, ..core }));
    assert_eq!(AudioSpecificConfig::parse_core(&doubled[..2]), Err(ParseError::Truncated));
}

#[test]
fn what_is_not_doubled_is_its_own_core() {
    assert_eq!(AudioSpecificConfig::parse_core(&[0x12, 0x10]), Ok(LC_44100_STEREO));
    assert!(matches!(AudioSpecificConfig::parse_core(&[0x16, 0x90]), Err(ParseError::Value { value: 13, .. })));
}

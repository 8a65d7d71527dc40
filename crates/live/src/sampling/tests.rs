use bytes::Bytes;
use media::{Codec, Frame, MediaTime, Parameters, ParseError, Shape};

use super::{AacConfiguration, Sampling, opus_samples};

#[test]
fn low_complexity_at_48_khz_in_stereo_is_read() {
    let aac = AacConfiguration::parse(&[0x11, 0x90]).expect("two bytes are enough");
    assert_eq!(aac, AacConfiguration { object_type: 2, rate_index: 3, rate_hz: 48_000, channels: 2 });
    assert_eq!(aac.adts_profile(), 1);
}

#[test]
fn with_band_replication_the_core_counts() {
    // Object type 5 at 24 kHz, replicated to 48 kHz, core of object type 2.
    let aac = AacConfiguration::parse(&[0x2b, 0x11, 0x88, 0x00]).expect("four bytes are enough");
    assert_eq!((aac.object_type, aac.rate_hz), (2, 24_000));
}

#[test]
fn a_configuration_that_ends_early_or_has_no_rate_is_refused() {
    assert_eq!(AacConfiguration::parse(&[0x11]), Err(ParseError::Truncated));
    assert_eq!(AacConfiguration::parse(&[]), Err(ParseError::Truncated));
    assert!(matches!(AacConfiguration::parse(&[0x16, 0x90]), Err(ParseError::Value { value: 13, .. })));
}

#[test]
fn opus_packets_tell_their_duration() {
    for (packet, samples) in [
        (&[0xfc_u8][..], 960),     // CELT, 20 ms, one frame
        (&[0xe0][..], 120),        // CELT, 2.5 ms
        (&[0xfd][..], 1920),       // two frames
        (&[0xff, 0x03][..], 2880), // three frames, told by the second byte
        (&[0x18][..], 2880),       // SILK, 60 ms
        (&[0x68][..], 960),        // hybrid, 20 ms
        (&[][..], 960),
    ] {
        assert_eq!(opus_samples(packet), samples, "{packet:?}");
    }
}

#[test]
fn a_frame_of_aac_has_1024_samples() {
    let parameters = Parameters {
        codec: Codec::Aac,
        decoder_configuration: Bytes::from_static(&[0x12, 0x10]),
        shape: Shape::Audio { sample_rate_hz: 44_100, channels: 2 },
    };
    let sampling = Sampling::of(&parameters).expect("it is sound");
    let zero = MediaTime::ZERO;
    let frame = Frame { codec: Codec::Aac, pts: zero, dts: zero, is_key: true, data: Bytes::new() };
    assert_eq!(sampling.duration(&frame).micros(), 23_220);
}

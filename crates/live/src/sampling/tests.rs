use bytes::Bytes;
use media::{Codec, Frame, MediaTime, Parameters, Shape};

use super::{Sampling, opus_samples};

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

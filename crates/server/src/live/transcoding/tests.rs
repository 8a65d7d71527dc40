use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use media::{Codec, Frame, MediaTime, Parameters, Shape};

use super::{Load, Transcoding};

fn opus() -> Parameters {
    let shape = Shape::Audio { sample_rate_hz: 48_000, channels: 2 };
    Parameters { codec: Codec::Opus, decoder_configuration: Bytes::new(), shape }
}

#[test]
fn a_track_costs_as_long_as_it_is_transcoded_and_what_it_has_cost_stays() {
    let load = Arc::new(Load::default());
    let mut transcoding = Transcoding::begin(&opus(), Codec::Aac, &load).unwrap();
    assert_eq!((load.tracks(), load.frames(), load.cpu()), (1, 0, Duration::ZERO));
    for ms in (0..200).step_by(20) {
        let pts = MediaTime::from_millis(ms);
        let data = Bytes::from_static(&[0xfc, 0xff, 0xfe]);
        let frame = Frame { codec: Codec::Opus, pts, dts: pts, is_key: true, data };
        transcoding.handle_frame(&frame, &mut |_| {}).unwrap();
    }
    assert_eq!(load.frames(), 10);
    drop(transcoding);
    assert_eq!(load.tracks(), 0);
    assert!(load.cpu() > Duration::ZERO);
}

#[test]
fn what_cannot_be_transcoded_is_not_counted() {
    let load = Arc::new(Load::default());
    assert!(Transcoding::begin(&Parameters { codec: Codec::Mp3, ..opus() }, Codec::Aac, &load).is_err());
    assert_eq!(load.tracks(), 0);
}

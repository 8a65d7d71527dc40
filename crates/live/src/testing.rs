//! Frames for tests, in the shapes that publishers send.

use bytes::Bytes;
use media::{Codec, Frame, MediaTime, Parameters, Shape};

/// H.264 of a real encoder: constrained baseline, 64 by 48.
pub(crate) fn h264() -> Parameters {
    let sps: &[u8] = &[0x67, 0x42, 0xc0, 0x0a, 0xda, 0x11, 0xbf, 0x96, 0x70, 0x11, 0x00, 0x00, 0x03, 0x00, 0x01, 0x00];
    let pps: &[u8] = &[0x68, 0xce, 0x0f, 0xc8];
    let mut record = vec![1, 0x42, 0xc0, 0x0a, 0xff, 0xe1, 0, sps.len() as u8];
    record.extend(sps);
    record.extend([1, 0, pps.len() as u8]);
    record.extend(pps);
    video(Codec::H264, record)
}

/// H.265 with parameter sets that only look like some.
pub(crate) fn h265() -> Parameters {
    let mut record =
        vec![1, 0x01, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 93, 0xf0, 0, 0xfc, 0xfd, 0xf8, 0xf8, 0, 0, 0x0f, 3];
    for kind in [32_u8, 33, 34] {
        record.extend([0x80 | kind, 0, 1, 0, 4, kind << 1, 1, 0xaa, 0xbb]);
    }
    video(Codec::H265, record)
}

/// Pictures of 64 by 48.
pub(crate) fn video(codec: Codec, record: Vec<u8>) -> Parameters {
    Parameters { codec, decoder_configuration: Bytes::from(record), shape: Shape::Video { width: 64, height: 48 } }
}

/// AAC of low complexity, 48 kHz, stereo.
pub(crate) fn aac() -> Parameters {
    audio(Codec::Aac, &[0x11, 0x90])
}

/// 48 kHz, stereo.
pub(crate) fn audio(codec: Codec, record: &[u8]) -> Parameters {
    let shape = Shape::Audio { sample_rate_hz: 48_000, channels: 2 };
    Parameters { codec, decoder_configuration: Bytes::copy_from_slice(record), shape }
}

/// A picture of one NAL unit with so many bytes of content.
pub(crate) fn picture(codec: Codec, dts_ms: i64, is_key: bool, bytes: usize) -> Frame {
    let head: &[u8] = match (codec, is_key) {
        (Codec::H264, true) => &[0x65],
        (Codec::H264, false) => &[0x41],
        (_, true) => &[0x26, 0x01],
        (_, false) => &[0x02, 0x01],
    };
    let mut data = Vec::new();
    data.extend(((head.len() + bytes) as u32).to_be_bytes());
    data.extend(head);
    data.extend((0..bytes).map(|index| (index % 251) as u8 | 0x80));
    frame(codec, MediaTime::from_millis(dts_ms), is_key, data)
}

/// A piece of sound with so many bytes.
pub(crate) fn sound(codec: Codec, dts: MediaTime, bytes: usize) -> Frame {
    frame(codec, dts, true, (0..bytes).map(|index| (index % 249) as u8 | 0x40).collect())
}

fn frame(codec: Codec, time: MediaTime, is_key: bool, data: Vec<u8>) -> Frame {
    Frame { codec, pts: time, dts: time, is_key, data: Bytes::from(data) }
}

//! What the tests of both directions share.

use bytes::Bytes;
use media::{Codec, Parameters, Shape, h264};

/// 320 by 240, Constrained Baseline.
pub(super) const SPS: &[u8] = &[0x67, 0x42, 0xc0, 0x0d, 0xda, 0x05, 0x07, 0xe4];
pub(super) const PPS: &[u8] = &[0x68, 0xce, 0x0f, 0xc8];

pub(super) fn access_unit(units: &[&[u8]]) -> Bytes {
    units.iter().flat_map(|unit| [&(unit.len() as u32).to_be_bytes()[..], unit].concat()).collect()
}

pub(super) fn h264_parameters() -> Parameters {
    let record = h264::DecoderConfiguration { length_bytes: 4, sps: vec![SPS], pps: vec![PPS] }.record().unwrap();
    Parameters {
        codec: Codec::H264,
        decoder_configuration: record.into(),
        shape: Shape::Video { width: 320, height: 240 },
    }
}

//! Parameter sets and records of decoders.

use media::aac::{AdtsHeader, AudioSpecificConfig};
use media::av1::{Obus, SequenceHeader, record_obus};
use media::nal::Units;
use media::vp9::KeyFrame;
use media::{h264, h265};

/// The same bytes as everything they could be.
pub fn run(data: &[u8]) {
    let _ = (h264::Sps::parse(data), h265::Sps::parse(data), h265::DecoderConfiguration::parse(data));
    if let Ok(configuration) = h264::DecoderConfiguration::parse(data)
        && let Some(record) = configuration.record()
    {
        let again = h264::DecoderConfiguration::parse(&record).expect("a record of our own");
        assert_eq!((again.sps, again.pps), (configuration.sps, configuration.pps));
    }
    if let Ok(config) = AudioSpecificConfig::parse(data)
        && let Some(bytes) = config.bytes()
    {
        assert_eq!(AudioSpecificConfig::parse(&bytes), Ok(config));
    }
    let _ = KeyFrame::parse(data);
    if let Some((obu, header)) = SequenceHeader::find(Obus::new(data)) {
        assert_eq!(SequenceHeader::find(record_obus(&header.record(obu))), Some((obu, header)));
    }
    if let Ok(header) = AdtsHeader::parse(data) {
        assert!(header.frame_bytes >= header.header_bytes);
    }
    let bytes: usize = Units::new(data).filter_map(Result::ok).map(|unit| unit.len() + 4).sum();
    assert!(bytes <= data.len(), "units are parts of what they are in");
}

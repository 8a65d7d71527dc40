//! AV1 (RTP Payload Format For AV1, AOMedia). Layers are told by the dependency descriptor, not by the payload.

/// The aggregation header (§4.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AggregationHeader {
    /// Z: the first OBU goes on from the packet before.
    pub starts_with_continuation: bool,
    /// Y: the last OBU goes on in the next packet.
    pub ends_with_fragment: bool,
    /// W: OBUs in the packet, 0 when each has a length.
    pub obu_count: u8,
    /// N: a new coded video sequence starts here, which is a key frame with its sequence header.
    pub new_coded_video_sequence: bool,
}

impl AggregationHeader {
    /// The first byte of a payload.
    #[must_use]
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let byte = *payload.first()?;
        Some(Self {
            starts_with_continuation: byte & 0x80 != 0,
            ends_with_fragment: byte & 0x40 != 0,
            obu_count: byte >> 4 & 0x03,
            new_coded_video_sequence: byte & 0x08 != 0,
        })
    }

    /// Whether a receiver can start here.
    #[must_use]
    pub fn is_key_frame(self) -> bool {
        self.new_coded_video_sequence && !self.starts_with_continuation
    }
}

#[cfg(test)]
#[test]
fn the_flags_are_where_the_specification_has_them() {
    let header = AggregationHeader::parse(&[0x68]).unwrap();
    assert_eq!(
        header,
        AggregationHeader {
            starts_with_continuation: false,
            ends_with_fragment: true,
            obu_count: 2,
            new_coded_video_sequence: true
        }
    );
    assert!(header.is_key_frame());
    assert!(!AggregationHeader::parse(&[0x80]).unwrap().is_key_frame());
    assert_eq!(AggregationHeader::parse(&[]), None);
}

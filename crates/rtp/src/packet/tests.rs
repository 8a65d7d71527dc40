use super::*;
use proptest::prelude::*;

/// A packet with one CSRC, two one-byte elements, five bytes of payload and three of padding.
const RICH: &[u8] = &[
    0xb1, 0xe0, 0x12, 0x34, 0xde, 0xad, 0xbe, 0xef, 0x01, 0x02, 0x03, 0x04, // fixed part
    0x0a, 0x0b, 0x0c, 0x0d, // CSRC
    0xbe, 0xde, 0x00, 0x02, // one-byte extensions, two words
    0x10, 0x85, 0x31, 0x00, 0x2a, 0x00, 0x00, 0x00, // id 1: 85; id 3: 00 2a; padding
    b'h', b'e', b'l', b'l', b'o', 0, 0, 3,
];

#[test]
fn every_field_of_a_header_is_read() {
    let packet = Packet::parse(RICH).unwrap();
    assert!(packet.marker());
    assert_eq!(packet.payload_type(), 96);
    assert_eq!(packet.sequence_number(), 0x1234);
    assert_eq!(packet.timestamp(), 0xdead_beef);
    assert_eq!(packet.ssrc(), 0x0102_0304);
    assert_eq!(packet.payload(), b"hello");
    assert_eq!(packet.padding_bytes(), 3);
    assert_eq!(packet.element(1), Some(&[0x85][..]));
    assert_eq!(packet.element(3), Some(&[0, 0x2a][..]));
    assert_eq!(packet.element(2), None);
}

#[test]
fn an_element_is_found_where_it_stands_in_the_packet() {
    let packet = Packet::parse(RICH).unwrap();
    assert_eq!(&RICH[packet.element_range(3).unwrap()], &[0, 0x2a]);
    assert_eq!(&RICH[packet.element_range(1).unwrap()], &[0x85]);
    assert_eq!(packet.element_range(7), None);
}

#[test]
fn a_packet_cut_inside_its_header_is_truncated() {
    for length in 0..28 {
        assert_eq!(Packet::parse(&RICH[..length]).unwrap_err(), ParseError::Truncated, "{length} bytes");
    }
}

#[test]
fn another_version_is_refused() {
    let mut bytes = RICH.to_vec();
    bytes[0] = 0x70;
    assert_eq!(Packet::parse(&bytes).unwrap_err(), ParseError::Version(1));
}

#[test]
fn padding_longer_than_what_it_pads_or_of_no_bytes_is_refused() {
    for (last, valid) in [(0, false), (1, true), (8, true), (9, false)] {
        let mut bytes = RICH.to_vec();
        *bytes.last_mut().unwrap() = last;
        assert_eq!(Packet::parse(&bytes).is_ok(), valid, "{last}");
    }
}

#[test]
fn a_packet_of_padding_only_has_an_empty_payload() {
    let mut bytes = [0; 12 + 255];
    bytes[0] = 0xa0;
    bytes[266] = 255;
    let packet = Packet::parse(&bytes).unwrap();
    assert_eq!(packet.payload(), b"");
    assert_eq!(packet.payload_range(), 12..12);
}

/// The elements of a packet that has this block.
fn elements(profile: u16, block: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut bytes = vec![0x90, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    bytes.extend(profile.to_be_bytes());
    bytes.extend(u16::try_from(block.len() / 4).unwrap().to_be_bytes());
    bytes.extend(block);
    Packet::parse(&bytes).unwrap().elements().map(|element| (element.id, element.data.to_vec())).collect()
}

#[test]
fn both_forms_of_extensions_are_read_and_their_padding_skipped() {
    assert_eq!(elements(0xbede, &[0, 0x10, 7, 0, 0, 0x21, 8, 9]), [(1, vec![7]), (2, vec![8, 9])]);
    assert_eq!(elements(0x1000, &[0, 1, 1, 7, 2, 0, 0, 0]), [(1, vec![7]), (2, vec![])]);
    assert_eq!(elements(0x100f, &[200, 2, 7, 8]), [(200, vec![7, 8])]);
}

#[test]
fn the_list_ends_at_id_15_at_a_cut_element_and_in_an_unknown_profile() {
    assert_eq!(elements(0xbede, &[0x10, 7, 0xf0, 1, 0x20, 8, 0, 0]), [(1, vec![7])]);
    assert_eq!(elements(0xbede, &[0x10, 7, 0x2f, 1]), [(1, vec![7])]);
    assert_eq!(elements(0x1000, &[1, 1, 7, 2]), [(1, vec![7])]);
    assert_eq!(elements(0x1000, &[1, 9, 7, 2]), []);
    assert_eq!(elements(0x1234, &[0x10, 7, 0, 0]), []);
}

#[test]
fn the_long_form_is_taken_only_when_the_short_one_does_not_do() {
    let header = Header { payload_type: 96, marker: false, sequence_number: 1, timestamp: 2, ssrc: 3 };
    let profile = |elements: &[Element<'_>]| {
        let mut buffer = [0; 400];
        let length = header.write(&mut buffer, elements).unwrap();
        assert_eq!(length % 4, 0);
        u16::from_be_bytes([buffer[12], buffer[13]])
    };
    assert_eq!(profile(&[Element { id: 14, data: &[0; 16] }]), PROFILE_ONE_BYTE);
    assert_eq!(profile(&[Element { id: 15, data: &[0] }]), PROFILE_TWO_BYTE);
    assert_eq!(profile(&[Element { id: 1, data: &[0; 17] }]), PROFILE_TWO_BYTE);
    assert_eq!(profile(&[Element { id: 1, data: &[] }]), PROFILE_TWO_BYTE);
}

#[test]
fn what_cannot_be_written_is_not_written() {
    let header = Header { payload_type: 96, marker: false, sequence_number: 1, timestamp: 2, ssrc: 3 };
    assert_eq!(header.write(&mut [0; 11], &[]), None);
    assert_eq!(header.write(&mut [0; 12], &[]), Some(12));
    assert_eq!(header.write(&mut [0; 19], &[Element { id: 1, data: &[1] }]), None);
    assert_eq!(header.write(&mut [0; 20], &[Element { id: 1, data: &[1] }]), Some(20));
    assert_eq!(header.write(&mut [0; 400], &[Element { id: 0, data: &[1] }]), None);
    assert_eq!(header.write(&mut [0; 400], &[Element { id: 1, data: &[0; 256] }]), None);
}

proptest! {
    #[test]
    fn a_written_header_reads_back(
        payload_type in 0u8..128, marker: bool, sequence_number: u16, timestamp: u32, ssrc: u32,
        elements in prop::collection::vec((1u8..=20, prop::collection::vec(any::<u8>(), 0..40)), 0..6),
        payload in prop::collection::vec(any::<u8>(), 0..50),
    ) {
        let header = Header { payload_type, marker, sequence_number, timestamp, ssrc };
        let written: Vec<_> = elements.iter().map(|(id, data)| Element { id: *id, data }).collect();
        let mut bytes = vec![0; 600];
        let length = header.write(&mut bytes, &written).unwrap();
        bytes.truncate(length);
        bytes.extend(&payload);
        let packet = Packet::parse(&bytes).unwrap();
        prop_assert_eq!(packet.payload_type(), payload_type);
        prop_assert_eq!(packet.marker(), marker);
        prop_assert_eq!(packet.sequence_number(), sequence_number);
        prop_assert_eq!(packet.timestamp(), timestamp);
        prop_assert_eq!(packet.ssrc(), ssrc);
        prop_assert_eq!(packet.payload(), &payload[..]);
        // Ids of the short form end at 14: with an id of 15 or more all are long, so nothing is lost.
        prop_assert_eq!(packet.elements().collect::<Vec<_>>(), written);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        if let Ok(packet) = Packet::parse(&bytes) {
            prop_assert!(packet.elements().count() <= bytes.len());
            prop_assert!(packet.payload().len() <= bytes.len());
        }
    }
}

#[test]
fn reading_and_writing_allocate_nothing() {
    let mut buffer = [0; 64];
    let count = allocation_counter::measure(|| {
        let packet = Packet::parse(RICH).unwrap();
        let header = Header {
            payload_type: packet.payload_type(),
            marker: packet.marker(),
            sequence_number: 7,
            timestamp: packet.timestamp(),
            ssrc: 9,
        };
        let level = packet.element(1).unwrap();
        header.write(&mut buffer, &[Element { id: 5, data: level }]).unwrap();
    });
    assert_eq!(count.count_total, 0);
}

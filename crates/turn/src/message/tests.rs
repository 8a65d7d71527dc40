use super::*;

/// A request with attributes given as type and value.
fn request(attributes: &[(u16, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![0x00, 0x01, 0, 0, 0x21, 0x12, 0xA4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
    for (kind, value) in attributes {
        bytes.extend(kind.to_be_bytes());
        bytes.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
        bytes.extend_from_slice(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
    }
    let length = u16::try_from(bytes.len() - HEADER_BYTES).unwrap();
    bytes[2..4].copy_from_slice(&length.to_be_bytes());
    bytes
}

fn kinds(bytes: &[u8]) -> Vec<u16> {
    Message::parse(bytes).unwrap().attributes().map(|attribute| attribute.kind).collect()
}

#[test]
fn attributes_behind_the_integrity_are_ignored() {
    let bytes = request(&[(0x0006, b"anna"), (0x0008, &[0; 20]), (0x000D, &[0; 4])]);
    assert_eq!(kinds(&bytes), [0x0006]);
    assert_eq!(Message::parse(&bytes).unwrap().integrity().unwrap().offset, 28);
}

#[test]
fn sha256_integrity_counts_more_than_sha1() {
    for (first, second) in [(0x0008, 0x001C), (0x001C, 0x0008)] {
        let bytes = request(&[(first, &[1; 20]), (second, &[2; 32])]);
        let message = Message::parse(&bytes).unwrap();
        assert_eq!(message.integrity().unwrap().algorithm, IntegrityAlgorithm::Sha256);
        assert_eq!(message.attributes().count(), 0);
    }
}

#[test]
fn of_attributes_of_one_type_the_first_counts() {
    let bytes = request(&[(0x000D, &[0, 0, 0, 1]), (0x000D, &[0, 0, 0, 2])]);
    let message = Message::parse(&bytes).unwrap();
    assert_eq!(message.raw(0x000D.into()).unwrap().value, [0, 0, 0, 1]);
}

#[test]
fn bytes_cut_anywhere_are_malformed() {
    let bytes = request(&[(0x0006, b"anna1"), (0x000D, &[0, 0, 0, 1])]);
    assert!(Message::parse(&bytes).is_ok());
    for end in 0..bytes.len() {
        assert_eq!(Message::parse(&bytes[..end]).unwrap_err(), Malformed, "the first {end} bytes");
    }
    let mut longer = bytes;
    longer.push(0);
    assert_eq!(Message::parse(&longer).unwrap_err(), Malformed);
}

#[test]
fn an_attribute_without_its_padding_is_malformed() {
    let mut bytes = request(&[(0x0006, b"anna1")]);
    bytes.truncate(bytes.len() - 3);
    bytes[3] -= 3;
    assert_eq!(Message::parse(&bytes).unwrap_err(), Malformed);
}

#[test]
fn an_attribute_that_cannot_be_decoded_is_a_bad_request() {
    let bytes = request(&[(0x000D, &[1, 2])]);
    let message = Message::parse(&bytes).unwrap();
    let decoded = message.attribute::<turn_types::attribute::Lifetime>();
    assert_eq!(decoded.unwrap_err(), Reject::BadRequest(BadRequest::Attribute(0x000D)));
}

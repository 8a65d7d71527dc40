use super::*;

const MASK: [u8; 4] = [1, 2, 3, 4];

fn read(bytes: &[&[u8]]) -> Result<Option<(Header, usize)>, Malformed> {
    Header::read(&bytes.concat())
}

fn text(payload_bytes: u64) -> Header {
    Header { is_final: true, opcode: Opcode::Text, payload_bytes, mask: MASK }
}

#[test]
fn lengths_are_read_in_all_three_forms() {
    assert_eq!(read(&[&[0x81, 0x80 | 125], &MASK]), Ok(Some((text(125), 6))));
    assert_eq!(read(&[&[0x81, 0x80 | 126, 0xff, 0xff], &MASK]), Ok(Some((text(0xffff), 8))));
    assert_eq!(read(&[&[0x81, 0x80 | 127, 0, 0, 0, 0, 0, 1, 0, 0], &MASK]), Ok(Some((text(0x1_0000), 14))));
}

#[test]
fn a_header_that_is_not_there_as_a_whole_is_waited_for() {
    let whole = [&[0x81, 0x80 | 127, 0, 0, 0, 0, 0, 1, 0, 0][..], &MASK].concat();
    for end in 0..whole.len() {
        assert_eq!(Header::read(&whole[..end]), Ok(None), "{end} bytes");
    }
}

#[test]
fn what_the_rfc_forbids_is_malformed() {
    let malformed: [(&str, [u8; 2]); 8] = [
        ("not masked", [0x81, 0]),
        ("a reserved bit", [0x91, 0x80]),
        ("another reserved bit", [0xc1, 0x80]),
        ("an unknown data frame", [0x83, 0x80]),
        ("an unknown control frame", [0x8b, 0x80]),
        ("a control frame in parts", [0x09, 0x80]),
        ("a control frame of 126 bytes", [0x89, 0x80 | 126]),
        ("a control frame of many bytes", [0x88, 0x80 | 127]),
    ];
    for (what, bytes) in malformed {
        assert_eq!(Header::read(&bytes), Err(Malformed), "{what}");
    }
    assert_eq!(read(&[&[0x89, 0x80 | 125], &MASK]).map(|read| read.is_some()), Ok(true), "125 bytes are allowed");
}

#[test]
fn our_headers_have_the_shortest_length() {
    let written = |payload_bytes| {
        let mut header = [0; OURS_BYTES_MAX];
        let header_bytes = Header::write(Opcode::Text, payload_bytes, &mut header);
        header[..header_bytes].to_vec()
    };
    assert_eq!(written(0), [0x81, 0]);
    assert_eq!(written(125), [0x81, 125]);
    assert_eq!(written(126), [0x81, 126, 0, 126]);
    assert_eq!(written(0xffff), [0x81, 126, 0xff, 0xff]);
    assert_eq!(written(0x1_0000), [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
}

use super::*;

/// Opus (111) twice: 960 ticks old, then the primary.
const TWO: &[u8] = &[0x80 | 111, 0x0f, 0x00, 0x03, 111, b'o', b'l', b'd', b'n', b'e', b'w'];

#[test]
fn blocks_come_oldest_first_and_the_primary_last() {
    let blocks: Vec<_> = Blocks::parse(TWO).unwrap().collect();
    assert_eq!(
        blocks,
        [
            Block { payload_type: 111, timestamp_offset: 960, data: b"old" },
            Block { payload_type: 111, timestamp_offset: 0, data: b"new" }
        ]
    );
    assert_eq!(Blocks::parse(TWO).unwrap().primary(), Some(blocks[1]));
}

#[test]
fn a_payload_without_redundancy_is_its_primary_block() {
    let blocks: Vec<_> = Blocks::parse(&[111, 1, 2]).unwrap().collect();
    assert_eq!(blocks, [Block { payload_type: 111, timestamp_offset: 0, data: &[1, 2] }]);
}

#[test]
fn a_cut_payload_is_refused() {
    for length in 0..8 {
        assert_eq!(Blocks::parse(&TWO[..length]).unwrap_err(), ParseError::Truncated, "{length} bytes");
    }
}

#[test]
fn as_many_blocks_as_the_limit_are_read_and_no_more() {
    let payload = |blocks: usize| {
        let mut bytes = [0x80 | 111, 0, 0, 0].repeat(blocks - 1);
        bytes.push(111);
        bytes
    };
    assert_eq!(Blocks::parse(&payload(BLOCKS_MAX)).unwrap().count(), BLOCKS_MAX);
    assert!(matches!(Blocks::parse(&payload(BLOCKS_MAX + 1)), Err(ParseError::TooMany { .. })));
}

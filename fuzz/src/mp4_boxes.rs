//! The boxes of MP4 (ISO 14496-12, 4.2).

use bytes::Buf as _;

/// The boxes, each with its name and all of its bytes.
pub(crate) fn boxes(bytes: &[u8]) -> Vec<([u8; 4], &[u8])> {
    let (mut rest, mut boxes) = (bytes, Vec::new());
    while !rest.is_empty() {
        let mut head = rest;
        let length = head.get_u32() as usize;
        let name = head.get_u32().to_be_bytes();
        let (whole, behind) = rest.split_at_checked(length).expect("a box is no longer than the file");
        boxes.push((name, whole));
        rest = behind;
    }
    boxes
}

//! Elements of EBML (RFC 8794 §4 to §7): an identifier, a size, and what is in them.

/// Writes an element; `content` writes what is in it. Its size takes eight bytes, since it is known behind it.
pub(super) fn element(out: &mut Vec<u8>, id: u32, content: impl FnOnce(&mut Vec<u8>)) {
    write_id(out, id);
    let place = out.len();
    write_unknown_size(out);
    let start = out.len();
    content(out);
    let size = u64::try_from(out.len() - start).unwrap_or(UNKNOWN_SIZE);
    if let Some(place) = out.get_mut(place..start) {
        place.copy_from_slice(&long_size(size));
    }
}

pub(super) fn unsigned(out: &mut Vec<u8>, id: u32, value: u64) {
    let bytes = value.to_be_bytes();
    let skip = usize::try_from(value.leading_zeros() / 8).unwrap_or_default().min(7);
    binary(out, id, bytes.get(skip..).unwrap_or_default());
}

pub(super) fn float(out: &mut Vec<u8>, id: u32, value: f64) {
    binary(out, id, &value.to_be_bytes());
}

pub(super) fn text(out: &mut Vec<u8>, id: u32, value: &str) {
    binary(out, id, value.as_bytes());
}

pub(super) fn binary(out: &mut Vec<u8>, id: u32, value: &[u8]) {
    write_id(out, id);
    write_size(out, u64::try_from(value.len()).unwrap_or(UNKNOWN_SIZE));
    out.extend_from_slice(value);
}

/// Identifiers have their length in their first bits already (RFC 8794 §5).
pub(super) fn write_id(out: &mut Vec<u8>, id: u32) {
    let bytes = id.to_be_bytes();
    let skip = usize::try_from(id.leading_zeros() / 8).unwrap_or_default().min(3);
    out.extend_from_slice(bytes.get(skip..).unwrap_or_default());
}

/// In one byte, four or eight.
pub(super) fn write_size(out: &mut Vec<u8>, size: u64) {
    match size {
        // All ones would be a size that is not known.
        0..0x7f => out.extend_from_slice(&[0x80 | size as u8]),
        0x7f..0x0fff_ffff => out.extend_from_slice(&(0x1000_0000 | size as u32).to_be_bytes()),
        _ => out.extend_from_slice(&long_size(size)),
    }
}

/// The element goes on until something comes that cannot be in it (RFC 8794 §6.2).
pub(super) fn write_unknown_size(out: &mut Vec<u8>) {
    out.extend_from_slice(&long_size(UNKNOWN_SIZE));
}

/// A size in eight bytes.
pub(super) fn long_size(size: u64) -> [u8; 8] {
    (0x0100_0000_0000_0000 | size.min(UNKNOWN_SIZE)).to_be_bytes()
}

/// How long the element is that begins with these bytes; of a segment, whose size may be unknown, the part before its content. `None` for what is none.
pub(crate) fn element_bytes(head: &[u8]) -> Option<u64> {
    let id_bytes = usize::try_from(head.first()?.leading_zeros()).ok()? + 1;
    let size = head.get(id_bytes..).filter(|_| id_bytes <= 4)?;
    let size_bytes = usize::try_from(size.first()?.leading_zeros()).ok()? + 1;
    let is_segment = head.starts_with(&super::id::SEGMENT.to_be_bytes());
    let size = size.get(..size_bytes)?.iter().fold(0, |value: u64, byte| value << 8 | u64::from(*byte));
    let marker = 1_u64.checked_shl(u32::try_from(7 * size_bytes).ok()?)?;
    let content = if is_segment { 0 } else { size & (marker - 1) };
    content.checked_add(u64::try_from(id_bytes + size_bytes).ok()?)
}

/// Eight bytes of ones behind the length.
pub(super) const UNKNOWN_SIZE: u64 = 0x00ff_ffff_ffff_ffff;

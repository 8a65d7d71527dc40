//! Boxes (ISO/IEC 14496-12 §4.2): a length, a name, and what is in them.

/// Writes a box; `content` writes what is in it.
pub(super) fn plain(out: &mut Vec<u8>, name: [u8; 4], content: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&name);
    content(out);
    let length = u32::try_from(out.len() - start).unwrap_or(u32::MAX);
    if let Some(place) = out.get_mut(start..start + 4) {
        place.copy_from_slice(&length.to_be_bytes());
    }
}

/// Writes a box with version and flags.
pub(super) fn full(out: &mut Vec<u8>, name: [u8; 4], version: u8, flags: u32, content: impl FnOnce(&mut Vec<u8>)) {
    plain(out, name, |out| {
        u32(out, (u32::from(version) << 24) | flags);
        content(out);
    });
}

pub(super) fn u16(out: &mut Vec<u8>, value: u16) {
    out.extend_from_slice(&value.to_be_bytes());
}

pub(super) fn u32(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_be_bytes());
}

pub(super) fn u64(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(&value.to_be_bytes());
}

pub(super) fn zeros(out: &mut Vec<u8>, count: usize) {
    out.resize(out.len() + count, 0);
}

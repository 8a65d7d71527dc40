//! H.264 as a byte stream (ITU-T H.264 annex B): NAL units behind start codes.

use super::Entry;

/// The access units, each with its start codes, of equal length in 90,000ths of a second.
pub(super) fn read(bytes: &[u8], frames_per_second: f64) -> Vec<Entry> {
    let length = (90_000.0 / frames_per_second.max(1.0)) as u64;
    let mut entries: Vec<Entry> = Vec::new();
    let mut unit: Vec<u8> = Vec::new();
    let mut has_slice = false;
    for nal in units(bytes) {
        let slice = is_slice(nal);
        if has_slice && starts_access_unit(nal) {
            entries.push(Entry { data: std::mem::take(&mut unit), length });
            has_slice = false;
        }
        has_slice |= slice;
        unit.extend(START_CODE);
        unit.extend_from_slice(nal);
    }
    if has_slice {
        entries.push(Entry { data: unit, length });
    }
    entries
}

/// The NAL units between the start codes of three or four bytes.
fn units(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut starts: Vec<usize> = Vec::new();
    let mut at = 0;
    while let Some(found) = bytes.get(at..).and_then(|rest| rest.windows(3).position(|three| three == [0, 0, 1])) {
        starts.push(at + found);
        at += found + 3;
    }
    let ends: Vec<usize> = starts.iter().copied().skip(1).chain([bytes.len()]).collect();
    let unit = move |(start, end): (usize, usize)| {
        let unit = bytes.get(start + 3..end)?;
        // The fourth byte of the next start code, and zeros that fill up, belong to no unit.
        let length = unit.iter().rposition(|byte| *byte != 0)? + 1;
        unit.get(..length)
    };
    starts.into_iter().zip(ends).filter_map(unit)
}

fn kind(nal: &[u8]) -> u8 {
    nal.first().map_or(0, |first| first & 0x1f)
}

fn is_slice(nal: &[u8]) -> bool {
    (1..=5).contains(&kind(nal))
}

/// ITU-T H.264 §7.4.1.2.3: a delimiter, parameters or supplements, or a slice that begins with the first macroblock, which
/// is an Exp-Golomb zero: a single bit.
fn starts_access_unit(nal: &[u8]) -> bool {
    match kind(nal) {
        6..=9 => true,
        1..=5 => nal.get(1).is_some_and(|byte| byte & 0x80 != 0),
        _ => false,
    }
}

const START_CODE: [u8; 4] = [0, 0, 0, 1];

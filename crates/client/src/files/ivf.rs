//! IVF: a header of 32 bytes, then frames with twelve bytes of size and time before each.

use super::{Cursor, Entry, with_lengths};
use crate::Codec;

/// The codec and the frames with their lengths in 90,000ths of a second.
pub(super) fn read(bytes: &[u8]) -> Result<(Codec, Vec<Entry>), String> {
    let mut cursor = Cursor(bytes);
    let header = (|| {
        let magic = cursor.take(4)?;
        let (_version, header_bytes) = (cursor.u16()?, cursor.u16()?);
        let codec = cursor.take(4)?;
        cursor.take(4)?;
        let (denominator, numerator) = (cursor.u32()?, cursor.u32()?);
        cursor.take(usize::from(header_bytes).checked_sub(24)?)?;
        Some((magic, codec, u64::from(denominator), u64::from(numerator)))
    })();
    let Some((b"DKIF", codec, denominator, numerator)) = header else { return Err("this is no IVF file".into()) };
    let codec = match codec {
        b"VP80" => Codec::Vp8,
        b"VP90" => Codec::Vp9,
        b"AV01" => Codec::Av1,
        other => return Err(format!("the codec {} is not known", String::from_utf8_lossy(other))),
    };
    if denominator == 0 || numerator == 0 {
        return Err("its time base is zero".into());
    }
    let mut frames = Vec::new();
    while !cursor.0.is_empty() {
        let frame = (|| {
            let (size, at) = (cursor.u32()?, cursor.u64()?);
            Some((at, cursor.take(size as usize)?))
        })();
        // A recording that was broken off ends within a frame.
        let Some((at, data)) = frame else { break };
        frames.push((at.saturating_mul(numerator).saturating_mul(CLOCK_HZ) / denominator, data.to_vec()));
    }
    Ok((codec, with_lengths(frames, CLOCK_HZ / 25)))
}

/// The header of a file whose times are in 90,000ths of a second. The number of frames is left open, as it is not known.
pub(super) fn header(codec: Codec, size: (u16, u16)) -> [u8; 32] {
    let name = match codec {
        Codec::Vp9 => b"VP90",
        Codec::Av1 => b"AV01",
        Codec::Vp8 | Codec::H264 | Codec::Opus => b"VP80",
    };
    let mut header = [0; 32];
    header[..4].copy_from_slice(b"DKIF");
    header[6..8].copy_from_slice(&32_u16.to_le_bytes());
    header[8..12].copy_from_slice(name);
    header[12..14].copy_from_slice(&size.0.to_le_bytes());
    header[14..16].copy_from_slice(&size.1.to_le_bytes());
    header[16..20].copy_from_slice(&(CLOCK_HZ as u32).to_le_bytes());
    header[20..24].copy_from_slice(&1_u32.to_le_bytes());
    header
}

/// What stands before a frame.
pub(super) fn frame_header(length: usize, at: u64) -> [u8; 12] {
    let mut header = [0; 12];
    header[..4].copy_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
    header[4..].copy_from_slice(&at.to_le_bytes());
    header
}

/// The clock of video in RTP.
const CLOCK_HZ: u64 = 90_000;

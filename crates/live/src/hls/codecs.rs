//! The names of codecs with their profiles (RFC 6381 and the mappings of AV1, VP9 and Opus).

use std::fmt::Write as _;

use media::aac::AudioSpecificConfig;
use media::{Codec, Parameters};

use super::segment::Tracks;

/// What a player must decode, separated by commas; empty where not everything is known, because a wrong name keeps players away.
pub(super) fn names(tracks: &Tracks) -> String {
    let names: Option<Vec<String>> = tracks.iter().map(name).collect();
    names.unwrap_or_default().join(",")
}

fn name(track: &Parameters) -> Option<String> {
    let record = &track.decoder_configuration;
    match track.codec {
        Codec::H264 => match record.get(1..4)? {
            [profile, constraints, level] => Some(format!("avc1.{profile:02x}{constraints:02x}{level:02x}")),
            _ => None,
        },
        Codec::H265 => h265(record.first_chunk::<13>()?),
        Codec::Av1 => av1(record.first_chunk::<3>()?),
        Codec::Vp8 => Some("vp08.00.41.08".to_owned()),
        Codec::Vp9 => match record.first_chunk::<3>() {
            Some([profile, level, depth]) => Some(format!("vp09.{profile:02}.{level:02}.{:02}", depth >> 4)),
            None => Some("vp09.00.31.08".to_owned()),
        },
        Codec::Aac => Some(format!("mp4a.40.{}", AudioSpecificConfig::parse_core(record).ok()?.object_type)),
        Codec::Mp3 => Some("mp4a.40.34".to_owned()),
        Codec::Opus => Some("opus".to_owned()),
        Codec::Pcmu | Codec::Pcma => None,
    }
}

/// ISO/IEC 14496-15, Annex E.3: space and profile, the compatibility flags from the last to the first, tier and level, the constraints without zeros behind.
fn h265(record: &[u8; 13]) -> Option<String> {
    let [_, profile, c0, c1, c2, c3, constraints @ .., level] = record;
    let space = ["", "A", "B", "C"].get(usize::from(profile >> 6))?;
    let compatibility = u32::from_be_bytes([*c0, *c1, *c2, *c3]).reverse_bits();
    let tier = if profile & 0x20 == 0 { 'L' } else { 'H' };
    let mut name = format!("hvc1.{space}{}.{compatibility:x}.{tier}{level}", profile & 0x1f);
    let used = constraints.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    for byte in constraints.iter().take(used) {
        write!(name, ".{byte:x}").ok()?;
    }
    Some(name)
}

/// AV1 Codec ISO Media File Format Binding, §5: profile, level and tier, bit depth.
fn av1([_, profile_level, flags]: &[u8; 3]) -> Option<String> {
    let (profile, level) = (profile_level >> 5, profile_level & 0x1f);
    let tier = if flags & 0x80 == 0 { 'M' } else { 'H' };
    let depth = match (flags & 0x40 != 0, flags & 0x20 != 0) {
        (false, _) => 8,
        (true, false) => 10,
        (true, true) => 12,
    };
    Some(format!("av01.{profile}.{level:02}{tier}.{depth:02}"))
}

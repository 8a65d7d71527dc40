//! The names of segments, parts and initialization sections.

use std::fmt;

/// What the names of one publication have in common. It cannot be guessed, so whoever was shown a playlist can be given its files without being asked again;
/// and it is never used twice, so caches on the way never mix up two publications.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag(pub u128);

/// A file of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum File {
    /// A segment as a transport stream.
    TransportStream(u64),
    /// A segment as fragmented MP4.
    Mp4(u64),
    /// A part as fragmented MP4. Parts are counted through all segments: so the next one has a name before it is known where it will be.
    Part(u64),
    /// An initialization section.
    Init(u32),
}

impl File {
    /// Reads `tag-7.ts` or, before a dash, anything else in front of it.
    #[must_use]
    pub fn parse(name: &str) -> Option<(Tag, Self)> {
        let (rest, extension) = name.rsplit_once('.')?;
        let (rest, number) = rest.rsplit_once('-')?;
        let tag = rest.rsplit_once('-').map_or(rest, |(_, tag)| tag);
        let is_hex = tag.len() == TAG_CHARS && tag.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let tag = Tag(u128::from_str_radix(tag, 16).ok().filter(|_| is_hex)?);
        let file = match (number.split_at_checked(1)?, extension) {
            (("p", number), "m4s") => Self::Part(decimal(number)?),
            (("i", number), "mp4") => Self::Init(u32::try_from(decimal(number)?).ok()?),
            (_, "m4s") => Self::Mp4(decimal(number)?),
            (_, "ts") => Self::TransportStream(decimal(number)?),
            _ => return None,
        };
        Some((tag, file))
    }

    /// Its name behind the tag.
    #[must_use]
    pub fn name(self, tag: Tag) -> String {
        match self {
            Self::TransportStream(number) => format!("{tag}-{number}.ts"),
            Self::Mp4(number) => format!("{tag}-{number}.m4s"),
            Self::Part(number) => format!("{tag}-p{number}.m4s"),
            Self::Init(number) => format!("{tag}-i{number}.mp4"),
        }
    }
}

/// A number has one name: no signs, no zeros in front.
fn decimal(text: &str) -> Option<u64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| is_plain)
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

const TAG_CHARS: usize = 32;

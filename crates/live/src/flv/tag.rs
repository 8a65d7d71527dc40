//! Tags around the bodies (FLV E.4.1), and what a file begins with (E.2).

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use media::MediaTime;

use super::FlvError;

/// What a tag has in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagKind {
    /// Sounds.
    Audio,
    /// Pictures.
    Video,
    /// Data in AMF0, such as `onMetaData`.
    Script,
}

/// One tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// What is in it.
    pub kind: TagKind,
    /// When it is decoded, in milliseconds; it starts again after 49 days.
    pub timestamp_ms: u32,
    /// What is in it.
    pub body: Bytes,
}

/// Reads FLV as it comes.
#[derive(Debug, Default)]
pub struct TagReader {
    buffer: BytesMut,
    /// Whether the header of the file is behind us.
    begun: bool,
}

/// What a stream begins with: the header and the size of the tag before the first, which is 0.
#[must_use]
pub fn header(has_audio: bool, has_video: bool) -> Bytes {
    let flags = u8::from(has_audio) << 2 | u8::from(has_video);
    Bytes::copy_from_slice(&[b'F', b'L', b'V', 1, flags, 0, 0, 0, 9, 0, 0, 0, 0])
}

/// A tag with its size behind it.
#[must_use]
pub fn tag(kind: TagKind, time: MediaTime, body: &[u8]) -> Bytes {
    let mut tag = BytesMut::with_capacity(TAG_HEADER_BYTES + body.len() + SIZE_BYTES);
    // Bodies come from messages, which are far shorter than 16 MiB.
    let [_, length @ ..] = u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes();
    let [high, low @ ..] = timestamp_ms(time).to_be_bytes();
    tag.put_u8(kind.number());
    tag.put_slice(&length);
    tag.put_slice(&low);
    tag.put_slice(&[high, 0, 0, 0]);
    tag.put_slice(body);
    tag.put_u32(u32::try_from(TAG_HEADER_BYTES + body.len()).unwrap_or(u32::MAX));
    tag.freeze()
}

/// Milliseconds, starting again after 49 days.
pub(crate) fn timestamp_ms(time: MediaTime) -> u32 {
    let [.., a, b, c, d] = time.millis().to_be_bytes();
    u32::from_be_bytes([a, b, c, d])
}

impl TagKind {
    /// As tags and messages of RTMP number it.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Audio => 8,
            Self::Video => 9,
            Self::Script => 18,
        }
    }
}

impl TagReader {
    /// Before the first byte.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes bytes as they come; drain [`Self::next_tag`] afterwards.
    pub fn handle_bytes(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole tag. Tags of other kinds are passed over.
    ///
    /// # Errors
    /// When this is no FLV, or a tag is too long. Nothing more can be read then.
    pub fn next_tag(&mut self) -> Result<Option<Tag>, FlvError> {
        if !self.begun {
            let Some(header) = self.buffer.first_chunk::<FILE_HEADER_BYTES>() else { return Ok(None) };
            if !header.starts_with(b"FLV\x01") {
                return Err(FlvError::Signature);
            }
            self.buffer.advance(FILE_HEADER_BYTES);
            self.begun = true;
        }
        while let Some(&[kind, l2, l1, l0, t2, t1, t0, t3, ..]) = self.buffer.first_chunk::<TAG_HEADER_BYTES>() {
            let length = usize::from(l2) << 16 | usize::from(l1) << 8 | usize::from(l0);
            if length > TAG_BYTES_MAX {
                return Err(FlvError::TooLong { bytes: length, limit: TAG_BYTES_MAX });
            }
            if self.buffer.len() < TAG_HEADER_BYTES + length + SIZE_BYTES {
                return Ok(None);
            }
            self.buffer.advance(TAG_HEADER_BYTES);
            let body = self.buffer.split_to(length).freeze();
            self.buffer.advance(SIZE_BYTES);
            let kind = match kind & 0x1f {
                8 => TagKind::Audio,
                9 => TagKind::Video,
                18 => TagKind::Script,
                _ => continue,
            };
            return Ok(Some(Tag { kind, timestamp_ms: u32::from_be_bytes([t3, t2, t1, t0]), body }));
        }
        Ok(None)
    }
}

/// Of the file, with the size of the tag before the first.
pub(crate) const FILE_HEADER_BYTES: usize = 13;
const TAG_HEADER_BYTES: usize = 11;
/// Of the size behind each tag.
const SIZE_BYTES: usize = 4;
/// As much as a message of RTMP.
pub(crate) const TAG_BYTES_MAX: usize = 8 * 1024 * 1024;

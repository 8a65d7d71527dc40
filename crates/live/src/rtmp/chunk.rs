//! The chunk stream (RTMP 1.0 §5.3): messages cut into chunks, those of several messages in turn.

use std::collections::BTreeMap;

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};

use super::{RtmpError, kind};

/// A message (§6.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its type.
    pub kind: u8,
    /// Milliseconds; they start again after 49 days.
    pub timestamp_ms: u32,
    /// Which message stream it belongs to; 0 is the connection itself.
    pub stream: u32,
    /// What it says.
    pub payload: Bytes,
}

/// Reads chunks as they come and puts messages together. It obeys Set Chunk Size and Abort, which it does not hand on.
#[derive(Debug)]
pub struct ChunkReader {
    buffer: BytesMut,
    /// What the other side said last.
    chunk_bytes: usize,
    /// By chunk stream id; at most `CHUNK_STREAMS_MAX`.
    streams: BTreeMap<u32, ChunkStream>,
    /// Of all messages that are begun and not ended; at most `UNFINISHED_BYTES_MAX`.
    unfinished_bytes: usize,
}

/// What the next header on a chunk stream may leave out, and the message that is not whole yet.
#[derive(Debug, Default)]
struct ChunkStream {
    timestamp_ms: u32,
    delta_ms: u32,
    length: usize,
    kind: u8,
    stream: u32,
    /// Whether the last header had its timestamp behind it, since it did not fit: then so has a chunk without header.
    extended: Option<u32>,
    payload: BytesMut,
    /// Whether a message is begun, be it without a byte so far.
    is_open: bool,
}

/// A message header, as far as it is there (§5.3.1.2).
#[derive(Debug, Clone, Copy)]
struct Header {
    format: u8,
    chunk_stream: u32,
    /// The time or the difference of times, extended if need be.
    time_ms: u32,
    is_extended: bool,
    length: usize,
    kind: u8,
    stream: u32,
    /// Bytes of all of this.
    bytes: usize,
}

impl Default for ChunkReader {
    fn default() -> Self {
        Self::new()
    }
}

impl ChunkReader {
    /// Before the first chunk.
    #[must_use]
    pub fn new() -> Self {
        Self {
            buffer: BytesMut::new(),
            chunk_bytes: CHUNK_BYTES_AT_FIRST,
            streams: BTreeMap::new(),
            unfinished_bytes: 0,
        }
    }

    /// Takes bytes as they come; drain [`Self::next_message`] afterwards, so that never more than a chunk is kept.
    pub fn handle_bytes(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Bytes that came and are not read yet.
    #[must_use]
    pub fn buffered_bytes(&self) -> usize {
        self.buffer.len()
    }

    /// The next whole message.
    ///
    /// # Errors
    /// When the other side breaks the rules or a limit. Nothing more can be read then.
    pub fn next_message(&mut self) -> Result<Option<Message>, RtmpError> {
        while let Some(header) = self.header()? {
            let chunk_bytes = self.chunk_bytes;
            let stream = self.streams.entry(header.chunk_stream).or_default();
            let missing = if stream.is_open { stream.length - stream.payload.len() } else { header.length };
            let length = missing.min(chunk_bytes);
            if self.buffer.len() < header.bytes + length {
                return Ok(None);
            }
            if !stream.is_open {
                stream.begin(&header);
            }
            self.unfinished_bytes += length;
            if self.unfinished_bytes > UNFINISHED_BYTES_MAX {
                return Err(RtmpError::Unfinished(UNFINISHED_BYTES_MAX));
            }
            self.buffer.advance(header.bytes);
            stream.payload.extend_from_slice(&self.buffer.split_to(length));
            if stream.payload.len() < stream.length {
                continue;
            }
            let message = stream.finish();
            self.unfinished_bytes -= message.payload.len();
            match message.kind {
                kind::SET_CHUNK_SIZE => self.set_chunk_size(&message)?,
                kind::ABORT => self.abort(&message)?,
                _ => return Ok(Some(message)),
            }
        }
        Ok(None)
    }

    /// The header at the front, completed by what is known of its chunk stream; `None` while it is not all there.
    fn header(&self) -> Result<Option<Header>, RtmpError> {
        let mut reader = HeaderReader { bytes: &self.buffer, position: 0 };
        let Some((format, chunk_stream)) = reader.basic() else { return Ok(None) };
        let known = self.streams.get(&chunk_stream);
        if known.is_none() {
            if format != 0 && format != 1 {
                return Err(RtmpError::NoMessage(chunk_stream));
            }
            if self.streams.len() >= CHUNK_STREAMS_MAX {
                return Err(RtmpError::ChunkStreams(CHUNK_STREAMS_MAX));
            }
        }
        let read = reader.message(format, chunk_stream, known);
        let Some(mut header) = read else { return Ok(None) };
        if known.is_some_and(|stream| stream.is_open) && format != 3 {
            // A header in the middle of a message: nobody sends it on purpose, and the lengths would contradict.
            return Err(RtmpError::NoMessage(chunk_stream));
        }
        let limit = if is_media(header.kind) { MESSAGE_BYTES_MAX } else { COMMAND_BYTES_MAX };
        if header.length > limit {
            return Err(RtmpError::MessageTooLong { bytes: header.length, limit });
        }
        header.bytes = reader.position;
        Ok(Some(header))
    }

    /// §5.4.1
    fn set_chunk_size(&mut self, message: &Message) -> Result<(), RtmpError> {
        let size = first_number(message)?;
        if size == 0 || size > i32::MAX.unsigned_abs() {
            return Err(RtmpError::ChunkSize(size));
        }
        self.chunk_bytes = usize::try_from(size).unwrap_or(usize::MAX).min(MESSAGE_BYTES_MAX);
        Ok(())
    }

    /// §5.4.2
    fn abort(&mut self, message: &Message) -> Result<(), RtmpError> {
        if let Some(stream) = self.streams.get_mut(&first_number(message)?) {
            self.unfinished_bytes -= stream.payload.len();
            stream.payload.clear();
            stream.is_open = false;
        }
        Ok(())
    }
}

impl ChunkStream {
    fn begin(&mut self, header: &Header) {
        match header.format {
            0 => (self.timestamp_ms, self.delta_ms) = (header.time_ms, header.time_ms),
            1 | 2 => {
                self.delta_ms = header.time_ms;
                self.timestamp_ms = self.timestamp_ms.wrapping_add(header.time_ms);
            }
            _ => self.timestamp_ms = self.timestamp_ms.wrapping_add(self.delta_ms),
        }
        if header.format != 3 {
            self.extended = header.is_extended.then_some(header.time_ms);
        }
        (self.length, self.kind, self.stream) = (header.length, header.kind, header.stream);
        self.is_open = true;
    }

    fn finish(&mut self) -> Message {
        self.is_open = false;
        let payload = self.payload.split().freeze();
        Message { kind: self.kind, timestamp_ms: self.timestamp_ms, stream: self.stream, payload }
    }
}

/// Reads headers without taking them, since they may not be whole.
struct HeaderReader<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl HeaderReader<'_> {
    /// Format and chunk stream id (§5.3.1.1).
    fn basic(&mut self) -> Option<(u8, u32)> {
        let [first] = self.array()?;
        let id = match first & 0x3f {
            0 => u32::from(self.array::<1>()?[0]) + 64,
            1 => {
                let [low, high] = self.array()?;
                u32::from(high) * 256 + u32::from(low) + 64
            }
            id => id.into(),
        };
        Some((first >> 6, id))
    }

    /// §5.3.1.2 and §5.3.1.3.
    fn message(&mut self, format: u8, chunk_stream: u32, known: Option<&ChunkStream>) -> Option<Header> {
        let mut header = Header {
            format,
            chunk_stream,
            time_ms: 0,
            is_extended: false,
            length: known.map_or(0, |stream| stream.length),
            kind: known.map_or(0, |stream| stream.kind),
            stream: known.map_or(0, |stream| stream.stream),
            bytes: 0,
        };
        if format < 3 {
            header.time_ms = self.u24()?;
            header.is_extended = header.time_ms == EXTENDED;
        }
        if format < 2 {
            header.length = usize::try_from(self.u24()?).ok()?;
            [header.kind] = self.array()?;
        }
        if format == 0 {
            header.stream = u32::from_le_bytes(self.array()?);
        }
        if header.is_extended {
            header.time_ms = u32::from_be_bytes(self.array()?);
        } else if let Some(expected) = known.and_then(|stream| stream.extended).filter(|_| format == 3) {
            // The specification wants it here again; some encoders disagree, so it counts only when it is the same.
            let expected = expected.to_be_bytes();
            let rest = self.bytes.get(self.position..).unwrap_or_default();
            if rest.starts_with(&expected) {
                self.position += expected.len();
            } else if expected.starts_with(rest) {
                return None;
            }
        }
        Some(header)
    }

    fn u24(&mut self) -> Option<u32> {
        let [a, b, c] = self.array()?;
        Some(u32::from_be_bytes([0, a, b, c]))
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let array = *self.bytes.get(self.position..)?.first_chunk()?;
        self.position += N;
        Some(array)
    }
}

/// The number that is all of some protocol control messages (§5.4).
pub(crate) fn first_number(message: &Message) -> Result<u32, RtmpError> {
    message.payload.first_chunk().map(|number| u32::from_be_bytes(*number)).ok_or(RtmpError::Truncated(message.kind))
}

fn is_media(message_kind: u8) -> bool {
    matches!(message_kind, kind::AUDIO | kind::VIDEO | kind::AGGREGATE)
}

/// A message in chunks of at most 60000 bytes, with a whole header in front (§5.3.1.2.1): it depends on nothing that was sent before, so that it is
/// written once for all who get it.
#[must_use]
pub fn message(message_kind: u8, timestamp_ms: u32, stream: u32, payload: &[u8]) -> Bytes {
    let chunks = payload.len() / CHUNK_BYTES + 1;
    let mut bytes = BytesMut::with_capacity(payload.len() + HEADER_BYTES_MAX * chunks);
    append(&mut bytes, CHUNK_BYTES, message_kind, timestamp_ms, stream, payload);
    bytes.freeze()
}

/// As [`message`], in chunks of so many bytes, behind what is there.
pub(crate) fn append(
    to: &mut BytesMut,
    chunk_bytes: usize,
    message_kind: u8,
    timestamp_ms: u32,
    stream: u32,
    payload: &[u8],
) {
    let chunk_stream = match message_kind {
        kind::AUDIO => 4,
        kind::VIDEO => 6,
        kind::COMMAND => 3,
        kind::DATA => 5,
        _ => 2,
    };
    let extended = timestamp_ms >= EXTENDED;
    let [_, time @ ..] = timestamp_ms.min(EXTENDED).to_be_bytes();
    // Messages are shorter than 16 MiB.
    let [_, length @ ..] = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_be_bytes();
    to.put_u8(chunk_stream);
    to.put_slice(&time);
    to.put_slice(&length);
    to.put_u8(message_kind);
    to.put_u32_le(stream);
    if extended {
        to.put_u32(timestamp_ms);
    }
    for (index, chunk) in payload.chunks(chunk_bytes).enumerate() {
        if index > 0 {
            to.put_u8(0xc0 | chunk_stream);
            if extended {
                to.put_u32(timestamp_ms);
            }
        }
        to.put_slice(chunk);
    }
}

/// The same message for a viewer who plays on another message stream than [`PLAY_STREAM`].
#[must_use]
pub fn for_stream(message: &Bytes, stream: u32) -> Bytes {
    if stream == PLAY_STREAM {
        return message.clone();
    }
    let mut bytes = BytesMut::from(message.as_ref());
    if let Some(place) = bytes.get_mut(8..12) {
        place.copy_from_slice(&stream.to_le_bytes());
    }
    bytes.freeze()
}

/// The message stream that nearly every client plays on: the first it asked for.
pub const PLAY_STREAM: u32 = 1;
/// Of what we send: so long that most frames are one chunk or two.
pub(crate) const CHUNK_BYTES: usize = 60_000;
/// Until the other side says another (§5.4.1).
pub(crate) const CHUNK_BYTES_AT_FIRST: usize = 128;
/// What stands where the timestamp does not fit (§5.3.1.3).
const EXTENDED: u32 = 0xff_ffff;
/// Of a first chunk with an extended timestamp.
const HEADER_BYTES_MAX: usize = 16;
/// A key frame of a picture of 8000 pixels has three.
pub(crate) const MESSAGE_BYTES_MAX: usize = crate::flv::TAG_BYTES_MAX;
/// Of commands, metadata and everything else that is read into values.
pub(crate) const COMMAND_BYTES_MAX: usize = 64 * 1024;
/// One for each kind of message would do; encoders use up to ten.
pub(crate) const CHUNK_STREAMS_MAX: usize = 32;
/// A picture and what comes between its chunks.
pub(crate) const UNFINISHED_BYTES_MAX: usize = MESSAGE_BYTES_MAX + 1024 * 1024;

#[cfg(test)]
mod tests;

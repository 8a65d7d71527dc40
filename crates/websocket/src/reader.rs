//! Messages of a client, put together from frames.

use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::header::{Header, Malformed, Opcode, THEIRS_BYTES_MAX};

/// What a client says.
#[derive(Debug, PartialEq, Eq)]
pub enum Message {
    Text(String),
    /// Its bytes are of no interest to anybody here.
    Binary,
    /// To be answered with a pong of the same bytes.
    Ping(Vec<u8>),
    Pong,
    /// Nothing follows. The code is to be sent back.
    Close(Option<u16>),
}

/// Why a client is not understood any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// A message is longer than is read.
    TooLong,
    /// A text is not UTF-8.
    NotUtf8,
    /// It does not keep to RFC 6455.
    Malformed,
    /// There is no memory left for messages that are not complete.
    Crowded,
    /// The connection is lost, or ended without a goodbye.
    Lost,
}

/// Who answers for the memory in which messages wait for their end.
pub trait Memory {
    /// The message that is being read takes so many bytes; 0 when there is none. `false` where it may not.
    fn hold(&mut self, bytes: usize) -> bool;
}

/// As much as messages may be long.
impl Memory for () {
    fn hold(&mut self, _bytes: usize) -> bool {
        true
    }
}

/// The reading side of a WebSocket.
pub struct Reader<R, M = ()> {
    io: R,
    memory: M,
    /// What was read and not looked at: the first `read` bytes from `looked` on.
    unread: [u8; UNREAD_BYTES],
    looked: usize,
    read: usize,
    /// The frame of which some is missing, and its payload so far, still masked.
    open: Option<(Header, Vec<u8>)>,
    /// The message of which frames are missing, and its payload so far.
    begun: Option<(Opcode, Vec<u8>)>,
    message_bytes_max: usize,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    /// Reads messages of at most so many bytes.
    pub fn new(io: R, message_bytes_max: usize) -> Self {
        Self::with_memory(io, message_bytes_max, ())
    }
}

impl<R: AsyncRead + Unpin, M: Memory> Reader<R, M> {
    /// The same, as far as `memory` allows.
    pub fn with_memory(io: R, message_bytes_max: usize, memory: M) -> Self {
        Self { io, memory, unread: [0; UNREAD_BYTES], looked: 0, read: 0, open: None, begun: None, message_bytes_max }
    }

    /// Whether a message has begun that is not complete.
    pub fn is_amid(&self) -> bool {
        self.begun.is_some() || self.open.as_ref().is_some_and(|(header, _)| !header.opcode.is_control())
    }

    /// The next message. Nothing is lost when the future is dropped before it is ready.
    ///
    /// # Errors
    /// [`Broken`]; there is no next message.
    pub async fn next(&mut self) -> Result<Message, Broken> {
        loop {
            let (header, payload) = self.frame().await?;
            let message = self.hear(header, payload)?;
            let begun_bytes = self.begun.as_ref().map_or(0, |(_, payload)| payload.capacity());
            if !self.memory.hold(begun_bytes) {
                return Err(Broken::Crowded);
            }
            if let Some(message) = message {
                return Ok(message);
            }
        }
    }

    /// Reads on, and looks at nothing, until the client has ended the connection: data that nobody reads would cut off our last words.
    pub async fn discard(&mut self) {
        while read_some(self.io.read(&mut self.unread).await).is_ok() {}
    }

    /// The next frame and its payload.
    async fn frame(&mut self) -> Result<(Header, Vec<u8>), Broken> {
        loop {
            if self.open.is_none() {
                self.open = self.header()?.map(|header| (header, Vec::new()));
            }
            let Some((header, payload)) = &mut self.open else {
                self.fill().await?;
                continue;
            };
            let here = self.unread.get(self.looked..self.read).unwrap_or_default();
            let missing = header.payload_bytes.saturating_sub(payload.len() as u64);
            let taken = usize::try_from(missing).unwrap_or(usize::MAX).min(here.len());
            payload.extend_from_slice(here.get(..taken).unwrap_or_default());
            self.looked += taken;
            let missing = header.payload_bytes.saturating_sub(payload.len() as u64);
            if missing == 0 {
                if let Some((header, mut payload)) = self.open.take() {
                    unmask(&mut payload, header.mask);
                    return Ok((header, payload));
                }
            } else if missing <= UNREAD_BYTES as u64 {
                self.fill().await?;
            } else {
                // Memory is taken as the bytes come, and not for what somebody says will come.
                let ahead = usize::try_from(missing).unwrap_or(usize::MAX).min(AHEAD_BYTES);
                let begun_bytes = self.begun.as_ref().map_or(0, |(_, payload)| payload.capacity());
                let wanted_bytes = payload.capacity().max(payload.len().saturating_add(ahead));
                if !self.memory.hold(begun_bytes.saturating_add(wanted_bytes)) {
                    return Err(Broken::Crowded);
                }
                payload.reserve(ahead);
                read_some((&mut self.io).take(missing).read_buf(payload).await)?;
            }
        }
    }

    /// The next header, if it has been read as a whole.
    fn header(&mut self) -> Result<Option<Header>, Broken> {
        let here = self.unread.get(self.looked..self.read).unwrap_or_default();
        let Some((header, header_bytes)) = Header::read(here).map_err(|Malformed| Broken::Malformed)? else {
            return Ok(None);
        };
        self.looked += header_bytes;
        let before = self.begun.as_ref().map_or(0, |(_, payload)| payload.len());
        let longest = self.message_bytes_max.saturating_sub(before) as u64;
        if !header.opcode.is_control() && header.payload_bytes > longest {
            return Err(Broken::TooLong);
        }
        Ok(Some(header))
    }

    /// Reads what there is into the place for small frames.
    async fn fill(&mut self) -> Result<(), Broken> {
        self.unread.copy_within(self.looked..self.read, 0);
        self.read -= self.looked;
        self.looked = 0;
        let room = self.unread.get_mut(self.read..).unwrap_or_default();
        self.read += read_some(self.io.read(room).await)?;
        Ok(())
    }

    /// Puts a frame where it belongs; gives back a message that is complete.
    fn hear(&mut self, header: Header, payload: Vec<u8>) -> Result<Option<Message>, Broken> {
        let (opcode, payload) = match (header.opcode, self.begun.take()) {
            (Opcode::Continuation, Some((opcode, mut whole))) => {
                whole.extend_from_slice(&payload);
                (opcode, whole)
            }
            (opcode @ (Opcode::Text | Opcode::Binary), None) => (opcode, payload),
            (Opcode::Continuation, None) | (Opcode::Text | Opcode::Binary, Some(_)) => return Err(Broken::Malformed),
            (control @ (Opcode::Ping | Opcode::Pong | Opcode::Close), begun) => {
                self.begun = begun;
                return match control {
                    Opcode::Ping => Ok(Some(Message::Ping(payload))),
                    Opcode::Pong => Ok(Some(Message::Pong)),
                    Opcode::Close | Opcode::Continuation | Opcode::Text | Opcode::Binary => close(&payload).map(Some),
                };
            }
        };
        if !header.is_final {
            self.begun = Some((opcode, payload));
            return Ok(None);
        }
        if opcode != Opcode::Text {
            return Ok(Some(Message::Binary));
        }
        String::from_utf8(payload).map(|text| Some(Message::Text(text))).map_err(|_| Broken::NotUtf8)
    }
}

/// What a read has brought; its end is that of the connection.
fn read_some(read: std::io::Result<usize>) -> Result<usize, Broken> {
    read.ok().filter(|&bytes| bytes > 0).ok_or(Broken::Lost)
}

/// RFC 6455 §5.3.
fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    for piece in payload.chunks_mut(mask.len()) {
        for (byte, mask) in piece.iter_mut().zip(mask) {
            *byte ^= mask;
        }
    }
}

/// Reads the payload of a close frame (RFC 6455 §5.5.1 and §7.4).
fn close(payload: &[u8]) -> Result<Message, Broken> {
    let Some((code, reason)) = payload.split_first_chunk() else {
        return if payload.is_empty() { Ok(Message::Close(None)) } else { Err(Broken::Malformed) };
    };
    let code = u16::from_be_bytes(*code);
    if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
        return Err(Broken::Malformed);
    }
    std::str::from_utf8(reason).map(|_| Message::Close(Some(code))).map_err(|_| Broken::NotUtf8)
}

/// As much as is read ahead of the frames: most of what clients say fits, and what is longer is read where it stays.
const UNREAD_BYTES: usize = 512;

/// A long frame is read in steps of at most so many bytes.
const AHEAD_BYTES: usize = 16 * 1024;

const _: () = assert!(UNREAD_BYTES > THEIRS_BYTES_MAX, "a header must fit");

#[cfg(test)]
mod tests;

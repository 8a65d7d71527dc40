//! A stand-in for WebSocket framing on a simulated stream: an opening, then whole messages, pings, pongs and a close.
//!
//! The wire form is ours alone (kind, length, bytes); RFC 6455 itself is tested where the real sockets are.

/// Bytes of the header: one of kind, four of length.
const HEADER_BYTES: usize = 5;

/// The kind of the first frame. Like the first letter of an HTTP request, no STUN message begins with it.
const OPEN: u8 = b'G';

/// What is exchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// The client's request to open, with the token of the URL or nothing.
    Open(String),
    /// The server refuses the request with this HTTP status.
    Refuse(u16),
    /// A text message.
    Text(String),
    /// Asks for a pong.
    Ping,
    /// Answers a ping.
    Pong,
    /// Ends the connection with this status code.
    Close(u16),
}

impl Frame {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let (kind, body) = match self {
            Self::Open(token) => (OPEN, token.clone().into_bytes()),
            Self::Refuse(status) => (1, status.to_be_bytes().to_vec()),
            Self::Text(text) => (2, text.clone().into_bytes()),
            Self::Ping => (3, Vec::new()),
            Self::Pong => (4, Vec::new()),
            Self::Close(code) => (5, code.to_be_bytes().to_vec()),
        };
        let length = u32::try_from(body.len()).expect("messages are far below 4 GiB");
        [&[kind][..], &length.to_be_bytes(), &body].concat()
    }

    fn decode(kind: u8, body: &[u8]) -> Option<Self> {
        let text = || String::from_utf8(body.to_vec()).ok();
        let number = || body.first_chunk().copied().map(u16::from_be_bytes);
        match kind {
            OPEN => text().map(Self::Open),
            1 => number().map(Self::Refuse),
            2 => text().map(Self::Text),
            3 => Some(Self::Ping),
            4 => Some(Self::Pong),
            5 => number().map(Self::Close),
            _ => None,
        }
    }
}

/// Puts frames together from the bytes of a stream. Both ends are ours, so what makes no sense is skipped.
#[derive(Debug, Default)]
pub(crate) struct Assembler {
    bytes: Vec<u8>,
}

impl Assembler {
    /// Takes bytes and returns the frames that they complete.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Vec<Frame> {
        self.bytes.extend_from_slice(bytes);
        let mut frames = Vec::new();
        while let Some(&[kind, a, b, c, d]) = self.bytes.first_chunk::<HEADER_BYTES>() {
            let end = HEADER_BYTES + u32::from_be_bytes([a, b, c, d]) as usize;
            let Some(body) = self.bytes.get(HEADER_BYTES..end) else {
                break;
            };
            frames.extend(Frame::decode(kind, body));
            self.bytes.drain(..end);
        }
        frames
    }
}

#[cfg(test)]
mod tests;

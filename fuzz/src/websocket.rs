//! Frames of a stranger in any pieces, with reads that are given up at each of them: what is heard, and how it ends, is what `tungstenite`
//! hears and says, or the difference has a reason that stands here. What we answer is what its client reads.

use std::io::{self, Cursor};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use arbitrary::{Arbitrary, Unstructured};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tungstenite::protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode};
use tungstenite::{Error, WebSocket};
use websocket::{Broken, Frame, Message, Reader, Writer};

/// What the client sends next.
#[derive(Debug, Arbitrary)]
enum Step {
    /// A frame as it should be.
    Frame {
        opcode: u8,
        is_final: bool,
        mask: [u8; 4],
        payload: Vec<u8>,
    },
    /// A message of many bytes, over the limit or not, in parts of so many.
    Long {
        bytes: u16,
        part_bytes: u16,
        text: bool,
    },
    /// A close frame with this code.
    Close {
        code: u16,
        reason: Vec<u8>,
    },
    /// A header that says anything, and a payload that need not be as long.
    Header {
        first: u8,
        second: u8,
        length: u64,
        payload: Vec<u8>,
    },
    Bytes(Vec<u8>),
}

/// All that was understood, and then?
#[derive(Debug, PartialEq)]
struct Heard {
    messages: Vec<Message>,
    end: End,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    Closed(Option<u16>),
    Broken(Broken),
}

/// The first byte says into how long pieces the network cuts; then steps follow.
pub fn run(data: &[u8]) {
    let Some((&piece_bytes, steps)) = data.split_first() else { return };
    let mut input = Unstructured::new(steps);
    let mut bytes = Vec::new();
    for _ in 0..STEPS_MAX {
        let Ok(step) = Step::arbitrary(&mut input) else { break };
        if input.is_empty() {
            break;
        }
        step.write(&mut bytes);
    }
    let whole = ours(&bytes, bytes.len().max(1));
    assert_eq!(ours(&bytes, usize::from(piece_bytes).max(1)), whole, "what is heard hangs on how it was cut");
    compare(&whole, &theirs(&bytes), has_wide_control(&bytes));
    answer(whole.messages, usize::from(piece_bytes).max(1));
}

impl Step {
    fn write(self, into: &mut Vec<u8>) {
        match self {
            Self::Frame { opcode, is_final, mask, payload } => {
                write_frame(into, OPCODES[usize::from(opcode) % OPCODES.len()], is_final, mask, &payload);
            }
            Self::Long { bytes, part_bytes, text } => {
                let content = vec![b'x'; usize::from(bytes) % (2 * MESSAGE_BYTES_MAX)];
                let parts = content.chunks(usize::from(part_bytes).max(64)).count();
                for (at, part) in content.chunks(usize::from(part_bytes).max(64)).enumerate() {
                    let opcode = if at > 0 { 0 } else { 2 - u8::from(text) };
                    write_frame(into, opcode, at + 1 == parts, [3; 4], part);
                }
            }
            Self::Close { code, reason } => {
                write_frame(into, 8, true, [5; 4], &[&code.to_be_bytes()[..], &reason].concat());
            }
            Self::Header { first, second, length, payload } => {
                into.extend([first, second]);
                match second & 0x7f {
                    126 => into.extend(&length.to_be_bytes()[6..]),
                    127 => into.extend(length.to_be_bytes()),
                    _ => {}
                }
                into.extend(payload);
            }
            Self::Bytes(bytes) => into.extend(bytes),
        }
    }
}

/// RFC 6455 §5.2.
fn write_frame(into: &mut Vec<u8>, opcode: u8, is_final: bool, mask: [u8; 4], payload: &[u8]) {
    into.push(u8::from(is_final) << 7 | opcode);
    match payload.len() {
        short @ ..126 => into.push(0x80 | short as u8),
        length @ ..0x1_0000 => {
            into.push(0x80 | 126);
            into.extend((length as u16).to_be_bytes());
        }
        length => {
            into.push(0x80 | 127);
            into.extend((length as u64).to_be_bytes());
        }
    }
    into.extend(mask);
    into.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
}

/// What our reader hears when so many bytes come at a time, and whoever waits for more gives up and asks again.
fn ours(bytes: &[u8], piece_bytes: usize) -> Heard {
    let mut reader = Reader::new(Pieces { rest: bytes, piece_bytes, is_due: false }, MESSAGE_BYTES_MAX);
    let mut messages = Vec::new();
    loop {
        match pin!(reader.next()).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Pending => {}
            Poll::Ready(Ok(Message::Close(code))) => return Heard { messages, end: End::Closed(code) },
            Poll::Ready(Ok(message)) => messages.push(message),
            Poll::Ready(Err(broken)) => return Heard { messages, end: End::Broken(broken) },
        }
    }
}

/// The same of `tungstenite`, in our words.
fn theirs(bytes: &[u8]) -> Heard {
    let limits = WebSocketConfig::default()
        .max_message_size(Some(MESSAGE_BYTES_MAX))
        .max_frame_size(Some(MESSAGE_BYTES_MAX))
        .read_buffer_size(512);
    let mut socket = WebSocket::from_raw_socket(Duplex::of(bytes), Role::Server, Some(limits));
    let mut messages = Vec::new();
    let end = loop {
        match socket.read() {
            Ok(tungstenite::Message::Text(text)) => messages.push(Message::Text(text.as_str().to_owned())),
            Ok(tungstenite::Message::Binary(_)) => messages.push(Message::Binary),
            Ok(tungstenite::Message::Ping(payload)) => messages.push(Message::Ping(payload.to_vec())),
            Ok(tungstenite::Message::Pong(_)) => messages.push(Message::Pong),
            Ok(tungstenite::Message::Close(Some(CloseFrame { code: CloseCode::Protocol, reason })))
                if reason.as_str() == "Protocol violation" =>
            {
                break End::Broken(Broken::Malformed);
            }
            Ok(tungstenite::Message::Close(close)) => break End::Closed(close.map(|close| close.code.into())),
            Ok(tungstenite::Message::Frame(frame)) => panic!("{frame:?} is no message"),
            Err(Error::Protocol(tungstenite::error::ProtocolError::ResetWithoutClosingHandshake)) => {
                break End::Broken(Broken::Lost);
            }
            Err(Error::Protocol(_)) => break End::Broken(Broken::Malformed),
            Err(Error::Capacity(_)) => break End::Broken(Broken::TooLong),
            Err(Error::Utf8(_)) => break End::Broken(Broken::NotUtf8),
            Err(error) => panic!("{error}"),
        }
    };
    Heard { messages, end }
}

/// A control frame may tell its length in more than one byte, although it has to fit into one (RFC 6455 §5.5).
fn has_wide_control(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|pair| matches!(pair[0], 0x88..=0x8a) && pair[1] >= 0x80 | 126)
}

/// Both hear the same, and end alike.
fn compare(ours: &Heard, theirs: &Heard, has_wide_control: bool) {
    use Broken::{Lost, Malformed, NotUtf8, TooLong};
    // They look at each part of a text; we at the whole, so that other frames, or another fault, may come before.
    let ended_earlier = theirs.end == End::Broken(NotUtf8) && ours.messages.starts_with(&theirs.messages);
    // They count the bytes that came, and take a wide control frame where those are few enough.
    let went_on = has_wide_control && ours.end == End::Broken(Malformed) && theirs.messages.starts_with(&ours.messages);
    if ended_earlier || went_on {
        return;
    }
    let is_alike = match (ours.end, theirs.end) {
        (one, other) if one == other => true,
        // We judge a frame by its header; they wait for a payload that never comes.
        (End::Broken(Malformed | TooLong), End::Broken(Lost)) => true,
        // A frame has several faults, and each end names another.
        (End::Broken(Malformed), End::Broken(TooLong)) | (End::Broken(TooLong), End::Broken(Malformed)) => true,
        // Registered later than the RFC (IANA, "bad gateway").
        (End::Closed(Some(1014)), End::Broken(Malformed)) => true,
        _ => false,
    };
    assert!(is_alike, "we end by {:?}, they by {:?}", ours.end, theirs.end);
    assert_eq!(ours.messages, theirs.messages);
}

/// What was heard goes back, so many bytes at a time, and their client reads it.
fn answer(messages: Vec<Message>, piece_bytes: usize) {
    let mut written = Trickle { bytes: Vec::new(), piece_bytes, is_due: false };
    let mut writer = Writer::new(&mut written);
    let mut expected = Vec::new();
    for message in messages {
        let (frame, read) = match message {
            Message::Text(text) => (Frame::text(text.clone()), tungstenite::Message::text(text)),
            Message::Ping(payload) => (Frame::pong(payload.clone()), tungstenite::Message::Pong(payload.into())),
            Message::Binary | Message::Pong | Message::Close(_) => {
                (Frame::ping(), tungstenite::Message::Ping(Vec::new().into()))
            }
        };
        expected.push(read);
        let mut sent = pin!(writer.send(frame));
        let mut poll = || sent.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        while poll().map(|sent| sent.expect("a trickle takes all")).is_pending() {}
    }
    let mut client = WebSocket::from_raw_socket(Duplex::of(&written.bytes), Role::Client, None);
    for message in expected {
        assert_eq!(client.read().expect("what we write can be read"), message);
    }
    assert!(client.read().is_err(), "more was written than was said");
}

/// A network that brings so many bytes at a time, and between them none.
struct Pieces<'a> {
    rest: &'a [u8],
    piece_bytes: usize,
    is_due: bool,
}

impl AsyncRead for Pieces<'_> {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.is_due = !self.is_due;
        if self.is_due && !self.rest.is_empty() {
            return Poll::Pending;
        }
        let taken = self.piece_bytes.min(self.rest.len()).min(into.remaining());
        let (piece, rest) = self.rest.split_at(taken);
        into.put_slice(piece);
        self.rest = rest;
        Poll::Ready(Ok(()))
    }
}

/// A network that takes so many bytes at a time.
struct Trickle {
    bytes: Vec<u8>,
    piece_bytes: usize,
    is_due: bool,
}

impl AsyncWrite for Trickle {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.is_due = !self.is_due;
        if self.is_due {
            return Poll::Pending;
        }
        let taken = self.piece_bytes.min(bytes.len());
        self.bytes.extend_from_slice(&bytes[..taken]);
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Brings all that there is, and takes everything.
struct Duplex<'a>(Cursor<&'a [u8]>);

impl<'a> Duplex<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        Self(Cursor::new(bytes))
    }
}

impl io::Read for Duplex<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

impl io::Write for Duplex<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Those that RFC 6455 §5.2 names, and two that it keeps for later.
const OPCODES: [u8; 8] = [0, 1, 2, 8, 9, 10, 3, 11];

/// What a message may have; more than is read at once.
const MESSAGE_BYTES_MAX: usize = 2_000;

/// Enough to get anywhere.
const STEPS_MAX: usize = 40;

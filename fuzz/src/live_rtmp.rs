//! Bytes of an RTMP client, in pieces: a server that says yes to everything never panics, and keeps no more than its limits allow.

use std::time::{Duration, Instant};

use live::rtmp::{ChunkReader, Output, ServerSession, amf0};

/// The first byte says how long the pieces are, and whether a handshake comes first; the rest is what the client sends.
pub fn run(data: &[u8]) {
    let Some((&first, data)) = data.split_first() else { return };
    #[expect(clippy::disallowed_methods, reason = "a target takes its epoch once")]
    let now = Instant::now();
    let mut session = ServerSession::new([7; 32], now);
    if first & 1 == 0 {
        let mut hello = vec![3];
        hello.resize(HANDSHAKE_BYTES, 0);
        session.handle_bytes(now, &hello).expect("a plain handshake");
    }
    let mut now = now;
    for piece in data.chunks(usize::from(first / 2) + 1) {
        now += Duration::from_millis(1);
        let mut heard = session.handle_bytes(now, piece);
        while let Some(output) = session.poll_output() {
            heard = match output {
                Output::Publish(_) => heard.and(session.accept_publish(now)),
                Output::Play(_) => heard.and(session.accept_play()),
                Output::Send(bytes) => {
                    assert!(!bytes.is_empty(), "nothing is sent for nothing");
                    heard
                }
                Output::Parameters(_)
                | Output::Frame(_)
                | Output::Metadata(_)
                | Output::Unpublish
                | Output::Pause(_)
                | Output::Stop => heard,
            };
        }
        if heard.is_err() || session.is_over() {
            break;
        }
    }
    values(data);
    chunks(data);
}

/// What can be read as values is written as the same values.
fn values(data: &[u8]) {
    let Ok(values) = amf0::Value::read_all(data) else { return };
    let mut written = bytes::BytesMut::new();
    values.iter().for_each(|value| value.write(&mut written));
    let again = amf0::Value::read_all(&written).expect("what we write can be read");
    assert_eq!(again.len(), values.len());
}

/// In one piece or byte by byte: the messages are the same.
fn chunks(data: &[u8]) {
    let read = |length: usize| {
        let mut reader = ChunkReader::new();
        let mut messages = Vec::new();
        for piece in data.chunks(length.max(1)) {
            reader.handle_bytes(piece);
            loop {
                match reader.next_message() {
                    Ok(Some(message)) => messages.push(message),
                    Ok(None) => break,
                    Err(error) => return (messages, Some(error)),
                }
            }
        }
        (messages, None)
    };
    assert_eq!(read(1), read(data.len()));
}

/// C0, C1 and C2.
const HANDSHAKE_BYTES: usize = 1 + 2 * 1536;

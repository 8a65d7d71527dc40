use super::*;

const MASK: [u8; 4] = [0x11, 0x22, 0x33, 0x44];

/// A client's frame; `first` has its opcode and whether it is final.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        short @ ..126 => bytes.push(0x80 | short as u8),
        length => {
            bytes.push(0x80 | 127);
            bytes.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    bytes.extend_from_slice(&MASK);
    bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

/// All that is read from `bytes`, until there is no more.
async fn read(bytes: &[u8]) -> (Vec<Message>, Broken) {
    let mut reader = Reader::new(bytes, 2_000);
    let mut messages = Vec::new();
    loop {
        match reader.next().await {
            Ok(message) => messages.push(message),
            Err(broken) => return (messages, broken),
        }
    }
}

/// How it ends when the client sends that.
async fn broken(bytes: &[u8]) -> Broken {
    let (messages, broken) = read(bytes).await;
    assert_eq!(messages, []);
    broken
}

fn text(text: &str) -> Message {
    Message::Text(text.to_owned())
}

#[tokio::test]
async fn messages_of_every_kind_and_length_are_read_in_order() {
    let long = "ü".repeat(1_000);
    let bytes = [
        frame(0x81, b""),
        frame(0x81, b"short"),
        frame(0x82, b"\xff\xff"),
        frame(0x89, b"ping"),
        frame(0x81, long.as_bytes()),
        frame(0x8a, b""),
        frame(0x88, &[0x03, 0xe8, b'b', b'y', b'e']),
    ]
    .concat();
    let messages = [
        text(""),
        text("short"),
        Message::Binary,
        Message::Ping(b"ping".to_vec()),
        text(&long),
        Message::Pong,
        Message::Close(Some(1000)),
    ];
    assert_eq!(read(&bytes).await, (Vec::from(messages), Broken::Lost));
}

#[tokio::test]
async fn a_message_in_parts_is_put_together_and_pings_may_come_between() {
    let bytes = [frame(0x01, b"one \xc3"), frame(0x89, b"?"), frame(0x00, b"\xbc"), frame(0x80, b" end")].concat();
    assert_eq!(read(&bytes).await.0, [Message::Ping(b"?".to_vec()), text("one ü end")]);
}

#[tokio::test]
async fn a_message_may_be_as_long_as_allowed_and_not_longer_in_one_part_or_in_many() {
    let (most, more) = ("x".repeat(2_000), "x".repeat(2_001));
    assert_eq!(read(&frame(0x81, most.as_bytes())).await.0, [text(&most)]);
    assert_eq!(broken(&frame(0x81, more.as_bytes())).await, Broken::TooLong);
    let parts = |second: usize| [frame(0x01, &[b'x'; 1_500]), frame(0x80, &vec![b'x'; second])].concat();
    assert_eq!(read(&parts(500)).await.0, [text(&most)]);
    assert_eq!(broken(&parts(501)).await, Broken::TooLong);
}

#[tokio::test]
async fn a_frame_that_says_it_is_huge_takes_no_memory_before_its_bytes_come() {
    let announced = [&[0x82, 0x80 | 127][..], &(1_u64 << 40).to_be_bytes(), &MASK, b"all there is"].concat();
    let mut reader = Reader::new(announced.as_slice(), usize::MAX);
    assert_eq!(reader.next().await, Err(Broken::Lost));
    let (_, payload) = reader.open.unwrap();
    assert!(payload.capacity() <= 2 * AHEAD_BYTES, "{} bytes", payload.capacity());
}

#[tokio::test]
async fn what_breaks_the_protocol_ends_the_conversation() {
    assert_eq!(broken(&frame(0x80, b"of nothing")).await, Broken::Malformed);
    assert_eq!(broken(&[frame(0x01, b"begun"), frame(0x81, b"another")].concat()).await, Broken::Malformed);
    assert_eq!(broken(&frame(0x81, b"\xff")).await, Broken::NotUtf8);
    assert_eq!(broken(&frame(0x88, &[0x03])).await, Broken::Malformed, "half a code");
    assert_eq!(broken(&frame(0x88, &[0x03, 0xed])).await, Broken::Malformed, "1005 is never sent");
    assert_eq!(broken(&frame(0x88, &[0x03, 0xe8, 0xff])).await, Broken::NotUtf8);
    assert_eq!(broken(&[0x81, 0x05]).await, Broken::Malformed, "not masked");
    assert_eq!(broken(b"\x81").await, Broken::Lost);
}

#[tokio::test]
async fn a_reader_that_is_interrupted_at_every_byte_loses_nothing() {
    let long = "y".repeat(700);
    let bytes = [frame(0x01, b"in "), frame(0x80, b"parts"), frame(0x81, long.as_bytes())].concat();
    let (mut client, server) = tokio::io::duplex(4_096);
    let (mut reader, mut messages) = (Reader::new(server, 2_000), Vec::new());
    for byte in bytes {
        tokio::io::AsyncWriteExt::write_all(&mut client, &[byte]).await.unwrap();
        tokio::select! {
            biased;
            message = reader.next() => messages.push(message.unwrap()),
            () = std::future::ready(()) => {}
        }
    }
    assert_eq!(messages, [text("in parts"), text(&long)]);
}

/// Remembers what was asked for, and gives so much.
struct Measured<'a> {
    most: usize,
    asked: &'a std::cell::Cell<usize>,
}

impl Memory for Measured<'_> {
    fn hold(&mut self, bytes: usize) -> bool {
        self.asked.set(if bytes == 0 { 0 } else { self.asked.get().max(bytes) });
        bytes <= self.most
    }
}

#[tokio::test]
async fn memory_is_asked_for_before_a_message_takes_it_in_one_frame_or_in_many() {
    let part = frame(0x00, &[b'a'; 400]);
    let many = [frame(0x01, b""), part.repeat(50)].concat();
    for unfinished in [&frame(0x81, &[b'a'; 20_000])[..19_990], &many] {
        let asked = std::cell::Cell::new(0);
        let mut reader = Reader::with_memory(unfinished, usize::MAX, Measured { most: usize::MAX, asked: &asked });
        assert_eq!(reader.next().await, Err(Broken::Lost));
        assert!((20_000..=40_000).contains(&asked.get()), "{}", asked.get());
        assert!(reader.is_amid());
        let mut reader = Reader::with_memory(unfinished, usize::MAX, Measured { most: 10_000, asked: &asked });
        assert_eq!(reader.next().await, Err(Broken::Crowded));
    }
}

#[tokio::test]
async fn a_message_that_is_complete_gives_its_memory_back() {
    let asked = std::cell::Cell::new(0);
    let bytes = [frame(0x01, &[b'a'; 9_000]), frame(0x80, &[b'a'; 9_000])].concat();
    let mut reader = Reader::with_memory(&bytes[..], usize::MAX, Measured { most: usize::MAX, asked: &asked });
    assert!(matches!(reader.next().await, Ok(Message::Text(text)) if text.len() == 18_000));
    assert_eq!((asked.get(), reader.is_amid()), (0, false));
}

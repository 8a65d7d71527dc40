use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::time::{Instant, advance};

use super::*;
use crate::signal::memory::{CLIENT_BYTES_MAX, Memory};
use crate::signal::outbox::{Outbox, outbox};

/// The client's side of a connection, and what the rooms hear of it.
struct Client {
    socket: DuplexStream,
    inputs: mpsc::Receiver<Input>,
    /// As long as there is a way to it.
    _outbox: Outbox,
}

fn connect(memory: &Memory) -> Client {
    let (socket, theirs) = duplex(64 * 1024);
    let (inputs, heard) = mpsc::channel(16);
    let (outbox, pending) = outbox(&room::Limits::default());
    let seat = Seat::new(ConnId::new(1), inputs, pending, mpsc::channel(1).0);
    tokio::spawn(serve(theirs, seat, usize::MAX, memory.share([192, 0, 2, 1].into())));
    Client { socket, inputs: heard, _outbox: outbox }
}

impl Client {
    /// Sends a frame, masked with nothing; `first` has its opcode and whether it is final.
    async fn send(&mut self, first: u8, payload: &[u8]) {
        let length = match u8::try_from(payload.len()) {
            Ok(short @ ..126) => vec![0x80 | short],
            _ => [&[0x80 | 127], &(payload.len() as u64).to_be_bytes()[..]].concat(),
        };
        let frame = [&[first], &length[..], &[0; 4], payload].concat();
        self.socket.write_all(&frame).await.unwrap();
    }

    /// The status code with which the server closes.
    async fn closed(&mut self) -> u16 {
        let mut head = [0; 4];
        self.socket.read_exact(&mut head).await.unwrap();
        assert_eq!(head[0], 0x88);
        u16::from_be_bytes([head[2], head[3]])
    }

    async fn heard(&mut self) -> Option<String> {
        match self.inputs.recv().await {
            Some(Input::Text(_, text)) => Some(text),
            _ => None,
        }
    }
}

const TEXT_BEGINS: u8 = 0x01;
const GOES_ON: u8 = 0x00;
const ENDS: u8 = 0x80;

#[tokio::test(start_paused = true)]
async fn a_message_that_does_not_end_in_time_ends_the_connection_though_it_answers_pings() {
    let mut client = connect(&Memory::default());
    let begun = Instant::now();
    client.send(TEXT_BEGINS, b"{").await;
    let closed = loop {
        match timeout(Duration::from_secs(5), client.closed()).await {
            Ok(code) => break code,
            Err(_) => client.send(0x8a, b"").await,
        }
    };
    assert_eq!(closed, POLICY);
    let latest = MESSAGE_MAX * 2 + CLOSE_MAX;
    assert!((MESSAGE_MAX..=latest).contains(&begun.elapsed()), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_speaks_slowly_but_to_the_end_stays() {
    let mut client = connect(&Memory::default());
    for _ in 0..5 {
        client.send(TEXT_BEGINS, b"hel").await;
        advance(MESSAGE_MAX * 9 / 10).await;
        client.send(ENDS, b"lo").await;
        assert_eq!(client.heard().await.as_deref(), Some("hello"));
        advance(MESSAGE_MAX * 3).await;
    }
}

#[tokio::test]
async fn a_message_for_which_there_is_no_memory_ends_the_connection_and_gives_back_what_it_had() {
    let memory = Memory::default();
    let mut client = connect(&memory);
    let mut other = connect(&memory);
    other.send(TEXT_BEGINS, &[b'a'; 100_000]).await;
    client.send(TEXT_BEGINS, b"").await;
    let part = vec![b'a'; 1024 * 1024];
    for _ in 0..=CLIENT_BYTES_MAX / part.len() {
        client.send(GOES_ON, &part).await;
    }
    let code = client.closed().await;
    assert_eq!(code, CROWDED);
    drop(client);
    other.send(ENDS, b"b").await;
    assert_eq!(other.heard().await.map(|text| text.len()), Some(100_001));
}

//! Datagrams to a peer, in the handshake and when it is connected: raw ones, checks with the right password, and what a client
//! with the right keys may send inside of DTLS and SRTP.

use std::time::{Duration, Instant};

use rtc::peer::Received;
use rtc::{Output, Path, Peer};

pub(crate) mod client;

use client::{Client, check, new_peer, path};

/// The first byte says whether the peer is connected; then steps follow: a kind, two bytes of length or time, bytes.
pub fn run(data: &[u8]) {
    let Some((&mode, steps)) = data.split_first() else { return };
    let mut world = if mode & 1 == 0 { World::in_handshake() } else { World::connected() };
    let mut rest = steps;
    while let Some((&[kind, high, low], after)) = rest.split_first_chunk::<3>() {
        let number = u16::from_be_bytes([high, low]);
        let length = usize::from(number).min(after.len());
        let (bytes, next) = if kind % 8 == TIME { (&[][..], after) } else { after.split_at(length) };
        world.step(kind % 8, number, bytes);
        rest = next;
    }
}

/// A peer, and a client that may be on its way to it.
struct World {
    now: Instant,
    peer: Peer,
    client: Option<Client>,
    over: bool,
}

impl World {
    fn in_handshake() -> Self {
        let (peer, now) = new_peer();
        let mut world = Self { now, peer, client: None, over: false };
        world.deliver(path(1), check(b"", true));
        world
    }

    fn connected() -> Self {
        let (peer, now) = new_peer();
        let mut world = Self { now, peer, client: Some(Client::new(now)), over: false };
        world.deliver(path(1), check(b"", true));
        for _ in 0..HANDSHAKE_ROUNDS {
            world.exchange();
        }
        assert!(world.peer.is_connected(), "an honest client connects");
        world
    }

    fn step(&mut self, kind: u8, number: u16, bytes: &[u8]) {
        match kind {
            RAW => self.deliver(path(1), bytes.to_vec()),
            ELSEWHERE => self.deliver(path(2), bytes.to_vec()),
            CHECK => self.deliver(path(number % 40), check(bytes, number & 1 == 0)),
            RECORD => self.deliver(path(1), client::record(bytes)),
            TIME => self.pass(Duration::from_millis(u64::from(number))),
            INSIDE => self.send_inside(bytes),
            MEDIA => self.send_media(bytes),
            _ => self.offer(bytes),
        }
    }

    /// What is not authentic does not end a connected peer.
    fn deliver(&mut self, path: Path, mut datagram: Vec<u8>) {
        let connected = self.peer.is_connected();
        let length = datagram.len();
        match self.peer.handle_datagram(self.now, path, &mut datagram) {
            Received::Rtp(range) | Received::Rtcp(range) => {
                assert!(connected && range.end <= length && !range.is_empty(), "{range:?} of {length}");
            }
            Received::Check | Received::Nothing => {}
        }
        self.drain();
        assert!(!connected || self.client.is_none() || !self.over || length == 0, "forged bytes ended a connection");
    }

    fn send_inside(&mut self, bytes: &[u8]) {
        let Some(client) = &mut self.client else { return };
        client.send(bytes);
        self.exchange();
    }

    fn send_media(&mut self, bytes: &[u8]) {
        let Some(client) = &mut self.client else { return };
        if let Some(packet) = client.protect(bytes) {
            self.deliver(path(1), packet);
        }
    }

    fn offer(&mut self, bytes: &[u8]) {
        if let Ok(offer) = std::str::from_utf8(bytes) {
            // What it answers is the target `sdp_offer`'s.
            let _answer = self.peer.handle_offer(self.now, offer, &rtc::session::Allow::everything());
            self.drain();
        }
    }

    /// Timers are obeyed, and never ask for a moment that has passed twice.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(at) = self.peer.poll_timeout().filter(|&at| at <= end) {
            self.now = self.now.max(at);
            self.peer.handle_timeout(self.now);
            self.drain();
            assert!(self.peer.poll_timeout().is_none_or(|next| next > self.now), "a timer that does not advance");
        }
        self.now = end;
    }

    /// Both ends say what they have to say.
    fn exchange(&mut self) {
        let Some(mut client) = self.client.take() else { return };
        let datagrams = client.drain(self.now);
        for datagram in datagrams {
            self.peer.handle_datagram(self.now, path(1), &mut datagram.clone());
            for answer in self.drain() {
                client.handle(self.now, &answer);
            }
        }
        self.client = Some(client);
    }

    /// The datagrams for the client. Nothing follows the last output.
    fn drain(&mut self) -> Vec<Vec<u8>> {
        let mut datagrams = Vec::new();
        while let Some(output) = self.peer.poll_output() {
            assert!(!self.over, "{output:?} after the end");
            match output {
                Output::Transmit { datagram, path } => {
                    assert_ne!(path, client::stranger(), "an address that passed no check got an answer");
                    datagrams.push(datagram);
                }
                Output::Disconnected { .. } => self.over = true,
                Output::Connected { .. }
                | Output::DataOpened { .. }
                | Output::Data { .. }
                | Output::DataClosed { .. } => {}
            }
        }
        datagrams
    }
}

const RAW: u8 = 0;
const ELSEWHERE: u8 = 1;
const CHECK: u8 = 2;
const RECORD: u8 = 3;
const TIME: u8 = 4;
const INSIDE: u8 = 5;
const MEDIA: u8 = 6;
/// A client needs two flights.
const HANDSHAKE_ROUNDS: usize = 4;

//! The handshake of DTLS with an honest engine at the other end, in either role, over a path that loses, repeats, reorders, cuts and
//! forges: nothing panics, timers advance, and where nothing was forged both ends connect in the end.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use arbitrary::{Arbitrary, Unstructured};
use rtc::{Output, Peer};

use crate::rtc_datagram::client::{Client, check, path, peer_for};

/// What happens to the next datagram, or instead of it.
#[derive(Debug, Arbitrary)]
enum Step {
    Deliver {
        to_peer: bool,
    },
    Lose {
        to_peer: bool,
    },
    Repeat {
        to_peer: bool,
    },
    /// It comes after all others that are under way.
    Overtake {
        to_peer: bool,
    },
    /// Its first handshake message comes in two fragments (RFC 6347 §4.2.3), in any order.
    Split {
        at: u16,
        swapped: bool,
    },
    /// Two datagrams in one.
    Join,
    Wait {
        ms: u8,
    },
    /// A copy with another bit, before it.
    Flip {
        at: u16,
        bit: u8,
    },
    /// A copy that ends early, before it.
    Cut {
        at: u16,
    },
    /// A record that nobody sent.
    Record {
        content: u8,
        epoch: u8,
        sequence: u8,
        fragment: Vec<u8>,
    },
    /// A fragment of a handshake message that nobody sent.
    Fragment {
        kind: u8,
        sequence: u8,
        total: u16,
        offset: u16,
        body: Vec<u8>,
    },
}

/// The first byte says who begins the handshake, and whether nothing is to be forged; then steps follow.
pub fn run(data: &[u8]) {
    let Some((&mode, steps)) = data.split_first() else { return };
    let mut world = World::new(mode & 1 == 0);
    let mut input = Unstructured::new(steps);
    for _ in 0..STEPS_MAX {
        if input.is_empty() {
            break;
        }
        let Ok(step) = Step::arbitrary(&mut input) else { break };
        if mode & 2 == 0 || step.is_honest() {
            world.take(step);
        }
        world.gather();
    }
    world.finish();
}

impl Step {
    fn is_honest(&self) -> bool {
        !matches!(self, Self::Flip { .. } | Self::Cut { .. } | Self::Record { .. } | Self::Fragment { .. })
    }
}

struct World {
    now: Instant,
    begun: Instant,
    peer: Peer,
    client: Client,
    to_peer: VecDeque<Vec<u8>>,
    to_client: VecDeque<Vec<u8>>,
    /// Something has reached the peer that the client did not send.
    forged: bool,
    over: bool,
}

impl World {
    fn new(they_call: bool) -> Self {
        let (mut peer, now) = peer_for(if they_call { "actpass" } else { "passive" });
        peer.handle_datagram(now, path(1), &mut check(b"", true));
        let client = Client::with_role(now, they_call);
        let (to_peer, to_client) = (VecDeque::new(), VecDeque::new());
        let mut world = Self { now, begun: now, peer, client, to_peer, to_client, forged: false, over: false };
        world.gather();
        world
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Deliver { to_peer: true } => self.deliver(),
            Step::Deliver { to_peer: false } => self.answer(),
            Step::Lose { to_peer } => drop(self.queue(to_peer).pop_front()),
            Step::Repeat { to_peer } => {
                if let Some(datagram) = self.queue(to_peer).front().cloned() {
                    self.queue(to_peer).push_front(datagram);
                }
            }
            Step::Overtake { to_peer } => {
                if let Some(datagram) = self.queue(to_peer).pop_front() {
                    self.queue(to_peer).push_back(datagram);
                }
            }
            Step::Split { at, swapped } => self.split(usize::from(at), swapped),
            Step::Join => {
                if let (Some(mut first), Some(second)) = (self.to_peer.pop_front(), self.to_peer.pop_front()) {
                    first.extend(second);
                    self.to_peer.push_front(first);
                }
            }
            Step::Wait { ms } => self.pass(Duration::from_millis(u64::from(ms))),
            Step::Flip { at, bit } => {
                let Some(mut copy) = self.to_peer.front().cloned() else { return };
                let at = usize::from(at) % copy.len();
                copy[at] ^= 1 << (bit % 8);
                self.forge(copy);
            }
            Step::Cut { at } => {
                let Some(mut copy) = self.to_peer.front().cloned() else { return };
                copy.truncate(usize::from(at) % copy.len());
                self.forge(copy);
            }
            Step::Record { content, epoch, sequence, fragment } => {
                self.forge(record(20 + content % 5, epoch % 3, sequence, &fragment));
            }
            Step::Fragment { kind, sequence, total, offset, body } => {
                let message = fragment(kind % 21, sequence.into(), total.into(), offset.into(), &body);
                self.forge(record(HANDSHAKE, 0, sequence, &message));
            }
        }
    }

    fn queue(&mut self, to_peer: bool) -> &mut VecDeque<Vec<u8>> {
        if to_peer { &mut self.to_peer } else { &mut self.to_client }
    }

    fn deliver(&mut self) {
        if let Some(datagram) = self.to_peer.pop_front() {
            self.hand_over(datagram);
        }
    }

    fn forge(&mut self, datagram: Vec<u8>) {
        // What is not of DTLS is the target `rtc_datagram`'s.
        if datagram.first().is_some_and(|first| (20..64).contains(first)) {
            self.forged = true;
            let connected = self.peer.is_connected();
            self.hand_over(datagram);
            self.gather();
            assert!(!connected || self.peer.is_connected(), "forged bytes ended a connection");
        }
    }

    fn hand_over(&mut self, mut datagram: Vec<u8>) {
        self.peer.handle_datagram(self.now, path(1), &mut datagram);
    }

    fn answer(&mut self) {
        if let Some(datagram) = self.to_client.pop_front() {
            self.client.handle(self.now, &datagram);
        }
    }

    /// The first message of the next datagram, if it is a plain one, in two records before the rest.
    fn split(&mut self, at: usize, swapped: bool) {
        let Some(datagram) = self.to_peer.pop_front() else { return };
        let halves = halves(&datagram, at);
        let Some(([first, second], rest)) = halves else { return self.to_peer.push_front(datagram) };
        let halves = if swapped { [second, first] } else { [first, second] };
        if !rest.is_empty() {
            self.to_peer.push_front(rest);
        }
        halves.into_iter().rev().for_each(|half| self.to_peer.push_front(half));
    }

    /// Takes what both have to send; more than a flight for one input is too much.
    fn gather(&mut self) {
        let before = self.to_client.len();
        while let Some(output) = self.peer.poll_output() {
            assert!(!self.over, "{output:?} after the end");
            match output {
                Output::Transmit { datagram, .. } => {
                    if datagram.first().is_some_and(|first| (20..64).contains(first)) {
                        self.to_client.push_back(datagram);
                    }
                }
                Output::Disconnected { reason } => {
                    assert!(self.forged || self.now - self.begun > PATIENCE, "{reason:?} though nothing was forged");
                    self.over = true;
                }
                Output::Connected { .. }
                | Output::DataOpened { .. }
                | Output::Data { .. }
                | Output::DataClosed { .. } => {}
            }
        }
        assert!(self.to_client.len() <= before + FLIGHT_MAX, "{} datagrams at once", self.to_client.len() - before);
        self.to_peer.extend(self.client.drain(self.now));
        self.to_peer.truncate(QUEUE_MAX);
        self.to_client.truncate(QUEUE_MAX);
    }

    /// Timers are obeyed, and never ask for a moment that has passed twice.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(at) = self.peer.poll_timeout().filter(|&at| at <= end) {
            self.now = self.now.max(at);
            self.peer.handle_timeout(self.now);
            self.gather();
            assert!(self.peer.poll_timeout().is_none_or(|next| next > self.now), "a timer that does not advance");
        }
        self.now = end;
        self.gather();
    }

    /// A good path from here on. The checks go on meanwhile, as the client's would.
    fn finish(&mut self) {
        let is_late = self.now - self.begun > LATE;
        for round in 0..ROUNDS {
            if round % 20 == 0 {
                self.hand_over(check(b"", true));
            }
            while !self.to_peer.is_empty() || !self.to_client.is_empty() {
                self.deliver();
                self.answer();
                self.gather();
            }
            if self.peer.is_connected() && self.client.is_connected() {
                return;
            }
            self.pass(Duration::from_millis(100));
        }
        assert!(self.forged || is_late, "no connection though nothing was forged");
    }
}

/// The first message of a datagram as two records, and what follows it; `None` where there is nothing to split.
fn halves(datagram: &[u8], at: usize) -> Option<([Vec<u8>; 2], Vec<u8>)> {
    let header = datagram.first_chunk::<RECORD_BYTES>()?;
    let length = usize::from(u16::from_be_bytes([header[11], header[12]]));
    let (content, rest) = datagram.get(RECORD_BYTES..)?.split_at_checked(length)?;
    let is_plain = header[0] == HANDSHAKE && header[3..5] == [0, 0];
    let message = content.first_chunk::<MESSAGE_BYTES>().filter(|_| is_plain)?;
    let total = u32::from_be_bytes([0, message[1], message[2], message[3]]);
    let body = content.get(MESSAGE_BYTES..).filter(|body| body.len() == total as usize && body.len() > 1)?;
    let (first, second) = body.split_at(1 + at % (body.len() - 1));
    let sequence = u16::from_be_bytes([message[4], message[5]]);
    let half = |offset: usize, body: &[u8]| {
        let message = fragment(message[0], sequence, total, offset as u32, body);
        record(HANDSHAKE, 0, header[10], &message)
    };
    Some(([half(0, first), half(first.len(), second)], rest.to_vec()))
}

/// RFC 6347 §4.1.
fn record(content: u8, epoch: u8, sequence: u8, fragment: &[u8]) -> Vec<u8> {
    let fragment = fragment.get(..FRAGMENT_MAX).unwrap_or(fragment);
    let [high, low] = (fragment.len() as u16).to_be_bytes();
    let mut record = vec![content, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, sequence, high, low];
    record.extend_from_slice(fragment);
    record
}

/// RFC 6347 §4.2.2.
fn fragment(kind: u8, sequence: u16, total: u32, offset: u32, body: &[u8]) -> Vec<u8> {
    let mut message = vec![kind];
    message.extend_from_slice(&total.to_be_bytes()[1..]);
    message.extend_from_slice(&sequence.to_be_bytes());
    message.extend_from_slice(&offset.to_be_bytes()[1..]);
    message.extend_from_slice(&(body.len() as u32).to_be_bytes()[1..]);
    message.extend_from_slice(body);
    message
}

const HANDSHAKE: u8 = 22;
const RECORD_BYTES: usize = 13;
const MESSAGE_BYTES: usize = 12;

/// What a record of ours holds.
const FRAGMENT_MAX: usize = 1_400;

/// Enough to get anywhere.
const STEPS_MAX: usize = 120;

/// Under way in one direction.
const QUEUE_MAX: usize = 64;

/// Datagrams that one input may bring forth: two flights.
const FLIGHT_MAX: usize = 24;

/// Whoever has lost so much time may give up later.
const LATE: Duration = Duration::from_secs(2);

/// Before this nobody gives up where nothing is forged.
const PATIENCE: Duration = Duration::from_secs(8);

/// Of a tenth of a second each.
const ROUNDS: u32 = 100;

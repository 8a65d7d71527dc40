//! Sound, as far as a network can tell: numbered packets at a steady pace, and the record of what arrived.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Bytes of one packet: 20 ms of Opus at 50 kbit/s with its RTP header.
const PACKET_BYTES: usize = 140;
/// First byte of a packet, in RTP's range of RFC 7983.
const RTP_VERSION_2: u8 = 0x80;

/// How packets come from the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// From host to host, through NATs at most.
    Direct,
    /// Through the server, on either side or both.
    Relayed,
}

/// Numbers the packets that go out.
#[derive(Debug)]
pub(crate) struct Sender {
    next_number: u64,
    next_at: Option<Instant>,
    pace: Duration,
}

impl Sender {
    pub(crate) fn new(pace: Duration) -> Self {
        Self { next_number: 0, next_at: None, pace }
    }

    pub(crate) fn start(&mut self, now: Instant) {
        self.next_at.get_or_insert(now);
    }

    pub(crate) fn stop(&mut self) {
        self.next_at = None;
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.next_at
    }

    /// The packet that is due.
    pub(crate) fn packet(&mut self, now: Instant) -> Option<Vec<u8>> {
        self.next_at.filter(|at| *at <= now)?;
        self.next_at = Some(now + self.pace);
        let mut packet = vec![0; PACKET_BYTES];
        packet[0] = RTP_VERSION_2;
        packet[1..9].copy_from_slice(&self.next_number.to_be_bytes());
        self.next_number += 1;
        Some(packet)
    }
}

/// What arrived from the other side.
#[derive(Clone, Copy, Debug, Default)]
pub struct Heard {
    /// Packets, repeated ones included.
    pub packets: u64,
    /// The highest number seen, plus one: how many were sent, as far as is known.
    pub sent: u64,
    /// When the first arrived since the record was last cleared.
    pub first: Option<Instant>,
    /// When the latest arrived.
    pub latest: Option<Instant>,
    /// The longest time between two packets since the record was last cleared.
    pub longest_gap: Duration,
    /// How the latest came.
    pub path: Option<Path>,
}

impl Heard {
    /// Whether these bytes are a packet of a [`Sender`].
    pub(crate) fn is_media(payload: &[u8]) -> bool {
        payload.first() == Some(&RTP_VERSION_2)
    }

    pub(crate) fn record(&mut self, now: Instant, payload: &[u8], path: Path) {
        let Some(number) = payload.get(1..).and_then(|rest| rest.first_chunk()).copied() else {
            return;
        };
        self.packets += 1;
        self.sent = self.sent.max(u64::from_be_bytes(number) + 1);
        if let Some(latest) = self.latest {
            self.longest_gap = self.longest_gap.max(now.saturating_duration_since(latest));
        }
        self.first.get_or_insert(now);
        self.latest = Some(now);
        self.path = Some(path);
    }

    /// Forgets the gaps, but not when the latest packet came: a gap that is open goes on.
    pub fn clear(&mut self) {
        *self = Self { latest: self.latest, path: self.path, ..Self::default() };
    }

    /// The longest gap, the one that is open at `now` included.
    pub fn longest_gap_at(&self, now: Instant) -> Duration {
        let open = self.latest.map_or(Duration::ZERO, |latest| now.saturating_duration_since(latest));
        self.longest_gap.max(open)
    }
}

/// The way a packet took, told by its two ends as the receiver sees them.
pub(crate) fn path_of(source: SocketAddr, over_own_relay: bool, server: SocketAddr) -> Path {
    if over_own_relay || source.ip() == server.ip() { Path::Relayed } else { Path::Direct }
}

//! One end of one stream.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::segment::{Flag, Segment};
use super::{QUEUE_BYTES_MAX, StreamFull};
use crate::packet::{Body, Packet};

/// Bytes in one segment.
const SEGMENT_BYTES: usize = 1_200;
/// Segments that may be under way at once.
const WINDOW: usize = 64;
/// Segments held that arrived before their turn; the sender's window is the real bound.
const EARLY_MAX: usize = WINDOW;
/// The retransmission timer before the first measurement (RFC 6298 section 2).
const RTO_INITIAL: Duration = Duration::from_secs(1);
/// The shortest timer, as Linux has it.
const RTO_MIN: Duration = Duration::from_millis(200);
/// The longest timer (RFC 6298 section 2.5 asks for 60 s or more).
const RTO_MAX: Duration = Duration::from_secs(60);
/// Transmissions of one segment before the connection is given up: Linux' `tcp_retries2`.
const TRANSMISSIONS_MAX: u32 = 15;
/// Transmissions of the opening segment: Linux' `tcp_syn_retries`.
const OPEN_TRANSMISSIONS_MAX: u32 = 7;
/// Repeated acknowledgements that mean a loss (RFC 5681 section 3.2).
const REPEATS_FOR_RESEND: u32 = 3;

/// Nothing was acknowledged for too long.
#[derive(Debug)]
pub(crate) struct GivenUp;

#[derive(Debug)]
pub(crate) struct Connection {
    local: SocketAddr,
    remote: SocketAddr,
    incoming: bool,
    /// Numbered pieces not yet acknowledged, oldest first.
    unacknowledged: VecDeque<Piece>,
    /// Bytes in `unacknowledged`; at most [`QUEUE_BYTES_MAX`].
    queued_bytes: usize,
    /// Pieces that arrived before their turn; at most [`EARLY_MAX`].
    early: BTreeMap<u64, Segment>,
    ordered: Vec<Segment>,
    /// Number of the next piece to send.
    next_number: u64,
    /// Number of the next piece that is to arrive.
    expected: u64,
    owes_acknowledgement: bool,
    finished_here: bool,
    finished_there: bool,
    rto: Duration,
    round_trip: Option<Duration>,
    resend_at: Option<Instant>,
    repeats: u32,
    /// While the oldest piece is below this number, each advance resends the next hole (RFC 6582).
    recover: u64,
}

#[derive(Debug)]
struct Piece {
    segment: Segment,
    bytes: usize,
    transmissions: u32,
    sent: Option<Instant>,
    due: bool,
}

impl Connection {
    pub(crate) fn outgoing(local: SocketAddr, remote: SocketAddr) -> Self {
        Self::new(local, remote, false)
    }

    pub(crate) fn incoming(local: SocketAddr, remote: SocketAddr) -> Self {
        Self::new(local, remote, true)
    }

    fn new(local: SocketAddr, remote: SocketAddr, incoming: bool) -> Self {
        let mut connection = Self {
            local,
            remote,
            incoming,
            unacknowledged: VecDeque::new(),
            queued_bytes: 0,
            early: BTreeMap::new(),
            ordered: Vec::new(),
            next_number: 0,
            expected: 0,
            owes_acknowledgement: false,
            finished_here: false,
            finished_there: false,
            rto: RTO_INITIAL,
            round_trip: None,
            resend_at: None,
            repeats: 0,
            recover: 0,
        };
        connection.enqueue(Flag::Open, Vec::new());
        connection
    }

    /// Our end and the other.
    pub(crate) fn endpoints(&self) -> (SocketAddr, SocketAddr) {
        (self.local, self.remote)
    }

    pub(crate) fn is_incoming(&self) -> bool {
        self.incoming
    }

    pub(crate) fn closed_here(&self) -> bool {
        self.finished_here
    }

    /// Both directions are closed and acknowledged.
    pub(crate) fn is_done(&self) -> bool {
        self.finished_here && self.finished_there && self.unacknowledged.is_empty()
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), StreamFull> {
        if self.finished_here || self.finished_there {
            return Ok(());
        }
        if self.queued_bytes + bytes.len() > QUEUE_BYTES_MAX {
            return Err(StreamFull);
        }
        for chunk in bytes.chunks(SEGMENT_BYTES) {
            self.enqueue(Flag::Data, chunk.to_vec());
        }
        Ok(())
    }

    pub(crate) fn finish(&mut self) {
        if !self.finished_here {
            self.finished_here = true;
            self.enqueue(Flag::Finish, Vec::new());
        }
    }

    pub(crate) fn receive(&mut self, now: Instant, segment: Segment) {
        self.acknowledge(now, &segment);
        if !segment.is_numbered() {
            return;
        }
        self.owes_acknowledgement = true;
        if segment.number() >= self.expected && self.early.len() < EARLY_MAX {
            self.early.insert(segment.number(), segment);
        }
        while let Some(next) = self.early.remove(&self.expected) {
            self.expected += 1;
            self.finished_there |= next.flag() == Flag::Finish;
            self.ordered.push(next);
        }
    }

    pub(crate) fn take_ordered(&mut self) -> Vec<Segment> {
        let ordered = std::mem::take(&mut self.ordered);
        if self.finished_there {
            // No half-close: the peer's end is ours too, after what is still queued.
            self.finish();
        }
        ordered
    }

    pub(crate) fn take_packets(&mut self, now: Instant) -> Vec<Packet> {
        let opened = self.expected > 0;
        let window = if opened { WINDOW } else { 1 };
        let mut packets = Vec::new();
        for piece in self.unacknowledged.iter_mut().take(window).filter(|piece| piece.due) {
            piece.due = false;
            piece.transmissions += 1;
            piece.sent = Some(now);
            let segment = Segment::numbered(
                piece.segment.flag(),
                piece.segment.number(),
                self.expected,
                piece.segment.clone().into_bytes(),
            );
            packets.push(Packet { source: self.local, destination: self.remote, body: Body::Segment(segment) });
        }
        if packets.is_empty() && self.owes_acknowledgement {
            packets.push(self.packet(Segment::acknowledgement(self.expected)));
        }
        self.owes_acknowledgement = false;
        if self.unacknowledged.is_empty() {
            self.resend_at = None;
        } else if self.resend_at.is_none() {
            self.resend_at = Some(now + self.rto);
        }
        packets
    }

    pub(crate) fn packet(&self, segment: Segment) -> Packet {
        Packet { source: self.local, destination: self.remote, body: Body::Segment(segment) }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.resend_at
    }

    /// The retransmission timer ran out.
    pub(crate) fn expire(&mut self, now: Instant) -> Result<(), GivenUp> {
        let Some(oldest) = self.unacknowledged.front_mut() else {
            self.resend_at = None;
            return Ok(());
        };
        let limit = match oldest.segment.flag() {
            Flag::Open => OPEN_TRANSMISSIONS_MAX,
            Flag::Data | Flag::Finish | Flag::Acknowledge | Flag::Reset => TRANSMISSIONS_MAX,
        };
        if oldest.transmissions >= limit {
            return Err(GivenUp);
        }
        oldest.due = true;
        self.recover = self.next_number;
        self.rto = (self.rto * 2).min(RTO_MAX);
        self.resend_at = Some(now + self.rto);
        Ok(())
    }

    fn enqueue(&mut self, flag: Flag, bytes: Vec<u8>) {
        let size = bytes.len();
        self.queued_bytes += size;
        self.unacknowledged.push_back(Piece {
            segment: Segment::numbered(flag, self.next_number, 0, bytes),
            bytes: size,
            transmissions: 0,
            sent: None,
            due: true,
        });
        self.next_number += 1;
    }

    fn acknowledge(&mut self, now: Instant, segment: &Segment) {
        let oldest = self.unacknowledged.front().map(|piece| piece.segment.number());
        let Some(oldest) = oldest else { return };
        if segment.acknowledges() == oldest && !segment.is_numbered() {
            self.repeats += 1;
            if self.repeats == REPEATS_FOR_RESEND {
                self.resend_oldest();
            }
            return;
        }
        let mut advanced = false;
        while let Some(piece) = self.unacknowledged.front() {
            // A piece that was never sent cannot be acknowledged.
            if piece.segment.number() >= segment.acknowledges() || piece.transmissions == 0 {
                break;
            }
            advanced = true;
            self.queued_bytes -= piece.bytes;
            // Pieces behind a hole were acknowledged late, not far away.
            let measures = piece.transmissions == 1 && piece.segment.number() >= self.recover;
            if let Some(sent) = piece.sent.filter(|_| measures) {
                self.round_trip = Some(now.saturating_duration_since(sent));
            }
            self.unacknowledged.pop_front();
        }
        if advanced {
            self.repeats = 0;
            let measured = self.round_trip.map_or(RTO_INITIAL, |round_trip| round_trip * 2);
            self.rto = measured.clamp(RTO_MIN, RTO_MAX);
            self.resend_at = (!self.unacknowledged.is_empty()).then(|| now + self.rto);
            if segment.acknowledges() < self.recover {
                self.resend_oldest();
            }
        }
    }

    fn resend_oldest(&mut self) {
        self.recover = self.next_number;
        if let Some(oldest) = self.unacknowledged.front_mut() {
            oldest.due = oldest.transmissions > 0 || oldest.due;
        }
    }
}

//! A flight: messages that are sent together, and again together until they are answered (RFC 6347 §4.2.4).

use std::time::{Duration, Instant};

use super::reassembly::{MESSAGE_HEADER_BYTES, Message, put_header};
use super::record::{ContentType, RecordLayer};

/// Messages in the order in which they are sent.
#[derive(Debug, Clone, Default)]
pub(super) struct Flight(Vec<Part>);

#[derive(Debug, Clone)]
enum Part {
    Message(Message),
    ChangeCipherSpec,
}

impl Flight {
    pub(super) fn push(&mut self, message: Message) {
        self.0.push(Part::Message(message));
    }

    pub(super) fn push_change_cipher_spec(&mut self) {
        self.0.push(Part::ChangeCipherSpec);
    }

    /// Packs the flight into as few datagrams as it takes, in new records.
    pub(super) fn write(&self, records: &mut RecordLayer, mut each: impl FnMut(Vec<u8>)) {
        let mut datagram = Vec::new();
        for part in &self.0 {
            match part {
                Part::ChangeCipherSpec => {
                    if datagram.len() + RecordLayer::overhead(0) + 1 > DATAGRAM_BYTES {
                        each(std::mem::take(&mut datagram));
                    }
                    records.write(0, ContentType::ChangeCipherSpec, &[1], &mut datagram);
                }
                Part::Message(message) => write_message(message, records, &mut datagram, &mut each),
            }
        }
        if !datagram.is_empty() {
            each(datagram);
        }
    }
}

/// In one fragment where it fits.
fn write_message(message: &Message, records: &mut RecordLayer, datagram: &mut Vec<u8>, each: &mut impl FnMut(Vec<u8>)) {
    let overhead = RecordLayer::overhead(message.epoch) + MESSAGE_HEADER_BYTES;
    let mut offset = 0;
    loop {
        let left = message.body.len() - offset;
        if datagram.len() + overhead + left.min(FRAGMENT_BYTES_MIN) > DATAGRAM_BYTES {
            each(std::mem::take(datagram));
        }
        let length = left.min(DATAGRAM_BYTES - datagram.len() - overhead);
        let mut content = Vec::with_capacity(MESSAGE_HEADER_BYTES + length);
        let range = offset..offset + length;
        put_header(&mut content, message.kind, message.sequence, message.body.len(), range.clone());
        content.extend_from_slice(message.body.get(range).unwrap_or_default());
        records.write(message.epoch, ContentType::Handshake, &content, datagram);
        offset += length;
        if offset == message.body.len() {
            return;
        }
    }
}

/// When a flight is sent again, and when there is no more hope.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timer {
    sent_at: Instant,
    interval: Duration,
    repetitions: u32,
    /// Of the whole handshake.
    deadline: Instant,
}

/// What the time has brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    Nothing,
    Repetition,
    /// The handshake took too long.
    End,
}

impl Timer {
    /// The first flight leaves.
    pub(super) fn new(now: Instant) -> Self {
        Self { sent_at: now, interval: RETRANSMISSION_FIRST, repetitions: 0, deadline: now + HANDSHAKE_MAX }
    }

    /// The next flight leaves.
    pub(super) fn handle_flight(&mut self, now: Instant) {
        *self = Self { deadline: self.deadline, ..Self::new(now) };
    }

    /// The other end has repeated what our flight answers: whether it is time to say it again.
    pub(super) fn handle_repeated(&mut self, now: Instant) -> bool {
        let due = now.saturating_duration_since(self.sent_at) >= RETRANSMISSION_FIRST / 2;
        if due {
            self.sent_at = now;
        }
        due
    }

    pub(super) fn poll_timeout(&self) -> Instant {
        match self.repetitions {
            REPETITIONS_MAX.. => self.deadline,
            _ => self.deadline.min(self.sent_at + self.interval),
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) -> Due {
        if now >= self.deadline {
            return Due::End;
        }
        if now < self.poll_timeout() {
            return Due::Nothing;
        }
        self.sent_at = now;
        self.interval *= 2;
        self.repetitions += 1;
        Due::Repetition
    }
}

/// Handshake datagrams pass every path that media passes: 1280 bytes of the smallest IPv6 link less the headers of IPv6 and UDP.
pub(super) const DATAGRAM_BYTES: usize = 1232;
/// What is left of a datagram is used when as much of a message fits.
const FRAGMENT_BYTES_MIN: usize = 64;
/// RFC 6347 §4.2.4.1 begins at a second and lets real-time use begin below; a flight that was lost costs this much until the picture.
const RETRANSMISSION_FIRST: Duration = Duration::from_millis(100);
/// 0.1 s doubled eight times: the last repetition leaves after about 25 s.
const REPETITIONS_MAX: u32 = 8;
/// As long as a person waits for a call at most.
const HANDSHAKE_MAX: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests;

//! A microphone: Opus every 20 ms while somebody speaks, and every 400 ms in silence.

use std::time::{Duration, Instant};

use crate::seed::Generator;

use super::uplink::{Stream, Uplink};
use super::wire;

/// What a member's microphone sends.
#[derive(Debug)]
pub(super) struct Microphone {
    pub(super) ssrc: u32,
    publisher: u32,
    pub(super) speaking: bool,
    pub(super) next_packet: Instant,
    begun: Instant,
    timestamp_start: u32,
    number: u32,
}

/// What a packet of sound truly is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sound {
    pub(super) publisher: u32,
    /// Counts the packets.
    pub(super) number: u32,
    pub(super) recorded: Duration,
}

impl Microphone {
    pub(super) fn new(
        now: Instant,
        begun: Instant,
        publisher: u32,
        mut generator: Generator,
        uplink: &mut Uplink,
    ) -> Self {
        let ssrc = generator.bits() as u32 & !1;
        uplink.add_stream(ssrc, Stream::new(wire::OPUS, wire::MICROPHONE_MID, None, None, generator.bits() as u16));
        let next_packet = now + generator.up_to(PACKET_INTERVAL);
        let timestamp_start = generator.bits() as u32;
        Self { ssrc, publisher, speaking: false, next_packet, begun, timestamp_start, number: 0 }
    }

    pub(super) fn timestamp(&self, now: Instant) -> u32 {
        let elapsed = now.saturating_duration_since(self.begun);
        self.timestamp_start.wrapping_add((elapsed.as_micros() * 48 / 1_000) as u32)
    }

    /// Sends the packet that is due.
    pub(super) fn handle_packet(&mut self, uplink: &mut Uplink) {
        let now = self.next_packet;
        self.number += 1;
        let mut payload = Vec::with_capacity(80);
        payload.extend_from_slice(&self.publisher.to_be_bytes());
        payload.extend_from_slice(&self.number.to_be_bytes());
        let recorded_us = now.saturating_duration_since(self.begun).as_micros() as u64;
        payload.extend_from_slice(&recorded_us.to_be_bytes());
        let (level, bytes, interval) =
            if self.speaking { (25, 80, PACKET_INTERVAL) } else { (127, 16, SILENCE_INTERVAL) };
        payload.resize(bytes, 0);
        uplink.send_sound(now, self.ssrc, self.timestamp(now), level, payload);
        self.next_packet += interval;
    }

    /// Somebody begins or ceases to speak.
    pub(super) fn set_speaking(&mut self, now: Instant, speaking: bool) {
        self.speaking = speaking;
        self.next_packet = self.next_packet.min(now + PACKET_INTERVAL);
    }
}

impl Sound {
    pub(super) fn read(payload: &[u8]) -> Option<Self> {
        let bytes = payload.first_chunk::<16>()?;
        let word = |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let micros = (u64::from(word(8)) << 32) | u64::from(word(12));
        Some(Self { publisher: word(0), number: word(4), recorded: Duration::from_micros(micros) })
    }
}

/// RFC 7587 §4.2.
const PACKET_INTERVAL: Duration = Duration::from_millis(20);

/// With discontinuous transmission.
const SILENCE_INTERVAL: Duration = Duration::from_millis(400);

//! One track: packets in, frames out, at their times on the timeline of the stream.

use std::time::{Duration, Instant};

use bytes::Bytes;
use live::bridge::{Alignment, Assembler, BridgeError, Output, TrackClock};
use media::{Codec, MediaTime};

use crate::media::clock_rate_hz;

/// A packet with the numbers that the router gave it.
#[derive(Debug)]
pub(super) struct Packet {
    pub(super) arrived: Instant,
    pub(super) number: u64,
    pub(super) timestamp: u32,
    pub(super) marker: bool,
    pub(super) payload: Bytes,
}

/// A track of a publisher.
#[derive(Debug)]
pub(super) struct Track {
    codec: Codec,
    assembler: Assembler,
    clock: TrackClock,
    /// The timestamp of the latest packet, and its time.
    latest: Option<(u32, MediaTime)>,
    /// The first packets, until a report says where they belong; `None` when it has, or has not in time.
    held: Option<Vec<Packet>>,
    held_until: Option<Instant>,
}

impl Track {
    /// # Errors
    /// If packets of this codec do not become frames.
    pub(super) fn new(codec: Codec) -> Result<Self, BridgeError> {
        Ok(Self {
            codec,
            assembler: Assembler::new(codec, PATIENCE)?,
            clock: TrackClock::new(codec.kind(), clock_rate_hz(codec)),
            latest: None,
            held: Some(Vec::new()),
            held_until: None,
        })
    }

    pub(super) fn codec(&self) -> Codec {
        self.codec
    }

    /// What comes from here on is encoded otherwise. Times and numbers go on; where timestamps count otherwise, they begin anew.
    ///
    /// # Errors
    /// If packets of this codec do not become frames.
    pub(super) fn change_codec(&mut self, codec: Codec) -> Result<(), BridgeError> {
        if clock_rate_hz(codec) != clock_rate_hz(self.codec) {
            *self = Self::new(codec)?;
            return Ok(());
        }
        self.assembler = Assembler::new(codec, PATIENCE)?;
        self.codec = codec;
        Ok(())
    }

    /// Takes a packet; `origin` is where the timeline begins.
    pub(super) fn handle_packet(&mut self, origin: Instant, packet: Packet, alignment: &mut Alignment) {
        let Some(held) = &mut self.held else { return self.assemble(origin, packet, alignment) };
        if held.is_empty() {
            self.held_until = Some(packet.arrived + HELD_MAX);
            // So that a report can be compared with it.
            self.clock.time_of(packet.timestamp, since(origin, packet.arrived), alignment);
        }
        held.push(packet);
        if held.len() >= HELD_PACKETS_MAX {
            self.release(origin, alignment);
        }
    }

    /// The router says which timestamp belongs to which moment.
    pub(super) fn handle_report(&mut self, origin: Instant, ntp: u64, timestamp: u32, alignment: &mut Alignment) {
        self.clock.handle_sender_report(ntp, timestamp, alignment);
        if self.held_until.is_some() {
            self.release(origin, alignment);
        }
    }

    pub(super) fn handle_timeout(&mut self, origin: Instant, now: Instant, alignment: &mut Alignment) {
        if self.held_until.is_some_and(|until| until <= now) {
            self.release(origin, alignment);
        }
        self.assembler.handle_timeout(now);
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        [self.held_until, self.assembler.poll_timeout()].into_iter().flatten().min()
    }

    pub(super) fn poll_output(&mut self) -> Option<Output> {
        self.assembler.poll_output()
    }

    fn release(&mut self, origin: Instant, alignment: &mut Alignment) {
        self.held_until = None;
        for packet in self.held.take().unwrap_or_default() {
            self.assemble(origin, packet, alignment);
        }
    }

    fn assemble(&mut self, origin: Instant, packet: Packet, alignment: &mut Alignment) {
        let Packet { arrived, number, timestamp, marker, payload } = packet;
        // Packets of one picture have one time.
        let known = self.latest.filter(|(latest, _)| *latest == timestamp);
        let time =
            known.map_or_else(|| self.clock.time_of(timestamp, since(origin, arrived), alignment), |(_, time)| time);
        self.latest = Some((timestamp, time));
        self.assembler.handle_packet(arrived, number, (timestamp, time), marker, payload);
    }
}

pub(super) fn since(origin: Instant, at: Instant) -> MediaTime {
    let micros = at.saturating_duration_since(origin).as_micros();
    MediaTime::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
}

/// A packet that is missing is waited for so long: the publisher has been asked for it several times by then.
const PATIENCE: Duration = Duration::from_millis(300);
/// The router reports as soon as a track begins.
const HELD_MAX: Duration = Duration::from_millis(100);
/// A second of a stream of 10 Mbit/s.
const HELD_PACKETS_MAX: usize = 1_000;

//! What one received stream was like.

use std::time::{Duration, Instant};

use rtp::payload::{av1, h264, vp8, vp9};
use rtp::sequence::SequenceUnwrapper;

use crate::Codec;
use crate::histogram::Histogram;
use crate::stamp::Stamp;
use crate::viewer::{Viewer, Viewing};

/// Counts the packets of one stream.
#[derive(Debug, Default)]
pub struct Meter {
    sequence: SequenceUnwrapper,
    viewer: Viewer,
    codec: Option<Codec>,
    figures: Figures,
    /// The first place of this window and how many packets came since.
    window: Option<(u64, u64)>,
}

/// What was counted since the last reset.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// Streams counted together.
    pub streams: u64,
    /// Packets that came.
    pub packets: u64,
    /// Of them, those with a stamp of this run.
    pub stamped: u64,
    /// Bytes of payload.
    pub bytes: u64,
    /// Packets whose sequence numbers never came.
    pub lost: u64,
    /// From the source to here.
    pub delay: Histogram,
    /// Frames of video shown.
    pub frames: u64,
    /// How often a picture stood still.
    pub freezes: u64,
    /// For how long in all.
    pub frozen: Duration,
    /// The longest time.
    pub longest_freeze: Duration,
    /// When the last of the streams showed its first frame (of audio: its first packet came).
    pub first_frame: Option<Instant>,
}

/// A packet as the meter sees it.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    /// When it came.
    pub now: Instant,
    /// The same on the clock of the stamps.
    pub now_us: u64,
    /// Its sequence number.
    pub sequence_number: u16,
    /// Its marker.
    pub marker: bool,
    /// Its payload.
    pub payload: &'a [u8],
}

impl Meter {
    /// For a stream of this codec. Of one that is not known, frames are not followed.
    #[must_use]
    pub fn new(codec: Option<Codec>) -> Self {
        Self { codec, ..Self::default() }
    }

    /// A packet came; `run` is that of the stamps to be counted.
    pub fn packet(&mut self, arrival: Arrival<'_>, run: u32) {
        let Arrival { now, now_us, sequence_number, marker, payload } = arrival;
        let place = self.sequence.unwrap(sequence_number);
        let (_, count) = self.window.get_or_insert((place, 0));
        *count += 1;
        self.figures.packets += 1;
        self.figures.bytes += payload.len() as u64;
        if let Some(stamp) = Stamp::read(payload).filter(|stamp| stamp.run == run) {
            self.figures.stamped += 1;
            self.figures.delay.add(now_us.saturating_sub(stamp.sent_us));
        }
        if let Some(codec) = self.codec.filter(|codec| codec.is_video()) {
            self.viewer.packet(now, place, marker, starts_key_frame(codec, payload));
        } else {
            self.figures.first_frame.get_or_insert(now);
        }
    }

    /// A whole frame came, of an engine that puts them together itself.
    pub fn frame(&mut self, now: Instant, data: &[u8]) {
        self.figures.packets += 1;
        self.figures.frames += 1;
        self.figures.bytes += data.len() as u64;
        self.figures.first_frame.get_or_insert(now);
    }

    /// What was counted up to `now`.
    #[must_use]
    pub fn figures(&self, now: Instant) -> Figures {
        let Viewing { frames, freezes, frozen, longest_freeze, first_frame } = self.viewer.figures(now);
        let expected = self.window.zip(self.sequence.highest()).map(|((first, _), highest)| highest + 1 - first);
        let came = self.window.map_or(0, |(_, count)| count);
        Figures {
            streams: 1,
            lost: expected.unwrap_or(0).saturating_sub(came),
            frames: self.figures.frames + frames,
            freezes,
            frozen,
            longest_freeze,
            first_frame: self.figures.first_frame.or(first_frame),
            ..self.figures.clone()
        }
    }

    /// Starts to count anew.
    pub fn reset(&mut self, now: Instant) {
        self.figures = Figures { first_frame: self.figures.first_frame, ..Figures::default() };
        self.window = self.sequence.highest().map(|highest| (highest + 1, 0));
        self.viewer.reset(now);
    }
}

impl Figures {
    /// Counts the streams of both together.
    pub fn merge(&mut self, other: &Self) {
        self.streams += other.streams;
        self.packets += other.packets;
        self.stamped += other.stamped;
        self.bytes += other.bytes;
        self.lost += other.lost;
        self.delay.merge(&other.delay);
        self.frames += other.frames;
        self.freezes += other.freezes;
        self.frozen += other.frozen;
        self.longest_freeze = self.longest_freeze.max(other.longest_freeze);
        self.first_frame = self.first_frame.max(other.first_frame);
    }
}

/// Whether a decoder can start with this packet.
fn starts_key_frame(codec: Codec, payload: &[u8]) -> bool {
    match codec {
        Codec::Opus => true,
        Codec::Vp8 => vp8::Descriptor::parse(payload).is_ok_and(|read| read.is_key_frame()),
        Codec::Vp9 => vp9::Descriptor::parse(payload).is_ok_and(|read| read.is_key_frame()),
        Codec::H264 => h264::inspect(payload).is_key_frame(),
        Codec::Av1 => av1::AggregationHeader::parse(payload).is_some_and(av1::AggregationHeader::is_key_frame),
    }
}

#[cfg(test)]
mod tests;

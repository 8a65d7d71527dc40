//! Synthetic media for load and tests. The packets are well formed (a VP8 descriptor and frame header, an Opus table of contents) so
//! that media servers treat them as they treat real ones, but what is behind the headers is filling: no decoder shows a picture
//! or plays a sound.

use std::time::{Duration, Instant};

use crate::stamp::Stamp;

/// What a pattern looks like on the wire.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shape {
    /// Packets per second, of all layers together.
    pub packets_per_second: f64,
    /// Frames per second: the packets of a frame go out at once. 0 for one packet per frame.
    pub frames_per_second: f64,
    /// Of every packet but the last of a frame, descriptor and stamp included.
    pub payload_bytes: usize,
}

/// A packet to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// On the clock of the codec.
    pub timestamp: u32,
    /// Of video the end of a frame.
    pub marker: bool,
    /// Descriptor, filling, stamp.
    pub payload: Vec<u8>,
}

/// A stream of VP8 packets.
#[derive(Debug)]
pub struct Video {
    shape: Shape,
    stamp: Stamp,
    next_at: Instant,
    /// Frames sent.
    frames: u64,
    /// Packets that the rate has granted and that are not sent.
    credit: f64,
    /// Whether the next frame must be a key frame.
    key_frame_wanted: bool,
    tl0_picture_index: u8,
}

/// A stream of Opus packets, one each 20 ms.
#[derive(Debug)]
pub struct Audio {
    payload_bytes: usize,
    stamp: Stamp,
    next_at: Instant,
    packets: u32,
}

impl Video {
    /// Starts at `now`. `stamp` says which source of which run it is.
    #[must_use]
    pub fn new(shape: Shape, stamp: Stamp, now: Instant) -> Self {
        Self { shape, stamp, next_at: now, frames: 0, credit: 0.0, key_frame_wanted: true, tl0_picture_index: 0 }
    }

    /// When the next frame is due.
    #[must_use]
    pub fn next_at(&self) -> Instant {
        self.next_at
    }

    /// Packets sent.
    #[must_use]
    pub fn packets(&self) -> u32 {
        self.stamp.number
    }

    /// Makes the next frame a key frame.
    pub fn request_key_frame(&mut self) {
        self.key_frame_wanted = true;
    }

    /// The packets of the next frame, sent at `sent_us` of the process's clock.
    pub fn next_frame(&mut self, now: Instant, sent_us: u64) -> Vec<Outgoing> {
        let per_second = self.frames_per_second();
        self.next_at += Duration::from_secs_f64(1.0 / per_second);
        // A generator that was held up does not make good what it missed.
        if now > self.next_at + LAG_MAX {
            self.next_at = now;
        }
        self.credit += self.shape.packets_per_second / per_second;
        let count = self.credit.floor().max(1.0);
        self.credit -= count;
        let key_frame = std::mem::take(&mut self.key_frame_wanted);
        let timestamp = (self.frames as f64 * VIDEO_CLOCK_HZ / per_second) as u64 as u32;
        let count = count as usize;
        let packets = (0..count).map(|index| Outgoing {
            timestamp,
            marker: index + 1 == count,
            payload: self.payload(index == 0, index + 1 == count && count > 1, key_frame, sent_us),
        });
        let packets = packets.collect();
        self.frames += 1;
        self.tl0_picture_index = self.tl0_picture_index.wrapping_add(1);
        packets
    }

    fn frames_per_second(&self) -> f64 {
        if self.shape.frames_per_second > 0.0 { self.shape.frames_per_second } else { self.shape.packets_per_second }
    }

    /// The last packet of a frame is shorter, as that of an encoder is.
    fn payload(&mut self, first: bool, last: bool, key_frame: bool, sent_us: u64) -> Vec<u8> {
        let [high, low] = ((self.frames & 0x7fff) as u16).to_be_bytes();
        // RFC 7741 §4.2: X and S; I, L and T; a picture id of fifteen bits; TL0PICIDX; temporal layer 0.
        let start = u8::from(first) << 4;
        let mut payload = vec![0x80 | start, 0xe0, 0x80 | high, low, self.tl0_picture_index, 0];
        if first {
            // RFC 6386 §9.1: the lowest bit is 0 in key frames, which go on with the start code and their size.
            payload.extend([u8::from(!key_frame) | 0x10, 0, 0]);
            if key_frame {
                payload.extend([0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01]);
            }
        }
        let wanted = if last { self.shape.payload_bytes / 2 } else { self.shape.payload_bytes };
        payload.resize(wanted.max(payload.len() + Stamp::BYTES), 0x55);
        self.stamp.sent_us = sent_us;
        self.stamp.write(&mut payload);
        self.stamp.number = self.stamp.number.wrapping_add(1);
        payload
    }
}

impl Audio {
    /// Starts at `now`. `stamp` says which source of which run it is.
    #[must_use]
    pub fn new(payload_bytes: usize, stamp: Stamp, now: Instant) -> Self {
        Self { payload_bytes, stamp, next_at: now, packets: 0 }
    }

    /// When the next packet is due.
    #[must_use]
    pub fn next_at(&self) -> Instant {
        self.next_at
    }

    /// Packets sent.
    #[must_use]
    pub fn packets(&self) -> u32 {
        self.packets
    }

    /// The next packet.
    pub fn next_packet(&mut self, now: Instant, sent_us: u64) -> Outgoing {
        self.next_at += AUDIO_INTERVAL;
        if now > self.next_at + LAG_MAX {
            self.next_at = now;
        }
        // RFC 6716 §3.1: CELT, full band, 20 ms, one frame.
        let mut payload = vec![0x55; self.payload_bytes.max(Stamp::BYTES + 1)];
        payload[0] = 0xf8;
        let stamp = Stamp { number: self.packets, sent_us, ..self.stamp };
        stamp.write(&mut payload);
        let timestamp = self.packets.wrapping_mul(AUDIO_STEP);
        self.packets = self.packets.wrapping_add(1);
        Outgoing { timestamp, marker: false, payload }
    }
}

/// RFC 7741 §4.1.
const VIDEO_CLOCK_HZ: f64 = 90_000.0;

/// RFC 7587 §4.1: 48 kHz.
const AUDIO_STEP: u32 = 960;

const AUDIO_INTERVAL: Duration = Duration::from_millis(20);

/// What a generator may lag behind before it gives up the packets in between.
const LAG_MAX: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests;

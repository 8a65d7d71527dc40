//! A camera with one encoder or three: VP8 in two temporal layers, key frames on request, rates by the estimate.

use std::time::{Duration, Instant};

use crate::seed::Generator;

use super::picture::{self, Picture, Stamp};
use super::uplink::{Stream, Uplink};
use super::wire;

/// How somebody is filmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Film {
    /// In three layers.
    Simulcast,
    /// In three layers, encrypted from end to end: the server cannot tell key frames.
    Encrypted,
    /// In one, at this rate.
    Single {
        /// Bits per second.
        rate_bps: u64,
    },
    /// In one, at this rate or less: by a browser that is told by REMB alone how much it may send.
    Adapting {
        /// Bits per second.
        rate_bps: u64,
    },
}

/// What a member's camera sends.
#[derive(Debug)]
pub(super) struct Camera {
    publisher: u32,
    is_encrypted: bool,
    encoders: Vec<Encoder>,
    /// When the next frame is taken.
    pub(super) next_frame: Instant,
    frames: u64,
    generator: Generator,
    begun: Instant,
    /// The RTP clock at the beginning.
    timestamp_start: u32,
}

#[derive(Debug)]
struct Encoder {
    /// 0 is the smallest.
    layer: u8,
    ssrc: u32,
    /// With the best estimate.
    full_bps: u64,
    /// Switched on by the server.
    wanted: bool,
    /// Switched on by the estimate; 0 is off.
    rate_bps: u64,
    key_requested: bool,
    key_at: Option<Instant>,
    frame: u32,
    /// The last frame of the lowest temporal layer.
    reference: u32,
    picture_id: u16,
    tl0_picture_index: u8,
    key_index: u8,
    /// Bytes that a key frame took and the following frames have to save.
    debt_bytes: f64,
}

impl Camera {
    pub(super) fn new(
        now: Instant,
        begun: Instant,
        (publisher, film): (u32, Film),
        mut generator: Generator,
        uplink: &mut Uplink,
    ) -> Self {
        let phase = generator.up_to(FRAME_INTERVAL);
        let encoders = film.layers().into_iter().map(|(layer, rid, full_bps)| {
            let ssrc = generator.bits() as u32 | 1;
            let number = generator.bits() as u16;
            let stream = Stream::new(wire::VP8, wire::CAMERA_MID, rid, Some(ssrc ^ 0x8000_0000), number);
            uplink.add_stream(ssrc, stream);
            Encoder {
                layer,
                ssrc,
                full_bps,
                wanted: true,
                rate_bps: 0,
                key_requested: true,
                key_at: None,
                frame: 0,
                reference: 0,
                picture_id: generator.bits() as u16,
                tl0_picture_index: generator.bits() as u8,
                key_index: 0,
                debt_bytes: 0.0,
            }
        });
        let encoders = encoders.collect();
        let timestamp_start = generator.bits() as u32;
        let is_encrypted = film == Film::Encrypted;
        Self {
            publisher,
            is_encrypted,
            encoders,
            next_frame: now + phase,
            frames: 0,
            generator,
            begun,
            timestamp_start,
        }
    }

    /// The stream of a layer, and how its clock stands.
    pub(super) fn streams(&self) -> impl Iterator<Item = u32> + '_ {
        self.encoders.iter().filter(|encoder| encoder.frame > 0).map(|encoder| encoder.ssrc)
    }

    pub(super) fn timestamp(&self, now: Instant) -> u32 {
        let elapsed = now.saturating_duration_since(self.begun);
        self.timestamp_start.wrapping_add((elapsed.as_micros() * 9 / 100) as u32)
    }

    /// Which layers the server wants, the smallest first.
    pub(super) fn layers_on(&self) -> Vec<bool> {
        self.encoders.iter().map(|encoder| encoder.wanted).collect()
    }

    /// A picture loss indication for this stream.
    pub(super) fn request_key_frame(&mut self, ssrc: u32) {
        for encoder in self.encoders.iter_mut().filter(|encoder| encoder.ssrc == ssrc) {
            encoder.key_requested = true;
        }
    }

    /// The server says who wants which layer.
    pub(super) fn set_layers(&mut self, wanted: &[(String, bool)]) {
        for (rid, encoder) in wire::RIDS.iter().zip(&mut self.encoders) {
            let is_wanted = wanted.iter().any(|(wanted_rid, on)| wanted_rid == rid && *on);
            // An encoder that is switched on again begins with a key frame.
            encoder.key_requested |= is_wanted && !encoder.wanted;
            encoder.wanted = is_wanted;
        }
    }

    /// Takes the frame that is due.
    pub(super) fn handle_frame(&mut self, now: Instant, uplink: &mut Uplink) {
        self.distribute(uplink);
        let timestamp = self.timestamp(self.next_frame);
        let captured = self.next_frame.saturating_duration_since(self.begun);
        let temporal = (self.frames % 2) as u8;
        for encoder in &mut self.encoders {
            let noise = 0.75 + self.generator.below(500) as f64 / 1_000.0;
            let (publisher, layer) = (self.publisher, encoder.layer);
            let Some(picture) = encoder.encode(now, temporal, noise, |key, frame, reference| Stamp {
                publisher,
                layer,
                frame,
                reference,
                key,
                captured,
            }) else {
                continue;
            };
            let mut payloads = picture.payloads();
            if self.is_encrypted {
                payloads.iter_mut().for_each(picture::encrypt);
            }
            uplink.send_frame(now, encoder.ssrc, timestamp, payloads);
        }
        self.frames += 1;
        self.next_frame += FRAME_INTERVAL;
    }

    /// The lowest layer first, as browsers do.
    fn distribute(&mut self, uplink: &mut Uplink) {
        let mut left_bps = uplink.estimate_bps().saturating_sub(SOUND_BPS);
        let mut wanted_bps = SOUND_BPS;
        for (index, encoder) in self.encoders.iter_mut().enumerate() {
            let full_bps = encoder.full_bps;
            wanted_bps += if encoder.wanted { full_bps } else { 0 };
            let least_bps = if index == 0 { 30_000 } else { full_bps * 6 / 10 };
            let on = encoder.wanted && (left_bps >= least_bps || index == 0);
            let rate_bps = if on { full_bps.min(left_bps.max(least_bps)) } else { 0 };
            encoder.key_requested |= rate_bps > 0 && encoder.rate_bps == 0;
            encoder.rate_bps = rate_bps;
            left_bps = left_bps.saturating_sub(rate_bps);
        }
        uplink.estimator().set_wanted(wanted_bps * 11 / 10);
    }
}

impl Film {
    /// Which layers there are, what they are called, and what they want.
    fn layers(self) -> Vec<(u8, Option<&'static str>, u64)> {
        match self {
            Self::Simulcast | Self::Encrypted => {
                let named = wire::RIDS.into_iter().zip(RATES_BPS);
                (0..).zip(named).map(|(layer, (rid, full_bps))| (layer, Some(rid), full_bps)).collect()
            }
            Self::Single { rate_bps } | Self::Adapting { rate_bps } => vec![(LARGEST, None, rate_bps)],
        }
    }
}

impl Encoder {
    fn encode(
        &mut self,
        now: Instant,
        temporal: u8,
        noise: f64,
        stamp: impl Fn(bool, u32, u32) -> Stamp,
    ) -> Option<Picture> {
        if self.rate_bps == 0 {
            return None;
        }
        let rested = self.key_at.is_none_or(|at| now.saturating_duration_since(at) >= KEY_INTERVAL_MIN);
        let key = self.key_requested && rested;
        // A key frame takes a turn of the lowest temporal layer.
        let temporal = if key { 0 } else { temporal };
        self.frame += 1;
        self.picture_id = self.picture_id.wrapping_add(1) & 0x7fff;
        if temporal == 0 {
            self.tl0_picture_index = self.tl0_picture_index.wrapping_add(1);
        }
        let reference = self.reference;
        if key {
            self.key_requested = false;
            self.key_at = Some(now);
            self.key_index = self.key_index.wrapping_add(1) & 0x1f;
        }
        if temporal == 0 {
            self.reference = self.frame;
        }
        Some(Picture {
            stamp: stamp(key, self.frame, reference),
            picture_id: self.picture_id,
            tl0_picture_index: self.tl0_picture_index,
            key_index: self.key_index,
            temporal,
            bytes: self.size(key, temporal, noise),
        })
    }

    fn size(&mut self, key: bool, temporal: u8, noise: f64) -> usize {
        let share = self.rate_bps as f64 / 8.0 * FRAME_INTERVAL.as_secs_f64();
        if key {
            self.debt_bytes += share * (KEY_FACTOR - 1.0);
            return (share * KEY_FACTOR * noise) as usize;
        }
        // The debt is paid over half a second.
        let payment = (self.debt_bytes / 15.0).min(share * 0.4);
        self.debt_bytes -= payment;
        let factor = if temporal == 0 { 1.2 } else { 0.8 };
        ((share - payment) * factor * noise).max(60.0) as usize
    }
}

/// 30 frames a second.
const FRAME_INTERVAL: Duration = Duration::from_micros(33_333);

/// What the encoders want.
pub(super) const RATES_BPS: [u64; 3] = [150_000, 500_000, 1_700_000];

/// The picture of a camera with one encoder is as large as the largest of three.
const LARGEST: u8 = 2;

/// Set aside for the microphone.
const SOUND_BPS: u64 = 40_000;

/// A key frame is so many times an average frame.
const KEY_FACTOR: f64 = 6.0;

/// Between key frames of one encoder.
const KEY_INTERVAL_MIN: Duration = Duration::from_millis(300);

//! RTP packets of one track, put in order and together to frames.

mod picture;
mod superframe;
mod temporal_unit;

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use bytes::Bytes;
use media::{Codec, Frame, Kind, MediaTime, Parameters, Shape};

use super::BridgeError;
use picture::Picture;

/// What comes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// How the frames from here on are encoded: before the first one, and when it changes.
    Parameters(Parameters),
    /// The next frame. Nothing it refers to is missing.
    Frame(Frame),
    /// Pictures were lost: nothing comes out until the publisher sends one that needs no other.
    KeyFrameWanted,
}

/// Puts packets in order, waits a little for those that are missing, and gives frames.
#[derive(Debug)]
pub struct Assembler {
    codec: Codec,
    patience: Duration,
    /// Packets beyond the next one.
    waiting: BTreeMap<u64, Packet>,
    /// The number that comes next.
    next: Option<u64>,
    picture: Picture,
    /// The timestamp of the frame that is being put together.
    open: Option<u32>,
    open_time: MediaTime,
    /// The timestamp of a frame of which something is missing.
    spoilt: Option<u32>,
    /// Since when a key picture is waited for, and when it was asked for last.
    asked_at: Option<Instant>,
    parameters: Option<Parameters>,
    decoded_until: Option<MediaTime>,
    /// How long pictures are decoded before they are shown: as much as one has been seen to go back.
    reordering: MediaTime,
    latest_shown: Option<MediaTime>,
    outputs: VecDeque<Output>,
}

#[derive(Debug)]
struct Packet {
    arrived: Instant,
    timestamp: u32,
    time: MediaTime,
    marker: bool,
    payload: Bytes,
}

impl Assembler {
    /// For a track of this codec. A packet that is missing is waited for `patience` long.
    ///
    /// # Errors
    /// If there is no way from its payloads to frames.
    pub fn new(codec: Codec, patience: Duration) -> Result<Self, BridgeError> {
        Ok(Self {
            codec,
            patience,
            waiting: BTreeMap::new(),
            next: None,
            picture: Picture::new(codec)?,
            open: None,
            open_time: MediaTime::ZERO,
            spoilt: None,
            asked_at: None,
            parameters: None,
            decoded_until: None,
            reordering: MediaTime::ZERO,
            latest_shown: None,
            outputs: VecDeque::new(),
        })
    }

    /// A packet with its unwrapped sequence number, and the time of its timestamp on the timeline of the stream.
    pub fn handle_packet(
        &mut self,
        now: Instant,
        number: u64,
        (timestamp, time): (u32, MediaTime),
        marker: bool,
        payload: Bytes,
    ) {
        let next = *self.next.get_or_insert(number);
        if number < next {
            return;
        }
        self.waiting.insert(number, Packet { arrived: now, timestamp, time, marker, payload });
        if self.waiting.len() > WAITING_PACKETS_MAX {
            self.give_up();
        }
        self.advance(now);
    }

    /// Gives up on what is missing for too long.
    pub fn handle_timeout(&mut self, now: Instant) {
        while self.poll_timeout().is_some_and(|due| due <= now) {
            self.give_up();
            self.advance(now);
        }
    }

    /// When a packet has been waited for long enough.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.waiting.first_key_value().map(|(_, packet)| packet.arrived + self.patience)
    }

    /// What came out, in order.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn advance(&mut self, now: Instant) {
        while let Some(next) = self.next
            && let Some(packet) = self.waiting.remove(&next)
        {
            self.next = Some(next.saturating_add(1));
            self.take(now, &packet);
        }
    }

    /// The packets before the first that is there will not come.
    fn give_up(&mut self) {
        let Some((&first, packet)) = self.waiting.first_key_value() else { return };
        self.next = Some(first);
        let is_beginning = self.picture.is_beginning(&packet.payload) && self.open != Some(packet.timestamp);
        self.spoilt = if is_beginning { None } else { Some(packet.timestamp) };
        self.open = None;
        self.picture.clear();
        self.break_off();
    }

    /// Pictures after a loss cannot be decoded; sounds can.
    fn break_off(&mut self) {
        if self.codec.kind() == Kind::Video && self.asked_at.is_none() && self.parameters.is_some() {
            self.asked_at = self.waiting.first_key_value().map(|(_, packet)| packet.arrived);
            self.outputs.push_back(Output::KeyFrameWanted);
        }
    }

    fn take(&mut self, now: Instant, packet: &Packet) {
        if self.open.is_some_and(|open| open != packet.timestamp) {
            self.finish(now);
        }
        if packet.payload.is_empty() {
            return;
        }
        if self.spoilt == Some(packet.timestamp) {
            return;
        }
        self.spoilt = None;
        if self.open.is_none() {
            (self.open, self.open_time) = (Some(packet.timestamp), packet.time);
        }
        if self.picture.add(&packet.payload).is_err() {
            (self.open, self.spoilt) = (None, Some(packet.timestamp));
            self.picture.clear();
            self.wait_for_key_frame(now);
            return;
        }
        if packet.marker || self.codec.kind() == Kind::Audio {
            self.finish(now);
        }
    }

    /// The frame is whole.
    fn finish(&mut self, now: Instant) {
        self.open = None;
        let Some(whole) = self.picture.take() else {
            self.wait_for_key_frame(now);
            return;
        };
        if self.codec.kind() == Kind::Video && !whole.is_key && (self.asked_at.is_some() || self.parameters.is_none()) {
            self.wait_for_key_frame(now);
            return;
        }
        let parameters = whole.parameters.map(|(decoder_configuration, shape)| Parameters {
            codec: self.codec,
            decoder_configuration,
            shape,
        });
        if let Some(parameters) = parameters.or_else(|| self.parameters_of_sound()) {
            if self.parameters.as_ref() != Some(&parameters) {
                self.outputs.push_back(Output::Parameters(parameters.clone()));
                self.parameters = Some(parameters);
            }
        } else if self.parameters.is_none() {
            // A key picture without its parameter sets.
            self.wait_for_key_frame(now);
            return;
        }
        self.asked_at = None;
        let (pts, dts) = self.times();
        self.outputs.push_back(Output::Frame(Frame {
            codec: self.codec,
            pts,
            dts,
            is_key: whole.is_key,
            data: whole.data.into(),
        }));
    }

    fn parameters_of_sound(&self) -> Option<Parameters> {
        let shape = match self.codec {
            // RFC 7587 §4.2: whatever is in the packets, the clock is 48,000, and a decoder gives two channels.
            Codec::Opus => Shape::Audio { sample_rate_hz: 48_000, channels: 2 },
            Codec::Pcmu | Codec::Pcma => Shape::Audio { sample_rate_hz: 8_000, channels: 1 },
            Codec::Aac | Codec::Mp3 | Codec::H264 | Codec::H265 | Codec::Av1 | Codec::Vp8 | Codec::Vp9 => return None,
        };
        Some(Parameters { codec: self.codec, decoder_configuration: Bytes::new(), shape })
    }

    /// When the frame is shown and when it is decoded: never before the one ahead of it, and as early as pictures go back.
    fn times(&mut self) -> (MediaTime, MediaTime) {
        let shown = self.open_time;
        let back = self.latest_shown.map_or(MediaTime::ZERO, |latest| latest - shown);
        // A clock that begins anew goes back further than any encoder.
        if back <= REORDERING_MAX {
            self.reordering = self.reordering.max(back);
        }
        self.latest_shown = self.latest_shown.max(Some(shown));
        let least =
            self.decoded_until.map_or(MediaTime::from_micros(i64::MIN), |last| last + MediaTime::from_micros(1));
        let dts = (shown - self.reordering).max(least);
        self.decoded_until = Some(dts);
        (shown.max(dts), dts)
    }

    fn wait_for_key_frame(&mut self, now: Instant) {
        if self.codec.kind() == Kind::Audio {
            return;
        }
        if self.asked_at.is_none_or(|at| now.saturating_duration_since(at) >= ASK_AGAIN) {
            self.asked_at = Some(now);
            self.outputs.push_back(Output::KeyFrameWanted);
        }
    }
}

/// A second of a stream of 10 Mbit/s.
const WAITING_PACKETS_MAX: usize = 1_000;

/// A publisher that was asked for a key picture and sent none is asked again after that.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// Encoders hold back at most some sixteen pictures.
const REORDERING_MAX: MediaTime = MediaTime::from_millis(1_000);

#[cfg(test)]
mod tests;

//! A stream that a peer sends.

use std::collections::VecDeque;
use std::time::Instant;

use str0m::media::{MediaTime, Mid, Pt, Rid};
use str0m::rtp::{ExtensionValues, RtpWrite};

use crate::pattern::{self, Outgoing};
use crate::peer::Peer;
use crate::{Clock, Codec, Histogram, Stamp, files};

/// Where the media comes from.
#[derive(Debug)]
pub enum Source {
    /// Synthetic VP8.
    Video(pattern::Video),
    /// Synthetic Opus.
    Audio(pattern::Audio),
    /// Frames of a file.
    File(files::Playback),
}

/// One layer of a media description that is sent.
#[derive(Debug)]
pub struct Publication {
    /// The media description.
    pub mid: Mid,
    /// The layer of simulcast.
    pub rid: Option<Rid>,
    /// What is sent.
    pub source: Source,
    /// Whether the server wants it.
    pub active: bool,
    /// Packets sent; the low half is the sequence number of the next one.
    pub(crate) place: u64,
    payload_type: Option<Pt>,
    /// The rest of the frame that is being sent.
    waiting: VecDeque<Outgoing>,
    /// When that frame was due.
    due: Option<Instant>,
    /// How late each packet of a pattern was handed over, the ones before it of the same frame included.
    pub(crate) lateness: Histogram,
}

impl Publication {
    /// A stream in a media description; `layer` with simulcast.
    #[must_use]
    pub fn new(mid: Mid, layer: Option<&str>, source: Source) -> Self {
        Self {
            mid,
            rid: layer.map(Peer::rid),
            source,
            active: true,
            place: 0,
            payload_type: None,
            waiting: VecDeque::new(),
            due: None,
            lateness: Histogram::default(),
        }
    }

    /// When there is something to send; `None` at the end of a file.
    pub(crate) fn next_at(&self) -> Option<Instant> {
        match &self.source {
            Source::Video(video) => Some(video.next_at()),
            Source::Audio(audio) => Some(audio.next_at()),
            Source::File(file) => file.next_at(),
        }
    }

    pub(crate) fn request_key_frame(&mut self) {
        if let Source::Video(video) = &mut self.source {
            video.request_key_frame();
        }
    }

    /// Hands the next packet that is due to the engine, or the next frame of a file; `false` when there is nothing to hand over. What the
    /// server does not want is made and thrown away, so that a layer goes on with the right timestamps.
    pub(crate) fn send_next(&mut self, peer: &mut Peer, clock: Clock, now: Instant) -> bool {
        while self.waiting.is_empty() && self.next_at().is_some_and(|at| at <= now) {
            let made_us = clock.micros(now);
            self.due = self.next_at();
            match &mut self.source {
                Source::Video(video) => self.waiting.extend(video.next_frame(now, made_us)),
                Source::Audio(audio) => self.waiting.push_back(audio.next_packet(now, made_us)),
                Source::File(file) => {
                    let codec = file.codec();
                    let Some(frame) = file.next_frame(now) else { return false };
                    self.send_frame(peer, now, frame, codec);
                    return true;
                }
            }
            if !self.active {
                self.waiting.clear();
            }
        }
        let Some(mut packet) = self.waiting.pop_front() else { return false };
        // Packets of a frame leave one after the other: each says when it did.
        let leaves_at = clock.now();
        Stamp::renew(&mut packet.payload, clock.micros(leaves_at));
        if let Some(late) = self.due.map(|due| leaves_at.saturating_duration_since(due)) {
            self.lateness.add(u64::try_from(late.as_micros()).unwrap_or(u64::MAX));
        }
        let codec = if matches!(self.source, Source::Audio(_)) { Codec::Opus } else { Codec::Vp8 };
        self.send_packet(peer, now, packet, codec);
        true
    }

    fn payload_type(&mut self, peer: &Peer, codec: Codec) -> Option<Pt> {
        self.payload_type = self.payload_type.or_else(|| peer.payload_type(self.mid, codec));
        self.payload_type
    }

    fn send_packet(&mut self, peer: &mut Peer, now: Instant, packet: Outgoing, codec: Codec) {
        let Some(payload_type) = self.payload_type(peer, codec) else { return };
        let mut direct = peer.rtc.direct_api();
        let Some(stream) = direct.stream_tx_by_mid(self.mid, self.rid) else { return };
        let video = codec.is_video();
        let level = (!video).then_some(AUDIO_LEVEL_DBOV);
        let extensions =
            ExtensionValues { audio_level: level, voice_activity: level.map(|_| true), ..ExtensionValues::default() };
        let Outgoing { timestamp, marker, payload } = packet;
        let write = RtpWrite::new(payload_type, self.place.into(), timestamp, now, payload);
        stream.write_rtp(write.marker(marker).ext_vals(extensions).nackable(video));
        self.place += 1;
    }

    fn send_frame(&mut self, peer: &mut Peer, now: Instant, frame: files::Frame, codec: Codec) {
        if !self.active {
            return;
        }
        let Some(payload_type) = self.payload_type(peer, codec) else { return };
        let Some(mut writer) = peer.rtc.writer(self.mid) else { return };
        if let Some(rid) = self.rid {
            writer = writer.rid(rid);
        }
        if !codec.is_video() {
            writer = writer.audio_level(AUDIO_LEVEL_DBOV, true);
        }
        let time = MediaTime::new(frame.timestamp, frame.clock);
        if writer.write(payload_type, now, time, frame.data).is_ok() {
            self.place += 1;
        }
    }
}

/// As loud as somebody who speaks.
const AUDIO_LEVEL_DBOV: i8 = -30;

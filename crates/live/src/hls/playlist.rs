//! Fills playlists from what is kept.

use media::{MediaTime, Parameters, Shape};

use super::segment::{Segment, Tracks};
use super::window::Window;
use super::{Container, File, PART_TARGET, Tag, codecs};
use crate::m3u8::{self, LowLatency, MediaPlaylist, Variant};

/// What a media playlist is made of.
pub(super) struct View<'a> {
    pub(super) tag: Tag,
    /// Stands before the names of transport streams, which lie in the directory of the application.
    pub(super) stem: &'a str,
    pub(super) window: &'a Window,
    pub(super) open: Option<&'a Segment>,
    pub(super) next_number: u64,
    pub(super) next_part: u64,
    pub(super) target_duration_s: u64,
    pub(super) is_ended: bool,
}

impl View<'_> {
    /// The media playlist; without old segments if `skip`, and if there are any.
    pub(super) fn media_playlist(&self, container: Container, skip: bool) -> MediaPlaylist {
        let has_parts = container == Container::Mp4;
        let low_latency = has_parts.then(|| low_latency(self.target_duration_s));
        let skipped = low_latency.filter(|_| skip).map_or(0, |promise| self.skippable(promise.can_skip_until));
        let part_limit = self.part_limit();
        let mut known_init = None;
        let mut segments = Vec::with_capacity(self.window.listed().len());
        for (index, segment) in self.window.listed().enumerate() {
            let with_parts = has_parts && self.next_number.saturating_sub(segment.number) <= part_limit;
            let listed = self.segment(segment, container, with_parts, &mut known_init);
            if index >= skipped {
                segments.push(listed);
            }
        }
        let open = self.open.filter(|open| has_parts && !open.parts.is_empty() && !self.is_ended);
        MediaPlaylist {
            target_duration_s: self.target_duration_s,
            media_sequence: self.window.listed().next().map_or(self.next_number, |first| first.number),
            discontinuity_sequence: self.window.discontinuity_sequence,
            is_independent: self.window.listed().chain(open).all(Segment::is_independent),
            low_latency,
            skipped_segments: skipped,
            segments,
            open_segment: open.map(|open| self.segment(open, container, true, &mut known_init)),
            preload_hint: (has_parts && !self.is_ended).then(|| File::Part(self.next_part).name(self.tag)),
            is_ended: self.is_ended,
        }
    }

    /// Parts are listed for three target durations, which is more than the slowest player of parts is behind.
    fn part_limit(&self) -> u64 {
        let newest = self.window.listed().rev();
        let mut total = MediaTime::ZERO;
        let limit = seconds(self.target_duration_s * 3);
        let within = newest.take_while(|segment| {
            let is_within = total < limit;
            total = total + segment.duration;
            is_within
        });
        within.count() as u64
    }

    fn skippable(&self, can_skip_until: MediaTime) -> usize {
        let mut remaining = self.window.listed().fold(MediaTime::ZERO, |total, segment| total + segment.duration);
        let old = self.window.listed().take_while(|segment| {
            remaining = remaining - segment.duration;
            remaining >= can_skip_until
        });
        old.count()
    }

    fn segment(
        &self,
        segment: &Segment,
        container: Container,
        with_parts: bool,
        known_init: &mut Option<u32>,
    ) -> m3u8::Segment {
        let has_video = segment.tracks.video.is_some();
        let init = segment.tracks.number;
        let is_mp4 = container == Container::Mp4;
        let needs_map = is_mp4 && known_init.replace(init) != Some(init);
        let uri = match container {
            Container::TransportStream => {
                format!("{}-{}", self.stem, File::TransportStream(segment.number).name(self.tag))
            }
            Container::Mp4 => File::Mp4(segment.number).name(self.tag),
        };
        let parts = (segment.first_part..).zip(&segment.parts).filter(|_| with_parts);
        let parts = parts.map(|(number, part)| m3u8::Part {
            uri: File::Part(number).name(self.tag),
            duration: part.duration,
            is_independent: part.is_independent(has_video),
        });
        m3u8::Segment {
            uri,
            duration: segment.duration,
            is_discontinuous: segment.is_discontinuous,
            date_time: segment.date_time,
            map_uri: needs_map.then(|| File::Init(init).name(self.tag)),
            parts: parts.collect(),
        }
    }

    /// What a multivariant playlist says of the stream.
    pub(super) fn variant(&self, uri: String, tracks: &Tracks) -> Variant {
        let rates = self.window.listed().map(|segment| bits_per_second(segment.frame_bytes(), segment.duration));
        let total = self.window.listed().fold(MediaTime::ZERO, |total, segment| total + segment.duration);
        let bytes = self.window.listed().map(Segment::frame_bytes).sum();
        let pictures =
            self.window.listed().flat_map(Segment::samples).filter(|sample| sample.frame.kind() == media::Kind::Video);
        let pictures = pictures.count() as u64;
        Variant {
            uri,
            bandwidth_bps: rates.max().unwrap_or(1),
            average_bandwidth_bps: bits_per_second(bytes, total),
            codecs: codecs::names(tracks),
            resolution: tracks.video.as_ref().and_then(resolution),
            frame_rate_millis: per_second_millis(pictures, total).filter(|&rate| rate > 0),
        }
    }
}

fn low_latency(target_duration_s: u64) -> LowLatency {
    LowLatency {
        part_target: PART_TARGET,
        part_hold_back: MediaTime::from_micros(PART_TARGET.micros() * 3),
        hold_back: seconds(target_duration_s * 3),
        can_skip_until: seconds(target_duration_s * 6),
    }
}

fn resolution(video: &Parameters) -> Option<(u32, u32)> {
    match video.shape {
        Shape::Video { width, height } if width > 0 && height > 0 => Some((width, height)),
        Shape::Video { .. } | Shape::Audio { .. } => None,
    }
}

fn seconds(seconds: u64) -> MediaTime {
    MediaTime::from_millis(i64::try_from(seconds.saturating_mul(1000)).unwrap_or(i64::MAX))
}

/// With a tenth for the container around the frames.
fn bits_per_second(bytes: usize, duration: MediaTime) -> u64 {
    let micros = u64::try_from(duration.micros()).unwrap_or(0).max(1);
    let bits = u64::try_from(bytes).unwrap_or(u64::MAX).saturating_mul(8);
    (bits.saturating_mul(1_100_000) / micros).max(1)
}

fn per_second_millis(count: u64, duration: MediaTime) -> Option<u64> {
    let micros = u64::try_from(duration.micros()).ok().filter(|&micros| micros > 0)?;
    Some(count.saturating_mul(1_000_000_000) / micros)
}

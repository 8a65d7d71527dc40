//! How a viewer who comes in the middle gets to the live stream: it gets what came since the latest key picture, faster than it was made,
//! until there is no more of it.

use std::time::{Duration, Instant};

use crate::cache::Kept;
use crate::forwarder::{GAP_MAX, StreamId};
use crate::frame::{self, DependencyState, Frame, Payload};
use crate::keyframe;
use crate::layer::{Layer, Previous};

/// Where a slot is on its way to the live stream.
#[derive(Debug)]
pub(crate) struct Replay {
    stream: StreamId,
    /// Where the key picture begins.
    start: u64,
    /// The place of the next packet.
    next: u64,
    begun_at: Instant,
    /// When what was sent beyond the key picture has gone at the rate of a replay.
    drained_at: Instant,
    /// The key picture has not gone out as a whole.
    is_beginning: bool,
    /// The latest picture has not gone out as a whole.
    is_within: bool,
    /// The timestamp of the latest picture.
    timestamp: Option<u32>,
    /// The packet before, and what explains the dependency descriptors: of the place where the replay is, not of the newest packet.
    previous: Option<Previous>,
    dependencies: DependencyState,
}

/// How fast a replay may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    pub(crate) rate_bps: u64,
    /// Of the timestamps.
    pub(crate) clock_rate_hz: u32,
}

/// What is next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// The packet at this place.
    Place(u64),
    /// Nothing: the live stream follows.
    CaughtUp,
    /// What follows is overwritten.
    Lost,
}

impl Replay {
    /// From the latest key picture of a layer, if all that came since is at hand, nothing of it is lost, and it is not too old. Where nothing is
    /// kept on purpose, that is as long as the publisher is not asked for another.
    pub(crate) fn begin(now: Instant, layer: &Layer) -> Option<Self> {
        let (start, highest) = (layer.cache.start()?, layer.highest()?);
        let span_max = if layer.cache.is_replaying() { SPAN_MAX } else { keyframe::INTERVAL };
        if layer.is_filling || layer.cache.age(now, start)? > span_max {
            return None;
        }
        let is_there = |place| match layer.cache.kept(place) {
            Kept::Packet(_) => true,
            Kept::Missing => layer.missing.is_awaited(place),
            Kept::Forgotten => false,
        };
        (start..=highest).all(is_there).then(|| Self::at(now, layer.id, start))
    }

    /// From a key picture that begins there.
    pub(crate) fn at(now: Instant, stream: StreamId, start: u64) -> Self {
        Self {
            stream,
            start,
            next: start,
            begun_at: now,
            drained_at: now,
            is_beginning: true,
            is_within: false,
            timestamp: None,
            previous: None,
            dependencies: DependencyState::default(),
        }
    }

    /// Whether it is one of that stream.
    pub(crate) fn is_of(&self, stream: StreamId) -> bool {
        self.stream == stream
    }

    /// Where the key picture begins.
    pub(crate) fn start(&self) -> u64 {
        self.start
    }

    pub(crate) fn stream(&self) -> StreamId {
        self.stream
    }

    /// Whether so much is replayed that a new key picture is better.
    pub(crate) fn is_long(&self, now: Instant, layer: &Layer) -> bool {
        layer.cache.age(now, self.start).is_some_and(|age| age > LONG)
    }

    /// What is next, which counts as taken. Places at which nothing came are passed over, as far as anybody would ask for them.
    pub(crate) fn next(&mut self, layer: &Layer) -> Next {
        let Some(highest) = layer.highest() else { return Next::Lost };
        let first = self.next;
        while self.next <= highest {
            let place = self.next;
            if place.saturating_sub(first) > GAP_MAX {
                return Next::Lost;
            }
            self.next = place.saturating_add(1);
            match layer.cache.kept(place) {
                Kept::Packet(_) => return Next::Place(place),
                Kept::Missing => {}
                Kept::Forgotten => return Next::Lost,
            }
        }
        Next::CaughtUp
    }

    /// What the packet at a place says about its frame.
    pub(crate) fn read(&mut self, place: u64, payload: &Payload<'_>) -> Frame {
        if payload.bytes.is_empty() {
            return Frame::PADDING;
        }
        let (mut frame, _) = frame::read(payload, self.previous, &mut self.dependencies);
        self.previous = Some(Previous { place, timestamp: payload.timestamp });
        if place == self.start {
            // Known from when it came: where parameters are left to the signalling it takes some key pictures to tell.
            frame = Frame { starts_picture: true, starts: true, key: true, ..frame };
        }
        frame
    }

    /// What explains the dependency descriptors of the packet that was read last.
    pub(crate) fn dependencies(&self) -> &DependencyState {
        &self.dependencies
    }

    /// A packet went out. The rate is kept between pictures: each of them goes out like a live one, so that a player takes it for no more
    /// jitter. The key picture does not count.
    pub(crate) fn handle_sent(&mut self, now: Instant, payload: &Payload<'_>, pace: Pace) {
        let is_last = payload.marker;
        self.is_within = !is_last;
        if !self.is_beginning {
            let seconds = payload.bytes.len() as f64 * 8.0 / pace.rate_bps.max(1) as f64;
            self.drained_at = self.drained_at.max(now) + Duration::from_secs_f64(seconds);
        }
        self.is_beginning &= !is_last;
        if is_last {
            let before = self.timestamp.replace(payload.timestamp).unwrap_or(payload.timestamp);
            let units = payload.timestamp.wrapping_sub(before);
            let span = Duration::from_secs_f64(f64::from(units) / f64::from(pace.clock_rate_hz.max(1)));
            self.drained_at = self.drained_at.max(now + span.min(STEP_MAX) / SPEED_MAX);
        }
    }

    /// How long it has been going on.
    pub(crate) fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.begun_at)
    }

    /// When the next packet may go out, as far as the replay is concerned.
    pub(crate) fn due(&self) -> Instant {
        if self.is_within { self.begun_at } else { self.drained_at }
    }
}

/// An older key picture is of no use: there is so much to decode behind it that the next one is there before.
const SPAN_MAX: Duration = Duration::from_secs(15);

/// Who can be asked for a key picture is asked when the latest is older: viewers who come are seldom further behind then, and the
/// others are spared most of the pictures that each of them would have had made.
const LONG: Duration = Duration::from_secs(2);

/// Times as fast as it was made, at most: what cannot decode so fast, as it has no chip for it, must not fall behind.
const SPEED_MAX: u32 = 3;

/// A longer pause between pictures is no pace, but a picture that stood still.
const STEP_MAX: Duration = Duration::from_millis(200);

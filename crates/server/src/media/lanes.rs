//! The data channels of a member: which are open, and how much it may say on them.

use std::time::{Duration, Instant};

use room::media::{DataMessage, DataRefusal, Lane};
use rtc::data::{ChannelId, Delivery, MessageKind, Reliability};

/// The channels of one connection.
#[derive(Debug)]
pub(crate) struct Lanes {
    /// One channel for a lane.
    open: Vec<(Lane, ChannelId)>,
    messages: Allowance,
    bytes: Allowance,
    /// When the member heard last that it sends too much.
    warned_at: Option<Instant>,
    /// What waits for the member, as the worker has counted it.
    pub(crate) buffered_bytes: usize,
}

/// What came of something on the channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum News {
    /// Other channels are open than before.
    Changed(Vec<Lane>),
    /// The member says something.
    Message(Lane, DataMessage),
    /// It says something that was dropped, or has opened a channel that has to be closed. It is told so, if not just now.
    Refused { label: String, refusal: DataRefusal, tell: bool },
}

impl Lanes {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            open: Vec::new(),
            messages: Allowance::new(now, MESSAGES_PER_SECOND_MAX, MESSAGES_AT_ONCE_MAX),
            bytes: Allowance::new(now, BYTES_PER_SECOND_MAX, BYTES_AT_ONCE_MAX),
            warned_at: None,
            buffered_bytes: 0,
        }
    }

    /// The channel of a lane.
    pub(crate) fn channel(&self, lane: Lane) -> Option<ChannelId> {
        self.open.iter().find(|(open, _)| *open == lane).map(|(_, channel)| *channel)
    }

    /// The lanes that have a channel.
    pub(crate) fn open_lanes(&self) -> Vec<Lane> {
        self.open.iter().map(|(lane, _)| *lane).collect()
    }

    /// The member has opened a channel, which counts as a message. `Refused`: it has to be closed.
    pub(crate) fn open(&mut self, now: Instant, channel: ChannelId, label: String, delivery: Delivery) -> News {
        if !self.messages.take(now, 1) {
            return News::Refused { label, refusal: DataRefusal::TooMuch, tell: self.warn(now) };
        }
        let whole = Delivery { ordered: true, reliability: Reliability::Reliable };
        let refusal = match Lane::of_label(&label) {
            None => DataRefusal::UnknownLabel,
            Some(lane) if self.channel(lane).is_some() => DataRefusal::Taken,
            Some(Lane::Reliable) if delivery != whole => DataRefusal::Unreliable,
            Some(lane) => {
                self.open.push((lane, channel));
                return News::Changed(self.open_lanes());
            }
        };
        News::Refused { label, refusal, tell: true }
    }

    /// A channel is no more, or is to be.
    pub(crate) fn close(&mut self, channel: ChannelId) -> Option<News> {
        let before = self.open.len();
        self.open.retain(|(_, open)| *open != channel);
        (self.open.len() < before).then(|| News::Changed(self.open_lanes()))
    }

    /// The member says something. What comes on a channel that is being closed is for nobody.
    pub(crate) fn hear(&mut self, now: Instant, channel: ChannelId, kind: MessageKind, bytes: Vec<u8>) -> Option<News> {
        let (lane, _) = *self.open.iter().find(|(_, open)| *open == channel)?;
        let refused = |refusal, tell| News::Refused { label: lane.label().to_owned(), refusal, tell };
        if !(self.messages.take(now, 1) && self.bytes.take(now, bytes.len())) {
            return Some(refused(DataRefusal::TooMuch, self.warn(now)));
        }
        let message = match kind {
            MessageKind::Binary => DataMessage::Binary(bytes.into()),
            MessageKind::Text => match String::from_utf8(bytes) {
                Ok(text) => DataMessage::Text(text.into()),
                Err(_) => return Some(refused(DataRefusal::NotText, true)),
            },
        };
        Some(News::Message(lane, message))
    }

    /// Whether the member is to hear (again) that it sends too much.
    fn warn(&mut self, now: Instant) -> bool {
        let lately = self.warned_at.is_some_and(|at| now.saturating_duration_since(at) < WARNING_INTERVAL);
        if !lately {
            self.warned_at = Some(now);
        }
        !lately
    }
}

/// So many a second, and so many at once when they were saved up: the generic cell rate algorithm, whose only state is an instant.
#[derive(Debug, Clone, Copy)]
struct Allowance {
    /// The time that one costs, in nanoseconds.
    cost_ns: u64,
    /// What may be saved up.
    saved: Duration,
    /// When everything is saved up again.
    full_at: Instant,
}

impl Allowance {
    fn new(now: Instant, per_second: u32, at_once: u32) -> Self {
        let cost_ns = 1_000_000_000 / u64::from(per_second.max(1));
        Self { cost_ns, saved: Duration::from_nanos(cost_ns * u64::from(at_once)), full_at: now }
    }

    /// Whether `count` more may come; they are counted then.
    fn take(&mut self, now: Instant, count: usize) -> bool {
        let cost = self.cost_ns.saturating_mul(crate::worker::as_count(count));
        let full_at = self.full_at.max(now) + Duration::from_nanos(cost);
        let taken = full_at.saturating_duration_since(now) <= self.saved;
        if taken {
            self.full_at = full_at;
        }
        taken
    }
}

/// Messages of one member: a pointer that follows every picture of a fast screen, and some.
pub(crate) const MESSAGES_PER_SECOND_MAX: u32 = 200;
/// Messages at once, when it has been quiet.
pub(crate) const MESSAGES_AT_ONCE_MAX: u32 = 400;
/// Bytes of one member: 2 Mbit/s, as much as its camera sends.
pub(crate) const BYTES_PER_SECOND_MAX: u32 = 256 * 1024;
/// Bytes at once, when it has been quiet: a picture, a document.
pub(crate) const BYTES_AT_ONCE_MAX: u32 = 1024 * 1024;
/// How often a member hears that it sends too much.
const WARNING_INTERVAL: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;

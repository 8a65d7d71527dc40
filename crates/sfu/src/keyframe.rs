//! Key frames asked of a publisher: requests of many viewers are merged into few.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::id::PeerId;

/// Whether a key frame of one layer is wanted, and when to ask for it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct KeyFrameRequests {
    /// Since when somebody waits.
    wanted_since: Option<Instant>,
    /// When the publisher was last asked.
    asked_at: Option<Instant>,
    /// How often it was asked since the last key frame.
    asked: u8,
}

impl KeyFrameRequests {
    /// Somebody cannot go on without a key frame, and may have one from then on.
    pub(crate) fn want(&mut self, from: Instant) {
        self.wanted_since = Some(self.wanted_since.map_or(from, |since| since.min(from)));
    }

    /// Whether one is asked for already, until it comes.
    pub(crate) fn is_wanted(&self, now: Instant) -> bool {
        self.wanted_since.is_some_and(|since| since <= now)
    }

    /// A key frame has begun: whoever waits is served.
    pub(crate) fn handle_key_frame(&mut self) {
        self.wanted_since = None;
        self.asked = 0;
    }

    /// Packets come again after a while without any: it was not deaf but away.
    pub(crate) fn handle_return(&mut self) {
        self.asked = 0;
    }

    /// A picture has begun that may be a key frame: who asked for one has been answered, as far as anybody can tell.
    pub(crate) fn handle_blind_picture(&mut self) {
        if self.asked > 0 {
            self.handle_key_frame();
        }
    }

    /// Whether the publisher is to be asked at once; counts as asked.
    pub(crate) fn poll(&mut self, now: Instant) -> bool {
        if self.poll_timeout().is_none_or(|due| due > now) {
            return false;
        }
        self.asked_at = Some(now);
        self.asked = self.asked.saturating_add(1);
        true
    }

    /// When to ask next; `None` while nobody waits.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let since = self.wanted_since?;
        let pause = INTERVAL.saturating_mul(1 << u32::from(self.asked.saturating_sub(PATIENCE).min(BACKOFF_MAX)));
        Some(self.asked_at.map_or(since, |asked| since.max(asked + pause)))
    }
}

/// How often each subscriber has had key frames of one track made: all who watch pay for them with a worse picture, so
/// that nobody may have too many.
#[derive(Debug, Default)]
pub(crate) struct KeyFrameShares {
    /// Of who has had some lately: with the next insertion, those go who have their whole share again.
    shares: BTreeMap<PeerId, Share>,
}

#[derive(Debug, Clone, Copy)]
struct Share {
    /// When this one has its whole share again.
    whole_at: Instant,
    /// When the latest request is heard.
    turn: Instant,
}

impl KeyFrameShares {
    /// When the request of a subscriber is to be heard: at once, until its share is used up. One waits at a time.
    pub(crate) fn turn(&mut self, now: Instant, by: PeerId) -> Instant {
        if !self.shares.contains_key(&by) {
            self.shares.retain(|_, share| share.whole_at > now);
        }
        let share = self.shares.entry(by).or_insert(Share { whole_at: now, turn: now });
        if share.turn <= now {
            share.whole_at = share.whole_at.max(now) + SHARE_INTERVAL;
            let earliest = share.whole_at.checked_sub(SHARE_INTERVAL.saturating_mul(SHARE_AT_ONCE));
            share.turn = earliest.map_or(now, |earliest| earliest.max(now));
        }
        share.turn
    }
}

/// One subscriber has a key frame of a track made in so long, which is as rare as those of a broadcast.
pub(crate) const SHARE_INTERVAL: Duration = Duration::from_secs(2);

/// So many at once: the first picture, a change of layer or two, and a loss.
pub(crate) const SHARE_AT_ONCE: u32 = 4;

/// A publisher is not asked more often: a key frame costs ten times a frame, and one that was asked for may still be on its way.
pub(crate) const INTERVAL: Duration = Duration::from_millis(300);

/// After so many requests in vain the pauses double: the publisher is muted or gone.
const PATIENCE: u8 = 5;

/// The pauses double so many times.
const BACKOFF_MAX: u8 = 3;

#[cfg(test)]
mod tests;

//! Key frames asked of a publisher: requests of many viewers are merged into few.

use std::time::{Duration, Instant};

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
    /// Somebody cannot go on without a key frame.
    pub(crate) fn want(&mut self, now: Instant) {
        self.wanted_since.get_or_insert(now);
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

/// A publisher is not asked more often: a key frame costs ten times a frame, and one that was asked for may still be on its way.
pub(crate) const INTERVAL: Duration = Duration::from_millis(300);

/// After so many requests in vain the pauses double: the publisher is muted or gone.
const PATIENCE: u8 = 5;

/// The pauses double so many times.
const BACKOFF_MAX: u8 = 3;

#[cfg(test)]
mod tests;

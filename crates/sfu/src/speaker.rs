//! Who speaks: loudness of the tracks, smoothed.

use std::time::{Duration, Instant};

use rtp::extension::AudioLevel;

/// How loud a track has been lately.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Loudness {
    /// Above silence, 0 to 127, smoothed: up fast, down slowly.
    smoothed: f32,
    updated: Option<Instant>,
    /// When it was last clearly audible.
    audible_at: Option<Instant>,
}

impl Loudness {
    /// A packet says how loud it is.
    pub(crate) fn handle_level(&mut self, now: Instant, level: AudioLevel) {
        let above_silence = f32::from(level.level_dbov).clamp(-127.0, 0.0) + 127.0;
        let current = self.at(now);
        let weight = if above_silence > current { RISE } else { FALL };
        self.smoothed = current + (above_silence - current) * weight;
        self.updated = Some(now);
        if self.smoothed >= AUDIBLE {
            self.audible_at = Some(now);
        }
    }

    /// The publisher's worker has told how loud it is. It does so only while it was heard lately, be it by that worker alone.
    pub(crate) fn handle_told(&mut self, now: Instant, level_dbov: i8) {
        self.smoothed = f32::from(level_dbov).clamp(-127.0, 0.0) + 127.0;
        self.updated = Some(now);
        let lately = if self.smoothed >= AUDIBLE { Some(now) } else { now.checked_sub(BREATH - TOLD_AGAIN) };
        self.audible_at = self.audible_at.max(lately);
    }

    /// A packet without a level: sound of unknown loudness, as from devices that do not measure it.
    pub(crate) fn handle_unmeasured(&mut self, now: Instant) {
        self.updated = Some(now);
    }

    /// In dBov, -127 to 0.
    pub(crate) fn level_dbov(&self, now: Instant) -> i8 {
        #[expect(clippy::cast_possible_truncation, reason = "within -127 and 0")]
        let level = (self.at(now) - 127.0).clamp(-127.0, 0.0) as i8;
        level
    }

    /// Whether it is being heard.
    pub(crate) fn is_audible(&self, now: Instant) -> bool {
        self.at(now) >= AUDIBLE
    }

    /// Whether it was heard so lately that a pause for breath explains the silence.
    pub(crate) fn was_audible_lately(&self, now: Instant) -> bool {
        self.audible_at.is_some_and(|then| now.saturating_duration_since(then) < BREATH)
    }

    /// The smoothed loudness; a track that has stopped falls silent.
    fn at(&self, now: Instant) -> f32 {
        let Some(updated) = self.updated else { return 0.0 };
        let silent = now.saturating_duration_since(updated).saturating_sub(PACKET_GAP);
        (self.smoothed - silent.as_secs_f32() * DECAY_PER_SECOND).max(0.0)
    }
}

/// How much of a louder packet counts: three packets make speech.
const RISE: f32 = 0.4;

/// How much of a softer packet counts: a syllable's end is not the speaker's.
const FALL: f32 = 0.05;

/// From here on somebody speaks: -50 dBov.
const AUDIBLE: f32 = 77.0;

/// Pauses within speech are shorter.
const BREATH: Duration = Duration::from_millis(1_500);

/// A worker tells again within this how loud a voice is that was heard lately, even if once it is lost.
const TOLD_AGAIN: Duration = Duration::from_millis(300);

/// Packets of sound are no further apart; in discontinuous transmission silence is.
const PACKET_GAP: Duration = Duration::from_millis(120);

/// How fast a track without packets falls silent.
const DECAY_PER_SECOND: f32 = 100.0;

#[cfg(test)]
mod tests;

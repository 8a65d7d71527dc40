//! Who is on the stage of a room: a shared screen before all, else who speaks loudest of those with a camera.

use std::time::{Duration, Instant};

use crate::{id::Uid, media::Source};

/// A picture that may be on the stage.
pub(crate) type Shot = (Uid, Source);

/// The stage of one room.
#[derive(Debug, Default)]
pub(crate) struct Stage {
    on: Option<Shot>,
    /// When `on` came.
    since: Option<Instant>,
    /// Who speaks, the loudest first.
    voices: Vec<Uid>,
}

impl Stage {
    /// What is on it.
    pub(crate) fn on(&self) -> Option<&Shot> {
        self.on.as_ref()
    }

    /// Who speaks, the loudest first. Takes effect at the next [`review`](Self::review).
    pub(crate) fn hear(&mut self, voices: Vec<Uid>) {
        self.voices = voices;
    }

    /// Chooses among `shots`, which are in the order in which their members came. Gives back when to look again: a picture stays for a while,
    /// or nobody could follow, unless it ends.
    pub(crate) fn review(&mut self, now: Instant, shots: &[Shot]) -> Option<Instant> {
        let wanted = self.wanted(shots);
        if wanted == self.on {
            return None;
        }
        let is_gone = self.on.as_ref().is_none_or(|on| !shots.contains(on));
        let until = self.since.map(|since| since + HOLD).filter(|until| !is_gone && *until > now);
        if until.is_none() {
            self.on = wanted;
            self.since = Some(now);
        }
        until
    }

    fn wanted(&self, shots: &[Shot]) -> Option<Shot> {
        let on = || self.on.as_ref().filter(|on| shots.contains(on));
        let screen = on().filter(|(_, source)| *source == Source::Screen);
        let screen = screen.or_else(|| shots.iter().find(|(_, source)| *source == Source::Screen));
        let face = |uid: &Uid| shots.iter().find(|(of, source)| of == uid && *source == Source::Camera);
        let speaker = || self.voices.iter().find_map(face);
        screen.or_else(speaker).or_else(on).or_else(|| shots.first()).cloned()
    }
}

/// How long a picture stays on the stage at least.
pub(crate) const HOLD: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests;

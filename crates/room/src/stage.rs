//! Who is on the stage of a room: whom a moderator shows, else a shared screen, else who speaks loudest of those with a camera.

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
    /// What a moderator shows, as long as it is there.
    pinned: Option<Shot>,
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

    /// What a moderator shows, whether it is to be seen at the moment or not.
    pub(crate) fn pinned(&self) -> Option<&Shot> {
        self.pinned.as_ref()
    }

    /// A moderator shows this, or lets the stage choose again. Takes effect at the next [`review`](Self::review).
    pub(crate) fn pin(&mut self, shot: Option<Shot>) {
        self.pinned = shot;
    }

    /// A member has left: nothing of it is shown any more, whoever has its uid next.
    pub(crate) fn forget(&mut self, uid: &Uid) {
        self.pinned.take_if(|(of, _)| of == uid);
    }

    /// Chooses among `shots`, which are in the order in which their members came. Gives back when to look again: a picture stays for a while,
    /// or nobody could follow, unless it ends or a moderator shows another.
    pub(crate) fn review(&mut self, now: Instant, shots: &[Shot]) -> Option<Instant> {
        let wanted = self.wanted(shots);
        if wanted == self.on {
            return None;
        }
        let is_gone = self.on.as_ref().is_none_or(|on| !shots.contains(on));
        let is_ordered = self.pinned.is_some() && wanted == self.pinned;
        let until = self.since.map(|since| since + HOLD).filter(|until| !is_gone && !is_ordered && *until > now);
        if until.is_none() {
            self.on = wanted;
            self.since = Some(now);
        }
        until
    }

    fn wanted(&self, shots: &[Shot]) -> Option<Shot> {
        if let Some(pinned) = self.pinned.as_ref().filter(|pinned| shots.contains(pinned)) {
            return Some(pinned.clone());
        }
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

//! `hls_ctx`: what a player of HLS shows instead of a token, once it has shown one.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use live::StreamName;

/// The sessions of players. Those that nobody has used for a while are forgotten, a generation at a time.
#[derive(Debug)]
pub(super) struct Contexts {
    /// Used since `turned`; at most `CONTEXTS_MAX`.
    recent: BTreeMap<u128, StreamName>,
    /// Used in the generation before; at most `CONTEXTS_MAX`.
    old: BTreeMap<u128, StreamName>,
    turned: Instant,
}

/// There are too many players.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full;

impl Contexts {
    pub(super) fn new(now: Instant) -> Self {
        Self { recent: BTreeMap::new(), old: BTreeMap::new(), turned: now }
    }

    /// Remembers a session of that stream.
    pub(super) fn open(&mut self, now: Instant, id: u128, name: StreamName) -> Result<(), Full> {
        self.turn(now);
        if self.recent.len() >= CONTEXTS_MAX {
            return Err(Full);
        }
        self.recent.insert(id, name);
        Ok(())
    }

    /// Whether there is such a session of that stream. It is used by this.
    pub(super) fn knows(&mut self, now: Instant, id: u128, name: &StreamName) -> bool {
        self.turn(now);
        if self.recent.get(&id).is_some_and(|known| known == name) {
            return true;
        }
        if self.old.get(&id).is_none_or(|known| known != name) {
            return false;
        }
        if self.recent.len() < CONTEXTS_MAX
            && let Some(name) = self.old.remove(&id)
        {
            self.recent.insert(id, name);
        }
        true
    }

    fn turn(&mut self, now: Instant) {
        let age = now.saturating_duration_since(self.turned);
        if age >= GENERATION {
            self.old = std::mem::take(&mut self.recent);
            if age >= GENERATION * 2 {
                self.old.clear();
            }
            self.turned = now;
        }
    }
}

/// Sessions of one generation: 20 MB at most.
pub(super) const CONTEXTS_MAX: usize = 50_000;
/// A player asks for a playlist every few seconds; one that was paused for so long begins anew.
const GENERATION: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests;

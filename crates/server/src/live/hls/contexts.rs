//! `hls_ctx`: what a player of HLS shows instead of a token, once it has shown one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use live::StreamName;

use crate::live::clients::{Client, Presence};

/// The sessions of players. Those that nobody has used for a while are forgotten, a generation at a time.
#[derive(Debug)]
pub(super) struct Contexts {
    /// Used since `turned`; at most `CONTEXTS_MAX`.
    recent: BTreeMap<u128, Presence>,
    /// Used in the generation before; at most `CONTEXTS_MAX`.
    old: BTreeMap<u128, Presence>,
    turned: Instant,
}

/// There are too many players.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full;

impl Contexts {
    pub(super) fn new(now: Instant) -> Self {
        Self { recent: BTreeMap::new(), old: BTreeMap::new(), turned: now }
    }

    /// Remembers the session of somebody who was let in.
    pub(super) fn open(&mut self, now: Instant, id: u128, presence: Presence) -> Result<(), Full> {
        self.turn(now);
        if self.recent.len() >= CONTEXTS_MAX {
            return Err(Full);
        }
        self.recent.insert(id, presence);
        Ok(())
    }

    /// Whose session of that stream it is, if there is such a session. It is used by this.
    pub(super) fn client(&mut self, now: Instant, id: u128, name: &StreamName) -> Option<Arc<Client>> {
        self.turn(now);
        let known = self.recent.get(&id).or_else(|| self.old.get(&id));
        let client = Arc::clone(known?.client());
        if client.name() != name {
            return None;
        }
        if self.recent.len() < CONTEXTS_MAX
            && let Some(presence) = self.old.remove(&id)
        {
            self.recent.insert(id, presence);
        }
        Some(client)
    }

    /// Forgets the sessions that nobody has used for one generation, or two.
    pub(super) fn turn(&mut self, now: Instant) {
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

//! The valid paths to one client.

use std::time::Instant;

use crate::candidate::Transport;
use crate::path::Path;

/// Those that passed a check, at most [`PATHS_MAX`].
#[derive(Debug, Default)]
pub(super) struct Paths {
    valid: Vec<ValidPath>,
    /// Index into `valid` of the one to send on.
    selected: Option<usize>,
}

#[derive(Debug)]
pub(super) struct ValidPath {
    pub(super) path: Path,
    /// When something authentic last came on it.
    pub(super) heard_at: Instant,
    /// Whether the client has shown that it reads what is sent there. A TCP connection is proof in itself.
    pub(super) consented: bool,
}

impl Paths {
    pub(super) fn is_empty(&self) -> bool {
        self.valid.is_empty()
    }

    pub(super) fn selected(&self) -> Option<&ValidPath> {
        self.selected.and_then(|index| self.valid.get(index))
    }

    /// Whether it is another one than before.
    pub(super) fn select(&mut self, index: usize) -> bool {
        self.selected.replace(index) != Some(index)
    }

    pub(super) fn has_consented(&self, index: usize) -> bool {
        self.valid.get(index).is_some_and(|valid| valid.consented)
    }

    pub(super) fn handle_consent(&mut self, index: usize) {
        if let Some(valid) = self.valid.get_mut(index) {
            valid.consented = true;
        }
    }

    pub(super) fn handle_heard(&mut self, now: Instant, index: usize) {
        if let Some(valid) = self.valid.get_mut(index) {
            valid.heard_at = now;
        }
    }

    /// A check passed on `path`; says where that is.
    pub(super) fn note(&mut self, now: Instant, path: Path) -> usize {
        let index = self.position(&path).unwrap_or_else(|| self.insert(now, path));
        self.handle_heard(now, index);
        index
    }

    pub(super) fn position(&self, path: &Path) -> Option<usize> {
        // Nearly every datagram comes on the selected path.
        self.selected
            .filter(|&index| self.valid.get(index).is_some_and(|valid| valid.path == *path))
            .or_else(|| self.position_among_all(path))
    }

    /// Keeps those that `keep` says. When the selected one goes, the newest takes its place; with `consenting`, of those that have
    /// consented.
    pub(super) fn retain(&mut self, consenting: bool, keep: impl FnMut(&ValidPath) -> bool) {
        let selected = self.selected().map(|valid| valid.path);
        self.valid.retain(keep);
        let stays = selected.and_then(|path| self.position_among_all(&path));
        self.selected = stays.or_else(|| self.newest(consenting));
    }

    /// When there are too many, the path takes the place of one that has not consented, or else of the one that was silent for the
    /// longest; never of the selected one.
    fn insert(&mut self, now: Instant, path: Path) -> usize {
        let valid = ValidPath { path, heard_at: now, consented: path.transport == Transport::Tcp };
        if self.valid.len() < PATHS_MAX {
            self.valid.push(valid);
            return self.valid.len() - 1;
        }
        let others = self.valid.iter().enumerate().filter(|&(index, _)| Some(index) != self.selected);
        let oldest = others.min_by_key(|(_, other)| (other.consented, other.heard_at)).map_or(0, |(index, _)| index);
        if let Some(place) = self.valid.get_mut(oldest) {
            *place = valid;
        }
        oldest
    }

    fn position_among_all(&self, path: &Path) -> Option<usize> {
        self.valid.iter().position(|valid| valid.path == *path)
    }

    fn newest(&self, consenting: bool) -> Option<usize> {
        let eligible = self.valid.iter().enumerate().filter(|(_, valid)| valid.consented || !consenting);
        eligible.max_by_key(|(_, valid)| valid.heard_at).map(|(index, _)| index)
    }
}

/// Paths of one client: its interfaces times our candidates, as far as they pass.
pub const PATHS_MAX: usize = 16;

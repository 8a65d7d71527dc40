//! The lite side of ICE (RFC 8445 §2.5): checks are answered, never sent; the client chooses the path.

use std::time::{Duration, Instant};

use aws_lc_rs::hmac;

use crate::credentials::IceCredentials;
use crate::path::Path;

pub(crate) mod message;

use message::{Binding, Refusal};

/// Which paths to one client are valid, and which one it chose.
#[derive(Debug)]
pub(crate) struct Agent {
    /// Of the newest offer; `None` before the first.
    current: Option<Session>,
    /// Of the offer before an ICE restart: serves until the client chooses a path in the new session.
    previous: Option<Session>,
    /// Those that passed a check, at most [`PATHS_MAX`].
    paths: Vec<ValidPath>,
    /// Index into `paths` of the one to send on.
    selected: Option<usize>,
    /// When to look whether the selected path is silent.
    look_at: Instant,
    /// Checks that were refused.
    refused: u32,
}

/// The credentials of one ICE session.
#[derive(Debug)]
struct Session {
    local: IceCredentials,
    remote_ufrag: String,
}

#[derive(Debug)]
struct ValidPath {
    path: Path,
    /// When something authentic last came on it.
    heard_at: Instant,
}

/// What a check did.
#[derive(Debug)]
pub(crate) struct Checked {
    /// To be sent back on the same path.
    pub(crate) answer: Vec<u8>,
    /// Whether [`Agent::selected`] is another path than before.
    pub(crate) moved: bool,
}

impl Agent {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            current: None,
            previous: None,
            paths: Vec::new(),
            selected: None,
            look_at: now + CONSENT_EXPIRY,
            refused: 0,
        }
    }

    /// The credentials that are exchanged with an offer; when they begin a new session, the one before serves on.
    pub(crate) fn handle_session(&mut self, local: &IceCredentials, remote_ufrag: &str) {
        let session = Session { local: local.clone(), remote_ufrag: remote_ufrag.to_owned() };
        let same = self.current.as_ref().is_some_and(|current| current.local == session.local);
        let before = self.current.replace(session);
        if !same {
            self.previous = before;
        }
    }

    /// A Binding request. `None` before the first offer: nothing is known against which to check it.
    pub(crate) fn handle_check(&mut self, now: Instant, path: Path, check: &Binding<'_>) -> Option<Checked> {
        let current = self.current.as_ref()?;
        let username = check.username.unwrap_or_default();
        let (session, is_current) = match &self.previous {
            Some(previous) if previous.is_addressed(username) => (previous, false),
            _ => (current, true),
        };
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, session.local.pwd().as_bytes());
        match session.judge(check, &key) {
            Ok(()) => {
                let answer = check.success(path.remote, &key);
                let moved = self.note_valid(now, path, is_current, check.nominates);
                Some(Checked { answer, moved })
            }
            Err((refusal, authentic)) => {
                self.refused = self.refused.saturating_add(1);
                Some(Checked { answer: check.error(refusal, authentic.then_some(&key)), moved: false })
            }
        }
    }

    /// Something authentic came on a path that is valid: consent goes on (RFC 7675 §5.1).
    pub(crate) fn handle_authentic(&mut self, now: Instant, path: &Path) {
        if let Some(index) = self.position(path)
            && let Some(valid) = self.paths.get_mut(index)
        {
            valid.heard_at = now;
        }
    }

    /// The path is no more: its TCP connection was closed. Another that is valid takes its place; where there is none, the client has
    /// as long as a silent one to come back.
    pub(crate) fn handle_closed(&mut self, now: Instant, path: &Path) {
        let selected = self.selected();
        self.paths.retain(|valid| valid.path != *path);
        self.selected = selected.and_then(|path| self.position_among_all(&path)).or_else(|| self.newest());
        if self.paths.is_empty() && selected.is_some() {
            self.look_at = now + CONSENT_EXPIRY;
        }
    }

    /// Whether a check came on this path: only then is anything else listened to.
    pub(crate) fn is_valid(&self, path: &Path) -> bool {
        self.position(path).is_some()
    }

    /// The path to send on: the newest that the client nominated, before that the first that is valid.
    pub(crate) fn selected(&self) -> Option<Path> {
        self.selected.and_then(|index| self.paths.get(index)).map(|valid| valid.path)
    }

    /// How many checks were refused.
    pub(crate) fn refused(&self) -> u32 {
        self.refused
    }

    /// When [`Self::handle_timeout`] has to be called.
    pub(crate) fn poll_timeout(&self) -> Instant {
        self.look_at
    }

    /// `false` when no path is left: nothing may be sent any more.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> bool {
        if now < self.look_at {
            return true;
        }
        let path = self.selected();
        self.paths.retain(|valid| now < valid.heard_at + CONSENT_EXPIRY);
        self.selected = path.and_then(|path| self.position_among_all(&path)).or_else(|| self.newest());
        let Some(valid) = self.selected.and_then(|index| self.paths.get(index)) else { return false };
        self.look_at = valid.heard_at + CONSENT_EXPIRY;
        true
    }

    /// Whether the selected path is another one.
    fn note_valid(&mut self, now: Instant, path: Path, current: bool, nominates: bool) -> bool {
        let index = self.position(&path).unwrap_or_else(|| self.insert(now, path));
        if let Some(valid) = self.paths.get_mut(index) {
            valid.heard_at = now;
        }
        // Old clients nominate in every check (RFC 5245 §8.1.1.2), others one path after another: the newest counts.
        let before = self.selected;
        if nominates || before.is_none() {
            self.selected = Some(index);
            self.look_at = self.look_at.max(now + CONSENT_EXPIRY);
        }
        if nominates && current {
            self.previous = None;
        }
        before != self.selected
    }

    /// The path takes the place of the one that was silent for the longest when there are too many.
    fn insert(&mut self, now: Instant, path: Path) -> usize {
        let valid = ValidPath { path, heard_at: now };
        if self.paths.len() < PATHS_MAX {
            self.paths.push(valid);
            return self.paths.len() - 1;
        }
        let others = self.paths.iter().enumerate().filter(|&(index, _)| Some(index) != self.selected);
        let oldest = others.min_by_key(|(_, other)| other.heard_at).map_or(0, |(index, _)| index);
        if let Some(place) = self.paths.get_mut(oldest) {
            *place = valid;
        }
        oldest
    }

    fn position(&self, path: &Path) -> Option<usize> {
        // Nearly every datagram comes on the selected path.
        self.selected
            .filter(|&index| self.paths.get(index).is_some_and(|valid| valid.path == *path))
            .or_else(|| self.position_among_all(path))
    }

    fn position_among_all(&self, path: &Path) -> Option<usize> {
        self.paths.iter().position(|valid| valid.path == *path)
    }

    fn newest(&self) -> Option<usize> {
        self.paths.iter().enumerate().max_by_key(|(_, valid)| valid.heard_at).map(|(index, _)| index)
    }
}

impl Session {
    /// Whether a USERNAME is that of this session (RFC 8445 §7.2.2).
    fn is_addressed(&self, username: &[u8]) -> bool {
        username
            .strip_prefix(self.local.ufrag().as_bytes())
            .and_then(|rest| rest.strip_prefix(b":"))
            .is_some_and(|rest| rest == self.remote_ufrag.as_bytes())
    }

    /// RFC 8489 §9.1.3 and §6.3.1, RFC 8445 §7.3.1.1, in this order. The flag says whether the sender knew the password.
    fn judge(&self, check: &Binding<'_>, key: &hmac::Key) -> Result<(), (Refusal, bool)> {
        let username = check.username.filter(|_| check.has_integrity()).ok_or((Refusal::BadRequest, false))?;
        if !self.is_addressed(username) || !check.is_authentic(key) {
            return Err((Refusal::Unauthenticated, false));
        }
        if let Some(kind) = check.unknown {
            return Err((Refusal::UnknownAttribute(kind), true));
        }
        // A lite agent is always controlled, and cannot take over: the other side has to (RFC 8445 §6.1.1).
        if check.controlled { Err((Refusal::RoleConflict, true)) } else { Ok(()) }
    }
}

/// RFC 7675 §5.1: without a sign of consent for this long, nothing is sent any more.
pub const CONSENT_EXPIRY: Duration = Duration::from_secs(30);
/// Paths of one client: its interfaces times our candidates, as far as they pass. Beyond it the one that was silent for longest goes.
pub const PATHS_MAX: usize = 16;

#[cfg(test)]
mod tests;

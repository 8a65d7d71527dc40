//! The lite side of ICE (RFC 8445 §2.5): checks are answered, and the client chooses the path.
//!
//! A check proves that its sender knows the password, not that it is where it seems to be: its source address can be forged, and who
//! sees a check go by can send it again from elsewhere. So each new path is asked for consent, by a Binding request of ours (RFC 7675
//! §5.1): media goes where such a request was answered, or where the whole DTLS handshake went.

use std::time::{Duration, Instant};

use aws_lc_rs::hmac;

use crate::credentials::IceCredentials;
use crate::path::Path;

mod consent;
pub(crate) mod message;
mod paths;

pub use paths::PATHS_MAX;

pub(crate) use consent::{Consent, RemoteCredentials};
use message::{Binding, Refusal};
use paths::Paths;

/// Which paths to one client are valid, and which one it chose.
#[derive(Debug)]
pub(crate) struct Agent {
    /// Of the newest offer; `None` before the first.
    current: Option<Session>,
    /// Of the offer before an ICE restart: serves until the client chooses a path in the new session.
    previous: Option<Session>,
    /// Those that passed a check, and the selected one.
    paths: Paths,
    /// The path that the client chose last, which has not consented yet.
    nominated: Option<Nominated>,
    /// Whether the handshake is over: from then on only a path that has consented is selected.
    connected: bool,
    /// When to look whether the selected path is silent.
    look_at: Instant,
    /// Secret: what our requests are named by.
    seed: [u8; 32],
    /// Requests of ours that wait to be sent, at most one for an input.
    request: Option<(Path, Vec<u8>)>,
    /// How many may be sent still, and since when.
    requests: Allowance,
    /// Checks that were refused.
    refused: u32,
}

/// The credentials of one ICE session.
#[derive(Debug)]
struct Session {
    local: IceCredentials,
    remote: RemoteCredentials,
}

/// A path that was chosen before it had consented.
#[derive(Debug)]
struct Nominated {
    path: Path,
    /// How often it was asked since.
    asked: u32,
    /// When it is asked again; `None` when it was asked often enough.
    ask_at: Option<Instant>,
}

/// How many requests of ours may leave.
#[derive(Debug)]
struct Allowance {
    left: u32,
    filled_at: Instant,
}

/// What a check did.
#[derive(Debug)]
pub(crate) struct Checked {
    /// To be sent back on the same path.
    pub(crate) answer: Vec<u8>,
    /// Whether it was authentic, so that its path is this client's.
    pub(crate) accepted: bool,
    /// Whether [`Agent::selected`] is another path than before.
    pub(crate) moved: bool,
}

impl Agent {
    /// `seed` has to be secret.
    pub(crate) fn new(seed: [u8; 32], now: Instant) -> Self {
        Self {
            current: None,
            previous: None,
            paths: Paths::default(),
            nominated: None,
            connected: false,
            look_at: now + CONSENT_EXPIRY,
            seed,
            request: None,
            requests: Allowance { left: REQUESTS_PER_SECOND_MAX, filled_at: now },
            refused: 0,
        }
    }

    /// The credentials that are exchanged with an offer; when they begin a new session, the one before serves on.
    pub(crate) fn handle_session(&mut self, local: &IceCredentials, remote: RemoteCredentials) {
        let session = Session { local: local.clone(), remote };
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
        let key = message::key(session.local.pwd());
        match session.judge(check, &key) {
            Ok(()) => {
                let answer = check.success(path.remote, &key);
                let moved = self.note_valid(now, path, is_current, check.nominates);
                Some(Checked { answer, accepted: true, moved })
            }
            Err((refusal, authentic)) => {
                self.refused = self.refused.saturating_add(1);
                let answer = check.error(refusal, authentic.then_some(&key));
                Some(Checked { answer, accepted: false, moved: false })
            }
        }
    }

    /// An answer to a request of ours. True: another path is selected.
    pub(crate) fn handle_consent(&mut self, now: Instant, path: Path, consent: &Consent<'_>) -> bool {
        let sessions = [&self.current, &self.previous];
        let is_asked = consent.transaction == consent::transaction(&self.seed, &path);
        if !is_asked || !sessions.into_iter().flatten().any(|session| consent.is_authentic(&session.remote.key())) {
            return false;
        }
        let Some(index) = self.paths.position(&path) else { return false };
        self.paths.handle_heard(now, index);
        self.paths.handle_consent(index);
        let was_nominated = self.nominated.take_if(|nominated| nominated.path == path).is_some();
        was_nominated && self.select(now, index)
    }

    /// The handshake is over. All of its datagrams went to `path`, if it is given: who completed it reads what is sent there.
    pub(crate) fn handle_connected(&mut self, path: Option<Path>) {
        self.connected = true;
        if let Some(index) = path.and_then(|path| self.paths.position(&path)) {
            self.paths.handle_consent(index);
        }
    }

    /// Something authentic came on a path that is valid: consent goes on (RFC 7675 §5.1).
    pub(crate) fn handle_authentic(&mut self, now: Instant, path: &Path) {
        if let Some(index) = self.paths.position(path) {
            self.paths.handle_heard(now, index);
        }
    }

    /// The path is no more: its TCP connection was closed. Another that is valid takes its place; where there is none, the client has
    /// as long as a silent one to come back.
    pub(crate) fn handle_closed(&mut self, now: Instant, path: &Path) {
        let had = self.paths.selected().is_some();
        self.nominated.take_if(|nominated| nominated.path == *path);
        self.paths.retain(self.connected, |valid| valid.path != *path);
        if self.paths.is_empty() && had {
            self.look_at = now + CONSENT_EXPIRY;
        }
    }

    /// Whether a check came on this path: only then is anything else listened to.
    pub(crate) fn is_valid(&self, path: &Path) -> bool {
        self.paths.position(path).is_some()
    }

    /// The path for DTLS: the selected one; when the handshake is over, only where it has consented.
    pub(crate) fn path_for_dtls(&self) -> Option<Path> {
        if self.connected { self.consenting() } else { self.selected() }
    }

    /// The newest path that the client nominated, before that the first that is valid.
    pub(crate) fn selected(&self) -> Option<Path> {
        self.paths.selected().map(|valid| valid.path)
    }

    /// The path for media: the selected one, where it has consented.
    pub(crate) fn consenting(&self) -> Option<Path> {
        self.paths.selected().filter(|valid| valid.consented).map(|valid| valid.path)
    }

    /// How many checks were refused.
    pub(crate) fn refused(&self) -> u32 {
        self.refused
    }

    /// A request of ours, to be sent on its path.
    pub(crate) fn poll_request(&mut self) -> Option<(Path, Vec<u8>)> {
        self.request.take()
    }

    /// When [`Self::handle_timeout`] has to be called.
    pub(crate) fn poll_timeout(&self) -> Instant {
        let ask_at = self.nominated.as_ref().and_then(|nominated| nominated.ask_at);
        ask_at.map_or(self.look_at, |ask_at| ask_at.min(self.look_at))
    }

    /// `false` when no path is left: nothing may be sent any more.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> bool {
        if let Some(nominated) =
            self.nominated.as_mut().filter(|nominated| nominated.ask_at.is_some_and(|at| at <= now))
        {
            nominated.asked += 1;
            let again = nominated.asked < REQUESTS_PER_NOMINATION_MAX;
            nominated.ask_at = again.then(|| now + REQUEST_INTERVAL * (1 << nominated.asked));
            let path = nominated.path;
            self.ask(now, path);
        }
        if now < self.look_at {
            return true;
        }
        self.paths.retain(self.connected, |valid| now < valid.heard_at + CONSENT_EXPIRY);
        let Some(valid) = self.paths.selected() else { return false };
        self.look_at = valid.heard_at + CONSENT_EXPIRY;
        true
    }

    /// Whether the selected path is another one.
    fn note_valid(&mut self, now: Instant, path: Path, current: bool, nominates: bool) -> bool {
        let index = self.paths.note(now, path);
        let has_consented = self.paths.has_consented(index);
        if nominates && current {
            self.previous = None;
        }
        // Old clients nominate in every check (RFC 5245 §8.1.1.2), others one path after another: the newest counts.
        let chosen = nominates || self.paths.selected().is_none();
        if has_consented {
            self.nominated.take_if(|_| nominates);
            return chosen && self.select(now, index);
        }
        self.ask(now, path);
        if !chosen {
            return false;
        }
        if self.nominated.as_ref().is_none_or(|nominated| nominated.path != path) {
            self.nominated = Some(Nominated { path, asked: 0, ask_at: Some(now + REQUEST_INTERVAL) });
        }
        (!self.connected || self.paths.selected().is_none()) && self.select(now, index)
    }

    /// Whether it is another path than before.
    fn select(&mut self, now: Instant, index: usize) -> bool {
        self.look_at = self.look_at.max(now + CONSENT_EXPIRY);
        self.paths.select(index)
    }

    /// Asks for consent to send on `path`.
    fn ask(&mut self, now: Instant, path: Path) {
        if let Some(session) = self.current.as_ref().filter(|_| self.requests.take(now)) {
            let transaction = consent::transaction(&self.seed, &path);
            let username = format!("{}:{}", session.remote.ufrag, session.local.ufrag());
            self.request = Some((path, consent::request(transaction, &username, &session.remote.key())));
        }
    }
}

impl Allowance {
    fn take(&mut self, now: Instant) -> bool {
        if now.saturating_duration_since(self.filled_at) >= Duration::from_secs(1) {
            *self = Self { left: REQUESTS_PER_SECOND_MAX, filled_at: now };
        }
        let left = self.left.checked_sub(1);
        self.left = left.unwrap_or(0);
        left.is_some()
    }
}

impl Session {
    /// Whether a USERNAME is that of this session (RFC 8445 §7.2.2).
    fn is_addressed(&self, username: &[u8]) -> bool {
        username
            .strip_prefix(self.local.ufrag().as_bytes())
            .and_then(|rest| rest.strip_prefix(b":"))
            .is_some_and(|rest| rest == self.remote.ufrag.as_bytes())
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
/// Requests for consent to one client's paths: each of its checks brings forth one at most, so that a forged source gets no more than
/// was sent in its name; and no more than these.
const REQUESTS_PER_SECOND_MAX: u32 = 20;
/// A nominated path is asked so often of our own accord, which takes 3 s; then again when the client checks it.
const REQUESTS_PER_NOMINATION_MAX: u32 = 5;
/// Until the first of them; each further interval is twice as long (RFC 8489 §6.2.1).
const REQUEST_INTERVAL: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests;
